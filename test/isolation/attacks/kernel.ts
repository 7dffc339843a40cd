import { worlds } from '../worlds.ts';
import { set, stacked, type Attack } from './attack.ts';

/** The kernel's own functions and the audit entries. */
export const kernel: Attack[] = [
  stacked(
    'registering a key',
    `select bulkhead.register_context_key('00000000', decode(repeat('00', 32), 'hex'))`,
    '42501',
  ),
  stacked('padding a key', `select bulkhead.hmac_pad('x', 54)`, '42501'),
  stacked(
    'retiring the keys',
    `select bulkhead.retire_context_key(id) from (select '00000000' as id) k`,
    '42501',
  ),
  stacked('unprotecting a table', `select bulkhead.exempt_table('lab.note', 'I say so, I say so')`, '42501'),
  stacked('protecting it otherwise', `select bulkhead.protect_table('lab.note', 'tenant')`, '42501'),
  stacked(
    'writing an entry',
    `insert into bulkhead.audit_entry (actor_kind, actor_id, action, target_type) values ('account', gen_random_uuid(), 'x.y', 'z')`,
    '42501',
  ),
  stacked('changing an entry', `update bulkhead.audit_entry set actor_id = gen_random_uuid()`, '42501'),
  stacked('removing an entry', 'delete from bulkhead.audit_entry', '42501'),
  stacked(
    'an event that passes for a change',
    `select bulkhead.audit_event('delete', 'lab.note', gen_random_uuid())`,
    '22023',
  ),
  stacked(
    'an event of a name with more in it',
    `select bulkhead.audit_event(E'a.b\\nx', 'lab.note')`,
    '22023',
  ),
  stacked(
    'an event of somebody else',
    `set local bulkhead.request = '{"actor_id": "${worlds.otherTenant.account}"}'; select bulkhead.audit_event('lab.tried', 'lab'); select actor_id from bulkhead.audit_entry where actor_id <> '${worlds.own.account}'`,
    'rows 0',
  ),
  stacked(
    'a change without a context',
    `insert into lab.folder (code) select 'x' where ${set('')} is not null`,
    '42501',
  ),
  stacked(
    'an entry of a change under another name',
    `set local application_name = 'postgres'; update lab.folder set code = code; select 1 from bulkhead.audit_entry where actor_id <> '${worlds.own.account}'`,
    'rows 0',
  ),
  stacked('the sequence of entries', `select last_value from bulkhead.audit_entry_id_seq`, '42501'),
  stacked('a number out of the sequence', `select nextval('bulkhead.audit_entry_id_seq')`, '42501'),
];
