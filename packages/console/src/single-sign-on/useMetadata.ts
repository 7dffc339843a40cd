import { useMutation } from '@tanstack/react-query';
import { useApiContext } from '../client/ApiProvider.tsx';
import { announceDone } from '../problems/announce.ts';

/** Hands a connection's metadata to the server: a file's text, or the address it is fetched from. */
export function useMetadata(id: string, onDone: () => void) {
  const { tenant } = useApiContext();
  return useMutation({
    mutationFn: async (source: File | string) =>
      typeof source === 'string'
        ? tenant.client.saml.follow({ id, url: source })
        : tenant.client.saml.upload({ id, metadata: await source.text() }),
    onSuccess: async (_settings, source) => {
      await tenant.cache.invalidateQueries();
      onDone();
      announceDone(
        typeof source === 'string'
          ? 'The metadata was read, and will be fetched again every day.'
          : 'The metadata was read.',
      );
    },
  });
}
