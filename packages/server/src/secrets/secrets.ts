import { readFile } from 'node:fs/promises';
import { digestOf, withoutLineBreak } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { secretRule } from '../config/secretClasses.ts';
import type { SecretClass } from '../config/secretClasses.ts';
import { inspectSecretFile } from '../config/secretFile.ts';
import type { InspectSecretFile, SecretFile } from '../config/secretFile.ts';
import type { SecretSource } from '../config/secrets.ts';
import { settingSchema } from '../config/describe.ts';
import type { Log } from '../http/log.ts';

/** A secret as an operator sees it: never its value. */
export type SecretState = {
  setting: string;
  class: SecretClass;
  from: 'file' | 'environment';
  /** When the file's content last changed; null: not in a file, or it cannot be read. */
  changedAt: Date | null;
  /** When it is to be replaced; null: nobody knows how old it is. */
  replaceBy: Date | null;
  /** The file holds another value than the server uses, and a restart is needed. */
  restartNeeded: boolean;
  /** What is wrong with the file as it is now; the server goes on with what it had. */
  problem: string | null;
  warning: string | null;
};

type FileSource = Extract<SecretSource, { from: 'file' }>;

type Tracked = FileSource & {
  file: SecretFile | undefined;
  restartNeeded: boolean;
  problem: string | undefined;
  /** What was told last, so that it is told once. */
  told: string | undefined;
};

export type SecretsOptions = {
  config: Pick<Config, 'secretSources'>;
  log: Pick<Log, 'info' | 'warn'>;
  /** Default: from disk. */
  readText?: (path: string) => Promise<string>;
  inspect?: InspectSecretFile;
  /** Milliseconds since the epoch. Default: the system's. */
  clock?: () => number;
};

const day = 24 * 60 * 60 * 1000;

/** Milliseconds that a file must have been left alone: one that is written to in place may be half there. */
const settled = 2000;

/**
 * The secrets of a running server. It looks at their files again and again: what belongs to the rolling class is used
 * from then on, for the rest it says that a restart is needed. A file that became exposed or holds no fit value is told
 * of, and what was used before is used on.
 */
export class Secrets {
  readonly #options: Required<Pick<SecretsOptions, 'readText' | 'inspect' | 'log' | 'clock'>>;
  readonly #sources: readonly SecretSource[];
  readonly #tracked: Map<string, Tracked>;
  readonly #values = new Map<string, string>();

  constructor({ config, log, ...injected }: SecretsOptions) {
    this.#options = {
      log,
      readText: injected.readText ?? ((path) => readFile(path, 'utf8')),
      inspect: injected.inspect ?? inspectSecretFile,
      clock: injected.clock ?? Date.now,
    };
    this.#sources = config.secretSources ?? [];
    this.#tracked = new Map(
      this.#sources.flatMap((source) =>
        source.from === 'file'
          ? [
              [
                source.setting,
                { ...source, file: undefined, restartNeeded: false, problem: undefined, told: undefined },
              ],
            ]
          : [],
      ),
    );
  }

  /** The value that replaced the configured one of a rolling secret; empty: it was ended; undefined: none has. */
  replaced(setting: string): string | undefined {
    return this.#values.get(setting);
  }

  /** The same, having looked at the file. For a secret that is needed seldom, such as with a new connection. */
  async latest(setting: string): Promise<string | undefined> {
    const tracked = this.#tracked.get(setting);
    if (tracked !== undefined) await this.#look(tracked);
    return this.replaced(setting);
  }

  /** Looks at every file. */
  async reload(): Promise<void> {
    await Promise.all([...this.#tracked.values()].map((tracked) => this.#look(tracked)));
  }

  states(): SecretState[] {
    return this.#sources.map((source) => {
      const { setting, from } = source;
      const tracked = this.#tracked.get(setting);
      const { class: kind, rotateAfter } = secretRule(setting);
      const changedAt = tracked?.file?.changedAt ?? null;
      return {
        setting,
        class: kind,
        from,
        changedAt,
        replaceBy: changedAt === null ? null : new Date(changedAt.getTime() + rotateAfter * day),
        restartNeeded: tracked?.restartNeeded ?? false,
        problem: tracked?.problem ?? null,
        warning: from === 'environment' ? 'stands in the environment' : (tracked?.file?.warning ?? null),
      };
    });
  }

  async #look(tracked: Tracked): Promise<void> {
    const { readText, inspect, clock } = this.#options;
    let text: string;
    try {
      tracked.file = await inspect(tracked.path);
      if (tracked.file.refusal !== undefined) return this.#refuse(tracked, tracked.file.refusal);
      text = withoutLineBreak(await readText(tracked.path));
    } catch (error) {
      if (codeOf(error) === 'ENOENT' && isPrevious(tracked.setting)) return this.#end(tracked);
      return this.#refuse(tracked, `cannot be read (${codeOf(error)})`);
    }
    const digest = digestOf(text);
    if (digest === tracked.digest) return this.#settle(tracked, { restartNeeded: false });
    if (clock() - tracked.file.changedAt.getTime() < settled) return;
    if (text === '' && isPrevious(tracked.setting)) return this.#end(tracked);
    const unfit = problemWith(tracked.setting, text);
    if (unfit !== undefined) return this.#refuse(tracked, unfit);
    if (secretRule(tracked.setting).class === 'restart')
      return this.#settle(tracked, { restartNeeded: true });
    tracked.digest = digest;
    this.#values.set(tracked.setting, text);
    this.#settle(tracked, { restartNeeded: false });
    this.#options.log.info({ event: 'secret_reloaded', setting: tracked.setting });
  }

  /** Whoever takes the value of one before away, or empties its file, wants it to be good no more. */
  #end(tracked: Tracked): void {
    if (secretRule(tracked.setting).class === 'restart')
      return this.#settle(tracked, { restartNeeded: true });
    if (this.#values.get(tracked.setting) === '') return;
    tracked.digest = digestOf('');
    this.#values.set(tracked.setting, '');
    this.#settle(tracked, { restartNeeded: false });
    this.#options.log.info({ event: 'secret_ended', setting: tracked.setting });
  }

  #settle(tracked: Tracked, { restartNeeded }: { restartNeeded: boolean }): void {
    tracked.problem = undefined;
    tracked.restartNeeded = restartNeeded;
    this.#tell(tracked, restartNeeded ? 'secret_restart_needed' : undefined);
  }

  #refuse(tracked: Tracked, problem: string): void {
    tracked.problem = problem;
    this.#tell(tracked, 'secret_refused');
  }

  #tell(tracked: Tracked, event: string | undefined): void {
    const { setting, problem } = tracked;
    const told = event === undefined ? undefined : `${event} ${problem ?? ''}`;
    if (told === tracked.told) return;
    tracked.told = told;
    if (event === undefined) return;
    this.#options.log.warn({ event, setting, ...(problem === undefined ? {} : { problem }) });
  }
}

/** A secret that is good beside another one until it is taken away. */
function isPrevious(setting: string): boolean {
  return /\.previous[A-Z]/.test(setting);
}

/** What is wrong with a value, without the value. */
function problemWith(setting: string, text: string): string | undefined {
  const schema = settingSchema(setting);
  if (schema === undefined) return text === '' ? 'is empty' : undefined;
  const result = schema.safeParse(text);
  return result.success ? undefined : (result.error.issues[0]?.message ?? 'is not valid');
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
}
