import { isObject, list, number, object, text, time } from './json';
import { codeOf } from './row';

/** A contract that the exchange lists, in the scan or not. */
export interface Listed {
  readonly code: string;
  readonly symbol: string;
  readonly tick: number | null;
  readonly contractSize: number | null;
  readonly inScan: boolean;
  /** Why it is out of the scan; null when it is in. */
  readonly reason: string | null;
  readonly detail: string | null;
  readonly status: string;
  readonly assetClass: string;
  readonly turnover: number | null;
  readonly fundingHours: number | null;
  readonly nextFundingAt: number | null;
}

/** The answer of /symbols, largest turnover first. */
export function decodeUniverse(value: unknown): Listed[] {
  return list(object(value)['items']).filter(isObject).flatMap((item): Listed[] => {
    const symbol = text(item['symbol']);
    if (symbol === null) return [];
    return [{
      code: text(item['contract_code']) ?? codeOf(symbol),
      symbol,
      tick: number(item['price_tick']),
      contractSize: number(item['contract_size']),
      inScan: item['in_scan'] === true,
      reason: text(item['reason']),
      detail: text(item['detail']),
      status: text(item['status']) ?? '',
      assetClass: text(item['asset_class']) ?? '',
      turnover: number(item['qvol_usdt']),
      fundingHours: number(item['funding_interval_hours']),
      nextFundingAt: time(item['next_funding_time']),
    }];
  }).sort((a, b) => (b.turnover ?? -1) - (a.turnover ?? -1));
}
