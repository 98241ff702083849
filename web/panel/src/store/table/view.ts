/** From the market and the operator's wishes to the rows in their order. Pure. */
import type { Row } from '../../model/row';
import type { Market } from '../market';
import type { CellContext, Column } from './columns';
import { passes, type Filter } from './filter';
import { heats, type Heat } from './heat';
import { frozenOrder, movesWanted, sortRows, type Sort } from './order';

export interface View {
  readonly rows: readonly Row[];
  /** Of what is shown but no longer in the ranking (only while frozen). */
  readonly gone: ReadonlySet<string>;
  readonly wantsToMove: number;
  readonly total: number;
  readonly heat: ReadonlyMap<string, ReadonlyMap<string, Heat>>;
  readonly topScore: number;
}

export interface ViewInput {
  readonly market: Market;
  readonly filter: Filter;
  readonly sort: Sort;
  /** The one that `sort` names; null while the scanner has none of that name. */
  readonly sortColumn: Column | null;
  readonly watched: ReadonlySet<string> | null;
  /** Manipulation score from which on a contract is warned of. */
  readonly threshold: number;
  readonly context: CellContext;
  /** Columns to tint. */
  readonly columns: readonly Column[];
  /** The order to hold, with the rows as they were last seen; null when rows may move. */
  readonly held: { readonly order: readonly string[]; readonly rows: ReadonlyMap<string, Row> } | null;
}

export const EMPTY_VIEW: View = {
  rows: [], gone: new Set(), wantsToMove: 0, total: 0, heat: new Map(), topScore: 0,
};

export function buildView(input: ViewInput): View {
  const { market, context } = input;
  const all = [...market.rows.values()];
  const wantedRows = sortRows(all.filter((row) => passes(row, input.filter, input.watched, input.threshold)),
    (row) => input.sortColumn?.value(row, context) ?? null, input.sort.descending);
  const shared = { total: all.length, heat: heatMaps(all, input.columns, context), topScore: topScore(all) };
  if (input.held === null) return { ...shared, rows: wantedRows, gone: new Set(), wantsToMove: 0 };

  const wanted = wantedRows.map((row) => row.code);
  const order = frozenOrder(input.held.order, wanted);
  const rows: Row[] = [];
  const gone = new Set<string>();
  const stays = new Set(wanted);
  for (const code of order) {
    const row = market.rows.get(code) ?? input.held.rows.get(code);
    if (row === undefined) continue;
    rows.push(row);
    if (!stays.has(code)) gone.add(code);
  }
  return { ...shared, rows, gone, wantsToMove: movesWanted(rows.map((row) => row.code), wanted) };
}

function topScore(rows: readonly Row[]): number {
  return rows.reduce((top, row) => Math.max(top, row.score ?? 0), 0);
}

function heatMaps(rows: readonly Row[], columns: readonly Column[], context: CellContext) {
  const maps = new Map<string, Map<string, Heat>>();
  for (const column of columns) {
    if (column.heat === 0) continue;
    const values = rows.map((row) => {
      const value = column.value(row, context);
      return typeof value === 'number' ? value * column.heat : null;
    });
    const tints = heats(values);
    const map = new Map<string, Heat>();
    rows.forEach((row, index) => {
      const tint = tints[index];
      if (tint !== undefined && tint !== 0) map.set(row.code, tint);
    });
    maps.set(column.id, map);
  }
  return maps;
}
