import { ScrollRegion } from '../elements/ScrollRegion.tsx';
import { Tag } from '../elements/Tag.tsx';
import styles from './Isolation.module.css';
import type { AttackDone } from './useAttack.ts';

type Cell = AttackDone['cells'][number];
/** A side channel tells numbers of rows to one who runs SQL of their own, never contents: no leak among leaks. */
type Mark = Cell['verdict'] | 'numbers only';

const signs: Record<Mark, string> = {
  refused: '\u2713',
  leaked: '\u2717',
  'numbers only': '#',
  inconclusive: '?',
  'not applicable': '\u00b7',
};

/** Tables down, attacks across; below it what leaked, with the SQL that shows it, and what stayed open. */
export function AttackGrid({ result }: { result: AttackDone }) {
  const tables = [...new Set(result.cells.map(({ table }) => table))];
  const sideChannels = new Set(
    result.attacks.filter(({ threat }) => threat === 'side channel').map(({ id }) => id),
  );
  const markOf = ({ verdict, attack }: Cell): Mark =>
    verdict === 'leaked' && sideChannels.has(attack) ? 'numbers only' : verdict;
  const count = (mark: Mark): number => result.cells.filter((cell) => markOf(cell) === mark).length;
  const found = new Map(result.cells.map((cell) => [`${cell.table}\n${cell.attack}`, cell]));
  return (
    <>
      <Summary result={result} count={count} />
      <ScrollRegion label="Attacks by table">
        <table className={styles.grid}>
          <thead>
            <tr>
              <th scope="col">Table</th>
              {result.attacks.map(({ id, title }) => (
                <th key={id} scope="col" title={title} className={styles.attack}>
                  <span>{id}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {tables.map((table) => (
              <tr key={table}>
                <th scope="row">{table}</th>
                {result.attacks.map(({ id }) => (
                  <GridCell key={id} cell={found.get(`${table}\n${id}`)} markOf={markOf} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
      <Leaks cells={result.cells.filter((cell) => markOf(cell) === 'leaked')} />
      <Leaks cells={result.cells.filter((cell) => markOf(cell) === 'numbers only')} />
      <Open cells={result.cells.filter(({ verdict }) => verdict === 'inconclusive')} />
      {result.unseen.map(({ what, why }) => (
        <p key={`${what} ${why}`} className={styles.text}>
          Not seen: {what}: {why}
        </p>
      ))}
    </>
  );
}

function Summary({ result, count }: { result: AttackDone; count: (mark: Mark) => number }) {
  return (
    <p className={styles.summary}>
      <Tag tone={count('leaked') === 0 ? 'good' : 'bad'}>{`\u2717 ${count('leaked')} leaked`}</Tag>
      <Tag tone="good">{`\u2713 ${count('refused')} refused`}</Tag>
      <Tag tone="plain">{`# ${count('numbers only')} numbers only`}</Tag>
      <Tag tone="plain">{`? ${count('inconclusive')} inconclusive`}</Tag>
      <span>
        {result.cells.length} attacks as {result.role} in {result.seconds} s
      </span>
    </p>
  );
}

type GridCellProps = { cell: Cell | undefined; markOf: (cell: Cell) => Mark };

function GridCell({ cell, markOf }: GridCellProps) {
  const mark = cell === undefined ? 'not applicable' : markOf(cell);
  const detail = [mark, cell?.evidence, cell?.reason].filter(Boolean).join(': ');
  return (
    <td data-mark={mark} title={detail}>
      <span aria-hidden>{signs[mark]}</span>
      <span className={styles.hidden}>{mark}</span>
    </td>
  );
}

function Leaks({ cells }: { cells: readonly Cell[] }) {
  return cells.map(({ table, attack, evidence, reproduction }) => (
    <details key={`${table} ${attack}`} className={styles.detail}>
      <summary>
        {table}, {attack}: {evidence}
      </summary>
      {reproduction === null ? null : (
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- only what can be focused can be scrolled by keyboard
        <pre className={styles.script} tabIndex={0}>
          {reproduction}
        </pre>
      )}
    </details>
  ));
}

/** What nothing could be said of, by reason. */
function Open({ cells }: { cells: readonly Cell[] }) {
  if (cells.length === 0) return null;
  const reasons = Map.groupBy(cells, ({ reason }) => reason ?? 'no reason was given');
  return (
    <details className={styles.detail}>
      <summary>What stayed open, and why</summary>
      <ul className={styles.reasons}>
        {[...reasons].map(([reason, held]) => (
          <li key={reason}>
            {held.length}: {reason}
          </li>
        ))}
      </ul>
    </details>
  );
}
