#!/usr/bin/python3
"""Give a full table a new index while it is being written to, and compare the index with its table.

  add_index.py [--items 500000] [--rate 1000] [--kill]

Loads the table, starts writers that put, update and delete --rate rows a second, adds a global
secondary index once they have run for a while, waits until it is ACTIVE, stops the writers. The index
must then be exactly what the items of the table make it, and the writes made meanwhile must have been at
most twice as slow as before, at the 99th percentile. With --kill the daemon is killed with -9 at a random
moment of the backfill and started again: it must become ACTIVE all the same; nothing is said about
latencies then.
"""
import argparse
import json
import random
import time

import drill as drills
import load
from crew import Crew
from wire import Api, Closed

TABLE, INDEX = "AddIndex", "by-group"
WRITERS = 4
GROUPS = 1000
PAYLOAD_BYTES = 100
ACTIVE_SECONDS_MAX = 900
WRITES_BEFORE_SECONDS = 5.0
WRITES_AFTER_SECONDS = 0.5
P99_FACTOR_MAX = 2.0
P99_NOISE_SECONDS = 0.002  # Below that the machine's own noise decides.
RATE_SHARE_MIN = 0.8
KILL_SECONDS = (0.05, 1.5)


def item_of(number, version):
    """Most are in the index; one in ten has no key attribute for it."""
    item = {"pk": {"S": f"item#{number:07d}"}, "v": {"N": str(version)},
            "d": {"S": f"{number}.{version}.".ljust(PAYLOAD_BYTES, "x")}, "e": {"S": "elsewhere"}}
    if (number + version) % 10:
        item["g"] = {"S": f"group#{(number * 7 + version) % GROUPS}"}
    return item


def loaded_item(number):
    """Older than the index: in one of a hundred the key attribute is of another type."""
    item = item_of(number, 0)
    if number % 100 == 1:
        item["g"] = {"N": "1"}
    return item


def entry_of(item):
    """What the index must hold of the item, or None. The function that an index is."""
    if "S" not in item.get("g", {}):
        return None
    return {name: item[name] for name in ("pk", "g", "v", "d") if name in item}


