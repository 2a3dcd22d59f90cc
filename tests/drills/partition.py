#!/usr/bin/python3
"""Cut the link between two of three regions, write on both sides, kill -9 a region, heal, compare.

  partition.py [--rounds 1] [--keys 60] [--hold 0] [--heal 2.0]

Round by round, in one cluster with one table in all regions:
  * contested rows are written exactly once on each side of the cut, so the conflict feed of every
    region must list each of them exactly once, with both images;
  * busy rows are written several times by all regions: no pair of writes may be listed twice;
  * own rows are written by one region only and may not be listed at all;
  * meanwhile one region (drawn) is killed with -9 and started again.
After the heal all regions must hold byte-equal tables within --heal seconds.
"""
import argparse
import json
import time

import drill as drills
from cluster import Cluster
from wire import Closed

TABLE = "Partition"
OWN_ROWS = 100
BUSY_ROWS = 8
BUSY_WRITES = 4
SETTLE_SECONDS_MAX = 30


def key(name):
    return {"pk": {"S": name}}


def canonical(item):
    return json.dumps(item, sort_keys=True)


def by_key(items):
    return {json.loads(item)["pk"]["S"]: item for item in items}


class Side:
    """One region as a writer."""

    def __init__(self, cluster, node):
        self.cluster = cluster
        self.node = node
        self.name = node.region
        self.client = None

    def call(self, operation, **request):
        """With a new connection after the region was killed."""
        if self.client is None or self.client.address != self.node.http:
            self.client = self.cluster.api(self.node)
        return self.client.call(operation, TableName=TABLE, **request)

    def put(self, name, value):
        self.call("PutItem", Item={**key(name), "v": {"S": f"{self.name} {value}"},
                                   "by": {"M": {"region": {"S": self.name}, "n": {"N": "1.50"}}}})

    def update(self, name, value):
        self.call("UpdateItem", Key=key(name),
                  UpdateExpression="SET v = :v, u = :u ADD n :one",
                  ExpressionAttributeValues={":v": {"S": f"{self.name} {value}"},
                                             ":u": {"L": [{"BOOL": True}, {"S": self.name}]},
                                             ":one": {"N": "1"}})

    def delete(self, name):
        self.call("DeleteItem", Key=key(name))

    def dump(self):
        return self.cluster.dump(self.node, TABLE)


def wait_equal(sides, seconds=SETTLE_SECONDS_MAX):
    """Until all regions hold the same bytes; that table, or None when they never did."""
    deadline = time.monotonic() + seconds
    while True:
        dumps = [side.dump() for side in sides]
        if all(dump == dumps[0] for dump in dumps):
            return dumps[0]
        if time.monotonic() > deadline:
            return None


def differences(sides):
    dumps = [set(side.dump()) for side in sides]
    common = set.intersection(*dumps)
    return [f"{side.name} alone: {item}" for side, dump in zip(sides, dumps)
            for item in sorted(dump - common)]


def write_contested(one, other, names, drill):
    """Every row once on each side, in every combination of put, update and delete with each other."""
    pairs = [("put", "put"), ("update", "update"), ("put", "update"), ("delete", "put"),
             ("update", "delete")]
    order = list(names)
    for side, place in ((one, 0), (other, 1)):
        drill.random.shuffle(order)
        for name in order:
            kind = pairs[int(name.rsplit("-", 1)[1]) % len(pairs)][place]
            if kind == "delete":
                side.delete(name)
            else:
                getattr(side, kind)(name, "during the cut")


def write_own(side, stem, count):
    for number in range(count):
        side.put(f"{stem}-own-{side.name}-{number}", "alone")


def write_busy(side, stem):
    for write in range(BUSY_WRITES):
        for number in range(BUSY_ROWS):
            side.update(f"{stem}-busy-{number}", f"write {write}")


def check_feed(drill, title, side, stem, names, images, table):
    """The conflict list of one region; the pairs of writes it lists, to compare regions by."""
    entries = [entry for entry in side.cluster.conflicts(side.node, TABLE)
               if entry["key"]["pk"]["S"].startswith(stem + "-")]
    listed, wrong, pairs = {}, [], []
    for entry in entries:
        name = entry["key"]["pk"]["S"]
        listed.setdefault(name, []).append(entry)
        pairs.append((name, *(f"{entry[who]['region']}/{entry[who]['incarnation']}/"
                              f"{entry[who]['seq']}" for who in ("winner", "loser"))))
    for name in names:
        found = listed.get(name, [])
        if len(found) != 1:
            wrong.append(f"{name} is listed {len(found)} times: {json.dumps(found)[:600]}")
            continue
        winner, loser = (found[0][who]["item"] and canonical(found[0][who]["item"])
                         for who in ("winner", "loser"))
        if {winner, loser} != {image.get(name) for image in images}:
            wrong.append(f"{name}: listed {winner} and {loser}, written "
                         f"{[image.get(name) for image in images]}")
        elif table.get(name) != winner:
            wrong.append(f"{name}: the winner is {winner}, the table has {table.get(name)}")
    drill.check(not wrong, f"{title}: {side.name} lists each of {len(names)} conflicts once, with "
                "both images, the winner being what the table has", wrong)
    twice = [pair for pair in set(pairs) if pairs.count(pair) > 1]
    strangers = [name for name in listed if "-own-" in name]
    drill.check(not twice and not strangers,
                f"{title}: {side.name} lists no pair of writes twice and no row without a conflict",
                twice + strangers)
    return sorted(pair for pair in pairs if "-busy-" not in pair[0])


