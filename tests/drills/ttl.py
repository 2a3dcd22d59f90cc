#!/usr/bin/python3
"""Many items expire in the same minute while clients go on: how fast they go, and what it costs.

  ttl.py [--items 1000000] [--rate 2000] [--spread 60] [--within 60]

Loads a table whose items expire within --spread seconds of each other, in random order, and a second one
that --rate requests a second (puts, updates and reads) go to all the time. None of the items may go before
its second is over; all must be gone --within seconds after the last one has expired; items that were
refreshed meanwhile, or whose attribute is none, must stay; and the requests must have been at most twice
as slow as before, at the 99th percentile. The table has a stream, and each deletion is in it once, as the
service's.
"""
import argparse
import random
import time

import drill as drills
import load
from add_index import percentile
from crew import Crew
from wire import Api

TABLE, OTHER = "Expires", "Foreground"
CLIENTS = 4
ROWS = 10000
PAYLOAD_BYTES = 100
KEEPERS = 100  # Of each kind of item that must stay.
LOAD_RATE = 12000  # Items a second that loading surely reaches.
SETTLE_SECONDS = 8
SERVICE = {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}
P99_FACTOR_MAX = 2.0
P99_NOISE_SECONDS = 0.002  # Below that the machine's own noise decides.
RATE_SHARE_MIN = 0.8


def key_of(number):
    return {"pk": {"S": f"item#{number:07d}"}}


def item_of(number, second):
    return {**key_of(number), "t": {"N": str(second)}, "d": {"S": "x" * PAYLOAD_BYTES}}


class Client:
    """In a process of its own: requests at a rate, one at a time, each timed."""

    def __init__(self, rate, seed, address, region, ending):
        self.interval = 1 / rate
        self.random = random.Random(seed)
        self.api = Api(address, region)
        self.ending = ending
        self.times = []  # (when sent, how long)

    def _request(self):
        key = {"pk": {"S": f"row#{self.random.randrange(ROWS)}"}}
        kind = self.random.randrange(4)
        if kind == 0:
            self.api.call("GetItem", TableName=OTHER, Key=key)
        elif kind == 1:
            self.api.call("UpdateItem", TableName=OTHER, Key=key, UpdateExpression="ADD n :one",
                          ExpressionAttributeValues={":one": {"N": "1"}})
        else:
            self.api.call("PutItem", TableName=OTHER,
                          Item={**key, "d": {"S": "y" * PAYLOAD_BYTES}})

    def run(self):
        due = time.monotonic()
        while not self.ending.value:
            sent = time.monotonic()
            self._request()
            self.times.append((sent, time.monotonic() - sent))
            due += self.interval
            time.sleep(max(0.0, due - time.monotonic()))  # The pace.
        return self.times


def _run_client(*arguments):
    return Client(*arguments).run()


class Foreground:
    def __init__(self, drill, node, rate):
        self.crew = Crew(drill)
        for _ in range(CLIENTS):
            self.crew.start(_run_client, rate / CLIENTS, drill.random.getrandbits(32), node.http,
                            node.region, self.crew.ending)

    def join(self):
        """All (when sent, how long)."""
        return [each for times in self.crew.join() for each in times]


def wait_enabled(api, table):
    drills.wait_for("time to live is ENABLED", lambda: api.call(
        "DescribeTimeToLive", TableName=table)["TimeToLiveDescription"]["TimeToLiveStatus"] ==
        "ENABLED", 120, 0.02)


def enable(api, table, attribute="t"):
    api.call("UpdateTimeToLive", TableName=table,
             TimeToLiveSpecification={"Enabled": True, "AttributeName": attribute})
    wait_enabled(api, table)


def keepers(items, first):
    """Items that must stay, by what is the matter with them."""
    return {"a string": [{**key_of(items + i), "t": {"S": str(first)}} for i in range(KEEPERS)],
            "nested": [{**key_of(items + KEEPERS + i), "m": {"M": {"t": {"N": str(first)}}}}
                       for i in range(KEEPERS)],
            "six years old": [item_of(items + 2 * KEEPERS + i, first - 6 * 365 * 86400)
                              for i in range(KEEPERS)],
            "refreshed": [item_of(items + 3 * KEEPERS + i, first + i % 10) for i in range(KEEPERS)]}


def refresh(api, rows, second):
    for row in rows:
        api.call("UpdateItem", TableName=TABLE, Key={"pk": row["pk"]}, UpdateExpression="SET t = :t",
                 ExpressionAttributeValues={":t": {"N": str(second)}})


