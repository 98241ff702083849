import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COLUMNS, DEFAULT_COLUMNS, findColumn, NARROW_COLUMNS } from '../src/store/columns';
import { DEFAULT_PREFS, moveColumn, readPrefs, toggleColumn } from '../src/store/prefs';
import { formatRoute, parseRoute } from '../src/store/route';

test('nothing stored, nonsense and an older version all give a working panel', () => {
  for (const stored of [null, '', '{', '[]', '4', '{"columns":"x","sort":{"column":"nope"},"widths":{"score":"wide"}}']) {
    assert.deepEqual(readPrefs(stored), DEFAULT_PREFS);
  }
});

test('what was stored comes back', () => {
  const prefs = { ...DEFAULT_PREFS, columns: ['symbol', 'score'], widths: { score: 120 }, zone: 'local' as const,
    sort: { column: 'score', descending: true }, heat: false };
  assert.deepEqual(readPrefs(JSON.stringify(prefs)), prefs);
});

test('unknown columns are dropped, the contract stays, widths are bounded', () => {
  const prefs = readPrefs(JSON.stringify({ columns: ['score', 'gone', 'score'], widths: { score: 9_999, gone: 50, rank: 1 } }));
  assert.deepEqual(prefs.columns, ['symbol', 'score']);
  assert.deepEqual(prefs.widths, { score: 360, rank: 34 });
});

test('every column named by default exists, and names are unique', () => {
  for (const id of [...DEFAULT_COLUMNS, ...NARROW_COLUMNS]) assert.ok(findColumn(id), id);
  assert.equal(new Set(COLUMNS.map((column) => column.id)).size, COLUMNS.length);
});

test('columns move, go and come back to where they belong', () => {
  assert.deepEqual(moveColumn(['a', 'b', 'c'], 'c', 0), ['c', 'a', 'b']);
  assert.deepEqual(moveColumn(['a', 'b', 'c'], 'a', 99), ['b', 'c', 'a']);
  assert.deepEqual(moveColumn(['a'], 'x', 0), ['a']);
  const without = toggleColumn(DEFAULT_COLUMNS, 'score');
  assert.ok(!without.includes('score'));
  assert.deepEqual(toggleColumn(without, 'score'), DEFAULT_COLUMNS);
  assert.ok(toggleColumn(DEFAULT_COLUMNS, 'symbol').includes('symbol'));
});

test('addresses name a page and a contract', () => {
  assert.deepEqual(parseRoute(''), { page: 'markets', contract: null });
  assert.deepEqual(parseRoute('#/'), { page: 'markets', contract: null });
  assert.deepEqual(parseRoute('#/BTC-USDT'), { page: 'markets', contract: 'BTC-USDT' });
  assert.deepEqual(parseRoute('#/btc'), { page: 'markets', contract: 'BTC-USDT' });
  assert.deepEqual(parseRoute('#/btcusdt'), { page: 'markets', contract: 'BTC-USDT' });
  assert.deepEqual(parseRoute('#/opportunities/ETH-USDT'), { page: 'opportunities', contract: 'ETH-USDT' });
  assert.deepEqual(parseRoute('#/%'), { page: 'markets', contract: '%-USDT' });
  for (const hash of ['#/', '#/BTC-USDT', '#/opportunities', '#/opportunities/BTC-USDT']) {
    assert.equal(formatRoute(parseRoute(hash)), hash);
  }
});
