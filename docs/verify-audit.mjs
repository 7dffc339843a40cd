#!/usr/bin/env node
// Checks an export of a Bulkhead audit log, or the proof of one entry, with Node.js 22 or newer and nothing else:
// no package, no network, no database. What it checks and why that suffices: docs/audit-format.md, docs/audit.md.
// Made from packages/platform/src/audit/ledger by npm run docs; its parts stand there with their tests.
import { createPrivateKey, createPublicKey, hash, sign, verify } from 'node:crypto';
import { join } from 'node:path';
import { open, opendir, readFile, stat } from 'node:fs/promises';
import { parseArgs } from 'node:util';

// ---- encoding

/**
 * The bytes of an audit entry that are hashed and exported, the same as `bulkhead.audit_entry_bytes` in SQL: a version
 * line, then seventeen fields, each its length in bytes, a colon, the value, a line feed; `-` and a line feed for null.
 * Specified with vectors in docs/audit-format.md.
 */

/** The fields in the order in which they are hashed. */
const fieldNames = [
  'id',
  'occurred_at',
  'transaction_id',
  'tenant_id',
  'company_id',
  'actor_kind',
  'actor_id',
  'on_behalf_of',
  'action',
  'target_type',
  'target_id',
  'request_id',
  'ip',
  'user_agent',
  'before',
  'after',
  'detail',
];

/**
 * An entry as text, null where a field is null. `occurred_at` is whole microseconds since 1970; json fields are the text
 * that was stored, never parsed and written again; `ip` has its prefix length (`203.0.113.9/32`).
 */

const versionLine = 'bulkhead-entry/1\n';
const colon = 58;
const lineFeed = 10;
const hyphen = 45;

/** The chain of what happens before a tenant is known. */
const serviceChain = '00000000-0000-0000-0000-000000000000';

/** The bytes of an entry. */
function encodeEntry(fields) {
  let text = versionLine;
  for (const name of fieldNames) {
    const value = fields[name];
    text += value === null ? '-\n' : `${Buffer.byteLength(value)}:${value}\n`;
  }
  return Buffer.from(text);
}

/**
 * The fields in an entry's bytes.
 *
 * @returns undefined when the bytes are not exactly seventeen well-formed fields
 */
function decodeEntry(bytes) {
  if (bytes.toString('latin1', 0, versionLine.length) !== versionLine) return undefined;
  const fields = {};
  let at = versionLine.length;
  for (const name of fieldNames) {
    if (bytes[at] === hyphen && bytes[at + 1] === lineFeed) {
      fields[name] = null;
      at += 2;
      continue;
    }
    const separator = bytes.indexOf(colon, at);
    const digits = bytes.toString('latin1', at, Math.max(at, separator));
    if (separator < 0 || !/^(0|[1-9][0-9]{0,9})$/.test(digits)) return undefined;
    const end = separator + 1 + Number(digits);
    if (bytes[end] !== lineFeed) return undefined;
    fields[name] = bytes.toString('utf8', separator + 1, end);
    at = end + 1;
  }
  return at === bytes.length ? fields : undefined;
}

// ---- merkle

/** Merkle tree hashes and proofs of RFC 6962 section 2.1, with the iterative verification of RFC 9162 section 2.1.3. */

/** Leaf before the first entry of a chain. */
const noLeaf = Buffer.alloc(32);

/** Root of the tree without leaves. */
const emptyRoot = hash('sha256', '', 'buffer');

// Hashing into a string and out of a reused buffer takes a third of the time of `hash(…, 'buffer')` of a new one.
const digest = (data) => Buffer.from(hash('sha256', data, 'binary'), 'latin1');
const nodeData = Buffer.alloc(65, 1);
const leafData = Buffer.alloc(16_384);

/** An entry's leaf: SHA-256 over 0x00, the leaf before it (32 zero bytes for the first), its bytes. */
function leafOf(previous, entry) {
  const length = 33 + entry.length;
  const data = length <= leafData.length ? leafData.subarray(0, length) : Buffer.alloc(length);
  previous.copy(data, 1);
  entry.copy(data, 33);
  return digest(data);
}

/** An inner node: SHA-256 over 0x01 and its children. */
function nodeOf(left, right) {
  left.copy(nodeData, 1);
  right.copy(nodeData, 33);
  return digest(nodeData);
}

/** A tree that grows leaf by leaf and keeps no more than one hash for each level. */
class GrowingTree {
  /** Roots of complete subtrees, largest first: those of the set bits of `size`. */
  #peaks;
  #size;

  constructor(size = 0, peaks = []) {
    this.#size = size;
    this.#peaks = [...peaks];
  }

  get size() {
    return this.#size;
  }

  /** With `size`, all that is needed to go on later. */
  get peaks() {
    return this.#peaks;
  }

  add(leaf) {
    let node = leaf;
    for (let rest = this.#size; rest % 2 === 1; rest = (rest - 1) / 2) {
      node = nodeOf(this.#peaks.pop() ?? noLeaf, node);
    }
    this.#peaks.push(node);
    this.#size += 1;
  }

  root() {
    return this.#peaks.length === 0
      ? emptyRoot
      : this.#peaks.reduceRight((right, left) => nodeOf(left, right));
  }
}

/** Reads the root of the complete subtree of 2^level leaves that is number `index` from the left. */

/** Largest power of two below n, for n > 1. */
function split(n) {
  let power = 1;
  while (power * 2 < n) power *= 2;
  return power;
}

/** Root over the leaves from `start` to `end` - 1. `start` is a multiple of the largest power of two in the range. */
async function rangeRoot(read, start, end) {
  const width = end - start;
  if (width === 0) return emptyRoot;
  const level = Math.log2(width);
  if (Number.isInteger(level)) return read(level, start / width);
  const middle = start + split(width);
  return nodeOf(await rangeRoot(read, start, middle), await rangeRoot(read, middle, end));
}

/** PATH(m, D[n]) of RFC 6962 section 2.1.1: proves that leaf `index` is in the tree of `size` leaves. */
async function inclusionProof(read, index, size) {
  const path = async (start, end) => {
    if (end - start === 1) return [];
    const middle = start + split(end - start);
    return index < middle
      ? [...(await path(start, middle)), await rangeRoot(read, middle, end)]
      : [...(await path(middle, end)), await rangeRoot(read, start, middle)];
  };
  return path(0, size);
}

/** PROOF(m, D[n]) of RFC 6962 section 2.1.2: proves that the tree of `size` continues the one of `old` leaves. */
async function consistencyProof(read, old, size) {
  const proof = async (range, whole) => {
    const { start, end } = range;
    if (old === end) return whole ? [] : [await rangeRoot(read, start, end)];
    const middle = start + split(end - start);
    return old <= middle
      ? [...(await proof({ start, end: middle }, whole)), await rangeRoot(read, middle, end)]
      : [...(await proof({ start: middle, end }, false)), await rangeRoot(read, start, middle)];
  };
  return old === 0 || old === size ? [] : proof({ start: 0, end: size }, true);
}

/** Whether `proof` shows that `leaf` stands at `index` of the tree of `size` leaves with this root (RFC 9162 section 2.1.3.2). */
function inclusionHolds({ leaf, index, size, root }, proof) {
  if (index >= size) return false;
  let [node, last, result] = [index, size - 1, leaf];
  for (const sibling of proof) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      result = nodeOf(sibling, result);
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, Math.floor(last / 2)];
    } else result = nodeOf(result, sibling);
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  return last === 0 && result.equals(root);
}

