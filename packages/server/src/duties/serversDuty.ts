import { randomUUID } from 'node:crypto';
import { ServerCount } from '@bulkhead/platform/edge';
import type { Pool } from 'pg';
import type { Config } from '../config/schema.ts';
import type { Log } from '../http/log.ts';
import type { Duty } from './duty.ts';

type Parts = { worker: Pool; config: Pick<Config, 'limits'>; log: Log };

/** Counts the servers, and warns in the log while more run than `limits.servers` says. */
export function serversDuty({ worker, config, log }: Parts): Duty {
  const count = new ServerCount({
    worker,
    serverId: randomUUID(),
    configured: config.limits.servers,
    onChange: ({ running, configured, tooMany }) => {
      if (!tooMany) return log.info({ event: 'limits_servers_right', running, configured });
      const fix = `Set limits.servers to ${running}: until then limits open wider than promised while their store is away.`;
      log.warn({ event: 'limits_servers_wrong', running, configured, fix });
    },
  });
  return { name: 'servers.count', every: 60_000, run: () => count.beat() };
}
