import { useInfiniteQuery, type QueryKey } from '@tanstack/react-query';
import { useApi } from '../client/ApiProvider.tsx';
import type { Client } from '../client/api.ts';

/** A page of a list that continues at a cursor. */
export type Page<Item> = { items: Item[]; nextCursor: string | null };

type PagesOptions<Item> = {
  key: QueryKey;
  read: (client: Client, cursor: string | undefined) => Promise<Page<Item>>;
};

/** A list read page by page in the chosen scope. Nothing is counted: the next page starts where the last ended. */
export function usePages<Item>({ key, read }: PagesOptions<Item>) {
  const { client } = useApi();
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam }) => read(client, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  });
  const items = query.data?.pages.flatMap((page) => page.items);
  return {
    loadable: { data: items, error: query.error, isPending: query.isPending, refetch: query.refetch },
    more: query.hasNextPage,
    loading: query.isFetchingNextPage,
    onMore: () => void query.fetchNextPage(),
  };
}
