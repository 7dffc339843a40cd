import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useApiContext } from '../client/ApiProvider.tsx';
import { DoneNotice } from '../elements/DoneNotice.tsx';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import { readProblem } from '../problems/problem.ts';
import { EntryFrame } from './EntryFrame.tsx';
import { useLinkToken } from './linkToken.ts';

export function VerifyEmailPage() {
  const { account } = useApiContext();
  return (
    <ProveAddress
      link="verify"
      title="Confirm your address"
      lead="One click, and we know that mail to this address reaches you."
      done="Your address is confirmed."
      redeem={(token) => account.client.emailVerification.redeem({ token })}
    />
  );
}

export function ConfirmEmailPage() {
  const { account } = useApiContext();
  return (
    <ProveAddress
      link="email"
      title="Use this address"
      lead="From now on your account has this address: you sign in with it, and mail goes there."
      done="Your account has the new address. The old one was told."
      redeem={(token) => account.client.emailChange.redeem({ token })}
      signInFirst="/confirm-email"
    />
  );
}

type ProveAddressProps = {
  link: string;
  title: string;
  lead: string;
  done: string;
  redeem: (token: string) => Promise<unknown>;
  /** This page's address, when only somebody signed in may go on. */
  signInFirst?: string;
};

function ProveAddress({ link, title, lead, done, redeem, signInFirst }: ProveAddressProps) {
  const { account } = useApiContext();
  const navigate = useNavigate();
  const [token, forget] = useLinkToken(link);
  const prove = useMutation({
    mutationFn: () => redeem(token),
    onSuccess: async () => {
      forget();
      // The session as it was read before has the old address.
      await account.cache.invalidateQueries();
    },
    onError: async (error) => {
      if (signInFirst === undefined || readProblem(error).code !== 'signed_out') return;
      await navigate({ to: '/sign-in', search: { return: signInFirst } });
    },
  });
  return (
    <EntryFrame title={title} foot={<Link to="/">Go to the console</Link>}>
      {prove.error === null ? null : <ProblemNotice error={prove.error} />}
      {prove.isSuccess ? (
        <DoneNotice title="Done">{done}</DoneNotice>
      ) : (
        <>
          <p>{lead}</p>
          <Button fullWidth loading={prove.isPending} onClick={() => prove.mutate()}>
            Confirm
          </Button>
        </>
      )}
    </EntryFrame>
  );
}
