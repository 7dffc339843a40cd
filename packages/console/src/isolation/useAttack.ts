import { useRef, useState } from 'react';
import { useApi } from '../client/ApiProvider.tsx';
import type { Client } from '../client/api.ts';

type Events = Awaited<ReturnType<Client['isolation']['attack']>>;
type AttackEvent = Events extends AsyncIterable<infer Event> ? Event : never;
export type AttackDone = Extract<AttackEvent, { type: 'done' }>;
export type AttackProgress = Extract<AttackEvent, { type: 'progress' }>;

export type AttackState =
  | { step: 'idle' }
  | { step: 'running'; progress: AttackProgress | null }
  | { step: 'failed'; error: unknown }
  | { step: 'done'; result: AttackDone };

/** Runs one attack and follows it; stopping or leaving the page ends it on the server too. */
export function useAttack() {
  const { client } = useApi();
  const [state, setState] = useState<AttackState>({ step: 'idle' });
  const running = useRef<AbortController>(null);
  async function start(): Promise<void> {
    const controller = new AbortController();
    running.current?.abort();
    running.current = controller;
    setState({ step: 'running', progress: null });
    try {
      for await (const event of await client.isolation.attack({}, { signal: controller.signal })) {
        if (event.type === 'progress') setState({ step: 'running', progress: event });
        else setState({ step: 'done', result: event });
      }
    } catch (error) {
      setState(controller.signal.aborted ? { step: 'idle' } : { step: 'failed', error });
    }
  }
  return { state, start, stop: () => running.current?.abort() };
}
