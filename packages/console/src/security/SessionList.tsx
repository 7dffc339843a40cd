import { Button, Group } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { Loaded } from '../elements/Loaded.tsx';
import { Panel } from '../elements/Panel.tsx';
import { announceDone } from '../problems/announce.ts';
import { EndSessionsDialog } from './EndSessionsDialog.tsx';
import { SessionTable } from './SessionTable.tsx';
import type { DeviceSession, SessionsToEnd } from './types.ts';

/** Where the person signed in is signed in, to be looked over and ended. */
export function SessionList() {
  const { account } = useApiContext();
  const [ending, setEnding] = useState<SessionsToEnd | null>(null);
  const sessions = useQuery(account.query.session.list.queryOptions({ input: {} }), account.cache);
  async function finish(message: string): Promise<void> {
    setEnding(null);
    announceDone(message);
    await account.cache.invalidateQueries();
  }
  const others = (sessions.data?.sessions ?? []).filter(({ current }) => !current).length;
  return (
    <>
      <Panel flush title="Sessions" actions={<EndButtons others={others} onEnd={setEnding} />}>
        <Loaded query={sessions} rows={3}>
          {({ sessions: rows }) => (
            <SessionTable
              sessions={rows}
              onEnd={(session: DeviceSession) => setEnding({ kind: 'one', session })}
            />
          )}
        </Loaded>
      </Panel>
      {ending === null ? null : (
        <EndSessionsDialog ending={ending} onClose={() => setEnding(null)} onEnded={finish} />
      )}
    </>
  );
}

function EndButtons({ others, onEnd }: { others: number; onEnd: (which: SessionsToEnd) => void }) {
  return (
    <Group gap="xs">
      <Button size="xs" variant="default" disabled={others === 0} onClick={() => onEnd({ kind: 'others' })}>
        End all others
      </Button>
      <Button size="xs" variant="default" onClick={() => onEnd({ kind: 'all' })}>
        Sign out everywhere
      </Button>
    </Group>
  );
}
