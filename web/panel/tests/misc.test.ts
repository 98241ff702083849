import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contractPage, decodeExchange } from '../src/model/exchange';
import { decodeHealth } from '../src/model/health';
import { decodeAlerts } from '../src/model/operator';
import { search } from '../src/store/fuzzy';
import { grade, quantile, standing } from '../src/store/health';
import { Histories } from '../src/store/history';
import { applyFrame, NO_MARKET } from '../src/store/market';
import { notices, type NoticeInput } from '../src/store/notices';
import { parseRoute, tokenIn } from '../src/store/route';
import { linePath } from '../src/store/spark';
import { buildColumns, type Column } from '../src/store/table/columns';
import { NO_FILTER } from '../src/store/table/filter';
import { FlashMemory } from '../src/store/table/flash';
import { buildView } from '../src/store/table/view';
import { scrollToShow, visibleWindow } from '../src/store/table/window';
import { clock, dateTime } from '../src/store/time';
import { exportLists, moved, normalCode, parseImport } from '../src/store/watchlists';
import { FIELDS, frame } from './support';

test('a cell flashes when what it shows changes, in its direction, and not the first time', () => {
  const memory = new FlashMemory();
  assert.equal(memory.next('score', '1.00', 1), '');
  assert.equal(memory.next('score', '1.00', 1.001), '', 'below what is shown');
  const first = memory.next('score', '1.50', 1.5);
  assert.match(first, /^rise-/);
  const second = memory.next('score', '1.60', 1.6);
  assert.match(second, /^rise-/);
  assert.notEqual(first, second, 'so that the animation starts again');
  assert.match(memory.next('score', '1.10', 1.1), /^fall-/);
  assert.equal(memory.next('score', '–', null), '');
  assert.equal(memory.next('spread', '1.00', 1, 0.05), '');
  assert.equal(memory.next('spread', '1.03', 1.03, 0.05), '', 'too little');
  assert.match(memory.next('spread', '1.06', 1.06, 0.05), /^rise-/, 'in small steps it adds up');
});

test('the search prefers beginnings, neighbours and short names', () => {
  const names = ['USOIL', 'SOL', 'RESOLV', 'SXOXL', 'BTC'];
  assert.deepEqual(search(names, 'sol', (name) => name, 9).map((match) => match.item), ['SOL', 'RESOLV', 'SXOXL', 'USOIL']);
  assert.equal(search(names, 'so', (name) => name, 1)[0]?.item, 'SOL');
  assert.equal(search(names, '', (name) => name, 2).length, 2);
  assert.deepEqual(search(names, 'zzz', (name) => name, 9), []);
  assert.deepEqual(search(['BTC'], 'bc', (name) => name, 9)[0]?.at, [0, 2]);
});

test('health is read with holes and graded', () => {
  const health = decodeHealth({ adapter: { state: 'open', errors: { network: 3, x: 'y' } }, stores: { redis: { state: 'ok', backlog: 0 } },
    symbols: { 'A/USDT:USDT': { latency_ms: 5, stale: true } }, streams: { websockets: 2 } });
  assert.equal(grade(health), 'bad');
  assert.deepEqual(health.adapter.errors, [['network', 3]]);
  assert.equal(health.symbols[0]?.code, 'A-USDT');
  assert.equal(grade(decodeHealth({ adapter: { state: 'closed' } })), 'good');
  assert.equal(grade(decodeHealth({ adapter: { state: 'closed' }, stores: { redis: { state: 'ready' }, postgres: { state: 'embedded' } } })), 'good');
  assert.equal(grade(decodeHealth({ adapter: { state: 'closed' }, stores: { postgres: { state: 'down' } } })), 'warn');
  assert.equal(grade(null), 'unknown');
  assert.equal(quantile([3, 1, 2], 0.5), 2);
  assert.equal(quantile([], 0.5), null);
});

test('one process of several says what it is', () => {
  const scale = { role: 'replica', epoch: 3, elected: false, lag_ms: 7, leader: 'a/12/0123', problem: null };
  const replica = decodeHealth({ adapter: { state: 'closed' }, scale });
  assert.equal(replica.scale === null ? '' : standing(replica.scale), 'replica, 7 ms behind');
  assert.equal(replica.scale?.leader, 'a/12');
  assert.equal(grade(replica), 'good');
  assert.equal(grade(decodeHealth({ adapter: { state: 'closed' }, scale: { ...scale, problem: 'the format is newer' } })), 'warn');
  const standby = decodeHealth({ scale: { ...scale, role: 'scanner', lag_ms: null } }).scale;
  assert.equal(standby === null ? '' : standing(standby), 'standby');
  const elected = decodeHealth({ scale: { ...scale, role: 'scanner', elected: true } }).scale;
  assert.equal(elected === null ? '' : standing(elected), 'scanner, elected');
  assert.equal(decodeHealth({ scale: null }).scale, null);
});

