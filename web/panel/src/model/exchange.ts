/** The exchange that is scanned: the answer of `GET /exchange`. */
import { object, text } from './json';

export interface Exchange {
  /** How it writes itself. */
  readonly name: string;
  /** The address of a contract's page, with a place for the code; null where it is not known. */
  readonly contractPage: string | null;
}

export const UNKNOWN_EXCHANGE: Exchange = { name: 'the exchange', contractPage: null };

const PLACE = '{contract_code}';

export function decodeExchange(value: unknown): Exchange {
  const from = object(value);
  const page = text(from['contract_page']);
  const isLink = page !== null && page.startsWith('https://') && page.includes(PLACE);
  return { name: text(from['display_name']) ?? UNKNOWN_EXCHANGE.name, contractPage: isLink ? page : null };
}

/** Where the exchange trades the contract; null where that is not known. */
export function contractPage(exchange: Exchange, code: string): string | null {
  return exchange.contractPage === null ? null : exchange.contractPage.split(PLACE).join(encodeURIComponent(code));
}
