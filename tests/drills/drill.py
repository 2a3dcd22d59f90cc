"""What every drill stands on: the seed, the count of checks, waiting with a deadline, and daemons that
end with the drill, however it ends.

A drill is a function `run(drill, …)`. It says what it found through `drill.check`, starts daemons
through `drill.node`, and puts whatever has to be undone on `drill.stack`. `main` runs it from the
command line and closes with the line "N passed, M failed".
"""
import contextlib
import ctypes
import os
import random
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
KEY, SECRET = "AKIDDRILLDRILLDRILL0", "drill-secret-drill-secret-drill-secret-0"
START_SECONDS_MAX = 30  # When to give a start up; how fast it must be is the drills' to check.
STOP_SECONDS_MAX = 30
POLL_SECONDS = 0.005
PR_SET_PDEATHSIG = 1


class Skip(Exception):
    """This machine cannot do it; the text is one sentence that says why."""


class Broken(Exception):
    """The drill cannot go on; the text says what did not happen."""


def executable(name):
    path = os.path.join(os.environ.get("MERIDIAN_BIN", os.path.join(ROOT, "build/release/bin")), name)
    if not os.access(path, os.X_OK):
        raise Broken(f"{path} is not there: build it, or name the folder in MERIDIAN_BIN")
    return path


def wait_for(what, check, seconds=30.0, pause=POLL_SECONDS):
    """What check() answers, once that is true."""
    deadline = time.monotonic() + seconds
    while True:
        result = check()
        if result:
            return result
        if time.monotonic() > deadline:
            raise Broken(f"{what}: not within {seconds:g} s")
        time.sleep(pause)


def environment():
    """Without our own MERIDIAN_… variables, which the daemon would take for settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MERIDIAN_")}


def _die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Node:
    """One meridiand. Its data folder outlives its processes: start and kill as often as you like."""

    def __init__(self, drill, name, data, region, flags=()):
        self.drill = drill
        self.name = name
        self.data = data
        self.region = region
        self.flags = list(flags)
        self.log_path = os.path.join(drill.folder, f"{name}.log")
        self.process = None
        self.http = self.peer = self.admin = None

    def spawn(self):
        """Start, without waiting."""
        assert self.process is None
        with open(self.log_path, "a") as log:
            self.process = subprocess.Popen(
                [executable("meridiand"), "--data", self.data, "--region", self.region,
                 "--credentials", self.drill.credentials, "--http", "127.0.0.1:0",
                 "--admin", "127.0.0.1:0", *self.flags],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True,
                env=environment(), preexec_fn=_die_with_parent)

    def start(self):
        """Start and wait for the ready line; how long that took, in seconds."""
        started = time.monotonic()
        self.spawn()
        said = select.select([self.process.stdout], [], [], START_SECONDS_MAX)[0]
        line = self.process.stdout.readline() if said else ""
        seconds = time.monotonic() - started
        if not line.startswith("ready "):
            self.kill()
            raise Broken(f"{self.name} did not start: {self.log_tail()}")
        bound = dict(part.split("=", 1) for part in line.split()[1:])
        self.http, self.peer, self.admin = bound["http"], bound["peer"], bound["admin"]
        return seconds

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """kill -9, and gone."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            self.process = None

    def freeze(self):
        """Stop it where it is; returns once no thread of it runs any more."""
        self.process.send_signal(signal.SIGSTOP)

        def stopped():
            states = []
            for task in os.listdir(f"/proc/{self.process.pid}/task"):
                with open(f"/proc/{self.process.pid}/task/{task}/stat") as file:
                    states.append(file.read().rsplit(")", 1)[1].split()[0])
            return all(state in "Tt" for state in states)
        wait_for(f"{self.name} stops", stopped)

    def stop(self):
        """SIGTERM; the exit status."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(STOP_SECONDS_MAX)
        self.process.stdout.close()
        self.process = None
        return status

    def log_tail(self, lines=8):
        with open(self.log_path) as file:
            return "\n    ".join([self.log_path, *file.read().splitlines()[-lines:]])


class Drill:
    """One run: `with Drill("kill9") as drill`."""

    def __init__(self, name, seed=None):
        self.name = name
        self.seed = int(seed if seed is not None
                        else os.environ.get("MERIDIAN_SEED") or random.SystemRandom().getrandbits(32))
        self.random = random.Random(self.seed)
        self.stack = contextlib.ExitStack()
        self.passed = self.failed = 0
        self.failures = []
        self.nodes = []

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix=f"meridian-{self.name}-")
        self.stack.callback(self._remove_folder)
        self.credentials = os.path.join(self.folder, "credentials")
        with open(self.credentials, "w") as file:
            file.write(f"[default]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n")
        os.chmod(self.credentials, 0o600)
        print(f"{self.name}: MERIDIAN_SEED={self.seed}", flush=True)
        return self

    def __exit__(self, *exception):
        if exception[0] is not None and not isinstance(exception[1], Skip):
            self.failures.append(str(exception[1]))
        for node in self.nodes:
            node.kill()  # First of all: a disk can only be unmounted once nobody is on it.
        return self.stack.__exit__(*exception)

    def _remove_folder(self):
        if self.failures:
            print(f"{self.name}: logs and data stay in {self.folder}", flush=True)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def node(self, name, data=None, region="us-east-1", flags=("--peer", "127.0.0.1:0")):
        node = Node(self, name, data or os.path.join(self.folder, name), region, flags)
        self.nodes.append(node)
        return node

    def say(self, text):
        print(f"{self.name}: {text}", flush=True)

    def check(self, holds, text, details=()):
        """Count it; what does not hold is printed with the first of its details."""
        if holds:
            self.passed += 1
            return True
        self.failed += 1
        self.failures.append(text)
        self.say(f"FAILED (MERIDIAN_SEED={self.seed}): {text}")
        for detail in list(details)[:5]:
            self.say(f"    {detail}")
        if len(list(details)) > 5:
            self.say(f"    … {len(list(details))} in all")
        return False


def free_ports(count):
    """Ports that were free a moment ago, all different. Below the range that the kernel hands out for
    port 0, so that nobody's client takes one of them while its region is being restarted."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
        lowest = int(file.read().split()[0])
    chance = random.SystemRandom()
    ports = set()
    while len(ports) < count:
        port = chance.randrange(10000, max(lowest, 12000))
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if port not in ports and probe.connect_ex(("127.0.0.1", port)) != 0:
                ports.add(port)
    return sorted(ports)


def _on_signal(number, _frame):
    raise Broken(f"stopped by {signal.Signals(number).name}")


def main(name, run):
    """Run from the command line: run(drill). Exit status 0 if all passed or the drill was skipped."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _on_signal)
    drill = Drill(name)
    try:
        with drill:
            run(drill)
    except Skip as reason:
        drill.say(f"skipped: {reason}")
    except Broken as reason:
        drill.failed += 1
        drill.say(f"FAILED (MERIDIAN_SEED={drill.seed}): {reason}")
    print(f"{drill.passed} passed, {drill.failed} failed", flush=True)
    sys.exit(1 if drill.failed else 0)
