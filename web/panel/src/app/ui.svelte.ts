import { untrack } from 'svelte';
import { formatRoute, parseRoute, type Page, type Route } from '../store/route';

export type Panel = 'settings' | 'health' | 'help' | 'spotlight' | 'columns' | 'filters' | null;
export type SettingsTab = 'scoring' | 'watchlists' | 'alerts' | 'display';

const SAID_FOR_MS = 4_000;
/** How long a deletion can be undone. */
const UNDO_FOR_MS = 8_000;
const FIRED_FOR_MS = 12_000;
const MAX_FIRED = 3;

export interface TokenQuestion {
  /** Why the token that was given is not accepted; null when none was given. */
  readonly refused: string | null;
  /** What was given. */
  readonly tried: string;
  readonly answer: (token: string | null) => void;
}

/** An alert that is on screen for a while. */
export interface Fired {
  readonly key: string;
  readonly code: string;
  /** The rule, and a warning where one is due. */
  readonly text: string;
}

/** What is open, where the focus row is, what was said last. */
export class UiState {
  route: Route = $state.raw(parseRoute(location.hash));
  open: Panel = $state(null);
  settingsTab: SettingsTab = $state('scoring');
  /** Contract code of the row that the keyboard is on. */
  active: string | null = $state(null);
  said = $state('');
  /** Undoes the reported change; null when it cannot be undone. */
  undo: (() => void) | null = $state.raw(null);
  /** Newest first. */
  fired: readonly Fired[] = $state.raw([]);
  /** Sheets that are open, the topmost last: what is said shows in that one, because all else is inert. */
  sheets: readonly string[] = $state.raw([]);
  /** Of the table's part of the page, px. */
  tableWidth = $state(innerWidth);
  /** Pending question for the token: the dialog is open while it is there. */
  tokenQuestion: TokenQuestion | null = $state.raw(null);
  private saidTimer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    addEventListener('hashchange', () => {
      this.route = parseRoute(location.hash);
    });
  }

  go(change: Partial<Route>): void {
    const route = { ...this.route, ...change };
    const hash = formatRoute(route);
    if (hash === formatRoute(this.route)) return;
    this.route = route;
    // A contract after another replaces it: "back" leaves the drawer instead of walking through what was looked at.
    if (change.contract != null && location.hash !== '' && parseRoute(location.hash).contract !== null) {
      history.replaceState(null, '', hash);
    } else {
      history.pushState(null, '', hash);
    }
  }

  inspect(code: string | null): void {
    this.go({ contract: code });
    if (code !== null) this.active = code;
  }

  show(page: Page): void {
    this.go({ page });
  }

  toggle(panel: Exclude<Panel, null>): void {
    this.open = this.open === panel ? null : panel;
  }

  settings(tab: SettingsTab): void {
    this.settingsTab = tab;
    this.open = 'settings';
  }

  /** Shows a message in the status region, which screen readers read out. With `undo` it can be undone for a while. */
  say(text: string, undo: (() => void) | null = null): void {
    // The same words twice are still two events to a screen reader.
    this.said = this.said === text ? `${text}\u200b` : text;
    this.undo = undo;
    clearTimeout(this.saidTimer);
    this.saidTimer = setTimeout(() => this.hush(), undo === null ? SAID_FOR_MS : UNDO_FOR_MS);
  }

  takeBack(): void {
    const { undo } = this;
    this.hush();
    undo?.();
  }

  private hush(): void {
    this.said = '';
    this.undo = null;
  }

  /** Alerts have their own region, so they do not replace a message. */
  announce(alert: Fired): void {
    this.fired = [alert, ...this.fired].slice(0, MAX_FIRED);
    setTimeout(() => this.dismiss(alert.key), FIRED_FOR_MS);
  }

  dismiss(key: string): void {
    this.fired = this.fired.filter((entry) => entry.key !== key);
  }

  sheetOpened(id: string): () => void {
    this.sheets = [...untrack(() => this.sheets), id];
    return () => {
      this.sheets = this.sheets.filter((entry) => entry !== id);
    };
  }

  async copy(text: string, what: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // No clipboard without a secure context: the old way still works there.
      const area = document.createElement('textarea');
      area.value = text;
      area.setAttribute('readonly', '');
      area.className = 'off-screen';
      document.body.append(area);
      area.select();
      document.execCommand('copy');
      area.remove();
    }
    this.say(`${what} copied`);
  }

  askToken(refused: string | null, tried: string): Promise<string | null> {
    return new Promise((resolve) => {
      this.tokenQuestion = {
        refused,
        tried,
        answer: (token) => {
          this.tokenQuestion = null;
          resolve(token);
        },
      };
    });
  }
}
