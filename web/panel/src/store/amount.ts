/** Numbers and durations as people type them. Pure; what is not understood is reported, never guessed. */

export type Parsed = { readonly ok: true; readonly value: number | null } | { readonly ok: false; readonly why: string };

const FACTORS: Readonly<Record<string, number>> = {
  '': 1, k: 1e3, tsd: 1e3, thousand: 1e3, '千': 1e3, '万': 1e4, '萬': 1e4,
  m: 1e6, mio: 1e6, mn: 1e6, mln: 1e6, mm: 1e6, million: 1e6, millions: 1e6, '百万': 1e6,
  b: 1e9, bn: 1e9, mrd: 1e9, billion: 1e9, billions: 1e9, '亿': 1e8, '億': 1e8,
};
const SPACES = /[\s'’_]/g;
const SPACED = /^\d{1,3}([\s'’_]\d{3})+([.,]\d+)?$/;

/** Digits with separators as a number; null where they can be read in two ways or in none. */
function digits(text: string): number | null {
  const points = text.split('.').length - 1;
  const commas = text.split(',').length - 1;
  const grouped = (separator: string): boolean =>
    text.split(separator).every((group, index) => (index === 0 ? /^\d{1,3}$/ : /^\d{3}$/).test(group));
  let plain = text;
  if (points > 0 && commas > 0) {
    // The last one is the decimal mark, the other groups thousands.
    const decimal = text.lastIndexOf('.') > text.lastIndexOf(',') ? '.' : ',';
    const [whole = '', part = '', ...more] = text.split(decimal);
    const group = decimal === '.' ? ',' : '.';
    if (more.length > 0 || !whole.split(group).every((entry, index) => (index === 0 ? /^\d{1,3}$/ : /^\d{3}$/).test(entry))) return null;
    plain = `${whole.replaceAll(group, '')}.${part}`;
  } else if (commas > 1) {
    if (!grouped(',')) return null;
    plain = text.replaceAll(',', '');
  } else if (points > 1) {
    if (!grouped('.')) return null;
    plain = text.replaceAll('.', '');
  } else if (commas === 1) {
    plain = text.replace(',', '.');
  }
  if (!/^(\d+\.?\d*|\.\d+)$/.test(plain)) return null;
  const value = Number(plain);
  return Number.isFinite(value) ? value : null;
}

/** A single comma before three digits: 1,500 is 1500 to some and 1.5 to others. */
const TWO_WAYS = /^[1-9]\d{0,2},\d{3}$/;

/** "25M", "1,5k", "0,5", "10 mio", "1'000'000": a number not below 0. Nothing is null. `max`: the largest allowed. */
export function parseAmount(source: string, max = Number.MAX_VALUE): Parsed {
  const text = source.normalize('NFKC').trim().toLowerCase().replace(/\s*(usdt|usd|bps|%)$/, '');
  if (text === '') return { ok: true, value: null };
  if (/^[-−]\s*[\d.,]/.test(text)) return { ok: false, why: 'must not be negative' };
  const [, number = '', unit = ''] = /^([\d.,\s'’_]*\d[.,]?)\s*([^\d\s.,]*)\.?$/.exec(text) ?? [];
  const factor = Object.hasOwn(FACTORS, unit) ? FACTORS[unit] : undefined;
  if (number === '' || factor === undefined) return { ok: false, why: 'not a number; try 25M, 1.5k or 0.5' };
  const spaced = number.trim();
  const compact = SPACED.test(spaced) ? spaced.replace(SPACES, '') : spaced;
  if (factor === 1 && TWO_WAYS.test(compact)) {
    return { ok: false, why: `write ${compact.replace(',', '')} or ${compact.replace(',', '.')}` };
  }
  const value = digits(compact);
  if (value === null) return { ok: false, why: 'not a number; try 25M, 1.5k or 0.5' };
  const scaled = Number((value * factor).toPrecision(15));
  if (scaled > max) return { ok: false, why: `at most ${showAmount(max)}` };
  return { ok: true, value: scaled };
}

/** As it goes back into a field: 25M, 1.5k, 0.5. */
export function showAmount(value: number | null): string {
  if (value === null) return '';
  for (const [unit, size] of [['B', 1e9], ['M', 1e6], ['k', 1e3]] as const) {
    const scaled = value / size;
    if (value >= size && Number.isInteger(Number((scaled * 100).toPrecision(12)))) return `${Number(scaled.toPrecision(12))}${unit}`;
  }
  return `${value}`;
}

const SECONDS: Readonly<Record<string, number>> = {
  '': 1, s: 1, sec: 1, second: 1, seconds: 1, m: 60, min: 60, mins: 60, minute: 60, minutes: 60, h: 3600, hour: 3600,
  hours: 3600, d: 86_400, day: 86_400, days: 86_400,
};

/** "15 min", "900", "1.5 h": whole seconds. Nothing is null. */
export function parseDuration(source: string, maxSec: number): Parsed {
  const text = source.normalize('NFKC').trim().toLowerCase();
  if (text === '') return { ok: true, value: null };
  const [, number = '', unit = ''] = /^(\d+(?:[.,]\d+)?)\s*([a-z]*)\.?$/.exec(text) ?? [];
  const factor = Object.hasOwn(SECONDS, unit) ? SECONDS[unit] : undefined;
  if (number === '' || factor === undefined) return { ok: false, why: 'not a duration; try 15 min, 900 s or 1 h' };
  const seconds = Math.round(Number(number.replace(',', '.')) * factor);
  return seconds > maxSec ? { ok: false, why: `at most ${showDuration(maxSec)}` } : { ok: true, value: seconds };
}

/** "15 min", "90 s", "1 h", "7 d": the largest unit that leaves no rest. */
export function showDuration(seconds: number | null): string {
  if (seconds === null) return '';
  for (const [unit, size] of [['d', 86_400], ['h', 3600], ['min', 60]] as const) {
    if (seconds >= size && seconds % size === 0) return `${seconds / size} ${unit}`;
  }
  return `${seconds} s`;
}
