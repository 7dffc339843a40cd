import { Button, Menu } from '@mantine/core';
import { IconDots } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { announceDone, announceProblem } from '../problems/announce.ts';
import { useSession } from '../session/SessionGate.tsx';
import { EventsDialog, RemoveDialog, RotateDialog } from './EndpointDialogs.tsx';
import { ReplayDialog } from './ReplayDialog.tsx';
import type { Endpoint } from './types.ts';

const dialogs = { rotate: RotateDialog, events: EventsDialog, remove: RemoveDialog, replay: ReplayDialog };

/** What can be done with an endpoint. */
export function EndpointActions({ endpoint }: { endpoint: Endpoint }) {
  const { may } = useSession();
  const [open, setOpen] = useState<keyof typeof dialogs | null>(null);
  const { test, toggle, replay } = useEndpointActions(endpoint);
  const off = endpoint.disabledAt !== null;
  const Dialog = open === null ? null : dialogs[open];
  const change = may('webhooks:endpoint.change');
  return (
    <>
      {may('webhooks:endpoint.replay') && endpoint.dead > 0 && !off ? (
        <Button size="xs" variant="default" loading={replay.isPending} onClick={() => replay.mutate()}>
          Send {endpoint.dead} again
        </Button>
      ) : null}
      {change && !off ? (
        <Button size="xs" variant="default" loading={test.isPending} onClick={() => test.mutate()}>
          Send test
        </Button>
      ) : null}
      {change ? (
        <Button size="xs" variant="default" loading={toggle.isPending} onClick={() => toggle.mutate()}>
          {off ? 'Switch on' : 'Switch off'}
        </Button>
      ) : null}
      <EndpointMenu endpoint={endpoint} onChoose={setOpen} />
      {Dialog === null ? null : <Dialog endpoint={endpoint} onClose={() => setOpen(null)} />}
    </>
  );
}

type EndpointMenuProps = { endpoint: Endpoint; onChoose: (dialog: keyof typeof dialogs) => void };

function EndpointMenu({ endpoint, onChoose }: EndpointMenuProps) {
  const { may } = useSession();
  const off = endpoint.disabledAt !== null;
  const change = may('webhooks:endpoint.change');
  if (!change && !may('webhooks:endpoint.remove') && !may('webhooks:endpoint.replay')) return null;
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button size="xs" variant="default" aria-label={`More for ${endpoint.url}`}>
          <IconDots size={16} aria-hidden />
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item disabled={!change} onClick={() => onChoose('events')}>
          Choose events
        </Menu.Item>
        <Menu.Item disabled={!change} onClick={() => onChoose('rotate')}>
          Rotate secret
        </Menu.Item>
        <Menu.Item disabled={!may('webhooks:endpoint.replay') || off} onClick={() => onChoose('replay')}>
          Send a span of time again
        </Menu.Item>
        <Menu.Item disabled={!may('webhooks:endpoint.remove')} onClick={() => onChoose('remove')}>
          Remove endpoint
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function useEndpointActions({ id, disabledAt }: Endpoint) {
  const { tenant } = useApiContext();
  const onError = announceProblem;
  const refresh = () => tenant.cache.invalidateQueries();
  const test = useMutation({
    mutationFn: () => tenant.client.webhookEndpoint.test({ id }),
    onSuccess: async () => {
      announceDone('A test event is on its way.');
      await refresh();
    },
    onError,
  });
  const toggle = useMutation({
    mutationFn: () => tenant.client.webhookEndpoint.change({ id, enabled: disabledAt !== null }),
    onSuccess: refresh,
    onError,
  });
  const replay = useMutation({
    mutationFn: () => tenant.client.webhookEndpoint.replay({ id }),
    onSuccess: async ({ queued }) => {
      announceDone(`${queued} ${queued === 1 ? 'delivery is' : 'deliveries are'} on the way again.`);
      await refresh();
    },
    onError,
  });
  return { test, toggle, replay };
}