test('the worst is said first', () => {
  const calm: NoticeInput = { link: { via: 'websocket', phase: 'live', failures: 0, nextTryAt: null, problem: null }, health: null,
    simulated: false, dataAgeMs: 500, isStale: false, now: 0 };
  assert.deepEqual(notices(calm), []);
  assert.deepEqual(notices({ ...calm, simulated: true }).map((notice) => notice.id), ['simulated']);
  const lost = notices({ ...calm, simulated: true, isStale: true, dataAgeMs: 60_000, link: { ...calm.link, phase: 'lost', nextTryAt: 4_000 } });
  assert.deepEqual(lost.map((notice) => notice.id), ['lost', 'simulated']);
  assert.match(lost[0]?.text ?? '', /Retrying in 4 s.*60 s old/);
  const failing = decodeHealth({ failure_streak: 2, adapter: { state: 'open', cooldown_remaining: 12.2, last_error: 'refused' } });
  assert.deepEqual(notices({ ...calm, health: failing, isStale: true }).map((notice) => notice.id), ['exchange', 'stale']);
  assert.deepEqual(notices({ ...calm, dataAgeMs: null, link: { ...calm.link, problem: 'soon' } }).map((notice) => notice.id), ['waiting']);
});

test('histories are bounded and forget', () => {
  const histories = new Histories(3, 1_000);
  for (let at = 0; at < 10; ++at) histories.push('A', at, at);
  assert.deepEqual(histories.of('A').map((point) => point.value), [7, 8, 9]);
  histories.push('A', 9, 99);
  assert.equal(histories.of('A').at(-1)?.value, 99, 'the same time is the same point');
  histories.forget(2_000);
  assert.equal(histories.size, 0);
});

test('names are understood in every spelling, lists in every form', () => {
  for (const name of ['btc', 'BTC-USDT', 'btcusdt', 'BTC/USDT:USDT', 'btc_usdt', 'BTC/USDT', 'HTX:BTCUSDT.P']) assert.equal(normalCode(name), 'BTC-USDT', name);
  assert.deepEqual(parseImport('btc, eth\nsol btc', 'L'), [{ name: 'L', codes: ['BTC-USDT', 'ETH-USDT', 'SOL-USDT'] }]);
  assert.deepEqual(parseImport('["btc"]', 'L'), [{ name: 'L', codes: ['BTC-USDT'] }]);
  const lists = [{ name: 'One', codes: ['BTC-USDT'] }, { name: 'Two', codes: [] }];
  assert.deepEqual(parseImport(exportLists(lists), 'L'), lists);
  assert.deepEqual(parseImport('{"broken', 'L'), []);
  assert.deepEqual(parseImport('  ', 'L'), []);
});

test('lists are reordered without losing anything', () => {
  assert.deepEqual(moved(['a', 'b', 'c'], 0, 2), ['b', 'c', 'a']);
  assert.deepEqual(moved(['a', 'b', 'c'], 2, 0), ['c', 'a', 'b']);
  assert.deepEqual(moved(['a'], 4, 0), ['a']);
});

test('alerts come newest first, from a list or a page', () => {
  const a = { rule: 'r', symbol: 'BTC/USDT:USDT', ts: '2026-11-22T08:25:00.000Z', payload: { rank: 2 } };
  const b = { ...a, ts: '2026-11-22T08:26:00.000Z', id: 7 };
  const read = decodeAlerts({ items: [a, b, { rule: 'x' }] });
  assert.deepEqual(read.map((alert) => alert.key), ['7', `r|BTC/USDT:USDT|${Date.parse(a.ts)}`]);
  assert.equal(read[1]?.code, 'BTC-USDT');
  assert.equal(decodeAlerts([a]).length, 1);
});

test('lines stay in their box', () => {
  assert.equal(linePath([1], { width: 10, height: 10 }), '');
  assert.equal(linePath([1, 2], { width: 10, height: 10 }), 'M1.0 9.0L9.0 1.0');
  assert.equal(linePath([3, 3], { width: 10, height: 10 }), 'M1.0 5.0L9.0 5.0');
  assert.equal(linePath([5, 10], { width: 10, height: 10, range: [0, 10] }), 'M1.0 5.0L9.0 1.0');
});

