/** The address after "/panel": "#/BTC-USDT" opens a contract, "#/opportunities" a view, "#/opportunities/BTC-USDT" both. */
export type Page = 'markets' | 'opportunities' | 'ledger';

export interface Route {
  readonly page: Page;
  /** Contract code of the open drawer. */
  readonly contract: string | null;
}

export function parseRoute(hash: string): Route {
  // Else the token would be asked for as a contract, and be in the address of that request and in the logs of proxies.
  if (/^#\/?token=/.test(hash)) return { page: 'markets', contract: null };
  const parts = hash.replace(/^#\/?/, '').split('/').filter((part) => part !== '').map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
  const first = parts[0]?.toLowerCase();
  const page: Page = first === 'opportunities' || first === 'ledger' ? first : 'markets';
  const name = parts[page === 'markets' ? 0 : 1];
  return { page, contract: name === undefined ? null : asCode(name) };
}

/** "btc", "BTCUSDT", "BTC-USDT" and "BTC_USDT" are one contract. */
function asCode(name: string): string {
  const upper = name.toUpperCase().replaceAll('_', '-');
  if (upper.includes('-')) return upper;
  return upper.endsWith('USDT') && upper.length > 4 ? `${upper.slice(0, -4)}-USDT` : `${upper}-USDT`;
}

export function formatRoute(route: Route): string {
  const contract = route.contract === null ? '' : encodeURIComponent(route.contract);
  return route.page === 'markets' ? `#/${contract}` : `#/${route.page}${contract && `/${contract}`}`;
}

/** The access token of an address that ends in "#token=…", as the container prints it; null for any other address. */
export function tokenIn(hash: string): string | null {
  const found = /^#\/?token=([^&/]+)$/.exec(hash);
  if (found?.[1] === undefined) return null;
  try {
    return decodeURIComponent(found[1]);
  } catch {
    return null;
  }
}
