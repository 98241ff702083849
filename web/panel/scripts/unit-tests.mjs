// Bundles tests/*.test.ts with esbuild (which Vite brings) and runs them with Node's own runner, so that the same
// command works from Node 18 on.
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const out = mkdtempSync(join(tmpdir(), 'panel-tests-'));
const entryPoints = readdirSync(join(root, 'tests')).filter((name) => name.endsWith('.test.ts'))
  .map((name) => join(root, 'tests', name));
try {
  await build({ entryPoints, bundle: true, platform: 'node', format: 'esm', outdir: out, sourcemap: 'inline',
    outExtension: { '.js': '.mjs' }, logLevel: 'warning' });
  const files = readdirSync(out).map((name) => join(out, name));
  const run = spawnSync(process.execPath, ['--enable-source-maps', '--test', ...files], { stdio: 'inherit' });
  process.exitCode = run.status ?? 1;
} finally {
  rmSync(out, { recursive: true, force: true });
}
