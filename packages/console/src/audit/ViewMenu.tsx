import { ActionIcon, Button, Group, Menu, TextInput } from '@mantine/core';
import { IconBookmark, IconTrash } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useApi } from '../client/ApiProvider.tsx';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import { auditSearch, type AuditSearch } from '../shell/search.ts';
import styles from './ViewMenu.module.css';

/** Searches kept under a name, and the present one to be kept. */
export function ViewMenu({ search }: { search: AuditSearch }) {
  const { query, client, cache } = useApi();
  const navigate = useNavigate();
  const [opened, setOpened] = useState(false);
  const views = useQuery(query.audit.views.list.queryOptions({ input: {} }));
  const onSuccess = () => cache.invalidateQueries({ queryKey: query.audit.views.list.key() });
  const remove = useMutation({ mutationFn: (id: string) => client.audit.views.remove({ id }), onSuccess });
  const kept = views.data?.views ?? [];
  return (
    <Menu position="bottom-end" opened={opened} onChange={setOpened} closeOnItemClick={false}>
      <Menu.Target>
        <Button variant="default" leftSection={<IconBookmark size={16} aria-hidden />}>
          Kept searches
        </Button>
      </Menu.Target>
      <Menu.Dropdown className={styles.menu}>
        {kept.length === 0 ? <Menu.Label>None kept yet</Menu.Label> : null}
        {kept.map(({ id, name, filter }) => (
          <div key={id} className={styles.row}>
            <Menu.Item
              onClick={() => {
                setOpened(false);
                void navigate({ to: '/audit', search: auditSearch(filter), replace: true });
              }}
            >
              {name}
            </Menu.Item>
            <ActionIcon
              variant="subtle"
              aria-label={`Remove the search ${name}`}
              onClick={() => remove.mutate(id)}
            >
              <IconTrash size={16} aria-hidden />
            </ActionIcon>
          </div>
        ))}
        <Menu.Divider />
        <KeepForm search={search} onKept={() => void onSuccess()} />
      </Menu.Dropdown>
    </Menu>
  );
}

function KeepForm({ search, onKept }: { search: AuditSearch; onKept: () => void }) {
  const { client } = useApi();
  const [name, setName] = useState('');
  const keep = useMutation({
    mutationFn: () => client.audit.views.save({ name: name.trim(), filter: { ...search } }),
    onSuccess: () => {
      setName('');
      onKept();
    },
  });
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() !== '') keep.mutate();
      }}
    >
      <Group gap="xs" align="end" wrap="nowrap">
        <TextInput
          label="Keep this search as"
          value={name}
          maxLength={60}
          onChange={(event) => setName(event.currentTarget.value)}
          // The menu would take letters for a search among its items.
          onKeyDown={(event) => event.stopPropagation()}
        />
        <Button type="submit" variant="default" loading={keep.isPending}>
          Keep
        </Button>
      </Group>
      {keep.error === null ? null : <ProblemNotice error={keep.error} />}
    </form>
  );
}
