import { formatRoute, parseRoute, type Page, type Route } from '../store/route';

export type Panel = 'settings' | 'health' | 'help' | 'spotlight' | 'columns' | 'filters' | null;
export type SettingsTab = 'scoring' | 'watchlists' | 'alerts' | 'display';

const SAID_FOR_MS = 4_000;

/** What is open, where the focus row is, what was said last. */
export class UiState {
  route: Route = $state.raw(parseRoute(location.hash));
  open: Panel = $state(null);
  settingsTab: SettingsTab = $state('scoring');
  /** Contract code of the row that the keyboard is on. */
  active: string | null = $state(null);
  said = $state('');
  /** Pending question for the token: the dialog is open while it is there. */
  tokenQuestion: { refused: boolean; answer: (token: string | null) => void } | null = $state.raw(null);
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

  /** Into the one status region: seen, and read out politely. */
  say(text: string): void {
    // The same words twice are still two events to a screen reader.
    this.said = this.said === text ? `${text}\u200b` : text;
    clearTimeout(this.saidTimer);
    this.saidTimer = setTimeout(() => {
      this.said = '';
    }, SAID_FOR_MS);
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

  askToken(refused: boolean): Promise<string | null> {
    return new Promise((resolve) => {
      this.tokenQuestion = {
        refused,
        answer: (token) => {
          this.tokenQuestion = null;
          resolve(token);
        },
      };
    });
  }
}
