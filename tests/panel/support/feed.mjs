// A WebSocket server that sends frames of 350 contracts, every number new each time: more than any exchange lists, and
// over a real socket, so that nothing but the panel's own work shows in the browser's trace.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';

const CONTRACTS = 350;

function frame(seq) {
  const items = Array.from({ length: CONTRACTS }, (_, index) => {
    const wave = Math.sin(seq / 7 + index);
    return { symbol: `S${index}/USDT:USDT`, contract_code: `S${index}-USDT`, rank_delta: Math.round(3 * wave),
      score: 60 - index / 8 + wave, last_price: 100 + index + wave, qvol_usdt: 1e8 / (index + 1) + 1e5 * wave,
      atr_pct: 0.5 + 0.1 * wave, spread_bps: 2 + wave, slip_bps: 1 + wave / 2, ret_1: wave, ret_15: 2 * wave,
      volume_zscore: wave, order_flow_imbalance: wave / 2, funding_8h_pct: wave / 100, basis_bps: wave,
      manip_score: 20 + 10 * wave, manip_flags: index % 9 === 0 ? ['liquidity_vacuum'] : [], age_ms: 300, stale: false,
      spark: Array.from({ length: 30 }, (__, at) => 100 + Math.sin(at + seq + index)) };
  }).sort((a, b) => b.score - a.score).map((item, index) => ({ ...item, rank: index + 1 }));
  return JSON.stringify({ ts: new Date().toISOString(), seq, profile: 'scalp', market_gauge: 0.5,
    volatility_bucket: 'low', top: CONTRACTS, items });
}

/** Prepared once: making them must not compete with the browser for the processor. */
const PREPARED = 40;

function message(text) {
  const body = Buffer.from(text);
  const head = Buffer.alloc(10);
  head[0] = 0x81;
  head[1] = 127;
  head.writeBigUInt64BE(BigInt(body.length), 2);
  return Buffer.concat([head, body]);
}

export async function startFeed(perSecond) {
  const bodies = Array.from({ length: PREPARED }, (_, index) => frame(index + 1));
  const sockets = new Set();
  const server = createServer().listen(0, '127.0.0.1');
  server.on('upgrade', (request, socket) => {
    const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
    sockets.add(socket);
    let seq = 0;
    const send = () => {
      ++seq;
      const text = bodies[seq % PREPARED].replace(/"ts":"[^"]*","seq":\d+/, `"ts":"${new Date().toISOString()}","seq":${seq}`);
      // A browser that does not keep up gets the newest, as the scanner does it.
      if (socket.writableLength === 0) socket.write(message(text));
    };
    send();
    const timer = setInterval(send, 1000 / perSecond);
    const over = () => {
      clearInterval(timer);
      sockets.delete(socket);
    };
    socket.on('close', over);
    socket.on('error', over);
  });
  await once(server, 'listening');
  return {
    port: server.address().port,
    stop: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** Sends the page's stream to the feed; needs a context with bypassCSP. */
export function redirectStream(page, port) {
  return page.addInitScript((to) => {
    const Real = window.WebSocket;
    window.WebSocket = class extends Real {
      constructor() {
        super(`ws://127.0.0.1:${to}/`);
      }
    };
  }, port);
}
