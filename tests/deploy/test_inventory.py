#!/usr/bin/env python3
"""docs/dependencies.md against what is built and run: what the browser gets, and the stack's images.

    python3 tests/deploy/test_inventory.py BIN_DIR [unittest arguments]      after scripts/build-panel.sh"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(sys.argv.pop(1)).resolve() if len(sys.argv) > 1 else ROOT / "build/release/bin"
DIST = ROOT / "web/panel/dist"
PAGE = (ROOT / "docs/dependencies.md").read_text()


def section(text, title):
    return re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.M | re.S)[1].strip()


def packages_of_sources(sources):
    """Names of npm packages among the sources of a source map."""
    return {found[-1] for source in sources if (found := re.findall(r"node_modules/((?:@[^/]+/)?[^/]+)/", source))}


class Inventory(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.written = subprocess.run([sys.executable, ROOT / "scripts/sbom.py", BIN], check=True, capture_output=True, text=True).stdout

    def test_the_page_says_what_the_script_writes(self):
        for title in ("In the browser: the console", "In the browser: the pages at /docs", "Builds these only (npm)", "Container images"):
            self.assertEqual(section(PAGE, title), section(self.written, title), "run scripts/sbom.py")

    def test_the_console_is_made_of_what_is_listed(self):
        """By another way than the list's own: the source maps of a build of the same sources."""
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["npx", "vite", "build", "--sourcemap", "--logLevel", "error", "--emptyOutDir", "--outDir", folder],
                           cwd=ROOT / "web/panel", check=True, capture_output=True)
            maps = list(pathlib.Path(folder, "assets").glob("*.map"))
            self.assertGreater(len(maps), 1)
            found = set().union(*(packages_of_sources(json.loads(file.read_text())["sources"]) for file in maps))
        self.assertGreaterEqual(found, {"svelte", "lightweight-charts"})
        rows = set(re.findall(r"^\| ([^ |]+) \| \d", section(PAGE, "In the browser: the console"), re.M))
        # Of a package of constants the minifier may leave nothing; it is listed all the same.
        self.assertEqual(found - rows, set())
        self.assertLessEqual(rows - found, {"esm-env"})

    def test_what_is_served_is_listed(self):
        scripts = "".join(file.read_text() for file in (DIST / "assets").glob("*.js"))
        self.assertIn("svelte.dev/e/", scripts)
        self.assertIn("tv-lightweight-charts", scripts)
        bundle = (DIST / "docs/swagger-ui-bundle.js").read_text()
        self.assertIn("SwaggerUIBundle", bundle)
        fonts = [file.name for file in DIST.rglob("*.woff2")]
        self.assertTrue(fonts and all(name.startswith("inter-") for name in fonts), fonts)
        others = [file.name for file in DIST.rglob("*") if file.suffix in (".ttf", ".otf", ".woff", ".wasm")]
        self.assertEqual(others, [])
        for name in ("svelte", "lightweight-charts", "Inter", "swagger-ui-dist", "react-dom", "dompurify"):
            self.assertIn(name, PAGE.split("## Builds these only")[0])

    def test_the_licences_are_served_with_it(self):
        notices = (DIST / "third-party.txt").read_text()
        for text in ("==== svelte ====", "==== lightweight-charts ====", "SIL OPEN FONT LICENSE", "Permission is hereby granted", "Apache License"):
            self.assertIn(text, notices)
        named = re.search(r"license information please see (\S+)", (DIST / "docs/swagger-ui-bundle.js").read_text())[1]
        self.assertTrue((DIST / "docs" / named).is_file(), named)

    def test_every_image_of_the_stack_is_listed(self):
        files = (ROOT / "docker-compose.yml").read_text() + (ROOT / "Dockerfile").read_text()
        images = set(re.findall(r"^\s+image: (\S+:\S+)$", files, re.M)) | set(re.findall(r"=docker\.io/library/(debian\S+)$", files, re.M))
        self.assertEqual(set(re.findall(r"^\| (\S+:\S+) \|", section(PAGE, "Container images"), re.M)), images)


if __name__ == "__main__":
    unittest.main(verbosity=1)
