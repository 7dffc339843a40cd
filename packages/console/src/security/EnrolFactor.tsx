import { Button, Group } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useApiContext } from '../client/ApiProvider.tsx';
import type { Membership, Session } from '../session/types.ts';
import { useSignOut } from '../session/useSignOut.ts';
import styles from './EnrolFactor.module.css';
import { FactorPanel } from './FactorPanel.tsx';

type EnrolFactorProps = {
  /** In the tenant that asks for two factors. */
  membership: Pick<Membership, 'tenant'>;
  session: Session;
  onDone: () => void;
};

/** Stands in place of every page of a tenant that asks for two factors, until there is a second. */
export function EnrolFactor({ membership, session, onDone }: EnrolFactorProps) {
  const { account, choose } = useApiContext();
  const others = session.memberships.filter(({ tenant }) => tenant.id !== membership.tenant.id);
  const signOut = useSignOut();
  const factors = useQuery(account.query.factor.list.queryOptions({ input: {} }), account.cache);
  return (
    <main className={styles.stage}>
      <title>Add a second factor · Bulkhead</title>
      <h1 className={styles.title}>{membership.tenant.name} asks for two factors</h1>
      <p>Add a passkey or an authenticator app to your account, then go on. It takes a minute, once.</p>
      <FactorPanel />
      <Group justify="space-between" mt="lg">
        <Group gap="xs">
          <Button variant="subtle" loading={signOut.isPending} onClick={() => signOut.mutate()}>
            Sign out
          </Button>
          {others.map(({ tenant }) => (
            <Button key={tenant.id} variant="subtle" onClick={() => choose({ tenant: tenant.id })}>
              Go to {tenant.name}
            </Button>
          ))}
        </Group>
        <Button disabled={(factors.data?.factors.length ?? 0) === 0} onClick={onDone}>
          Go on
        </Button>
      </Group>
    </main>
  );
}
