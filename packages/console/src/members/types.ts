import type { Client } from '../client/api.ts';

export type Member = Awaited<ReturnType<Client['member']['list']>>['members'][number];
export type Invite = Awaited<ReturnType<Client['invite']['list']>>['invites'][number];
export type OrganisationRole = Member['role'];

/** What a member may be given: one organisation role, any module roles, all companies or some. */
export type Access = { role: OrganisationRole; moduleRoles: string[]; companies: string[] | null };
