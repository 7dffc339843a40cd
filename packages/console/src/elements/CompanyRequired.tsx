import { Button, Group } from '@mantine/core';
import type { ReactNode } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { useSession } from '../session/SessionGate.tsx';
import { EmptyState } from './EmptyState.tsx';
import { Panel } from './Panel.tsx';

/** Shows its content for one company; while all are chosen, offers them. */
export function CompanyRequired({ what, children }: { what: string; children: ReactNode }) {
  const { company, companies, membership } = useSession();
  const { choose } = useApiContext();
  if (company !== undefined) return children;
  return (
    <Panel>
      <EmptyState
        title={companies.length === 0 ? 'There is no company yet.' : `${what} one company at a time.`}
        action={
          <Group justify="center" gap="xs">
            {companies.map(({ id, name }) => (
              <Button
                key={id}
                variant="default"
                onClick={() => choose({ tenant: membership.tenant.id, company: id })}
              >
                {name}
              </Button>
            ))}
          </Group>
        }
      >
        {companies.length === 0 ? 'Create one on the overview page.' : 'Choose the company to go on with.'}
      </EmptyState>
    </Panel>
  );
}
