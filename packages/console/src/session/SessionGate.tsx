import { Button, Loader } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useLocation, useNavigate } from '@tanstack/react-router';
import { createContext, use, useEffect, useState, type ReactNode } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import { readProblem } from '../problems/problem.ts';
import { placeOf, useStay, type OperatorPlace } from '../operators/useStay.ts';
import type { Stay } from '../operators/types.ts';
import { EnrolFactor } from '../security/EnrolFactor.tsx';
import { useEnrolment } from '../security/useEnrolment.ts';
import styles from './SessionGate.module.css';
import type { Company, Membership, Session } from './types.ts';
import { useSignOut } from './useSignOut.ts';

type SessionContextValue = {
  session: Session;
  /** The place in the tenant: a membership, or what an operator may do during a stay. */
  membership: Membership | OperatorPlace;
  /** An operator's stay in a tenant of others; null for its members. */
  stay: Stay | null;
  companies: Company[];
  /** The chosen company; absent when all are shown. */
  company: Company | undefined;
  /** Whether the chosen tenant's roles hold a permission. For hiding what would be refused; the server decides. */
  may: (permission: string) => boolean;
};

const SessionContext = createContext<SessionContextValue | null>(null);

/** Lets only a signed-in account with a tenant through; sends everyone else where they can become one. */
export function SessionGate({ children }: { children: ReactNode }) {
  const { account } = useApiContext();
  const session = useQuery(
    account.query.session.read.queryOptions({ input: {}, staleTime: 60_000 }),
    account.cache,
  );
  if (session.error !== null) {
    if (readProblem(session.error).code !== 'signed_out') {
      return <Stopped error={session.error} onRetry={() => void session.refetch()} />;
    }
    return <ToSignIn />;
  }
  if (session.data === undefined) return <Opening />;
  return <ScopeGate session={session.data}>{children}</ScopeGate>;
}

/** Goes to the sign-in, which comes back here. The address is read once: it changes on the way. */
function ToSignIn() {
  const navigate = useNavigate();
  const { href } = useLocation();
  const [asked] = useState(href);
  useEffect(() => {
    void navigate({ to: '/sign-in', search: asked === '/' ? {} : { return: asked }, replace: true });
  }, [navigate, asked]);
  return <Opening />;
}

/** Makes sure that the chosen tenant and company are among the session's own. */
function ScopeGate({ session, children }: { session: Session; children: ReactNode }) {
  const { scope, choose, tenant } = useApiContext();
  const own = session.memberships.find((candidate) => candidate.tenant.id === scope.tenant);
  const { stay, asking } = useStay(session, own === undefined ? scope.tenant : undefined);
  const membership = own ?? placeOf(stay);
  const companies = useQuery(
    tenant.query.company.list.queryOptions({
      input: {},
      enabled: membership !== undefined,
      staleTime: 60_000,
    }),
    tenant.cache,
  );
  const known = companies.data?.companies;
  const first = session.memberships[0]?.tenant.id;
  const company = known?.find((candidate) => candidate.id === scope.company);
  const only = known?.length === 1 ? known[0]?.id : undefined;
  const { enrolling, goOn } = useEnrolment(companies);
  useEffect(() => {
    if (membership === undefined) {
      if (first !== undefined && !asking) choose({ tenant: first });
    } else if (known !== undefined && company === undefined && scope.company !== only) {
      choose(
        only === undefined
          ? { tenant: membership.tenant.id }
          : { tenant: membership.tenant.id, company: only },
      );
    }
  }, [membership, first, asking, choose, known, company, scope.company, only]);
  if (asking) return <Opening />;
  if (first === undefined && membership === undefined) return <NoTenant session={session} />;
  if (enrolling && membership !== undefined) {
    return <EnrolFactor membership={membership} session={session} onDone={goOn} />;
  }
  if (companies.error !== null)
    return <Stopped error={companies.error} onRetry={() => void companies.refetch()} />;
  if (membership === undefined || known === undefined) return <Opening />;
  if (company === undefined && scope.company !== undefined) return <Opening />;
  const permissions = new Set(membership.permissions);
  const value = {
    session,
    membership,
    stay,
    companies: known,
    company,
    may: (permission: string) => permissions.has(permission),
  };
  return <SessionContext value={value}>{children}</SessionContext>;
}

function Opening() {
  return (
    <output className={styles.stage} aria-label="Opening the console">
      <Loader />
    </output>
  );
}

function Stopped({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  return (
    <main className={styles.stage}>
      <title>Not available · Bulkhead</title>
      <h1 className={styles.title}>The console cannot open</h1>
      <ProblemNotice error={error} onRetry={onRetry} />
    </main>
  );
}

function NoTenant({ session }: { session: Session }) {
  const signOut = useSignOut();
  return (
    <main className={styles.stage}>
      <title>No tenant · Bulkhead</title>
      <h1 className={styles.title}>You belong to no tenant yet</h1>
      <p>
        You are signed in as {session.account.email}. Ask an owner or admin of your organisation for an invite
        to this address, then open its link.
      </p>
      {session.account.operator ? (
        <p>
          <Link to="/operator">Enter an organisation as an operator</Link>
        </p>
      ) : null}
      <Button variant="default" loading={signOut.isPending} onClick={() => signOut.mutate()}>
        Sign out
      </Button>
    </main>
  );
}

/** @throws {Error} outside a SessionGate */
export function useSession(): SessionContextValue {
  const value = use(SessionContext);
  if (value === null) throw new Error('useSession needs a SessionGate above it.');
  return value;
}
