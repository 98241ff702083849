#!/usr/bin/env python3
"""What surrounds the programs: compose file, container scripts, alert rules, dashboard.

    python3 tests/deploy/test_deploy.py BIN_DIR [unittest arguments]"""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from stack import ROOT, Program, Simulator, Stack, free_port, request, wait_until  # noqa: E402

BIN = pathlib.Path(sys.argv.pop(1)).resolve() if len(sys.argv) > 1 else ROOT / "build/release/bin"
DEPLOY = ROOT / "deploy"


def run(*command, env=None):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, cwd=ROOT, timeout=120,
                          env={**os.environ, **(env or {})})


def compose_command():
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    return None


class Rules(unittest.TestCase):
    def test_promtool_accepts_rules_and_configuration(self):
        for command in (["check", "rules", "deploy/prometheus/alerts.yml"],
                        ["check", "config", "deploy/prometheus/prometheus.yml"]):
            result = run("promtool", *command)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_the_rules_ring_when_they_should(self):
        result = run("promtool", "test", "rules", "deploy/prometheus/alerts_test.yml")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_every_rule_is_tested_ringing_and_silent(self):
        names = re.findall(r"alert: (\w+)", (DEPLOY / "prometheus/alerts.yml").read_text())
        tests = (DEPLOY / "prometheus/alerts_test.yml").read_text()
        self.assertGreater(len(names), 10)
        healthy, others = tests.split("- name: down")
        for name in names:
            self.assertTrue(re.search(rf"alertname: {name}\b", healthy), f"{name} is not shown silent on a healthy scanner")
            self.assertTrue(f"alertname: {name}\n        exp_alerts:\n" in others, f"{name} is not shown ringing")

    def test_every_rule_is_explained_to_operators(self):
        names = re.findall(r"alert: (\w+)", (DEPLOY / "prometheus/alerts.yml").read_text())
        page = (ROOT / "docs/operations.md").read_text()
        self.assertEqual([name for name in names if f"`{name}`" not in page], [])


def used_metrics():
    """Metric name -> where, from rules and dashboard."""
    expressions = {}
    for expression in re.findall(r"expr: (.+?)(?=\n        (?:for|labels):)", (DEPLOY / "prometheus/alerts.yml").read_text(), re.S):
        expressions[expression] = "alerts.yml"

    def walk(node):
        if isinstance(node, dict):
            for key, value in node.items():
                if key == "expr" or (key == "query" and isinstance(value, str)):
                    expressions[value] = "dashboard"
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)
    walk(json.loads((DEPLOY / "grafana/dashboards/market-scanner.json").read_text()))
    names = {}
    for expression, where in expressions.items():
        for name in re.findall(r"\b(?:scanner|process)_[a-z0-9_]+", expression):
            names[name] = where
    return names


def dashboard_queries():
    """(title of the panel, expression)"""
    dashboard = json.loads((DEPLOY / "grafana/dashboards/market-scanner.json").read_text())
    return [(panel["title"], target["expr"]) for panel in dashboard["panels"] for target in panel.get("targets", [])]


class Metrics(unittest.TestCase):
    def test_every_metric_in_rules_and_dashboard_is_served(self):
        """By a scanner that has seen failures and readers of every kind: families with labels appear with their first event."""
        env = {"SCANNER_ALERT_WEBHOOK_URL": f"http://127.0.0.1:{free_port()}/", "SCANNER_ALERT_WEBHOOK_ALLOW_PRIVATE": "true",
               "SCANNER_FEED": "auto"}
        with Stack(BIN, env).wait_ready() as stack:
            status, text = request(stack.url + "/alerts/rules", "POST", {"name": "any", "expression": "rank >= 1"})
            self.assertEqual(status, 200, text)
            wait_until(lambda: "scanner_alerts_total{" in request(stack.url + "/metrics")[1], "no alert rings")
            # The next cycles meet an exchange that fails.
            stack.simulator.set_faults(["5xx:rate=0.5"])
            request(stack.url + "/rankings")
            request(stack.url + "/rankings")
            # Those of several processes are looked for where there are several: tests/failover.
            names = {name: where for name, where in used_metrics().items() if not name.startswith("scanner_scale_")}
            self.assertGreater(len(names), 25)

            def missing():
                served = set(re.findall(r"^([a-z_]+)(?:\{| )", request(stack.url + "/metrics")[1], re.M))
                return {name: where for name, where in names.items() if name not in served}
            try:
                wait_until(lambda: not missing(), "", 60)
            except TimeoutError:
                self.fail(f"named but not served: {missing()}")

    def test_labels_that_rules_select_exist(self):
        with Stack(BIN).wait_ready() as stack:
            text = request(stack.url + "/metrics")[1]
            for series in (r'scanner_store_backlog{store="postgres"} \d', r'scanner_store_dropped_total{store="postgres"} \d',
                           r'scanner_store_up{store="redis"} 1', r'scanner_http_requests_total{[^}]*status="200"',
                           r'scanner_exchange_call_latency_seconds_bucket{[^}]*method="\w+"', r'scanner_alert_rules{state="broken"} 0',
                           r'scanner_stream_subscribers{kind="websocket"} 0'):
                self.assertTrue(re.search(series, text), series)


