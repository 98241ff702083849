#!/usr/bin/env node
// A client of the market scanner with nothing but what Node has: fetch (18 and later) and WebSocket (22 and later).
//
//   node examples/node_client.mjs [http://127.0.0.1:8010]
import { setTimeout as sleep } from 'node:timers/promises';

const base = (process.argv[2] ?? 'http://127.0.0.1:8010').replace(/\/$/, '');
const token = process.env.SCANNER_API_TOKEN;

/** An answer other than 2xx, with its application/problem+json (RFC 9457). */
class ScannerError extends Error {
  constructor(status, problem, retryAfter) {
    super(`${status}: ${problem.detail ?? problem.title}`);
    Object.assign(this, { status, problem, retryAfter });
  }
}

const seen = new Map(); // path -> { etag, answer }

/** The answer, and whether it is another than last time. Unchanged answers cost a 304 without a body. */
async function get(path) {
  const known = seen.get(path);
  const response = await fetch(base + path, {
    headers: known ? { 'If-None-Match': known.etag } : {},
    signal: AbortSignal.timeout(10_000),
  });
  if (response.status === 304) return { answer: known.answer, isNew: false };
  if (!response.ok) throw await problemOf(response);
  const answer = await response.json();
  seen.set(path, { etag: response.headers.get('etag'), answer });
  return { answer, isNew: true };
}

async function send(method, path, body) {
  const headers = { 'Content-Type': 'application/json' };
  if (token) headers.Authorization = `Bearer ${token}`;
  const response = await fetch(base + path, {
    method, headers, body: body && JSON.stringify(body), signal: AbortSignal.timeout(10_000),
  });
  if (!response.ok) throw await problemOf(response);
  const text = await response.text();
  return text && JSON.parse(text);
}

async function problemOf(response) {
  const problem = await response.json().catch(() => ({ title: response.statusText }));
  return new ScannerError(response.status, problem, Number(response.headers.get('retry-after') ?? 1));
}

/** Frames of /stream/rankings as they come, for ever: reconnects by itself, slower each time. */
async function* frames(query = '') {
  for (let pause = 1_000; ; pause = Math.min(pause * 2, 30_000)) {
    const socket = new WebSocket(`${base.replace(/^http/, 'ws')}/stream/rankings${query}`);
    let newest = null; // a reader that is behind wants the newest frame alone
    let wake;
    let open = true;
    const changed = () => new Promise((resolve) => { wake = resolve; });
    let waiting = changed();
    socket.onmessage = (event) => { newest = JSON.parse(event.data); wake(); };
    socket.onclose = () => { open = false; wake(); };
    socket.onerror = () => {};
    try {
      while (open) {
        await waiting;
        waiting = changed();
        if (newest === null) continue;
        const frame = newest;
        newest = null;
        pause = 1_000;
        yield frame;
      }
    } finally {
      socket.close();
    }
    await sleep(pause);
  }
}

// 1. Poll.
const path = '/rankings?top=5&fields=symbol,contract_code,rank,score,spread_bps,manip_score';
const { answer: ranking } = await get(path);
console.log(`cycle ${ranking.seq} of ${ranking.ts}${ranking.simulated ? ' (SIMULATED)' : ''}`);
for (const item of ranking.items) {
  // null: not known yet, which is the case for a quarter of an hour after a first start. max_manip_score would leave it out.
  const manipulation = item.manip_score === null ? 'unknown' : item.manip_score.toFixed(0);
  console.log(`  ${String(item.rank).padStart(3)} ${item.symbol.padEnd(20)} score ${item.score.toFixed(4)} manipulation ${manipulation}`);
}
console.log('asked again:', (await get(path)).isNew ? 'a new cycle' : 'unchanged, not sent again');
try {
  await get('/rankings?topp=5');
} catch (error) {
  if (!(error instanceof ScannerError)) throw error;
  console.log('a misspelt filter:', error.message);
}

// 2. Keep a list that the ranking can be narrowed to, here and in the console.
await send('POST', '/watchlists', { name: 'node-example', symbols: ranking.items.slice(0, 3).map((item) => item.contract_code) });
const { answer: mine } = await get('/rankings?watchlist=node-example&fields=symbol,rank');
console.log('my list:', mine.items.map((item) => `${item.symbol} (rank ${item.rank})`).join(', '));
await send('DELETE', '/watchlists/node-example');

// 3. Follow. Three frames here; a bot would go on.
if (typeof WebSocket === 'undefined') {
  console.log(`Node ${process.version} has no WebSocket; from 22 on three frames would follow here.`);
} else {
  let count = 0;
  for await (const frame of frames('?top=3')) {
    if (frame.stale) console.log('the ranking is no longer live');
    console.log(`frame ${frame.seq}:`, frame.items.map((item) => `${item.symbol.split('/')[0]} ${item.score.toFixed(2)}`).join(' '));
    if (++count === 3) break;
  }
}
