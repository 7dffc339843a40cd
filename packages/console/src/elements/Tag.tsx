import styles from './Tag.module.css';

/** How a state is taken: settled, gone, or not yet anything. */
export type Tone = 'good' | 'bad' | 'plain';

/** A state in one word; the word tells it, the colour only helps. */
export function Tag({ tone, children }: { tone: Tone; children: string }) {
  return (
    <span className={styles.tag} data-tone={tone}>
      {children}
    </span>
  );
}
