import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeRecordings } from '../src/model/recording';
import { decodeReplay } from '../src/model/replay';
import { clusters, clusterText, markBeside, parseMoment } from '../src/store/replay';
import { isAhead } from '../src/store/stamp';

const at = (text: string): number => Date.parse(`2026-11-30T${text}Z`);
const ANSWER = { replay: true, from: '2026-11-30T23:00:00Z', to: '2026-12-01T01:00:00Z', at: '2026-11-30T23:30:00Z', speed: 'max', playing: true,
  seeking: false, ended: false, seq: 12, error: null, marks_complete: false, marks: [
    { at: '2026-11-30T23:40:00Z', kind: 'episode', symbol: 'DOGE/USDT:USDT', label: 'pump_ignition' },
    { at: '2026-11-30T23:20:00Z', kind: 'alert', symbol: 'BTC/USDT:USDT', label: 'top mover', manip_score: 60 },
    { at: '2026-11-30T23:20:30Z', kind: 'alert', symbol: 'ETH/USDT:USDT', label: 'top mover' }, { at: 'then', kind: 'alert' }, { at: '2026-11-30T23:20:30Z', kind: 'omen' }] };
const replay = decodeReplay(ANSWER);
assert.ok(replay);

test('a replay is read with its marks in their order, and nothing else is one', () => {
  assert.deepEqual([replay.speed, replay.marks.map((mark) => mark.code), replay.marksComplete], ['max', ['BTC-USDT', 'ETH-USDT', 'DOGE-USDT'], false]);
  assert.equal(decodeReplay({ ...ANSWER, speed: 60 })?.speed, 60);
  assert.equal(decodeReplay({ ...ANSWER, at: '2026-11-30T22:00:00Z' })?.at, replay.from, 'never outside of what was recorded');
  for (const not of [null, {}, { ...ANSWER, replay: false }, { ...ANSWER, to: null }, { ...ANSWER, to: '2026-11-30T22:00:00Z' }]) assert.equal(decodeReplay(not), null);
});

test('marks that would cover each other are one', () => {
  const found = clusters(replay, 'alert', 1_000);
  assert.equal(found.length, 1, '30 s of 2 h are 4 px');
  assert.equal(found[0] && clusterText(found[0], 'utc', 61), 'Alert at 23:20:00: top mover, BTC-USDT, and 1 more');
  assert.equal(found[0] && clusterText(found[0], 'utc', 60), 'Alert at 23:20:00: top mover, BTC-USDT \u26a0 manipulation 60, and 1 more', 'with its warning');
  assert.equal(clusters(replay, 'alert', 10_000).length, 2);
  assert.deepEqual(clusters(replay, 'episode', 1_000).map((cluster) => Math.round(cluster.share * 100)), [33]);
});

test('the mark before and after', () => {
  assert.equal(markBeside(replay, 1)?.label, 'pump_ignition');
  assert.equal(markBeside(replay, -1)?.code, 'ETH-USDT');
  assert.equal(markBeside({ ...replay, at: at('23:40:00') }, 1), null);
});

test('a time is understood as people write it', () => {
  const read = (text: string): number | string => { const found = parseMoment(text, replay, 'utc'); return found.ok ? found.at : found.why; };
  assert.equal(read('23:45'), at('23:45:00'));
  assert.equal(read('23:45:07'), at('23:45:07'));
  assert.equal(read('2026-12-01 00:30'), at('23:30:00') + 3_600_000);
  assert.equal(read('2026-12-01T00:30:05Z'), at('23:30:05') + 3_600_000);
  assert.equal(read('00:30'), at('23:30:00') + 3_600_000, 'of the other day, where only that was recorded');
  assert.equal(read('+90s'), at('23:31:30'));
  assert.equal(read('−5m'), at('23:25:00'));
  assert.match(String(read('12:00')), /^recorded from 2026-11-30 23:00:00 to 2026-12-01 01:00:00/);
  for (const not of ['', 'noon', '25:00', '2026-13-01 00:00', '12:60', '+5 parsecs']) assert.match(String(read(not)), /^not a time; try/, not);
});

test('what a replay has left again for an earlier moment is told apart', () => {
  assert.equal(isAhead({ at: 100_000, seq: 1, limitMs: null }, { now: 40_000, cycleMs: 15_000 }), true);
  assert.equal(isAhead({ at: 60_000, seq: 1, limitMs: null }, { now: 40_000, cycleMs: 15_000 }), false, 'a cycle that is being shown');
});

test('recordings are listed newest first', () => {
  const list = decodeRecordings({ recordings: [{ id: 'a', from: '2026-11-30T23:00:00Z', bytes: 12 }, { id: 'b', from: '2026-11-30T23:30:00Z', running: true, error: 'disk full' }, { id: 'c' }, 7] });
  assert.deepEqual(list.map((entry) => [entry.id, entry.running, entry.bytes, entry.error]), [['b', true, null, 'disk full'], ['a', false, 12, null]]);
});