def run_round(drill, cluster, sides, number, keys, hold_seconds, heal_seconds):
    title = f"cut {number}"
    stem = f"r{number}"
    order = drill.random.sample(sides, 3)
    one, other, third = order
    victim = drill.random.choice(order)
    names = [f"{stem}-contested-{index}" for index in range(keys)]
    for name in names:
        third.put(name, "before the cut")
    if not drill.check(wait_equal(sides) is not None, f"{title}: equal before it",
                       differences(sides)):
        return
    cluster.cut(one.node, other.node)
    cut_at = time.monotonic()
    write_contested(one, other, names, drill)
    write_own(one, stem, OWN_ROWS // 2)
    write_busy(other, stem)
    victim.node.kill()
    for side in order:
        if side is not victim:
            write_own(side, f"{stem}-while-down", OWN_ROWS // 2)
            write_busy(side, stem)
    victim.node.start()
    if victim is not third:
        cluster.link(victim.node, (other if victim is one else one).node, cut=True)
    for side in order:
        write_own(side, f"{stem}-after", OWN_ROWS // 2)
        write_busy(side, stem)
    time.sleep(max(0.0, cut_at + hold_seconds - time.monotonic()))  # That is what is wanted: a long cut.
    images = [by_key(one.dump()), by_key(other.dump())]
    crossed = [name for image, stranger in ((images[0], other), (images[1], one))
               for name in image if f"-own-{stranger.name}-" in name and name.startswith(stem)]
    drill.check(not crossed, f"{title}: nothing gets through it", crossed)
    cut_seconds = time.monotonic() - cut_at
    cluster.heal(one.node, other.node)
    healed_at = time.monotonic()
    table = wait_equal(sides)
    took = time.monotonic() - healed_at
    drill.say(f"{title}: {one.name} | {other.name} for {cut_seconds:.1f} s, {victim.name} killed; "
              f"equal {took:.3f} s after the heal")
    if not drill.check(table is not None, f"{title}: equal after the heal", differences(sides)):
        return
    drill.check(took < heal_seconds, f"{title}: equal {took:.2f} s after the heal, allowed are "
                f"{heal_seconds:g} s")
    table = by_key(table)
    own = sum(1 for name in table if name.startswith(stem) and "-own-" in name)
    wanted = OWN_ROWS // 2 * 6
    drill.check(own == wanted, f"{title}: {own} of {wanted} rows that one region wrote are there")
    feeds = [check_feed(drill, title, side, stem, names, images, table) for side in sides]
    drill.check(all(feed == feeds[0] for feed in feeds), f"{title}: the feeds list the same pairs",
                [str(set(map(tuple, feeds[0])) ^ set(map(tuple, feed)))[:600] for feed in feeds[1:]])


def run(drill, rounds=1, keys=60, hold_seconds=0.0, heal_seconds=2.0):
    cluster = Cluster(drill, 3)
    sides = [Side(cluster, node) for node in cluster.nodes]
    sides[0].call("CreateTable", BillingMode="PAY_PER_REQUEST",
                  KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
                  AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}])
    drills.wait_for("the table is ACTIVE", lambda: cluster.api(
        cluster.nodes[0]).table_status(TABLE) == "ACTIVE")
    for node in cluster.nodes[1:]:
        cluster.add_replica(cluster.nodes[0], TABLE, node.region)
        cluster.wait_replica(cluster.nodes[0], TABLE, node.region)
    try:
        for number in range(1, rounds + 1):
            run_round(drill, cluster, sides, number, keys, hold_seconds, heal_seconds)
    except (drills.Broken, Closed):
        for node in cluster.nodes:
            drill.say(node.log_tail(20))
        raise
    for node in cluster.nodes:
        drill.check(node.stop() == 0, f"{node.name} stops cleanly", [node.log_tail()])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--keys", type=int, default=60, help="contested rows in each round (60)")
    parser.add_argument("--hold", type=float, default=0.0, metavar="SECONDS",
                        help="the cut lasts at least so long (0)")
    parser.add_argument("--heal", type=float, default=2.0, metavar="SECONDS",
                        help="from the heal to equal tables (2.0)")
    given = parser.parse_args()
    drills.main("partition", lambda drill: run(drill, given.rounds, given.keys, given.hold, given.heal))


if __name__ == "__main__":
    main()
