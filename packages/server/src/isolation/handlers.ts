import type { TenantPool } from '@bulkhead/kernel';
import { PlatformError } from '@bulkhead/platform/errors';
import { implement } from '@orpc/server';
import type { Pool } from 'pg';
import { isolationContract } from '../contract/isolation.ts';
import type { AttackEvent } from '../contract/isolation.ts';
import { progressEvents } from '../progress.ts';
import type { PlatformContext, SignedInContext } from '../rpc/context.ts';
import { mayOperate } from '../session/operators.ts';
import type { AttackEngine } from './attackEngine.ts';
import { countHoldings } from './holdings.ts';
import type { Holdings } from './holdings.ts';
import { dayOf } from './recorder.ts';

export type IsolationParts = {
  tenants: Pick<TenantPool, 'as'>;
  /** As bulkhead_worker; absent: nobody sees all tenants here. */
  worker: Pick<Pool, 'query'> | undefined;
  clock: () => number;
  documents: ReadonlySet<string>;
  engine: AttackEngine | undefined;
  /** In the demo everybody who is signed in may attack, otherwise operators alone. */
  demo: boolean;
};

type Figures = { statements: string; refusals: string; cross_tenant_rows: string };

/** Milliseconds that counting may take for one tenant, and for all of them. */
const patience = { one: 3000, all: 10_000 };

/** Figures of isolation, and the attack on the server's own database. */
export function isolationHandlers(parts: IsolationParts) {
  const { clock, worker, documents, engine } = parts;
  const permitted = implement(isolationContract).$context<PlatformContext>();
  const signedIn = implement(isolationContract).$context<SignedInContext>();
  const whoMay: 'nobody' | 'everybody' | 'operators' =
    engine === undefined ? 'nobody' : parts.demo ? 'everybody' : 'operators';
  const turn = { taken: false };
  return {
    figures: permitted.figures.handler(async ({ context: { session } }) => {
      const day = dayOf(clock());
      const { rows } = await session.query<Figures>('select * from tenants.own_isolation($1)', [day]);
      const held = await countHoldings(session, { documents, clock, until: clock() + patience.one });
      return { day, ...toNumbers(rows[0]), ...held, attack: whoMay };
    }),

    all: signedIn.all.handler(async ({ context: { signedIn: session } }) => {
      const { account } = session;
      if (worker === undefined) throw new PlatformError('permission_refused');
      const day = dayOf(clock());
      const { rows } = await worker.query<Figures & { tenant: string }>(
        'select * from tenants.all_isolation($1)',
        [day],
      );
      const until = clock() + patience.all;
      const tenants = [];
      for (const row of rows) {
        tenants.push({
          id: row.tenant,
          ...toNumbers(row),
          ...(await look(parts, { ...row, account, until })),
        });
      }
      return { day, tenants };
    }),

    attack: signedIn.attack.handler(({ context: { signedIn: session }, signal, errors }) => {
      if (engine === undefined) throw errors.attack_absent();
      if (whoMay !== 'everybody' && !mayOperate(session)) throw new PlatformError('permission_refused');
      if (turn.taken) throw errors.attack_running();
      return inTurn(turn, () => progressEvents(engine, signal));
    }),
  };
}

/** Takes the turn when reading begins, so that a reader who never comes does not keep it. */
async function* inTurn(
  turn: { taken: boolean },
  events: () => AsyncGenerator<AttackEvent, void>,
): AsyncGenerator<AttackEvent, void> {
  if (turn.taken) throw new PlatformError('busy');
  turn.taken = true;
  try {
    yield* events();
  } finally {
    turn.taken = false;
  }
}

function toNumbers(figures: Figures | undefined) {
  return {
    statements: Number(figures?.statements ?? 0),
    refusals: Number(figures?.refusals ?? 0),
    crossTenantRows: Number(figures?.cross_tenant_rows ?? 0),
  };
}

type Looked = { tenant: string; account: { id: string }; until: number };

/** Name and holdings of a tenant, seen by an operator under a context for that tenant. */
async function look(
  { tenants, documents, clock }: IsolationParts,
  { tenant, account, until }: Looked,
): Promise<Pick<Holdings, 'rows' | 'documents'> & { name: string | null }> {
  if (clock() >= until) return { name: null, rows: null, documents: null };
  const session = tenants.as({ tenant, actor: { kind: 'operator', id: account.id } });
  const { rows: named } = await session.query<{ name: string }>('select name from tenants.tenant');
  const { rows, documents: held } = await countHoldings(session, { documents, clock, until });
  return { name: named[0]?.name ?? null, rows, documents: held };
}
