#!/usr/bin/python3
"""kill -9 under load at a random moment, restart on the same folder, look for every acknowledged write.

  kill9.py [--rounds 50] [--seconds 0.3..1.5] [--start-up 1.0] [--regions 1]

Each round lets writers loose, kills the daemon, starts it again on the folder that is left, takes the
time to its ready line, and holds a scan against the writers' ledgers (ledger.py says what may be there).
In one round of five the daemon is killed once more while it starts. With --regions 2 or 3 the table has
replicas: the region that is written to, others, or several are killed, and afterwards all regions must
come to hold the same bytes. MERIDIAN_SEED repeats the choices (though not the exact interleaving).

What this cannot show is a missing fsync: the kernel keeps what a killed process has written.
powercut.py shows that.
"""
import argparse
import json
import os
import time

import drill as drills
import ledger as books
import load
from cluster import Cluster
from wire import Api

KILL_WHILE_STARTING = 0.2  # Of all rounds.
KILL_STARTING_SECONDS = (0.0, 0.15)
EQUAL_SECONDS_MAX = 30


def judge(drill, node, baseline, ledger, title):
    """Scan and hold against the ledger; three checks."""
    api = Api(node.http, node.region)
    verdict = baseline.judge(ledger, api.scan(load.TABLE))
    api.close()
    drill.check(not verdict.missing, f"{title}: every acknowledged write is there", verdict.missing)
    drill.check(not verdict.torn, f"{title}: no item is torn", verdict.torn)
    drill.check(not verdict.foreign and not ledger.problems,
                f"{title}: nothing that nobody wrote", verdict.foreign + ledger.problems)


def check_equal(drill, cluster, title):
    """All regions come to hold the same bytes, and without a conflict: only one has been written to."""
    started = time.monotonic()

    def equal():
        first, *others = [cluster.dump(node, load.TABLE) for node in cluster.nodes]
        return all(first == other for other in others)
    try:
        drills.wait_for("all regions are equal", equal, EQUAL_SECONDS_MAX, 0.02)
        drill.say(f"{title}: all regions equal {time.monotonic() - started:.3f} s after the scan")
        drill.check(True, f"{title}: all regions are equal")
    except drills.Broken:
        dumps = [set(cluster.dump(node, load.TABLE)) for node in cluster.nodes]
        common = set.intersection(*dumps)
        drill.check(False, f"{title}: all regions are equal", [
            f"{node.name} alone has row {books.number_of(item)[1]} of {item.get('w')}"
            for node, dump in zip(cluster.nodes, dumps)
            for item in map(json.loads, sorted(dump - common)[:3])])
    conflicts = [entry for node in cluster.nodes for entry in cluster.conflicts(node, load.TABLE)]
    drill.check(not conflicts, f"{title}: no conflicts", conflicts)


def prepare(drill, regions, folder=None, flags=()):
    """(cluster or None, nodes) with the table in all of them; the first one is written to, and has
    `folder` and `flags`."""
    cluster = Cluster(drill, regions, folder) if regions > 1 else None
    if cluster:
        assert not flags
        nodes = cluster.nodes
    else:
        nodes = [drill.node("region", data=os.path.join(folder, "data") if folder else None,
                            flags=("--peer", "127.0.0.1:0", *flags))]
        nodes[0].start()
    load.create_table(Api(nodes[0].http, nodes[0].region))
    for node in nodes[1:]:
        cluster.add_replica(nodes[0], load.TABLE, node.region)
        cluster.wait_replica(nodes[0], load.TABLE, node.region)
    return cluster, nodes


def kill_under_load(drill, nodes, victims, seconds, title):
    """The ledger of a load that ended with the death of the victims."""
    work = load.Load(drill, nodes[0], title.replace(" ", ""))
    work.wait_begun()
    time.sleep(drill.random.uniform(*seconds))  # The moment is what is drawn here.
    drill.check(all(node.is_running() for node in nodes), f"{title}: all ran until they were killed",
                [node.log_tail() for node in nodes if not node.is_running()])
    for node in victims:
        if node is nodes[0]:
            work.expect_end()
        node.kill()
    return work.join()


def restart(drill, victims, start_up_seconds, title):
    """Start them again, perhaps not undisturbed; the slowest start, and kills while starting."""
    kills = 0
    if drill.random.random() < KILL_WHILE_STARTING:
        for node in victims:
            node.spawn()
        time.sleep(drill.random.uniform(*KILL_STARTING_SECONDS))  # Likewise.
        for node in victims:
            node.kill()
            kills += 1
    slowest = max(node.start() for node in victims)
    drill.check(slowest < start_up_seconds,
                f"{title}: up again in {slowest:.2f} s, less than {start_up_seconds:g} s")
    return slowest, kills


def run(drill, rounds=50, seconds=(0.3, 1.5), start_up_seconds=1.0, regions=1):
    cluster, nodes = prepare(drill, regions)
    baseline = books.Baseline()
    acknowledged, slowest, kills = 0, 0.0, 0
    for number in range(1, rounds + 1):
        title = f"kill {number}"
        victims = drill.random.sample(nodes, drill.random.randint(1, len(nodes)))
        ledger = kill_under_load(drill, nodes, victims, seconds, title)
        took, more = restart(drill, victims, start_up_seconds, title)
        drill.say(f"{title}: {ledger.acknowledged} writes acknowledged, "
                  f"{sum(not (a.sure or a.refused) for a in ledger.attempts)} under way, "
                  f"{len(victims)} of {len(nodes)} killed, up again in {took:.3f} s")
        judge(drill, nodes[0], baseline, ledger, title)
        if cluster:
            check_equal(drill, cluster, title)
        acknowledged += ledger.acknowledged
        slowest = max(slowest, took)
        kills += more
    for node in nodes:
        drill.check(node.stop() == 0, f"{node.name} stops cleanly at the end", [node.log_tail()])
    drill.say(f"{rounds} times killed under load and {kills} while starting, {acknowledged} acknowledged "
              f"writes, slowest start {slowest:.3f} s")


def span(text):
    least, _, most = text.partition("..")
    return float(least), float(most or least)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seconds", type=span, default=(0.3, 1.5), metavar="LEAST..MOST",
                        help="of load before each kill (0.3..1.5)")
    parser.add_argument("--start-up", type=float, default=1.0, metavar="SECONDS",
                        help="a start must take less than this (1.0)")
    parser.add_argument("--regions", type=int, default=1, choices=(1, 2, 3))
    given = parser.parse_args()
    drills.main("kill9", lambda drill: run(drill, given.rounds, given.seconds, given.start_up,
                                           given.regions))


if __name__ == "__main__":
    main()