/** Whether `proof` shows that the newer tree continues the older (RFC 9162 section 2.1.4.2). */
function consistencyHolds(older, newer, proof) {
  if (older.size > newer.size) return false;
  if (older.size === newer.size) return proof.length === 0 && older.root.equals(newer.root);
  if (older.size === 0) return proof.length === 0 && older.root.equals(emptyRoot);
  const path = Number.isInteger(Math.log2(older.size)) ? [older.root, ...proof] : [...proof];
  const first = path.shift();
  if (first === undefined) return false;
  let [node, last] = [older.size - 1, newer.size - 1];
  while (node % 2 === 1) [node, last] = [(node - 1) / 2, Math.floor(last / 2)];
  let [old, young] = [first, first];
  for (const sibling of path) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      [old, young] = [nodeOf(sibling, old), nodeOf(sibling, young)];
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, Math.floor(last / 2)];
    } else young = nodeOf(young, sibling);
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  return last === 0 && old.equals(older.root) && young.equals(newer.root);
}

// ---- note

/** Signed notes, checkpoints and cosignatures (c2sp.org/signed-note, tlog-checkpoint, tlog-cosignature), with Ed25519. */

/** 0x01: plain signature of a log. 0x04: timestamped cosignature of a witness. */

/** A public key that signatures are checked with. */

/** A checkpoint whose form is right; whether its signatures are is for `signaturesOf`. */

/** One signature line of a note: `blob` is the signature after the key id. */

/** A signature that was found right. `time` is Unix seconds, of a cosignature only. */

/** A note or key that has not the form its specification asks for. */
class NoteError extends Error {
  name = 'NoteError';
}

const canonicalBase64 = (text) => {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
};

const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');

function keyId(name, type, key) {
  return hash(
    'sha256',
    Buffer.concat([Buffer.from(`${name}\n`), Buffer.from([type]), key]),
    'buffer',
  ).subarray(0, 4);
}

/** The 32 bytes of an Ed25519 public key. */
function rawPublicKey(key) {
  return createPublicKey(key.export({ type: 'pkcs8', format: 'pem' }))
    .export({ type: 'spki', format: 'der' })
    .subarray(12);
}

/** @throws {NoteError} when the name has a space, a plus sign or a control character */
function verifierOf(name, type, key) {
  if (!/^[^\s+\p{Cc}]+$/u.test(name)) throw new NoteError(`"${name}" cannot name a key`);
  const spki = { key: Buffer.concat([spkiPrefix, key]), format: 'der', type: 'spki' };
  return { name, type, id: keyId(name, type, key), key: createPublicKey(spki) };
}

/** The key as one line, as golang.org/x/mod/sumdb/note reads it: `name+hash+base64`. */
function formatVerifier({ name, type, id, key }) {
  const raw = key.export({ type: 'spki', format: 'der' }).subarray(12);
  return `${name}+${id.toString('hex')}+${Buffer.concat([Buffer.from([type]), raw]).toString('base64')}`;
}

/** @throws {NoteError} when the line is not a verifier key of type 0x01 or 0x04 */
function parseVerifier(line) {
  const [, name = '', id = '', encoded = ''] =
    /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(line.trim()) ?? [];
  const bytes = canonicalBase64(encoded);
  const type = bytes?.[0];
  if (bytes?.length !== 33 || (type !== 0x01 && type !== 0x04))
    throw new NoteError('this is no verifier key');
  const verifier = verifierOf(name, type, bytes.subarray(1));
  if (verifier.id.toString('hex') !== id) throw new NoteError(`the key's id is not the one of ${name}`);
  return verifier;
}

/** A checkpoint's text, which is what is signed. */
function formatCheckpoint({ origin, size, root }) {
  return `${origin}\n${size}\n${root.toString('base64')}\n`;
}

/** @throws {NoteError} when the text is no checkpoint without extension lines */
function parseCheckpoint(text) {
  const [origin = '', size = '', root = '', ...rest] = text.split('\n');
  const bytes = canonicalBase64(root);
  if (origin === '' || !/^(0|[1-9][0-9]{0,15})$/.test(size) || bytes?.length !== 32 || rest.join() !== '') {
    throw new NoteError('this is no checkpoint');
  }
  return { origin, size: Number(size), root: bytes };
}

/** @throws {NoteError} when it is not text, blank line, signature lines */
function parseNote(note) {
  const at = note.lastIndexOf('\n\n');
  const lines = note.slice(at + 2).split('\n');
  // oxlint-disable-next-line no-control-regex
  if (
    at < 1 ||
    note.length > 1_000_000 ||
    lines.pop() !== '' ||
    lines.length > 100 ||
    /[\u0000-\u0009\u000b-\u001f]/.test(note)
  ) {
    throw new NoteError('this is no signed note');
  }
  const signatures = lines.map((line) => {
    const [, name = '', encoded = ''] = /^— ([^\s+]+) ([A-Za-z0-9+/=]+)$/u.exec(line) ?? [];
    const bytes = canonicalBase64(encoded);
    if (bytes === undefined || bytes.length < 5) throw new NoteError('a signature line is malformed');
    return { name, id: bytes.subarray(0, 4), blob: bytes.subarray(4) };
  });
  return { text: note.slice(0, at + 1), signatures };
}

