import { useState } from 'react';

/**
 * The token of a mailed link, from the address's fragment, which a browser sends to no server. It is taken out of the
 * address, so that it stays in no history, and kept for this tab alone: a page may be loaded again, and some links
 * need a sign-in in between.
 *
 * @param key names the link, e.g. `invite`
 * @returns the token, empty when there is none, and what forgets it
 */
export function useLinkToken(key: string): [token: string, forget: () => void] {
  const [token] = useState(() => takeToken(key));
  return [token, () => window.sessionStorage.removeItem(storageKey(key))];
}

function takeToken(key: string): string {
  const { hash, pathname, search } = window.location;
  if (hash.length < 2) return window.sessionStorage.getItem(storageKey(key)) ?? '';
  const token = hash.slice(1);
  window.sessionStorage.setItem(storageKey(key), token);
  window.history.replaceState(window.history.state, '', pathname + search);
  return token;
}

function storageKey(key: string): string {
  return `bulkhead-link-${key}`;
}
