/**
 * Some text that a regular expression of Postgres matches, for the plain ones that checks are made of: literals,
 * classes, groups, alternatives and counts. Undefined for anything else.
 */
export function sampleOf(expression: string): string | undefined {
  const text = new Reader(expression.replace(/^\^/, '').replace(/\$$/, '')).alternatives();
  return text !== undefined && matches(expression, text) ? text : undefined;
}

function matches(expression: string, text: string): boolean {
  try {
    return new RegExp(expression, 'u').test(text);
  } catch {
    return true;
  }
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The first alternative; the others are passed over. */
  alternatives(): string | undefined {
    let first: string | undefined;
    do {
      const one = this.#sequence();
      if (one === undefined) return undefined;
      first ??= one;
    } while (this.#take('|'));
    return first;
  }

  #sequence(): string | undefined {
    let result = '';
    while (this.#at < this.#text.length && !'|)'.includes(this.#text[this.#at] ?? '')) {
      const one = this.#atom();
      if (one === undefined) return undefined;
      result += one.repeat(this.#count());
    }
    return result;
  }

  #atom(): string | undefined {
    const sign = this.#text[this.#at];
    this.#at += 1;
    if (sign === '(') {
      if (this.#take('?') && !this.#take(':')) return undefined;
      const inner = this.alternatives();
      return this.#take(')') ? inner : undefined;
    }
    if (sign === '[') return this.#class();
    if (sign === '.') return 'a';
    if (sign === '^' || sign === '$') return '';
    if (sign !== '\\') return sign;
    const escaped = this.#text[this.#at];
    this.#at += 1;
    return { d: '1', w: 'a', s: ' ' }[escaped ?? ''] ?? escaped;
  }

  #class(): string | undefined {
    const end = this.#text.indexOf(']', this.#at + 1);
    if (end < 0) return undefined;
    const inner = this.#text.slice(this.#at, end);
    this.#at = end + 1;
    if (inner.startsWith('[:')) return undefined;
    if (!inner.startsWith('^')) return inner.startsWith('\\d') ? '1' : inner[0];
    return ['a', 'A', '1', '_'].find((sign) => !new RegExp(`[${inner.slice(1)}]`).test(sign));
  }

  #count(): number {
    if (this.#take('*') || this.#take('?')) return 0;
    if (this.#take('+')) return 1;
    const found = /^\{(\d+)(?:,\d*)?\}/.exec(this.#text.slice(this.#at));
    if (found === null) return 1;
    this.#at += found[0].length;
    return Number(found[1]);
  }

  #take(sign: string): boolean {
    if (this.#text[this.#at] !== sign) return false;
    this.#at += 1;
    return true;
  }
}
