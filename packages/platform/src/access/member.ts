import { PlatformError, translating } from '../errors.ts';
import type { TenantSession } from '../tenantSession.ts';
import { assignmentRefusals, type RoleAssignment } from './role.ts';

export type Member = {
  /** The membership's id. */
  id: string;
  accountId: string;
  email: string;
  name: string;
  role: RoleAssignment['role'];
  moduleRoles: string[];
  companyIds: string[] | null;
  createdAt: Date;
};

const refusals = {
  ...assignmentRefusals,
  member_missing: 'member_missing',
  membership_last_owner: 'last_owner',
} as const;

const columns = `id, account_id as "accountId", email, name, role, module_roles as "moduleRoles",
  company_ids as "companyIds", created_at as "createdAt"`;

/** The members of the context's tenant, by name. */
export async function listMembers(session: TenantSession): Promise<Member[]> {
  const { rows } = await session.query<Member>(`select ${columns} from identity.members()`);
  return rows;
}

/**
 * Gives a member another role, module roles and companies. The database takes who is acting from the sealed context:
 * owners change anybody, admins anybody but owners, and nobody into an owner.
 *
 * @throws PlatformError permission_refused, member_missing, last_owner, role_invalid, company_missing
 */
export async function changeMember(
  session: TenantSession,
  { memberId, role, moduleRoles, companyIds }: RoleAssignment & { memberId: string },
): Promise<Member> {
  await translating(refusals, () =>
    session.query('select identity.change_member($1, $2, $3, $4)', [memberId, role, moduleRoles, companyIds]),
  );
  const { rows } = await session.query<Member>(`select ${columns} from identity.members() where id = $1`, [
    memberId,
  ]);
  const [member] = rows;
  if (member === undefined) throw new PlatformError('member_missing');
  return member;
}

/**
 * Ends a membership. Everybody may end their own, except the last owner.
 *
 * @throws PlatformError permission_refused, member_missing, last_owner
 */
export async function removeMember(
  session: TenantSession,
  { memberId }: { memberId: string },
): Promise<void> {
  await translating(refusals, () => session.query('select identity.remove_member($1)', [memberId]));
}
