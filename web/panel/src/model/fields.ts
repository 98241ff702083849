/** What there is to know of the numbers of a contract: the answer of `GET /fields`. */
import { isObject, list, number, object, text } from './json';

/** How many digits of a number mean something; `all`: it is exact as it comes. */
export interface Digits {
  readonly kind: 'all' | 'decimals' | 'significant';
  readonly count: number;
}

export type FieldType = 'number' | 'integer' | 'boolean' | 'text' | 'time' | 'texts';

export interface Field {
  /** The member's name in items; unique within its group. */
  readonly name: string;
  readonly group: string;
  /** "bps", "USDT", …; '' for what has none. */
  readonly unit: string;
  readonly type: FieldType;
  readonly digits: Digits;
  /** The least value that its formula can give; null where there is none. */
  readonly minimum: number | null;
  /** A sentence. */
  readonly meaning: string;
  /** Items of rankings and frames have it; else only a contract in full. */
  readonly inItems: boolean;
  /** Rules may name it. */
  readonly inRules: boolean;
  /** Small values come first when it is sorted by. */
  readonly ascendingFirst: boolean;
}

const TYPES: readonly FieldType[] = ['number', 'integer', 'boolean', 'text', 'time', 'texts'];
const MAX_DIGITS = 15;

function decodeDigits(value: unknown): Digits {
  const from = object(value);
  for (const kind of ['decimals', 'significant'] as const) {
    const count = number(from[kind]);
    if (count !== null && count >= 0) return { kind, count: Math.min(MAX_DIGITS, Math.round(count)) };
  }
  return { kind: 'all', count: 0 };
}

/** Fields without a name or of an unknown type are left out. */
export function decodeFields(value: unknown): readonly Field[] {
  return list(object(value)['fields']).filter(isObject).flatMap((entry): Field[] => {
    const name = text(entry['name']);
    const type = TYPES.find((known) => known === (text(entry['type']) ?? 'number'));
    if (name === null || name === '' || type === undefined) return [];
    return [{
      name, type,
      group: text(entry['group']) ?? '',
      unit: text(entry['unit']) ?? '',
      digits: decodeDigits(entry['digits']),
      minimum: number(entry['minimum']),
      meaning: text(entry['meaning']) ?? '',
      inItems: entry['in_items'] === true,
      inRules: entry['in_rules'] === true,
      ascendingFirst: entry['order'] === 'asc',
    }];
  });
}
