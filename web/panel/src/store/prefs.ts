/**
 * What is remembered in this browser: the look and the saved presets for all its windows, the view for each window by
 * itself. Read defensively: an old or edited entry never breaks the panel.
 */
import { isObject, list, number, object, text, texts } from '../model/json';
import { NO_FILTER, type Filter } from './table/filter';
import { COLUMN_ORDER, defaultColumns, LAYOUTS, MAX_WIDTH, MIN_WIDTH, type Layout } from './table/looks';
import type { Sort } from './table/order';
import { BY_RANK, type Preset } from './table/presets';
import type { Zone } from './time';

const MAX_COLUMNS = 200;

export type Theme = 'system' | 'dark' | 'light';
export type Density = 'compact' | 'roomy';

/** What one window shows. A new window begins with the view that was used last. */
export interface ViewPrefs {
  /** The person's own columns by layout; the layout's default where none were chosen. */
  readonly columns: Readonly<Partial<Record<Layout, readonly string[]>>>;
  readonly widths: Readonly<Record<string, number>>;
  readonly sort: Sort;
  readonly filter: Filter;
  /** Profile to rank with; '' is the active one. */
  readonly profile: string;
  /** USDT that slippage and score are computed for; null is the scanner's setting. */
  readonly notional: number | null;
  /** Ask the system to show alerts while this window is not looked at. */
  readonly notify: boolean;
  readonly sound: boolean;
}

/** What all windows of this browser share. */
export interface LookPrefs {
  readonly presets: readonly Preset[];
  readonly zone: Zone;
  readonly theme: Theme;
  readonly density: Density;
  readonly heat: boolean;
  readonly flash: boolean;
  /** The list that the star adds to. */
  readonly watchlist: string;
  readonly timeframe: '1m' | '5m';
}

export type Prefs = ViewPrefs & LookPrefs;

export const DEFAULT_VIEW: ViewPrefs = {
  columns: {}, widths: {}, sort: BY_RANK, filter: NO_FILTER, profile: '', notional: null, notify: false, sound: false,
};
export const DEFAULT_LOOK: LookPrefs = {
  presets: [], zone: 'utc', theme: 'system', density: 'compact', heat: true, flash: true, watchlist: '', timeframe: '1m',
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

/** Which columns there are the scanner says, later: one of which nothing is known is kept and not shown. */
function isId(id: string): boolean {
  return /^\w{1,64}$/.test(id);
}

function readSort(value: unknown, fallback: Sort): Sort {
  const from = object(value);
  const column = text(from['column']) ?? '';
  return isId(column) ? { column, descending: from['descending'] === true } : fallback;
}

function readList(value: unknown): readonly string[] | null {
  const known = [...new Set(texts(value))].filter(isId).slice(0, MAX_COLUMNS);
  if (known.length === 0) return null;
  return known.includes('symbol') ? known : ['symbol', ...known];
}

function readColumns(value: unknown): ViewPrefs['columns'] {
  const columns: Partial<Record<Layout, readonly string[]>> = {};
  for (const layout of LAYOUTS) {
    const chosen = readList(object(value)[layout]);
    if (chosen !== null) columns[layout] = chosen;
  }
  return columns;
}

/** The columns of a layout, chosen or default. */
export function columnsOf(view: ViewPrefs, layout: Layout, hasFeed: boolean): readonly string[] {
  return view.columns[layout] ?? defaultColumns(layout, hasFeed);
}

function readWidths(value: unknown): Record<string, number> {
  const widths: Record<string, number> = {};
  for (const [id, width] of Object.entries(object(value))) {
    const pixels = number(width);
    if (isId(id) && pixels !== null) widths[id] = Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, pixels));
  }
  return widths;
}

function readPresets(value: unknown): readonly Preset[] {
  return list(value).filter(isObject).slice(0, 20).flatMap((entry) => {
    const name = text(entry['name'])?.slice(0, 40) ?? '';
    return name === '' ? [] : [{ name, title: 'Saved preset', filter: readFilter(entry['filter']),
      sort: readSort(entry['sort'], BY_RANK) }];
  });
}

function parse(stored: string | null): Record<string, unknown> {
  try {
    return object(stored === null ? null : JSON.parse(stored));
  } catch {
    return {};
  }
}

export function readView(stored: string | null): ViewPrefs {
  const from = parse(stored);
  const notional = number(from['notional']);
  return {
    columns: readColumns(from['columns']),
    widths: readWidths(from['widths']),
    sort: readSort(from['sort'], BY_RANK),
    filter: readFilter(from['filter']),
    profile: (text(from['profile']) ?? '').slice(0, 64),
    notional: notional !== null && notional >= 1 ? notional : null,
    notify: from['notify'] === true,
    sound: from['sound'] === true,
  };
}

export function readLook(stored: string | null): LookPrefs {
  const from = parse(stored);
  return {
    presets: readPresets(from['presets']),
    zone: oneOf(from['zone'], ['utc', 'local'], 'utc'),
    theme: oneOf(from['theme'], ['system', 'dark', 'light'], 'system'),
    density: oneOf(from['density'], ['compact', 'roomy'], 'compact'),
    heat: from['heat'] !== false,
    flash: from['flash'] !== false,
    watchlist: text(from['watchlist']) ?? '',
    timeframe: oneOf(from['timeframe'], ['1m', '5m'], '1m'),
  };
}

/** What is kept for each window by itself. */
export function viewOf({ columns, widths, sort, filter, profile, notional, notify, sound }: Prefs): ViewPrefs {
  return { columns, widths, sort, filter, profile, notional, notify, sound };
}

export function lookOf({ presets, zone, theme, density, heat, flash, watchlist, timeframe }: Prefs): LookPrefs {
  return { presets, zone, theme, density, heat, flash, watchlist, timeframe };
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
  const before = COLUMN_ORDER.slice(0, Math.max(0, COLUMN_ORDER.indexOf(id)));
  let place = -1;
  for (const entry of before) place = Math.max(place, columns.indexOf(entry));
  return COLUMN_ORDER.includes(id) ? moveColumn([...columns, id], id, place + 1) : [...columns, id];
}
