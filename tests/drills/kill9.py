#!/usr/bin/python3
"""kill -9 under load at a random moment, restart on the same folder, look for every acknowledged write.

  kill9.py [--rounds 50] [--seconds 0.3..1.5] [--start-up 1.0]

Each round starts the daemon on the folder that the kill before has left, takes the time to its ready
line, holds a scan against the writers' ledgers (ledger.py says what may be there), and lets writers
loose again. In one round of five the daemon is killed once more while it starts. MERIDIAN_SEED repeats
the choices (though not the exact interleaving).

What this cannot show is a missing fsync: the kernel keeps what a killed process has written.
powercut.py shows that.
"""
import argparse
import time

import drill as drills
import ledger as books
import load
from wire import Api

KILL_WHILE_STARTING = 0.2  # Of all rounds.


def judge(drill, node, baseline, ledger, title):
    """Scan and hold against the ledger; three checks."""
    api = Api(node.http, node.region)
    verdict = baseline.judge(ledger, api.scan(load.TABLE))
    api.close()
    drill.check(not verdict.missing, f"{title}: every acknowledged write is there", verdict.missing)
    drill.check(not verdict.torn, f"{title}: no item is torn", verdict.torn)
    drill.check(not verdict.foreign and not ledger.problems,
                f"{title}: nothing that nobody wrote", verdict.foreign + ledger.problems)


def run(drill, rounds=50, seconds=(0.3, 1.5), start_up_seconds=1.0):
    node = drill.node("region")
    baseline = books.Baseline()
    ledger = books.Ledger()
    acknowledged, slowest, killed = 0, 0.0, 0
    for number in range(rounds + 1):
        if number > 0 and drill.random.random() < KILL_WHILE_STARTING:
            node.spawn()
            time.sleep(drill.random.uniform(0, 0.15))  # The moment is what is drawn here.
            node.kill()
            killed += 1
        took = node.start()
        slowest = max(slowest, took)
        title = f"kill {number}"
        if number == 0:
            load.create_table(Api(node.http, node.region))
        else:
            drill.check(took < start_up_seconds,
                        f"{title}: up again in {took:.2f} s, less than {start_up_seconds:g} s")
            judge(drill, node, baseline, ledger, title)
        if number == rounds:
            break
        work = load.Load(drill, node, f"k{number}")
        work.wait_begun()
        time.sleep(drill.random.uniform(*seconds))  # Likewise.
        alive = node.is_running()
        work.expect_end()
        node.kill()
        ledger = work.join()
        acknowledged += ledger.acknowledged
        if not drill.check(alive, f"kill {number + 1}: it ran until it was killed", [node.log_tail()]):
            break
        drill.say(f"kill {number + 1}: {ledger.acknowledged} writes acknowledged, "
                  f"{sum(not (a.sure or a.refused) for a in ledger.attempts)} under way; the start "
                  f"before took {took:.3f} s")
    drill.check(node.stop() == 0, "it stops cleanly at the end", [node.log_tail()])
    drill.say(f"{rounds} kills under load and {killed} while starting, {acknowledged} acknowledged "
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
    given = parser.parse_args()
    drills.main("kill9", lambda drill: run(drill, given.rounds, given.seconds, given.start_up))


if __name__ == "__main__":
    main()
