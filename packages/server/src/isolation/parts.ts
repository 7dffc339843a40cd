import type { Module } from '../module.ts';
import type { Config } from '../config/schema.ts';
import type { AttackEngine } from './attackEngine.ts';
import type { IsolationParts } from './handlers.ts';

type Given = {
  pools: Pick<IsolationParts, 'tenants' | 'worker'>;
  clock: () => number;
  modules: readonly Pick<Module, 'documents'>[];
  config: Pick<Config, 'lab'>;
  attack?: AttackEngine | undefined;
};

/** What the isolation page's procedures need of a server. */
export function isolationParts({ pools, clock, modules, config, attack }: Given): IsolationParts {
  return {
    tenants: pools.tenants,
    worker: pools.worker,
    clock,
    documents: new Set(modules.flatMap(({ documents = [] }) => documents)),
    engine: attack,
    demo: config.lab.enabled,
  };
}
