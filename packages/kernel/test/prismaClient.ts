import { createRequire } from 'node:module';

/**
 * A Prisma 7 client for `shop.item`, put together by hand the way `prisma generate` writes it, because that command
 * downloads an engine. Runtime and query compiler are Prisma's own.
 */
export type Item = {
  id: string;
  tenantId: string;
  name: string;
  price: { toString(): string } | null;
  createdAt: Date;
};

type ItemDelegate = {
  create(args: { data: { name: string; price?: string; tenantId?: string } }): Promise<Item>;
  findMany(args?: { where?: { name: string }; orderBy?: { name: 'asc' } }): Promise<Item[]>;
  updateMany(args: { where: { name: string }; data: { price: string } }): Promise<{ count: number }>;
  deleteMany(args?: object): Promise<{ count: number }>;
  count(): Promise<number>;
};

export type PrismaItems = {
  item: ItemDelegate;
  $transaction: {
    <T>(work: (tx: PrismaItems) => Promise<T>, options?: { isolationLevel?: 'Serializable' }): Promise<T>;
    (queries: Promise<unknown>[]): Promise<unknown[]>;
  };
  $queryRaw(text: TemplateStringsArray, ...values: unknown[]): Promise<unknown>;
  $executeRaw(text: TemplateStringsArray, ...values: unknown[]): Promise<number>;
  $disconnect(): Promise<void>;
};

const schema = `
generator client {
  provider = "prisma-client"
}
datasource db {
  provider = "postgresql"
  schemas = ["shop"]
}
model Item {
  id String @id @default(dbgenerated("gen_random_uuid()")) @db.Uuid
  tenantId String @default(dbgenerated("bulkhead.claimed_tenant_id()")) @map("tenant_id") @db.Uuid
  name String
  price Decimal? @db.Decimal(12, 2)
  createdAt DateTime @default(dbgenerated("now()")) @map("created_at") @db.Timestamptz
  @@map("item")
  @@schema("shop")
}
`;

const field = (name: string, type: string, dbName?: string): object => ({
  name,
  kind: 'scalar',
  type,
  ...(dbName !== undefined && { dbName }),
});

const require = createRequire(import.meta.url);
// The type definitions for Node leave WebAssembly to those for browsers.
const wasmModules = (globalThis as unknown as { WebAssembly: { Module: new (bytes: Buffer) => object } })
  .WebAssembly;
const runtime = '@prisma/client/runtime';
const { getPrismaClient } = require(`${runtime}/client`) as {
  getPrismaClient(this: void, config: object): new (options: { adapter: unknown }) => PrismaItems;
};

export const PrismaClient = getPrismaClient({
  runtimeDataModel: {
    models: {
      Item: {
        dbName: 'item',
        schema: 'shop',
        fields: [
          field('id', 'String'),
          field('tenantId', 'String', 'tenant_id'),
          field('name', 'String'),
          field('price', 'Decimal'),
          field('createdAt', 'DateTime', 'created_at'),
        ],
        uniqueFields: [],
        uniqueIndexes: [],
      },
    },
    enums: {},
    types: {},
  },
  previewFeatures: [],
  clientVersion: '7.10.0',
  engineVersion: 'none',
  activeProvider: 'postgresql',
  inlineSchema: schema,
  // An empty graph: no argument is made a parameter of a cached plan.
  parameterizationSchema: { strings: [], graph: 'AAAA' },
  compilerWasm: {
    getRuntime: () => Promise.resolve(require(`${runtime}/query_compiler_fast_bg.postgresql.js`)),
    getQueryCompilerWasmModule: () => {
      const { wasm } = require(`${runtime}/query_compiler_fast_bg.postgresql.wasm-base64.js`) as {
        wasm: string;
      };
      return Promise.resolve(new wasmModules.Module(Buffer.from(wasm, 'base64')));
    },
    importName: './query_compiler_fast_bg.js',
  },
});
