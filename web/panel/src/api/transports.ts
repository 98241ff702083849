/** The three ways in which frames come to a browser. */
import { ApiError, type Http } from './http';
import type { Transport } from './link';
import { fetchRanking, profileParameter, type RankingQuery } from './rankings';
import { decodeFrame, type Frame, type Via } from '../model/frame';

/** As many as the API gives. */
const TOP = 2000;
/** With a live feed rankings are published between scans; more than one a second is more than an eye can read. */
const MIN_INTERVAL_MS = 1_000;
const WANTED = `top=${TOP}&min_interval_ms=${MIN_INTERVAL_MS}`;

function parse(data: unknown, via: Via): Frame | null {
  if (typeof data !== 'string') return null;
  try {
    return decodeFrame(JSON.parse(data), via);
  } catch {
    return null;
  }
}

/** `base`: the service's root. */
export function webSocketTransport(base: URL, query: () => RankingQuery): Transport {
  return (events) => {
    const url = new URL(`stream/rankings?${WANTED}${profileParameter(query())}`, base);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    let socket: WebSocket;
    try {
      socket = new WebSocket(url);
    } catch {
      events.ended('This browser refuses WebSockets here.');
      return () => undefined;
    }
    let over = false;
    socket.onopen = () => events.opened();
    socket.onmessage = (message) => {
      const frame = parse(message.data, 'websocket');
      if (frame !== null) events.frame(frame);
      else events.opened();
    };
    socket.onclose = (close) => {
      if (over) return;
      over = true;
      events.ended(close.code === 1001 || close.code === 1012 ? 'The scanner is shutting down.'
        : 'The WebSocket was closed.');
    };
    return () => {
      over = true;
      socket.close(1000);
    };
  };
}

export function eventsTransport(base: URL, query: () => RankingQuery): Transport {
  return (events) => {
    const source = new EventSource(new URL(`stream/events?${WANTED}${profileParameter(query())}`, base));
    let over = false;
    const receive = (message: MessageEvent): void => {
      const frame = parse(message.data, 'sse');
      if (frame !== null) events.frame(frame);
    };
    source.addEventListener('ranking', receive);
    source.onmessage = receive;
    source.onopen = () => events.opened();
    source.onerror = () => {
      // The browser's own retries know nothing of the ladder.
      if (over) return;
      over = true;
      source.close();
      events.ended('The event stream ended.');
    };
    return () => {
      over = true;
      source.close();
    };
  };
}

const SOONEST_MS = 1_000;
const LATEST_MS = 5_000;

/** Asks shortly after the next cycle is due, every few seconds at least. */
export function pollingTransport(http: Http, query: () => RankingQuery, now: () => number): Transport {
  return (events) => {
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const again = (ms: number): void => {
      if (!abort.signal.aborted) timer = setTimeout(() => void poll(), ms);
    };
    const poll = async (): Promise<void> => {
      try {
        const frame = await fetchRanking(http, query());
        if (abort.signal.aborted) return;
        events.frame(frame);
        const due = frame.nextScanAt === null ? LATEST_MS : frame.nextScanAt - now() + 300;
        again(Math.min(LATEST_MS, Math.max(SOONEST_MS, due)));
      } catch (error) {
        if (abort.signal.aborted) return;
        if (error instanceof ApiError && error.status === 503) {
          events.waiting(error.message);
          again(2_000);
          return;
        }
        abort.abort();
        events.ended(error instanceof Error ? error.message : 'The scanner does not answer.');
      }
    };
    void poll();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  };
}
