import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

const root = fileURLToPath(new URL('.', import.meta.url));
const files = new Map();

/** Short names for scoped styles, the same in every build; the usual ones would be a hundredth of what is sent. */
function scopeOf({ hash, filename }) {
  const file = relative(root, filename);
  const scope = `s${hash(file).slice(0, 3)}`;
  const other = files.get(scope);
  if (other !== undefined && other !== file) throw new Error(`${file} and ${other} have the same scope: take one letter more`);
  files.set(scope, file);
  return scope;
}

export default {
  preprocess: vitePreprocess(),
  compilerOptions: { runes: true, cssHash: scopeOf },
};
