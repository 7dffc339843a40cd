import type { ReportedAttack, ReportedCell } from './report.ts';

/** Tables down, attacks across; `null` where an attack was not tried on a table. */
export type Grid = {
  attacks: readonly ReportedAttack[];
  rows: readonly { table: string; cells: readonly (ReportedCell | null)[] }[];
};

/** Arranges cells, tables in the order in which they come. */
export function arrange(attacks: readonly ReportedAttack[], cells: readonly ReportedCell[]): Grid {
  const tables = new Map<string, Map<string, ReportedCell>>();
  for (const cell of cells) {
    const row = tables.get(cell.table) ?? new Map<string, ReportedCell>();
    tables.set(cell.table, row.set(cell.attack, cell));
  }
  return {
    attacks,
    rows: [...tables].map(([table, row]) => ({
      table,
      cells: attacks.map(({ id }) => row.get(id) ?? null),
    })),
  };
}

export type Mark = 'refused' | 'leaked' | 'accepted' | 'inconclusive' | 'none';

/** How a cell is shown: a leak that the baseline accepts is neither a refusal nor news. */
export function markOf(cell: ReportedCell | null): Mark {
  if (cell === null || cell.verdict === 'not applicable') return 'none';
  if (cell.verdict === 'refused') return 'refused';
  return cell.accepted === null ? cell.verdict : 'accepted';
}

export const marks: Readonly<Record<Mark, { sign: string; meaning: string }>> = {
  refused: { sign: '.', meaning: 'refused' },
  leaked: { sign: 'X', meaning: 'leaked' },
  accepted: { sign: '+', meaning: 'accepted in the baseline' },
  inconclusive: { sign: '?', meaning: 'inconclusive' },
  none: { sign: '-', meaning: 'does not apply' },
};

/** Short heading of the n-th attack: a to z, A to Z, then a1, b1 … */
export function letterOf(index: number): string {
  const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
  const round = Math.floor(index / letters.length);
  return `${letters[index % letters.length] ?? ''}${round === 0 ? '' : round}`;
}