const cosigned = (text, time) => Buffer.from(`cosignature/v1\ntime ${time}\n${text}`);

const line = ({ name, id }, blob) => `— ${name} ${Buffer.concat([id, blob]).toString('base64')}\n`;

/** A log's signature line over a text that ends in a line feed. */
function signatureLine(text, signer) {
  return line(signer.verifier, sign(null, Buffer.from(text), signer.secret));
}

/** A witness's cosignature line. @param time Unix seconds */
function cosignatureLine(text, signer, time) {
  const stamp = Buffer.alloc(8);
  stamp.writeBigUInt64BE(BigInt(time));
  const signature = sign(null, cosigned(text, BigInt(time)), signer.secret);
  return line(signer.verifier, Buffer.concat([stamp, signature]));
}

function check(text, { blob }, verifier) {
  const { name, type, key } = verifier;
  if (type === 0x01) {
    return verify(null, Buffer.from(text), key, blob) ? { name, type } : undefined;
  }
  if (blob.length !== 72) return undefined;
  const time = blob.readBigUInt64BE();
  return verify(null, cosigned(text, time), key, blob.subarray(8))
    ? { name, type, time: Number(time) }
    : undefined;
}

/**
 * The signatures of a note by these keys. Lines of other keys are ignored, as the specification asks.
 *
 * @throws {NoteError} when a signature of one of these keys is wrong
 */
function signaturesOf({ text, signatures }, verifiers) {
  const found = [];
  for (const signature of signatures) {
    const verifier = verifiers.find(({ name, id }) => name === signature.name && id.equals(signature.id));
    if (verifier === undefined) continue;
    const right = check(text, signature, verifier);
    if (right === undefined) throw new NoteError(`the signature of ${signature.name} is wrong`);
    found.push(right);
  }
  return found;
}

// ---- key

const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Who an installation's checkpoints are signed by: its name, its key, and the keys it had before. */

/** An Ed25519 private key from its 32 secret bytes (RFC 8032 section 5.1.5). */
function secretKey(seed) {
  return createPrivateKey({ key: Buffer.concat([pkcs8Prefix, seed]), format: 'der', type: 'pkcs8' });
}

const rawKey = (key) => key.export({ type: 'spki', format: 'der' }).subarray(12);

/**
 * @param options `seed`: 32 secret bytes; `name`: by default made from the oldest key, so that rotation keeps it;
 * `previous`: verifier keys as `formatKeys` prints them, newest first
 * @throws {NoteError} when the name or a previous key is malformed
 */
function auditIdentity(options) {
  const secret = secretKey(options.seed);
  const previous = (options.previous ?? []).map((line) => rawKey(parseVerifier(line).key));
  const raws = [rawKey(createPublicKey(secret)), ...previous];
  const oldest = raws.at(-1) ?? Buffer.alloc(0);
  const name = options.name ?? `bulkhead-${hash('sha256', oldest).slice(0, 12)}`;
  return { name, secret, keys: raws.map((raw) => verifierOf(`${name}/audit`, 0x01, raw)) };
}

/** The origin of a chain's checkpoints. `chain` is the tenant, or the nil UUID. */
function originOf({ name }, chain) {
  return `${name}/audit/${chain}`;
}

/** The chain in an origin of that form; undefined in any other. */
function chainOf(origin) {
  return /\/audit\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(origin)?.[1];
}

/** The keys as published: one line each, newest first. */
function formatKeys({ keys }) {
  return keys.map(formatVerifier);
}

/**
 * The keys by which a chain's checkpoints are checked. A key `<name>/audit` serves every origin below it: each chain signs
 * under its own name, as tlog-checkpoint asks, with the installation's key.
 */
function verifiersFor(keys, origin) {
  return keys
    .filter(({ name, type }) => type === 0x01 && (origin === name || origin.startsWith(`${name}/`)))
    .map(({ key }) => verifierOf(origin, 0x01, rawKey(key)));
}

// ---- chainVerifier

/** Checks one chain entry by entry, in bounded memory, and says what was done to it. */

/**
 * edited: an entry's bytes are not those that were sealed. swapped: two entries stand in each other's place. deleted: an
 * entry that was sealed is not there. inserted: an entry stands where none was sealed. rewritten: entries and links agree
 * with each other and not with what was signed. rolled_back: the whole chain is an older state of itself, or went on from
 * one. forged_checkpoint: a signature is wrong. malformed: it cannot be read as what it says it is.
 */

/** What stands at a position of the chain. */

/** A checkpoint whose signature was found right. */

const mostSuspects = 200;
const mostGaps = 10_000;

/** Fields that a link, or another entry in its place, may have kept as they were. */
const keptInPlace = [[], ['id'], ['id', 'occurred_at'], ['id', 'occurred_at', 'transaction_id']];

function withClaims(fields, claims, names) {
  return encodeEntry({ ...fields, ...Object.fromEntries(names.map((name) => [name, claims[name]])) });
}

/** Where a chain is joined in the middle: the tree before it, and the leaf of the entry before it. */

/** Push the links in order, then `finish`. */
class ChainVerifier {
  #tree;
  /** Expected and not compared yet, smallest first; what is before `#due` is done with. */
  #checkpoints = [];
  #largest;
  /** Sizes of the largest one in the database, and of the largest of those that the chain agrees with. */
  #known = 0;
  #agreed = 0;
  /** Positions without an entry, as ranges from, to (exclusive). */
  #absent = [];
  #moved = new Map();
  #findings = [];
  #suspects = [];
  #lost = [];
  /** Leaf before the next link; undefined behind a gap, where nobody knows it. */
  #previous;
  #beforePrevious;
  #next;
  #broken = false;
  #entries = 0;
  #withheld = 0;
  #matched = 0;
  #checkpointed;
  #due = 0;
  #mismatch;

  /** @param options `checkpoints`: all there are, or those there are yet: `expect` takes more */
  constructor({ checkpoints, start }) {
    this.#tree = new GrowingTree(start?.size, start?.peaks);
    this.#next = start?.size ?? 0;
    this.#checkpointed = this.#next;
    this.#previous = start?.previous ?? noLeaf;
    for (const checkpoint of checkpoints.toSorted((one, other) => one.size - other.size))
      this.expect(checkpoint);
  }

