import assert from 'node:assert/strict';
import { createPublicKey, hash } from 'node:crypto';
import { mkdtemp, rm, writeFile, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import type { Anchored } from './anchor.ts';
import { directoryAnchor } from './anchor.ts';
import { auditIdentity, originOf, secretKey, verifiersFor } from './key.ts';
import { consistencyProof, GrowingTree, nodeOf, rangeRoot, type NodeReader } from './merkle.ts';
import {
  formatCheckpoint,
  formatVerifier,
  NoteError,
  parseNote,
  parseVerifier,
  signatureLine,
  signaturesOf,
  verifierOf,
} from './note.ts';
import { s3Anchor } from './s3Anchor.ts';
import type { PutObject } from './s3Bucket.ts';
import { Witness } from './witness.ts';
import { WitnessRefusal, witnessAnchor, type Poster } from './witnessAnchor.ts';

const log = auditIdentity({ seed: Buffer.alloc(32, 1), name: 'books.example.com' });
const origin = originOf(log, '00000000-0000-4000-8000-000000000001');
const [logVerifier] = verifiersFor(log.keys, origin);

const leaf = (n: number, history = ''): Buffer => hash('sha256', `${history}${n}`, 'buffer');

function logOf(size: number, history = '', from = 0) {
  const read: NodeReader = async (level, index) =>
    level === 0
      ? leaf(index, index >= from ? history : '')
      : nodeOf(await read(level - 1, index * 2), await read(level - 1, index * 2 + 1));
  const note = async (): Promise<Anchored> => {
    const text = formatCheckpoint({ origin, size, root: await rangeRoot(read, 0, size) });
    assert.ok(logVerifier);
    return {
      origin,
      size,
      note: `${text}\n${signatureLine(text, { verifier: logVerifier, secret: log.secret })}`,
    };
  };
  return { note, prove: (old: number) => consistencyProof(read, old, size) };
}

async function witnessIn(t: TestContext, folder?: string) {
  const at = folder ?? (await mkdtemp(join(tmpdir(), 'bulkhead-witness-')));
  if (folder === undefined) t.after(() => rm(at, { recursive: true }));
  const secret = secretKey(Buffer.alloc(32, 2));
  const raw = createPublicKey(secret).export({ type: 'spki', format: 'der' }).subarray(12);
  const verifier = verifierOf('witness.example.org', 0x04, raw);
  const witness = new Witness({
    folder: at,
    logs: log.keys,
    signer: { verifier, secret },
    clock: () => 1_760_000_000_000,
  });
  const post: Poster = async (url, body) => {
    assert.equal(url, 'https://witness.example.org/add-checkpoint');
    return witness.addCheckpoint(body);
  };
  const anchor = () => witnessAnchor({ url: 'https://witness.example.org/', verifier, post });
  return { folder: at, witness, verifier, anchor };
}

async function submit(
  witness: Witness,
  [old, to]: readonly [number, ReturnType<typeof logOf>],
  change: (body: string) => string = (body) => body,
) {
  const { note, size } = await to.note();
  const proof = old <= size ? await to.prove(old) : [];
  return witness.addCheckpoint(
    change(`old ${old}\n${proof.map((node) => `${node.toString('base64')}\n`).join('')}\n${note}`),
  );
}

describe('AUD-4 a witness (c2sp.org/tlog-witness)', () => {
  test('cosigns what continues what it saw, with the time, for a key that stands in the note', async (t) => {
    const { anchor, verifier, witness } = await witnessIn(t);
    const one = anchor();
    for (const size of [3, 3, 7, 8, 20]) {
      const to = logOf(size);
      const anchored = await to.note();
      const cosigned = `${anchored.note}${await one.publish(anchored, to.prove)}`;
      const signed = signaturesOf(parseNote(cosigned), [verifier, ...verifiersFor(log.keys, origin)]);
      assert.deepEqual(
        signed.map(({ name, type, time }) => [name, type, time]),
        [
          [origin, 1, undefined],
          ['witness.example.org', 4, 1_760_000_000],
        ],
      );
    }
    // Another server asks without knowing what the witness saw: it is told, and asks again.
    const to = logOf(33);
    await anchor().publish(await to.note(), to.prove);
    assert.equal((await submit(witness, [0, logOf(40)])).status, 409);
  });

  test('answers as the specification asks', async (t) => {
    const { witness } = await witnessIn(t);
    assert.equal((await submit(witness, [0, logOf(5)])).status, 200);
    const conflict = await submit(witness, [3, logOf(9)]);
    assert.deepEqual([conflict.status, conflict.type, conflict.body], [409, 'text/x.tlog.size', '5\n']);
    assert.equal((await submit(witness, [9, logOf(5)])).status, 400, 'old size above the checkpoint’s');
    assert.equal((await submit(witness, [5, logOf(5, 'other')])).status, 409, 'same size, other root');
    assert.equal(
      (await submit(witness, [5, logOf(9)], (body) => body.replace(/\n[^\n]{44}\n/, '\n'))).status,
      422,
    );
    assert.equal(
      (await submit(witness, [5, logOf(9)], (body) => body.replaceAll(origin, 'unknown.example/audit/1')))
        .status,
      404,
    );
    assert.equal(
      (await submit(witness, [5, logOf(9)], (body) => body.replace('\n9\n', '\n10\n'))).status,
      403,
      'signature wrong',
    );
    assert.equal(
      (await submit(witness, [5, logOf(9)], (body) => body.replace(/— .*\n/, `— other AAAAAAAAAAAA\n`)))
        .status,
      403,
      'unsigned',
    );
    for (const [, change] of Object.entries({
      zero: (body: string) => body.replace('old 5', 'old 05'),
      word: (body: string) => body.replace('old', 'older'),
      proof: (body: string) => body.replace('\n', '\nnot base64\n'),
      long: (body: string) => body.replace('\n', `\n${`${leaf(1).toString('base64')}\n`.repeat(64)}`),
      empty: () => '',
    }))
      assert.equal((await submit(witness, [5, logOf(9)], change)).status, 400);
    assert.equal((await submit(witness, [5, logOf(9)])).status, 200, 'none of that changed what it saw');
  });

  test('never cosigns a fork, whatever order and moment requests come in', async (t) => {
    const { witness } = await witnessIn(t);
    assert.equal((await submit(witness, [0, logOf(6)])).status, 200);
    assert.equal(
      (await submit(witness, [6, logOf(12, 'other', 4)])).status,
      422,
      'another history from 4 on',
    );
    const answers = await Promise.all([7, 8, 9, 10].map((size) => submit(witness, [6, logOf(size)])));
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 409, 409, 409],
      'one at a time, none rolled back',
    );
  });

  test('remembers through an end at any moment, and does not start anew from a memory it cannot read', async (t) => {
    const first = await witnessIn(t);
    assert.equal((await submit(first.witness, [0, logOf(6)])).status, 200);
    await writeFile(join(first.folder, 'half.checkpoint.1234'), 'books.exa');
    const again = await witnessIn(t, first.folder);
    assert.equal((await submit(again.witness, [0, logOf(9, 'other')])).body, '6\n');
    const [file] = (await readdir(first.folder)).filter((name) => name.endsWith('.checkpoint'));
    await writeFile(join(first.folder, file ?? ''), '');
    await assert.rejects(submit((await witnessIn(t, first.folder)).witness, [0, logOf(9)]), NoteError);
  });

  test('is refused by its client when its answer is not the cosignature of its key', async (t) => {
    const { verifier } = await witnessIn(t);
    const to = logOf(3);
    const answers: [Awaited<ReturnType<Poster>>, RegExp][] = [
      [{ status: 200, type: 'text/plain', body: '' }, /without a cosignature/],
      [{ status: 200, type: 'text/plain', body: '— other.example AAAAAAAAAAAA\n' }, /without a cosignature/],
      [{ status: 409, type: 'text/x.tlog.size', body: '99\n' }, /more than there are/],
      [{ status: 503, type: 'text/plain', body: '' }, /answered 503/],
    ];
    for (const [answer, said] of answers) {
      const anchor = witnessAnchor({ url: 'https://w', verifier, post: async () => answer });
      await assert.rejects(anchor.publish(await to.note(), to.prove), (error) => {
        assert.ok(error instanceof WitnessRefusal);
        assert.match(error.message, said);
        return true;
      });
    }
    const forged = `— witness.example.org ${Buffer.concat([verifier.id, Buffer.alloc(72)]).toString('base64')}\n`;
    const anchor = witnessAnchor({
      url: 'https://w',
      verifier,
      post: async () => ({ status: 200, type: 'text/plain', body: forged }),
    });
    await assert.rejects(anchor.publish(await to.note(), to.prove), NoteError);
  });
});

