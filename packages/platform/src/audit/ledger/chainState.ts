import type { TenantSession } from '../../tenantSession.ts';

export type AnchorKind = 'folder' | 'bucket' | 'witness';

/** How far a tenant's chain is sealed, signed, kept outside and checked. Times are RFC 3339. */
export type ChainState = {
  note: string | null;
  /** Entries that the latest checkpoint covers, and entries that are sealed. */
  size: number;
  sealed: number;
  at: string | null;
  anchors: { kind: AnchorKind; size: number; at: string }[];
  check: {
    outcome: 'sound' | 'tampered';
    finding: string | null;
    at: string;
    soundAt: string | null;
    wholeAt: string | null;
    overdue: boolean;
  } | null;
};

function kindOf(anchor: string): AnchorKind {
  if (anchor.startsWith('directory ')) return 'folder';
  return anchor.startsWith('s3://') ? 'bucket' : 'witness';
}

type ChainRow = {
  note: string | null;
  size: string;
  sealed: string;
  at: Date | null;
};

type CheckRow = {
  outcome: 'sound' | 'tampered';
  finding: string | null;
  at: Date;
  sound_at: Date | null;
  whole_at: Date | null;
  overdue: boolean;
};

/** What this server knows of a tenant's chain; the session must be of all its companies. */
export async function chainState(session: TenantSession, tenant: string): Promise<ChainState> {
  const chain = await session.query<ChainRow>(
    `select p.note, coalesce(p.size, 0) as size, c.size as sealed, p.created_at as at
     from bulkhead.audit_chain c
     left join lateral (
       select k.note, k.size, k.created_at from bulkhead.audit_checkpoint k
       where k.tenant_id = c.tenant_id order by k.size desc limit 1) p on true
     where c.tenant_id = $1`,
    [tenant],
  );
  const anchors = await session.query<{ anchor: string; size: string; at: Date }>(
    'select anchor, size, anchored_at as at from bulkhead.audit_anchoring where tenant_id = $1 order by anchored_at desc, anchor',
    [tenant],
  );
  const checks = await session.query<CheckRow>(
    `select outcome, finding, checked_at as at, sound_at, whole_at, due_at < now() as overdue
     from bulkhead.audit_verification where tenant_id = $1`,
    [tenant],
  );
  const [row] = chain.rows;
  const [check] = checks.rows;
  return {
    note: row?.note ?? null,
    size: Number(row?.size ?? 0),
    sealed: Number(row?.sealed ?? 0),
    at: row?.at?.toISOString() ?? null,
    // Where they are is the operator's to know.
    anchors: anchors.rows.map(({ anchor, size, at }) => ({
      kind: kindOf(anchor),
      size: Number(size),
      at: at.toISOString(),
    })),
    check:
      check === undefined
        ? null
        : {
            outcome: check.outcome,
            finding: check.finding,
            at: check.at.toISOString(),
            soundAt: check.sound_at?.toISOString() ?? null,
            wholeAt: check.whole_at?.toISOString() ?? null,
            overdue: check.overdue,
          },
  };
}
