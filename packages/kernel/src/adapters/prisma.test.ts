import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { PrismaPg } from '@prisma/adapter-pg';
import { openFixture, tenantId, type Fixture } from '../../test/fixture.ts';
import { PrismaClient, type PrismaItems } from '../../test/prismaClient.ts';
import { prismaAdapter } from './prisma.ts';

describe('ISO-13: Prisma', () => {
  let fixture: Fixture;
  let tenant = 0;
  let prisma: PrismaItems;
  const clientOf = (n: number): PrismaItems =>
    new PrismaClient({ adapter: prismaAdapter(PrismaPg, fixture.session(n)) });
  before(async () => {
    fixture = await openFixture();
  });
  beforeEach(() => {
    prisma = clientOf((tenant += 1));
  });
  after(() => fixture.close());

  const names = async (): Promise<string[]> =>
    (await prisma.item.findMany({ orderBy: { name: 'asc' } })).map(({ name }) => name);

  test('reads, writes and maps types, inside one tenant', async () => {
    const made = await prisma.item.create({ data: { name: 'a', price: '1.50' } });
    assert.equal(made.tenantId, tenantId(tenant));
    assert.ok(made.createdAt instanceof Date);
    assert.deepEqual(await prisma.item.updateMany({ where: { name: 'a' }, data: { price: '2.50' } }), {
      count: 1,
    });
    const [found] = await prisma.item.findMany({ where: { name: 'a' } });
    assert.equal(String(found?.price), '2.5');
    assert.equal(await clientOf(900).item.count(), 0);
    await assert.rejects(
      prisma.item.create({ data: { name: 'x', tenantId: tenantId(900) } }),
      /row-level security/,
    );
  });

  test('ISO-12: a query outside a transaction is a single write', async () => {
    const pool = fixture.open({ connection: { ...fixture.database.connections.app, max: 1 } });
    const own = new PrismaClient({ adapter: prismaAdapter(PrismaPg, pool.as(fixture.session(1).context)) });
    await own.item.count();
    const writes = fixture.countWrites();
    await own.item.findMany({ where: { name: 'x' } });
    assert.equal(writes.stop(), 1);
  });

  test("a constraint shows under Prisma's own code", async () => {
    await prisma.item.create({ data: { name: 'a' } });
    await assert.rejects(prisma.item.create({ data: { name: 'a' } }), { code: 'P2002' });
  });

  test('an interactive transaction commits, and rolls back on an error', async () => {
    const seen = await prisma.$transaction(
      async (tx) => {
        await tx.item.create({ data: { name: 'kept' } });
        const level = await tx.$queryRaw`select current_setting('transaction_isolation') as level`;
        assert.deepEqual(level, [{ level: 'serializable' }]);
        return await tx.item.count();
      },
      { isolationLevel: 'Serializable' },
    );
    assert.equal(seen, 1);
    const failing = prisma.$transaction(async (tx) => {
      await tx.item.create({ data: { name: 'lost' } });
      throw new Error('mine');
    });
    await assert.rejects(failing, /mine/);
    assert.deepEqual(await names(), ['kept']);
  });

  test('a batch transaction is all or nothing', async () => {
    await prisma.$transaction([
      prisma.item.create({ data: { name: 'a' } }),
      prisma.item.create({ data: { name: 'b' } }),
    ]);
    const failing = prisma.$transaction([
      prisma.item.create({ data: { name: 'c' } }),
      prisma.item.create({ data: { name: 'a' } }),
    ]);
    await assert.rejects(failing, { code: 'P2002' });
    assert.deepEqual(await names(), ['a', 'b']);
  });

  test('T-17: what Prisma would let through is refused here', async () => {
    await assert.rejects(prisma.$executeRaw`set role postgres`, { code: 'statement_refused' });
    await assert.rejects(prisma.item.deleteMany(), /permission denied/);
  });

  test('disconnecting Prisma leaves the pool to its owner', async () => {
    await names();
    await prisma.$disconnect();
    assert.deepEqual((await fixture.session(1).query('select 1 as one')).rows, [{ one: 1 }]);
  });

  test('a PrismaPg with another copy of pg is told apart', async () => {
    class OtherPrismaPg {
      readonly provider = 'postgres';
      readonly adapterName = 'other';
      connect(): Promise<{ underlyingDriver(): unknown }> {
        return Promise.resolve({ underlyingDriver: () => 'a pool of its own' });
      }
    }
    await assert.rejects(prismaAdapter(OtherPrismaPg, fixture.session(1)).connect(), /another copy of pg/);
  });
});
