import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';

/** Each folder of src and the folders that it may import from; docs/panel.md says what they are for. */
const BELOW: Readonly<Record<string, readonly string[]>> = {
  model: [], api: ['model'], store: ['model'], app: ['model', 'api', 'store'], views: ['model', 'api', 'store', 'app'],
};
const MAX_FILES = 25;

const all = readdirSync('src', { recursive: true, withFileTypes: true }) as unknown as readonly { readonly name: string; readonly path: string; readonly parentPath?: string; isFile(): boolean }[];
const files = all.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name));

test('each layer imports only from those below it', () => {
  const wrong: string[] = [];
  let seen = 0;
  for (const file of files.filter((name) => /\.(ts|svelte)$/.test(name))) {
    const layer = file.split('/')[1] ?? '';
    const allowed = BELOW[layer];
    // Console.svelte and main.ts put the layers together.
    if (allowed === undefined) continue;
    for (const [, target = ''] of readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*\(?'(\.[^']*)'/g)) {
      const other = normalize(join(dirname(file), target)).split('/')[1] ?? '';
      ++seen;
      if (other !== layer && !allowed.includes(other)) wrong.push(`${file} imports ${target}`);
    }
  }
  assert.ok(seen > 100, `only ${seen} imports were found`);
  assert.deepEqual(wrong, []);
});

test('no folder has more files than one takes in at a glance', () => {
  const counts = new Map<string, number>();
  for (const file of files) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
  assert.deepEqual([...counts].filter(([, count]) => count > MAX_FILES), []);
});
