import { useEffect, useRef } from 'react';

/** Puts the focus into the page's first field once, where a page is nothing but a form. */
export function useFirstFocus() {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  return field;
}
