import { decodeFields } from '../src/model/fields';
import type { Frame, Via } from '../src/model/frame';
import { emptyRow, type Row, type RowUpdate } from '../src/model/row';

export function row(code: string, fields: Partial<Row> = {}): Row {
  return { ...emptyRow(code, `${code.replace('-USDT', '')}/USDT:USDT`), ...fields };
}

export function frame(seq: number, items: readonly RowUpdate[], more: Partial<Frame> = {}): Frame {
  return { seq, ts: 1_000_000 + seq * 15_000, profile: 'scalp', simulated: false, replay: false, gauge: null, bucket: null,
    nextScanAt: null, dataAgeMs: null, items, via: 'websocket' as Via, ...more };
}

const inItems = (entry: { readonly group: string }): boolean => entry.group !== 'momentum' && entry.group !== 'features';
/** What `GET /fields` answers, shortened; the browser's tests read the whole of the real one. */
export const FIELDS = decodeFields({ fields: [
  { name: 'symbol', group: 'contract', unit: '', type: 'text', digits: null, meaning: 'The contract\'s unified name.' },
  { name: 'contract_code', group: 'contract', unit: '', type: 'text', digits: null, meaning: 'The same by the exchange\'s own code.' },
  { name: 'rank', group: 'ranking', unit: '', type: 'integer', digits: null, meaning: '1 is the best.' },
  { name: 'score', group: 'ranking', unit: 'points', type: 'number', digits: { decimals: 4 }, meaning: 'The score under the profile.' },
  { name: 'last_price', group: 'market', unit: 'USDT', type: 'number', digits: null, meaning: 'Last traded price.' },
  { name: 'qvol_usdt', group: 'metrics', unit: 'USDT', type: 'number', digits: { decimals: 2 }, meaning: 'Turnover of the last 24 h.' },
  { name: 'ret_15', group: 'metrics', unit: '%', type: 'number', digits: { decimals: 6 }, meaning: 'Change over the last 15 candles.' },
  { name: 'spread_bps', group: 'metrics', unit: 'bps', type: 'number', digits: { significant: 6 }, meaning: 'Bid to ask.' },
  { name: 'funding_8h_pct', group: 'metrics', unit: '%', type: 'number', digits: { decimals: 3 }, meaning: 'Funding in eight hours.' },
  { name: 'tilt_ratio', group: 'metrics', unit: 'ratio', type: 'number', digits: { decimals: 1 }, minimum: -1, maximum: 1, meaning: 'A number of tomorrow.' },
  { name: 'is_new', group: 'contract', unit: '', type: 'boolean', digits: null, meaning: 'Listed this week.' },
  { name: 'listed_at', group: 'contract', unit: '', type: 'time', digits: null, meaning: 'Day of the listing.' },
  { name: 'manip_score', group: 'manipulation', unit: 'points', type: 'number', digits: { decimals: 2 }, meaning: 'Likeness to manipulation.' },
  { name: 'manip_flags', group: 'manipulation', unit: '', type: 'texts', digits: null, meaning: 'What was noticed.' },
  { name: 'depth_10bps_bid_usdt', group: 'flow', unit: 'USDT', type: 'number', digits: { decimals: 2 }, minimum: 0, meaning: 'Value of the bids.' },
  { name: 'depth_10bps_ask_usdt', group: 'flow', unit: 'USDT', type: 'number', digits: { decimals: 2 }, minimum: 0, meaning: 'Value of the asks.' },
  { name: 'firm_depth_bid_usdt', group: 'flow', unit: 'USDT', type: 'number', digits: { decimals: 2 }, minimum: 0, meaning: 'Firm bids.' },
  { name: 'firm_depth_ask_usdt', group: 'flow', unit: 'USDT', type: 'number', digits: { decimals: 2 }, minimum: 0, meaning: 'Firm asks.' },
  { name: 'tfi_60s', group: 'flow', unit: 'ratio', type: 'number', digits: { decimals: 4 }, minimum: -1, maximum: 1, meaning: 'Flow of trades.' },
  { name: 'flow_of_tomorrow_30s', group: 'flow', unit: 'ratio', type: 'number', digits: { decimals: 4 }, meaning: 'Not known yet.' },
  { name: 'ofi_10s', group: 'flow', unit: 'ratio', type: 'number', digits: { decimals: 4 }, meaning: 'Order flow at the touch.' },
  { name: 'age_ms', group: 'market', unit: 'ms', type: 'integer', digits: null, meaning: 'Age of the inputs.' },
  { name: 'rsi14', group: 'momentum', unit: 'points', type: 'number', digits: { decimals: 4 }, meaning: 'In the drawer alone.' },
  { name: 'funding', group: 'features', unit: '%', type: 'number', digits: { decimals: 6 }, meaning: 'Of the manipulation model.' },
].map((entry) => ({ ...entry, in_items: inItems(entry), in_rules: entry.group !== 'features', order: entry.name === 'age_ms' ? 'asc' : 'desc' })) });
