import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeInspection } from '../src/model/inspection';
import { decodeOpportunities } from '../src/model/opportunity';
import { barsUpTo, ladder, probability, waterfall } from '../src/store/inspection';
import { asJson, asText, byWorth, deductions, obstacles, percentFrom, reasonText, rewardToRisk } from '../src/store/opportunity';
import { severity } from '../src/store/table/filter';
import { preview } from '../src/store/table/preview';
import { row } from './support';

test('the waterfall ends at the score', () => {
  const { steps, total } = waterfall({ liquidity: 40, volatility: 0.1, momentum: 0.4, carry: -0.02, structure_bonus: 0.76,
    structure_penalty: 1.46, edges: 4.66, cost: 0.21, manip_penalty: 3.76, momentum_scale: 1 });
  assert.ok(Math.abs(total - (40 + 0.1 + 0.4 - 0.02 + 0.76 - 1.46 + 4.66 - 0.21 - 3.76)) < 1e-9);
  assert.equal(steps.length, 9);
  steps.forEach((step, index) => assert.equal(step.from, index === 0 ? 0 : steps[index - 1]?.to));
  assert.equal(steps.find((step) => step.name === 'Cost')?.delta, -0.21);
});

test('a missing component is left out, not taken for zero', () => {
  assert.deepEqual(waterfall({ liquidity: null, edges: 2 }).steps.map((step) => step.name), ['Edges']);
});

test('the ladder sums outwards and weighs both sides', () => {
  const depth = ladder({ ladder: null, book: { at: null, bids: [{ price: 99, size: 1 }, { price: 98, size: 2 }], asks: [{ price: 101, size: 1 }] } });
  assert.equal(depth.bids[1]?.total, 99 + 196);
  assert.equal(depth.largest, 196);
  assert.equal(depth.mid, 100);
  assert.ok(Math.abs((depth.spreadBps ?? 0) - 200) < 1e-9);
  assert.ok(Math.abs((depth.imbalance ?? 0) - (295 - 101) / (295 + 101)) < 1e-9);
  assert.equal(depth.bids[0]?.firm, null, 'a book that was read once says nothing of what persists');
  assert.equal(depth.firmShare, null);
  assert.equal(ladder({ ladder: null, book: null }).imbalance, null);
  assert.equal(ladder({ ladder: null, book: { at: null, bids: [], asks: [{ price: 1, size: 1 }] } }).spreadBps, null);
});

test('a live book comes before one that was read, and its firm part is never more than what is quoted', () => {
  const read = { at: null, bids: [{ price: 90, size: 9 }], asks: [{ price: 110, size: 9 }] };
  const depth = ladder({ book: read, ladder: { bids: [{ price: 100, size: 3, firm: 1 }, { price: 99, size: 1, firm: null }], asks: [{ price: 102, size: 2, firm: 5 }] } });
  assert.deepEqual(depth.bids.map(({ notional, firm, total }) => [notional, firm, total]), [[300, 100, 300], [99, null, 399]]);
  assert.equal(depth.asks[0]?.firm, 204);
  assert.ok(Math.abs((depth.firmShare ?? 0) - 304 / 504) < 1e-9, 'of the levels of which it is known');
});

test('the model is a logistic of its terms', () => {
  assert.equal(probability([]), null);
  assert.ok(Math.abs((probability([{ feature: 'bias', value: -2.5 }]) ?? 0) - 7.586) < 0.001);
  assert.equal(severity('scam_wick'), 20);
  assert.equal(severity('new_flag'), null);
});

test('an inspection with holes is read', () => {
  const read = decodeInspection({ symbol: 'A/USDT:USDT', orderbook: null, trades: null, bars_1m: [{ ts: 'x' }, { ts: '2026-11-22T08:25:00.000Z',
    open: 1, high: 2, low: 0.5, close: 1.5, volume: null }], manipulation: { contributions: [{ feature: 'bias', value: -2.5 }] } });
  assert.equal(read.code, 'A-USDT');
  assert.equal(read.book, null);
  assert.equal(read.trades, null);
  assert.equal(read.bars1m.length, 1);
  assert.equal(read.bars1m[0]?.volume, null);
  assert.equal(read.manipulation.contributions.length, 1);
  decodeInspection(null);
});

test('trades come newest first, under either name of their size', () => {
  const { trades } = decodeInspection({ trades: [{ ts: '2026-11-22T08:25:00.000Z', price: 1, amount: 3, direction: 'sell' },
    { ts: '2026-11-22T08:26:00.000Z', price: 2, size: 4, side: 'buy' }] });
  assert.deepEqual(trades?.map((trade) => [trade.price, trade.size, trade.side]), [[2, 4, 'buy'], [1, 3, 'sell']]);
});

