#!/usr/bin/env python3
"""The list of what the programs link, the browser gets and the stack runs, with versions and licences: docs/dependencies.md.

    scripts/sbom.py build/release/bin > docs/dependencies.md

What is linked is read from the programs themselves (ldd) and asked of dpkg; header-only libraries are added by name. What the
browser gets is read from what was built (web/panel/dist: scripts/build-panel.sh), whatever package.json calls it; the other npm
packages of the lock files only build. Images are those of docker-compose.yml and the Dockerfile.
"""

import json
import os
import re
import subprocess
import sys
import textwrap

PROGRAMS = ["market-scanner", "htx-simulator"]
# Compiled in, so that no program shows them: (package that has the headers, what it is).
HEADER_ONLY = ["libboost1.81-dev", "libboost1.83-dev", "nlohmann-json3-dev", "libsqlitecpp-dev"]


def run(*words):
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout


def owner(path):
    for candidate in (path, os.path.realpath(path), os.path.realpath(path).removeprefix("/usr"), "/usr" + path):
        found = run("dpkg", "-S", candidate)
        if found:
            return found.split(": ")[0].split(",")[0]
    return None


def linked_packages(programs):
    packages = {}
    for program in programs:
        name = os.path.basename(program)
        for path in re.findall(r"(/\S+\.so\S*) \(", run("ldd", program)):
            if package := owner(path):
                packages.setdefault(package, set()).add(name)
    return packages


def licences(package):
    path = f"/usr/share/doc/{package.split(':')[0]}/copyright"
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read()
    except OSError:
        return "see its copyright file"
    named = sorted(set(re.findall(r"^License:[ \t]*(\S[^\n]*)", text, re.MULTILINE)))
    if not named:
        named = sorted(set(re.findall(r"/usr/share/common-licenses/([A-Za-z0-9.+-]+)", text)))
    if not named:
        for word, name in (("Boost Software License", "BSL-1.0"), ("Permission is hereby granted", "MIT style")):
            if word in text:
                named = [name]
                break
    shown = ", ".join(named[:4]) + (", …" if len(named) > 4 else "")
    return shown or "see its copyright file"


def version(package):
    return run("dpkg-query", "-W", "-f=${Version}", package)


def npm_packages(lock):
    with open(lock, encoding="utf-8") as file:
        entries = json.load(file)["packages"]
    for path, entry in sorted(entries.items()):
        if path.startswith("node_modules/"):
            yield path.split("node_modules/")[-1], entry["version"], entry.get("license", "?")


def bundled(dist="web/panel/dist"):
    """(name, version, licence) of the npm packages of which code is in the console, as its build found them."""
    with open(os.path.join(dist, "third-party.txt"), encoding="utf-8") as file:
        head = file.read().split("\n==== ")[0]
    return re.findall(r"^(\S+) (\d\S*) \((.+)\)$", head, re.MULTILINE)


def within_swagger_ui(folder="web/docs/node_modules/swagger-ui-dist"):
    """Names of the packages that Swagger UI was bundled from, by its own build's list, which says no versions."""
    with open(os.path.join(folder, "log.bundle-sizes.swagger-ui.txt"), encoding="utf-8") as file:
        return sorted(re.findall(r"^((?:@[\w.-]+/)?[\w.-]+): [\d.]+ ", file.read(), re.MULTILINE))


def images():
    """(image, what it is for)"""
    with open("Dockerfile", encoding="utf-8") as file:
        yield re.search(r"^ARG DEBIAN=(\S+)$", file.read(), re.MULTILINE)[1].removeprefix("docker.io/library/"), "base of market-scanner"
    with open("docker-compose.yml", encoding="utf-8") as file:
        for service, image in re.findall(r"^  ([\w-]+):\n(?:    .*\n|\n)*?    image: (\S+)$", file.read(), re.MULTILINE):
            yield image, service


def table(head, rows):
    print(f"| {' | '.join(head)} |")
    print(f"|{'---|' * len(head)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")
    print()


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else "build/release/bin"
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    programs = [os.path.join(folder, name) for name in PROGRAMS]
    release = re.search(r'PRETTY_NAME="(.*)"', open("/etc/os-release", encoding="utf-8").read()).group(1)
    print("# What it is made of\n")
    print(f"Written by `scripts/sbom.py` on {release}; another Debian release has other versions of the same packages.")
    print("Libraries come from the distribution and get its security updates; nothing is copied into this repository.\n")
    print("## Linked (shared libraries, by Debian package)\n")
    linked = linked_packages(programs)
    rows = []
    for package, users in sorted(linked.items()):
        rows.append((package.split(":")[0], version(package), licences(package), ", ".join(sorted(users))))
    table(("package", "version", "licences in it", "used by"), rows)
    print("## Compiled in (headers and static libraries)\n")
    compiled = [package for package in HEADER_ONLY if version(package)]
    table(("package", "version", "licences in it"), [(p, version(p), licences(p)) for p in compiled])
    browser()
    print("## Container images\n")
    print("By exact version; their packages are in the images themselves (`dpkg-query -W`, `apk info`). Digests were not to be had "
          "where this was written.\n")
    table(("image", "for"), images())


def browser():
    in_console = bundled()
    print("## In the browser: the console\n")
    print("Packages of which code is in what was built; the texts of their licences are served at `/panel/third-party.txt`.\n")
    table(("package", "version", "licence"), [*in_console, ("Inter (font, a part of its glyphs)", "", "OFL-1.1")])
    print("## In the browser: the pages at /docs\n")
    locked = {name: (number, licence) for name, number, licence in npm_packages("web/docs/package-lock.json")}
    table(("package", "version", "licence"), [("swagger-ui-dist", *locked["swagger-ui-dist"])])
    print("It is a bundle. By its own build's list it has code of these packages, whose versions it does not say (licences: "
          "`/docs/swagger-ui-bundle.js.LICENSE.txt`):")
    print(textwrap.fill(", ".join(within_swagger_ui()) + ".", 120, break_on_hyphens=False, break_long_words=False) + "\n")
    print("## Builds these only (npm)\n")
    shipped = {name for name, _, _ in in_console} | {"swagger-ui-dist"}
    rows = {row for lock in ("panel", "docs") for row in npm_packages(f"web/{lock}/package-lock.json") if row[0] not in shipped}
    table(("package", "version", "licence"), sorted(rows))


if __name__ == "__main__":
    main()
