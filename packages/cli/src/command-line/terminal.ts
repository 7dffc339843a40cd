import { usageFailure } from './failure.ts';

/** What a command says: the object for `--json`, and the text for a person. */
export type Answer = { readonly json: object; readonly text: string };

/** Where a command speaks and what it may know of its surroundings. */
export type Terminal = {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute path that relative paths on the command line start from. */
  readonly folder: string;
  /** Everything on stdin, up to 64 KiB; for what must not stand on a command line. */
  readonly input: () => Promise<string>;
  /** A line for the person waiting; goes to stderr, so stdout stays one answer. */
  readonly progress: (line: string) => void;
  /** The answer; call it once. Goes to stdout as text, or as one JSON object under `--json`. */
  readonly answer: (answer: Answer) => void;
};

export type Streams = {
  readonly stdin?: AsyncIterable<Uint8Array>;
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
};

const longestInput = 65_536;

async function readAll(stream: AsyncIterable<Uint8Array> | undefined): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of stream ?? []) {
    parts.push(part);
    length += part.length;
    if (length > longestInput) throw usageFailure('The input is longer than 64 KiB.');
  }
  return Buffer.concat(parts).toString('utf8');
}

/** A terminal over two streams. `json` chooses which half of an answer is written. */
export function openTerminal(
  streams: Streams,
  options: {
    readonly json: boolean;
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly folder: string;
  },
): Terminal {
  return {
    env: options.env,
    folder: options.folder,
    input: () => readAll(streams.stdin),
    progress: (line) => {
      streams.stderr.write(`${line}\n`);
    },
    answer: ({ json, text }) => {
      streams.stdout.write(options.json ? `${JSON.stringify(json)}\n` : `${text}\n`);
    },
  };
}
