import { Button, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { textOf } from '../elements/form.ts';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';

/** Signing in with somebody else's word: a provider of the service, or the one of a person's organisation. */
export function ProviderSignIn({ returnTo }: { returnTo: string | undefined }) {
  const { account } = useApiContext();
  const [asking, setAsking] = useState(false);
  const providers = useQuery(
    account.query.identityProvider.list.queryOptions({ input: {}, staleTime: Infinity }),
    account.cache,
  );
  return (
    <>
      {(providers.data?.providers ?? []).map(({ label, startPath }) => (
        <Button
          key={startPath}
          component="a"
          href={withReturn(startPath, returnTo)}
          variant="default"
          fullWidth
          mt="sm"
        >
          Sign in with {label}
        </Button>
      ))}
      {asking ? (
        <FindProvider returnTo={returnTo} />
      ) : (
        <Button variant="subtle" fullWidth mt="sm" onClick={() => setAsking(true)}>
          Use single sign-on
        </Button>
      )}
    </>
  );
}

function FindProvider({ returnTo }: { returnTo: string | undefined }) {
  const { account } = useApiContext();
  const [none, setNone] = useState(false);
  const find = useMutation({
    mutationFn: (email: string) => account.client.identityProvider.find({ email }),
    onSuccess: ({ startPath }) => {
      if (startPath === null) setNone(true);
      else window.location.assign(withReturn(startPath, returnTo));
    },
  });
  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    setNone(false);
    find.mutate(textOf(new FormData(event.currentTarget), 'organisationEmail'));
  }
  return (
    <form onSubmit={submit}>
      {find.error === null ? null : <ProblemNotice error={find.error} />}
      <TextInput
        label="Email at your organisation"
        name="organisationEmail"
        type="email"
        autoComplete="email"
        required
        withAsterisk={false}
        data-autofocus
        mt="sm"
        error={none ? 'No organisation here uses single sign-on for that domain.' : undefined}
      />
      <Button type="submit" variant="default" fullWidth mt="sm" loading={find.isPending}>
        Continue
      </Button>
    </form>
  );
}

/** The server goes back to a page of this console alone, whatever stands here. */
function withReturn(path: string, returnTo: string | undefined): string {
  return returnTo === undefined ? path : `${path}?${new URLSearchParams({ return: returnTo })}`;
}
