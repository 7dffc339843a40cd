-- Rate limits that several servers share, where there is no Redis. The table is unlogged: a count is worth nothing a
-- minute later, and counting must not wait for the disk. A crash of the database forgets the counts; what a server
-- granted by itself it remembers.

create schema edge;
comment on schema edge is 'What stands between the internet and the service.';
grant usage on schema edge to bulkhead_identity, bulkhead_worker;

create unlogged table edge.rate_window (
  key_hash bytea not null,
  taken integer not null,
  ends_at timestamptz not null,
  constraint rate_window_pkey primary key (key_hash),
  constraint rate_window_key_length check (octet_length(key_hash) = 32),
  constraint rate_window_taken_range check (taken between 0 and 1000000000)
) with (fillfactor = 50);
create index rate_window_end_idx on edge.rate_window (ends_at);
comment on table edge.rate_window is 'How much of a limit is taken by one caller in the window that runs.';
comment on index edge.rate_window_end_idx is 'Windows that ended, to be purged.';
comment on column edge.rate_window.key_hash is 'HMAC of the limit and the caller, keyed outside the database: tells neither.';
comment on column edge.rate_window.taken is 'Points asked for in this window, granted or not.';
comment on column edge.rate_window.ends_at is 'When the window ends; the next request then begins another.';

-- One statement, one row lock: however many servers ask at once, each sees what the others took.
create function edge.take_points(caller bytea, points integer, seconds integer, at timestamptz)
  returns table (taken integer, ends_at timestamptz)
  language sql
  security definer
  set search_path = ''
as $body$
  insert into edge.rate_window as w (key_hash, taken, ends_at)
    values (
      caller,
      least(greatest(points, 1), 1000000),
      at + make_interval(secs => least(greatest(seconds, 1), 86400))
    )
    on conflict on constraint rate_window_pkey do update set
      taken = case when w.ends_at <= at then excluded.taken else least(w.taken + excluded.taken, 1000000000) end,
      ends_at = case when w.ends_at <= at then excluded.ends_at else w.ends_at end
    returning w.taken, w.ends_at
$body$;
comment on function edge.take_points(bytea, integer, integer, timestamptz) is
  'Takes 1 to 1,000,000 points of a caller''s limit for a window of 1 to 86,400 seconds; returns what is taken now and when that window ends.';

create function edge.purge_rate_windows(before timestamptz) returns bigint
  language sql
  security definer
  set search_path = ''
as $body$
  with purged as (
    delete from edge.rate_window w where w.ends_at < least(before, now()) returning 1
  )
  select count(*) from purged
$body$;
comment on function edge.purge_rate_windows(timestamptz) is
  'Deletes windows that ended before an instant, none that runs; returns how many.';

-- How many servers share the limits is configured, and each admits its part alone while the store is away. Here they count
-- themselves, so that a number that was right once does not stay wrong unseen.
create unlogged table edge.server_beat (
  server_id uuid not null,
  seen_at timestamptz not null,
  constraint server_beat_pkey primary key (server_id)
);
comment on table edge.server_beat is 'Servers that run: each writes its row again and again. Lost in a crash, and there again within a minute.';
comment on column edge.server_beat.server_id is 'One start of one server process.';
comment on column edge.server_beat.seen_at is 'When it last said that it runs.';
select bulkhead.exempt_table('edge.server_beat', 'Of the installation, not of a tenant.');

create function edge.beat(server uuid) returns integer
  language plpgsql
  security definer
  set search_path = ''
as $body$
declare
  at constant timestamptz := clock_timestamp();
begin
  insert into edge.server_beat (server_id, seen_at) values (server, at)
    on conflict on constraint server_beat_pkey do update set seen_at = excluded.seen_at;
  delete from edge.server_beat b where b.seen_at < at - interval '1 hour';
  return (select count(*) from edge.server_beat b where b.seen_at > at - interval '3 minutes');
end
$body$;
comment on function edge.beat(uuid) is
  'Says that a server runs; returns how many said so within three minutes. One that is to be heard says it every minute.';

revoke execute on function edge.beat(uuid), edge.take_points(bytea, integer, integer, timestamptz),
  edge.purge_rate_windows(timestamptz) from public;
grant execute on function edge.take_points(bytea, integer, integer, timestamptz) to bulkhead_identity;
grant execute on function edge.purge_rate_windows(timestamptz), edge.beat(uuid) to bulkhead_worker;

select bulkhead.exempt_table('edge.rate_window', 'Counted before a tenant is known.');
select bulkhead.guard_schema('edge');
