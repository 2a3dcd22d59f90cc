"""A real meridiand process of one test's own: free ports, own folder, ended by its process id."""

import configparser
import os
import pathlib
import re
import selectors
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import boto3
import botocore.config

ROOT = pathlib.Path(__file__).resolve().parents[2]
READY_SECONDS = 20
STOP_SECONDS = 20


def binary(name):
    """build/release/bin/<name>, or the one in $MERIDIAN_BIN."""
    folder = os.environ.get("MERIDIAN_BIN", str(ROOT / "build" / "release" / "bin"))
    path = pathlib.Path(folder) / name
    if not path.exists():
        raise RuntimeError(f"{path} is not there: build first, or set MERIDIAN_BIN")
    return str(path)


def clean_environment(**more):
    """The caller's environment without anything that could lead a client elsewhere."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "MERIDIAN_"))
        and name.lower() not in ("http_proxy", "https_proxy", "all_proxy")
    }
    kept.update(AWS_EC2_METADATA_DISABLED="true", AWS_CONFIG_FILE="/dev/null", AWS_PAGER="")
    kept.update(more)
    return kept


def aws_path():
    """Debian's AWS CLI, or the one that is there."""
    return "/usr/bin/aws" if os.path.exists("/usr/bin/aws") else shutil.which("aws")


class Node:
    """One region. Usable as a context manager."""

    def __init__(self, region="us-east-1", flags=(), folder=None):
        self.region = region
        self.flags = list(flags)
        self.owned = folder is None
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="meridian-e2e-"))
        self.process = None
        self.addresses = {}

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            if self.owned:
                shutil.rmtree(self.folder)
            raise
        return self

    def __exit__(self, *exception):
        status = self.stop()
        if self.owned:
            shutil.rmtree(self.folder)
        assert status in (0, None), f"drained, but ended with {status}"

    def start(self):
        command = [binary("meridiand"), "--data", str(self.folder), "--region", self.region]
        for name in ("http", "peer", "admin"):
            if f"--{name}" not in self.flags:
                command += [f"--{name}", "127.0.0.1:0"]
        self.log = open(self.folder.parent / (self.folder.name + ".log"), "ab")
        self.process = subprocess.Popen(
            command + self.flags,
            stdout=subprocess.PIPE,
            stderr=self.log,
            env=clean_environment(),
        )
        line = self._first_line()
        for name in ("http", "https", "peer", "admin"):
            found = re.search(rf"\b{name}=(\S+)", line)
            if found and found.group(1) != "none":
                self.addresses[name] = found.group(1)
        assert line.startswith("ready ") and "http" in self.addresses, line

    def _first_line(self):
        """The ready line, waited for no longer than READY_SECONDS."""
        deadline = time.monotonic() + READY_SECONDS
        selector = selectors.DefaultSelector()
        selector.register(self.process.stdout, selectors.EVENT_READ)
        text = b""
        while b"\n" not in text:
            left = deadline - time.monotonic()
            if left <= 0 or not selector.select(left):
                self.stop(signal.SIGKILL)
                raise RuntimeError(f"not ready in {READY_SECONDS} s:\n{self.messages()}")
            part = os.read(self.process.stdout.fileno(), 4096)
            if not part:
                self.process.wait(STOP_SECONDS)
                raise RuntimeError(f"ended with {self.process.returncode}:\n{self.messages()}")
            text += part
        return text.decode().splitlines()[0]

    def messages(self):
        return pathlib.Path(self.log.name).read_text(errors="replace")[-4000:]

    def stop(self, how=signal.SIGTERM):
        """Ends the process by its id; the exit status."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            os.kill(self.process.pid, how)
        try:
            status = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait()
            raise RuntimeError(f"still running {STOP_SECONDS} s after {how}")
        finally:
            self.process.stdout.close()
            self.log.close()
            self.process = None
        if status == 0:
            os.unlink(self.log.name)  # Otherwise it says why.
        return status

    @property
    def endpoint(self):
        return "http://" + self.addresses["http"]

    @property
    def host(self):
        return self.addresses["http"].rsplit(":", 1)[0]

    @property
    def port(self):
        return int(self.addresses["http"].rsplit(":", 1)[1])

    @property
    def credentials_file(self):
        return str(self.folder / "credentials")

    def credentials(self):
        """(access key id, secret access key) that the node has made for itself."""
        parsed = configparser.ConfigParser()
        parsed.read(self.credentials_file)
        section = parsed["default"]
        return section["aws_access_key_id"], section["aws_secret_access_key"]

    def client(self, service="dynamodb", **more):
        """A boto3 client with this node's key; no retries, so that each error is seen once."""
        key_id, secret = self.credentials()
        arguments = {
            "region_name": self.region,
            "endpoint_url": self.endpoint,
            "aws_access_key_id": key_id,
            "aws_secret_access_key": secret,
        }
        arguments.update(more)
        session = boto3.session.Session()
        config = botocore.config.Config(retries={"max_attempts": 0}, proxies={})
        return session.client(service, config=config, **arguments)


def wait_until(question, seconds=20):
    """Poll until question() is true; its value."""
    deadline = time.monotonic() + seconds
    while True:
        answer = question()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.02)


def free_port():
    """A port that was free a moment ago: the cluster file must name it before anybody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Cluster:
    """Regions that know each other. Usable as a context manager."""

    def __init__(self, regions, flags=()):
        self.more = list(flags)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="meridian-e2e-"))
        self.nodes = {region: self._node(region) for region in regions}

    def _node(self, region):
        flags = ["--peer", f"127.0.0.1:{free_port()}"]
        flags += ["--cluster", str(self.folder / "cluster.yaml")]
        (self.folder / region).mkdir()
        return Node(region, flags + self.more, self.folder / region)

    def _identity(self, node):
        command = [binary("meridiand"), "--data", str(node.folder), "--region", node.region]
        done = subprocess.run(
            command + node.flags[:2] + ["--identity"],
            env=clean_environment(),
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def __enter__(self):
        try:
            entries = [self._identity(node) for node in self.nodes.values()]
            (self.folder / "cluster.yaml").write_text("regions:\n" + "".join(entries))
            for node in self.nodes.values():
                node.start()
        except BaseException:
            for node in self.nodes.values():
                node.stop()
            shutil.rmtree(self.folder)
            raise
        return self

    def __exit__(self, *exception):
        statuses = [node.stop() for node in self.nodes.values()]
        shutil.rmtree(self.folder)
        assert set(statuses) <= {0, None}, f"drained, but ended with {statuses}"