const HEAD = { ts: '2026-11-22T08:25:00.000Z', profile: 'scalp', seq: 7, notional: 10_000 };
const FRESH = { ageMs: 0, isOld: false, text: '0 s' };
const SOURCE = { symbol: 'BTC/USDT:USDT', contract_code: 'BTC-USDT', score: 40, side_bias: 'long', entry_zone: { type: 'pullback', pct: 0.1 },
  stop_suggestion: 0.2, tp_levels: [0.05, 0.1, 0.15], confidence: 64, manip_score: 8, manip_flags: ['scam_wick'], last_price: 100,
  entry_price: 99, stop_price: 98, tp_prices: [101, 102, null], reward_risk_net: 0.4, rationale: ['long'] };

test('an opportunity as text says everything with its percentages', () => {
  const head = decodeOpportunities({ items: [SOURCE], ...HEAD });
  const [item] = head.items;
  assert.ok(item);
  assert.equal(rewardToRisk(item), 3);
  assert.equal(percentFrom(0, 5), null);
  const lines = ['BTC-USDT long, pullback, confidence 64, score 40.00', 'last 100.0', 'entry 99.0 (−1.00 %)', 'stop 98.0 (−2.00 %)',
    'targets 101.0 (+1.00 %), 102.0 (+2.00 %), –', 'reward to risk after costs 0.40', 'not tradable: x', 'flags scam_wick',
    'as of 2026-11-22T08:25:00.000Z, profile scalp, cycle 7, notional 10000 USDT'];
  assert.equal(asText(item, 0.1, { head, judged: FRESH, reasons: ['x'] }), lines.join('\n'));
  assert.equal(asText(item, 0.1, { head, judged: { ageMs: 39_000, isOld: true, text: 'STALE 39 s' }, reasons: ['x'] }), ['STALE 39 s', ...lines].join('\n'));
  assert.deepEqual(JSON.parse(asJson(head, item)), { ...SOURCE, ...HEAD });
  assert.deepEqual(JSON.parse(asJson(head, head.items)), [{ ...SOURCE, ...HEAD }]);
});

test('the terms of a confidence are those that came', () => {
  const { base, taken } = deductions({ score: 70, cost: 5, manipulation: 6, disorder: 7 });
  assert.equal(base, 70);
  assert.deepEqual(taken.map((entry) => entry.points), [5, 6, 7]);
  const terms = { score: 70, cost: 5, manipulation: 6, disorder: 7 };
  const read = (value: unknown) => decodeOpportunities({ items: [{ symbol: 'BTC/USDT:USDT', confidence_terms: value }] }).items[0]?.terms;
  assert.deepEqual(read(terms), terms);
  assert.equal(read({ ...terms, cost: 'x' }), null);
  assert.equal(read(undefined), null);
});

test('a preview moves scores by exactly what the weights change', () => {
  const rows = [row('A', { rank: 1, score: 10, liquidity_edge: 5, momentum_edge: 0, spread_bps: 4 }),
    row('B', { rank: 2, score: 9, liquidity_edge: 1, momentum_edge: 2, spread_bps: 1 }), row('C', { score: null })];
  const before = { liquidity: 1.6, momentum: 1.2, spread: 3 };
  const same = preview(rows, before, before);
  assert.deepEqual(same.map((entry) => [entry.code, entry.newRank, entry.newScore]), [['A', 1, 10], ['B', 2, 9]]);
  const after = preview(rows, before, { liquidity: 2.6, momentum: 2.2, spread: 4 });
  // A: + min(5, 3) - 4; B: + 1 + 2 - 1.
  assert.deepEqual(after.map((entry) => [entry.code, Math.round(entry.newScore * 1e6) / 1e6, entry.rank]), [['B', 11, 2], ['A', 9, 1]]);
});

const bar = (minute: number, close: number, closed: boolean) =>
  ({ ts: new Date(minute * 60_000).toISOString(), open: 10, high: 12, low: 9, close, volume: 5, closed });
const NOON = Date.parse('2026-11-22T12:00:00Z') / 60_000;

test('the newest price moves the running candle', () => {
  const from = decodeInspection({ bars_1m: [bar(NOON - 1, 11, true), bar(NOON, 11, false)] });
  const [before, running] = barsUpTo(13, 1, from);
  assert.equal(before, from.bars1m[0]);
  assert.deepEqual(running, { at: NOON * 60_000, open: 10, high: 13, low: 9, close: 13, volume: 5, closed: false });
  assert.equal(barsUpTo(8, 1, from).at(-1)?.low, 8);
  assert.equal(from.bars1m[1]?.close, 11, 'what was read stays as it is');
});

