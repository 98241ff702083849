/** Watchlists as people paste, export and order them. Pure. */
import { isObject, texts } from '../model/json';
import { decodeWatchlists, type Watchlist } from '../model/operator';
import { codeOf } from '../model/row';

/** Pasted text or exported JSON: names separated by anything, or [{name, symbols}]. */
export function parseImport(source: string, fallbackName: string): Watchlist[] {
  const trimmed = source.trim();
  if (trimmed.startsWith('[') || trimmed.startsWith('{')) {
    try {
      const value: unknown = JSON.parse(trimmed);
      if (Array.isArray(value) && value.every((entry) => typeof entry === 'string')) {
        return [{ name: fallbackName, codes: unique(texts(value).map(normalCode)) }];
      }
      const lists = isObject(value) && 'name' in value ? decodeWatchlists([value]) : decodeWatchlists(value);
      return lists.map((entry) => ({ ...entry, codes: unique(entry.codes.map(normalCode)) }));
    } catch {
      return [];
    }
  }
  const codes = unique(trimmed.split(/[\s,;]+/).filter((part) => part !== '').map(normalCode));
  return codes.length === 0 ? [] : [{ name: fallbackName, codes }];
}

export function exportLists(lists: readonly Watchlist[]): string {
  return JSON.stringify(lists.map(({ name, codes }) => ({ name, symbols: codes })), null, 2);
}

/** "btc", "BTCUSDT", "BTC/USDT:USDT", "BINANCE:BTCUSDT.P" and "btc_usdt" as "BTC-USDT". */
export function normalCode(name: string): string {
  const spelled = codeOf(name.trim().toUpperCase()).replace(/^[A-Z0-9]+:/, '').replace(/\.P$/, '').replaceAll('_', '-')
    .replaceAll('/', '-');
  if (spelled.includes('-')) return spelled;
  return spelled.endsWith('USDT') && spelled.length > 4 ? `${spelled.slice(0, -4)}-USDT` : `${spelled}-USDT`;
}

function unique(codes: readonly string[]): string[] {
  return [...new Set(codes)];
}

/** `items` with the one at `from` taken out and put at `to`. */
export function moved<T>(items: readonly T[], from: number, to: number): T[] {
  const copy = [...items];
  const [item] = copy.splice(from, 1);
  if (item !== undefined) copy.splice(Math.min(copy.length, Math.max(0, to)), 0, item);
  return copy;
}
