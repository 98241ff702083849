import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columnsOf, DEFAULT_LOOK, DEFAULT_VIEW, lookOf, moveColumn, readLook, readView, toggleColumn, viewOf } from '../src/store/prefs';
import { formatRoute, parseRoute } from '../src/store/route';
import { DEFAULT_COLUMNS, FEED_COLUMNS, layoutOf, NARROW_COLUMNS } from '../src/store/table/looks';

test('nothing stored, nonsense and an older version all give a working panel', () => {
  for (const stored of [null, '', '{', '[]', '4', '{"columns":"x","sort":{"column":"no name"},"widths":{"score":"wide"}}']) {
    assert.deepEqual(readView(stored), DEFAULT_VIEW);
    assert.deepEqual(readLook(stored), DEFAULT_LOOK);
  }
});

test('what was stored comes back, the view of a window apart from the look that all share', () => {
  const prefs = { ...DEFAULT_LOOK, ...DEFAULT_VIEW, columns: { phone: ['symbol', 'score'] }, widths: { score: 120 }, zone: 'local' as const,
    sort: { column: 'score', descending: true }, heat: false, profile: 'swing', notional: 50_000, notify: true };
  assert.deepEqual({ ...readLook(JSON.stringify(lookOf(prefs))), ...readView(JSON.stringify(viewOf(prefs))) }, prefs);
  assert.deepEqual(Object.keys(viewOf(prefs)).filter((key) => key in lookOf(prefs)), [], 'nothing is in both');
});

test('columns of which nothing is known yet are kept, nonsense is not, the contract stays, widths are bounded', () => {
  const view = readView(JSON.stringify({ columns: { desktop: ['score', 'of_tomorrow', 'score', '<b>', ''], phone: 'x', desk: ['score'] },
    widths: { score: 9_999, rank: 1, 'a b': 50 }, notional: 0 }));
  assert.deepEqual(view.columns, { desktop: ['symbol', 'score', 'of_tomorrow'] });
  assert.deepEqual(view.widths, { score: 360, rank: 34 });
  assert.equal(view.notional, null);
});

test('each layout has a list of columns of its own', () => {
  assert.deepEqual([layoutOf(375, false), layoutOf(600, false), layoutOf(1440, false), layoutOf(880, true), layoutOf(1900, true)],
    ['phone', 'narrow', 'desktop', 'drawer', 'desktop']);
  const view = { ...DEFAULT_VIEW, columns: { phone: ['symbol', 'score'] } };
  assert.deepEqual(columnsOf(view, 'phone', false), ['symbol', 'score']);
  assert.deepEqual(columnsOf(view, 'narrow', true), NARROW_COLUMNS);
  assert.deepEqual(columnsOf(view, 'desktop', false), DEFAULT_COLUMNS);
  assert.deepEqual(columnsOf(view, 'desktop', true), FEED_COLUMNS);
  assert.ok(['firm_depth_usdt', 'ofi_10s', 'tfi_60s'].every((id) => FEED_COLUMNS.includes(id) && !DEFAULT_COLUMNS.includes(id)));
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
