import type { Identity } from '../identity.ts';
import { identifier, quote } from '../sql.ts';
import { belongs, readable } from '../statement.ts';
import { describe, type Trial } from '../outcome.ts';
import type { Attack, Conclusion, Scene } from '../types.ts';
import { inconclusive, judgeSilence, leaked, notApplicable, refused } from '../verdict.ts';

const everywhere = ['table', 'child', 'view'] as const;

const select = (scene: Scene): string =>
  `select ${readable(scene)} from ${scene.target.label} where ${belongs(scene, 'theirs')}`;

/** Tries each list of steps; rows are a leak, and an error or none a refusal where the rows are known to exist. */
async function tryAll(scene: Scene, ways: readonly (readonly string[])[]): Promise<Conclusion> {
  let first: Trial | null = null;
  for (const way of ways) {
    const trial = await scene.run(way);
    first ??= trial;
    const { outcome } = trial;
    if (outcome.kind === 'rows' && outcome.count > 0) return leaked(trial);
    if (outcome.kind === 'error' && outcome.refusal === 'timeout')
      return inconclusive('the time limit ended it', describe(outcome));
  }
  if (first === null) return notApplicable('there is no way to try it here');
  if (!scene.theirsExists) return judgeSilence(scene, first.outcome);
  return refused(describe(first.outcome));
}

const emptyings = ['', 'null', '{}', '%', '*'];

export const noContext: Attack = {
  id: 'no context',
  title: 'read without saying for whom: empty, null and wild values',
  threat: 'tenant',
  writes: false,
  cites: ['PRO-2', 'ISO-3', 'T-16'],
  kinds: everywhere,
  run: (scene) => {
    const { identity } = scene.worlds.ours;
    const { carriers } = scene.model;
    if (carriers.length > 0 && carriers.every(({ kind }) => kind === 'role'))
      return Promise.resolve(notApplicable('the role itself is the identity'));
    // How sessions say who they are is not known: then the role alone is all there is.
    if (carriers.length === 0) return tryAll(scene, [[scene.become(identity), select(scene)]]);
    const names = identity.settings.length > 0 ? identity : { ...identity, settings: carried(scene) };
    const ways = emptyings.map((value): Identity => ({
      ...names,
      settings: names.settings.map(([name]) => [name, value]),
    }));
    return tryAll(
      scene,
      ways.map((way) => [scene.become(way), select(scene)]),
    );
  },
};

const carried = ({ model }: Scene): [string, string][] =>
  model.carriers.flatMap((carrier): [string, string][] => {
    if (carrier.kind === 'setting') return [[carrier.name, '']];
    return carrier.kind === 'role' ? [] : [[carrier.setting, '']];
  });

export const anonymous: Attack = {
  id: 'anonymous',
  title: 'read as the role of those who have not signed in',
  threat: 'tenant',
  writes: false,
  cites: ['PRO-2', 'T-4'],
  kinds: everywhere,
  run: (scene) => {
    const { anonymous: identity } = scene;
    if (identity === null) return Promise.resolve(notApplicable('there is no such role'));
    return tryAll(scene, [
      [scene.become(identity), select(scene)],
      [scene.become(identity), `select 1 as seen from ${scene.target.label} limit 1`],
    ]);
  },
};

/** Settings with the other tenant's values, given in the very statement that reads. */
export const rewrite: Attack = {
  id: 'context rewrite',
  title: 'say, by SQL that got into a statement, that we are the other tenant',
  threat: 'injection',
  writes: false,
  cites: ['PRO-2', 'ISO-3', 'T-19'],
  kinds: everywhere,
  run: (scene) => {
    const sealed = scene.model.carriers.some(({ kind }) => kind === 'sealed');
    const settings = sealed ? forged(scene) : scene.worlds.theirs.identity.settings;
    const { role, login } = scene.worlds.theirs.identity;
    const asRole = scene.model.carriers.some(({ kind }) => kind === 'role') ? (role ?? login) : null;
    const all = [...settings, ...(asRole === null ? [] : ([['role', asRole]] as const))];
    if (all.length === 0) return Promise.resolve(notApplicable('no setting carries the identity'));
    const said = all.map(([name, value]) => `set_config(${quote(name)}, ${quote(value)}, true)`).join(' || ');
    const [first] = [...scene.target.can.select];
    const shown = first === undefined ? '1' : identifier(first);
    const union = `select * from (select null::text as stolen where (${said}) is null union all select ${shown}::text from ${scene.target.label} where ${belongs(scene, 'theirs')}) x`;
    const inline = `select ${shown} from ${scene.target.label} where ${belongs(scene, 'theirs')} and (${said}) is not null`;
    return tryAll(scene, [
      [scene.as('ours'), union],
      [scene.as('ours'), inline],
      [scene.as('ours'), `select ${said}`, select(scene)],
    ]);
  },
};

