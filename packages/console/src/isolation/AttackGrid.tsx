import { ScrollRegion } from '../elements/ScrollRegion.tsx';
import { Tag } from '../elements/Tag.tsx';
import styles from './Isolation.module.css';
import type { AttackDone } from './useAttack.ts';

type Cell = AttackDone['cells'][number];
type Verdict = Cell['verdict'];

const signs: Record<Verdict, string> = {
  refused: '\u2713',
  leaked: '\u2717',
  inconclusive: '?',
  'not applicable': '\u00b7',
};

/** Tables down, attacks across; below it what leaked, with the SQL that shows it, and what stayed open. */
export function AttackGrid({ result }: { result: AttackDone }) {
  const tables = [...new Set(result.cells.map(({ table }) => table))];
  const count = (verdict: Verdict): number => result.cells.filter((cell) => cell.verdict === verdict).length;
  const found = new Map(result.cells.map((cell) => [`${cell.table}\n${cell.attack}`, cell]));
  return (
    <>
      <p className={styles.summary}>
        <Tag tone={count('leaked') === 0 ? 'good' : 'bad'}>{`${count('leaked')} leaked`}</Tag>
        <Tag tone="good">{`${count('refused')} refused`}</Tag>
        <Tag tone="plain">{`${count('inconclusive')} inconclusive`}</Tag>
        <span>
          {result.cells.length} attacks as {result.role} in {result.seconds} s
        </span>
      </p>
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
                  <GridCell key={id} cell={found.get(`${table}\n${id}`)} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
      <Details cells={result.cells} />
      {result.unseen.map(({ what, why }) => (
        <p key={`${what} ${why}`} className={styles.text}>
          Not seen: {what}: {why}
        </p>
      ))}
    </>
  );
}

function GridCell({ cell }: { cell: Cell | undefined }) {
  const verdict = cell?.verdict ?? 'not applicable';
  const detail = [verdict, cell?.evidence, cell?.reason].filter(Boolean).join(': ');
  return (
    <td data-verdict={verdict} title={detail}>
      <span aria-hidden>{signs[verdict]}</span>
      <span className={styles.hidden}>{verdict}</span>
    </td>
  );
}

function Details({ cells }: { cells: readonly Cell[] }) {
  const told = cells.filter(({ verdict }) => verdict === 'leaked' || verdict === 'inconclusive');
  return told.map(({ table, attack, verdict, evidence, reason, reproduction }) => (
    <details key={`${table} ${attack}`} className={styles.detail}>
      <summary>
        {table}, {attack}: {verdict}
      </summary>
      <p className={styles.text}>{[evidence, reason].filter(Boolean).join(': ')}</p>
      {reproduction === null ? null : <pre className={styles.script}>{reproduction}</pre>}
    </details>
  ));
}
