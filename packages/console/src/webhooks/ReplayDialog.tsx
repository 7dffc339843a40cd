import { Checkbox, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useApiContext } from '../client/ApiProvider.tsx';
import { FormDialog } from '../elements/FormDialog.tsx';
import { textOf } from '../elements/form.ts';
import { announceDone } from '../problems/announce.ts';
import type { Endpoint } from './types.ts';

/** Sends what an endpoint missed in a span of time, or all of that span, again. */
export function ReplayDialog({ endpoint, onClose }: { endpoint: Endpoint; onClose: () => void }) {
  const { tenant } = useApiContext();
  const replay = useMutation({
    mutationFn: (form: FormData) => {
      const all = form.get('delivered') !== null;
      return tenant.client.webhookEndpoint.replay({
        id: endpoint.id,
        since: instantOf(form, 'since'),
        until: instantOf(form, 'until'),
        states: all ? ['delivered', 'dead', 'held'] : ['dead', 'held'],
      });
    },
    onSuccess: async ({ queued }) => {
      onClose();
      announceDone(`${queued} ${queued === 1 ? 'delivery is' : 'deliveries are'} on the way again.`);
      await tenant.cache.invalidateQueries();
    },
  });
  return (
    <FormDialog
      title="Send a span of time again"
      action="Send again"
      discard="Discard"
      working={replay.isPending}
      error={replay.error}
      onSubmit={(form) => replay.mutate(form)}
      onClose={onClose}
    >
      <Stack gap="md">
        <TextInput
          name="since"
          type="datetime-local"
          label="From"
          description="When the events happened; empty for as far back as the log goes, 30 days."
          data-autofocus
        />
        <TextInput name="until" type="datetime-local" label="Until" description="Empty for up to now." />
        <Checkbox
          name="delivered"
          label="Also what was delivered"
          description="Your receiver knows them again by their webhook-id."
        />
      </Stack>
    </FormDialog>
  );
}

/** In the reader's time zone, as the field shows it. */
function instantOf(form: FormData, name: string): string | undefined {
  const typed = textOf(form, name);
  return typed === '' ? undefined : new Date(typed).toISOString();
}