  /** A checkpoint that the chain is to agree with: given before the links beyond it, smaller ones before larger ones. */
  expect(checkpoint) {
    if (checkpoint.size < this.#next) return;
    this.#remember(checkpoint);
    this.#checkpoints.push(checkpoint);
    this.#compare();
  }

  /** A checkpoint that comes after every link there is: of these the largest is kept. */
  foresee(checkpoint) {
    if (checkpoint.size <= this.#next) this.expect(checkpoint);
    else this.#remember(checkpoint);
  }

  #remember(checkpoint) {
    if (checkpoint.size >= (this.#largest?.size ?? 0)) this.#largest = checkpoint;
    if (checkpoint.source === 'database') this.#known = Math.max(this.#known, checkpoint.size);
  }

  get next() {
    return this.#next;
  }

  get sound() {
    return (
      this.#findings.length === 0 &&
      this.#suspects.length === 0 &&
      this.#absent.length === 0 &&
      this.#mismatch === undefined
    );
  }

  /** From here a later check may go on, if all up to here is sound. */
  get position() {
    return { size: this.#next, peaks: [...this.#tree.peaks], previous: this.#previous ?? noLeaf };
  }

  push(link) {
    if (link.seq !== this.#next) this.#gap(link.seq);
    if (link.entry !== undefined) this.#present(link, link.entry);
    else if (link.withheld === true) this.#withheld += 1;
    else this.#lose(link);
    this.#tree.add(link.leaf);
    this.#beforePrevious = this.#previous;
    this.#previous = link.leaf;
    this.#next = link.seq + 1;
    this.#compare();
  }

  /**
   * An entry that no link names although it is older than what was sealed.
   *
   * @param options `elsewhere`: it stands in another chain, and is a finding of this one only if it was moved from here
   */
  stray(bytes, { elsewhere = false } = {}) {
    const fields = decodeEntry(bytes);
    const suspect = this.#lost.find(({ link, previous }) => {
      if (fields === undefined || link.claims === undefined) return false;
      return leafOf(previous, withClaims(fields, link.claims, ['id', 'occurred_at', 'tenant_id'])).equals(
        link.leaf,
      );
    });
    if (suspect !== undefined) {
      this.#moved.set(suspect.link.seq, this.#editedFields(suspect.link, fields));
      return;
    }
    if (elsewhere) return;
    const entryId = fields?.id ?? null;
    this.#findings.push({
      kind: 'inserted',
      seq: this.#next,
      entryId,
      detail: `entry ${entryId} was never sealed`,
    });
  }

  /** Positions whose entries are missing; a moved entry may be told from a deleted one by `stray`. */
  get lost() {
    return this.#lost.map(({ link }) => link);
  }

  /** @param cutBefore entries before this position may be missing: an entry of the chain says so */
  finish({ cutBefore = 0 } = {}) {
    const cut = this.#missing(cutBefore);
    this.#classify();
    const largest = this.#largest;
    if (largest !== undefined && largest.size > this.#next) this.#short(largest);
    else if (this.#mismatch !== undefined && this.#findings.length === 0) this.#otherHistory(this.#mismatch);
    return {
      size: this.#next,
      entries: this.#entries,
      cut,
      withheld: this.#withheld,
      checkpoints: this.#matched,
      checkpointed: this.#checkpointed,
      findings: this.#findings.toSorted((one, other) => one.seq - other.seq),
      root: this.#tree.root(),
    };
  }

  #gap(seq) {
    this.#broken = true;
    this.#previous = undefined;
    this.#beforePrevious = undefined;
    const last = seq - 1;
    const which = last === this.#next ? `entry ${this.#next}` : `entries ${this.#next} to ${last}`;
    this.#findings.push({
      kind: 'deleted',
      seq: this.#next,
      entryId: null,
      detail: `${which} of the chain and their links are missing`,
    });
  }

  #lose(link) {
    const range = this.#absent.at(-1);
    // Beyond so many the last one grows: how far the gaps reach decides whether a cut explains them, and must not be lost.
    if (range !== undefined && (range[1] === link.seq || this.#absent.length >= mostGaps))
      range[1] = link.seq + 1;
    else this.#absent.push([link.seq, link.seq + 1]);
    if (this.#lost.length < mostSuspects) this.#lost.push({ link, previous: this.#previous ?? noLeaf });
  }

  /** Turns absent positions into findings, but those before the cut. */
  #missing(cutBefore) {
    let cut = 0;
    for (const [from, to] of this.#absent) {
      cut += Math.max(0, Math.min(to, cutBefore) - from);
      let start = Math.max(from, cutBefore);
      while (start < to) {
        const moved = this.#moved.get(start);
        let end = start + 1;
        while (end < to && !this.#moved.has(end) && moved === undefined) end += 1;
        this.#findings.push(moved ?? this.#deleted(start, end));
        start = end;
      }
    }
    return cut;
  }

  #deleted(start, end) {
    const entryId = this.#lost.find(({ link }) => link.seq === start)?.link.claims?.id ?? null;
    const which =
      end - start === 1
        ? `entry ${entryId ?? start} was sealed and is`
        : `entries ${start} to ${end - 1} were sealed and are`;
    return { kind: 'deleted', seq: start, entryId, detail: `${which} missing` };
  }

  #present(link, bytes) {
    this.#entries += 1;
    if (this.#previous === undefined || leafOf(this.#previous, bytes).equals(link.leaf)) return;
    if (this.#beforePrevious !== undefined && leafOf(this.#beforePrevious, bytes).equals(link.leaf)) {
      const inserted = this.#suspects.at(-1);
      if (inserted?.link.seq === link.seq - 1) this.#suspects.pop();
      this.#findings.push({
        kind: 'inserted',
        seq: link.seq - 1,
        entryId: null,
        detail: `the entry at ${link.seq - 1} was put between two that are linked to each other`,
      });
      return;
    }
    if (this.#suspects.length >= mostSuspects) return;
    this.#suspects.push({ link, previous: this.#previous, bytes: Buffer.from(bytes) });
  }

