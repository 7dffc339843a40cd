import { notifications } from '@mantine/notifications';
import { readProblem } from './problem.ts';
import { sentenceFor } from './sentence.ts';

const closeButtonProps = { 'aria-label': 'Dismiss' };

/** Says that something worked; gone after a few seconds. */
export function announceDone(message: string): void {
  notifications.show({ message, color: 'teal', role: 'status', autoClose: 5000, closeButtonProps });
}

/** Says that something failed; stays until dismissed. For actions that have no place of their own to say so. */
export function announceProblem(error: unknown): void {
  const problem = readProblem(error);
  const { title, advice } = sentenceFor(problem);
  const request = problem.requestId === undefined ? '' : ` Request ${problem.requestId}.`;
  notifications.show({
    title,
    message: `${advice ?? ''}${request}`,
    color: 'red',
    role: 'alert',
    autoClose: false,
    closeButtonProps,
  });
}
