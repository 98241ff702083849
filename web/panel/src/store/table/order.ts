/** Which row comes where, and what happens to the order while the pointer is on it. Pure. */
import type { Row } from '../../model/row';

export interface Sort {
  readonly column: string;
  readonly descending: boolean;
}

export type SortValue = number | string | null;

/** Rows in order: unknown values last in both directions, ties by rank, then by name, so that the order is total. */
export function sortRows(rows: readonly Row[], valueOf: (row: Row) => SortValue, descending: boolean): Row[] {
  const keyed = rows.map((row) => ({ row, value: valueOf(row) }));
  keyed.sort((a, b) => {
    if (a.value === null || b.value === null) {
      if (a.value !== b.value) return a.value === null ? 1 : -1;
    } else if (a.value !== b.value) {
      const order = a.value < b.value ? -1 : 1;
      return descending ? -order : order;
    }
    const rank = (a.row.rank ?? Infinity) - (b.row.rank ?? Infinity);
    if (rank !== 0 && !Number.isNaN(rank)) return rank;
    return a.row.code < b.row.code ? -1 : 1;
  });
  return keyed.map((entry) => entry.row);
}

/** While frozen: the order of before, with newcomers at the end. Contracts that left keep their place. */
export function frozenOrder(held: readonly string[], wanted: readonly string[]): string[] {
  const known = new Set(held);
  return [...held, ...wanted.filter((code) => !known.has(code))];
}

/** How many rows must move so that `shown` becomes `wanted`: all but the longest run that is in order already. */
export function movesWanted(shown: readonly string[], wanted: readonly string[]): number {
  const place = new Map(wanted.map((code, index) => [code, index]));
  const tails: number[] = [];
  let present = 0;
  for (const code of shown) {
    const index = place.get(code);
    if (index === undefined) continue;
    ++present;
    let low = 0;
    let high = tails.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((tails[middle] as number) < index) low = middle + 1;
      else high = middle;
    }
    tails[low] = index;
  }
  const gone = shown.length - present;
  const fresh = wanted.length - present;
  return present - tails.length + gone + fresh;
}