  #compare() {
    for (; this.#checkpoints[this.#due]?.size === this.#next; this.#due += 1) {
      const checkpoint = this.#checkpoints[this.#due];
      if (checkpoint === undefined) return;
      if (!this.#broken && this.#tree.root().equals(checkpoint.root)) {
        this.#matched += 1;
        if (checkpoint.source === 'database') this.#agreed = checkpoint.size;
        if (this.#mismatch === undefined) this.#checkpointed = checkpoint.size;
      } else this.#mismatch ??= checkpoint;
    }
    if (this.#due > 1000) [this.#checkpoints, this.#due] = [this.#checkpoints.slice(this.#due), 0];
  }

  #classify() {
    const rest = new Set(this.#suspects);
    for (const suspect of this.#suspects) {
      if (!rest.delete(suspect)) continue;
      const other = [...rest].find(
        (candidate) => this.#inPlaceOf(suspect, candidate) && this.#inPlaceOf(candidate, suspect),
      );
      if (other === undefined) {
        this.#findings.push(this.#edited(suspect));
        continue;
      }
      rest.delete(other);
      const entryId = suspect.link.claims?.id ?? decodeEntry(suspect.bytes)?.id ?? null;
      const detail = `the entries at ${suspect.link.seq} and ${other.link.seq} stand in each other's place`;
      this.#findings.push({ kind: 'swapped', seq: suspect.link.seq, entryId, detail });
    }
  }

  /** Whether the bytes found at `other` are what was sealed at `suspect`. */
  #inPlaceOf({ link, previous, bytes }, other) {
    const [here, there] = [decodeEntry(bytes), decodeEntry(other.bytes)];
    if (here === undefined || there === undefined) return false;
    return keptInPlace.some((names) => {
      const kept = Object.fromEntries(names.map((name) => [name, here[name]]));
      return leafOf(previous, encodeEntry({ ...there, ...kept })).equals(link.leaf);
    });
  }

  #edited({ link, previous, bytes }) {
    const fields = decodeEntry(bytes);
    const { claims } = link;
    if (fields !== undefined && claims !== undefined) {
      const restored = withClaims(fields, claims, ['id', 'occurred_at', 'tenant_id']);
      if (leafOf(previous, restored).equals(link.leaf)) return this.#editedFields(link, fields);
    }
    const largest = this.#largest;
    // Renumbered after a removal, the entry behind the gap fits no predecessor, and the chain ends short.
    if (!this.#broken && largest !== undefined && this.#next < largest.size) {
      const missing = largest.size - this.#next;
      return {
        kind: 'deleted',
        seq: link.seq,
        entryId: null,
        detail: `${missing} removed before the entry at ${link.seq}, and the rest renumbered`,
      };
    }
    const entryId = claims?.id ?? fields?.id ?? null;
    return { kind: 'edited', seq: link.seq, entryId, detail: `entry ${entryId} is not what was sealed` };
  }

  #editedFields(link, fields) {
    const { claims } = link;
    const names = ['id', 'occurred_at', 'tenant_id'].filter((name) => fields?.[name] !== claims?.[name]);
    const entryId = claims?.id ?? null;
    return {
      kind: 'edited',
      seq: link.seq,
      entryId,
      detail: `entry ${entryId}: its ${names.join(' and ')} was edited`,
    };
  }

  #short(largest) {
    if (this.#findings.length > 0) return;
    if (
      largest.source !== 'database' &&
      this.#known <= this.#next &&
      this.#next > 0 &&
      this.#mismatch === undefined
    ) {
      const detail = `${largest.source} holds a checkpoint of ${largest.size} entries, and the database is a consistent older state with ${this.#next}`;
      this.#findings.push({ kind: 'rolled_back', seq: this.#next, entryId: null, detail });
      return;
    }
    const which = this.#next === 0 ? 'all entries' : `entries ${this.#next} to ${largest.size - 1}`;
    const detail = `${which} are missing: a checkpoint of ${largest.size} was signed (${largest.source})`;
    this.#findings.push({ kind: 'deleted', seq: this.#next, entryId: null, detail });
  }

  #otherHistory(mismatch) {
    const seq = this.#checkpointed;
    const later = this.#agreed >= mismatch.size;
    const kind = mismatch.source !== 'database' && later ? 'rolled_back' : 'rewritten';
    const what = kind === 'rewritten' ? 'was written anew' : 'went on from an older state';
    const detail = `from entry ${seq} on the chain ${what}: it does not have the root that was signed for ${mismatch.size} entries (${mismatch.source})`;
    this.#findings.push({ kind, seq, entryId: null, detail });
  }
}

// ---- notes

/** Notes that are kept outside the database, read one at a time: there are millions of them after a year. */

/** A note that was kept outside the database. */

/**
 * Somewhere that keeps notes: those it had when this was opened. What came later may be of entries that a snapshot of the database
 * taken since does not show, which would look as if they had been removed.
 */

function checkpointIn(note) {
  try {
    return parseCheckpoint(parseNote(note).text);
  } catch {
    // Told as a finding of the chain it is offered to.
    return undefined;
  }
}

/** Notes in hand, in any order. */
function notesInHand(notes) {
  const read = notes.map((kept) => ({ kept, checkpoint: checkpointIn(kept.note) }));
  return {
    async *chains() {
      yield* new Set(read.flatMap(({ checkpoint }) => chainOf(checkpoint?.origin ?? '') ?? []));
    },
    async *notesOf(origin) {
      yield* read
        .filter(({ checkpoint }) => checkpoint === undefined || checkpoint.origin === origin)
        .toSorted((one, other) => (one.checkpoint?.size ?? -1) - (other.checkpoint?.size ?? -1))
        .map(({ kept }) => kept);
    },
  };
}

const sizedName = /^(0\d{15})\.note$/;
const chainName = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** `largest`: the greatest size among its names. */

/** Folders whose files are named by the sizes they are of, the chain of each, and every other note. */
async function survey(path) {
  const folders = [];
  const others = [];
  const visit = async (folder, name) => {
    let chain = chainName.test(name) ? name : undefined;
    let largest = -1;
    for await (const entry of await opendir(folder)) {
      const at = join(folder, entry.name);
      if (entry.isDirectory()) await visit(at, entry.name);
      else if (sizedName.test(entry.name)) {
        chain ??= chainOf(checkpointIn(await readFile(at, 'utf8'))?.origin ?? '');
        if (chain === undefined) others.push(at);
        else largest = Math.max(largest, Number(entry.name.slice(0, 16)));
      } else if (entry.name.endsWith('.note')) others.push(at);
    }
    if (largest >= 0 && chain !== undefined) folders.push({ path: folder, chain, largest });
  };
  await visit(path, '');
  return { folders, others };
}