test('the newest price begins a candle where the last one has closed', () => {
  const bars = [bar(NOON - 2, 11, true), bar(NOON - 1, 11, true)];
  const fresh = { open: 13, high: 13, low: 13, close: 13, volume: null, closed: false };
  const next = barsUpTo(13, 1, decodeInspection({ ts: '2026-11-22T12:00:20Z', bars_1m: bars }));
  assert.equal(next.length, 3);
  assert.deepEqual(next[2], { at: NOON * 60_000, ...fresh });
  assert.deepEqual(barsUpTo(13, 1, decodeInspection({ bars_1m: bars })).at(-1), { at: NOON * 60_000, ...fresh }, 'without a time');
  const late = barsUpTo(13, 5, decodeInspection({ ts: '2026-11-22T12:11:00Z', bars_5m: [bar(NOON - 5, 11, true)] }));
  assert.equal(late.at(-1)?.at, (NOON + 10) * 60_000, 'it belongs to the present, whatever is missing before');
});

test('without news the candles are those that were read', () => {
  const from = decodeInspection({ bars_1m: [bar(NOON, 11, true)] });
  assert.equal(barsUpTo(11, 1, from), from.bars1m);
  assert.equal(barsUpTo(null, 1, from), from.bars1m);
  assert.deepEqual(barsUpTo(13, 5, from), []);
});

test('a neutral idea has no direction', () => {
  const own = decodeOpportunities({ items: [{ ...SOURCE, side_bias: 'neutral' }] }).items[0];
  assert.ok(own);
  assert.deepEqual([own.entry, own.stop, own.breakout], [null, null, null], 'prices of one side are not shown as those of none');
  assert.ok(own.targets.every((target) => target === null));
  assert.equal(rewardToRisk(own), null);
  const above = { entry_price: 101, stop_price: 99, tp_prices: [102, 103, 104] };
  const below = { entry_price: 99, stop_price: 101, tp_prices: [98, 97, 96] };
  const both = decodeOpportunities({ items: [{ ...SOURCE, side_bias: 'neutral', entry_price: null, breakout: { above, below } }], ...HEAD });
  const item = both.items[0];
  assert.deepEqual(item?.breakout, { above: { entry: 101, stop: 99, targets: [102, 103, 104] }, below: { entry: 99, stop: 101, targets: [98, 97, 96] } });
  const text = item === undefined ? '' : asText(item, 1, { head: both, judged: FRESH, reasons: [] });
  assert.match(text, /above, long: entry 101 .*\nbelow, short: entry 99 /);
  assert.equal(decodeOpportunities({ items: [{ ...SOURCE, breakout: { above, below } }] }).items[0]?.breakout, null, 'of a long one');
});

test('what does not pay comes last, with its reason', () => {
  const idea = (code: string, more: object) => ({ ...SOURCE, contract_code: code, manip_score: 8, reward_risk_net: null, ...more });
  const { items } = decodeOpportunities({ items: [
    idea('LOSS', { rank: 1, tradable: false, not_tradable: ['net_reward_risk'], reward_risk_net: 0.4 }),
    idea('PUMP', { rank: 2, manip_score: 60, reward_risk_net: 3 }),
    idea('ZERO', { rank: 3, confidence: 0 }),
    idea('OLD', { rank: 4, tradable: false, not_tradable: ['stale', 'some_other'] }),
    idea('MUTE', { rank: 5, tradable: false }),
    idea('FAIR', { rank: 6, reward_risk_net: 1.2, tradable: true }),
    idea('GOOD', { rank: 7, reward_risk_net: 2.5, tradable: true }),
    idea('UNKNOWN', { rank: 8 }),
  ] });
  const { tradable, rest } = byWorth(items, 60);
  assert.deepEqual(tradable.map((item) => item.code), ['GOOD', 'FAIR', 'UNKNOWN'], 'by what is left after costs, unknown last');
  assert.deepEqual(Object.fromEntries(rest.map((item) => [item.code, obstacles(item, 60)])), {
    LOSS: ['0.40 reward to risk after costs'], PUMP: ['manipulation 60'], ZERO: ['confidence 0'], OLD: ['old data', 'some other'],
    MUTE: ['the scanner advises against it'] });
  assert.deepEqual(obstacles(items[1] as (typeof items)[0], 61), [], 'the threshold is the operator\'s');
});

test('reasons have two decimals and a real minus', () => {
  assert.equal(reasonText('neutral: ret_1 +0 %, ret_15 -0.1 %, funding +0.01 %'), 'neutral: 1m +0.00 %, 15m −0.10 %, funding +0.01 %');
  assert.equal(reasonText('liquidity +21.4'), 'liquidity +21.4');
});
