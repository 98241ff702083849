import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compile } from '../src/store/expression';
import { row } from './support';

const subject = row('BTC-USDT', { manip_score: 70, flags: ['scam_wick', 'liquidity_wall'], rank: 3, rank_delta: 5, ret_1: -0.4,
  ret_15: 2, qvol_usdt: 5e7, funding_8h_pct: null });

function holds(source: string): boolean {
  const compiled = compile(source);
  assert.equal(compiled.kind, 'rule', `${source}: ${JSON.stringify(compiled)}`);
  return compiled.kind === 'rule' && compiled.matches(subject);
}

test('conditions hold as they read', () => {
  for (const source of ['manip_score >= 60 and "scam_wick" in flags', 'rank <= 3', 'rank_delta > 4 or rank == 1', "'wash_trade_volume' not in flags",
    'abs(ret_1) > 0.3', 'max(ret_1, ret_15) == 2', 'min(ret_1, 0) < 0', '-ret_1 > 0.3', 'ret_15 - ret_1 * 2 > 2.7', '(rank + 1) / 2 == 2',
    'qvol_usdt > 2e7 for 30s', 'symbol == "btc"', 'contract_code != "eth"', 'not (rank > 5)', 'known(ret_1)', 'not known(funding_8h_pct)',
    'true', 'not false', 'manipulation_score == 70', '.5 < 1']) {
    assert.ok(holds(source), source);
  }
  for (const source of ['manip_score < 60', '"exhausted_spike" in flags', 'rank > 3 and true', 'rank == 3 and not rank == 3', 'symbol == "eth"']) {
    assert.ok(!holds(source), source);
  }
});

test('what is unknown makes every comparison false, != included', () => {
  for (const operator of ['<', '<=', '>', '>=', '==', '!=']) assert.ok(!holds(`funding_8h_pct ${operator} 0`), operator);
  assert.ok(!holds('ret_1 / 0 != 1'));
  assert.ok(holds('not (funding_8h_pct > 0)'));
});

test('and binds closer than or, not closer than and', () => {
  assert.ok(holds('true or true and false'));
  assert.ok(!holds('(true or true) and false'));
  assert.ok(holds('not false and true'));
});

test('what is wrong is said with its place', () => {
  const cases: [string, number][] = [['', 0], ['manip_scor > 3', 0], ['rank >', 6], ['rank > 3 )', 9], ['rank & 3', 5], ['(rank > 3', 9],
    ['foo(1)', 0], ['rank > 3 and "scam_wik" in flags', 13], ['rank > 3 for ever', 13], ['rank > 3 rank', 9], ['min(1)', 0]];
  for (const [source, at] of cases) {
    const compiled = compile(source);
    assert.equal(compiled.kind, 'wrong', source);
    assert.equal(compiled.kind === 'wrong' ? compiled.at : -1, at, source);
  }
});

test('what is missing, and what was meant, is named', () => {
  const says = (source: string): string => { const compiled = compile(source); return compiled.kind === 'wrong' ? compiled.message : ''; };
  assert.equal(says('manip_score >'), 'incomplete: a value is missing after >');
  assert.match(says('"scam_wik" in flags'), /no flag 'scam_wik'; did you mean 'scam_wick'/);
  assert.match(says('manip_scor > 1'), /did you mean 'manip_score'/);
  assert.equal(says('qqqqqqqq > 1'), "there is no field 'qqqqqqqq'");
});

test('a contract in another script is itself and no other', () => {
  const named = compile('symbol == "币安人生"');
  assert.ok(named.kind === 'rule' && named.matches(row('币安人生-USDT')) && !named.matches(row('龙虾-USDT')) && !named.matches(row('BTC-USDT')));
});

test('fields that only the daemon has are not guessed', () => {
  assert.deepEqual(compile('rsi14 > 70'), { kind: 'elsewhere', field: 'rsi14' });
});
