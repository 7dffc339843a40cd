export type Visit = { status: number; location: string | undefined; headers: Headers; text: string };

/** As much of a browser as a sign-in needs: a cookie jar, and redirects followed one at a time. */
export class Browser {
  readonly cookies = new Map<string, string>();
  readonly #origin: string;

  constructor(origin: string) {
    this.#origin = origin;
  }

  set(name: string, value: string): void {
    this.cookies.set(name, value);
  }

  async visit(url: string | URL, init: RequestInit = {}): Promise<Visit> {
    const headers = new Headers(init.headers);
    headers.set('accept', headers.get('accept') ?? 'text/html');
    if (this.cookies.size > 0) {
      headers.set('cookie', [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '));
    }
    const answer = await fetch(new URL(url, this.#origin), { ...init, headers, redirect: 'manual' });
    for (const line of answer.headers.getSetCookie()) this.#keep(line);
    const location = answer.headers.get('location') ?? undefined;
    return { status: answer.status, location, headers: answer.headers, text: await answer.text() };
  }

  /** Follows redirects for as long as they lead about the service's own origin; the one that leaves it, or the page. */
  async follow(url: string | URL): Promise<Visit & { url: string }> {
    let at = new URL(url, this.#origin).href;
    for (let step = 0; step < 10; step += 1) {
      // oxlint-disable-next-line no-await-in-loop -- each answer says where the next is
      const visit = await this.visit(at);
      if (visit.location === undefined) return { ...visit, url: at };
      const next = new URL(visit.location, at);
      if (next.origin !== this.#origin) return { ...visit, url: next.href };
      at = next.href;
    }
    throw new Error(`too many redirects, at ${at}`);
  }

  /** A request as a page of the service's own makes it. */
  post(path: string, json: unknown): Promise<Visit> {
    return this.visit(path, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        origin: this.#origin,
        'sec-fetch-site': 'same-origin',
      },
      body: JSON.stringify(json),
    });
  }

  #keep(line: string): void {
    const [pair = ''] = line.split(';');
    const [name = '', ...value] = pair.split('=');
    if (/max-age=0(?:;|$)/i.test(line)) this.cookies.delete(name);
    else this.cookies.set(name, value.join('='));
  }
}
