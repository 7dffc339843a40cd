/** What each runtime role may do in the platform's schemas; `src/privileges.test.ts` holds the catalog to it. */
export const roles = ['bulkhead_app', 'bulkhead_identity', 'bulkhead_worker', 'bulkhead_auditor'];

// What each runtime role may do, column by column; a table or role that is not named may do nothing. A new table
// fails this test until somebody writes down who may touch it.
export const expected: Record<string, Record<string, string>> = {
  'billing.checkout': {},
  'billing.customer': {},
  'billing.invoice': {},
  'billing.price': { bulkhead_app: 'select(*)' },
  'billing.standing': { bulkhead_app: 'select(*)' },
  'billing.subscription': {},
  'edge.allowed_origin': { bulkhead_app: 'select(*)' },
  'edge.origin_directory': {},
  'edge.private_target': {},
  'edge.rate_window': {},
  'edge.server_beat': {},
  'identity.account': {
    bulkhead_identity:
      'select(*) insert(created_at, email, email_normalised, id, name) update(email, email_normalised, email_verified_at)',
  },
  'identity.api_key': { bulkhead_app: 'select(*)' },
  'identity.api_key_secret': { bulkhead_identity: 'select(*) update(last_used_at, last_used_ip)' },
  'identity.connection': {
    bulkhead_app: 'select(*)',
    bulkhead_identity:
      'select(config, created_at, deleted_at, enabled, id, just_in_time, name, protocol, role_claim, tenant_id)',
  },
  'identity.connection_directory': { bulkhead_identity: 'select(*)' },
  'identity.domain': {
    bulkhead_app: 'select(*)',
    bulkhead_identity: 'select(challenge, deleted_at, id, name, tenant_id)',
  },
  'identity.domain_owner': { bulkhead_identity: 'select(*)', bulkhead_worker: 'select(*)' },
  'identity.factor_attempt': {
    bulkhead_identity: 'select(*) insert(account_id, attempted_at, id, use) update(failed)',
  },
  'identity.invite': { bulkhead_app: 'select(*)' },
  'identity.link_request': {
    bulkhead_identity:
      'select(*) insert(created_at, detail, expires_at, id, type) update(answered_at, detail)',
  },
  'identity.membership': {
    bulkhead_app: 'select(*)',
    bulkhead_identity: 'select(account_id, company_ids, deleted_at, id, module_roles, role, tenant_id)',
  },
  'identity.membership_directory': {},
  'identity.one_time_token': {
    bulkhead_identity:
      'select(*) insert(account_id, browser_hash, created_at, email, email_normalised, expires_at, id, target_id, ' +
      'token_hash, type) update(consumed_at)',
  },
  'identity.operator_entry': { bulkhead_app: 'select(*)' },
  'identity.operator': { bulkhead_identity: 'select(account_id, revoked_at)' },
  'identity.passkey': {
    bulkhead_identity:
      'select(*) insert(account_id, backed_up, backup_eligible, created_at, credential_id, id, label, public_key, ' +
      'sign_count, transports) update(backed_up, label, last_used_at, removed_at, sign_count)',
  },
  'identity.passkey_challenge': {
    bulkhead_identity:
      'select(*) insert(account_id, challenge_hash, created_at, expires_at, id, pending_sign_in_id, purpose, session_id) ' +
      'update(consumed_at)',
  },
  'identity.password': {
    bulkhead_identity: 'select(*) insert(*) update(changed_at, hash, needs_factor)',
  },
  'identity.pending_sign_in': {
    bulkhead_identity:
      'select(*) insert(account_id, connection_id, created_at, expires_at, id, methods, session_ends_at, token_hash, ' +
      'verified_by) ' +
      'update(attempts, consumed_at)',
  },
  'identity.provider_client': { bulkhead_identity: 'select(*)' },
  'identity.provider_client_secret': { bulkhead_identity: 'select(*)' },
  'identity.provider_record': {
    bulkhead_identity:
      'select(*) insert(created_at, expires_at, grant_hash, id_hash, model, payload_encrypted, session_id, uid_hash) ' +
      'update(consumed_at, ended_at, expires_at, grant_hash, payload_encrypted, session_id, uid_hash)',
  },
  'identity.provider_sign_in': {
    bulkhead_identity:
      'select(*) insert(client_id, created_at, session_id, sid, tenant_id) update(sid, tenant_id)',
  },
  'identity.provider_link': { bulkhead_identity: 'select(*) insert(*) update(last_used_at)' },
  'identity.recovery_code': {
    bulkhead_identity:
      'select(*) insert(account_id, code_hash, created_at, id) update(used_at, withdrawn_at)',
  },
  'identity.refresh_token': {
    bulkhead_identity:
      'select(*) insert(created_at, expires_at, id, predecessor_id, session_id, token_hash) ' +
      'update(successor_encrypted, successor_grace_until, used_at)',
  },
  'identity.saml_assertion': { bulkhead_identity: 'select(*) insert(*)' },
  'identity.saml_key': { bulkhead_identity: 'select(*) insert(*) update(private_key_encrypted)' },
  'identity.saml_provider': { bulkhead_identity: 'select(*)', bulkhead_worker: 'select(*)' },
  'identity.session': {
    bulkhead_identity:
      'select(*) insert(absolute_expires_at, account_id, acr, amr, auth_time, confined_tenant_id, ' +
      'connection_id, created_at, device_hash, id, idle_expires_at, ip, ' +
      'last_seen_at, token_hash, user_agent) update(acr, amr, auth_time, break_glass_tenants, ended_at, ended_reason, idle_expires_at, last_seen_at, token_hash)',
  },
  'identity.sign_in_failure': {
    bulkhead_identity:
      'select(*) insert(account_hash, address_hash, ip, occurred_at) update(failed_at, released_at)',
  },
  'identity.sign_in_flow': {
    bulkhead_identity:
      'select(*) insert(account_id, browser_hash, connection_id, created_at, expires_at, id, provider, purpose, ' +
      'return_path, secrets_encrypted, session_id, state_hash) update(answer_encrypted, consumed_at)',
  },
  'identity.sign_in_policy': {
    bulkhead_app: 'select(*)',
    bulkhead_identity:
      'select(break_glass_account_ids, second_factor_required, single_sign_on_required, tenant_id)',
  },
  'identity.signing_key': {
    bulkhead_identity:
      'select(*) insert(algorithm, created_at, current_since, id, private_encrypted, public_key, state) ' +
      'update(current_since, private_encrypted, published_until, retired_at, state)',
  },
  'identity.totp_factor': {
    bulkhead_identity:
      'select(*) insert(account_id, created_at, id, label, secret_encrypted) ' +
      'update(confirmed_at, label, last_step, last_used_at, removed_at, secret_encrypted)',
  },
  'mail.message': {
    bulkhead_worker: 'select(*) update(attempts, content, error, finished_at, next_attempt_at, state)',
  },
  'tenants.audit_view': {
    bulkhead_app: 'select(*) insert(*) update(deleted_at, filter, name)',
  },
  'tenants.company': {
    bulkhead_app: 'select(*) insert(*) update(deleted_at, name)',
  },
  'tenants.isolation_figure': {},
  'tenants.usage_holder': {},
  'tenants.usage_hour': { bulkhead_app: 'select(*)' },
  'tenants.tenant_tier': { bulkhead_app: 'select(*)' },
  'tenants.tier': { bulkhead_app: 'select(*)' },
  'tenants.tenant': {
    bulkhead_app: 'select(*) update(name)',
    bulkhead_identity: 'select(deleted_at, id, name, tenant_id)',
  },
  'webhooks.attempt': {},
  'webhooks.delivery': {},
  'webhooks.endpoint': { bulkhead_app: 'select(*)' },
  'webhooks.endpoint_health': {},
  'webhooks.endpoint_secret': {},
  'webhooks.event': {},
  'webhooks.received_event': {},
  'webhooks.source': { bulkhead_app: 'select(*)' },
  'webhooks.source_directory': { bulkhead_identity: 'select(*)' },
  'webhooks.source_secret': {},
};

