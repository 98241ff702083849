"""The nginx of the compose file's profile `scale`: its own configuration (deploy/nginx), with ports and folders of the test's
and the replicas by address, since Debian's nginx knows no `resolve`.

    from gateway import Gateway"""
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from stack import ROOT, Program, free_port, wait_until  # noqa: E402


def replaced(text, old, new):
    assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in the configuration"
    return text.replace(old, new)


class Gateway(Program):
    """`replicas`: ports on 127.0.0.1, or "host:port". `tls`: with the example, and a certificate of its own. `change` edits nginx.conf."""

    def __init__(self, replicas, tls=False, change=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="scanner-gateway-"))
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        shutil.copytree(ROOT / "deploy/nginx", self.folder, dirs_exist_ok=True)
        main = self.folder / "nginx.conf"
        text = replaced(main.read_text(), "listen 8080;", f"listen 127.0.0.1:{self.port};")
        text = text.replace("/tmp/", f"{self.folder}/").replace("worker_processes auto;", "worker_processes 1;")
        main.write_text(change(text) if change else text)
        upstream = self.folder / "upstream.conf"
        text = replaced(upstream.read_text(), "resolver 127.0.0.11 valid=2s ipv6=off;\n", "")
        server = "  server replica:8010 resolve max_fails=2 fail_timeout=2s;\n"
        addresses = [one if isinstance(one, str) else f"127.0.0.1:{one}" for one in replicas]
        named = "".join(server.replace("replica:8010 resolve", address) for address in addresses)
        upstream.write_text(replaced(text, server, named))
        if tls:
            self.certify()
        super().__init__(["nginx", "-e", "stderr", "-c", main, "-g", "daemon off;"])
        wait_until(lambda: (self.folder / "nginx.pid").exists() or self.process.poll() is not None, self.output)
        if self.process.poll() is not None:
            raise AssertionError(f"nginx ended:\n{self.output()}")

    def certify(self):
        folder = self.folder / "tls"
        folder.mkdir()
        self.tls_port = free_port()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "scanner.example.com.key",
                        "-out", folder / "scanner.example.com.pem"], check=True, capture_output=True)
        text = (self.folder / "tls.conf.example").read_text()
        text = replaced(text, "\nlisten 8443 ssl;", f"\nlisten 127.0.0.1:{self.tls_port} ssl http2;")  # as its remark says
        (folder / "tls.conf").write_text(replaced(text, "\nhttp2 on;", "\n#"))

    def stop(self, *arguments):
        code = super().stop(*arguments)
        shutil.rmtree(self.folder, ignore_errors=True)
        return code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
