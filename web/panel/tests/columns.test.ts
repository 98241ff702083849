import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeFields } from '../src/model/fields';
import { decodeItem, type Row, type RowUpdate } from '../src/model/row';
import { applyFrame, NO_MARKET } from '../src/store/market';
import { buildColumns, type CellContext, type Column } from '../src/store/table/columns';
import { DEFAULT_COLUMNS, LOOKS, NARROW_COLUMNS } from '../src/store/table/looks';
import { FIELDS, frame } from './support';

const context: CellContext = { now: 0, ticks: new Map([['A-USDT', 0.1]]), watched: new Set(), nameOf: (code) => code };
const find = (columns: readonly Column[], id: string): Column => {
  const found = columns.find((column) => column.id === id);
  assert.ok(found, id);
  return found;
};
const columns = buildColumns(FIELDS);
function row(members: Record<string, unknown>): Row {
  const item = decodeItem({ symbol: 'A/USDT:USDT', ...members }) as RowUpdate;
  return applyFrame(NO_MARKET, frame(1, [item]), 0).rows.get('A-USDT') as Row;
}
const shown = (id: string, members: Record<string, unknown>): string => find(columns, id).text(row(members), context);

test('fields are read with holes, and those of a kind that is not known are left out', () => {
  for (const nonsense of [null, 4, [], { fields: 'x' }, { fields: [4, null, {}, { name: '' }, { name: 'x', type: 'matrix' }] }]) {
    assert.deepEqual(decodeFields(nonsense), []);
  }
  assert.deepEqual(decodeFields({ fields: [{ name: 'x', digits: { decimals: -1 }, unit: 7 }] }), [{ name: 'x', type: 'number', group: '', unit: '',
    digits: { kind: 'all', count: 0 }, minimum: null, meaning: '', inItems: false, inRules: false, ascendingFirst: false }]);
  assert.deepEqual(decodeFields({ fields: [{ name: 'x', digits: { significant: 6 } }] })[0]?.digits, { kind: 'significant', count: 6 });
});

test('a number that the console does not know has a column of its own: name, unit, meaning, digits and sign', () => {
  const tilt = find(columns, 'tilt_ratio');
  assert.deepEqual([tilt.label, tilt.unit, tilt.title, tilt.group, tilt.sortable], ['Tilt ratio', '', 'A number of tomorrow.', 'metrics', true]);
  assert.equal(shown('tilt_ratio', { tilt_ratio: 0.26 }), '+0.3');
  assert.equal(shown('tilt_ratio', { tilt_ratio: null }), '–');
  assert.equal(shown('tilt_ratio', {}), '–', 'an item without it');
  assert.equal(shown('is_new', { is_new: true }), 'yes');
  assert.equal(shown('is_new', { is_new: false }), 'no');
  assert.equal(shown('is_new', {}), '–');
  assert.equal(shown('listed_at', { listed_at: '2020-10-20T16:00:00.000Z' }), '2020-10-20');
  assert.equal(find(columns, 'is_new').value(row({ is_new: true }), context), 1, 'it can be sorted by');
  // New ones come behind those that the console knows.
  assert.deepEqual(columns.slice(-4).map((column) => column.id), ['tilt_ratio', 'is_new', 'listed_at', 'flow_of_tomorrow_30s']);
});

test('the numbers of the live feed are offered as a group of their own, empty while there is no feed', () => {
  const depth = find(columns, 'depth_10bps_bid_usdt');
  assert.deepEqual([depth.label, depth.unit, depth.group, depth.sortable], ['Bids', '10 bps', 'live feed', true]);
  const fresh = find(columns, 'flow_of_tomorrow_30s');
  assert.deepEqual([fresh.label, fresh.group], ['Flow of tomorrow 30s', 'live feed']);
  assert.equal(find(columns, 'ofi_10s').label, 'OFI');
  assert.equal(shown('depth_10bps_bid_usdt', { depth_10bps_bid_usdt: 123_456.78 }), '123.5K');
  assert.equal(shown('ofi_10s', { ofi_10s: -1.2345 }), '−1.2');
  assert.equal(shown('ofi_10s', {}), '–');
  assert.equal(find(columns, 'ofi_10s').why(row({})), 'The scanner follows no live feed.');
});