/** Sealed contexts made without the key: our own with the other tenant written in, and one from nothing. */
function forged({ model, worlds }: Scene): [string, string][] {
  const { ours, theirs } = worlds;
  return model.carriers.flatMap((carrier): [string, string][] => {
    if (carrier.kind !== 'sealed') return [];
    const own = ours.identity.settings.find(([name]) => name === carrier.setting)?.[1];
    const nil = '00000000-0000-4000-8000-000000000000';
    const invented = `bh1.00000000.4102444800.${theirs.values.uuid}.*.account.${nil}.-.${'0'.repeat(64)}`;
    return [[carrier.setting, own?.replaceAll(ours.values.uuid, theirs.values.uuid) ?? invented]];
  });
}

export const forgery: Attack = {
  id: 'forged context',
  title: 'read under a sealed context made without the key',
  threat: 'injection',
  writes: false,
  cites: ['PRO-2', 'ISO-3'],
  kinds: everywhere,
  run: (scene) => {
    const settings = forged(scene);
    if (settings.length === 0) return Promise.resolve(notApplicable('the context is not sealed'));
    const bare = { ...scene.worlds.ours.identity };
    const ways = [
      settings,
      settings.map(([name, value]): [string, string] => [name, value.slice(0, -64)]),
      settings.map(([name]): [string, string] => [name, scene.worlds.theirs.values.uuid]),
    ];
    return tryAll(
      scene,
      ways.map((way) => [scene.become({ ...bare, settings: way }), select(scene)]),
    );
  },
};

/** A claim that users write themselves says nothing about who they are. */
export const writableClaim: Attack = {
  id: 'writable claim',
  title: 'write the other tenant into a claim that users can change',
  threat: 'tenant',
  writes: false,
  cites: ['PRO-2'],
  kinds: everywhere,
  run: (scene) => {
    const { carriers } = scene.model;
    const writable = carriers.flatMap((carrier) =>
      carrier.kind === 'claim' && /^(user_metadata|raw_user_meta_data)$/.test(carrier.path[0] ?? '')
        ? [carrier]
        : [],
    );
    if (writable.length === 0) return Promise.resolve(notApplicable('no claim that users write is read'));
    const identity = scene.worlds.ours.identity;
    const settings = identity.settings.map(([name, value]): [string, string] => {
      const theirs = scene.worlds.theirs.identity.settings.find((each) => each[0] === name)?.[1];
      if (theirs === undefined || !writable.some(({ setting }) => setting === name)) return [name, value];
      const taken = JSON.parse(theirs) as Record<string, unknown>;
      const heads = new Set(writable.map(({ path }) => path[0] ?? ''));
      const written = Object.entries(taken).filter(([key]) => heads.has(key));
      return [name, JSON.stringify({ ...(JSON.parse(value) as object), ...Object.fromEntries(written) })];
    });
    return tryAll(scene, [[scene.become({ ...identity, settings }), select(scene)]]);
  },
};

export const roleChange: Attack = {
  id: 'role change',
  title: 'take another role that the session is allowed to take',
  threat: 'injection',
  writes: false,
  cites: ['PRO-2', 'T-2', 'T-19'],
  kinds: everywhere,
  run: async (scene) => {
    const { ours } = scene.worlds;
    if (scene.reachable.length === 0) return refused('the session may take no other role');
    return tryAll(
      scene,
      scene.reachable
        .map((role) => [scene.as('ours'), `set local role ${identifier(role)}`, select(scene)])
        .concat(ours.identity.login === null ? [] : [[scene.as('ours'), 'reset role', select(scene)]]),
    );
  },
};

/** A plan made for one tenant must not answer another. */
export const planReuse: Attack = {
  id: 'plan reuse',
  title: 'run a plan again that was made for the other tenant',
  threat: 'tenant',
  writes: false,
  cites: ['PRO-2', 'ISO-4', 'T-14', 'T-15'],
  kinds: everywhere,
  run: async (scene) => {
    if (
      scene.worlds.theirs.identity.settings.length === 0 &&
      scene.model.carriers.some(({ kind }) => kind === 'sealed')
    )
      return inconclusive('no context could be sealed for the other tenant');
    const name = `bulkhead_prover_${scene.next()}`;
    const steps = [
      scene.as('theirs'),
      'set local plan_cache_mode = force_generic_plan',
      `prepare ${name} as ${select(scene)}`,
      `execute ${name}`,
      scene.as('ours'),
      `execute ${name}`,
    ];
    const trial = await scene.run(steps);
    // A prepared statement outlives the rollback.
    await scene.run([`deallocate ${name}`]);
    if (trial.outcome.kind === 'rows' && trial.outcome.count > 0) return leaked(trial);
    return judgeSilence(scene, trial.outcome);
  },
};
