import { readableAmount } from '../money/format.ts';
import styles from './Amount.module.css';

/** An exact amount, its currency after it where it is not plain from the table. */
export function Amount({ value, currency }: { value: string; currency?: string }) {
  return (
    <span className={styles.amount}>
      {readableAmount(value)}
      {currency === undefined ? null : <span className={styles.currency}> {currency}</span>}
    </span>
  );
}
