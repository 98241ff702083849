import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { judge, lagAllowedMs } from '../src/store/stamp';

const clock = { now: 100_000, tableAt: 99_000, staleAfterMs: 10_000, cycleMs: 1_000 };
const stamp = { at: 99_000, seq: 7, limitMs: null };

test('a part is old when its data are, and says how old', () => {
  assert.deepEqual(judge(stamp, clock), { ageMs: 1_000, isOld: false, text: '1 s' });
  assert.deepEqual(judge({ ...stamp, at: 90_000 }, { ...clock, tableAt: 90_000 }), { ageMs: 10_000, isOld: false, text: '10 s' });
  assert.deepEqual(judge({ ...stamp, at: 61_000 }, { ...clock, tableAt: 61_000 }), { ageMs: 39_000, isOld: true, text: 'STALE 39 s' });
  assert.equal(judge({ ...stamp, at: 101_000 }, clock).ageMs, 0, 'clocks differ');
});

test('a part that the table left behind is old before its time', () => {
  const slow = { ...clock, cycleMs: 15_000, staleAfterMs: 45_000 };
  assert.equal(lagAllowedMs(15_000), 22_500);
  assert.equal(lagAllowedMs(1_000), 10_000);
  assert.ok(!judge({ ...stamp, at: 84_000 }, slow).isOld, 'one cycle');
  assert.ok(judge({ ...stamp, at: 69_000 }, slow).isOld, 'two cycles');
  assert.ok(!judge({ ...stamp, at: 69_000 }, { ...slow, tableAt: null }).isOld, 'without a table only its age counts');
});

test('an input has a limit of its own, and what has no time is not taken for live', () => {
  assert.ok(!judge({ at: 10_000, seq: null, limitMs: 180_000 }, clock).isOld, 'candles are minutes old by nature');
  assert.ok(judge({ at: 10_000, seq: null, limitMs: 60_000 }, clock).isOld);
  assert.deepEqual(judge({ at: null, seq: null, limitMs: null }, clock), { ageMs: null, isOld: true, text: 'STALE' });
});

function sources(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    return entry.isDirectory() ? sources(path) : /\.(svelte|ts)$/.test(entry.name) ? [path] : [];
  });
}

test('no effect depends on a value that it only mentions', () => {
  // A statement without effect is what a minifier may drop, and the dependency with it. Pass it as an argument.
  for (const path of sources('src')) {
    const found = readFileSync(path, 'utf8').match(/^\s*(?:void\s+(?:\[|[\w$.]+\s*[;,])|[\w$]+(?:\.[\w$]+)*;\s*$).*/m);
    assert.ok(found === null || /^\s*(?:return|break|continue|debugger);/.test(found[0]), `${path}: ${found?.[0].trim()}`);
  }
  assert.doesNotMatch(readFileSync('vite.config.ts', 'utf8'), /pure_getters:/);
});
