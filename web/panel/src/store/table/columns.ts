/** Every column that the table can show. */
import { cellOf, type Row } from '../../model/row';
import { age, compact, DASH, fixed, milliseconds, shortPrice, signed } from '../format';
import { rowAge } from '../market';
import type { SortValue } from './order';

export interface CellContext {
  readonly now: number;
  /** Price steps by contract code. */
  readonly ticks: ReadonlyMap<string, number>;
  readonly watched: ReadonlySet<string>;
  /** The name of a contract in letters that this system has. */
  readonly nameOf: (code: string) => string;
}

export type CellKind = 'rank' | 'watch' | 'symbol' | 'spark' | 'score' | 'number' | 'manip';

export interface Column {
  readonly id: string;
  readonly label: string;
  readonly unit: string;
  /** What it means, for the header's tooltip and the column picker. */
  readonly title: string;
  readonly group: string;
  readonly kind: CellKind;
  readonly width: number;
  /** 1: high is the blue end; -1: high is the orange end; 0: no tint. */
  readonly heat: 1 | 0 | -1;
  readonly descendingFirst: boolean;
  readonly sortable: boolean;
  readonly value: (row: Row, context: CellContext) => SortValue;
  readonly text: (row: Row, context: CellContext) => string;
}

type Extra = Partial<Pick<Column, 'heat' | 'descendingFirst' | 'kind' | 'width' | 'unit' | 'sortable'>>;

function column(id: string, label: string, group: string, title: string, value: Column['value'], text: Column['text'],
                extra: Extra = {}): Column {
  return { id, label, group, title, value, text, unit: '', kind: 'number', width: 76, heat: 0, descendingFirst: true,
           sortable: true, ...extra };
}

function numberOf(row: Row, field: string): number | null {
  const value = cellOf(row, field);
  return typeof value === 'number' ? value : null;
}

/** A column that shows one field with fixed decimals. */
function plain(field: string, label: string, group: string, title: string, decimals: number,
               extra: Extra & { sign?: boolean } = {}): Column {
  const { sign = false, ...rest } = extra;
  const text = sign ? signed : fixed;
  return column(field, label, group, title, (row) => numberOf(row, field), (row) => text(numberOf(row, field), decimals), rest);
}

/** Where a book has no second side or holds less than the notional the service says 10 000. */
export const NO_BOOK_BPS = 10_000;

function slippage(row: Row): string {
  if (row.slip_bps !== null && row.slip_bps >= NO_BOOK_BPS) return 'thin';
  return fixed(row.slip_bps, 2);
}

function spread(row: Row): string {
  return row.spread_bps !== null && row.spread_bps >= NO_BOOK_BPS ? 'none' : fixed(row.spread_bps, 2);
}

/** Open interest in USDT; the service gives it in base units, which no two contracts share. */
export function openInterestUsdt(row: Row): number | null {
  return row.open_interest === null || row.last_price === null ? null : row.open_interest * row.last_price;
}

