#!/usr/bin/env python3
"""The list of what the programs link and the console bundles, with versions and licences: docs/dependencies.md.

    scripts/sbom.py build/release/bin > docs/dependencies.md

What is linked is read from the programs themselves (ldd) and asked of dpkg; header-only libraries are added by name.
npm packages come from the lock file of web/panel: the ones that reach a user's browser, and those that only build.
"""

import json
import os
import re
import subprocess
import sys

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
            yield path.split("node_modules/")[-1], entry["version"], entry.get("license", "?"), entry.get("dev", False)


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
    packages = list(npm_packages("web/panel/package-lock.json"))
    for title, wanted in (("In the console, as the browser gets it (npm)", False), ("Builds the console only (npm)", True)):
        print(f"## {title}\n")
        rows = [(name, number, licence) for name, number, licence, dev in packages if dev == wanted]
        if rows:
            table(("package", "version", "licence"), rows)
        else:
            print("Nothing: the console has no dependency at run time.\n")


if __name__ == "__main__":
    main()