class Prometheus(unittest.TestCase):
    """A real Prometheus with the stack's own configuration, reading a real scanner."""

    def ask(self, what, **parameters):
        status, text = request(f"{self.url}/api/v1/{what}?{urllib.parse.urlencode(parameters)}")
        self.assertEqual(status, 200, f"{parameters}: {text}")
        return json.loads(text)["data"]

    def test_the_dashboard_shows_numbers_and_nothing_rings_on_a_healthy_scanner(self):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        with tempfile.TemporaryDirectory() as folder, Stack(BIN, {"SCANNER_FEED": "auto"}).wait_ready() as stack:
            text = (DEPLOY / "prometheus/prometheus.yml").read_text()
            text = text.replace("scanner:8010", f"127.0.0.1:{stack.port}").replace("127.0.0.1:9090", f"127.0.0.1:{port}")
            text = re.sub(r"(scrape|evaluation)_interval: 15s", r"\1_interval: 1s", text)
            pathlib.Path(folder, "prometheus.yml").write_text(text)
            shutil.copy(DEPLOY / "prometheus/alerts.yml", folder)
            prometheus = Program(["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                                  f"--web.listen-address=127.0.0.1:{port}"])
            try:
                request(stack.url + "/rankings")
                request(stack.url + "/rankings")
                wait_until(lambda: request(self.url + "/-/ready")[0] == 200, prometheus.output)
                wait_until(lambda: len(self.ask("query", query="scanner_cycles_total[1m]")["result"][0:1]) == 1
                           and len(self.ask("query", query="scanner_cycles_total[1m]")["result"][0]["values"]) > 5, prometheus.output)
                empty = []
                for title, expression in dashboard_queries():
                    expression = expression.replace("$__rate_interval", "1m").replace("$instance", ".*")
                    if not self.ask("query", query=expression)["result"]:
                        empty.append((title, expression))
                # What has labels of something that has not happened here: failures, alerts; and what is of several processes.
                unseen = ("_errors_total", "scanner_alerts_total", "status!~", "scanner_scale_")
                self.assertEqual([entry for entry in empty if not any(name in entry[1] for name in unseen)], [])
                rules = [rule for group in self.ask("rules")["groups"] for rule in group["rules"]]
                self.assertGreater(len(rules), 15)
                self.assertEqual({rule["name"]: (rule["state"], rule.get("lastError")) for rule in rules
                                  if rule["state"] == "firing" or rule.get("lastError")}, {})
            finally:
                prometheus.stop()


class Compose(unittest.TestCase):
    text = (ROOT / "docker-compose.yml").read_text()

    def test_every_setting_reaches_the_container(self):
        settings = re.findall(r"^#(SCANNER_\w+)=", (ROOT / ".env.example").read_text(), re.M)
        self.assertGreater(len(settings), 30)
        passed = re.findall(r"^      (SCANNER_\w+):", self.text, re.M)
        self.assertEqual(passed, settings, "run scripts/renew-settings-docs")

    def test_its_own_variables_are_explained(self):
        own = set(re.findall(r"\$\{(\w+)", self.text)) - set(re.findall(r"\$\{(SCANNER_\w+)", self.text))
        page = (ROOT / "docs/operations.md").read_text()
        self.assertEqual([name for name in sorted(own) if f"`{name}`" not in page], [])

    def test_ports_are_published_on_loopback(self):
        ports = re.findall(r'^      - "(.+:\d+)"$', self.text, re.M)
        self.assertEqual(len(ports), 4, ports)
        for port in ports:
            self.assertRegex(port, r"^(127\.0\.0\.1|\$\{PUBLISH_ADDRESS:-127\.0\.0\.1\}):\$\{\w+:-\d+\}:\d+$")

    def config(self, profiles=None):
        if compose_command() is None:
            self.skipTest("docker-compose is not installed (scripts/install-packages.sh test)")
        env = {name: value for name, value in os.environ.items() if not name.startswith(("SCANNER_", "COMPOSE_"))}
        if profiles:
            env["COMPOSE_PROFILES"] = profiles
        # An empty file in place of the developer's own .env.
        with tempfile.NamedTemporaryFile() as empty:
            result = subprocess.run([*compose_command(), "--env-file", empty.name, "-f", str(ROOT / "docker-compose.yml"), "config"],
                                    capture_output=True, text=True, env=env, timeout=120)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def services(self):
        """Each service's part of what Compose makes of the file, by name; with the demo's and those of `scale`."""
        text = self.config("demo,scale")
        parts = re.split(r"^  ([\w-]+):$", re.search(r"^services:\n(.*?)^\w", text, re.M | re.S)[1], flags=re.M)
        services = dict(zip(parts[1::2], parts[2::2]))
        self.assertGreaterEqual(set(services), {"scanner", "standby", "replica", "gateway", "simulator", "postgres", "redis", "prometheus",
                                                 "grafana"})
        return services

    def test_every_service_is_bounded_and_has_no_rights(self):
        for name, text in self.services().items():
            for wanted in (r"^    mem_limit: \S", r"^    pids_limit: \d+$", r"^    cap_drop:\n    - ALL$", r"^    read_only: true$",
                           r"^    - no-new-privileges:true$"):
                self.assertRegex(text, re.compile(wanted, re.M), name)
            self.assertNotIn("cap_add", text, name)
            self.assertNotIn("privileged", text.replace("no-new-privileges", ""), name)

    def test_every_image_is_of_an_exact_version(self):
        images = {name: re.search(r"^    image: (\S+)$", text, re.M)[1] for name, text in self.services().items()}
        for name, image in images.items():
            if image != "market-scanner":
                self.assertRegex(image, r":v?\d+\.\d+(\.\d+)?(-\w+)?$", name)
        base = re.search(r"^ARG DEBIAN=(\S+)$", (ROOT / "Dockerfile").read_text(), re.M)[1]
        self.assertRegex(base, r":\d+\.\d+-slim$")

    def test_no_password_is_the_same_everywhere(self):
        self.assertEqual(re.findall(r"\$\{\w*PASSWORD\w*:-[^}]+\}", self.text), [])
        for name, text in self.services().items():
            self.assertNotRegex(text, r"://\w*:[^/@\s]+@", name)
            if name in ("scanner", "standby", "replica", "postgres", "redis"):
                self.assertIn("condition: service_completed_successfully", text)

    def test_docker_compose_accepts_the_file(self):
        live = self.config()
        self.assertIn("STACK_PROFILES: live", live)
        self.assertIn("market-scanner-postgres-live", live)
        self.assertIn("service_healthy", live)

    def test_the_demo_is_another_market_with_other_volumes(self):
        demo = self.config("demo")
        self.assertIn("STACK_PROFILES: demo", demo)
        self.assertIn("htx-simulator", demo)
        for volume in ("data", "postgres", "prometheus", "grafana"):
            self.assertIn(f"market-scanner-{volume}-demo", demo)
        self.assertNotIn("-live", demo)

    def test_of_scale_each_has_the_role_the_token_and_the_proxy(self):
        services = self.services()
        for name, role in (("standby", "scanner"), ("replica", "replica")):
            self.assertIn(f"SCANNER_ROLE: {role}\n", services[name], name)
            self.assertIn("STACK_ROLE: all\n", services[name], "it refuses beside a scanner that runs alone")
            # The first scanner's volume with the token in it, where its own is not.
            self.assertIn("API_TOKEN_FILE: /var/lib/scanner/api-token\n", services[name], name)
            self.assertRegex(services[name], r"- scanner-data:/var/lib/scanner:ro\n", name)
        for line in re.findall(r"^      (SCANNER_\w+: .*)$", services["scanner"], re.M):
            if not line.startswith(("SCANNER_ROLE", "SCANNER_TRUSTED_PROXIES")):
                self.assertIn(f"      {line}\n", services["replica"], "every setting reaches the replicas")
        address = re.search(r"ipv4_address: (\S+)", services["gateway"])[1]
        self.assertIn(f"SCANNER_TRUSTED_PROXIES: {address}\n", services["replica"])
        self.assertIn("./deploy/nginx:/etc/nginx/scanner:ro", self.text)
        self.assertIn("server replica:8010 resolve", (DEPLOY / "nginx/upstream.conf").read_text())
        for name in ("standby", "replica", "gateway"):
            self.assertRegex(services[name], r"profiles:\n    - scale\n", name)


class TestStores:
    """Redis and Postgres of this machine with the passwords in `folder`, on free ports."""

    def __init__(self, work, folder):
        self.redis_port, self.postgres_port = free_port(), free_port()
        command = json.loads(re.search(r"command: (\[\"redis-server\".+\])", Compose.text)[1])
        command = [part.replace("/var/lib/passwords", str(folder / "redis")) for part in command]
        self.redis = Program([*command, "--bind", "127.0.0.1", "--port", self.redis_port, "--dir", work])
        programs = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))[-1]
        self.data = work / "postgres"
        self.as_postgres = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        self.data.mkdir()
        if self.as_postgres:
            shutil.chown(self.data, "postgres", "postgres")
        arguments = re.search(r"POSTGRES_INITDB_ARGS: (.+)", Compose.text)[1].split()
        made = run(*self.as_postgres, programs / "initdb", "-D", self.data, "-U", "scanner", *arguments,
                   f"--pwfile={folder / 'postgres/password'}", "--auth-local=trust")
        assert made.returncode == 0, made.stdout + made.stderr
        self.postgres = Program([*self.as_postgres, programs / "postgres", "-D", self.data, "-c", "listen_addresses=127.0.0.1",
                                 "-c", f"port={self.postgres_port}", "-c", f"unix_socket_directories={self.data}", "-c", "fsync=off"])
        def sql(statement):
            return run(*self.as_postgres, programs / "psql", "-X", "-h", self.data, "-p", self.postgres_port, "-U", "scanner", "-d", "postgres",
                       "-c", statement).returncode == 0
        wait_until(lambda: sql("create database scanner"), self.postgres.output)
        wait_until(lambda: "Ready to accept connections" in self.redis.output(), self.redis.output)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.redis.stop()
        self.postgres.stop(signal.SIGINT)


