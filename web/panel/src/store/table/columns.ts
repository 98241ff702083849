/** The columns that the table can show, built from what `GET /fields` says of the numbers. Pure. */
import type { Field } from '../../model/fields';
import { cellOf, type Row } from '../../model/row';
import { age, compact, DASH, fixed, milliseconds, shortPrice, signed, significant, words } from '../format';
import { rowAge } from '../market';
import { LOOKS, NOT_OFFERED, type CellKind, type Look } from './looks';
import { whyUnknown } from './unknown';
import type { SortValue } from './order';

export interface CellContext {
  readonly now: number;
  /** Price steps by contract code. */
  readonly ticks: ReadonlyMap<string, number>;
  readonly watched: ReadonlySet<string>;
  /** The name of a contract in letters that this system has. */
  readonly nameOf: (code: string) => string;
}

export interface Column {
  readonly id: string;
  readonly label: string;
  readonly unit: string;
  /** What it means, for the header's tooltip and the column picker; '' while that is not known. */
  readonly title: string;
  readonly group: string;
  readonly kind: CellKind;
  readonly width: number;
  /** 1: high is the blue end; -1: high is the orange end; 0: no tint. */
  readonly heat: 1 | 0 | -1;
  readonly descendingFirst: boolean;
  readonly sortable: boolean;
  readonly aside: boolean;
  readonly value: (row: Row, context: CellContext) => SortValue;
  readonly text: (row: Row, context: CellContext) => string;
  /** Why the number is not there; '' where that is not known. */
  readonly why: (row: Row) => string;
}

/** Where a book has no second side or holds less than the notional the service says 10 000. */
export const NO_BOOK_BPS = 10_000;

/** Open interest in USDT; the service gives it in base units, which no two contracts share. */
export function openInterestUsdt(row: Row): number | null {
  return row.open_interest === null || row.last_price === null ? null : row.open_interest * row.last_price;
}

function numberIn(row: Row, name: string): number | null {
  const value = cellOf(row, name);
  return typeof value === 'number' ? value : null;
}

/** Firm depth of the side that has less: what a taker can count on, whichever way they go. */
export function firmDepthUsdt(row: Row): number | null {
  const [bid, ask] = [numberIn(row, 'firm_depth_bid_usdt'), numberIn(row, 'firm_depth_ask_usdt')];
  return bid === null || ask === null ? null : Math.min(bid, ask);
}

/** Columns that are made here, of more than one member of an item or of none. */
const OWN: readonly (Pick<Column, 'id' | 'title' | 'group' | 'value' | 'text'> & { readonly needs: readonly string[]; readonly sortable?: boolean })[] = [
  { id: 'watch', title: 'On the watchlist that ★ saves to.', group: 'contract', needs: [],
    value: (row, { watched }) => (watched.has(row.code) ? 1 : 0), text: () => '' },
  { id: 'spark', title: 'The last 30 one-minute closes.', group: 'market', needs: [], sortable: false, value: () => null, text: () => '' },
  { id: 'open_interest_usdt', title: 'Open interest at the last price, USDT.', group: 'metrics', needs: ['open_interest', 'last_price'],
    value: openInterestUsdt, text: (row) => compact(openInterestUsdt(row)) },
  { id: 'firm_depth_usdt', title: 'Value within 25 basis points of the middle that persists, on the side that has less of it: the least size of each price over 3 s, averaged over 15 s.',
    group: 'flow', needs: ['firm_depth_bid_usdt', 'firm_depth_ask_usdt'], value: firmDepthUsdt, text: (row) => compact(firmDepthUsdt(row)) },
  { id: 'latency_ms', title: 'How long reading the contract took.', group: 'market', needs: [],
    value: (row) => numberIn(row, 'latency_ms'), text: (row) => milliseconds(numberIn(row, 'latency_ms')) },
];

/** Cells that say more than a rounded number. */
const CELLS: Readonly<Record<string, Partial<Pick<Column, 'value' | 'text'>>>> = {
  symbol: { value: (row) => row.code, text: (row, { nameOf }) => nameOf(row.code) },
  last_price: { text: (row, { ticks }) => shortPrice(row.last_price, ticks.get(row.code) ?? null) },
  spread_bps: { text: ({ spread_bps: spread }) => (spread !== null && spread >= NO_BOOK_BPS ? 'none' : fixed(spread, 2)) },
  slip_bps: { text: ({ slip_bps: slip }) => (slip !== null && slip >= NO_BOOK_BPS ? 'thin' : fixed(slip, 2)) },
  manip_score: { text: (row) => fixed(row.manip_score, 0) },
  age_ms: { value: (row, { now }) => rowAge(row, now), text: (row, { now }) => (row.age_ms === null ? DASH : age(rowAge(row, now))) },
};

