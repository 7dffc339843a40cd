import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Programs from outside npm that some tests drive, and where they may be besides the PATH. */
const components = {
  pgbouncer: { programs: ['pgbouncer'], folders: ['/usr/sbin'] },
  python3: { programs: ['python3'], folders: ['/usr/bin'], onlyThere: true },
  psql: { programs: ['psql'], folders: ['/usr/lib/postgresql/15/bin'] },
  chromium: { programs: ['chromium', 'chromium-browser', 'google-chrome'], folders: [] },
  caddy: { programs: ['caddy'], folders: ['/usr/bin'] },
  'testssl.sh': { programs: ['testssl', 'testssl.sh'], folders: ['/usr/bin'] },
  sslscan: { programs: ['sslscan'], folders: ['/usr/bin'] },
  'redis-server': { programs: ['redis-server'], folders: ['/usr/bin'] },
  hydra: { programs: ['hydra'], folders: ['/usr/bin'] },
  wapiti: { programs: ['wapiti'], folders: ['/usr/bin'] },
  sqlmap: { programs: ['sqlmap'], folders: ['/usr/bin'] },
  wrk: { programs: ['wrk'], folders: ['/usr/bin'] },
  xmlsec1: { programs: ['xmlsec1'], folders: ['/usr/bin'] },
  // A library: the program it brings along tells that it is there.
  pysaml2: { programs: ['make_metadata'], folders: ['/usr/bin'] },
  'golang-go': { programs: ['go'], folders: ['/usr/lib/go/bin'] },
  'golang-x-mod': {
    programs: ['note.go'],
    folders: ['/usr/share/gocode/src/golang.org/x/mod/sumdb/note'],
    onlyThere: true,
  },
  radosgw: { programs: ['radosgw'], folders: ['/usr/bin'] },
  'ceph-mon': { programs: ['ceph-mon'], folders: ['/usr/bin'] },
  'ceph-osd': { programs: ['ceph-osd'], folders: ['/usr/bin'] },
  'zbar-tools': { programs: ['zbarimg'], folders: ['/usr/bin'] },
  // From npm, in a folder of its own; test/edge/observatory/package.json says why.
  'mdn-http-observatory': {
    programs: ['package.json'],
    folders: [
      fileURLToPath(new URL('../edge/observatory/node_modules/@mdn/mdn-http-observatory', import.meta.url)),
    ],
    onlyThere: true,
  },
  spin: { programs: ['spin'], folders: [] },
  gcc: { programs: ['gcc'], folders: [] },
  'postgresql-15': { programs: ['postgres'], folders: ['/usr/lib/postgresql/15/bin'], onlyThere: true },
} satisfies Record<string, { programs: string[]; folders: string[]; onlyThere?: boolean }>;

export type Component = keyof typeof components;

/** Path of a component's program; undefined when it is not installed. */
export function findComponent(name: Component): string | undefined {
  const {
    programs,
    folders,
    onlyThere = false,
  }: { programs: string[]; folders: string[]; onlyThere?: boolean } = components[name];
  const path = onlyThere ? [] : (process.env['PATH'] ?? '').split(delimiter);
  return [...path, ...folders]
    .flatMap((folder) => programs.map((program) => join(folder, program)))
    .find((candidate) => existsSync(candidate));
}

/** For a test's `skip`: `test('…', { skip: missing('pgbouncer') }, …)`. With CI=true a skipped test is a failure. */
export function missing(...names: Component[]): string | false {
  const absent = names.filter((name) => findComponent(name) === undefined);
  return absent.length > 0 && `${absent.join(' and ')} not installed`;
}
