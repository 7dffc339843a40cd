import { Button, Group } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useApiContext } from '../client/ApiProvider.tsx';
import { DataTable, type Column } from '../elements/DataTable.tsx';
import { dayOf, readableDay } from '../elements/dates.ts';
import { Loaded } from '../elements/Loaded.tsx';
import { Panel } from '../elements/Panel.tsx';
import { announceDone } from '../problems/announce.ts';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import type { ProviderLinks } from './types.ts';

type Link = ProviderLinks['links'][number];

/** The identity providers that sign in to this account. Shown where there are any, or any to add. */
export function LinkedProviders() {
  const { account } = useApiContext();
  const links = useQuery(account.query.identityProvider.links.queryOptions({ input: {} }), account.cache);
  if (links.data?.links.length === 0 && links.data.offered.length === 0) return null;
  return (
    <Panel title="Identity providers">
      <Loaded query={links} rows={2}>
        {({ links: linked, offered }) => (
          <>
            {linked.length === 0 ? null : (
              <DataTable
                caption="Linked identity providers"
                columns={columns}
                rows={linked}
                rowKey={({ id }) => id}
              />
            )}
            <Group gap="xs" mt="sm">
              {offered.map((provider) => (
                <LinkButton key={provider.name} {...provider} />
              ))}
            </Group>
          </>
        )}
      </Loaded>
    </Panel>
  );
}

const columns: Column<Link>[] = [
  { key: 'issuer', header: 'Provider', cell: ({ issuer }) => issuer },
  { key: 'email', header: 'Address there', cell: ({ email }) => email, hideBelow: 'sm' },
  {
    key: 'used',
    header: 'Last used',
    hideBelow: 'md',
    tight: true,
    cell: ({ lastUsedAt }) => (lastUsedAt === null ? 'never' : readableDay(dayOf(new Date(lastUsedAt)))),
  },
  { key: 'actions', header: 'Actions', align: 'end', cell: (link) => <UnlinkButton link={link} /> },
];

function LinkButton({ name, label }: { name: string; label: string }) {
  const { account } = useApiContext();
  const begin = useMutation({
    mutationFn: () => account.client.identityProvider.link({ name, returnPath: '/security' }),
    onSuccess: ({ url }) => window.location.assign(url),
  });
  return (
    <>
      {begin.error === null ? null : <ProblemNotice error={begin.error} />}
      <Button variant="default" loading={begin.isPending} onClick={() => begin.mutate()}>
        Link {label}
      </Button>
    </>
  );
}

function UnlinkButton({ link: { id, issuer, managed } }: { link: Link }) {
  const { account } = useApiContext();
  const unlink = useMutation({
    mutationFn: () => account.client.identityProvider.unlink({ id }),
    onSuccess: async () => {
      await account.cache.invalidateQueries();
      announceDone('The provider is unlinked.');
    },
  });
  if (managed) return 'by your organisation';
  return (
    <>
      {unlink.error === null ? null : <ProblemNotice error={unlink.error} />}
      <Button
        size="compact-sm"
        variant="default"
        aria-label={`Unlink ${issuer}`}
        loading={unlink.isPending}
        onClick={() => unlink.mutate()}
      >
        Unlink
      </Button>
    </>
  );
}
