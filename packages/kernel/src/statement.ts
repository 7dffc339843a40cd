import { DataError } from './errors.ts';

/** What the text of a statement tells before it is sent. */
export type Verdict = {
  /** begins with one of the keywords that may run */
  accepted: boolean;
  /** provably calls no function that could leave something behind in the session */
  inert: boolean;
  /** deletes, and does not write otherwise */
  deletes: boolean;
};

const accepted = /^(?:select|insert|update|delete|merge|with|values|table)(?![\w$])/i;
const skipped = /^(?:\s+|--[^\n\r]*(?:[\n\r]|$)|\(|\/\*)/;

/** Where the block comment that starts at `from` ends; comments nest in Postgres. -1 when it never does. */
function afterComment(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    const pair = text.slice(at, at + 2);
    if (pair === '/*') {
      depth += 1;
      at += 1;
    } else if (pair === '*/') {
      depth -= 1;
      at += 1;
      if (depth === 0) return at + 1;
    }
  }
  return -1;
}

/** The text from its first keyword on, comments and opening parentheses skipped. */
function fromKeyword(text: string): string {
  let rest = text;
  for (;;) {
    const lead = skipped.exec(rest)?.[0];
    if (lead === undefined) return rest;
    const end = lead === '/*' ? afterComment(rest, 0) : lead.length;
    if (end < 0) return '';
    rest = rest.slice(end);
  }
}

/**
 * Anything that could hide a call from the patterns below: comments, dollar quotes, escapes, Unicode names, and a
 * function of one argument written behind it, as in `(1).pg_advisory_lock`.
 */
const hides = /--|\/\*|\$(?!\d)|\\|\be'|\bu&|[^ -~\s]|(?:[)\]]|\$\d+)\s*\.|\.\s*"?pg_/i;
/** Longer texts are not examined. */
const longestExamined = 50_000;
/** String literals and quoted names, in one pattern so that a quote inside one does not open the other. */
const quoted = /'[^']*'|"[^"]*"/g;
const calls = /(\.\s*)?(?:"(\w+|\?)"|(?<![\w$])([a-z_][\w$]*))\s*\(/gi;
/** A table with its column list, which looks like a call: `insert into a.b (`. */
const columnLists = /\binto\s+(?:(?:"[\w?]+"|[a-z_][\w$]*)\s*\.\s*)?(?:"[\w?]+"|[a-z_][\w$]*)\s*\(/gi;

/** Keywords that stand before a parenthesis, and functions of pg_catalog that touch nothing but their arguments. */
const harmless = new Set(
  (
    'select values in and or not exists any all some as on by from where when then else using with conflict returning ' +
    'set join over filter partition lateral union except intersect distinct limit offset having materialized like ilike ' +
    'between row array grouping sets rollup cube within interval numeric decimal varchar char timestamp timestamptz time ' +
    'count sum min max avg coalesce nullif greatest least now cast extract date_trunc to_char lower upper length trim ' +
    'btrim ltrim rtrim substring substr replace concat round floor ceil ceiling abs mod position overlay left right ' +
    'row_number rank dense_rank lag lead first_value last_value ntile gen_random_uuid array_agg string_agg bool_and ' +
    'bool_or every json_agg jsonb_agg json_build_object jsonb_build_object json_object_agg jsonb_object_agg to_json ' +
    'to_jsonb row_to_json unnest json_array_elements jsonb_array_elements date_part age make_date generate_series ' +
    'clock_timestamp statement_timestamp cardinality array_length split_part date'
  ).split(' '),
);

const emptied = (token: string): string =>
  token.startsWith("'") ? "''" : /^"\w+"$/.test(token) ? token : '"?"';

/** A qualified name is some schema's own function, of which nothing is known here. */
function isInert(text: string): boolean {
  if (text.length > longestExamined || hides.test(text)) return false;
  const bare = text.replace(quoted, emptied).replace(columnLists, 'into t ');
  for (const [, qualifier, name, plain] of bare.matchAll(calls)) {
    if (qualifier !== undefined || !harmless.has(name ?? (plain ?? '').toLowerCase())) return false;
  }
  return true;
}

const deletion = /\bdelete\b/i;
const otherWrite = /\b(?:insert|update|merge)\b/i;

function judge(text: string): Verdict {
  const statement = fromKeyword(text);
  return {
    accepted: accepted.test(statement) && !text.includes('\0'),
    inert: isInert(text),
    deletes: deletion.test(statement) && !otherWrite.test(statement),
  };
}

/** Longer texts, bulk inserts mostly, are judged anew and never kept as plans. */
export const longestRemembered = 4000;

/** Remembers verdicts, because a service runs the same texts again and again. */
export class StatementJudge {
  readonly #verdicts = new Map<string, Verdict>();
  readonly #capacity: number;

  /** @param capacity texts remembered, default 2,000 */
  constructor(capacity = 2000) {
    this.#capacity = capacity;
  }

  /**
   * @throws {DataError} `statement_refused` when the text does not begin with select, insert, update, delete, merge,
   *   with, values or table, or holds a NUL character
   */
  judge(text: string): Verdict {
    const known = this.#verdicts.get(text);
    if (known !== undefined) return known;
    const verdict = judge(text);
    if (!verdict.accepted) throw new DataError('statement_refused');
    if (text.length > longestRemembered) return verdict;
    if (this.#verdicts.size >= this.#capacity) this.#verdicts.clear();
    this.#verdicts.set(text, verdict);
    return verdict;
  }
}
