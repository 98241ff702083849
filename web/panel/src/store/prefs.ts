/** What is remembered in this browser. Read defensively: an old or edited entry never breaks the panel. */
import { isObject, list, number, object, text, texts } from '../api/decode';
import { DEFAULT_COLUMNS, findColumn, LEAST_WIDTH, MOST_WIDTH } from './columns';
import { NO_FILTER, type Filter } from './filter';
import type { Sort } from './order';
import { BY_RANK, type Preset } from './presets';
import type { Zone } from './time';

export type Theme = 'system' | 'dark' | 'light';
export type Density = 'compact' | 'roomy';

export interface Prefs {
  readonly columns: readonly string[];
  readonly widths: Readonly<Record<string, number>>;
  readonly sort: Sort;
  readonly filter: Filter;
  readonly presets: readonly Preset[];
  readonly zone: Zone;
  readonly theme: Theme;
  readonly density: Density;
  readonly heat: boolean;
  readonly flash: boolean;
  /** The list that the star adds to. */
  readonly watchlist: string;
  readonly timeframe: '1m' | '5m';
  /** Wide enough for the person's own choice of columns, or still following the screen. */
  readonly ownColumns: boolean;
}

export const DEFAULT_PREFS: Prefs = {
  columns: DEFAULT_COLUMNS, widths: {}, sort: BY_RANK, filter: NO_FILTER, presets: [], zone: 'utc', theme: 'system',
  density: 'compact', heat: true, flash: true, watchlist: '', timeframe: '1m', ownColumns: false,
};

function oneOf<T extends string>(value: unknown, known: readonly T[], fallback: T): T {
  return known.find((entry) => entry === value) ?? fallback;
}

function limit(value: unknown): number | null {
  const parsed = number(value);
  return parsed !== null && parsed >= 0 ? parsed : null;
}

export function readFilter(value: unknown): Filter {
  const from = object(value);
  return {
    text: (text(from['text']) ?? '').slice(0, 100),
    watchlist: text(from['watchlist']) ?? '',
    minVolume: limit(from['minVolume']),
    maxSpread: limit(from['maxSpread']),
    maxManipulation: limit(from['maxManipulation']),
    minManipulation: limit(from['minManipulation']),
    withoutFlags: texts(from['withoutFlags']),
    withFlags: texts(from['withFlags']),
  };
}

function readSort(value: unknown, fallback: Sort): Sort {
  const from = object(value);
  const column = findColumn(text(from['column']) ?? '');
  return column?.sortable === true ? { column: column.id, descending: from['descending'] === true } : fallback;
}

function readColumns(value: unknown): readonly string[] {
  const known = [...new Set(texts(value))].filter((id) => findColumn(id) !== undefined);
  if (known.length === 0) return DEFAULT_COLUMNS;
  return known.includes('symbol') ? known : ['symbol', ...known];
}

function readWidths(value: unknown): Record<string, number> {
  const widths: Record<string, number> = {};
  for (const [id, width] of Object.entries(object(value))) {
    const pixels = number(width);
    if (findColumn(id) && pixels !== null) widths[id] = Math.min(MOST_WIDTH, Math.max(LEAST_WIDTH, pixels));
  }
  return widths;
}

function readPresets(value: unknown): readonly Preset[] {
  return list(value).filter(isObject).slice(0, 20).flatMap((entry) => {
    const name = text(entry['name'])?.slice(0, 40) ?? '';
    return name === '' ? [] : [{ name, title: 'Saved here', filter: readFilter(entry['filter']),
      sort: readSort(entry['sort'], BY_RANK) }];
  });
}

export function readPrefs(stored: string | null): Prefs {
  let value: unknown = null;
  try {
    value = stored === null ? null : JSON.parse(stored);
  } catch {
    value = null;
  }
  const from = object(value);
  return {
    columns: readColumns(from['columns']),
    widths: readWidths(from['widths']),
    sort: readSort(from['sort'], BY_RANK),
    filter: readFilter(from['filter']),
    presets: readPresets(from['presets']),
    zone: oneOf(from['zone'], ['utc', 'local'], 'utc'),
    theme: oneOf(from['theme'], ['system', 'dark', 'light'], 'system'),
    density: oneOf(from['density'], ['compact', 'roomy'], 'compact'),
    heat: from['heat'] !== false,
    flash: from['flash'] !== false,
    watchlist: text(from['watchlist']) ?? '',
    timeframe: oneOf(from['timeframe'], ['1m', '5m'], '1m'),
    ownColumns: from['ownColumns'] === true,
  };
}

/** `columns` with `id` taken out and put before the place `to` of what is left. */
export function moveColumn(columns: readonly string[], id: string, to: number): readonly string[] {
  if (!columns.includes(id)) return columns;
  const rest = columns.filter((entry) => entry !== id);
  const place = Math.min(rest.length, Math.max(0, to));
  return [...rest.slice(0, place), id, ...rest.slice(place)];
}

/** Shows or hides a column; a new one goes where the default order has it, or last. */
export function toggleColumn(columns: readonly string[], id: string): readonly string[] {
  if (columns.includes(id)) return id === 'symbol' ? columns : columns.filter((entry) => entry !== id);
  const before = DEFAULT_COLUMNS.slice(0, Math.max(0, DEFAULT_COLUMNS.indexOf(id)));
  let place = -1;
  for (const entry of before) place = Math.max(place, columns.indexOf(entry));
  return DEFAULT_COLUMNS.includes(id) ? moveColumn([...columns, id], id, place + 1) : [...columns, id];
}
