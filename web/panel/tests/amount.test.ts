import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAmount, parseDuration, showAmount, showDuration } from '../src/store/amount';

test('numbers as people write them', () => {
  const cases: readonly [string, number | null][] = [['', null], ['  ', null], ['5', 5], ['0.5', 0.5], ['0,5', 0.5], ['.5', 0.5], ['5.', 5], ['8,25', 8.25],
    ['25M', 25e6], ['25m', 25e6], ['10 M', 10e6], ['10 mio', 10e6], ['10 Mio.', 10e6], ['10 million', 10e6], ['1.5k', 1500], ['1,5k', 1500], ['2 bn', 2e9],
    ['3 mrd', 3e9], ['1000万', 1e7], ['1亿', 1e8], ['1,000,000', 1e6], ['1.000.000', 1e6], ["1'000'000", 1e6], ['1 000 000', 1e6], ['1\u00a0000\u202f000', 1e6],
    ['1,234.5', 1234.5], ['1.234,5', 1234.5], ['0,500', 0.5], ['1.500', 1.5], ['25M USDT', 25e6], ['8 bps', 8], ['２５Ｍ', 25e6], ['1,500k', 1_500]];
  for (const [text, value] of cases) assert.deepEqual(parseAmount(text), { ok: true, value }, text);
});

test('what is no number, or two numbers, is said to be so', () => {
  for (const text of ['abc', '10 x', '1,2,3', '1.2.3', '12,34.5', '1.000,00,0', '-5', '1e6', '10 10', '..', ',', 'NaN', 'Infinity', '5 mio mio', '<b>']) {
    assert.ok(!parseAmount(text).ok, text);
  }
  const both = parseAmount('1,500');
  assert.ok(!both.ok && both.why.includes('1500') && both.why.includes('1.5'));
  assert.ok(!parseAmount('101', 100).ok);
  assert.ok(parseAmount('100', 100).ok);
});

test('what is shown is understood again', () => {
  for (const value of [0.5, 8, 999, 1000, 1500, 7500, 12_345, 25e6, 1_000_001, 2.5e9]) {
    assert.deepEqual(parseAmount(showAmount(value)), { ok: true, value }, showAmount(value));
  }
  assert.equal(showAmount(25e6), '25M');
  assert.equal(showAmount(null), '');
});

test('durations', () => {
  for (const [text, seconds] of [['900', 900], ['15 min', 900], ['15m', 900], ['1,5 h', 5400], ['0', 0], ['', null], ['7 d', 604_800]] as const) {
    assert.deepEqual(parseDuration(text, 604_800), { ok: true, value: seconds }, text);
  }
  for (const text of ['soon', '8 d', '-1', '5 x']) assert.ok(!parseDuration(text, 604_800).ok, text);
  assert.deepEqual([900, 90, 3600, 0].map(showDuration), ['15 min', '90 s', '1 h', '0 s']);
});
