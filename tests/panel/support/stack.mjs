// The real simulator and the real scanner on free loopback ports, for one test file.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const bin = process.env.SCANNER_BIN_DIR;
if (!bin) throw new Error('SCANNER_BIN_DIR is not set: run scripts/test-panel.sh BIN_DIR');

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * A port that is free now. Below those that the system hands out by itself, or the next connection of any program
 * could take it before it is used, or while a test restarts what had it.
 */
async function freePort() {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 15_000);
    const server = createServer();
    const isFree = await new Promise((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}

/** Until `check` gives something, or the time is over. */
export async function until(check, what, ms = 30_000, every = 100) {
  const end = Date.now() + ms;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await sleep(every);
  }
}

class Program {
  constructor(name, args, env) {
    this.output = '';
    this.process = spawn(join(bin, name), args, { env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream.on('data', (data) => { this.output = (this.output + data).slice(-20_000); });
    }
    this.gone = once(this.process, 'exit');
  }
  async stop(signal = 'SIGTERM') {
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill(signal);
    const timer = setTimeout(() => this.process.kill('SIGKILL'), 15_000);
    await this.gone;
    clearTimeout(timer);
  }
}

export class Stack {
  /** `simulator`: more flags; `scanner`: more settings without their SCANNER_ prefix. Without a live feed unless it is set,
   * and under the seed model, which has a score of manipulation in the first cycle: the measured one learns for a quarter of an hour. */
  static async start({ simulator = [], scanner = {} } = {}) {
    const stack = new Stack();
    stack.data = mkdtempSync(join(tmpdir(), 'panel-test-'));
    stack.settings = scanner;
    stack.simulatorPort = await freePort();
    stack.port = await freePort();
    stack.url = `http://127.0.0.1:${stack.port}`;
    stack.simulatorUrl = `http://127.0.0.1:${stack.simulatorPort}`;
    stack.simulatorFlags = ['--port', `${stack.simulatorPort}`, '--market', 'busy', '--contracts', '60',
      ...(simulator.includes('--scenario') ? [] : ['--scenario', 'none']), ...simulator];
    try {
      await stack.startSimulator();
      await stack.startScanner();
    } catch (error) {
      await stack.stop();
      throw error;
    }
    return stack;
  }
  /** A recording that is played: `market-scanner replay` on a free port, without simulator. `folder` is left alone. */
  static async replay(folder, flags = []) {
    const stack = new Stack();
    stack.data = mkdtempSync(join(tmpdir(), 'panel-test-'));
    stack.port = await freePort();
    stack.url = `http://127.0.0.1:${stack.port}`;
    stack.scanner = new Program('market-scanner', ['replay', folder, '--http-port', `${stack.port}`, '--data-dir', stack.data, ...flags], {});
    try {
      await stack.untilReady();
    } catch (error) {
      await stack.stop();
      throw error;
    }
    return stack;
  }
  async startSimulator() {
    this.simulator = new Program('htx-simulator', this.simulatorFlags, {});
    await until(() => {
      if (this.simulator.process.exitCode !== null) throw new Error(`the simulator stopped:\n${this.simulator.output}`);
      return this.answers(`${this.simulatorUrl}/_simulator/status`);
    }, 'the simulator answers');
  }
  async startScanner() {
    const settings = { EXCHANGE_URL: this.simulatorUrl, HTTP_PORT: `${this.port}`, SCAN_TOP_BY_QVOL: '60', SCAN_INTERVAL_SEC: '1', FEED: 'off', MANIP_MODEL: 'seed', DATA_DIR: this.data, ...this.settings };
    this.scanner = new Program('market-scanner', ['serve', '--env-file', '/dev/null'],
      Object.fromEntries(Object.entries(settings).map(([name, value]) => [`SCANNER_${name}`, value])));
    await this.untilReady();
  }
  async untilReady() {
    await until(async () => {
      if (this.scanner.process.exitCode !== null) throw new Error(`the scanner stopped:\n${this.scanner.output}`);
      return this.answers(`${this.url}/ready`);
    }, 'the scanner is ready', 60_000).catch((error) => { throw new Error(`${error.message}\n${this.scanner.output}`); });
  }
  async answers(url) {
    try {
      return (await fetch(url)).ok;
    } catch {
      return false;
    }
  }
  async json(path, init) {
    const response = await fetch(this.url + path, init);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }
  /** Replaces the simulator's faults, as its --fault flags would say them. */
  async faults(list) {
    const response = await fetch(`${this.simulatorUrl}/_simulator/faults`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(list) });
    if (!response.ok) throw new Error(`faults: ${response.status} ${await response.text()}`);
  }
  async stop() {
    await this.scanner?.stop();
    await this.simulator?.stop();
    rmSync(this.data, { recursive: true, force: true });
  }
}
