#!/usr/bin/python3
"""Give a full table a new replica while it is being written to, and compare both sides.

  backfill.py [--items 200000] [--rate 500] [--kill none|home|away]

Loads the table in one region, starts writers that put, update and delete --rate rows a second, asks for
a replica in the other region, waits until it is ACTIVE, stops the writers. Both regions must then hold
exactly the rows that the writers know of. With --kill one of the regions is killed with -9 while the
replica is being filled, at a random moment, and started again: it must become ACTIVE all the same.
"""
import argparse
import json
import threading
import time

import drill as drills
import load
from cluster import Cluster
from wire import Api, Closed

TABLE = "Backfill"
WRITERS = 8
PAYLOAD_BYTES = 160
ACTIVE_SECONDS_MAX = 300
SETTLE_SECONDS_MAX = 60
WRITES_AROUND_SECONDS = 0.5  # Of writing before the replica is asked for and after it is ACTIVE.
RATE_SHARE_MIN = 0.8
KILL_SHARE = (0.02, 0.9)


def item_of(number, version):
    return {"pk": {"S": f"item#{number:07d}"}, "v": {"N": str(version)},
            "d": {"S": f"{number}.{version}.".ljust(PAYLOAD_BYTES, "x")}}


def key_of(number):
    return {"pk": {"S": f"item#{number:07d}"}}


class Writer(threading.Thread):
    """Changes rows of its own (every WRITERS-th, and new ones) at a rate, and knows what they hold."""

    def __init__(self, node, number, items, rate, seed):
        super().__init__(daemon=True)
        self.node = node
        self.api = None
        self.items = items
        self.interval = 1 / rate
        self.random = drills.random.Random(seed)
        self.ending = threading.Event()
        self.rows = range(number, items + items // 10, WRITERS)  # A tenth of them does not exist yet.
        self.holds = {row: 0 for row in self.rows if row < items}
        self.writes = 0
        self.problem = None

    def _call(self, operation, **request):
        """Until it is acknowledged: the region may have been killed, and is then to be back soon. What
        is sent twice does the same twice."""
        deadline = time.monotonic() + ACTIVE_SECONDS_MAX
        while True:
            if self.api is None or self.api.address != self.node.http:
                self.api = Api(self.node.http, self.node.region)
            try:
                return self.api.call(operation, TableName=TABLE, **request)
            except Closed:
                if time.monotonic() > deadline:
                    raise
                self.ending.wait(0.02)

    def _write(self):
        row = self.rows[self.random.randrange(len(self.rows))]
        kind = self.random.choice(("put", "put", "update", "update", "delete"))
        version = self.writes + 1
        if kind == "put":
            self._call("PutItem", Item=item_of(row, version))
            self.holds[row] = version
        elif kind == "update":
            item = item_of(row, version)
            self._call("UpdateItem", Key=key_of(row),
                       UpdateExpression="SET v = :v, d = :d",
                       ExpressionAttributeValues={":v": item["v"], ":d": item["d"]})
            self.holds[row] = version
        else:
            self._call("DeleteItem", Key=key_of(row))
            self.holds.pop(row, None)
        self.writes += 1

    def run(self):
        due = time.monotonic()
        try:
            while not self.ending.is_set():
                self._write()
                due += self.interval
                self.ending.wait(max(0.0, due - time.monotonic()))  # The pace.
        except Exception as reason:
            self.problem = repr(reason)
        if self.api is not None:
            self.api.close()


def expected(writers):
    return sorted(json.dumps(item_of(row, version), sort_keys=True)
                  for writer in writers for row, version in writer.holds.items())


def compare(drill, title, wanted, found):
    wanted, found = set(wanted), set(found)
    return drill.check(wanted == found, f"{title}: {len(found)} of {len(wanted)} rows as expected",
                       [f"is there: {item}" for item in sorted(found - wanted)[:3]] +
                       [f"should be there: {item}" for item in sorted(wanted - found)[:3]])


def kill_while_filling(drill, cluster, victim, items):
    """When a share of the rows is there; which share is drawn."""
    home, away = cluster.nodes
    wanted = int(items * drill.random.uniform(*KILL_SHARE))

    def there():
        return cluster.items(away, TABLE) >= wanted or cluster.replicas(home, TABLE)[
            away.region] == "ACTIVE"
    drills.wait_for(f"{wanted} rows are there", there, ACTIVE_SECONDS_MAX)
    rows, status = cluster.items(away, TABLE), cluster.replicas(home, TABLE)[away.region]
    victim.kill()
    took = victim.start()
    drill.say(f"{victim.name} killed when {away.name} had {rows} rows and was {status}; up again in "
              f"{took:.3f} s")


def run(drill, items=200000, rate=500, kill="none"):
    cluster = Cluster(drill, 2)
    home, away = cluster.nodes
    load.make_full_table(drill, home, TABLE, (item_of(number, 0) for number in range(items)))
    writers = [Writer(home, number, items, rate / WRITERS, drill.random.getrandbits(32))
               for number in range(WRITERS)]
    began = time.monotonic()
    for writer in writers:
        writer.start()
        drill.stack.callback(writer.ending.set)
    time.sleep(WRITES_AROUND_SECONDS)  # Some writes are older than the snapshot, some newer.
    asked = time.monotonic()
    written_before = sum(writer.writes for writer in writers)
    cluster.add_replica(home, TABLE, away.region)
    if kill != "none":
        kill_while_filling(drill, cluster, home if kill == "home" else away, items)
    cluster.wait_replica(home, TABLE, away.region, ACTIVE_SECONDS_MAX)
    took = time.monotonic() - asked
    written = sum(writer.writes for writer in writers) - written_before
    time.sleep(WRITES_AROUND_SECONDS)
    for writer in writers:
        writer.ending.set()
    for writer in writers:
        writer.join()
    ended = time.monotonic()
    problems = [writer.problem for writer in writers if writer.problem]
    drill.check(not problems, "every write was acknowledged", problems)
    total = sum(writer.writes for writer in writers)
    drill.say(f"ACTIVE after {took:.2f} s ({items / took:.0f} items/s), {written} writes meanwhile, "
              f"{total / (ended - began):.0f} writes/s over {ended - began:.1f} s")
    if kill != "home":
        drill.check(total >= RATE_SHARE_MIN * rate * (ended - began),
                    f"the writers kept up: {total} writes in {ended - began:.1f} s at {rate}/s")
    drills.wait_for("everything is acknowledged by the peer", lambda: cluster.pending() == 0,
                    SETTLE_SECONDS_MAX, 0.02)
    drill.say(f"all acknowledged by the peer {time.monotonic() - ended:.3f} s after the last write")
    wanted = expected(writers)
    compare(drill, home.name, wanted, cluster.dump(home, TABLE))
    compare(drill, away.name, wanted, cluster.dump(away, TABLE))
    conflicts = [entry for node in cluster.nodes for entry in cluster.conflicts(node, TABLE)]
    drill.check(not conflicts, "no conflicts: only one region has written", conflicts)
    for node in cluster.nodes:
        drill.check(node.stop() == 0, f"{node.name} stops cleanly", [node.log_tail()])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--items", type=int, default=200000)
    parser.add_argument("--rate", type=float, default=500, help="writes a second meanwhile (500)")
    parser.add_argument("--kill", choices=("none", "home", "away"), default="none")
    given = parser.parse_args()
    drills.main("backfill", lambda drill: run(drill, given.items, given.rate, given.kill))


if __name__ == "__main__":
    main()
