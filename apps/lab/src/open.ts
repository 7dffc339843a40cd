import type { Module } from '@bulkhead/server/module';
import type pg from 'pg';
import { createLab } from './lab.ts';
import type { LabOptions } from './lab.ts';
import { fillSecrets } from './prepare/fill.ts';
import { makePlainCopy, plainRole } from './prepare/plainCopy.ts';

export type OpenLabOptions = Pick<LabOptions, 'config' | 'app' | 'sealer' | 'limits'> & {
  /** A superuser of the whole cluster, its database the server's. */
  administrator: pg.ClientConfig;
  /** The copy's database, which is made anew, and the password of its role. */
  copy: { database: string; password: string };
  /** Fresh randomness for one secret, as hex. */
  randomHex: () => string;
};

export type OpenedLab = {
  module: Module;
  /** After the module's migrations and whatever made the tenants: makes their secrets and the copy. */
  prepare: () => Promise<void>;
  /** Two tenants that have a secret, once prepared; undefined where there are not two. */
  pair: () => { ours: string; theirs: string } | undefined;
};

/** The lab, and what has to be done once its tables and its tenants are there. */
export function openLab(options: OpenLabOptions): OpenedLab {
  const { config, app, sealer, limits, administrator, copy, randomHex } = options;
  const secrets = new Map<string, string>();
  const plain = { ...administrator, database: copy.database, user: plainRole, password: copy.password };
  const module = createLab({
    config,
    app,
    plain,
    sealer,
    secrets,
    ...(limits === undefined ? {} : { limits }),
  });
  const prepare = async (): Promise<void> => {
    const rows = await fillSecrets(administrator, randomHex);
    for (const { tenant, secret } of rows) secrets.set(tenant, secret);
    await makePlainCopy({ administrator, ...copy, rows });
  };
  const pair: OpenedLab['pair'] = () => {
    const [ours, theirs] = secrets.keys();
    return ours === undefined || theirs === undefined ? undefined : { ours, theirs };
  };
  return { module, prepare, pair };
}
