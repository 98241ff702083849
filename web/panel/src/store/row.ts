/** A contract as the panel knows it: the fields of `GET /rankings` and of the stream, under the API's own names. */

/** Numbers that the API serves for a contract. Absent or null means that nobody knows it, never zero. */
export const NUMBER_FIELDS = [
  'rank', 'rank_delta', 'score', 'last_price', 'qvol_usdt', 'atr_pct', 'spread_bps', 'slip_bps', 'top5_depth_usdt',
  'ret_15', 'ret_1', 'funding_8h_pct', 'open_interest', 'basis_bps', 'volume_zscore', 'order_flow_imbalance',
  'volatility_regime', 'price_velocity', 'anomaly_score', 'depth_to_volume_ratio', 'liquidity_edge', 'momentum_edge',
  'volatility_edge', 'microstructure_edge', 'anomaly_residual', 'manip_score', 'age_ms', 'latency_ms',
] as const;

export type NumberField = (typeof NUMBER_FIELDS)[number];
export type Numbers = { readonly [field in NumberField]: number | null };

export interface Row extends Numbers {
  /** HTX's contract code, "BTC-USDT": the key of everything. */
  readonly code: string;
  /** Unified symbol, "BTC/USDT:USDT". */
  readonly symbol: string;
  readonly flags: readonly string[];
  /** The server says that this contract's data is old. */
  readonly stale: boolean;
  /** Closes, oldest first; null while only polling is possible. */
  readonly spark: readonly number[] | null;
  /** When the frame that brought `age_ms` was received, by the panel's clock, ms. */
  readonly seenAt: number;
}

/** What one item of a frame or an answer says; fields that it does not carry are missing. */
export type RowUpdate = Partial<Omit<Row, 'code' | 'seenAt'>> & { readonly code: string };

const UNKNOWN = Object.fromEntries(NUMBER_FIELDS.map((field) => [field, null])) as unknown as Numbers;

export function emptyRow(code: string, symbol: string): Row {
  return { ...UNKNOWN, code, symbol, flags: [], stale: false, spark: null, seenAt: 0 };
}

/** "BTC" of "BTC-USDT". */
export function baseOf(code: string): string {
  const dash = code.lastIndexOf('-');
  return dash > 0 ? code.slice(0, dash) : code;
}

/** "BTC-USDT" of "BTC/USDT:USDT"; other spellings as they are. */
export function codeOf(symbol: string): string {
  const match = /^([^/]+)\/([^:]+)/.exec(symbol);
  return match ? `${match[1]}-${match[2]}` : symbol;
}
