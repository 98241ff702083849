import type { App } from './app.svelte';

export interface Shortcut {
  readonly keys: readonly string[];
  readonly does: string;
  readonly group: string;
}

export const SHORTCUTS: readonly Shortcut[] = [
  { keys: ['/', 'Ctrl K'], does: 'Find a contract', group: 'Go' },
  { keys: ['1'], does: 'Markets', group: 'Go' },
  { keys: ['2'], does: 'Opportunities', group: 'Go' },
  { keys: [','], does: 'Settings', group: 'Go' },
  { keys: ['a'], does: 'Alerts', group: 'Go' },
  { keys: ['h'], does: 'System health', group: 'Go' },
  { keys: ['?'], does: 'This sheet', group: 'Go' },
  { keys: ['Esc'], does: 'Close what is on top', group: 'Go' },
  { keys: ['j', '↓'], does: 'Next row', group: 'Rows' },
  { keys: ['k', '↑'], does: 'Previous row', group: 'Rows' },
  { keys: ['Home', 'End'], does: 'First and last row', group: 'Rows' },
  { keys: ['Enter'], does: 'Open the row', group: 'Rows' },
  { keys: ['w'], does: 'Add to or take from the watchlist', group: 'Rows' },
  { keys: ['c'], does: 'Copy the contract\'s name', group: 'Rows' },
  { keys: ['o'], does: 'Open it on the exchange', group: 'Rows' },
  { keys: ['f'], does: 'Hold the order, or let it go', group: 'Table' },
  { keys: ['r'], does: 'Put rows where they want to be', group: 'Table' },
  { keys: ['s', 'Shift S'], does: 'Sort by the next or previous column', group: 'Table' },
  { keys: ['x'], does: 'Clear the filter', group: 'Table' },
  { keys: ['Alt ← →'], does: 'Move a column (on its header)', group: 'Table' },
  { keys: ['Shift ← →'], does: 'Resize a column (on its header)', group: 'Table' },
  { keys: ['t'], does: 'UTC or local time', group: 'Look' },
  { keys: ['d'], does: 'Dark, light or the system\'s', group: 'Look' },
];

/** Where HTX trades the contract. */
export function exchangeUrl(code: string): string {
  return `https://www.htx.com/futures/linear_swap/exchange#contract_code=${encodeURIComponent(code)}&contract_type=swap&type=cross`;
}

/** What the table offers to the keyboard; set while it is on screen. */
export interface RowNavigation {
  readonly move: (by: number | 'first' | 'last') => void;
  readonly open: () => void;
  readonly cycleSort: (by: 1 | -1) => void;
}

let rows: RowNavigation | null = null;

export function offerRows(navigation: RowNavigation): () => void {
  rows = navigation;
  return () => {
    if (rows === navigation) rows = null;
  };
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !['checkbox', 'radio', 'range', 'button'].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable;
}

const THEMES = ['system', 'dark', 'light'] as const;

/** One place for every key; returns what takes them away again. */
export function installShortcuts(app: App): () => void {
  const { ui, market, prefs } = app;
  const chosen = (): string | null => ui.route.contract ?? ui.active;
  const withRow = (run: (code: string) => void): void => {
    const code = chosen();
    if (code !== null) run(code);
  };
  const plain: Record<string, () => void> = {
    '/': () => (ui.open = 'spotlight'),
    '?': () => ui.toggle('help'),
    '1': () => ui.show('markets'),
    '2': () => ui.show('opportunities'),
    ',': () => ui.settings('scoring'),
    a: () => ui.settings('alerts'),
    h: () => ui.toggle('health'),
    j: () => rows?.move(1),
    k: () => rows?.move(-1),
    ArrowDown: () => rows?.move(1),
    ArrowUp: () => rows?.move(-1),
    Home: () => rows?.move('first'),
    End: () => rows?.move('last'),
    w: () => withRow((code) => void app.toggleWatch(code)),
    c: () => withRow((code) => void ui.copy(code, code)),
    o: () => withRow((code) => void open(exchangeUrl(code), '_blank', 'noopener,noreferrer')),
    f: () => {
      market.pin(!market.pinned);
      ui.say(market.pinned ? 'Order held' : 'Order follows the ranking');
    },
    r: () => {
      market.resort();
      ui.say('Rows re-sorted');
    },
    s: () => rows?.cycleSort(1),
    S: () => rows?.cycleSort(-1),
    x: () => app.clearFilter(),
    t: () => {
      prefs.change({ zone: prefs.current.zone === 'utc' ? 'local' : 'utc' });
      ui.say(`Times in ${prefs.current.zone === 'utc' ? 'UTC' : 'local time'}`);
    },
    d: () => {
      const theme = THEMES[(THEMES.indexOf(prefs.current.theme) + 1) % THEMES.length] ?? 'system';
      prefs.change({ theme });
      ui.say(`Theme: ${theme}`);
    },
  };
  const keydown = (event: KeyboardEvent): void => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      ui.open = ui.open === 'spotlight' ? null : 'spotlight';
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    // Open dialogs have the keyboard to themselves.
    if (ui.open !== null || ui.tokenQuestion !== null || isTyping(event.target)) return;
    if (event.key === 'Escape') {
      if (ui.route.contract !== null) ui.inspect(null);
      return;
    }
    const arrows = event.key.startsWith('Arrow') || event.key === 'Home' || event.key === 'End';
    const elsewhere = event.target instanceof HTMLElement && event.target.closest('aside, input, [role="dialog"]') !== null;
    if (arrows && elsewhere) return;
    const run = plain[event.key];
    if (run === undefined) return;
    event.preventDefault();
    run();
  };
  addEventListener('keydown', keydown);
  return () => removeEventListener('keydown', keydown);
}