def count(api):
    """Rows that the table holds, by looking at all of them."""
    total, after = 0, {}
    while True:
        page = api.call("Scan", TableName=TABLE, Select="COUNT", **after)
        total += page["Count"]
        if "LastEvaluatedKey" not in page:
            return total
        after = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def stream_on(api):
    """Its ARN. Only keys: a record is as long as it must be."""
    api.call("UpdateTable", TableName=TABLE, StreamSpecification={
        "StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    return api.call("DescribeTable", TableName=TABLE)["Table"]["LatestStreamArn"]


def read_shard(streams, arn, shard):
    """All records of it that there are."""
    place = streams.call("GetShardIterator", StreamArn=arn, ShardId=shard,
                         ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    while place is not None:
        page = streams.call("GetRecords", ShardIterator=place)
        if not page["Records"]:
            return
        yield from page["Records"]
        place = page.get("NextShardIterator")


def check_stream(drill, node, arn, items):
    """Every deletion once, as the service's; nothing else is a deletion."""
    streams = Api(node.http, node.region, "DynamoDBStreams_20120810")
    shards = streams.call("DescribeStream", StreamArn=arn)["StreamDescription"]["Shards"]
    seen, wrong = set(), []
    for shard in shards:
        for record in read_shard(streams, arn, shard["ShardId"]):
            if record["eventName"] != "REMOVE":
                continue
            key = record["dynamodb"]["Keys"]["pk"]["S"]
            if key in seen:
                wrong.append(f"twice: {key}")
            if record.get("userIdentity") != SERVICE:
                wrong.append(f"not the service's: {record}")
            seen.add(key)
    streams.close()
    wrong += [f"missing: item {number}" for number in range(items)
              if key_of(number)["pk"]["S"] not in seen]
    drill.check(not wrong and len(seen) == items,
                f"each of {items} deletions is in the stream once, as the service's: {len(seen)}", wrong)


def left(api):
    return api.call("DescribeTable", TableName=TABLE)["Table"]["ItemCount"]


def judge_times(drill, times, began, first, gone, rate, judge):
    before = [took for sent, took in times if began <= sent and sent + took < first]
    during = [took for sent, took in times if first <= sent < gone]
    figures = [(percentile(some, 0.5) * 1000, percentile(some, 0.99) * 1000, len(some))
               for some in (before, during)]
    drill.say("requests before: p50 %.2f ms, p99 %.2f ms (%d); during: p50 %.2f ms, p99 %.2f ms (%d)"
              % (*figures[0], *figures[1]))
    if judge:
        allowed = P99_FACTOR_MAX * max(percentile(before, 0.99), P99_NOISE_SECONDS)
        drill.check(percentile(during, 0.99) <= allowed,
                    f"p99 of requests at most {allowed * 1000:.2f} ms while items expire")
        drill.check(len(during) >= RATE_SHARE_MIN * rate * (gone - first),
                    f"the clients kept up: {len(during)} requests in {gone - first:.1f} s")


def fill(drill, node, api, items, first, spread):
    """What must stay, and the whole number of items."""
    stay = keepers(items, first)
    rows = [row for kind in stay.values() for row in kind]
    started = time.monotonic()
    loaded = load.fill(node, TABLE, iter(rows)) + load.fill(
        node, TABLE, (item_of(number, first + drill.random.randrange(spread))
                      for number in range(items)))
    drill.say(f"{loaded} items loaded in {time.monotonic() - started:.1f} s")
    if time.time() + SETTLE_SECONDS > first:
        raise drills.Broken("loading took so long that items have expired meanwhile")
    refresh(api, stay["refreshed"], first + 86400)
    return stay


def check_left(drill, api, stay):
    for kind, rows in stay.items():
        missing = [row["pk"]["S"] for row in rows if "Item" not in api.call(
            "GetItem", TableName=TABLE, Key={"pk": row["pk"]}, ConsistentRead=True)]
        drill.check(not missing, f"items stay that are {kind}", missing)
    wanted = sum(len(rows) for rows in stay.values())
    seen = count(api)
    drill.check(seen == wanted, f"{seen} items are left, {wanted} should be")


def run(drill, items=1000000, rate=2000, spread=60, within=60, judge=True):
    node = drill.node("node")
    node.start()
    api = Api(node.http, node.region)
    load.make_full_table(drill, node, OTHER,
                         ({"pk": {"S": f"row#{number}"}} for number in range(ROWS)))
    load.make_full_table(drill, node, TABLE, ())
    enable(api, TABLE)
    first = int(time.time()) + items // LOAD_RATE + 2 * SETTLE_SECONDS
    stay = fill(drill, node, api, items, first, spread)
    arn = stream_on(api)
    clients = Foreground(drill, node, rate)
    began = time.monotonic() + 1
    everything = items + sum(len(rows) for rows in stay.values())
    while time.time() < first - 0.5:
        seen = left(api)
        if not drill.check(seen == everything, f"nothing goes before its second: {seen} items"):
            break
        time.sleep(0.5)
    start = began + max(0.0, first - time.time()) if time.monotonic() < began else time.monotonic()
    drills.wait_for("all that has expired is gone", lambda: left(api) <= everything - items,
                    spread + within + 120, 0.1)
    gone = time.monotonic()
    late = time.time() - (first + spread)
    times = clients.join()
    drill.say(f"all gone {late:.1f} s after the last one had expired")
    drill.check(late <= within, f"all are gone within {within} s: {late:.1f} s")
    judge_times(drill, times, began, start, gone, rate, judge)
    check_left(drill, api, stay)
    check_stream(drill, node, arn, items)
    drill.check(node.stop() == 0, "stops cleanly", [node.log_tail()])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--items", type=int, default=1000000)
    parser.add_argument("--rate", type=float, default=2000, help="requests a second (2000)")
    parser.add_argument("--spread", type=int, default=60, metavar="SECONDS",
                        help="the items expire within so many (60)")
    parser.add_argument("--within", type=float, default=60, metavar="SECONDS",
                        help="all must be gone so long after the last has expired (60)")
    given = parser.parse_args()
    drills.main("ttl", lambda drill: run(drill, given.items, given.rate, given.spread, given.within))


if __name__ == "__main__":
    main()
