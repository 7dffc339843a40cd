import type { Anchor, Anchored, ConsistencyProver } from './anchor.ts';
import { parseNote, signaturesOf, type Verifier } from './note.ts';

/** A witness did not cosign. `status` is its HTTP status, 0 when it gave no usable answer. */
export class WitnessRefusal extends Error {
  override readonly name = 'WitnessRefusal';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

type Answer = { status: number; type: string; body: string };

/** Sends a body by POST. The embedder gives one that goes through its guard for outgoing requests. */
export type Poster = (url: string, body: string) => Promise<Answer>;

/** Posts with fetch, 10 s at most, without following redirects. */
export const postWithFetch: Poster = async (url, body) => {
  const signal = AbortSignal.timeout(10_000);
  const response = await fetch(url, { method: 'POST', body, signal, redirect: 'error' });
  return {
    status: response.status,
    type: response.headers.get('content-type') ?? '',
    body: await response.text(),
  };
};

/** Asks a witness (c2sp.org/tlog-witness) to cosign each checkpoint. */
export function witnessAnchor(options: { url: string; verifier: Verifier; post?: Poster }): Anchor {
  const { url, verifier, post = postWithFetch } = options;
  const known = new Map<string, number>();
  const submit = async (anchored: Anchored, prove: ConsistencyProver, old: number): Promise<Answer> => {
    const proof = await prove(old);
    const lines = proof.map((hash) => `${hash.toString('base64')}\n`).join('');
    return post(`${url.replace(/\/$/, '')}/add-checkpoint`, `old ${old}\n${lines}\n${anchored.note}`);
  };
  return {
    name: `witness ${verifier.name}`,
    async publish(anchored, prove) {
      const { origin, size, note } = anchored;
      let answer = await submit(anchored, prove, known.get(origin) ?? 0);
      // It tells what it last saw: the first call after a start, or another server was faster.
      if (answer.status === 409 && answer.type.startsWith('text/x.tlog.size')) {
        const last = Number(answer.body.trim());
        if (!Number.isSafeInteger(last) || last > size) {
          throw new WitnessRefusal(
            409,
            `${verifier.name} has seen ${answer.body.trim()} entries of ${origin}, more than there are`,
          );
        }
        answer = await submit(anchored, prove, last);
      }
      if (answer.status !== 200) {
        throw new WitnessRefusal(answer.status, `${verifier.name} answered ${answer.status} for ${origin}`);
      }
      const lines = answer.body.split('\n').filter((line) => line.startsWith(`— ${verifier.name} `));
      const cosignatures = lines.map((line) => `${line}\n`).join('');
      if (cosignature(`${note}${cosignatures}`, verifier) === 0) {
        throw new WitnessRefusal(0, `${verifier.name} answered without a cosignature of its key`);
      }
      known.set(origin, size);
      return cosignatures;
    },
  };
}

function cosignature(note: string, verifier: Verifier): number {
  return signaturesOf(parseNote(note), [verifier]).length;
}
