#!/usr/bin/python3
"""All regions write the same rows at once over links that delay, lose and break, and die meanwhile.

  active.py [--rounds 10] [--seconds 0.5..2]

Each round lets writers loose in all three regions, changes the links at random, kills some regions with
-9, starts them again, clears the links, and waits: all regions must come to hold the same bytes, every
item whole and written by somebody. Which write wins is partition.py's to check; here it is that all
regions see the same winner, whatever happened on the way.
"""
import argparse
import time

import drill as drills
import kill9
import ledger as books
import load
from wire import admin

CONNECTIONS = 16
LINK_CHANGES = 4
DELAY_MS_MAX = 30
EQUAL_SECONDS_MAX = 30


def disturb(drill, nodes):
    """One directed link gets other properties."""
    node, peer = drill.random.sample(nodes, 2)
    settings = drill.random.choice((
        {}, {"cut": True}, {"loss_percent": 20}, {"delay_ms": DELAY_MS_MAX, "jitter_ms": DELAY_MS_MAX},
        {"delay_ms": drill.random.randint(0, DELAY_MS_MAX), "loss_percent": 5}))
    admin(node.admin, "/v1/link", {"peer": peer.region, **settings})


def clear(nodes):
    for node in nodes:
        for peer in nodes:
            if peer is not node:
                admin(node.admin, "/v1/link", {"peer": peer.region})


def run_round(drill, cluster, baseline, seconds, title):
    nodes = cluster.nodes
    works = [load.Load(drill, node, f"{title}.{node.name}".replace(" ", ""), 1, CONNECTIONS)
             for node in nodes]
    for work in works:
        work.wait_begun(20)
    span = drill.random.uniform(*seconds)
    for _ in range(LINK_CHANGES):
        disturb(drill, nodes)
        time.sleep(span / LINK_CHANGES)  # Disturbances have a length; that is what is drawn here.
    victims = drill.random.sample(nodes, drill.random.randint(0, len(nodes)))
    for work in works:
        work.expect_end()
    for node in victims:
        node.kill()
    joined = books.Ledger()
    for work in works:
        joined.join(work.join())
    for node in victims:
        node.start()
    clear(nodes)
    cleared = time.monotonic()
    dumps = []

    def equal():
        dumps[:] = [cluster.dump(node, load.TABLE) for node in nodes]
        return all(dump == dumps[0] for dump in dumps)
    try:
        drills.wait_for("equal", equal, EQUAL_SECONDS_MAX, 0.02)
        details = ()
    except drills.Broken:
        common = set.intersection(*map(set, dumps))
        details = [f"{node.name} alone: {item[:160]}" for node, dump in zip(nodes, dumps)
                   for item in sorted(set(dump) - common)[:2]]
        details += [str(admin(node.admin, "/v1/status")["peers"])[:600] for node in nodes]
    took = time.monotonic() - cleared
    drill.check(not details, f"{title}: all regions are equal", details)
    api = cluster.api(nodes[0])
    verdict = baseline.judge(joined, api.scan(load.TABLE))
    api.close()
    foreign = [text for text in verdict.foreign if not text.startswith("counter")]
    drill.check(not verdict.torn and not foreign and not joined.problems,
                f"{title}: nothing torn, nothing that nobody wrote",
                verdict.torn + foreign + joined.problems)
    drill.say(f"{title}: {joined.acknowledged} writes acknowledged, {len(victims)} regions killed, "
              f"equal after {took:.2f} s")


def run(drill, rounds=10, seconds=(0.5, 2.0)):
    cluster, nodes = kill9.prepare(drill, 3)
    baseline = books.Baseline()
    for number in range(1, rounds + 1):
        run_round(drill, cluster, baseline, seconds, f"round {number}")
    for node in nodes:
        drill.check(node.stop() == 0, f"{node.name} stops cleanly", [node.log_tail()])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=kill9.span, default=(0.5, 2.0), metavar="LEAST..MOST",
                        help="of load in each round (0.5..2)")
    given = parser.parse_args()
    drills.main("active", lambda drill: run(drill, given.rounds, given.seconds))


if __name__ == "__main__":
    main()
