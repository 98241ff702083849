import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeEpisodeDetail } from '../src/model/episode';
import { contextSums, drawContext, spansOf } from '../src/store/context';

const START = Date.parse('2026-12-01T00:00:00.000Z');
const detail = decodeEpisodeDetail({ id: 'a', flag: 'scam_wick', symbol: 'DOGE/USDT:USDT', start: '2026-12-01T00:00:00.000Z', status: 'open', claim: 'a wick',
  context: { truncated: true, trades: [[START, 'buy', 10, 2], [START + 1_000, 'sell', 12, 5], [START + 2_000, 'unknown', 11, 1], [START + 3_000, 'buy', 'dear', 1]],
    books: [{ ts_ms: START - 10_000, bids: [[9, 100], [8, 'x']], asks: [[13, 50]] }, { ts_ms: START, bids: [[9.5, 10]], asks: [] }, { ts_ms: 'then' }] } });
assert.ok(detail?.context);
const { context } = detail;

test('what is kept around an episode is read with holes', () => {
  assert.deepEqual([context.truncated, context.trades.length, context.looks.length, context.looks[0]?.bids.length], [true, 3, 2, 1]);
  assert.equal(context.trades[2]?.side, null);
  assert.equal(decodeEpisodeDetail({ id: 'a', flag: 'b', symbol: 'c', start: '2026-12-01T00:00:00.000Z', context: null })?.context, null);
  assert.equal(decodeEpisodeDetail({ id: 'a' }), null);
});

test('around a long episode two spans are drawn, around a short one one', () => {
  assert.deepEqual(spansOf({ start: 100_000, end: null }), [{ from: 70_000, to: 130_000 }]);
  assert.deepEqual(spansOf({ start: 100_000, end: 150_000 }), [{ from: 70_000, to: 180_000 }]);
  assert.deepEqual(spansOf({ start: 100_000, end: 400_000 }), [{ from: 70_000, to: 130_000 }, { from: 370_000, to: 430_000 }]);
});

test('prices and depth are drawn to scale, and no line runs over time that was left out', () => {
  const box = { width: 614, height: 100 };
  const long = { start: START, end: START + 600_000 };
  const late = { ...context, looks: [...context.looks, { at: START + 600_000, bids: [[9, 1]] as const, asks: [] }] };
  const drawn = drawContext(long, late, box, box);
  assert.ok(drawn);
  assert.deepEqual([drawn.start, drawn.gap, drawn.end], [150, 307, 464]);
  assert.deepEqual([drawn.low, drawn.high], [9, 13]);
  assert.equal(drawn.bid.match(/M/g)?.length, 2, 'begun anew after the gap');
  assert.equal(drawn.deepest, 900);
  assert.ok(drawn.buys.includes('M150.0') && !drawn.sells.includes('M150.0'));
  assert.equal(drawContext(long, { truncated: false, trades: [], looks: [] }, box, box), null);
});

test('the sums say what takers bought of what was traded', () => {
  assert.deepEqual(contextSums(context), { trades: 3, looks: 2, usdt: 91, buyShare: 0.25 });
});
