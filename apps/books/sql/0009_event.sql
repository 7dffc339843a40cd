-- What the tenants' own systems are told of. It is queued by trigger, in the transaction in which it happens, so that no
-- way to submit an invoice (by hand, by import, by whatever comes) can forget it.

create function books.tell_invoice() returns trigger
  language plpgsql
  set search_path = ''
as $body$
declare
  digits constant smallint := (select c.minor_units from books.currency c where c.code = new.currency);
begin
  perform webhooks.emit('books.invoice.' || new.status, new.company_id, json_build_object(
    'id', new.id, 'companyId', new.company_id, 'number', new.number, 'customerId', new.customer_id,
    'customerName', new.customer_name, 'reference', new.reference, 'issuedOn', new.issued_on, 'dueOn', new.due_on,
    'currency', new.currency, 'net', round(new.net, digits)::text, 'tax', round(new.tax, digits)::text,
    'total', round(new.total, digits)::text, 'cancelledOn', new.cancelled_on, 'cancelReason', new.cancel_reason));
  return null;
end
$body$;
comment on function books.tell_invoice() is 'Queues books.invoice.submitted and books.invoice.cancelled.';
create trigger invoice_tell after update on books.invoice for each row
  when (new.status is distinct from old.status) execute function books.tell_invoice();
comment on trigger invoice_tell on books.invoice is 'Every change of an invoice''s state is an event.';

create function books.tell_sign_off() returns trigger
  language plpgsql
  set search_path = ''
as $body$
begin
  perform webhooks.emit('books.period.signed-off', new.company_id, json_build_object(
    'periodId', new.period_id, 'companyId', new.company_id, 'closedThrough', new.closed_through));
  return null;
end
$body$;
comment on function books.tell_sign_off() is 'Queues books.period.signed-off.';
create trigger sign_off_tell after insert on books.sign_off for each row execute function books.tell_sign_off();
comment on trigger sign_off_tell on books.sign_off is 'Every sign-off is an event.';

revoke execute on function books.tell_invoice(), books.tell_sign_off() from public;
