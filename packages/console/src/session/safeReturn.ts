import { places } from '../shell/places.ts';

/** First segments of the addresses one may come back to, beside the places of the navigation. */
const others = ['accept-invite', 'application-sign-in', 'confirm-email', 'security'];
const allowed: ReadonlySet<string> = new Set([...places.map(({ to }) => to.split('/')[1] ?? ''), ...others]);

/**
 * Where to go after sign-in: a page of this console that stands in the list, else the overview. Whatever names
 * another host is none, however a browser would read it: `//host`, `/\host`, `/<tab>/host`.
 */
export function safeReturn(path: string | undefined): string {
  if (
    path === undefined ||
    path.length > 2000 ||
    !/^\/(?![/\\])[\x21-\x7e]*$/.test(path) ||
    path.includes('\\')
  ) {
    return '/';
  }
  const url = URL.parse(path, 'https://console.invalid');
  if (url === null || url.origin !== 'https://console.invalid') return '/';
  return allowed.has(url.pathname.split('/')[1] ?? '') ? url.pathname + url.search + url.hash : '/';
}
