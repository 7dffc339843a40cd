import { DataError } from '../errors.ts';
import type { TenantSession } from '../session.ts';
import { SessionPool } from './sessionPool.ts';

/** What is needed of Prisma's SqlDriverAdapterFactory. */
type Factory<Adapter> = { provider: 'postgres'; adapterName: string; connect(): Promise<Adapter> };

/**
 * Prisma's driver adapter over a session.
 *
 *   import { PrismaPg } from '@prisma/adapter-pg';
 *   const prisma = new PrismaClient({ adapter: prismaAdapter(PrismaPg, session) });
 *
 * Prisma sees Postgres' own errors, so that it maps them to its codes (P2002 …). A client per session is cheap, but not
 * free: keep one for the length of a request.
 * @param PrismaPg Prisma's own class, handed in so that this package does not depend on Prisma
 */
export function prismaAdapter<Adapter extends { underlyingDriver(): unknown }>(
  PrismaPg: new (pool: SessionPool) => Factory<Adapter>,
  session: TenantSession,
): Factory<Adapter> {
  const pool = new SessionPool(session, asPostgresSaid);
  const factory = new PrismaPg(pool);
  return {
    provider: factory.provider,
    adapterName: factory.adapterName,
    connect: async () => {
      const adapter = await factory.connect();
      // PrismaPg takes a pool of another copy of `pg` for connection settings, and would connect by itself.
      if (adapter.underlyingDriver() !== pool) {
        throw new DataError('internal', {
          message: 'PrismaPg uses another copy of pg: deduplicate it (npm dedupe).',
        });
      }
      return adapter;
    },
  };
}

const asPostgresSaid = (error: unknown): unknown =>
  error instanceof DataError && error.sqlstate !== undefined ? error.cause : error;
