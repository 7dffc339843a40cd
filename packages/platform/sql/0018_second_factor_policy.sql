-- A tenant may ask two factors of everybody who acts in it. Who has none yet is told to add one, and reaches nothing
-- before; the tenant's own identity provider, where it signs somebody in, answers for how.

create function identity.require_second_factor(required boolean) returns void
  language plpgsql security definer
  set search_path = ''
as $body$
begin
  perform identity.require_authority(identity.begin_member_change(), 'owner');
  insert into identity.sign_in_policy as p
      (tenant_id, single_sign_on_required, break_glass_account_ids, second_factor_required)
    values (bulkhead.tenant_id(), false, '{}', required)
    on conflict on constraint sign_in_policy_one do update set
      second_factor_required = excluded.second_factor_required;
end
$body$;
comment on function identity.require_second_factor(boolean) is
  'Asks two factors of the members of the context''s tenant, or stops asking. Owners alone.';
revoke execute on function identity.require_second_factor(boolean) from public;
grant execute on function identity.require_second_factor(boolean) to bulkhead_app;
