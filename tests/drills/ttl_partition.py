#!/usr/bin/python3
"""Items expire on one side of a cut link and are refreshed on the other, in real processes.

  ttl_partition.py [--rounds 20] [--rows 30]

Three regions, one table with time to live in all of them. Round by round, in a cluster drawn anew from
the same three: items that expire in a moment reach all regions; the link between two is cut; one side
refreshes some of the items (puts or updates, drawn) before their second, or after the other side has
deleted them; in some rounds a region is killed with -9 meanwhile; the link heals. Then in all regions
  * every refreshed item is there, with the new second;
  * every other item is gone, also where two regions have deleted it without knowing of each other;
  * the conflict feed lists none of them: nobody has lost anything.
"""
import argparse
import time

import drill as drills
from cluster import Cluster
from partition import Side, differences, wait_equal
from wire import Api, Closed

import partition
import ttl

TABLE = partition.TABLE
SOON_SECONDS = 3
LATER_SECONDS = 86400
EXPIRED_SECONDS_MAX = 60  # The last of three members waits 20 s for the others.


def row(name, second):
    return {"pk": {"S": name}, "t": {"N": str(second)}, "v": {"S": "as written"}}


def names_in(side, stem):
    """Name to second, of the items of this round."""
    api = side.cluster.api(side.node)
    try:
        return {item["pk"]["S"]: int(item["t"]["N"]) for item in api.scan(TABLE)
                if item["pk"]["S"].startswith(stem)}
    finally:
        api.close()


def refresh(drill, side, names, second):
    for name in names:
        if drill.random.random() < 0.5:
            side.call("PutItem", Item=row(name, second))
        else:
            side.call("UpdateItem", Key=partition.key(name), UpdateExpression="SET t = :t",
                      ExpressionAttributeValues={":t": {"N": str(second)}})


def restart(cluster, victim, pair):
    """kill -9 and up again, behind the same cut."""
    victim.node.kill()
    victim.node.start()
    if victim in pair:
        cluster.link(victim.node, pair[1 - pair.index(victim)].node, cut=True)


def run_round(drill, cluster, sides, number, rows):
    title, stem = f"cut {number}", f"r{number}-"
    one, other, third = drill.random.sample(sides, 3)
    names = [f"{stem}{index}" for index in range(rows)]
    before, after = names[:rows // 3], names[rows // 3:2 * rows // 3]
    second = int(time.time()) + SOON_SECONDS
    for name in names:
        third.call("PutItem", Item=row(name, second))
    if not drill.check(wait_equal(sides) is not None, f"{title}: equal before it",
                       differences(sides)):
        return
    cluster.cut(one.node, other.node)
    refresh(drill, one, before, second + LATER_SECONDS)
    victim = drill.random.choice((None, None, one, other, third))
    if victim is not None:
        restart(cluster, victim, (one, other))
    drills.wait_for(f"{title}: all have expired behind the cut", lambda: not names_in(other, stem),
                    EXPIRED_SECONDS_MAX, 0.1)
    expired = time.time() - second
    late = names_in(one, stem)  # Refreshed now, or written anew where they are gone here too.
    refresh(drill, one, after, second + LATER_SECONDS)
    cluster.heal(one.node, other.node)
    equal = wait_equal(sides)
    drill.say(f"{title}: {one.name} refreshes, {other.name} had deleted all {expired:.1f} s after "
              f"their second, {len(set(after) & set(late))} were refreshed later"
              + (f", {victim.name} killed" if victim else ""))
    if not drill.check(equal is not None, f"{title}: equal after the heal", differences(sides)):
        return
    wanted = {name: second + LATER_SECONDS for name in before + after}

    def settled():
        return all(names_in(side, stem) == wanted for side in sides)
    try:
        drills.wait_for("only what was refreshed is left", settled, EXPIRED_SECONDS_MAX, 0.2)
    except drills.Broken:
        pass
    for side in sides:
        seen = names_in(side, stem)
        drill.check(seen == wanted, f"{title}: {side.name} has the {len(wanted)} refreshed items and "
                    "no other", [f"{name}: {wanted.get(name)} wanted, {seen.get(name)} seen"
                                 for name in sorted(set(wanted) | set(seen))
                                 if wanted.get(name) != seen.get(name)])
        listed = [entry for entry in cluster.conflicts(side.node, TABLE)
                  if entry["key"]["pk"]["S"].startswith(stem)]
        drill.check(not listed, f"{title}: {side.name} lists no conflict", listed)


def run(drill, rounds=20, rows=30):
    cluster = Cluster(drill, 3)
    sides = [Side(cluster, node) for node in cluster.nodes]
    home = cluster.nodes[0]
    sides[0].call("CreateTable", BillingMode="PAY_PER_REQUEST",
                  KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
                  AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}])
    api = Api(home.http, home.region)
    drills.wait_for("the table is ACTIVE", lambda: api.table_status(TABLE) == "ACTIVE")
    for node in cluster.nodes[1:]:
        cluster.add_replica(home, TABLE, node.region)
        cluster.wait_replica(home, TABLE, node.region)
    api.call("UpdateTimeToLive", TableName=TABLE,
             TimeToLiveSpecification={"Enabled": True, "AttributeName": "t"})
    api.close()
    for node in cluster.nodes:
        ttl.wait_enabled(cluster.api(node), TABLE)
    try:
        for number in range(1, rounds + 1):
            run_round(drill, cluster, sides, number, rows)
    except (drills.Broken, Closed):
        for node in cluster.nodes:
            drill.say(node.log_tail(20))
        raise
    for node in cluster.nodes:
        drill.check(node.stop() == 0, f"{node.name} stops cleanly", [node.log_tail()])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--rows", type=int, default=30, help="items in each round (30)")
    given = parser.parse_args()
    drills.main("ttl_partition", lambda drill: run(drill, given.rounds, given.rows))


if __name__ == "__main__":
    main()
