"""Machines on one machine: network namespaces with a link from each scanner to Redis that can be cut, or, where namespaces
cannot be had (not root, no iproute2), a relay in front of Redis for each scanner, which stops passing bytes on.

A hub, in which the harness, Postgres, the simulator and the replicas run, and around it Redis and the scanners:

    scanner-a ---- hub ---- scanner-b
        \\___________|___________/
                  redis
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading

HUB = "FAILOVER_HUB"
PLACES = ("scanner-a", "scanner-b", "redis")
NETWORK = "10.98.0.0/16"
HUB_ADDRESS = "10.98.0.1"  # the same from everywhere: by an exchange's address scanners know that they are of one market


def run(*words):
    subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True)


def space(place, hub=None):
    return f"{hub or os.environ[HUB]}-{place}"


def links():
    """(one place, its device, its address, the other's …): of every link."""
    for number, place in enumerate(PLACES, 1):
        yield "hub", f"to-{place}"[:15], f"10.98.{number}.1", place, "to-hub", f"10.98.{number}.2"
    for number, place in enumerate(PLACES[:2], 11):
        yield "redis", f"to-{place}"[:15], f"10.98.{number}.1", place, "to-redis", f"10.98.{number}.2"


def can_have_namespaces():
    if os.geteuid() != 0 or not shutil.which("ip"):
        return False
    probe = f"failover-probe-{os.getpid()}"
    if subprocess.run(["ip", "netns", "add", probe], check=False, capture_output=True).returncode != 0:
        return False
    run("ip", "netns", "del", probe)
    return True


def enter():
    """Runs this program again within the hub of a network of its own, and ends with it. Returns where it cannot, or is there."""
    if os.environ.get(HUB) or not can_have_namespaces():
        return
    hub = f"failover-{os.getpid()}"
    names = [hub, *(space(place, hub) for place in PLACES)]
    child = None
    try:
        for name in names:
            run("ip", "netns", "add", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        for here, device, address, there, peer, other in links():
            one, two = (hub if place == "hub" else space(place, hub) for place in (here, there))
            run("ip", "-n", one, "link", "add", device, "type", "veth", "peer", "name", peer, "netns", two)
            for name, link, at in ((one, device, address), (two, peer, other)):
                run("ip", "-n", name, "addr", "add", f"{at}/30", "dev", link)
                run("ip", "-n", name, "link", "set", link, "up")
        run("ip", "-n", hub, "addr", "add", f"{HUB_ADDRESS}/32", "dev", "lo")
        for number, place in enumerate(PLACES, 1):
            run("ip", "-n", space(place, hub), "route", "add", f"{HUB_ADDRESS}/32", "via", f"10.98.{number}.1")
        child = subprocess.Popen(["ip", "netns", "exec", hub, sys.executable, *sys.argv], env={**os.environ, HUB: hub})
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        signal.signal(signal.SIGINT, lambda *_: None)  # the terminal tells the child as well
        code = child.wait()
    finally:
        if child is not None and child.poll() is None:
            child.terminate()
            child.wait(60)
        for name in names:
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)
    sys.exit(code if code >= 0 else 1)


class Namespaces:
    kind = "network namespaces"
    network = NETWORK

    def within(self, place):
        return ["ip", "netns", "exec", space(place)]

    def host(self, place):
        """Where the hub reaches a place."""
        return f"10.98.{PLACES.index(place) + 1}.2" if place in PLACES else "127.0.0.1"

    def hub(self, _):
        """Where a place reaches the hub."""
        return HUB_ADDRESS

    def redis(self, place, redis):
        """Host and port at which a place reaches Redis."""
        return (f"10.98.{PLACES.index(place) + 11}.1" if place in PLACES else self.host("redis")), redis.port

    def link(self, place, state):
        # At Redis' end: the other one keeps its route, sends, and hears nothing, as with a cable that was pulled elsewhere.
        run("ip", "-n", space("redis"), "link", "set", f"to-{place}"[:15], state)

    def cut(self, place):
        self.link(place, "down")

    def heal(self, place):
        self.link(place, "up")


class Relays:
    kind = "relays that stop passing bytes on (no network namespaces here)"
    network = None

    def __init__(self):
        self.relays = {}

    def within(self, _):
        return []

    def host(self, _):
        return "127.0.0.1"

    hub = host

    def redis(self, place, redis):
        if place not in PLACES:
            return "127.0.0.1", redis.port
        if place not in self.relays:
            self.relays[place] = Relay(redis.port)
        return "127.0.0.1", self.relays[place].port

    def cut(self, place):
        self.relays[place].open.clear()

    def heal(self, place):
        self.relays[place].open.set()


class Relay:
    """Passes connections on to a port, while it is open; else it holds what it gets, and new connections wait."""

    def __init__(self, target):
        self.target = target
        self.open = threading.Event()
        self.open.set()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self.join, args=(client,), daemon=True).start()

    def join(self, client):
        self.open.wait()
        try:
            server = socket.create_connection(("127.0.0.1", self.target), 5)
            server.settimeout(None)
        except OSError:
            client.close()
            return
        for one, other in ((client, server), (server, client)):
            threading.Thread(target=self.copy, args=(one, other), daemon=True).start()

    def copy(self, one, other):
        try:
            while data := one.recv(65536):
                self.open.wait()
                other.sendall(data)
        except OSError:
            pass
        for end in (one, other):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def network():
    return Namespaces() if os.environ.get(HUB) else Relays()
