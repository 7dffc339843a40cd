import { useRef, useState } from 'react';
import { useApi } from '../client/ApiProvider.tsx';
import type { Client } from '../client/api.ts';
import type { ImportKind } from './columns.ts';

type ImportCall = Client['books']['imports']['customers'];
export type ImportMode = NonNullable<Parameters<ImportCall>[0]['mode']>;
type Events = Awaited<ReturnType<ImportCall>>;
type ImportEvent = Events extends AsyncIterable<infer Event> ? Event : never;
export type ImportDone = Extract<ImportEvent, { type: 'done' }>;
export type Progress = { stage: 'reading' | 'writing'; done: number; total: number };

type Job = { kind: ImportKind; mode: ImportMode; file: File };

export type ImportState =
  | { step: 'idle' }
  | { step: 'running'; progress: Progress | null }
  | { step: 'failed'; error: unknown }
  | { step: 'done'; result: ImportDone; mode: ImportMode; kind: ImportKind };

/** Runs one import at a time and follows its progress. Stopping before the end writes nothing. */
export function useImport() {
  const { client, cache } = useApi();
  const [state, setState] = useState<ImportState>({ step: 'idle' });
  const running = useRef<AbortController>(null);
  async function start({ kind, mode, file }: Job): Promise<void> {
    const controller = new AbortController();
    running.current?.abort();
    running.current = controller;
    setState({ step: 'running', progress: null });
    try {
      const events = await client.books.imports[kind]({ csv: file, mode }, { signal: controller.signal });
      for await (const event of events) {
        if (event.type === 'progress') setState({ step: 'running', progress: event });
        else setState({ step: 'done', result: event, mode, kind });
      }
      await cache.invalidateQueries();
    } catch (error) {
      setState(controller.signal.aborted ? { step: 'idle' } : { step: 'failed', error });
    }
  }
  return { state, start, stop: () => running.current?.abort() };
}
