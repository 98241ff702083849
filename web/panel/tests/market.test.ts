import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeFrame } from '../src/model/frame';
import { decodeItem } from '../src/model/row';
import { applyDetails, applyFrame, NO_MARKET, rowAge, staleAfter } from '../src/store/market';
import { frame } from './support';

test('an item of the stream and one of the ranking come to the same fields', () => {
  const streamed = decodeItem({ symbol: 'BTC/USDT:USDT', rank: 1, manipulation_score: 12.5, manipulation_flags: ['scam_wick'],
    stale: true, spark: [1, 2, 'x', null, 3] });
  assert.equal(streamed?.code, 'BTC-USDT');
  assert.equal(streamed?.manip_score, 12.5);
  assert.deepEqual(streamed?.flags, ['scam_wick']);
  assert.deepEqual(streamed?.spark, [1, 2, 3]);
  const polled = decodeItem({ symbol: 'BTC/USDT:USDT', contract_code: 'BTC-USDT', manip_score: 12.5, manip_flags: ['scam_wick'] });
  assert.equal(polled?.manip_score, 12.5);
  assert.deepEqual(polled?.flags, ['scam_wick']);
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
  market = applyFrame(market, frame(2, [{ code: 'A', rank: 1, score: 7 }], { detailed: false }), 10);
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

test('details add to rows and bring no others; those of another cycle leave the order alone', () => {
  const market = applyFrame(NO_MARKET, frame(3, [{ code: 'A', rank: 1, score: 5 }], { detailed: false }), 0);
  assert.notEqual(market.detailSeq, 3);
  const details = frame(2, [{ code: 'A', rank: 7, score: 1, ret_15: 2 }, { code: 'Z', rank: 8 }], { via: 'polling', simulated: true });
  const after = applyDetails(market, details, 0);
  assert.equal(after.rows.get('A')?.rank, 1);
  assert.equal(after.rows.get('A')?.score, 5);
  assert.equal(after.rows.get('A')?.ret_15, 2);
  assert.equal(after.rows.has('Z'), false);
  assert.equal(after.simulated, true);
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
  assert.equal(staleAfter(market), 45_000);
  market = applyFrame(market, frame(2, [], { ts: market.ts + 20_000 }), 0);
  assert.equal(staleAfter(market), 60_000);
  market = applyFrame(market, frame(3, [], { ts: market.ts + 1_000 }), 0);
  assert.equal(staleAfter(market), 10_000);
});
