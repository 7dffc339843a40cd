import { Link } from '@tanstack/react-router';
import type { Client } from '../client/api.ts';
import { Amount } from '../elements/Amount.tsx';
import { readableDay } from '../elements/dates.ts';
import { Tag } from '../elements/Tag.tsx';
import { useSession } from '../session/SessionGate.tsx';
import styles from './EntryItem.module.css';

export type Entry = Awaited<ReturnType<Client['books']['journal']['list']>>['items'][number];
type Posting = Entry['postings'][number];

/** A journal entry with its postings; credits are indented, as on paper. */
export function EntryItem({ entry }: { entry: Entry }) {
  const { companies, company } = useSession();
  const owner = companies.find(({ id }) => id === entry.companyId);
  return (
    <li className={styles.entry}>
      <div className={styles.head}>
        <span className={styles.number}>{entry.number}</span>
        <span className={styles.day}>{readableDay(entry.postedOn)}</span>
        <span className={styles.memo}>{entry.memo}</span>
        {company === undefined ? <span className={styles.company}>{owner?.name}</span> : null}
        <Kind entry={entry} />
      </div>
      <table className={styles.postings} aria-label={`Postings of entry ${entry.number}`}>
        <thead className={styles.hidden}>
          <tr>
            <th scope="col">Account</th>
            <th scope="col">Debit</th>
            <th scope="col">Credit</th>
          </tr>
        </thead>
        <tbody>
          {entry.postings.map((posting) => (
            <PostingRow key={posting.id} posting={posting} />
          ))}
        </tbody>
      </table>
    </li>
  );
}

function PostingRow({ posting }: { posting: Posting }) {
  const { debit, credit, ledgerAccountCode, ledgerAccountName } = posting;
  return (
    <tr>
      <td className={isZero(debit) ? styles.credited : undefined}>
        <span className={styles.code}>{ledgerAccountCode}</span> {ledgerAccountName}
      </td>
      <td className={styles.amount}>{isZero(debit) ? '' : <Amount value={debit} />}</td>
      <td className={styles.amount}>{isZero(credit) ? '' : <Amount value={credit} />}</td>
    </tr>
  );
}

function Kind({ entry: { invoiceId, kind, reversedById } }: { entry: Entry }) {
  return (
    <span className={styles.kind}>
      {reversedById === null ? null : <Tag tone="bad">reversed</Tag>}
      {invoiceId === null ? (
        kind
      ) : (
        <Link to="/invoices/$id" params={{ id: invoiceId }} className={styles.link}>
          {kind}
        </Link>
      )}
    </span>
  );
}

function isZero(amount: string): boolean {
  return /^-?0+(\.0+)?$/.test(amount);
}
