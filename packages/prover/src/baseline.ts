import type { Report } from './report/report.ts';

/** What is known and accepted: fingerprint to the reason why. */
export type Baseline = { accepted: ReadonlyMap<string, string> };

export const baselineVersion = '1.0';

type BaselineFile = { schemaVersion: string; accepted: { fingerprint: string; reason: string }[] };

/** A baseline file that is not one; `message` says what is wrong with it and where. */
export class BaselineError extends Error {
  override readonly name = 'BaselineError';
}

/**
 * Reads a baseline file's text.
 *
 * @throws BaselineError when it is not JSON, is of another version, or accepts something without a reason
 */
export function readBaseline(text: string): Baseline {
  const file = parse(text);
  if (!isRecord(file) || file['schemaVersion'] !== baselineVersion || !Array.isArray(file['accepted'])) {
    throw new BaselineError(
      `a baseline is {"schemaVersion": "${baselineVersion}", "accepted": [{"fingerprint": …, "reason": …}]}`,
    );
  }
  const accepted = new Map<string, string>();
  for (const [index, entry] of (file['accepted'] as unknown[]).entries()) {
    const { fingerprint, reason } = isRecord(entry) ? entry : {};
    if (typeof fingerprint !== 'string' || fingerprint === '')
      throw new BaselineError(`accepted[${index}] has no fingerprint`);
    if (typeof reason !== 'string' || reason.trim() === '')
      throw new BaselineError(`accepted[${index}] (${fingerprint}) has no reason`);
    if (accepted.has(fingerprint)) throw new BaselineError(`${fingerprint} is accepted twice`);
    accepted.set(fingerprint, reason);
  }
  return { accepted };
}

/**
 * Text of a baseline that accepts all that a report tells against the database. Reasons given earlier are kept; the
 * new ones get `reason`, to be replaced by a better one. Entries that nothing matches any more are left out.
 */
export function writeBaseline(report: Report, reason: string): string {
  const open = [
    ...(report.scan?.findings ?? []),
    ...(report.attack?.cells ?? []).filter(
      ({ verdict }) => verdict === 'leaked' || verdict === 'inconclusive',
    ),
    ...report.unseen,
  ];
  const accepted = new Map(open.map((each) => [each.fingerprint, each.accepted ?? reason]));
  const file: BaselineFile = {
    schemaVersion: baselineVersion,
    accepted: [...accepted]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([fingerprint, why]) => ({ fingerprint, reason: why })),
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BaselineError(`it is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
