import { PageHeader } from '../elements/PageHeader.tsx';
import { useSession } from '../session/SessionGate.tsx';
import { FactorPanel } from './FactorPanel.tsx';

/** How the person signed in proves who they are. */
export function SecurityPage() {
  const { session } = useSession();
  return (
    <>
      <PageHeader title="Security" lead={session.account.email} />
      <FactorPanel />
    </>
  );
}
