import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const main = fileURLToPath(new URL('main.ts', import.meta.url));
const run = (...args: string[]): Promise<{ stdout: string; stderr: string }> =>
  promisify(execFile)(process.execPath, [main, ...args]);

/** The keys each benchmark promises. Their values depend on the machine, so nothing is asked of them but a number. */
const promised: Record<string, string[]> = {
  'tenant-query': ['ratio_sealed_raw', 'ratio_sealed_naive', 'ratio_latency_1ms'],
  'rls-policy': [
    'ratio_policy_where',
    'ratio_policy_where_list',
    'ratio_policy_where_count',
    'ratio_policy_where_join',
  ],
  audit: ['seal_per_s', 'lag_p99_ms', 'verify_per_s', 'verify_live_per_s', 'ratio_verify_sha256'],
  'audit-write': ['ratio_single', 'ratio_bulk'],
  'api-request': ['ratio_secured_bare', 'secured_requests_per_second', 'bare_requests_per_second'],
  auth: [
    'verify_per_s',
    'verify_uncached_per_s',
    'refresh_per_s',
    'ratio_login_hash',
    'login_memory_mb',
    'login_refused_of_200',
  ],
  edge: ['limit_overhead_us', 'webhook_per_s', 'ratio_secured_bare', 'ratio_peer'],
  prover: ['scan_seconds', 'attack_seconds', 'attacks'],
};

describe('npm run bench', () => {
  for (const [name, keys] of Object.entries(promised)) {
    test(`${name} --json prints one object with its figures and what was compared`, async () => {
      const { stdout } = await run(name, '--json', '--quick');
      const printed = JSON.parse(stdout) as Record<string, unknown>;
      assert.equal(printed['benchmark'], name);
      assert.equal(typeof printed['compared'], 'string');
      for (const key of keys) {
        const value = printed[key];
        assert.ok(
          typeof value === 'number' && Number.isFinite(value) && value > 0,
          `${key} is ${String(value)}`,
        );
      }
    });
  }

  test('an unknown name exits with 2 and lists the known ones', async () => {
    const failure = await run('nothing').catch((error: unknown) => error as { code: number; stderr: string });
    assert.ok('code' in failure);
    assert.equal(failure.code, 2);
    for (const name of Object.keys(promised)) assert.match(failure.stderr, new RegExp(name));
  });
});
