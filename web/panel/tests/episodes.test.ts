import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeEpisode, decodeEpisodes, decodeFlags } from '../src/model/episode';
import { evidenceText, lastedText, marksOf, precisionText } from '../src/store/episodes';

const ANSWER = { id: 'DOGE-USDT.pump_ignition.1', symbol: 'DOGE/USDT:USDT', contract_code: 'DOGE-USDT', flag: 'pump_ignition', kind: 'validated',
  phase: 'ignition', status: 'open', start: '2026-12-01T00:00:01.000Z', end: null, probability: 0.41, severity: 81.2, simulated: true,
  evidence: [{ name: 'activity', value: 3.1, threshold: 1.2, unit: 'ratio' }, { name: 'value', value: 'much' }], price: 0.2013, repetitions: 1,
  trades: 214, disposition: null };
const episode = (change: Record<string, unknown> = {}) => {
  const read = decodeEpisode({ ...ANSWER, ...change });
  assert.ok(read);
  return read;
};

test('episodes are read with holes, and what has no name, flag or beginning is left out', () => {
  const read = episode();
  assert.deepEqual([read.code, read.kind, read.isOpen, read.end, read.evidence.length], ['DOGE-USDT', 'validated', true, null, 1]);
  assert.equal(episode({ kind: 'certain', probability: 'high' }).kind, null, 'a kind that is not known claims nothing');
  assert.equal(episode({ disposition: { verdict: 'guilty' } }).disposition, null);
  assert.deepEqual(episode({ disposition: { verdict: 'benign', at: null } }).disposition, { verdict: 'benign', note: '', at: null });
  for (const hole of ['id', 'flag', 'start']) assert.equal(decodeEpisode({ ...ANSWER, [hole]: null }), null, hole);
  assert.deepEqual(decodeEpisodes({ items: [ANSWER, 4, null], next_cursor: 'x' }).items.length, 1);
  assert.deepEqual(decodeEpisodes(null), { items: [], hasMore: false });
});

test('evidence is a quantity with what it is held against', () => {
  assert.equal(evidenceText({ name: 'move_5m', value: 3.14159, threshold: 2, unit: '%' }), 'move 5m 3.14 % (from 2.00 %)');
  assert.equal(evidenceText({ name: 'value', value: 1_234_567, threshold: null, unit: 'USDT' }), 'value 1.2M USDT');
});

test('what is under way goes on, what was interrupted has no end', () => {
  const at = Date.parse('2026-12-01T00:01:11.000Z');
  assert.equal(lastedText(episode(), at), '1 min 10 s');
  assert.equal(lastedText(episode({ status: 'ended', end: '2026-12-01T00:00:31.000Z' }), at), '30 s');
  assert.equal(lastedText(episode({ status: 'ended', end: null }), at), '–');
});

test('a mark stands at the candle in which episodes began, and names the most severe', () => {
  const minute = Date.parse('2026-12-01T00:00:00.000Z');
  const times = [minute - 60_000, minute, minute + 60_000];
  const marks = marksOf([episode(), episode({ id: 'b', flag: 'scam_wick', kind: 'experimental', severity: 12 }),
    episode({ id: 'c', flag: 'scam_wick', kind: 'experimental', start: '2026-11-30T23:59:59.999Z' }),
    episode({ id: 'old', start: '2026-11-30T23:00:00.000Z' }), episode({ id: 'late', start: '2026-12-01T00:02:30.000Z' })], times, 60_000);
  assert.deepEqual(marks, [{ at: minute - 60_000, text: 'wick', counts: false }, { at: minute, text: 'pump +1', counts: true }]);
  assert.deepEqual(marksOf([episode()], [], 60_000), []);
});

test('a precision says how many were judged', () => {
  const { flags, model } = decodeFlags({ manip_model: 'measured', items: [
    { name: 'pump_ignition', kind: 'validated', claim: 'a burst', needs: 'trades', precision_7d: { value: 0.8, low: 0.375, high: 0.964, manipulation: 4, benign: 1, unsure: 2 } },
    { name: 'scam_wick', kind: 'experimental', claim: '', needs: '', precision_7d: { value: null, manipulation: 0, benign: 0 } }, 7] });
  assert.equal(model, 'measured');
  assert.deepEqual(flags.map(precisionText), ['80 % of 5 judged were manipulation (38–96 %)', 'none judged in 7 days']);
});
