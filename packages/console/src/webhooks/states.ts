import type { Tone } from '../elements/Tag.tsx';
import type { DeliveryState, Endpoint } from './types.ts';

/** Attempts before a delivery is given up. */
export const mostAttempts = 11;

/** How a delivery's state is worded and taken. */
export const stateWords: Readonly<Record<DeliveryState, { word: string; tone: Tone }>> = {
  pending: { word: 'Waiting', tone: 'plain' },
  delivered: { word: 'Delivered', tone: 'good' },
  dead: { word: 'Given up', tone: 'bad' },
  held: { word: 'Held', tone: 'plain' },
};

/** An endpoint's standing in two words and a sentence. */
export function standingOf(endpoint: Endpoint): { word: string; tone: Tone; sentence: string } {
  const { disabledReason, failingSince, lastSuccessAt, slow } = endpoint;
  if (disabledReason === 'failing') {
    return { word: 'Off', tone: 'bad', sentence: 'Switched off: it took nothing for three days.' };
  }
  if (disabledReason === 'gone') {
    return { word: 'Off', tone: 'bad', sentence: 'Switched off: it answered that it is gone (410).' };
  }
  if (disabledReason === 'person') {
    return { word: 'Off', tone: 'plain', sentence: 'Switched off by a member.' };
  }
  if (failingSince !== null) {
    return { word: 'Failing', tone: 'bad', sentence: 'The last attempt failed; it is tried again.' };
  }
  if (lastSuccessAt === null) return { word: 'New', tone: 'plain', sentence: 'Nothing was sent to it yet.' };
  if (slow)
    return { word: 'Slow', tone: 'plain', sentence: 'Takes messages, but answers after two seconds.' };
  return { word: 'Healthy', tone: 'good', sentence: 'Takes what it is sent.' };
}

/** What went wrong, for reading: `status_503` as an answer, the rest as a sentence. */
export function errorWords(error: string): string {
  const status = /^status_(\d{3})$/.exec(error)?.[1];
  if (status !== undefined)
    return status.startsWith('3') ? `Redirect ${status}, not followed` : `Answered ${status}`;
  return errorSentences[error] ?? error;
}

const errorSentences: Readonly<Record<string, string>> = {
  unreachable: 'Could not be reached in time',
  destination_refused: 'Does not lead to a public server',
  url_refused: 'The address is not allowed',
  answer_refused: 'Answered with what cannot be read',
  endpoint_disabled: 'The endpoint was off',
  endpoint_removed: 'The endpoint was removed',
  secret_unreadable: 'Its secret could not be opened',
};
