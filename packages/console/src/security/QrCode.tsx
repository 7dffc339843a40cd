import { encode } from 'uqr';
import styles from './QrCode.module.css';

/** A QR code as one path: no image to fetch, no style or script to allow. */
export function QrCode({ text, label }: { text: string; label: string }) {
  const { data, size } = encode(text, { ecc: 'M', border: 4 });
  const path = data
    .flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : [])))
    .join('');
  return (
    <svg
      className={styles.code}
      viewBox={`0 0 ${size} ${size}`}
      shapeRendering="crispEdges"
      role="img"
      aria-label={label}
    >
      <rect className={styles.ground} width={size} height={size} />
      <path className={styles.dots} d={path} />
    </svg>
  );
}
