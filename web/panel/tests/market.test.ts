import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeFrame } from '../src/model/frame';
import { cellOf, decodeItem, type Row, type RowUpdate } from '../src/model/row';
import { applyFrame, frozenAfter, NO_MARKET, oldAfter, rowAge } from '../src/store/market';
import { frame } from './support';

test('an item of a frame brings every number, also one that the console does not know', () => {
  const item = decodeItem({ symbol: 'BTC/USDT:USDT', rank: 1, manip_score: 12.5, manip_flags: ['scam_wick'], stale: true,
    spark: [1, 2, 'x', null, 3], tomorrow: 7, is_new: false, bucket: 'low', nothing: null, parts: { a: 1 } });
  assert.equal(item?.code, 'BTC-USDT');
  assert.deepEqual(item?.flags, ['scam_wick']);
  assert.deepEqual(item?.spark, [1, 2, 3]);
  const market = applyFrame(NO_MARKET, frame(1, [item as RowUpdate]), 0);
  const row = market.rows.get('BTC-USDT') as Row;
  assert.equal(row.stale, true);
  assert.deepEqual(['manip_score', 'tomorrow', 'is_new', 'bucket', 'nothing', 'parts', 'absent'].map((name) => cellOf(row, name)),
    [12.5, 7, false, 'low', null, null, null]);
});

test('wrong types become unknown, not zero and not a crash', () => {
  const item = decodeItem({ symbol: 'A/USDT:USDT', score: '12', ret_1: null, rank: Infinity, manip_flags: 7 });
  assert.equal(item?.score, null);
  assert.equal(item?.ret_1, null);
  assert.equal(item?.rank, null);
  assert.deepEqual(item?.flags, []);
  for (const nonsense of [null, 4, 'text', [], {}, { items: 3 }, { items: [], ts: 'yesterday' }]) {
    assert.equal(decodeFrame(nonsense, 'sse'), null);
  }
  assert.equal(decodeItem({ score: 1 }), null);
});

test('a heartbeat is no frame', () => {
  assert.equal(decodeFrame({ type: 'heartbeat', seq: 4 }, 'websocket'), null);
});

test('a frame says who is ranked; what it does not carry stays', () => {
  let market = applyFrame(NO_MARKET, frame(1, [{ code: 'A', rank: 1, qvol_usdt: 5, spark: [1, 2] }, { code: 'B', rank: 2 }]), 0);
  market = applyFrame(market, frame(2, [{ code: 'A', rank: 1, score: 7 }]), 10);
  assert.deepEqual([...market.rows.keys()], ['A']);
  const row = market.rows.get('A');
  assert.equal(row?.qvol_usdt, 5);
  assert.equal(row?.score, 7);
  assert.deepEqual(row?.spark, [1, 2]);
});

test('a row that did not change stays the same object', () => {
  const first = applyFrame(NO_MARKET, frame(1, [{ code: 'A', rank: 1, flags: ['x'], spark: [1] }]), 5);
  const second = applyFrame(first, frame(2, [{ code: 'A', rank: 1, flags: ['x'], spark: [1] }]), 9);
  assert.equal(second.rows.get('A'), first.rows.get('A'));
});

test('an older frame changes nothing, a restarted daemon counts anew', () => {
  const market = applyFrame(NO_MARKET, frame(9, [{ code: 'A', rank: 1 }]), 0);
  assert.equal(applyFrame(market, frame(8, [{ code: 'B' }]), 0), market);
  const anew = applyFrame(market, frame(1, [{ code: 'B', rank: 1 }], { ts: market.ts + 60_000 }), 0);
  assert.deepEqual([...anew.rows.keys()], ['B']);
});

