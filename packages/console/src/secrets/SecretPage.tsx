import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useApiContext } from '../client/ApiProvider.tsx';
import type { Client } from '../client/api.ts';
import { DataTable } from '../elements/DataTable.tsx';
import { readableDay } from '../elements/dates.ts';
import { EmptyState } from '../elements/EmptyState.tsx';
import { Loaded } from '../elements/Loaded.tsx';
import { Tag } from '../elements/Tag.tsx';
import { EntryFrame } from '../session/EntryFrame.tsx';

type Secret = Awaited<ReturnType<Client['secret']['list']>>['secrets'][number];

/** The secrets of the server that answers: how old, how they are replaced, what is wrong. For operators; no values. */
export function SecretPage() {
  const { account } = useApiContext();
  const session = useQuery(account.query.session.read.queryOptions({ input: {} }), account.cache);
  return (
    <EntryFrame title="Secrets" wide foot={<Link to="/operator">{'Back to the operator’s page'}</Link>}>
      <Loaded query={session} rows={2}>
        {(loaded) =>
          loaded.account.operator ? <SecretList /> : <EmptyState title="This page is for operators." />
        }
      </Loaded>
    </EntryFrame>
  );
}

function SecretList() {
  const { account } = useApiContext();
  const secrets = useQuery(
    account.query.secret.list.queryOptions({ input: {}, staleTime: 0, refetchInterval: 10_000 }),
    account.cache,
  );
  return (
    <>
      <p>
        A rolling secret is used as soon as its file changes; one of the restart class once the server is
        restarted. No value leaves the server.
      </p>
      <Loaded query={secrets}>
        {({ secrets: listed }) =>
          listed.length === 0 ? (
            <EmptyState title="This server was given its secrets by a program, not by files." />
          ) : (
            <DataTable
              caption="Secrets of this server"
              rows={listed}
              rowKey={({ setting }) => setting}
              columns={[
                { key: 'setting', header: 'Secret', cell: ({ setting }) => <code>{setting}</code> },
                { key: 'class', header: 'Replaced', cell: replacedHow },
                { key: 'due', header: 'Replace by', cell: dueText },
                { key: 'state', header: 'State', cell: stateOf },
              ]}
            />
          )
        }
      </Loaded>
    </>
  );
}

function replacedHow(secret: Secret): string {
  return secret.class === 'rolling' ? 'While it runs' : 'By a restart';
}

function dueText({ replaceBy, from }: Secret): string {
  if (replaceBy !== null) return readableDay(replaceBy);
  return from === 'environment' ? 'Unknown: in the environment' : 'Unknown';
}

function stateOf({ problem, restartNeeded, replaceBy, warning }: Secret) {
  if (problem !== null) return <Tag tone="bad">{`Not used: ${problem}`}</Tag>;
  if (restartNeeded) return <Tag tone="plain">Changed: restart the server</Tag>;
  if (replaceBy !== null && Date.parse(replaceBy) < Date.now()) return <Tag tone="plain">Overdue</Tag>;
  return warning === null ? <Tag tone="good">In use</Tag> : <Tag tone="plain">{`In use; ${warning}`}</Tag>;
}
