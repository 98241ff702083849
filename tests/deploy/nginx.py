"""The nginx of docs/operations.md: its configuration is taken from the document, with other ports, another certificate and
without the host's own folders, and run.

    python3 tests/deploy/nginx.py SCANNER_PORT [/path] [--strip]     runs until it is stopped; prints its address"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from stack import ROOT, Program, free_port, wait_until  # noqa: E402

PAGE = ROOT / "docs/operations.md"


def documented():
    """The whole configuration, the location that passes a path on, the one that takes it off."""
    blocks = re.findall(r"^```nginx\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
    whole = [block for block in blocks if "http {" in block]
    locations = [block for block in blocks if "http {" not in block]
    assert len(whole) == 1 and len(locations) == 2, [block[:60] for block in blocks]
    return whole[0], locations[0], locations[1]


def replaced(text, old, new):
    assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in the document's configuration"
    return text.replace(old, new)


class Nginx(Program):
    """`path`: "/scanner" to be below it, the way the document says; `strip`: with the path taken off. `change` edits the text
    further."""

    def __init__(self, scanner_port, path=None, strip=False, change=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="scanner-nginx-"))
        self.port, plain_port = free_port(), free_port()
        self.origin = f"https://127.0.0.1:{self.port}"
        self.url = self.origin + (path or "")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", self.folder / "key.pem",
                        "-out", self.folder / "cert.pem"], check=True, capture_output=True)
        whole, passing, stripping = documented()
        if path:
            location = (stripping if strip else passing).replace("/scanner/", path + "/")
            whole = replaced(whole, "    location / { proxy_pass http://market_scanner; }\n", location)
        for old, new in (("listen 443 ssl", f"listen 127.0.0.1:{self.port} ssl"), ("listen 80;", f"listen 127.0.0.1:{plain_port};"),
                         ("server 127.0.0.1:8010;", f"server 127.0.0.1:{scanner_port};"),
                         ("/etc/ssl/scanner.example.com.pem", str(self.folder / "cert.pem")),
                         ("/etc/ssl/private/scanner.example.com.key", str(self.folder / "key.pem"))):
            whole = replaced(whole, old, new)
        folders = "".join(f"  {kind}_temp_path {self.folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        whole = replaced(whole, "http {\n", f"http {{\n  access_log off;\n{folders}")
        whole = f"daemon off;\npid {self.folder}/pid;\nerror_log stderr;\n" + whole
        if change:
            whole = change(whole)
        (self.folder / "nginx.conf").write_text(whole)
        super().__init__(["nginx", "-e", "stderr", "-c", self.folder / "nginx.conf"])
        wait_until(lambda: (self.folder / "pid").exists() or self.process.poll() is not None, self.output)
        if self.process.poll() is not None:
            raise AssertionError(f"nginx ended:\n{self.output()}\n{whole}")

    def stop(self, *arguments):
        code = super().stop(*arguments)
        shutil.rmtree(self.folder, ignore_errors=True)
        return code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def main(arguments):
    strip = "--strip" in arguments
    port, path = [argument for argument in arguments if argument != "--strip"] + ([None] if len(arguments) - strip < 2 else [])
    with Nginx(int(port), path, strip) as nginx:
        print(nginx.url, flush=True)
        sys.stdin.read()  # until its parent ends


if __name__ == "__main__":
    main(sys.argv[1:])