class Writer:
    """In a process of its own: writes at a rate, one request at a time, and times each."""

    def __init__(self, number, items, rate, seed, address, region, ending):
        self.rows = range(number, items + items // 10, WRITERS)  # A tenth does not exist yet.
        self.interval = 1 / rate
        self.random = random.Random(seed)
        self.address = address  # A shared value: a restarted daemon has another port.
        self.region = region
        self.ending = ending
        self.api = None
        self.times = []  # (when sent, how long)

    def _call(self, operation, **request):
        while True:
            address = self.address.value.decode()
            if self.api is None or self.api.address != address:
                self.api = Api(address, self.region)
            try:
                return self.api.call(operation, TableName=TABLE, **request)
            except Closed:
                if self.ending.value:
                    return None
                time.sleep(0.02)

    def _write(self, version):
        row = self.rows[self.random.randrange(len(self.rows))]
        item = item_of(row, version)
        key = {"pk": item["pk"]}
        kind = self.random.choice(("put", "put", "update", "touch", "remove", "delete"))
        if kind == "put":
            self._call("PutItem", Item=item)
        elif kind == "update":
            self._call("UpdateItem", Key=key, UpdateExpression="SET v = :v, d = :d",
                       ExpressionAttributeValues={":v": item["v"], ":d": item["d"]})
        elif kind == "touch":  # Nothing that the index holds.
            self._call("UpdateItem", Key=key, UpdateExpression="SET e = :e",
                       ExpressionAttributeValues={":e": {"S": str(version)}})
        elif kind == "remove":
            self._call("UpdateItem", Key=key, UpdateExpression="REMOVE g")
        else:
            self._call("DeleteItem", Key=key)

    def run(self):
        due = time.monotonic()
        version = 0
        while not self.ending.value:
            version += 1
            sent = time.monotonic()
            self._write(version)
            self.times.append((sent, time.monotonic() - sent))
            due += self.interval
            time.sleep(max(0.0, due - time.monotonic()))  # The pace.
        return self.times


def _run_writer(*arguments):
    return Writer(*arguments).run()


class Writers:
    def __init__(self, drill, node, items, rate):
        self.crew = Crew(drill)
        self.address = self.crew.context.Array("c", node.http.encode().ljust(64, b"\0"), lock=False)
        for number in range(WRITERS):
            self.crew.start(_run_writer, number, items, rate / WRITERS, drill.random.getrandbits(32),
                            self.address, node.region, self.crew.ending)

    def moved(self, address):
        self.address.value = address.encode()

    def join(self):
        """All (when sent, how long)."""
        return [each for times in self.crew.join() for each in times]


def percentile(times, share):
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def index_of(api):
    found = api.call("DescribeTable", TableName=TABLE)["Table"].get("GlobalSecondaryIndexes", [])
    return found[0] if found else {}


def scan(api, **more):
    after = {}
    while True:
        page = api.call("Scan", TableName=TABLE, **more, **after)
        yield from page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        after = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def compare(drill, api):
    """Is the index the function of its table? By digests: both may be large."""
    def digest(entry):
        return hash(json.dumps(entry, sort_keys=True))
    wanted = {}
    items = 0
    for item in scan(api, ConsistentRead=True):
        items += 1
        entry = entry_of(item)
        if entry is not None:
            wanted[item["pk"]["S"]] = digest(entry)
    seen, wrong = set(), []
    for entry in scan(api, IndexName=INDEX):
        key = entry["pk"]["S"]
        if key in seen:
            wrong.append(f"twice: {key}")
        elif wanted.get(key) != digest(entry):
            wrong.append(f"is there: {json.dumps(entry)[:200]}")
        seen.add(key)
    wrong += [f"should be there: {key}" for key in wanted if key not in seen]
    drill.say(f"{items} items, {len(wanted)} of them in the index")
    drill.check(not wrong, "the index is what the items of its table make it", wrong)
    drill.check(index_of(api)["ItemCount"] == len(wanted),
                f"DescribeTable counts {index_of(api)['ItemCount']} of {len(wanted)} entries")


def judge_times(drill, times, asked, active, judge):
    before = [took for sent, took in times if sent + took < asked]
    during = [took for sent, took in times if asked <= sent < active]
    figures = [(percentile(some, 0.5) * 1000, percentile(some, 0.99) * 1000, len(some))
               for some in (before, during)]
    drill.say("writes before: p50 %.2f ms, p99 %.2f ms (%d); during: p50 %.2f ms, p99 %.2f ms (%d)" %
              (*figures[0], *figures[1]))
    if judge:
        allowed = P99_FACTOR_MAX * max(percentile(before, 0.99), P99_NOISE_SECONDS)
        drill.check(percentile(during, 0.99) <= allowed,
                    f"p99 of writes at most {allowed * 1000:.2f} ms during the backfill")


def run(drill, items=500000, rate=1000, kill=False, before=WRITES_BEFORE_SECONDS, judge=True):
    node = drill.node("node")
    node.start()
    api = Api(node.http, node.region)
    load.make_full_table(drill, node, TABLE, (loaded_item(number) for number in range(items)))
    began = time.monotonic()
    writers = Writers(drill, node, items, rate)
    time.sleep(before)  # How fast writes are without a backfill.
    asked = time.monotonic()
    api.call("UpdateTable", TableName=TABLE,
             AttributeDefinitions=[{"AttributeName": "g", "AttributeType": "S"},
                                   {"AttributeName": "v", "AttributeType": "N"}],
             GlobalSecondaryIndexUpdates=[{"Create": {
                 "IndexName": INDEX,
                 "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"},
                               {"AttributeName": "v", "KeyType": "RANGE"}],
                 "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["d"]}}}])
    if kill:
        time.sleep(drill.random.uniform(*KILL_SECONDS))  # The moment, drawn.
        status = index_of(api)
        node.kill()
        took = node.start()
        writers.moved(node.http)
        api = Api(node.http, node.region)
        drill.say(f"killed when the index was {status['IndexStatus']}; up again in {took:.3f} s")
    drills.wait_for("the index is ACTIVE", lambda: index_of(api).get("IndexStatus") == "ACTIVE",
                    ACTIVE_SECONDS_MAX, 0.02)
    active = time.monotonic()
    time.sleep(WRITES_AFTER_SECONDS)
    times = writers.join()
    ended = time.monotonic()
    drill.say(f"ACTIVE after {active - asked:.2f} s ({items / (active - asked):.0f} items/s), "
              f"{len(times) / (ended - began):.0f} writes/s over {ended - began:.1f} s")
    judge_times(drill, times, asked, active, judge and not kill)
    if judge and not kill:
        drill.check(len(times) >= RATE_SHARE_MIN * rate * (ended - began),
                    f"the writers kept up: {len(times)} writes in {ended - began:.1f} s at {rate}/s")
    compare(drill, api)
    drill.check(node.stop() == 0, "stops cleanly", [node.log_tail()])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--items", type=int, default=500000)
    parser.add_argument("--rate", type=float, default=1000, help="writes a second meanwhile (1000)")
    parser.add_argument("--kill", action="store_true", help="kill -9 during the backfill")
    given = parser.parse_args()
    drills.main("add_index", lambda drill: run(drill, given.items, given.rate, given.kill))


if __name__ == "__main__":
    main()