async function sizesIn({ path, largest }) {
  let sizes = new Float64Array(1024);
  let count = 0;
  for await (const { name } of await opendir(path)) {
    const [, size] = sizedName.exec(name) ?? [];
    if (size === undefined || Number(size) > largest) continue;
    if (count === sizes.length) {
      const larger = new Float64Array(2 * count);
      larger.set(sizes);
      sizes = larger;
    }
    sizes[count] = Number(size);
    count += 1;
  }
  return sizes.subarray(0, count).toSorted();
}

/**
 * The notes that a directory anchor keeps, or one file.
 *
 * @throws the file system's error when there is no such path
 */
async function openAnchor(path) {
  const source = `anchor ${path}`;
  const read = async (file) => ({ note: await readFile(file, 'utf8'), source });
  if (!(await stat(path)).isDirectory()) return notesInHand([await read(path)]);
  const { folders, others } = await survey(path);
  const notes = [];
  for (const file of others) notes.push(await read(file));
  const inHand = notesInHand(notes);
  return {
    async *chains() {
      yield* folders.map(({ chain }) => chain);
      yield* inHand.chains();
    },
    async *notesOf(origin) {
      const own = folders.filter(({ chain }) => chain === chainOf(origin));
      yield* bySize([
        inHand.notesOf(origin),
        ...own.map(async function* named(folder) {
          for (const size of await sizesIn(folder))
            yield await read(join(folder.path, `${String(size).padStart(16, '0')}.note`));
        }),
      ]);
    },
  };
}

async function* bySize(sources) {
  yield* inOrder(sources, ({ note }) => checkpointIn(note)?.size ?? -1);
}

/** Several sorted streams as one. */
async function* inOrder(sources, rank) {
  const open = sources.map((source) => source[Symbol.asyncIterator]());

  const next = async (from) => {
    const step = await from.next();
    return step.done === true ? [] : [{ item: step.value, rank: rank(step.value), from }];
  };
  const heads = (await Promise.all(open.map(next))).flat();
  while (heads.length > 0) {
    const least = heads.reduce((one, other) => (other.rank < one.rank ? other : one));
    yield least.item;
    heads.splice(heads.indexOf(least), 1, ...(await next(least.from)));
  }
}

/** What a note says, when one of the keys has signed it; undefined for one of another origin, or by unknown keys alone. */
function trustedCheckpoint({ note, source }, origin, verifiers) {
  try {
    const parsed = parseNote(note);
    const { origin: of, size, root } = parseCheckpoint(parsed.text);
    if (of !== origin) return undefined;
    // A wrong signature throws; a note by unknown keys alone says nothing, and is not relied upon.
    return signaturesOf(parsed, verifiersFor(verifiers, origin)).length > 0
      ? { size, root, source }
      : undefined;
  } catch (error) {
    return forged(`a checkpoint (${source}): ${error instanceof Error ? error.message : String(error)}`);
  }
}

function forged(detail) {
  return { kind: 'forged_checkpoint', seq: 0, entryId: null, detail };
}

/** The trusted checkpoints of an origin at several places, smallest first; what is wrong with the others goes to `report`. */
async function* trustedInOrder(sources, options) {
  const { origin, verifiers, report } = options;
  const trusted = async function* trusted(source) {
    let last = 0;
    for await (const kept of source.notesOf(origin)) {
      const found = trustedCheckpoint(kept, origin, verifiers);
      if (found === undefined) continue;
      if ('kind' in found) report(found);
      else if (found.size < last) {
        report(
          forged(`a checkpoint of ${found.size} entries is kept under another one’s name (${found.source})`),
        );
      } else {
        last = found.size;
        yield found;
      }
    }
  };
  yield* inOrder(sources.map(trusted), ({ size }) => size);
}

// ---- exportLines

/** Reads the lines of an export in bounded memory, whatever the file holds. */

/** The export could not be checked: unreadable, of another format, without a checkpoint signed by a key that is known. */
class ExportError extends Error {
  name = 'ExportError';
}

const chunkSize = 1 << 20;
/** An entry has at most 12 MiB (docs/audit-format.md), its base64 a third more. */
const longestLine = 1 << 25;
const lineEnd = 10;

/**
 * The lines of a file without their line feeds, some at a time: one by one they would cost more than checking them. They are views
 * of a buffer that is used again, and hold until the ones after the next are asked for. While they are looked at, the next are read.
 *
 * @throws {ExportError} when a line has more than 32 MiB
 */
async function* linesOf(path) {
  const file = await open(path);
  let coming;
  try {
    let [buffer, other] = [Buffer.allocUnsafeSlow(2 * chunkSize), Buffer.allocUnsafeSlow(2 * chunkSize)];
    let kept = 0;
    coming = readChunk(file, buffer, 0);
    for (;;) {
      const count = await coming;
      const end = kept + count;
      const last = count === 0 ? end : buffer.lastIndexOf(lineEnd, end - 1) + 1;
      const rest = buffer.subarray(last, end);
      if (rest.length > longestLine)
        throw new ExportError('A line is longer than 32 MiB, which no entry is.');
      if (other.length < rest.length + chunkSize)
        other = Buffer.allocUnsafeSlow(2 * (rest.length + chunkSize));
      rest.copy(other);
      if (count > 0) coming = readChunk(file, other, rest.length);
      const lines = linesIn(buffer.subarray(0, last));
      if (lines.length > 0) yield lines;
      if (count === 0) return;
      kept = rest.length;
      [buffer, other] = [other, buffer];
    }
  } finally {
    await coming?.catch(() => undefined);
    await file.close();
  }
}

async function readChunk(file, buffer, at) {
  const { bytesRead } = await file.read(buffer, at, chunkSize);
  return bytesRead;
}

function linesIn(text) {
  const lines = [];
  for (let at = 0; at < text.length;) {
    const next = text.indexOf(lineEnd, at);
    const end = next < 0 ? text.length : next;
    lines.push(text.subarray(at, end));
    at = end + 1;
  }
  return lines;
}