export const COLUMNS: readonly Column[] = [
  column('rank', '#', 'Contract', 'Rank, and how many places it moved since the cycle before',
    (row) => row.rank, (row) => fixed(row.rank, 0), { kind: 'rank', width: 60, descendingFirst: false }),
  column('watch', '★', 'Contract', 'On the watchlist that ★ saves to', (row, { watched }) => (watched.has(row.code) ? 1 : 0),
    () => '', { kind: 'watch', width: 34 }),
  column('symbol', 'Contract', 'Contract', 'The base asset of the swap; all are settled in USDT',
    (row) => row.code, (row, { nameOf }) => nameOf(row.code), { kind: 'symbol', width: 118, descendingFirst: false }),
  column('score', 'Score', 'Score', 'Risk-adjusted opportunity under the current profile', (row) => row.score,
    (row) => fixed(row.score, 2), { kind: 'score', width: 80 }),
  column('spark', '30 min', 'Price', 'The last 30 one-minute closes', () => null, () => '',
    { kind: 'spark', width: 86, sortable: false }),
  column('last_price', 'Last', 'Price', 'Last price, USDT; 0.0₅96 is 0.0000096', (row) => row.last_price,
    (row, { ticks }) => shortPrice(row.last_price, ticks.get(row.code) ?? null), { width: 104 }),
  plain('ret_1', '1m', 'Price', 'Return over one minute, percent', 2, { unit: '%', sign: true, heat: 1, width: 68 }),
  plain('ret_15', '15m', 'Price', 'Return over fifteen minutes, percent', 2,
    { unit: '%', sign: true, heat: 1, width: 72 }),
  plain('atr_pct', 'ATR', 'Price', 'Mean true range of the last 50 minutes, percent of the price', 2,
    { unit: '%', heat: 1, width: 70 }),
  plain('price_velocity', 'Velocity', 'Price', 'Mean return per minute over five minutes, percent', 3,
    { unit: '%', sign: true, heat: 1, width: 88 }),
  plain('volatility_regime', 'Regime', 'Price', 'Short over long volatility, minus one', 2,
    { sign: true, heat: 1, width: 80 }),
  column('qvol_usdt', 'Volume', 'Liquidity', 'Turnover of 24 hours in USDT, both sides of each trade counted (twice what most charts show)',
    (row) => row.qvol_usdt, (row) => compact(row.qvol_usdt), { unit: '24h, 2-sided', heat: 1, width: 132 }),
  plain('volume_zscore', 'Vol z', 'Liquidity', 'Volume of the last minute against the last hour, standard deviations',
    2, { sign: true, heat: 1, width: 72 }),
  column('spread_bps', 'Spread', 'Liquidity', 'Best ask over best bid, basis points; "none" where a side is missing',
    (row) => row.spread_bps, spread, { unit: 'bps', heat: -1, descendingFirst: false, width: 90 }),
  column('slip_bps', 'Slip', 'Liquidity',
    'The worse of buying and selling the test notional, basis points; "thin" where the book holds less',
    (row) => row.slip_bps, slippage, { unit: 'bps', heat: -1, descendingFirst: false, width: 98 }),
  column('top5_depth_usdt', 'Depth', 'Liquidity', 'USDT on the best five levels of both sides',
    (row) => numberOf(row, 'top5_depth_usdt'), (row) => compact(numberOf(row, 'top5_depth_usdt')), { heat: 1, width: 80 }),
  plain('depth_to_volume_ratio', 'D/V', 'Liquidity', 'Depth over the turnover of the last minute that traded', 2,
    { heat: 1, width: 74 }),
  plain('order_flow_imbalance', 'Book imb.', 'Flow', 'Bids less asks over their sum, best ten levels: −1 to 1', 2,
    { sign: true, heat: 1, width: 84 }),
  column('open_interest_usdt', 'OI', 'Flow', 'Open interest at the last price, USDT', openInterestUsdt,
    (row) => compact(openInterestUsdt(row)), { heat: 1, width: 74 }),
  plain('funding_8h_pct', 'Funding', 'Flow', 'Funding rate, percent per eight hours', 4,
    { unit: '%', sign: true, heat: 1, width: 88 }),
  plain('basis_bps', 'Basis', 'Flow', 'Last price over the index, basis points', 1,
    { unit: 'bps', sign: true, heat: 1, width: 86 }),
  plain('liquidity_edge', 'Liquidity', 'Edges', 'Liquidity against this cycle\'s contracts, z-score', 2,
    { unit: 'z', sign: true, heat: 1, width: 94 }),
  plain('momentum_edge', 'Momentum', 'Edges', 'Momentum against this cycle\'s contracts, z-score', 2,
    { unit: 'z', sign: true, heat: 1, width: 106 }),
  plain('volatility_edge', 'Volatility', 'Edges', 'Volatility against this cycle\'s contracts, z-score', 2,
    { unit: 'z', sign: true, heat: 1, width: 96 }),
  plain('microstructure_edge', 'Micro', 'Edges', 'Calm of the book and tape against this cycle\'s contracts, z-score',
    2, { unit: 'z', sign: true, heat: 1, width: 82 }),
  plain('anomaly_score', 'Anomaly', 'Risk', 'How unusual price and volume are, 0 to 100', 1, { heat: -1, width: 84 }),
  plain('anomaly_residual', 'Residual', 'Risk', 'Anomaly and manipulation against this cycle\'s contracts, z-score', 2,
    { unit: 'z', sign: true, heat: -1, width: 94 }),
  column('manip_score', 'Manipulation', 'Risk', 'Manipulation score, 0 to 100, and the flags that made it',
    (row) => row.manip_score, (row) => fixed(row.manip_score, 0), { kind: 'manip', width: 112 }),
  column('latency_ms', 'Latency', 'Data', 'How long fetching its book took', (row) => numberOf(row, 'latency_ms'),
    (row) => milliseconds(numberOf(row, 'latency_ms')), { width: 80 }),
  column('age_ms', 'Age', 'Data', 'Age of the oldest input of the row', (row, { now }) => rowAge(row, now),
    (row, { now }) => (row.age_ms === null ? DASH : age(rowAge(row, now))), { width: 66 }),
];

const BY_ID = new Map(COLUMNS.map((entry) => [entry.id, entry]));

export function findColumn(id: string): Column | undefined {
  return BY_ID.get(id);
}

export const DEFAULT_COLUMNS: readonly string[] = [
  'rank', 'watch', 'symbol', 'score', 'spark', 'last_price', 'ret_1', 'ret_15', 'atr_pct', 'qvol_usdt', 'volume_zscore',
  'spread_bps', 'slip_bps', 'order_flow_imbalance', 'funding_8h_pct', 'manip_score', 'age_ms',
];

/** What a narrow screen begins with: what can be read without scrolling sideways. */
export const NARROW_COLUMNS: readonly string[] = [
  'rank', 'symbol', 'score', 'ret_15', 'manip_score', 'spark', 'last_price', 'ret_1', 'qvol_usdt', 'spread_bps',
  'slip_bps', 'age_ms',
];

/** Where the table is shown; each has a list of columns of its own. */
export type Layout = 'desktop' | 'drawer' | 'narrow' | 'phone';

export const LAYOUTS: readonly Layout[] = ['desktop', 'drawer', 'narrow', 'phone'];
export const LAYOUT_NAMES: Readonly<Record<Layout, string>> = {
  desktop: 'desktop', drawer: 'open drawer', narrow: 'narrow window', phone: 'phone',
};
/** Tables that are less wide, px, are laid out as narrow. */
export const NARROW_BELOW = 700;
const PHONE_BELOW = 480;
/** A table this wide shows the desktop's columns even beside a drawer. */
const ROOM_FOR_BOTH = 1_300;

/** `width`: of the table, px. `beside`: a drawer is open beside it and takes room from it. */
export function layoutOf(width: number, beside: boolean): Layout {
  if (beside && width < ROOM_FOR_BOTH) return 'drawer';
  return width < PHONE_BELOW ? 'phone' : width < NARROW_BELOW ? 'narrow' : 'desktop';
}

export function defaultColumns(layout: Layout): readonly string[] {
  return layout === 'desktop' ? DEFAULT_COLUMNS : NARROW_COLUMNS;
}

export const LEAST_WIDTH = 34;
export const MOST_WIDTH = 360;
