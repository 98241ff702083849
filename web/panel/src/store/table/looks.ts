/**
 * How the console shows the numbers that it knows: short labels, tints, and fewer digits than a number has where a
 * column has no room for more. What a number is, its unit and its meaning come from `GET /fields`; one that has no entry
 * here is shown all the same.
 */

export type CellKind = 'rank' | 'watch' | 'symbol' | 'spark' | 'score' | 'number' | 'manip';

export interface Look {
  readonly label: string;
  /** In place of the field's own. */
  readonly unit?: string;
  readonly kind?: CellKind;
  readonly width?: number;
  /** 1: high is the blue end; -1: high is the orange end; 0: no tint. */
  readonly heat?: 1 | 0 | -1;
  readonly ascendingFirst?: boolean;
  /** At most. */
  readonly decimals?: number;
  /** A plus before what is above zero. */
  readonly signed?: boolean;
  /** Said behind the meaning: what the column shows beside numbers. */
  readonly note?: string;
  /** About the data, not about the market: in a quieter colour. */
  readonly aside?: boolean;
}

/** In the order in which they are offered. */
export const LOOKS: Readonly<Record<string, Look>> = {
  rank: { label: '#', kind: 'rank', width: 60, ascendingFirst: true, decimals: 0, note: 'Beside it: how many places it moved since the cycle before.' },
  watch: { label: '★', kind: 'watch', width: 34 },
  symbol: { label: 'Contract', kind: 'symbol', width: 118, ascendingFirst: true },
  score: { label: 'Score', kind: 'score', width: 80, unit: '', decimals: 2 },
  spark: { label: '30 min', kind: 'spark', width: 86 },
  last_price: { label: 'Last', width: 96, unit: '', note: '0.0₅96 is 0.0000096.' },
  ret_1: { label: '1m', width: 68, heat: 1, signed: true },
  ret_15: { label: '15m', width: 72, heat: 1, signed: true },
  atr_pct: { label: 'ATR', width: 70, heat: 1 },
  price_velocity: { label: 'Velocity', width: 88, unit: '%', heat: 1, signed: true },
  volatility_regime: { label: 'Regime', width: 80, heat: 1, signed: true },
  qvol_usdt: { label: 'Volume', width: 132, unit: '24h, 2-sided', heat: 1, note: 'Twice what most charts show.' },
  volume_zscore: { label: 'Vol z', width: 72, unit: '', heat: 1, signed: true },
  spread_bps: { label: 'Spread', width: 90, heat: -1, ascendingFirst: true, note: '"none" where a side is missing.' },
  slip_bps: { label: 'Slip', width: 98, heat: -1, ascendingFirst: true, note: '"thin" where the book holds less.' },
  top5_depth_usdt: { label: 'Depth', width: 80, unit: '', heat: 1 },
  depth_to_volume_ratio: { label: 'D/V', width: 74, heat: 1 },
  order_flow_imbalance: { label: 'Book imb.', width: 84, heat: 1, signed: true },
  firm_depth_usdt: { label: 'Firm', width: 78, heat: 1 },
  ofi_10s: { label: 'OFI', width: 68, unit: '10s', heat: 1, decimals: 1, signed: true },
  tfi_60s: { label: 'TFI', width: 72, unit: '60s', heat: 1, signed: true },
  firmness: { label: 'Firmness', width: 86, heat: 1 },
  firm_depth_bid_usdt: { label: 'Firm bids', width: 90, unit: '', heat: 1 },
  firm_depth_ask_usdt: { label: 'Firm asks', width: 90, unit: '', heat: 1 },
  depth_10bps_bid_usdt: { label: 'Bids', width: 92, unit: '10 bps', heat: 1 },
  depth_10bps_ask_usdt: { label: 'Asks', width: 92, unit: '10 bps', heat: 1 },
  depth_25bps_bid_usdt: { label: 'Bids', width: 92, unit: '25 bps', heat: 1 },
  depth_25bps_ask_usdt: { label: 'Asks', width: 92, unit: '25 bps', heat: 1 },
  depth_50bps_bid_usdt: { label: 'Bids', width: 92, unit: '50 bps', heat: 1 },
  depth_50bps_ask_usdt: { label: 'Asks', width: 92, unit: '50 bps', heat: 1 },
  trades_60s: { label: 'Trades', width: 90, unit: '60s', heat: 1 },
  turnover_60s_usdt: { label: 'Turnover', width: 104, unit: '60s', heat: 1 },
  impact_bps_per_100k: { label: 'Impact', width: 104, unit: 'bps/100K', heat: -1, ascendingFirst: true, signed: true, decimals: 2 },
  liquidations_5m_long_usdt: { label: 'Liq. longs', width: 104, unit: '5m' },
  liquidations_5m_short_usdt: { label: 'Liq. shorts', width: 108, unit: '5m' },
  recovery_ms: { label: 'Recovery', width: 90, unit: '', heat: -1, ascendingFirst: true },
  open_interest_usdt: { label: 'OI', width: 74, heat: 1 },
  funding_8h_pct: { label: 'Funding', width: 88, heat: 1, decimals: 4, signed: true },
  basis_bps: { label: 'Basis', width: 86, heat: 1, decimals: 1, signed: true },
  liquidity_edge: { label: 'Liquidity', width: 94, unit: 'z', heat: 1, signed: true },
  momentum_edge: { label: 'Momentum', width: 106, unit: 'z', heat: 1, signed: true },
  volatility_edge: { label: 'Volatility', width: 96, unit: 'z', heat: 1, signed: true },
  microstructure_edge: { label: 'Micro', width: 82, unit: 'z', heat: 1, signed: true },
  anomaly_score: { label: 'Anomaly', width: 84, unit: '', heat: -1, decimals: 1 },
  anomaly_residual: { label: 'Residual', width: 94, unit: 'z', heat: -1, signed: true },
  manip_score: { label: 'Manipulation', kind: 'manip', width: 112, unit: '', note: 'Beside it: the flags that made it.' },
  latency_ms: { label: 'Latency', width: 80, unit: '', aside: true },
  age_ms: { label: 'Age', width: 66, unit: '', aside: true },
};

/** Members that another column shows already. */
export const NOT_OFFERED: ReadonlySet<string> = new Set(['contract_code', 'rank_delta']);

/** Where a column that is chosen anew goes. */
export const COLUMN_ORDER: readonly string[] = [
  'rank', 'watch', 'symbol', 'score', 'spark', 'last_price', 'ret_1', 'ret_15', 'atr_pct', 'qvol_usdt', 'volume_zscore',
  'spread_bps', 'slip_bps', 'order_flow_imbalance', 'firm_depth_usdt', 'ofi_10s', 'tfi_60s', 'funding_8h_pct', 'manip_score', 'age_ms',
];
/** What only every change of the book and every trade tell, and what a scan's book tells in its place. */
const OF_FEED = new Set(['firm_depth_usdt', 'ofi_10s', 'tfi_60s']);
const OF_SCANS = new Set(['volume_zscore', 'order_flow_imbalance']);

export const DEFAULT_COLUMNS: readonly string[] = COLUMN_ORDER.filter((id) => !OF_FEED.has(id));
/** What the desktop begins with where there is a live feed. */
export const FEED_COLUMNS: readonly string[] = COLUMN_ORDER.filter((id) => !OF_SCANS.has(id));

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

export function defaultColumns(layout: Layout, hasFeed: boolean): readonly string[] {
  return layout !== 'desktop' ? NARROW_COLUMNS : hasFeed ? FEED_COLUMNS : DEFAULT_COLUMNS;
}

export const MIN_WIDTH = 34;
export const MAX_WIDTH = 360;
