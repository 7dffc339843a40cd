import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { FilterBar } from '../elements/FilterBar.tsx';
import { SearchField } from '../elements/SearchField.tsx';
import { auditSearch, changed, type AuditSearch } from '../shell/search.ts';
import styles from './AuditFilters.module.css';
import { useMemberNames } from './useMemberNames.ts';

const actions = [
  'insert',
  'update',
  'soft_delete',
  'restore',
  'delete',
  'record.read',
  'permission.refuse',
  'session.start',
  'audit.export',
  'audit.erase',
];

const targetTypes = [
  'books.customer',
  'books.invoice',
  'books.invoice_line',
  'books.journal_entry',
  'books.posting',
  'books.sign_off',
  'books.ledger_account',
  'books.company_profile',
  'tenants.company',
  'identity.membership',
  'identity.invite',
];

/** Narrows the list down; what is chosen stands in the address. */
export function AuditFilters({ search }: { search: AuditSearch }) {
  const navigate = useNavigate();
  const members = useMemberNames();
  function filter(change: AuditSearch): void {
    const next = changed<Record<string, string | undefined>>(search, change);
    void navigate({ to: '/audit', search: auditSearch(next), replace: true });
  }
  return (
    <FilterBar>
      <SearchField
        label="Search before, after and detail"
        placeholder="Any text"
        value={search.text ?? ''}
        onSearch={(text) => filter({ text })}
      />
      <Choice
        label="Action"
        any="Any"
        choices={actions.map((value) => ({ value, label: value.replace('_', ' ') }))}
        value={search.action}
        onChange={(action) => filter({ action })}
      />
      <Choice
        label="On"
        any="Anything"
        choices={targetTypes.map((value) => ({ value, label: value }))}
        value={search.type}
        onChange={(type) => filter({ type })}
      />
      <Choice
        label="By"
        any="Anybody"
        choices={Array.from(members, ([value, label]) => ({ value, label }))}
        value={search.actor}
        onChange={(actor) => filter({ actor })}
      />
      <Day label="From" value={search.from} onChange={(from) => filter({ from })} />
      <Day label="To" value={search.to} onChange={(to) => filter({ to })} />
      {search.target === undefined ? null : <span className={styles.target}>One record only</span>}
      {search.request === undefined ? null : <span className={styles.target}>One request only</span>}
      {Object.keys(search).length === 0 ? null : (
        <Button variant="default" onClick={() => void navigate({ to: '/audit', search: {}, replace: true })}>
          Clear
        </Button>
      )}
    </FilterBar>
  );
}

type ChoiceProps = {
  label: string;
  /** What the absence of a choice is called. */
  any: string;
  choices: { value: string; label: string }[];
  value: string | undefined;
  onChange: (value: string) => void;
};

function Choice({ label, any, choices, value, onChange }: ChoiceProps) {
  // An address may name something that is not offered, such as a former member.
  const known = value === undefined || choices.some((choice) => choice.value === value);
  return (
    <NativeSelect
      label={label}
      value={value ?? ''}
      onChange={(event) => onChange(event.currentTarget.value)}
      data={[{ value: '', label: any }, ...choices, ...(known ? [] : [{ value, label: value }])]}
    />
  );
}

type DayProps = { label: string; value: string | undefined; onChange: (value: string) => void };

function Day({ label, value = '', onChange }: DayProps) {
  return (
    <TextInput
      type="date"
      label={label}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
