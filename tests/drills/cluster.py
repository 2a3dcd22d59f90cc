"""Regions that replicate to each other, started by hand: identities, a cluster file, the daemons."""
import json
import os
import subprocess

from drill import Broken, environment, executable, free_ports, wait_for
from wire import Api, admin

REGIONS = ("us-east-1", "eu-west-1", "ap-northeast-1")
JOIN_SECONDS_MAX = 30
ACTIVE_SECONDS_MAX = 60


def meridian(*words):
    """Run the command line tool; its output."""
    made = subprocess.run([executable("meridian"), *words], capture_output=True, text=True,
                          timeout=60, env=environment())
    if made.returncode != 0:
        raise Broken(f"meridian {' '.join(words)}: {made.stderr.strip() or made.stdout.strip()}")
    return made.stdout


class Cluster:
    """`count` regions, started and joined. `folder`: where the first one keeps its data."""

    def __init__(self, drill, count, folder=None):
        self.drill = drill
        self.path = os.path.join(drill.folder, "cluster.yaml")
        self.nodes = []
        entries = []
        for number, port in enumerate(free_ports(count), 1):
            name = REGIONS[number - 1]
            flags = ("--peer", f"127.0.0.1:{port}", "--cluster", self.path)
            data = os.path.join(folder, "data") if folder and number == 1 else None
            self.nodes.append(drill.node(name, data=data, region=name, flags=flags))
            entries.append(subprocess.run(
                [executable("meridiand"), "--identity", "--data", self.nodes[-1].data, "--region",
                 name, "--peer", f"127.0.0.1:{port}", "--id", str(number)],
                capture_output=True, text=True, check=True, env=environment()).stdout)
        with open(self.path, "w") as file:
            file.write("regions:\n" + "".join(entries))
        for node in self.nodes:
            node.start()
        for node in self.nodes:
            wait_for(f"{node.name} has joined", lambda: self.joined(node) == count - 1,
                     JOIN_SECONDS_MAX)

    @staticmethod
    def joined(node):
        """How many peers it is connected with both ways."""
        peers = admin(node.admin, "/v1/status")["peers"]
        return sum(peer["connected_out"] and peer["connected_in"] for peer in peers)

    @staticmethod
    def api(node):
        return Api(node.http, node.region)

    @staticmethod
    def link(node, peer, cut):
        """Cut, or heal, what `node` sends to `peer`."""
        if cut:
            meridian("link", "set", "--admin", f"http://{node.admin}", "--peer", peer.region, "--cut")
        else:
            admin(node.admin, "/v1/link", {"peer": peer.region})

    def cut(self, one, other):
        self.link(one, other, cut=True)
        self.link(other, one, cut=True)

    def heal(self, one, other):
        self.link(one, other, cut=False)
        self.link(other, one, cut=False)

    def replicas(self, node, table):
        """Region to status, as `node` has it; empty while the table is not there."""
        api = self.api(node)
        try:
            if api.table_status(table) is None:
                return {}
            described = api.call("DescribeTable", TableName=table)["Table"]
            return {replica["RegionName"]: replica["ReplicaStatus"]
                    for replica in described.get("Replicas", [])} | {"table": described["TableStatus"]}
        finally:
            api.close()

    @staticmethod
    def items(node, table):
        """Rows that `node` counts in the table; 0 while it has none such."""
        return next((entry["items"] for entry in admin(node.admin, "/v1/status")["tables"]
                     if entry["name"] == table), 0)

    def add_replica(self, node, table, region):
        """Ask `node` for it; returns when it has begun."""
        api = self.api(node)
        api.call("UpdateTable", TableName=table,
                 ReplicaUpdates=[{"Create": {"RegionName": region}}])
        api.close()

    def wait_replica(self, node, table, region, seconds=ACTIVE_SECONDS_MAX):
        """Until it is ACTIVE for `node` and the region itself has an ACTIVE table."""
        def ready():
            seen = self.replicas(node, table)
            if seen.get(region) == "CREATION_FAILED":
                raise Broken(f"the replica in {region} failed: {seen}")
            return seen.get(region) == "ACTIVE" and seen["table"] == "ACTIVE"
        wait_for(f"the replica in {region} is ACTIVE for {node.name}", ready, seconds, 0.02)
        there = next(other for other in self.nodes if other.region == region)
        wait_for(f"{table} is ACTIVE in {region}",
                 lambda: self.replicas(there, table).get("table") == "ACTIVE", seconds, 0.02)

    def dump(self, node, table):
        """The whole table as sorted JSON, one text an item."""
        api = self.api(node)
        try:
            return sorted(json.dumps(item, sort_keys=True) for item in api.scan(table))
        finally:
            api.close()

    def pending(self):
        """Records that some region has not yet acknowledged to another."""
        return sum(peer["pending_records"] for node in self.nodes
                   for peer in admin(node.admin, "/v1/status")["peers"])

    def conflicts(self, node, table):
        return json.loads(meridian("conflicts", "list", "--admin", f"http://{node.admin}", "--table",
                                   table, "--limit", "1000", "-o", "json"))
