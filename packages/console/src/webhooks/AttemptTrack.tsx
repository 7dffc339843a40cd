import styles from './AttemptTrack.module.css';
import { mostAttempts } from './states.ts';
import type { Delivery } from './types.ts';

const step = 8;

/** How far along its eleven attempts a delivery is; the last of those made tells how it went. */
export function AttemptTrack({ delivery: { attempts, state } }: { delivery: Delivery }) {
  const label = `${attempts} of at most ${mostAttempts} attempts`;
  return (
    <svg
      className={styles.track}
      width={mostAttempts * step}
      height={step + 2}
      viewBox={`0 0 ${mostAttempts * step} ${step + 2}`}
      role="img"
      aria-label={label}
    >
      {Array.from({ length: mostAttempts }, (_, index) => (
        <circle
          key={index}
          className={
            index >= attempts
              ? styles.left
              : index === attempts - 1 && state === 'delivered'
                ? styles.good
                : styles.done
          }
          cx={index * step + step / 2}
          cy={step / 2 + 1}
          r={index >= attempts ? 1.5 : 3}
        />
      ))}
    </svg>
  );
}