test('a poll of the cycle that a stream brought adds the plan and takes nothing away', () => {
  const streamed = applyFrame(NO_MARKET, frame(3, [{ code: 'A', rank: 1, spark: [1] }], { gauge: 0.5, dataAgeMs: 7 }), 0);
  const polled = frame(3, [{ code: 'A', rank: 1 }], { via: 'polling', nextScanAt: streamed.ts + 5_000 });
  const after = applyFrame(streamed, polled, 9);
  assert.deepEqual(after, { ...streamed, plannedMs: 5_000 });
  assert.equal(applyFrame(after, polled, 9), after);
  // The plan stays while streams, which do not carry it, bring new cycles.
  assert.equal(applyFrame(after, frame(4, []), 9).plannedMs, 5_000);
});

test('the age of the data is that of the oldest item where a frame does not say it', () => {
  const items = [{ symbol: 'A/USDT:USDT', age_ms: 300 }, { symbol: 'B/USDT:USDT', age_ms: 900 }, { symbol: 'C/USDT:USDT', age_ms: null }];
  const ts = '2026-11-22T08:25:00.000Z';
  assert.equal(decodeFrame({ ts, seq: 1, items }, 'sse')?.dataAgeMs, 900);
  assert.equal(decodeFrame({ ts, seq: 1, items, data_age_ms: 400 }, 'sse')?.dataAgeMs, 400);
  assert.equal(decodeFrame({ ts, seq: 1, items: [] }, 'sse')?.dataAgeMs, null);
});

test('ages go on while nothing arrives', () => {
  const market = applyFrame(NO_MARKET, frame(1, [{ code: 'A', age_ms: 400 }]), 10_000);
  const row = market.rows.get('A');
  assert.ok(row);
  assert.equal(rowAge(row, 12_000), 2_400);
  assert.equal(rowAge({ ...row, age_ms: null }, 12_000), null);
});

test('old means three cycles', () => {
  let market = applyFrame(NO_MARKET, frame(1, []), 0);
  assert.equal(oldAfter(market), 45_000);
  market = applyFrame(market, frame(2, [], { ts: market.ts + 20_000 }), 0);
  assert.equal(oldAfter(market), 60_000);
  market = applyFrame(market, frame(3, [], { ts: market.ts + 1_000 }), 0);
  assert.equal(oldAfter(market), 10_000);
  assert.equal(oldAfter({ ...market, plannedMs: 30_000 }), 90_000);
  assert.equal(frozenAfter({ ...market, plannedMs: 30_000 }), 90_000, 'without a feed the two are one');
});

test('with a feed rankings freeze sooner than the data of a scan grow old', () => {
  // Numbers between those of two frames are of rankings that were not sent.
  let market = applyFrame(NO_MARKET, frame(1, []), 0);
  market = applyFrame(market, frame(4, [], { ts: market.ts + 1_000 }), 0);
  assert.equal(market.cycleMs, 1_000);
  const rhythm = { scanMs: 15_000, feedRuns: true };
  assert.equal(frozenAfter(market, rhythm), 10_000);
  assert.equal(oldAfter(market, rhythm), 45_000, 'a ticker comes once a scan');
  // It went down: from now on there is something new with each scan.
  assert.equal(frozenAfter(market, { ...rhythm, feedRuns: false }), 45_000);
  // A quiet market publishes seldom.
  assert.equal(frozenAfter({ ...market, cycleMs: 9_000 }, rhythm), 27_000);
});

test('neither another question nor an outage is taken for the time between two rankings', () => {
  let market = applyFrame(NO_MARKET, frame(1, []), 0);
  market = applyFrame(market, frame(2, [], { ts: market.ts + 1_000 }), 0);
  // A window that chose another profile forgets when its last ranking was.
  const asked = applyFrame({ ...market, ts: 0, via: null }, frame(3, [], { ts: market.ts + 500 }), 0);
  assert.equal(asked.cycleMs, 1_000);
  assert.equal(oldAfter(asked), 10_000);
  const back = applyFrame(market, frame(600, [], { ts: market.ts + 600_000 }), 0);
  assert.equal(back.cycleMs, 1_000);
  assert.equal(applyFrame(back, frame(601, [], { ts: back.ts + 1_500 }), 0).cycleMs, 1_500);
});
