import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filterKey, isFiltering, matchesText, NO_FILTER, passes } from '../src/store/filter';
import { row } from './support';

test('any spelling of a contract finds it', () => {
  const btc = row('BTC-USDT');
  for (const text of ['btc', 'BTC', 'tc', 'BTC-USDT', 'btcusdt', 'btc/usdt:usdt', 'BTC_USDT']) assert.ok(matchesText(btc, text), text);
  for (const text of ['usdt', 'eth', 'btcx']) assert.ok(!matchesText(btc, text), text);
});

test('several names at once, and half-typed ones', () => {
  const filter = { ...NO_FILTER, text: 'btc, eth' };
  assert.ok(passes(row('BTC-USDT'), filter, null));
  assert.ok(passes(row('ETH-USDT'), filter, null));
  assert.ok(!passes(row('SOL-USDT'), filter, null));
  assert.ok(passes(row('BTC-USDT'), { ...NO_FILTER, text: 'btc,' }, null));
});

test('limits leave out what is unknown', () => {
  assert.ok(!passes(row('A'), { ...NO_FILTER, minVolume: 1 }, null));
  assert.ok(!passes(row('A'), { ...NO_FILTER, maxSpread: 8 }, null));
  assert.ok(passes(row('A', { qvol_usdt: 5, spread_bps: 8 }), { ...NO_FILTER, minVolume: 5, maxSpread: 8 }, null));
  assert.ok(!passes(row('A', { manip_score: 30 }), { ...NO_FILTER, maxManipulation: 25 }, null));
});

test('flags in and out, and watchlists', () => {
  const flagged = row('A', { flags: ['scam_wick'] });
  assert.ok(!passes(flagged, { ...NO_FILTER, withoutFlags: ['scam_wick'] }, null));
  assert.ok(passes(flagged, { ...NO_FILTER, withFlags: ['*'] }, null));
  assert.ok(!passes(row('B'), { ...NO_FILTER, withFlags: ['*'] }, null));
  assert.ok(!passes(flagged, { ...NO_FILTER, withFlags: ['liquidity_wall'] }, null));
  assert.ok(!passes(flagged, { ...NO_FILTER, watchlist: 'L' }, new Set(['B'])));
  assert.ok(passes(flagged, { ...NO_FILTER, watchlist: 'L' }, null), 'a list that is not known hides nothing');
});

test('equal filters have equal keys', () => {
  assert.equal(filterKey({ ...NO_FILTER, withoutFlags: ['a', 'b'] }), filterKey({ ...NO_FILTER, withoutFlags: ['b', 'a'] }));
  assert.ok(!isFiltering({ ...NO_FILTER, text: 'btc' }));
  assert.ok(isFiltering({ ...NO_FILTER, maxSpread: 0 }));
});
