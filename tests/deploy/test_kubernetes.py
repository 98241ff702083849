#!/usr/bin/env python3
"""The manifests of deploy/kubernetes, read and held against each other and the program: that what is named exists, that selectors
select, that settings are settings and probes are routes. Where kubectl is installed it builds every overlay as well.

    /usr/bin/python3 tests/deploy/test_kubernetes.py BIN_DIR [unittest arguments]        needs python3-yaml"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(sys.argv.pop(1)).resolve() if len(sys.argv) > 1 else ROOT / "build/release/bin"
FOLDER = ROOT / "deploy/kubernetes"
OVERLAYS = sorted(path.parent for path in FOLDER.glob("overlays/*/kustomization.yaml"))
VERSIONS = {"ConfigMap": "v1", "Service": "v1", "Secret": "v1", "StatefulSet": "apps/v1", "Deployment": "apps/v1",
            "PodDisruptionBudget": "policy/v1", "Ingress": "networking.k8s.io/v1", "HorizontalPodAutoscaler": "autoscaling/v2"}
SECRET = "market-scanner-stores"


def documents(path):
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


def merged(before, patch):
    """A strategic merge of what the overlays patch here: mappings, and no lists."""
    for key, value in patch.items():
        if isinstance(value, dict):
            merged(before.setdefault(key, {}), value)
        else:
            before[key] = value


def built(folder):
    """What kustomize would make of a folder, of the members that the files here use; any other is an error."""
    plan = yaml.safe_load((folder / "kustomization.yaml").read_text())
    unknown = set(plan) - {"apiVersion", "kind", "resources", "labels", "images", "namespace", "patches"}
    assert not unknown, f"{folder}: {unknown} are not known to this test"
    resources = []
    for name in plan["resources"]:
        path = (folder / name).resolve()
        assert path.exists(), f"{folder}: {name} is named and is not there"
        resources += built(path) if path.is_dir() else documents(path)
    for patch in plan.get("patches", []):
        if "path" in patch:
            change = documents(folder / patch["path"])[0]
            target = only(resources, change["kind"], change["metadata"]["name"])
            merged(target, change)
        else:
            target = only(resources, patch["target"]["kind"], patch["target"]["name"])
            for step in yaml.safe_load(patch["patch"]):
                assert step["op"] == "remove", step
                *parents, last = step["path"].strip("/").split("/")
                place = target
                for name in parents:
                    place = place[name]
                del place[last]
    for image in plan.get("images", []):
        for resource in resources:
            for container in containers(resource):
                if container["image"] == image["name"]:
                    container["image"] = image.get("newName", image["name"]) + ":" + image["newTag"]
    if "namespace" in plan:
        for resource in resources:
            resource["metadata"]["namespace"] = plan["namespace"]
    return resources


def only(resources, kind, name):
    found = [resource for resource in resources if (resource["kind"], resource["metadata"]["name"]) == (kind, name)]
    assert len(found) == 1, f"{kind} {name} is there {len(found)} times"
    return found[0]


def pod(resource):
    return resource["spec"]["template"] if resource["kind"] in ("StatefulSet", "Deployment") else None


def containers(resource):
    return pod(resource)["spec"]["containers"] if pod(resource) else []


def selects(selector, labels):
    return all(labels.get(name) == value for name, value in selector.items())


class Manifests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        text = subprocess.run([BIN / "market-scanner", "config", "--env-example"], check=True, capture_output=True, text=True).stdout
        cls.settings = set(re.findall(r"^#(SCANNER_\w+)=", text, re.M))
        cls.overlays = {overlay.name: built(overlay) for overlay in OVERLAYS}

    now = ""

    def each(self):
        for name, resources in self.overlays.items():
            for resource in resources:
                self.now = f"{name}, {resource['kind']} {resource['metadata']['name']}"
                yield resources, resource

    def _formatMessage(self, msg, standardMsg):
        return f"{self.now}: {super()._formatMessage(msg, standardMsg)}"

    def test_there_are_overlays_and_every_file_is_used(self):
        self.assertEqual(set(self.overlays), {"demo", "production"})
        used = {FOLDER / "secret.example.yaml"}
        for plan in FOLDER.rglob("kustomization.yaml"):
            entries = yaml.safe_load(plan.read_text())
            used |= {plan} | {(plan.parent / name).resolve() for name in entries["resources"]}
            used |= {(plan.parent / patch["path"]).resolve() for patch in entries.get("patches", []) if "path" in patch}
        self.assertEqual({path for path in FOLDER.rglob("*.yaml")} - used, set())

    def test_names_are_used_once_and_versions_are_those_of_the_kind(self):
        for resources, resource in self.each():
            only(resources, resource["kind"], resource["metadata"]["name"])
            self.assertEqual(resource["apiVersion"], VERSIONS[resource["kind"]])

    def test_selectors_select(self):
        for resources, resource in self.each():
            spec = resource.get("spec", {})
            template = pod(resource)
            if template:
                self.assertTrue(selects(spec["selector"]["matchLabels"], template["metadata"]["labels"]))
                others = [other for other in resources if pod(other) and other is not resource
                          and selects(spec["selector"]["matchLabels"], pod(other)["metadata"]["labels"])]
                self.assertEqual(others, [], "its selector takes another's pods")
            if resource["kind"] in ("Service", "PodDisruptionBudget"):
                selector = spec["selector"].get("matchLabels", spec["selector"])
                chosen = [other for other in resources if pod(other) and selects(selector, pod(other)["metadata"]["labels"])]
                self.assertEqual(len(chosen), 1)
                if resource["kind"] == "Service":
                    named = {port["name"]: port["containerPort"] for c in containers(chosen[0]) for port in c["ports"]}
                    for port in spec["ports"]:
                        self.assertIn(port["targetPort"], named)
                else:
                    self.assertGreater(chosen[0]["spec"].get("replicas", 2), spec["maxUnavailable"], "a drain would take all")

    def test_settings_are_settings(self):
        self.assertIn("SCANNER_ROLE", self.settings)
        for resources, resource in self.each():
            if resource["kind"] in ("ConfigMap", "Secret"):
                self.assertEqual({name for name in resource.get("data", {}) if name not in self.settings}, set())
                self.assertTrue(all(isinstance(value, str) for value in resource["data"].values()), "values are texts")
            for container in containers(resource):
                self.assertEqual({entry["name"] for entry in container.get("env", [])} - self.settings, set())
                for source in container.get("envFrom", []):
                    if "configMapRef" in source:
                        only(resources, "ConfigMap", source["configMapRef"]["name"])
                    else:
                        self.assertEqual(source["secretRef"]["name"], SECRET)
        secret = documents(FOLDER / "secret.example.yaml")[0]
        self.assertEqual(secret["metadata"]["name"], SECRET)
        self.assertEqual(set(secret["stringData"]) - self.settings, set())
        self.assertEqual(secret["stringData"].keys() & self.overlays["production"][0].get("data", {}).keys(), set())

    def test_the_program_takes_the_settings(self):
        """Each pod's variables, with the example's Secret, as `market-scanner config` reads them."""
        for resources, resource in self.each():
            for container in containers(resource):
                if not container.get("envFrom"):
                    continue
                env = dict(only(resources, "ConfigMap", "market-scanner")["data"])
                env.update(documents(FOLDER / "secret.example.yaml")[0]["stringData"])
                env.update({entry["name"]: entry["value"] for entry in container["env"]})
                with tempfile.NamedTemporaryFile() as empty:
                    result = subprocess.run([BIN / "market-scanner", "config", "--json", "--env-file", empty.name],
                                            env=env, capture_output=True, text=True, check=False)
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertIn(env["SCANNER_ROLE"], result.stdout)

    def test_probes_are_routes_at_ports_that_are_open(self):
        page = (ROOT / "docs/api.md").read_text() + (ROOT / "docs/simulator.md").read_text()
        for _, resource in self.each():
            for container in containers(resource):
                open_ports = {port["name"] for port in container["ports"]}
                probes = [container[name]["httpGet"] for name in ("startupProbe", "livenessProbe", "readinessProbe") if name in container]
                self.assertTrue(probes)
                for probe in probes:
                    self.assertIn(f"`GET {probe['path']}`", page)
                    self.assertIn(probe["port"], open_ports)
                if "livenessProbe" in container:
                    self.assertEqual(container["livenessProbe"]["httpGet"]["path"], "/health", "age is no reason for a restart")
                    self.assertEqual(container["readinessProbe"]["httpGet"]["path"], "/ready")
                    port = next(port["containerPort"] for port in container["ports"] if port["name"] == "http")
                    data = documents(FOLDER / "base/configuration.yaml")[0]["data"]
                    self.assertEqual(data["SCANNER_HTTP_PORT"], str(port))

    def test_pods_have_no_rights_and_bounds(self):
        for _, resource in self.each():
            if not pod(resource):
                continue
            spec = pod(resource)["spec"]
            self.assertIs(spec["automountServiceAccountToken"], False)
            self.assertIs(spec["securityContext"]["runAsNonRoot"], True)
            user = re.search(r"^USER (\d+):(\d+)$", (ROOT / "Dockerfile").read_text(), re.M)
            self.assertEqual((str(spec["securityContext"]["runAsUser"]), str(spec["securityContext"]["runAsGroup"])), user.groups())
            self.assertEqual(spec["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"})
            claims = [claim["metadata"]["name"] for claim in resource["spec"].get("volumeClaimTemplates", [])]
            volumes = {volume["name"] for volume in spec.get("volumes", [])} | set(claims)
            for container in spec["containers"]:
                own = container["securityContext"]
                self.assertEqual((own["allowPrivilegeEscalation"], own["readOnlyRootFilesystem"], own["capabilities"]),
                                 (False, True, {"drop": ["ALL"]}))
                self.assertIn("memory", container["resources"]["limits"])
                self.assertEqual(set(container["resources"]["requests"]), {"cpu", "memory"})
                self.assertRegex(container["image"], r"^(registry\.example\.com/)?market-scanner:\d+\.\d+\.\d+$")
                mounts = {mount["name"] for mount in container.get("volumeMounts", [])}
                self.assertEqual(mounts, volumes)
                if mounts:
                    self.assertIn("/var/lib/market-scanner", [mount["mountPath"] for mount in container["volumeMounts"]])

    def test_what_refers_to_others_finds_them(self):
        for resources, resource in self.each():
            if resource["kind"] == "HorizontalPodAutoscaler":
                target = resource["spec"]["scaleTargetRef"]
                self.assertNotIn("replicas", only(resources, target["kind"], target["name"])["spec"], "the number is the autoscaler's")
            if resource["kind"] == "Ingress":
                for rule in resource["spec"]["rules"]:
                    for path in rule["http"]["paths"]:
                        service = only(resources, "Service", path["backend"]["service"]["name"])
                        self.assertIn(path["backend"]["service"]["port"]["name"], [port["name"] for port in service["spec"]["ports"]])
            if resource["kind"] == "StatefulSet":
                self.assertEqual(only(resources, "Service", resource["spec"]["serviceName"])["spec"]["clusterIP"], "None")
                self.assertEqual(resource["spec"]["replicas"], 2, "two scanners: one elected, one that stands by")
            if resource["kind"] == "ConfigMap" and "SCANNER_EXCHANGE_URL" in resource["data"]:
                _, host, port = re.fullmatch(r"(http)://([\w-]+):(\d+)", resource["data"]["SCANNER_EXCHANGE_URL"]).groups()
                self.assertIn(int(port), [entry["port"] for entry in only(resources, "Service", host)["spec"]["ports"]])

    def test_the_version_is_that_of_the_program(self):
        version = re.search(r"\d+\.\d+\.\d+", subprocess.run([BIN / "market-scanner", "--version"], check=True, capture_output=True, text=True).stdout)[0]
        images = {container["image"] for _, resource in self.each() for container in containers(resource)}
        self.assertEqual(images, {f"market-scanner:{version}", f"registry.example.com/market-scanner:{version}"})

    def test_kubectl_builds_the_same(self):
        if not shutil.which("kubectl"):
            self.skipTest("no kubectl here")
        for overlay in OVERLAYS:
            result = subprocess.run(["kubectl", "kustomize", overlay], capture_output=True, text=True, check=False)
            self.assertEqual(result.returncode, 0, result.stderr)
            real = {(one["kind"], one["metadata"]["name"]): one for one in yaml.safe_load_all(result.stdout)}
            ours = {(one["kind"], one["metadata"]["name"]): one for one in self.overlays[overlay.name]}
            self.assertEqual(set(real), set(ours))
            for key, resource in ours.items():
                for part in ("spec", "data"):
                    self.assertEqual(real[key].get(part), resource.get(part), f"{overlay.name} {key}")


if __name__ == "__main__":
    unittest.main(verbosity=1)
