#!/usr/bin/env bash
# Builds the operator console into web/panel/dist, which the scanner serves at /panel, and the pages of the interface's
# documentation into its folder docs, served at /docs. Needs Node 18 or later and, the
# first time, a package registry. Does nothing when nothing changed since.
#   scripts/build-panel.sh [--check]     --check: types and unit tests first
set -euo pipefail
cd "$(dirname "$0")/../web/panel"

if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  echo "build-panel: needs Node 18 or later and npm (Debian: apt-get install nodejs npm)." >&2
  exit 1
fi
major=$(node -p 'process.versions.node.split(".")[0]')
if [ "$major" -lt 18 ]; then
  echo "build-panel: this is Node $(node --version); 18 or later is needed." >&2
  exit 1
fi

check=false
[ "${1:-}" = --check ] && check=true

if ! $check && [ -f dist/index.html ] && [ -z "$(find index.html package-lock.json vite.config.ts svelte.config.js \
    tsconfig.json src scripts/third-party.mjs ../docs/package-lock.json ../docs/page -newer dist/index.html -print -quit)" ] &&
    [ -f dist/docs/index.html ]; then
  exit 0
fi
# The lock file's own stamp: npm writes node_modules/.package-lock.json after it has installed what it says.
install_packages() {
  if [ ! -f node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    echo "panel: installing the packages of web/$(basename "$PWD")"
    npm install --no-save --no-audit --no-fund --loglevel=error
  fi
}
install_packages
(cd ../docs && install_packages)
if $check; then
  npm run --silent check
  npm test --silent
fi
echo "panel: building"
npm run --silent build -- --logLevel warn
library=../docs/node_modules/swagger-ui-dist
mkdir -p dist/docs
cp ../docs/page/* "$library/swagger-ui-bundle.js" "$library/swagger-ui.css" dist/docs/
# With the licences of what is in it; the first is named by the bundle.
cp "$library"/{swagger-ui-bundle.js.LICENSE.txt,LICENSE,NOTICE} dist/docs/
sed -i '/^\/[/*][#@] sourceMappingURL=/d' dist/docs/swagger-ui-bundle.js dist/docs/swagger-ui.css
touch dist/index.html