const beforeEntry = '","entry":"';
const leafDigits = 44;
const scratch = Buffer.allocUnsafeSlow(16_384);

/**
 * What a line says. A line as it is written (docs/audit-format.md) is taken apart by its places, which takes a third of the time
 * of parsing it; any other is parsed. The entry's bytes hold until the next line is read.
 *
 * @param next the position it is expected to have
 * @throws {ExportError} when it is no line of an export
 */
function readLink(line, next) {
  const start = `{"seq":${next},"leaf":"`;
  const leafEnd = start.length + leafDigits;
  const entryStart = leafEnd + beforeEntry.length;
  const plain =
    line.length > entryStart + 2 &&
    line.toString('latin1', 0, start.length) === start &&
    line.toString('latin1', leafEnd, entryStart) === beforeEntry &&
    line.toString('latin1', line.length - 2) === '"}';
  if (!plain) return parseLink(line, next);
  const leaf = Buffer.from(line.toString('latin1', start.length, leafEnd), 'base64');
  const digits = line.toString('latin1', entryStart, line.length - 2);
  const short = digits.length <= scratch.length;
  const entry = short ? scratch.subarray(0, scratch.write(digits, 'base64')) : Buffer.from(digits, 'base64');
  const padding = digits.endsWith('==') ? 2 : digits.endsWith('=') ? 1 : 0;
  // Decoding passes over what is no base64: then the line is not what it looks like.
  const whole = leaf.length === 32 && entry.length === (digits.length / 4) * 3 - padding;
  return whole ? { seq: next, leaf, entry } : parseLink(line, next);
}

function parseLink(line, next) {
  try {
    const { seq, leaf, entry } = JSON.parse(line.toString());
    const bytes = Buffer.from(leaf, 'base64');
    if (!Number.isSafeInteger(seq) || bytes.length !== 32) throw new TypeError('no position, or no leaf');
    return { seq, leaf: bytes, entry: entry === undefined ? undefined : Buffer.from(entry, 'base64') };
  } catch {
    throw new ExportError(`Line ${next + 2} cannot be read: the file is cut off or damaged.`);
  }
}

// ---- exportFile

/** Checks an export (docs/audit-format.md) without a database: JSON Lines of one chain with the exact bytes. */

/** The first line of an export. */

/** One line for each position. */

function readHeader(line) {
  try {
    const header = JSON.parse(line.toString());
    if (header.format === 'bulkhead-audit/1' && Number.isSafeInteger(header.first)) return header;
  } catch {
    // Said below.
  }
  throw new ExportError('This is no export of an audit chain: its first line is no bulkhead-audit/1 header.');
}

function openVerifier(header) {
  if (header.first === 0) return new ChainVerifier({ checkpoints: [] });
  const peaks = (header.peaks ?? []).map((peak) => Buffer.from(peak, 'base64'));
  const previous = Buffer.from(header.previous ?? '', 'base64');
  return new ChainVerifier({ checkpoints: [], start: { size: header.first, peaks, previous } });
}

/** Hands a verifier its checkpoints as far as its links go, so that those of years are never in memory together. */
class CheckpointFeed {
  #stream;
  #head;
  #ended = false;
  /** Trusted ones so far, and those that came from elsewhere than the database. */
  count = 0;
  elsewhere = 0;

  constructor(stream) {
    this.#stream = stream[Symbol.asyncIterator]();
  }

