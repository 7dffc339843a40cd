import { Outlet } from '@tanstack/react-router';
import { StepUpDialog } from '../security/StepUpDialog.tsx';

/** Every page, and over it what any of them may ask: mounted first, so that it hears of a key before any page does. */
export function Root() {
  return (
    <>
      <StepUpDialog />
      <Outlet />
    </>
  );
}
