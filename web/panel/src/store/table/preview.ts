/** What other weights would do to the order on screen, before anything is saved. Pure. */
import type { Weights } from '../../model/operator';
import type { Row } from '../../model/row';

export interface Previewed {
  readonly code: string;
  readonly score: number;
  readonly rank: number;
  readonly newScore: number;
  readonly newRank: number;
}

const clamped = (edge: number | null): number => Math.max(-3, Math.min(3, edge ?? 0));

/** How far the score of the row moves: the three weights enter it linearly (docs/metrics.md). */
function shift(row: Row, before: Weights, after: Weights): number {
  const by = (name: keyof Weights): number => (after[name] ?? 0) - (before[name] ?? 0);
  return by('liquidity') * clamped(row.liquidity_edge) + by('momentum') * clamped(row.momentum_edge) -
    by('spread') * (row.spread_bps ?? 0);
}

/** Ranked rows in their new order; ties as the service breaks them. */
export function preview(rows: Iterable<Row>, before: Weights, after: Weights): Previewed[] {
  const ranked = [...rows].filter((row) => row.score !== null && row.rank !== null);
  const moved = ranked.map((row) => ({ row, score: (row.score ?? 0) + shift(row, before, after) }));
  moved.sort((a, b) => b.score - a.score || (b.row.qvol_usdt ?? 0) - (a.row.qvol_usdt ?? 0) ||
    (a.row.symbol < b.row.symbol ? -1 : 1));
  return moved.map(({ row, score }, index) => ({
    code: row.code, score: row.score ?? 0, rank: row.rank ?? 0, newScore: score, newRank: index + 1,
  }));
}
