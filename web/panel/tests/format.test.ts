import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  age, compact, DASH, decimalsOf, duration, fixed, isZero, milliseconds, price, shortPrice, signed, significant,
  tone, wholeAge,
} from '../src/store/format';

test('unknown is a dash and never a zero', () => {
  for (const text of [fixed(null, 2), signed(null, 2), compact(null), price(null), age(null), milliseconds(null), duration(null)]) {
    assert.equal(text, DASH);
  }
  assert.equal(fixed(Number.NaN, 1), DASH);
  assert.equal(fixed(0, 2), '0.00');
});

test('decimals are fixed and the minus is a minus', () => {
  assert.equal(fixed(1.005, 1), '1.0');
  assert.equal(fixed(-1.25, 1), '−1.3');
  assert.equal(fixed(-0.001, 2), '0.00');
  assert.equal(signed(0.004, 2), '0.00');
  assert.equal(signed(-0.004, 2), '0.00');
  assert.equal(signed(1.5, 2), '+1.50');
  assert.equal(signed(-1.5, 2), '−1.50');
});

test('leading zeros of tiny prices are counted in a column', () => {
  assert.equal(shortPrice(0.0000096502, 1e-10), '0.0₅96502');
  assert.equal(shortPrice(-0.00001, 1e-5), '−0.0₄1');
  assert.equal(shortPrice(0.00012, 1e-5), '0.00012');
  assert.equal(shortPrice(0, 1e-10), '0.0000000000');
  assert.equal(shortPrice(2404.8, 0.1), '2404.8');
});

test('large amounts are short', () => {
  assert.equal(compact(12_400_000), '12.4M');
  assert.equal(compact(999), '999');
  assert.equal(compact(999.6), '1.0K');
  assert.equal(compact(999_960), '1.0M');
  assert.equal(compact(-2_500), '−2.5K');
  assert.equal(compact(0.2), '0');
  assert.equal(compact(-0.2), '0');
  assert.equal(compact(3e15), '3000.0T');
});

test('prices have the decimals of their step', () => {
  assert.equal(decimalsOf(0.1), 1);
  assert.equal(decimalsOf(0.5), 1);
  assert.equal(decimalsOf(0.0001), 4);
  assert.equal(decimalsOf(1e-8), 8);
  assert.equal(decimalsOf(0.00025), 5);
  assert.equal(decimalsOf(10), 0);
  assert.equal(price(82324.4, 0.1), '82324.4');
  assert.equal(price(0.0012868, 1e-7), '0.0012868');
  assert.equal(price(2405.25), '2405.3');
  assert.equal(price(0.00001452), '0.000014520');
});

test('ages have one unit', () => {
  assert.equal(age(412), '0.4 s');
  assert.equal(age(-5), '0.0 s');
  assert.equal(age(12_400), '12 s');
  assert.equal(age(200_000), '3 min');
  assert.equal(age(3 * 3_600_000), '3 h');
  assert.equal(age(4 * 86_400_000), '4 d');
  assert.equal(wholeAge(1_900), '1 s');
  assert.equal(duration(3_725), '1 h 2 min');
  assert.equal(milliseconds(12_345), '12.3 s');
});

test('what is shown as nothing has no direction', () => {
  assert.deepEqual([0.001, -0.001, 0, 0.006, -0.006, null].map((value) => tone(value, 2)), ['', '', '', 'up', 'down', '']);
  assert.deepEqual(['0.00', '0', '0.0000', '0.01', '−0.01', '–', '0.0₅96'].map(isZero), [true, true, true, false, false, false, false]);
});

test('costs have three significant digits', () => {
  assert.deepEqual([0.018212, 1.2549, 12.345, 123.4, 4321, 0, null].map(significant), ['0.0182', '1.25', '12.3', '123', '4321', '0', '–']);
});