test('times are of the zone', () => {
  assert.equal(clock(Date.UTC(2026, 10, 22, 8, 5, 9), 'utc'), '08:05:09');
  assert.equal(dateTime(Date.UTC(2026, 10, 22, 8, 5, 9), 'utc'), '2026-11-22 08:05:09');
});

test('only what is in sight is drawn', () => {
  assert.deepEqual(visibleWindow(0, 300, 30, 350), { first: 0, end: 16 });
  const middle = visibleWindow(3_000, 300, 30, 350);
  assert.ok(middle.first <= 100 && middle.end >= 110 && middle.end - middle.first < 30);
  assert.deepEqual(visibleWindow(1e6, 300, 30, 20).end, 20);
  assert.equal(scrollToShow(5, 0, 300, 30), 0);
  assert.equal(scrollToShow(20, 0, 300, 30), 330);
  assert.equal(scrollToShow(2, 300, 300, 30), 60);
});

const context = { now: 0, ticks: new Map<string, number>(), watched: new Set<string>(), nameOf: (code: string) => code };
const sorted = { filter: NO_FILTER, sort: { column: 'rank', descending: false },
  sortColumn: buildColumns(FIELDS).find(({ id }) => id === 'rank') ?? null, watched: null, context, threshold: 60, columns: [] as Column[] };

test('a held table shows new numbers in the old order, and who left', () => {
  const before = applyFrame(NO_MARKET, frame(1, [{ code: 'A', rank: 1, score: 1 }, { code: 'B', rank: 2 }, { code: 'C', rank: 3 }]), 0);
  const held = { order: ['A', 'B', 'C'], rows: before.rows };
  const after = applyFrame(before, frame(2, [{ code: 'C', rank: 1 }, { code: 'A', rank: 2, score: 9 }, { code: 'D', rank: 3 }]), 0);
  const view = buildView({ ...sorted, market: after, held });
  assert.deepEqual(view.rows.map((entry) => entry.code), ['A', 'B', 'C', 'D']);
  assert.equal(view.rows[0]?.score, 9);
  assert.deepEqual([...view.gone], ['B']);
  assert.ok(view.wantsToMove > 0);
  const free = buildView({ ...sorted, market: after, held: null });
  assert.deepEqual(free.rows.map((entry) => entry.code), ['C', 'A', 'D']);
  assert.equal(free.wantsToMove, 0);
});

test('tints compare with the whole market, not with what the filter leaves', () => {
  const items = Array.from({ length: 40 }, (_, index) => ({ code: `S${index}`, rank: index + 1, ret_15: index }));
  const market = applyFrame(NO_MARKET, frame(1, items), 0);
  const column = buildColumns(FIELDS).find(({ id }) => id === 'ret_15') as Column;
  const view = buildView({ ...sorted, market, columns: [column], filter: { ...NO_FILTER, text: 'S39' }, held: null });
  assert.equal(view.rows.length, 1);
  assert.equal(view.heat.get('ret_15')?.get('S39'), 3);
});

test('an address may carry the access token, and nothing else is taken for one', () => {
  assert.equal(tokenIn('#token=abc123'), 'abc123');
  assert.equal(tokenIn('#/token=a%2Bb'), 'a+b');
  for (const hash of ['', '#', '#/', '#token=', '#/BTC-USDT', '#/opportunities', '#token=%', '#/x/token=abc']) {
    assert.equal(tokenIn(hash), null, hash);
  }
  for (const hash of ['#token=abc123', '#/token=a%2Bb', '#token=%', '#token=']) {
    assert.deepEqual(parseRoute(hash), { page: 'markets', contract: null }, 'no token is ever asked for as a contract');
  }
});

test('a link to the exchange is made of what the scanner says, and of nothing else', () => {
  const exchange = decodeExchange({ display_name: 'Alpha', contract_page: 'https://alpha.example/swap#code={contract_code}&type=cross' });
  assert.equal(exchange.name, 'Alpha');
  assert.equal(contractPage(exchange, '龙虾&x-USDT'), 'https://alpha.example/swap#code=%E9%BE%99%E8%99%BE%26x-USDT&type=cross');
  for (const page of ['javascript:alert(1)//{contract_code}', 'https://alpha.example/', 7, null, undefined]) {
    assert.equal(contractPage(decodeExchange({ display_name: 'Alpha', contract_page: page }), 'BTC-USDT'), null, String(page));
  }
  assert.equal(decodeExchange('nonsense').name, 'the exchange');
});