describe('AUD-4 notes and keys', () => {
  test('verify the example of golang.org/x/mod/sumdb/note', () => {
    const verifier = parseVerifier('PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW');
    assert.equal(
      formatVerifier(verifier),
      'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
    );
    const text =
      "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    const line =
      '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';
    assert.deepEqual(signaturesOf(parseNote(`${text}\n${line}`), [verifier]), [
      { name: 'PeterNeumann', type: 1 },
    ]);
    assert.throws(
      () => signaturesOf(parseNote(`${text.replace('answer', 'Answer')}\n${line}`), [verifier]),
      NoteError,
    );
  });

  test('after rotation both keys are published, and what either signed holds', () => {
    const old = auditIdentity({ seed: Buffer.alloc(32, 3) });
    const [published = ''] = old.keys.map(formatVerifier);
    const next = auditIdentity({ seed: Buffer.alloc(32, 4), previous: [published] });
    assert.equal(next.name, old.name, 'the name outlives the key');
    assert.equal(next.keys.length, 2);
    const text = formatCheckpoint({
      origin: originOf(old, '00000000-0000-4000-8000-000000000001'),
      size: 0,
      root: new GrowingTree().root(),
    });
    const verifiers = verifiersFor(next.keys, originOf(next, '00000000-0000-4000-8000-000000000001'));
    for (const [n, { secret }] of [next, old].entries()) {
      const verifier = verifiers[n] ?? assert.fail();
      assert.equal(
        signaturesOf(parseNote(`${text}\n${signatureLine(text, { verifier, secret })}`), verifiers).length,
        1,
      );
    }
    assert.deepEqual(verifiersFor(next.keys, 'other/audit/00000000-0000-4000-8000-000000000001'), []);
  });

  test('malformed ones are refused', () => {
    for (const bad of [
      '',
      'x',
      'a+00000000+AAAA',
      'PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
    ]) {
      assert.throws(() => parseVerifier(bad), NoteError);
    }
    for (const bad of [
      '',
      'text\n',
      'text\n\n',
      'text\n\n— a\n',
      'a\u0001\n\n— a AAAAAAAAAAAA\n',
      'text\n\n— a AAAAAAAAAAAA',
    ]) {
      assert.ok(!accepts(bad), JSON.stringify(bad));
    }
  });
});

