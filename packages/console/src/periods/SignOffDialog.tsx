import { TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useApi, useApiContext } from '../client/ApiProvider.tsx';
import { ConfirmDialog } from '../elements/ConfirmDialog.tsx';
import { readableDay } from '../elements/dates.ts';
import { announceDone } from '../problems/announce.ts';
import type { Period } from './types.ts';

/** Asks, says that there is no way back, and signs off. */
export function SignOffDialog({ period, onClose }: { period: Period; onClose: () => void }) {
  const { client } = useApi();
  const { refresh } = useApiContext();
  const [note, setNote] = useState('');
  const given = note.trim();
  const signOff = useMutation({
    mutationFn: () =>
      client.books.periods.signOff({ id: period.id, ...(given === '' ? {} : { note: given }) }),
    onSuccess: async () => {
      onClose();
      announceDone(`Signed off through ${readableDay(period.endsOn)}.`);
      await refresh();
    },
  });
  return (
    <ConfirmDialog
      opened
      title={`Sign off through ${readableDay(period.endsOn)}?`}
      action="Sign off for good"
      keep="Leave it open"
      danger
      working={signOff.isPending}
      error={signOff.error}
      onConfirm={() => signOff.mutate()}
      onClose={onClose}
    >
      <p>
        <strong>This is final.</strong> Nothing can be posted on or before {readableDay(period.endsOn)} any
        more, in this period or any earlier one. Nobody can undo it, not even an owner.
      </p>
      <DraftWarning count={period.drafts} />
      <TextInput
        label="Note (optional)"
        maxLength={500}
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
        mb="sm"
      />
    </ConfirmDialog>
  );
}

function DraftWarning({ count }: { count: number }) {
  if (count === 0) return null;
  return (
    <p>
      {count === 1 ? 'One draft is' : `${count} drafts are`} dated in this period and will need a later date
      to be submitted.
    </p>
  );
}
