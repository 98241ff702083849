import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Row } from '../src/model/row';
import {
  filterKey, FLAGS, isFiltering, isMeasured, isQuarantined, isSuspect, manipulationReasons, matchesText, NO_FILTER, passes, severity, type Filter,
} from '../src/store/table/filter';
import { row } from './support';

const passesAt60 = (row: Row, filter: Filter, watched: ReadonlySet<string> | null): boolean => passes(row, filter, watched, 60);

test('any spelling of a contract finds it', () => {
  const btc = row('BTC-USDT');
  for (const text of ['btc', 'BTC', 'tc', 'BTC-USDT', 'btcusdt', 'btc/usdt:usdt', 'BTC_USDT']) assert.ok(matchesText(btc, text), text);
  for (const text of ['usdt', 'eth', 'btcx']) assert.ok(!matchesText(btc, text), text);
});

test('names in any script are found, and only those', () => {
  const binance = row('币安人生-USDT');
  for (const text of ['币安', '币安人生', '币安人生-usdt', '人生']) assert.ok(matchesText(binance, text), text);
  for (const text of ['usdt', 'é', '龙虾', 'btc']) assert.ok(!matchesText(binance, text), text);
  for (const text of ['币安', 'é', 'ö', '-', '!', 'ｅｔｈ']) assert.ok(!matchesText(row('BTC-USDT'), text), text);
  assert.ok(matchesText(row('BTC-USDT'), 'ｂｔｃ'), 'full-width letters are the same letters');
  assert.ok(matchesText(row('CAFÉ-USDT'), 'cafe\u0301'), 'composed and decomposed letters are the same letters');
});

test('several names at once, and half-typed ones', () => {
  const filter = { ...NO_FILTER, text: 'btc, eth' };
  assert.ok(passesAt60(row('BTC-USDT'), filter, null));
  assert.ok(passesAt60(row('ETH-USDT'), filter, null));
  assert.ok(!passesAt60(row('SOL-USDT'), filter, null));
  assert.ok(passesAt60(row('BTC-USDT'), { ...NO_FILTER, text: 'btc,' }, null));
  assert.ok(passesAt60(row('BTC-USDT'), { ...NO_FILTER, text: ' , ' }, null), 'separators alone ask for nothing');
  assert.ok(passesAt60(row('ETH-USDT'), { ...NO_FILTER, text: '币安，eth' }, null), 'the comma of a Chinese keyboard');
});

test('limits leave out what is unknown', () => {
  assert.ok(!passesAt60(row('A'), { ...NO_FILTER, minVolume: 1 }, null));
  assert.ok(!passesAt60(row('A'), { ...NO_FILTER, maxSpread: 8 }, null));
  assert.ok(passesAt60(row('A', { qvol_usdt: 5, spread_bps: 8 }), { ...NO_FILTER, minVolume: 5, maxSpread: 8 }, null));
  assert.ok(!passesAt60(row('A', { manip_score: 30 }), { ...NO_FILTER, maxManipulation: 25 }, null));
});

test('flags in and out, and watchlists', () => {
  const flagged = row('A', { flags: ['scam_wick'] });
  assert.ok(!passesAt60(flagged, { ...NO_FILTER, withoutFlags: ['scam_wick'] }, null));
  assert.ok(passesAt60(flagged, { ...NO_FILTER, withFlags: ['*'] }, null));
  assert.ok(!passesAt60(row('B'), { ...NO_FILTER, withFlags: ['*'] }, null));
  assert.ok(!passesAt60(flagged, { ...NO_FILTER, withFlags: ['liquidity_wall'] }, null));
  assert.ok(!passesAt60(flagged, { ...NO_FILTER, watchlist: 'L' }, new Set(['B'])));
  assert.ok(passesAt60(flagged, { ...NO_FILTER, watchlist: 'L' }, null), 'a list that is not known hides nothing');
});

test('equal filters have equal keys', () => {
  assert.equal(filterKey({ ...NO_FILTER, withoutFlags: ['a', 'b'] }), filterKey({ ...NO_FILTER, withoutFlags: ['b', 'a'] }));
  assert.ok(!isFiltering({ ...NO_FILTER, text: 'btc' }));
  assert.ok(isFiltering({ ...NO_FILTER, maxSpread: 0 }));
});

test('flagged is what has a flag, and what is over the threshold without one', () => {
  const wanted = { ...NO_FILTER, withFlags: ['*'] };
  const pumped = row('A', { manip_score: 99 });
  assert.ok(passes(pumped, wanted, null, 60));
  assert.ok(passes(row('A', { manip_score: 60 }), wanted, null, 60), 'at the threshold');
  assert.ok(!passes(pumped, wanted, null, 100), 'the threshold is the operator\'s');
  assert.ok(!passes(row('A', { manip_score: 59 }), wanted, null, 60));
  assert.ok(!passes(row('A', { manip_score: null }), wanted, null, 60), 'unknown is no suspicion');
  assert.ok(passes(row('A', { manip_score: 0, flags: ['scam_wick'] }), wanted, null, 60));
  assert.ok(!passes(pumped, { ...NO_FILTER, withFlags: ['scam_wick'] }, null, 60), 'a flag of a name is that flag');
});

test('the model is named as the reason where no flag is', () => {
  const terms = [{ feature: 'bias', value: -2.5 }, { feature: 'price_velocity', value: 3 }, { feature: 'wick_ratio', value: 4 }, { feature: 'funding', value: -1 }];
  assert.deepEqual(manipulationReasons(99, [], terms), ['model 99 %: wick, velocity']);
  assert.deepEqual(manipulationReasons(99, []), ['model 99 %']);
  assert.deepEqual(manipulationReasons(20, ['scam_wick']), ['wick'], 'the flags alone make that score');
  assert.deepEqual(manipulationReasons(99, ['scam_wick'], terms), ['wick', 'model 99 %: wick, velocity']);
  assert.deepEqual(manipulationReasons(null, ['scam_wick'], terms), ['wick']);
  for (const flag of FLAGS.filter(({ points }) => points !== null)) assert.ok(severity(flag.name), flag.name);
  assert.deepEqual(manipulationReasons(99, [], [], true), [], 'of the measured model no formula is known here');
});

test('a quarantined contract is suspect whatever its score is now', () => {
  const quarantined = row('A', { manip_score: 12, quarantined: true } as Partial<Row>);
  assert.ok(isSuspect(quarantined, 60) && isQuarantined(quarantined) && isMeasured(quarantined));
  const free = row('A', { manip_score: 12, quarantined: false } as Partial<Row>);
  assert.ok(!isSuspect(free, 60) && isMeasured(free));
  assert.ok(!isMeasured(row('A')), 'the seed model has no quarantine');
  assert.ok(!isQuarantined(undefined));
});
