import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { DoneNotice } from '../elements/DoneNotice.tsx';

/** How mail leaves this server; undefined until it is known. */
export function useMailMode(): 'smtp' | 'sink' | 'none' | undefined {
  const { account } = useApiContext();
  const status = useQuery(
    account.query.mail.status.queryOptions({ input: {}, staleTime: Infinity }),
    account.cache,
  );
  return status.data?.mode;
}

/** What happens next. It says the same whether or not anybody has the address. */
export function MailSent({ email, children }: { email: string; children: ReactNode }) {
  const mode = useMailMode();
  return (
    <DoneNotice title="Look into your mail">
      <p>
        {children} We will send it to <strong>{email}</strong>, which may take a few minutes. Nothing there?
        Look among the spam, and check the address.
      </p>
      {mode === 'sink' ? (
        <p>
          This is the demo, which sends no mail: <Link to="/mail">read it here</Link>.
        </p>
      ) : null}
    </DoneNotice>
  );
}
