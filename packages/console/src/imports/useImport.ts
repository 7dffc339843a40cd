import { useRef, useState } from 'react';
import { useApi, useApiContext } from '../client/ApiProvider.tsx';
import type { Client } from '../client/api.ts';
import type { ImportKind } from './columns.ts';
import { readCsv } from './readCsv.ts';

type ImportCall = Client['books']['imports']['customers'];
export type ImportMode = NonNullable<Parameters<ImportCall>[0]['mode']>;
type Events = Awaited<ReturnType<ImportCall>>;
type ImportEvent = Events extends AsyncIterable<infer Event> ? Event : never;
export type ImportDone = Extract<ImportEvent, { type: 'done' }>;
export type ImportSteps = Extract<ImportEvent, { type: 'progress' }>;

/** What is in a file, and what to do with it. */
export type ImportPlan = { kind: ImportKind; mode: ImportMode };

export type ImportState =
  | { step: 'idle' }
  | { step: 'running'; progress: ImportSteps | null }
  | { step: 'failed'; error: unknown }
  | { step: 'done'; result: ImportDone; plan: ImportPlan };

/** Runs one import at a time and follows its progress. Stopping before the end writes nothing. */
export function useImport() {
  const { client } = useApi();
  const { refresh } = useApiContext();
  const [state, setState] = useState<ImportState>({ step: 'idle' });
  const running = useRef<AbortController>(null);
  async function start(plan: ImportPlan, file: File): Promise<void> {
    const controller = new AbortController();
    running.current?.abort();
    running.current = controller;
    setState({ step: 'running', progress: null });
    try {
      const input = { csv: await readCsv(file), mode: plan.mode };
      const events = await client.books.imports[plan.kind](input, { signal: controller.signal });
      for await (const event of events) {
        if (event.type === 'progress') setState({ step: 'running', progress: event });
        else setState({ step: 'done', result: event, plan });
      }
      await refresh();
    } catch (error) {
      setState(controller.signal.aborted ? { step: 'idle' } : { step: 'failed', error });
    }
  }
  return { state, start, stop: () => running.current?.abort() };
}
