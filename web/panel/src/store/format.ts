/** Numbers as text. Tabular and fixed: a column's decimals never change with the value; unknown is a dash. */

export const DASH = '–';
/** In a sentence: the contract before it is at the manipulation threshold or over it. */
export const WARNING = '\u26a0';
const MINUS = '−';

/** Fixed decimals, a real minus sign; no "-0.00". */
export function fixed(value: number | null, decimals: number): string {
  if (value === null || !Number.isFinite(value)) return DASH;
  const text = value.toFixed(decimals);
  if (!text.startsWith('-')) return text;
  return Number(text) === 0 ? text.slice(1) : MINUS + text.slice(1);
}

/** As `fixed`, with the sign in front of what is not zero. */
export function signed(value: number | null, decimals: number): string {
  const text = fixed(value, decimals);
  if (text === DASH || text.startsWith(MINUS) || Number(text) === 0) return text;
  return `+${text}`;
}

/** Reads "0.00" and the like: what is shown as nothing has no colour and no direction. */
export function isZero(text: string): boolean {
  return /^0(?:\.0+)?$/.test(text);
}

/** Class of a signed number as it is shown: "+0.00" is neither up nor down. */
export function tone(value: number | null, decimals: number): 'up' | 'down' | '' {
  const text = signed(value, decimals);
  return text.startsWith('+') ? 'up' : text.startsWith(MINUS) ? 'down' : '';
}

/** Three significant digits: 0.0182, 1.25, 12.3, 6.00. */
export function significant(value: number | null): string {
  if (value === null || !Number.isFinite(value) || value === 0) return fixed(value, 0);
  return fixed(value, Math.min(8, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))))));
}

const UNITS = ['', 'K', 'M', 'B', 'T'] as const;

/** 12.4M: three significant figures or so, one decimal from a thousand on. */
export function compact(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return DASH;
  let unit = 0;
  let rest = Math.abs(value);
  while (rest >= (unit === 0 ? 999.5 : 999.95) && unit < UNITS.length - 1) {
    rest /= 1000;
    ++unit;
  }
  const text = unit === 0 ? Math.round(rest).toString() : rest.toFixed(1);
  return (value < 0 && text !== '0' ? MINUS : '') + text + UNITS[unit];
}

const BYTES = ['B', 'KB', 'MB', 'GB', 'TB'] as const;

/** "7.4 MB". */
export function bytes(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return DASH;
  let unit = 0;
  let rest = value;
  while (rest >= 999.5 && unit < BYTES.length - 1) {
    rest /= 1000;
    ++unit;
  }
  return `${unit === 0 || rest >= 100 ? Math.round(rest) : rest.toFixed(1)} ${BYTES[unit]}`;
}

/** How many decimals a price step has: 0.0001 has 4, 0.5 has 1, 10 has 0. */
export function decimalsOf(tick: number): number {
  if (!(tick > 0)) return 2;
  for (let decimals = 0; decimals <= 12; ++decimals) {
    const scaled = tick * 10 ** decimals;
    if (scaled > 0.5 && Math.abs(scaled - Math.round(scaled)) < 1e-6 * Math.max(1, scaled)) return decimals;
  }
  return 12;
}

/** Without a known step: five significant figures. */
export function priceDecimals(price: number, tick: number | null): number {
  if (tick !== null && tick > 0) return decimalsOf(tick);
  if (price === 0) return 2;
  return Math.min(10, Math.max(0, 4 - Math.floor(Math.log10(Math.abs(price)))));
}

export function price(value: number | null, tick: number | null = null): string {
  return value === null ? DASH : fixed(value, priceDecimals(value, tick));
}

/** As `price`, with four and more zeros after the point counted: 0.0000096502 as 0.0₅96502, so that it fits a column. */
export function shortPrice(value: number | null, tick: number | null = null): string {
  return price(value, tick).replace(/^(.?0\.)(0{4,})(?=[1-9])/, (_, head: string, zeros: string) =>
    `${head}0${String(zeros.length).replace(/./g, (digit) => String.fromCharCode(0x2080 + Number(digit)))}`);
}

/** "0.4 s", "12 s", "3 min", "2 h", "4 d". */
export function age(ms: number | null): string {
  if (ms === null || !Number.isFinite(ms)) return DASH;
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** Whole seconds for what ticks once a second. */
export function wholeAge(ms: number | null): string {
  if (ms !== null && ms < 9950) return `${Math.max(0, Math.floor(ms / 1000))} s`;
  return age(ms);
}

export function milliseconds(ms: number | null): string {
  if (ms === null || !Number.isFinite(ms)) return DASH;
  return ms >= 9995 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms)} ms`;
}

export function duration(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) return DASH;
  const total = Math.max(0, Math.floor(seconds));
  const days = Math.floor(total / 86_400);
  const hours = Math.floor((total % 86_400) / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${total % 60} s` : `${total} s`;
}

/** "spoofing_depth_imbalance" to "spoofing depth imbalance". */
export function words(name: string): string {
  return name.replaceAll('_', ' ');
}

/** "1 row", "2 rows". */
export function count(value: number, one: string, many = `${one}s`): string {
  return `${value} ${value === 1 ? one : many}`;
}
