import { EmailPanel } from '../account/EmailPanel.tsx';
import { PasswordPanel } from '../account/PasswordPanel.tsx';
import { PageHeader } from '../elements/PageHeader.tsx';
import { useSession } from '../session/SessionGate.tsx';
import { LinkedProviders } from '../single-sign-on/LinkedProviders.tsx';
import { FactorPanel } from './FactorPanel.tsx';
import { SessionList } from './SessionList.tsx';

/** How the person signed in proves who they are, and where they are signed in. */
export function SecurityPage() {
  const { session } = useSession();
  return (
    <>
      <PageHeader title="Security" lead={session.account.email} />
      <FactorPanel />
      <LinkedProviders />
      <PasswordPanel />
      <EmailPanel />
      <SessionList />
    </>
  );
}
