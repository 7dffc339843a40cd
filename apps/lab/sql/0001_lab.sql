-- The lab of the demo: what a visitor tries to steal, and what was tried.

create schema lab;
comment on schema lab is 'The demo''s lab: secrets behind a deliberately injectable query, and the attempts to steal them.';

create table lab.secret (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null default bulkhead.claimed_tenant_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  title text not null,
  secret text not null,
  constraint secret_pkey primary key (tenant_id, id),
  constraint secret_title_unique unique (tenant_id, title),
  constraint secret_title_length check (length(title) between 1 and 200),
  constraint secret_secret_length check (length(secret) between 1 and 200)
);
comment on table lab.secret is 'A tenant''s secrets, protected as any business table is.';
comment on column lab.secret.id is 'Identity.';
comment on column lab.secret.tenant_id is 'Whose it is.';
comment on column lab.secret.created_at is 'When it was made.';
comment on column lab.secret.updated_at is 'When it was changed last.';
comment on column lab.secret.deleted_at is 'When it was marked deleted.';
comment on column lab.secret.title is 'What the lab''s search box looks through.';
comment on column lab.secret.secret is 'The prize; made anew in every demo.';

select bulkhead.protect_table('lab.secret', 'tenant', '{"write": "none", "audit": false}');

create table lab.attempt (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null default bulkhead.claimed_tenant_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  account_id uuid not null default bulkhead.claimed_account_id(),
  account_name text not null,
  target text not null,
  input text not null,
  outcome text not null,
  row_count integer not null,
  foreign_secrets integer not null,
  sqlstate text,
  message text,
  constraint attempt_pkey primary key (tenant_id, id),
  constraint attempt_account_name_length check (length(account_name) between 1 and 200),
  constraint attempt_target_known check (target in ('sealed', 'plain')),
  constraint attempt_input_length check (length(input) <= 2000),
  constraint attempt_outcome_known check (outcome in ('rows', 'refused', 'error', 'stopped')),
  constraint attempt_row_count_positive check (row_count >= 0),
  constraint attempt_foreign_secrets_positive check (foreign_secrets >= 0),
  constraint attempt_sqlstate_form check (sqlstate ~ '^[0-9A-Z]{5}$'),
  constraint attempt_message_length check (length(message) <= 500)
);
comment on table lab.attempt is 'What was tried in the lab, and what came of it. The server keeps a tenant''s newest 500.';
comment on column lab.attempt.id is 'Identity.';
comment on column lab.attempt.tenant_id is 'The tenant it was tried as.';
comment on column lab.attempt.created_at is 'When.';
comment on column lab.attempt.updated_at is 'When it was written; entries do not change.';
comment on column lab.attempt.deleted_at is 'Never set: old entries are removed.';
comment on column lab.attempt.account_id is 'Who tried.';
comment on column lab.attempt.account_name is 'Their name at that time.';
comment on column lab.attempt.target is 'sealed: the protected table; plain: the copy behind a plain setting.';
comment on column lab.attempt.input is 'What was typed into the search box.';
comment on column lab.attempt.outcome is
  'rows: Postgres answered; refused: it said 42501; error: it said anything else; stopped: a limit of the lab ended it.';
comment on column lab.attempt.row_count is 'Rows that came back.';
comment on column lab.attempt.foreign_secrets is 'Secrets of other tenants that stood in the answer.';
comment on column lab.attempt.sqlstate is 'What Postgres said, as a code; null when it answered.';
comment on column lab.attempt.message is 'What Postgres said, or which limit ended it; null when it answered.';
create index attempt_newest on lab.attempt (tenant_id, created_at desc);
comment on index lab.attempt_newest is 'The newest attempts, and the oldest that are to go.';

select bulkhead.protect_table('lab.attempt', 'tenant', '{"write": "append", "delete": "hard", "audit": false}');
select bulkhead.guard_schema('lab');
grant usage on schema lab to bulkhead_app;
