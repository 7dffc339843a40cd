import { useMutation } from '@tanstack/react-query';
import { useApiContext } from '../client/ApiProvider.tsx';
import type { Client } from '../client/api.ts';
import { ConfirmDialog } from '../elements/ConfirmDialog.tsx';
import { readableMoment } from '../elements/dates.ts';
import type { SessionsToEnd } from './types.ts';

type EndSessionsDialogProps = {
  ending: SessionsToEnd;
  onClose: () => void;
  onEnded: (message: string) => Promise<void>;
};

/** Asks before sessions are ended, and says what ends with them. */
export function EndSessionsDialog({ ending, onClose, onEnded }: EndSessionsDialogProps) {
  const { client } = useApiContext().account;
  const words = wordsOf(ending);
  const end = useMutation({
    mutationFn: () => endSessions(client, ending),
    onSuccess: () => onEnded(words.done),
  });
  return (
    <ConfirmDialog
      opened
      title={words.title}
      action={words.action}
      keep="Leave it as it is"
      danger
      working={end.isPending}
      error={end.error}
      onConfirm={() => end.mutate()}
      onClose={onClose}
    >
      <p>{words.text}</p>
    </ConfirmDialog>
  );
}

function endSessions(client: Client, ending: SessionsToEnd): Promise<unknown> {
  switch (ending.kind) {
    case 'one':
      return client.session.end({ id: ending.session.id });
    case 'others':
      return client.session.endOthers({});
    case 'all':
      return client.session.endAll({});
  }
}

type Words = { title: string; action: string; text: string; done: string };

function wordsOf(ending: SessionsToEnd): Words {
  switch (ending.kind) {
    case 'one':
      return {
        title: `End the session on ${ending.session.device}?`,
        action: 'End it',
        text: `It began on ${readableMoment(ending.session.createdAt)}. Whoever uses it has to sign in again. If it was not you, change your password, too.`,
        done: 'The session is ended.',
      };
    case 'others':
      return {
        title: 'End all other sessions?',
        action: 'End all others',
        text: 'Every other browser, app and program of yours has to sign in again. This one stays.',
        done: 'All other sessions are ended.',
      };
    case 'all':
      return {
        title: 'Sign out everywhere?',
        action: 'Sign out everywhere',
        text: 'Every browser, app and program of yours has to sign in again, this one included.',
        done: 'You are signed out everywhere.',
      };
  }
}