test('firm depth is that of the side that has less, and unknown while one is', () => {
  assert.equal(shown('firm_depth_usdt', { firm_depth_bid_usdt: 300_000, firm_depth_ask_usdt: 120_000 }), '120.0K');
  assert.equal(shown('firm_depth_usdt', { firm_depth_bid_usdt: 300_000, firm_depth_ask_usdt: null }), '–');
});

test('a number that is missing says why', () => {
  const why = (id: string, members: Record<string, unknown>): string => find(columns, id).why(row(members));
  assert.match(why('ofi_10s', { microprice: null, ofi_10s: null }), /book is not live/);
  assert.match(why('ofi_10s', { microprice: 100, ofi_10s: null }), /less than 10 s/);
  assert.match(why('firm_depth_usdt', { microprice: 100, firm_depth_bid_usdt: null }), /less than 18 s/);
  assert.match(why('tfi_60s', { microprice: 100, trades_60s: 0, tfi_60s: null }), /No trade/);
  assert.match(why('tfi_60s', { microprice: 100, trades_60s: null, tfi_60s: null }), /may be missing/);
  assert.equal(why('spread_bps', { notes: ['the order book cannot be read'] }), 'the order book cannot be read');
});

test('units choose how a number is written, never with more digits than it means', () => {
  assert.equal(shown('score', { score: 39.576 }), '39.58');
  assert.equal(shown('qvol_usdt', { qvol_usdt: 737_451_223.6947 }), '737.5M');
  assert.equal(shown('ret_15', { ret_15: 0.096567 }), '+0.10');
  assert.equal(shown('spread_bps', { spread_bps: 0.0831414 }), '0.08');
  assert.equal(shown('spread_bps', { spread_bps: 10_000 }), 'none');
  assert.equal(shown('last_price', { last_price: 2404.8 }), '2404.8');
  assert.equal(shown('funding_8h_pct', { funding_8h_pct: 0.01234 }), '+0.012', 'the console has room for four decimals, the number means three');
});

test('units and meanings come from the scanner, with what the console adds', () => {
  assert.equal(find(columns, 'ret_15').unit, '%');
  assert.equal(find(columns, 'ret_15').title, 'Change over the last 15 candles.');
  assert.equal(find(columns, 'spread_bps').title, 'Bid to ask. "none" where a side is missing.');
  assert.deepEqual(['age_ms', 'score', 'spread_bps'].map((id) => find(columns, id).descendingFirst), [false, true, false]);
});

test('only what an item carries and the scanner has is offered', () => {
  const ids = columns.map((column) => column.id);
  for (const id of ['rsi14', 'funding', 'contract_code', 'manip_flags', 'atr_pct', 'open_interest_usdt']) assert.ok(!ids.includes(id), id);
  for (const id of ['watch', 'spark', 'symbol']) assert.ok(ids.includes(id), id);
});

test('without the fields there are the columns that the console knows, none of them without a value', () => {
  const guessed = buildColumns(null);
  assert.deepEqual(guessed.map((column) => column.id), Object.keys(LOOKS));
  for (const id of [...DEFAULT_COLUMNS, ...NARROW_COLUMNS]) find(guessed, id);
  const text = (id: string, members: Record<string, unknown>): string => find(guessed, id).text(row(members), context);
  assert.equal(text('qvol_usdt', { qvol_usdt: 5e7 }), '50.0M');
  assert.equal(text('ret_1', { ret_1: -0.5 }), '−0.50');
  assert.equal(text('open_interest_usdt', { open_interest: 10, last_price: 3 }), '30');
});

test('names of columns are unique', () => {
  assert.equal(new Set(columns.map((column) => column.id)).size, columns.length);
});
