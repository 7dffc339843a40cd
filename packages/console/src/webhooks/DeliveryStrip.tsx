import styles from './DeliveryStrip.module.css';
import { stateWords } from './states.ts';
import type { Delivery, DeliveryState } from './types.ts';

const slots = 40;
const width = 8;
const height = 32;
const order: readonly DeliveryState[] = ['delivered', 'pending', 'dead', 'held'];

/**
 * The last deliveries, the oldest left. Each state has a shape of its own, so that no colour is needed to tell them
 * apart: a full bar arrived, a hollow one waits, a short one below the line was given up, a dot is held.
 */
export function DeliveryStrip({ deliveries }: { deliveries: readonly Delivery[] }) {
  const shown = deliveries.slice(0, slots).toReversed();
  const present = order.filter((state) => shown.some((delivery) => delivery.state === state));
  if (shown.length === 0) return null;
  return (
    <div>
      <svg
        className={styles.strip}
        width={slots * width}
        height={height}
        viewBox={`0 0 ${slots * width} ${height}`}
        role="img"
        aria-label={summary(shown)}
      >
        <line className={styles.base} x1="0" x2={slots * width} y1="22.5" y2="22.5" />
        {shown.map(({ id, state }, place) => (
          <Mark key={id} state={state} x={(slots - shown.length + place) * width} />
        ))}
      </svg>
      <ul className={styles.legend}>
        {present.map((state) => (
          <li key={state}>
            <svg width={width} height={height / 2} viewBox={`0 8 ${width} ${height - 8}`} aria-hidden>
              <Mark state={state} x={0} />
            </svg>
            {stateWords[state].word}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Mark({ state, x }: { state: DeliveryState; x: number }) {
  if (state === 'delivered')
    return <rect className={styles.delivered} x={x + 1} y="4" width="6" height="18" rx="1" />;
  if (state === 'pending')
    return <rect className={styles.pending} x={x + 1.75} y="10.75" width="4.5" height="11" rx="1" />;
  if (state === 'dead') return <rect className={styles.dead} x={x + 1} y="23" width="6" height="9" rx="1" />;
  return <circle className={styles.held} cx={x + 4} cy="22.5" r="2.5" />;
}

function summary(shown: readonly Delivery[]): string {
  const counts = order.map(
    (state) => [stateWords[state].word, shown.filter((one) => one.state === state).length] as const,
  );
  const told = counts
    .filter(([, count]) => count > 0)
    .map(([word, count]) => `${count} ${word.toLowerCase()}`);
  return `The last ${shown.length}: ${told.join(', ')}`;
}
