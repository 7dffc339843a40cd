import { Outlet } from '@tanstack/react-router';
import { StepUpDialog } from '../security/StepUpDialog.tsx';

/** Every page, and over it what any of them may ask. */
export function Root() {
  return (
    <>
      <Outlet />
      <StepUpDialog />
    </>
  );
}
