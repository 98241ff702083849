// Lists what of others reaches a browser with the console, with the licences: third-party.txt, beside the files themselves.
// Read from what was bundled, not from what is declared. scripts/sbom.py reads its head.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FONT = join(dirname(fileURLToPath(import.meta.url)), '../src/assets/inter-OFL.txt');

function packageOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const texts = readdirSync(folder).filter((file) => /^(licen[cs]e|notice)/i.test(file)).sort()
    .map((file) => readFileSync(join(folder, file), 'utf8').trim());
  return { name, version, license, text: texts.join('\n\n') };
}

/** A Vite plugin. */
export function thirdParty() {
  return {
    name: 'third-party',
    apply: 'build',
    generateBundle(_, bundle) {
      const folders = new Set();
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== 'chunk') continue;
        for (const [id, module] of Object.entries(chunk.modules)) {
          const found = /^(?:\0)?(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id);
          if (found !== null && module.renderedLength > 0) folders.add(found[1]);
        }
      }
      const packages = [...folders].map(packageOf).sort((a, b) => (a.name < b.name ? -1 : 1));
      const head = packages.map(({ name, version, license }) => `${name} ${version} (${license})`);
      const texts = packages.map(({ name, text }) => `==== ${name} ====\n\n${text}`);
      this.emitFile({
        type: 'asset',
        fileName: 'third-party.txt',
        source: ['What of others is in this console:', '', ...head, 'Inter, a part of its glyphs (OFL-1.1)', '', texts.join('\n\n'),
          '', '==== Inter ====', '', readFileSync(FONT, 'utf8').trim(), ''].join('\n'),
      });
    },
  };
}