class Container(unittest.TestCase):
    """The scripts of the image, run here with the real programs."""

    def setUp(self):
        self.path = {"PATH": f"{DEPLOY / 'docker'}:{BIN}:{os.environ['PATH']}"}

    def test_without_a_token_one_is_made_and_changes_need_it(self):
        with Stack(BIN, self.path, [DEPLOY / "docker/entrypoint", "serve"]).wait_ready() as stack:
            file = pathlib.Path(stack.data, "api-token")
            token = file.read_text()
            self.assertRegex(token, r"^[0-9a-f]{64}$")
            self.assertEqual(file.stat().st_mode & 0o777, 0o600)
            # The log says where it is to be had, and stays without it: logs are kept, and read by others.
            self.assertIn("console-link", stack.scanner.output())
            self.assertNotIn(token, stack.scanner.output())
            self.assertNotIn("token=", stack.scanner.output())
            change = {"name": "mine", "symbols": ["btc"]}
            self.assertEqual(request(stack.url + "/watchlists", "POST", change)[0], 401)
            self.assertEqual(request(stack.url + "/watchlists", "POST", change, "wrong")[0], 403)
            self.assertEqual(request(stack.url + "/watchlists", "POST", change, token)[0], 200)
            again = run(DEPLOY / "docker/console-link", env={**self.path, "SCANNER_DATA_DIR": stack.data, "CONSOLE_URL": "http://x:1"})
            self.assertEqual(again.stdout, f"http://x:1/panel#token={token}\n")
            below = run(DEPLOY / "docker/console-link", env={**self.path, "SCANNER_DATA_DIR": stack.data, "SCANNER_BASE_PATH": "/scanner/"})
            self.assertEqual(below.stdout, f"http://127.0.0.1:8010/scanner/panel#token={token}\n")
            # Started again, it keeps its token and says nothing of it.
            stack.scanner.stop()
            stack.scanner = Program([DEPLOY / "docker/entrypoint", "serve"], stack.env, stack.data)
            stack.wait_ready()
            self.assertEqual(request(stack.url + "/watchlists", "POST", change, token)[0], 200)
            self.assertNotIn(token, stack.scanner.output())

    def test_the_stores_have_passwords_that_the_first_start_made(self):
        """As the compose file starts them: Redis with the file, Postgres with scram-sha-256, the scanner with the volumes."""
        with tempfile.TemporaryDirectory() as work:
            os.chmod(work, 0o755)
            folder = pathlib.Path(work, "passwords")
            for store in ("postgres", "redis"):
                (folder / store).mkdir(parents=True)
            made = run(DEPLOY / "docker/passwords", folder)
            self.assertEqual(made.returncode, 0, made.stderr)
            passwords = {store: (folder / store / "password").read_text() for store in ("postgres", "redis")}
            self.assertNotEqual(*passwords.values())
            for password in passwords.values():
                self.assertRegex(password, r"^[0-9a-f]{48}$")
                self.assertNotIn(password, made.stdout + made.stderr)
            run(DEPLOY / "docker/passwords", folder)
            self.assertEqual((folder / "redis/password").read_text(), passwords["redis"], "they stay")
            wrong = run(DEPLOY / "docker/passwords", folder, env={"REDIS_PASSWORD": "a b"})
            self.assertEqual(wrong.returncode, 2, wrong.stderr)

            with TestStores(pathlib.Path(work), folder) as stores:
                denied = run("redis-cli", "-p", stores.redis_port, "ping")
                self.assertIn("NOAUTH", denied.stdout + denied.stderr)
                check = re.search(r"(REDISCLI_AUTH=.+PONG)", Compose.text)[1].replace("$$", "$")
                check = check.replace("/var/lib/passwords", str(folder / "redis")).replace("redis-cli", f"redis-cli -p {stores.redis_port}")
                self.assertEqual(run("sh", "-c", check).returncode, 0, check)
                env = {**self.path, "PASSWORDS_DIR": str(folder), "SCANNER_REDIS_URL": f"redis://127.0.0.1:{stores.redis_port}/0",
                       "SCANNER_POSTGRES_URL": f"postgresql://scanner@127.0.0.1:{stores.postgres_port}/scanner"}
                with Stack(BIN, env, [DEPLOY / "docker/entrypoint", "serve"]).wait_ready() as stack:
                    def states():
                        return {name: entry["state"] for name, entry in json.loads(request(stack.url + "/healthz/details")[1])["stores"].items()}
                    wait_until(lambda: set(states().values()) == {"ready"}, lambda: f"{states()}\n{stack.scanner.output()}")
                    for password in passwords.values():
                        self.assertNotIn(password, stack.scanner.output())
                        self.assertNotIn(password, request(stack.url + "/healthz/details")[1])

    def test_a_given_token_is_taken_and_none_is_made(self):
        env = {**self.path, "SCANNER_API_TOKEN": "a-token/of+the%operator"}
        with Stack(BIN, env, [DEPLOY / "docker/entrypoint"]).wait_ready() as stack:
            self.assertFalse(pathlib.Path(stack.data, "api-token").exists())
            self.assertEqual(request(stack.url + "/settings", "POST", {"notional": 6000}, env["SCANNER_API_TOKEN"])[0], 200)
            link = run(DEPLOY / "docker/console-link", env=env)
            self.assertEqual(link.stdout, "http://127.0.0.1:8010/panel#token=a-token%2Fof%2Bthe%25operator\n")

    def test_a_network_is_never_let_to_change_things_without_a_token(self):
        result = run(DEPLOY / "docker/entrypoint", "serve", env={
            **self.path, "SCANNER_ALLOW_ANONYMOUS_WRITES": "true", "PUBLISH_ADDRESS": "0.0.0.0", "SCANNER_API_TOKEN": "",
            "SCANNER_DATA_DIR": "/nonexistent"})
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertIn("SCANNER_API_TOKEN", result.stderr)

    def test_a_replica_takes_the_token_of_the_first_scanner(self):
        with tempfile.NamedTemporaryFile("w+", suffix="token") as file:
            file.write("a-token-of-the-first-scanner")
            file.flush()
            env = {**self.path, "API_TOKEN_FILE": file.name, "STACK_ROLE": "scanner"}
            with Stack(BIN, env, [DEPLOY / "docker/entrypoint", "serve"]).wait_ready() as stack:
                self.assertFalse(pathlib.Path(stack.data, "api-token").exists())
                self.assertEqual(request(stack.url + "/settings", "POST", {"notional": 6000}, "a-token-of-the-first-scanner")[0], 200)

    def test_replicas_refuse_to_stand_beside_a_scanner_that_runs_alone(self):
        result = run(DEPLOY / "docker/entrypoint", "serve", env={**self.path, "STACK_ROLE": "all", "SCANNER_DATA_DIR": "/nonexistent"})
        self.assertEqual(result.returncode, 1)
        self.assertIn("SCANNER_ROLE=scanner into .env", result.stderr)
        self.assertIn("docker compose --profile scale up --scale replica=4", result.stderr)

    def test_the_simulator_refuses_to_stand_beside_a_scanner_on_the_real_exchange(self):
        result = run(DEPLOY / "docker/entrypoint", "htx-simulator", env={**self.path, "STACK_PROFILES": "live"})
        self.assertEqual(result.returncode, 1)
        self.assertIn("COMPOSE_PROFILES=demo docker compose up", result.stderr)

    def test_a_simulator_that_comes_after_the_scanner_is_not_taken_for_the_exchange(self):
        port = free_port()
        data = tempfile.mkdtemp(prefix="scanner-test-")
        url = f"http://127.0.0.1:{free_port()}"
        scanner = Program([BIN / "market-scanner", "serve", "--env-file", "/dev/null"], {
            "SCANNER_EXCHANGE_URL": f"http://127.0.0.1:{port}", "SCANNER_HTTP_PORT": url.rsplit(":", 1)[1],
            "SCANNER_DATA_DIR": data, "SCANNER_SCAN_INTERVAL_SEC": "1"})
        simulator = None
        try:
            wait_until(lambda: '"failure_streak":0' not in request(url + "/healthz/details")[1]
                       and "failure_streak" in request(url + "/healthz/details")[1], scanner.output)
            simulator = Simulator(BIN, port=port)
            wait_until(lambda: request(url + "/ready")[0] == 200, scanner.output)
            self.assertTrue(json.loads(request(url + "/rankings")[1]).get("simulated"))
            wait_until(lambda: "market_is_simulated" in scanner.output(), scanner.output)
        finally:
            scanner.stop()
            if simulator:
                simulator.stop()
            shutil.rmtree(data, ignore_errors=True)

    def test_the_health_check_tells_a_serving_daemon_from_none(self):
        port = free_port()
        self.assertNotEqual(run(DEPLOY / "docker/healthcheck", port).returncode, 0)
        with Stack(BIN).wait_ready() as stack:
            self.assertEqual(run(DEPLOY / "docker/healthcheck", stack.port).returncode, 0)
            self.assertEqual(run(DEPLOY / "docker/healthcheck", stack.simulator.port, "/_simulator/status").returncode, 0)
            self.assertNotEqual(run(DEPLOY / "docker/healthcheck", stack.port, "/nowhere").returncode, 0)


class Image(unittest.TestCase):
    text = (ROOT / "Dockerfile").read_text()

    def test_what_it_copies_is_sent(self):
        """Every folder that a COPY names is let through by .dockerignore."""
        sent = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
        for line in re.findall(r"^COPY (?!--from)(.+)$", self.text, re.M):
            for source in line.split()[:-1]:
                self.assertTrue(source == "." or source.split("/")[0] in sent, source)
                self.assertTrue((ROOT / source).exists(), source)

    def test_it_runs_as_nobody_in_particular(self):
        self.assertRegex(self.text, r"\nUSER 10010:10010\n")
        self.assertIn("\nHEALTHCHECK ", self.text)
        self.assertIn("\nSTOPSIGNAL SIGTERM\n", self.text)


if __name__ == "__main__":
    unittest.main(verbosity=1)