export const expectedFunctions: Record<string, string[]> = {
  bulkhead_app: [
    'billing.own_customer',
    'edge.allow_origin',
    'edge.private_targets',
    'edge.withdraw_origin',
    'identity.add_domain',
    'identity.api_keys',
    'identity.change_connection',
    'identity.change_member',
    'identity.create_api_key',
    'identity.create_connection',
    'identity.create_invite',
    'identity.domains',
    'identity.end_operator_entry',
    'identity.enter_tenant',
    'identity.members',
    'identity.remove_connection',
    'identity.remove_domain',
    'identity.remove_member',
    'identity.require_second_factor',
    'identity.revoke_api_key',
    'identity.revoke_invite',
    'identity.saml_providers',
    'identity.set_saml_provider',
    'identity.set_sign_in_policy',
    'mail.post',
    'tenants.own_isolation',
    'tenants.own_tier',
    'webhooks.add_secret',
    'webhooks.attempts',
    'webhooks.change_endpoint',
    'webhooks.change_source',
    'webhooks.create_endpoint',
    'webhooks.create_source',
    'webhooks.deliveries',
    'webhooks.emit',
    'webhooks.end_secret',
    'webhooks.endpoints',
    'webhooks.received_events',
    'webhooks.remove_endpoint',
    'webhooks.remove_source',
    'webhooks.replay',
    'webhooks.replay_events',
    'webhooks.rotate_secret',
    'webhooks.send_test',
    'webhooks.settle_event',
    'webhooks.sources',
  ],
  bulkhead_identity: [
    'billing.open_checkout',
    'edge.is_origin_named',
    'edge.take_points',
    'identity.accept_invite',
    'identity.acting_operator',
    'identity.api_key_of_context',
    'identity.begin_sign_in',
    'identity.connection_of_context',
    'identity.connection_vouches_for',
    'identity.connections_of_context',
    'identity.count_address_failures',
    'identity.count_sign_in_failures',
    'identity.create_provider_client',
    'identity.domain_of_context',
    'identity.exchange_refresh_token',
    'identity.fail_sign_in',
    'identity.find_tenants',
    'identity.is_sign_in_locked',
    'identity.join_by_connection',
    'identity.memberships_of_context',
    'identity.memberships_of_session',
    'identity.operator_entry_of_context',
    'identity.record_event',
    'identity.record_saml_refusal',
    'identity.release_sign_in',
    'identity.remove_provider_client',
    'identity.rotate_provider_client_secret',
    'identity.sign_in_standing',
    'identity.sign_in_subject',
    'identity.tell_broken_glass',
    'identity.unlink_provider',
    'identity.verify_domain',
    'identity.view_invite',
    'identity.write_event',
    'mail.post',
    'tenants.create_tenant',
    'webhooks.receive_events',
    'webhooks.source_of_context',
  ],
  bulkhead_worker: [
    'billing.assess',
    'billing.claim_checks',
    'billing.complete_checkout',
    'billing.due_reviews',
    'billing.finish_check',
    'billing.note_invoice',
    'billing.note_subscription',
    'billing.tenant_of',
    'edge.beat',
    'edge.purge_rate_windows',
    'identity.claim_provider_logouts',
    'identity.claim_saml_refresh',
    'identity.expire_provider_sign_ins',
    'identity.finish_provider_logout',
    'identity.forget_sign_in_failures',
    'identity.purge_challenges',
    'identity.purge_links',
    'identity.purge_provider_records',
    'identity.purge_saml_assertions',
    'identity.purge_sign_in_flows',
    'identity.record_domain_check',
    'identity.record_saml_refresh',
    'mail.post',
    'mail.purge_messages',
    'tenants.all_isolation',
    'tenants.forget_usage',
    'tenants.old_usage',
    'tenants.record_isolation',
    'tenants.record_usage',
    'tenants.set_tier',
    'webhooks.claim_deliveries',
    'webhooks.claim_events',
    'webhooks.claim_notice',
    'webhooks.fail_event',
    'webhooks.open_delivery',
    'webhooks.open_notice',
    'webhooks.purge_deliveries',
    'webhooks.purge_received',
    'webhooks.record_attempt',
    'webhooks.settle_event',
  ],
  bulkhead_auditor: [],
};
