import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { ApplicationList } from '../applications/ApplicationList.tsx';
import { useApiContext } from '../client/ApiProvider.tsx';
import { EmptyState } from '../elements/EmptyState.tsx';
import { Loaded } from '../elements/Loaded.tsx';
import { SearchField } from '../elements/SearchField.tsx';
import { EntryFrame } from '../session/EntryFrame.tsx';
import { EnterTenantDialog } from './EnterTenantDialog.tsx';
import { GiveTierDialog } from './GiveTierDialog.tsx';
import styles from './OperatorPage.module.css';

/** Where operators find a tenant that asked for help, and enter it. For nobody else: the server refuses. */
export function OperatorPage() {
  const { account } = useApiContext();
  const session = useQuery(account.query.session.read.queryOptions({ input: {} }), account.cache);
  return (
    <EntryFrame title="Operator" foot={<Link to="/">{'Back to the console'}</Link>}>
      <Loaded query={session} rows={2}>
        {(loaded) =>
          loaded.account.operator ? (
            <>
              <FindTenant />
              <ApplicationList />
              <p>
                <Link to="/operator/secrets">{'Secrets of this server'}</Link>
              </p>
            </>
          ) : (
            <EmptyState title="This page is for operators." />
          )
        }
      </Loaded>
    </EntryFrame>
  );
}

type Tenant = { id: string; name: string };

function FindTenant() {
  const { account } = useApiContext();
  const [part, setPart] = useState('');
  const [entering, setEntering] = useState<Tenant | null>(null);
  const enabled = part.trim().length > 1;
  const found = useQuery(
    account.query.operator.tenants.queryOptions({ input: { part: part.trim() }, enabled }),
    account.cache,
  );
  return (
    <>
      <p>Enter an organisation to help it. Its people see who came and why, and can show you out.</p>
      <SearchField label="Name of the organisation" placeholder="Harbour" value={part} onSearch={setPart} />
      {enabled ? (
        <Loaded query={found} rows={2}>
          {({ tenants }) =>
            tenants.length === 0 ? (
              <EmptyState title="No organisation has that in its name." />
            ) : (
              <ul className={styles.list}>
                {tenants.map((tenant) => (
                  <TenantItem key={tenant.id} tenant={tenant} onEnter={() => setEntering(tenant)} />
                ))}
              </ul>
            )
          }
        </Loaded>
      ) : null}
      {entering === null ? null : <EnterTenantDialog tenant={entering} onClose={() => setEntering(null)} />}
    </>
  );
}

function TenantItem({ tenant, onEnter }: { tenant: Tenant; onEnter: () => void }) {
  const [giving, setGiving] = useState(false);
  const [given, setGiven] = useState<string | null>(null);
  return (
    <li className={styles.item}>
      <span>{tenant.name}</span>
      {given === null ? null : <output>{`Tier ${given}`}</output>}
      <Button
        size="compact-sm"
        variant="default"
        aria-label={`Tier of ${tenant.name}`}
        onClick={() => setGiving(true)}
      >
        Tier
      </Button>
      <Button size="compact-sm" aria-label={`Enter ${tenant.name}`} onClick={onEnter}>
        Enter
      </Button>
      {giving ? (
        <GiveTierDialog
          tenant={tenant}
          onClose={() => setGiving(false)}
          onGiven={(tier) => {
            setGiven(tier ?? 'none');
            setGiving(false);
          }}
        />
      ) : null}
    </li>
  );
}