/** Decimals that tell two contracts apart, by unit; a number is never shown with more than it means. */
const DECIMALS: Readonly<Record<string, number>> = { '%': 2, bps: 2, 'σ': 2, points: 2, ratio: 2, '% a candle': 3 };
/** Units that say themselves or that the label says. */
const SILENT_UNITS = new Set(['', 'ratio', 'points', 'base units']);
const MAX_DECIMALS = 4;
/** From here on a number of unknown unit is an amount. */
const LARGE = 10_000;

/** How a number of the field is written; without the field it is a guess. */
export function numberText(field: Field | null, look: Look | undefined): (value: number | null) => string {
  const unit = field?.unit ?? '';
  if (unit === 'USDT' || unit === 'base units') return compact;
  if (unit === 'ms') return milliseconds;
  const write = look?.signed === true || (look === undefined && field?.minimum != null && field.minimum < 0) ? signed : fixed;
  if (field?.type === 'integer') return (value) => write(value, 0);
  if (field === null) return (value) => (value !== null && Math.abs(value) >= LARGE ? compact(value) : write(value, look?.decimals ?? 2));
  const wanted = look?.decimals ?? DECIMALS[unit];
  const meant = field.digits.kind === 'decimals' ? field.digits.count : null;
  if (wanted === undefined && meant === null) return significant;
  const decimals = Math.min(wanted ?? MAX_DECIMALS, meant ?? MAX_DECIMALS);
  return (value) => write(value, decimals);
}

function cellText(id: string, field: Field | null, look: Look | undefined): Column['text'] {
  if (field?.type === 'boolean') return (row) => ({ true: 'yes', false: 'no' })[String(cellOf(row, id))] ?? DASH;
  if (field?.type === 'time') return (row) => String(cellOf(row, id) ?? DASH).slice(0, 10);
  if (field?.type === 'text') return (row) => String(cellOf(row, id) ?? DASH);
  const write = numberText(field, look);
  return (row) => write(numberIn(row, id));
}

/** What the column picker says of a group whose name in the interface says too little. */
const GROUP_TITLES: Readonly<Record<string, string>> = { flow: 'live feed' };

/** "spread_bps" as "Spread": the unit stands beside it. */
function labelOf(name: string): string {
  const text = words(name.replace(/_(bps|pct|usdt|ms)$/, '')).replace(/\b[ot]fi\b/, (initials) => initials.toUpperCase());
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const LETTER = 7.5;
const DIGIT_ROOM = 40;

function columnOf(id: string, field: Field | null): Column {
  const look = LOOKS[id];
  const own = OWN.find((entry) => entry.id === id);
  const label = look?.label ?? labelOf(id);
  const unit = look?.unit ?? (field === null || SILENT_UNITS.has(field.unit) ? '' : field.unit);
  const group = own?.group ?? field?.group ?? '';
  const value = (row: Row): SortValue => {
    const cell = cellOf(row, id);
    return typeof cell === 'boolean' ? Number(cell) : cell;
  };
  return {
    id, label, unit,
    title: [own?.title ?? field?.meaning ?? '', look?.note ?? ''].filter((part) => part !== '').join(' '),
    group: GROUP_TITLES[group] ?? words(group),
    kind: look?.kind ?? 'number',
    width: look?.width ?? Math.max(76, Math.ceil((label.length + unit.length) * LETTER + DIGIT_ROOM)),
    heat: look?.heat ?? 0,
    descendingFirst: !(look?.ascendingFirst ?? field?.ascendingFirst ?? false),
    sortable: own?.sortable ?? true,
    aside: look?.aside === true,
    value: own?.value ?? CELLS[id]?.value ?? value,
    text: own?.text ?? CELLS[id]?.text ?? cellText(id, field, look),
    why: (row) => whyUnknown(id, row),
  };
}

/**
 * Every column, in the order in which they are offered: first those that the console knows, then all other numbers that
 * the scanner has. `fields` is null while they cannot be read: then there is what the console knows by itself.
 */
export function buildColumns(fields: readonly Field[] | null): readonly Column[] {
  if (fields === null) return Object.keys(LOOKS).map((id) => columnOf(id, null));
  const offered = new Map(fields.filter(({ name, inItems, type }) => inItems && type !== 'texts' && !NOT_OFFERED.has(name))
    .map((field) => [field.name, field]));
  const isThere = (id: string): boolean => offered.has(id) || OWN.some((own) => own.id === id && own.needs.every((name) => offered.has(name)));
  const known = Object.keys(LOOKS).filter(isThere);
  const others = [...offered.keys()].filter((id) => LOOKS[id] === undefined);
  return [...known, ...others].map((id) => columnOf(id, offered.get(id) ?? null));
}
