import { useEffect, useState } from 'react';
import { useApi } from '../client/ApiProvider.tsx';
import type { Client } from '../client/api.ts';
import type { AuditSearch } from '../shell/search.ts';
import { auditInput } from './auditInput.ts';

export type AuditEntry = Awaited<ReturnType<Client['audit']['list']>>['entries'][number];

export type TailState = {
  /** What came since it began, the newest first; at most 200. */
  entries: AuditEntry[];
  /** `lost`: the connection failed and is tried again. */
  connection: 'connecting' | 'live' | 'lost';
};

const nothing: TailState = { entries: [], connection: 'connecting' };
const longest = 200;

/** Follows new entries for as long as it is shown; give what shows it the search as its key. The server ends each stream after half a minute; it goes on where that ended. */
export function useTail(search: AuditSearch): TailState {
  const { client } = useApi();
  const [state, setState] = useState(nothing);
  useEffect(() => {
    const leaving = new AbortController();
    void followTail(client, { search, signal: leaving.signal, onState: setState });
    return () => leaving.abort();
  }, [client, search]);
  return state;
}

type Following = {
  search: AuditSearch;
  signal: AbortSignal;
  onState: (change: (state: TailState) => TailState) => void;
};

async function followTail(client: Client, { search, signal, onState }: Following): Promise<void> {
  // To the end of time: what comes now is later than any day that was chosen.
  const { from: _from, to: _to, ...filter } = auditInput(search);
  let after: string | undefined;
  while (!signal.aborted) {
    try {
      const input = { ...filter, seconds: 30, ...(after === undefined ? {} : { after }) };
      for await (const batch of await client.audit.tail(input, { signal })) {
        after = batch.cursor;
        const fresh = batch.entries.toReversed();
        onState(({ entries }) => ({ connection: 'live', entries: [...fresh, ...entries].slice(0, longest) }));
      }
    } catch {
      if (signal.aborted) return;
      onState((state) => ({ ...state, connection: 'lost' }));
      await new Promise((resolve) => {
        setTimeout(resolve, 3000);
      });
    }
  }
}