function accepts(note: string): boolean {
  try {
    return parseNote(note).signatures.length > 0;
  } catch {
    return false;
  }
}

describe('AUD-4 anchors', () => {
  test('a directory keeps what it was given, and is not written over', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'bulkhead-anchor-'));
    t.after(() => rm(folder, { recursive: true }));
    const anchor = directoryAnchor(folder);
    assert.equal(await anchor.latest?.(origin), undefined);
    const notes = await Promise.all([9, 10, 100].map((size) => logOf(size).note()));
    for (const note of notes) await anchor.publish(note, async () => []);
    await anchor.publish({ origin, size: 100, note: 'another' }, async () => []);
    assert.equal(await anchor.latest?.(origin), notes[2]?.note);
    await assert.rejects(anchor.publish({ origin: '../../etc', size: 1, note: '' }, async () => []));
  });

  test('S3 objects are locked in compliance mode, and never replaced', async () => {
    const sent: PutObject[] = [];
    const taken = Object.assign(new Error('exists'), { name: 'PreconditionFailed' });
    const put = async (input: PutObject) => {
      if (sent.some(({ Key }) => Key === input.Key)) throw taken;
      sent.push(input);
    };
    const anchor = s3Anchor({ put, bucket: 'b', prefix: 'p/', retainDays: 30, clock: () => 0 });
    const note = await logOf(5).note();
    assert.equal(await anchor.publish(note, async () => []), '');
    assert.equal(await anchor.publish(note, async () => []), '', 'sent twice is sent');
    assert.deepEqual(
      sent.map(({ Body, ...rest }) => [rest, Body === note.note]),
      [
        [
          {
            Bucket: 'b',
            Key: 'p/00000000-0000-4000-8000-000000000001/0000000000000005.note',
            ContentType: 'text/plain; charset=utf-8',
            IfNoneMatch: '*',
            ObjectLockMode: 'COMPLIANCE',
            ObjectLockRetainUntilDate: new Date(30 * 86_400_000),
            ChecksumAlgorithm: 'SHA256',
          },
          true,
        ],
      ],
    );
    const failing = s3Anchor({
      put: () => Promise.reject(new Error('no network')),
      bucket: 'b',
      retainDays: 1,
      clock: () => 0,
    });
    await assert.rejects(
      failing.publish(note, async () => []),
      /no network/,
    );
  });
});