  async #next() {
    if (this.#head !== undefined || this.#ended) return this.#head;
    const { value, done } = await this.#stream.next();
    this.#ended = done === true;
    if (value === undefined) return undefined;
    this.count += 1;
    if (value.source !== 'database') this.elsewhere += 1;
    return (this.#head = value);
  }

  /** Before links up to a chain of this size are pushed. */
  async upTo(verifier, size) {
    for (let head = await this.#next(); head !== undefined && head.size <= size; head = await this.#next()) {
      this.#head = undefined;
      verifier.expect(head);
    }
  }

  /** After the last link. */
  async rest(verifier) {
    for (let head = await this.#next(); head !== undefined; head = await this.#next()) {
      this.#head = undefined;
      verifier.foresee(head);
    }
  }
}

/**
 * The position before which the entry at `seq` says that retention removed entries; 0 when it says nothing of the kind, or it
 * says so in another's name or of what comes after it: retention writes as a job that is nobody, behind what it cuts.
 */
function cutIn(bytes, seq) {
  // Of an entry by a job, the action ends within 300 bytes.
  if (!bytes.subarray(0, 300).includes('9:audit.cut\n')) return 0;
  const fields = decodeEntry(bytes);
  if (fields?.action !== 'audit.cut' || fields.target_type !== 'bulkhead.audit_entry') return 0;
  if (fields.actor_kind !== 'job' || fields.actor_id !== null) return 0;
  const before = Number(/^\{"before" ?: ?([1-9][0-9]{0,15})\b(?![.eE])/.exec(fields.detail ?? '')?.[1] ?? 0);
  return before <= seq ? before : 0;
}

/**
 * @param options `anchors`: places that keep notes elsewhere, one of them at least of this chain; `onProgress` is told every 50,000 lines
 * @throws {ExportError} when it cannot be checked
 */
async function verifyExport(path, options) {
  let header;
  let verifier;
  let feed;
  const forgeries = [];
  let [cutBefore, count] = [0, 0];
  for await (const lines of linesOf(path)) {
    let at = 0;
    if (header === undefined || verifier === undefined || feed === undefined) {
      header = readHeader(lines[0] ?? Buffer.alloc(0));
      at = 1;
      verifier = openVerifier(header);
      feed = new CheckpointFeed(
        trustedIn(header, { ...options, report: (finding) => keep(forgeries, finding) }),
      );
    }
    await feed.upTo(verifier, verifier.next + lines.length - at);
    for (; at < lines.length; at += 1) {
      const { seq, leaf, entry } = readLink(lines[at] ?? Buffer.alloc(0), verifier.next);
      if (entry !== undefined) cutBefore = Math.max(cutBefore, cutIn(entry, seq));
      verifier.push({ seq, leaf, entry, withheld: seq < header.from || seq >= header.to });
      count += 1;
      if (count % 50_000 === 0) options.onProgress?.(count);
    }
  }
  if (header === undefined || verifier === undefined || feed === undefined) {
    throw new ExportError('The file is empty.');
  }
  await feed.rest(verifier);
  const report = verifier.finish({ cutBefore });
  const findings = [...forgeries, ...report.findings];
  if (findings.length === 0) requireComparison(report, feed, options.anchors !== undefined);
  return { ...report, findings, origin: header.origin };
}

const mostForgeries = 200;

/** More of a kind would say no more. */
function keep(findings, finding) {
  if (findings.length < mostForgeries) findings.push(finding);
}

function trustedIn({ origin, checkpoints }, options) {
  const own = notesInHand(checkpoints.map((note) => ({ note, source: 'database' })));
  return trustedInOrder([own, ...(options.anchors ?? [])], { ...options, origin });
}

/** A check that compared nothing is no check that passed. */
function requireComparison(report, feed, anchored) {
  if (report.checkpoints === 0) {
    throw new ExportError(
      feed.count === 0
        ? 'No checkpoint in it is signed by a key you gave, so nothing tells whether it is whole.'
        : 'No checkpoint covers what is in it, so nothing tells whether it is whole.',
    );
  }
  if (anchored && feed.elsewhere === 0) {
    throw new ExportError('The anchors hold no checkpoint of this chain that is signed by a key you gave.');
  }
}

// ---- entryProof

/** Proves that one entry stands in a chain, to somebody who has nothing but the installation's public key. */

/**
 * Whether the proof holds under these keys.
 *
 * @throws {NoteError} when its checkpoint is malformed, or a signature of one of the keys is wrong
 */
function proofHolds(proof, keys) {
  const note = parseNote(proof.checkpoint);
  const { origin, size, root } = parseCheckpoint(note.text);
  if (chainOf(origin) === undefined || signaturesOf(note, verifiersFor(keys, origin)).length === 0)
    return false;
  const leaf = leafOf(Buffer.from(proof.previous, 'base64'), Buffer.from(proof.entry, 'base64'));
  const path = proof.path.map((hash) => Buffer.from(hash, 'base64'));
  return inclusionHolds({ leaf, index: proof.index, size, root }, path);
}

// ---- offline

/** The command `node verify-audit.mjs`: checks an export or a proof with nothing but Node. */

/** 0 fine, 1 tampered, 2 could not check, 3 usage: a check that did not happen is never taken for one that failed, or passed. */

const usage = `node verify-audit.mjs FILE --key KEY [--key KEY] [--anchor PATH]… [--json]

  FILE      an export (JSON Lines) or a proof of one entry (JSON)
  --key     the public key of the installation, as it publishes it: name/audit+hash+base64
  --anchor  a folder of checkpoints, or one .note file, kept outside the database
  --json    print the report as one JSON object

Exit codes: 0 everything holds, 1 something was tampered with, 2 it could not be checked, 3 usage.
`;

function say(report) {
  const lines = report.findings.map(({ kind, seq, detail }) => `TAMPERED (${kind}) at ${seq}: ${detail}`);
  const uncovered = report.size - report.checkpointed;
  const cut = report.cut > 0 ? `, ${report.cut} behind a retention cut` : '';
  const withheld = report.withheld > 0 ? `\n${report.withheld} entries were not given.` : '';
  const tail = uncovered > 0 ? `\n${uncovered} entries at the end are not covered by a checkpoint yet.` : '';
  const sound = `${report.origin}: ${report.entries} entries hold${cut}; ${report.checkpoints} checkpoints agree, the last of ${report.checkpointed}.${tail}${withheld}`;
  return lines.length === 0 ? sound : lines.join('\n');
}

async function checkProof(proof, keys) {
  const note = parseNote(proof.checkpoint);
  const { origin, size } = parseCheckpoint(note.text);
  if (signaturesOf(note, verifiersFor(keys, origin)).length === 0)
    throw new ExportError('Its checkpoint is not signed by a key you gave.');
  const holds = proofHolds(proof, keys);
  const fields = decodeEntry(Buffer.from(proof.entry, 'base64'));
  const shown = JSON.stringify(fields, undefined, 2);
  const text = holds
    ? `${origin}: entry ${fields?.id} stands at ${proof.index} of ${size}.\n${shown}`
    : 'TAMPERED: the proof does not hold.';
  return { exit: holds ? 0 : 1, text, json: { holds, origin, size, index: proof.index, entry: fields } };
}

async function head(file) {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(64), 0, 64, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

async function checkFile(file, keys, anchorPaths) {
  if ((await head(file)).includes('"bulkhead-audit-proof/1"')) {
    return checkProof(JSON.parse(await readFile(file, 'utf8')), keys);
  }
  const anchors = await Promise.all(anchorPaths.map(openAnchor));
  const report = await verifyExport(file, { verifiers: keys, ...(anchorPaths.length > 0 && { anchors }) });
  const json = { ...report, root: report.root.toString('base64') };
  return { exit: report.findings.length > 0 ? 1 : 0, text: say(report), json };
}

/** @param args the command line without node and the file's name */
async function runOffline(args, { out, error }) {
  let request;
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        key: { type: 'string', multiple: true, default: [] },
        anchor: { type: 'string', multiple: true, default: [] },
        json: { type: 'boolean', default: false },
      },
    });
    const [file, ...rest] = positionals;
    if (file === undefined || rest.length > 0 || values.key.length === 0)
      throw new Error('a file and a key are needed');
    request = { file, keys: values.key.map(parseVerifier), anchors: values.anchor, json: values.json };
  } catch (problem) {
    error(`${problem instanceof Error ? problem.message : String(problem)}\n\n${usage}`);
    return 3;
  }
  try {
    const { exit, text, json } = await checkFile(request.file, request.keys, request.anchors);
    out(request.json ? `${JSON.stringify(json)}\n` : `${text}\n`);
    return exit;
  } catch (problem) {
    const expected = problem instanceof ExportError || problem instanceof NoteError;
    error(`Could not check: ${problem instanceof Error ? problem.message : String(problem)}\n`);
    if (!expected && !(problem instanceof Error && 'code' in problem))
      error('Nothing is known about the file.\n');
    return 2;
  }
}

process.exitCode = await runOffline(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  error: (text) => process.stderr.write(text),
});
