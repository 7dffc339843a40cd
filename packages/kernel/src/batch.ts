import { DataError } from './errors.ts';

/** One statement of a batch. `tenant` is what the caller says it is for; absent means the session's. */
export type BatchMember = {
  tenant?: string | undefined;
  text: string;
  values?: readonly unknown[] | undefined;
};

/** The positions of the members that name another tenant than `tenant`. */
export function straddlers(tenant: string, members: readonly { tenant?: string | undefined }[]): number[] {
  const own = tenant.toLowerCase();
  return members.flatMap((member, at) =>
    member.tenant === undefined || member.tenant.toLowerCase() === own ? [] : [at],
  );
}

type Auditor = {
  context: { tenant: string };
  query(text: string, values: readonly unknown[]): Promise<unknown>;
};

/**
 * Records the refusal in the request's own tenant, and throws. The other tenants are not named there: a tenant's audit
 * log is no place to learn which other tenants exist.
 * @throws {DataError} `batch_straddles_tenants`, always; its cause says when the entry could not be written
 */
export async function refuseBatch(
  session: Auditor,
  members: readonly { tenant?: string | undefined }[],
): Promise<never> {
  const detail = { members: members.length, refused: straddlers(session.context.tenant, members) };
  const unaudited = await session
    .query('select bulkhead.audit_event($1, $2, $3, $4)', ['batch.refused', 'bulkhead.batch', null, detail])
    .then(
      () => undefined,
      (cause: unknown) => cause,
    );
  throw new DataError('batch_straddles_tenants', unaudited === undefined ? {} : { cause: unaudited });
}
