import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cloneStage } from '../isolation/clone.ts';
import type { Stage } from '../isolation/matrix.ts';
import { connected, type Assertion } from './assertions.ts';

/** The kernel's own eyes: what start-up and CI refuse to go on with. */
export type Inspection = 'unprotected_tables' | 'unsafe_roles' | 'unsafe_functions';

export type Mutation = {
  /** SQL that switches one control off, run by the superuser in a copy of the lab */
  break: string;
  /** what must notice */
  assertion: Assertion;
  /** which inspection must notice too */
  inspection: Inspection;
  /** changes that outlive the copy because they are the cluster's */
  mend?: string;
};

async function inspect(stage: Stage, inspection: Inspection): Promise<string[]> {
  return connected(stage, 'app', async (client) => {
    const { rows } = await client.query<{ problem: string }>(`select problem from bulkhead.${inspection}()`);
    return rows.map(({ problem }) => problem);
  });
}

async function run(stage: Stage, sql: string): Promise<void> {
  await connected(stage, 'superuser', (client) => client.query(sql));
}

/**
 * Declares the tests of a lab's mutations: sound before, found by the assertion and by the inspection after.
 * @param lab answers the sound database; it is copied for every mutation
 */
export function mutations(lab: () => Stage): {
  mutation: (name: string, mutation: Mutation) => void;
  harmless: (name: string, mutation: Mutation) => void;
} {
  const declare = (
    name: string,
    mutation: Mutation,
    judge: (found: string[], seen: string[]) => void,
  ): void => {
    test(name, async () => {
      const copy = await cloneStage(lab());
      try {
        assert.deepEqual(await mutation.assertion(copy), [], 'sound before');
        assert.deepEqual(await inspect(copy, mutation.inspection), [], 'nothing open before');
        await run(copy, mutation.break);
        judge(await mutation.assertion(copy), await inspect(copy, mutation.inspection));
      } finally {
        if (mutation.mend !== undefined) await run(copy, mutation.mend);
        await copy.database.drop();
      }
    });
  };
  return {
    mutation: (name, mutation) =>
      declare(name, mutation, (found, seen) => {
        assert.notEqual(found.length, 0, 'the assertion noticed nothing');
        assert.notEqual(seen.length, 0, `${mutation.inspection}() noticed nothing`);
      }),
    // What looks like a mutation and is none: a test that turns red at any change would prove nothing.
    harmless: (name, mutation) =>
      declare(name, mutation, (found, seen) => {
        assert.deepEqual(found, []);
        assert.deepEqual(seen, []);
      }),
  };
}
