import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { passwordFile } from './passwords.ts';
import type { DatabaseAddress } from './address.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What the command decides for the server; the rest of the server's configuration stays as configured. */
export type Decided = {
  readonly database?: Pick<DatabaseAddress, 'host' | 'port' | 'name'>;
  /** Folder of secret files, used where the configuration names no secret of its own. */
  readonly secrets?: string;
  readonly keyId?: string;
  readonly encryptionKeyId?: string;
  readonly http?: { readonly host?: string | undefined; readonly port?: number | undefined };
  readonly console?: string | undefined;
};

/** Whether the environment configures a database of its own, so that none is to be started. */
export function configuresDatabase(env: Environment): boolean {
  return Boolean(env['BULKHEAD_DATABASE_HOST']) || Boolean(env['BULKHEAD_CONFIG']);
}

function secretsOf(env: Environment, { secrets, keyId, encryptionKeyId }: Decided): Record<string, string> {
  if (secrets === undefined) return {};
  const found: Record<string, string> = {};
  const offer = (variable: string, file: string): boolean => {
    const given = Boolean(env[variable]) || Boolean(env[`${variable}_FILE`]);
    if (given || !existsSync(file)) return false;
    found[`${variable}_FILE`] = file;
    return true;
  };
  for (const role of ['owner', 'app', 'identity', 'worker', 'auditor'] as const) {
    offer(`BULKHEAD_DATABASE_${role.toUpperCase()}_PASSWORD`, passwordFile(secrets, role));
  }
  const offerKey = (section: string, file: string, id: string | undefined): void => {
    const offered = offer(`BULKHEAD_${section}_KEY`, join(secrets, file));
    if (offered && id !== undefined) found[`BULKHEAD_${section}_KEY_ID`] = id;
  };
  offerKey('CONTEXT', 'context-key', keyId);
  offerKey('ENCRYPTION', 'encryption-key', encryptionKeyId);
  if (offer('BULKHEAD_AUDIT_KEY', join(secrets, 'audit-key')) && !env['BULKHEAD_AUDIT_ANCHOR_FOLDER']) {
    found['BULKHEAD_AUDIT_ANCHOR_FOLDER'] = join(secrets, '..', 'anchors');
  }
  return found;
}

/** The environment in which the server reads its configuration, with what the command decided laid over it. */
export function composeEnvironment(env: Environment, decided: Decided): Record<string, string | undefined> {
  const { database, http } = decided;
  const composed: Record<string, string | undefined> = { ...env, ...secretsOf(env, decided) };
  const lay = (variable: string, value: string | number | undefined): void => {
    if (value !== undefined) composed[variable] = String(value);
  };
  lay('BULKHEAD_DATABASE_HOST', database?.host);
  lay('BULKHEAD_DATABASE_PORT', database?.port);
  lay('BULKHEAD_DATABASE_NAME', database?.name);
  lay('BULKHEAD_HTTP_HOST', http?.host);
  lay('BULKHEAD_HTTP_PORT', http?.port);
  lay('BULKHEAD_HTTP_CONSOLE', decided.console);
  // The command's own; the server would refuse it as a misspelt setting.
  delete composed['BULKHEAD_DEBUG'];
  return composed;
}
