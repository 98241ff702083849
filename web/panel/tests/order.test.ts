import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heats } from '../src/store/table/heat';
import { frozenOrder, movesWanted, sortRows } from '../src/store/table/order';
import { row } from './support';

const codes = (rows: readonly { code: string }[]): string[] => rows.map((entry) => entry.code);

test('unknown values come last in both directions', () => {
  const rows = [row('A', { score: 1, rank: 3 }), row('B', { rank: 1 }), row('C', { score: 5, rank: 2 })];
  assert.deepEqual(codes(sortRows(rows, (entry) => entry.score, true)), ['C', 'A', 'B']);
  assert.deepEqual(codes(sortRows(rows, (entry) => entry.score, false)), ['A', 'C', 'B']);
});

test('ties go by rank, then by name: the order is total', () => {
  const rows = [row('B'), row('A'), row('D', { rank: 2 }), row('C', { rank: 1 })];
  assert.deepEqual(codes(sortRows(rows, () => 0, true)), ['C', 'D', 'A', 'B']);
});

test('a held order keeps its places, newcomers come at the end', () => {
  assert.deepEqual(frozenOrder(['A', 'B', 'C'], ['C', 'X', 'A', 'B']), ['A', 'B', 'C', 'X']);
  assert.deepEqual(frozenOrder(['A', 'B'], ['B']), ['A', 'B']);
});

test('the note counts the fewest rows that must move', () => {
  assert.equal(movesWanted(['A', 'B', 'C', 'D'], ['A', 'B', 'C', 'D']), 0);
  // One row climbs to the top: one move, although every place changed.
  assert.equal(movesWanted(['A', 'B', 'C', 'D'], ['D', 'A', 'B', 'C']), 1);
  assert.equal(movesWanted(['A', 'B', 'C'], ['C', 'B', 'A']), 2);
  assert.equal(movesWanted(['A', 'B', 'C'], ['A', 'B']), 1);
  assert.equal(movesWanted(['A'], ['A', 'B', 'C']), 2);
});

test('tints follow percentiles, symmetrically', () => {
  const tints = heats(Array.from({ length: 101 }, (_, index) => index));
  assert.equal(tints[0], -3);
  assert.equal(tints[100], 3);
  assert.equal(tints[50], 0);
  assert.deepEqual(tints.map((tint) => -tint || 0), [...tints].reverse().map((tint) => tint || 0));
});

test('one outlier does not wash out the others, equal values look equal', () => {
  const tints = heats([1, 2, 3, 4, 5, 6, 7, 8, 9, 1e9]);
  assert.equal(tints[8], 2);
  assert.equal(tints[9], 3);
  const ties = heats([0, 0, 0, 0, 0, 0, 0, 1]);
  assert.equal(new Set(ties.slice(0, 7)).size, 1);
  const usual = heats([0, 1, 2, 3, 4, 5, 9, 9, 9, 9, 9, 10]);
  assert.equal(usual[6], 0, 'what a third has is not remarkable');
  assert.equal(usual[11], 3);
});

test('unknown, few and equal values have no tint', () => {
  assert.deepEqual(heats([1, 2, 3]), [0, 0, 0]);
  assert.ok(heats(Array.from({ length: 20 }, () => 4)).every((tint) => tint === 0));
  assert.equal(heats([null, 1, 2, 3, 4, 5, 6, 7, 8, 9])[0], 0);
});
