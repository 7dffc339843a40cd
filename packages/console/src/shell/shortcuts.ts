import { useNavigate } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { places, type Place } from './places.ts';

/** How long the second key of a pair such as `g i` may take, in milliseconds. */
const pairTime = 1500;

const storageKey = 'bulkhead-shortcuts';

export function shortcutsOn(storage: Storage): boolean {
  try {
    return storage.getItem(storageKey) !== 'off';
  } catch {
    return true;
  }
}

export function keepShortcuts(on: boolean, storage: Storage): void {
  try {
    storage.setItem(storageKey, on ? 'on' : 'off');
  } catch {
    // Storage refused: the switch lasts for the page's life.
  }
}

/** Whether keys typed now belong to something other than the page: a field, a menu, a dialog. */
function isTaken(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented)
    return true;
  const target = event.target;
  return (
    target instanceof Element &&
    target.closest(
      'input, textarea, select, [contenteditable], [role="menu"], [role="dialog"], [role="listbox"]',
    ) !== null
  );
}

/**
 * Single-key shortcuts (`?`, `/`, `n`) and pairs (`g i`). They can be switched off, since people who speak to
 * their computer set them off by accident (WCAG 2.2, 2.1.4).
 */
export function useShortcuts({ on, onHelp }: { on: boolean; onHelp: () => void }): void {
  const navigate = useNavigate();
  const waitingSince = useRef(Number.NEGATIVE_INFINITY);
  useEffect(() => {
    if (!on) return undefined;
    function onKey(event: KeyboardEvent): void {
      if (isTaken(event)) return;
      const paired = event.timeStamp - waitingSince.current < pairTime;
      waitingSince.current = Number.NEGATIVE_INFINITY;
      if (paired) {
        const place = places.find(({ key }) => key === event.key);
        if (place !== undefined) go(event, place);
      } else if (event.key === 'g') waitingSince.current = event.timeStamp;
      else if (event.key === '?') onHelp();
      else if (event.key === '/') focusSearch(event);
      else if (event.key === 'n') clickNew(event);
    }
    function go(event: KeyboardEvent, place: Place): void {
      event.preventDefault();
      void navigate({ to: place.to });
    }
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [on, onHelp, navigate]);
}

function focusSearch(event: KeyboardEvent): void {
  const search = document.querySelector<HTMLInputElement>('main input[type="search"]');
  if (search === null) return;
  event.preventDefault();
  search.focus();
}

/** A page marks its "new" button or link with `data-shortcut="n"`. */
function clickNew(event: KeyboardEvent): void {
  const target = document.querySelector<HTMLElement>('main [data-shortcut="n"]');
  if (target === null) return;
  event.preventDefault();
  target.click();
}
