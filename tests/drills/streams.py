#!/usr/bin/python3
"""Change streams under load, rolls, restarts and kills: every change once, and in order.

  streams.py [--seconds 15] [--processes 3] [--connections 80]

Two regions, one table with time to live and a stream in both. Writers put, update, delete, batch and add in the
first region; some transactions, some items that have expired already, and some writes in the second region go
beside them. Meanwhile all shards are rolled twice, the first region is stopped and started again with three
shards instead of one, and then killed with -9. A follower reads the first region's stream all the time; at the
end readers read both streams from their oldest record.
  * The follower and the late reader have the same records in each shard: none missing, none twice.
  * Forwards and backwards, each image fits what is there, and the table is the one that Scan shows
    (stream_book.py says why no lost or misplaced record passes).
  * Every acknowledged write of an item is in the stream exactly once.
  * Each item that expired was removed by the service itself in one region at least.
"""
import argparse
import collections
import json
import threading
import time

import drill as drills
import load
from cluster import Cluster
from stream_book import Follower, Reader, judge_shards, rebuild, unwind
from wire import Api, Closed, Failure, admin

SPECIFICATION = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
SHARDS = 3
QUIET_SECONDS_MAX = 60
EXPIRED_SECONDS_MAX = 60
WRITES_PER_SECOND = 5000  # On a machine of one's own.
REFUSED = ("TransactionCanceledException", "ThrottlingException", "TransactionConflictException")


class Side(threading.Thread):
    """Transactions and items that have expired, in one region, until told to end. Rows of its own."""

    def __init__(self, node, name):
        super().__init__(daemon=True)
        self.node, self.label = node, name
        self.ending = threading.Event()
        self.sure, self.expired, self.failure = [], [], None
        self.tried = []  # Expired items that may be there: of some the answer never came.

    def run(self):
        try:
            count = 0
            while not self.ending.is_set():
                count += 1
                self._write(count)
        except BaseException as reason:  # Said by join().
            self.failure = reason

    def join_checked(self):
        self.ending.set()
        self.join(QUIET_SECONDS_MAX)
        if self.failure is not None:
            raise self.failure

    def _item(self, row, write, **more):
        return {"pk": {"S": f"{self.label}#{row}"}, "sk": {"N": "0"}, "w": {"S": write}, **more}

    def _write(self, count):
        api = Api(self.node.http, self.node.region)
        write = f"{self.label}.{count}"
        try:
            if count % 4 == 0:
                gone = self._item(f"gone{count}", write, ttl={"N": str(int(time.time()) - 10)})
                self.tried.append(gone["pk"]["S"])
                api.call("PutItem", TableName=load.TABLE, Item=gone)
                self.expired.append(gone["pk"]["S"])
                self.sure.append(write)
                return
            parts = [{"Put": {"TableName": load.TABLE, "Item": self._item(row, f"{write}.{row}")}}
                     for row in (count % 7, 7 + count % 5)]
            parts.append({"Delete": {"TableName": load.TABLE, "Key": {
                "pk": {"S": f"{self.label}#{(count + 3) % 7}"}, "sk": {"N": "0"}}}}
                         if count % 3 == 0 and (count + 3) % 7 != count % 7 else
                         {"ConditionCheck": {"TableName": load.TABLE, "Key": {
                             "pk": {"S": f"{self.label}#none"}, "sk": {"N": "0"}},
                             "ConditionExpression": "attribute_not_exists(pk)"}})
            api.call("TransactWriteItems", TransactItems=parts)
            self.sure += [part["Put"]["Item"]["w"]["S"] for part in parts if "Put" in part]
        except Closed:
            time.sleep(drills.POLL_SECONDS)  # Its region is being started again.
        except Failure as failure:
            if failure.name not in REFUSED:
                raise
        finally:
            api.close()


def prepare(drill):
    cluster = Cluster(drill, 2)
    first = cluster.nodes[0]
    api = Api(first.http, first.region)
    api.call("CreateTable", StreamSpecification=SPECIFICATION, **load.CREATE)
    drills.wait_for("the table is ACTIVE", lambda: api.table_status(load.TABLE) == "ACTIVE")
    api.call("UpdateTimeToLive", TableName=load.TABLE,
             TimeToLiveSpecification={"AttributeName": "ttl", "Enabled": True})
    api.close()
    cluster.add_replica(first, load.TABLE, cluster.nodes[1].region)
    cluster.wait_replica(first, load.TABLE, cluster.nodes[1].region)
    return cluster


def stream_of(node):
    """The ARN, once the region shows one."""
    api = Api(node.http, node.region)

    def arn():
        return api.call("DescribeTable", TableName=load.TABLE)["Table"].get("LatestStreamArn")
    found = drills.wait_for(f"{node.name} has a stream", arn)
    api.close()
    return found


def written(drill, node, name, seconds, between, processes, connections):
    """The ledger of one phase and its writes per second; `between` happens in its middle."""
    work = load.Load(drill, node, name, processes, connections)
    work.wait_begun()
    started, before = time.monotonic(), work.acknowledged()
    time.sleep(seconds / 2)
    between()
    time.sleep(max(0, started + seconds - time.monotonic()))
    rate = (work.acknowledged() - before) / (time.monotonic() - started)
    return work, rate


def phases(drill, first, seconds, processes, connections):
    """Every phase with its event; all ledgers, and the mean rate."""
    def roll():
        shown = admin(first.admin, "/v1/streams/roll", {})
        drill.say(f"rolled: {shown}")

    ledgers, rates = [], []
    for number, between in enumerate((roll, roll, lambda: None, lambda: None), 1):
        title = ("roll", "roll and restart", "kill -9", "the rest")[number - 1]
        work, rate = written(drill, first, f"p{number}", seconds / 4, between, processes, connections)
        if number == 2:
            work.expect_end()
            ledgers.append(work.join())
            first.stop()
            first.flags += ["--stream-shards", str(SHARDS)]
            first.start()
        elif number == 3:
            work.expect_end()
            first.kill()
            ledgers.append(work.join())
            first.start()
        else:
            ledgers.append(work.join())
        rates.append(rate)
        drill.say(f"{title}: {rate:.0f} writes/s")
    return ledgers, sum(rates) / len(rates)


def acknowledged(ledgers, sides):
    """Ids of writes that were answered with 200 and stored an item."""
    ids = [attempt.write for ledger in ledgers for attempt in ledger.attempts
           if attempt.sure and not attempt.absent]
    return ids + [write for side in sides for write in side.sure]


def judge(drill, cluster, reader, node):
    title = f"{node.name}'s stream"
    wrong = judge_shards(reader)
    drill.check(not wrong, f"{title}: shards are in order, no record is in two places", wrong)
    records = reader.records()
    table, wrong = rebuild(records)
    drill.check(not wrong, f"{title}: each old image is what was there", wrong)
    scanned = {json.dumps({name: item[name] for name in ("pk", "sk")}, sort_keys=True): item
               for item in map(json.loads, cluster.dump(node, load.TABLE))}
    drill.check(table == scanned, f"{title}: played forwards it is the table",
                [name for name in table.keys() | scanned.keys() if table.get(name) != scanned.get(name)])
    left, wrong = unwind(records, scanned)
    drill.check(not wrong and not left, f"{title}: played backwards nothing is left",
                wrong + list(left))
    return records


def judge_writes(drill, title, records, ids):
    """Each acknowledged write stored one image; none is there twice."""
    count = collections.Counter(record["dynamodb"]["NewImage"]["w"]["S"] for record in records
                                if "w" in record["dynamodb"].get("NewImage", {}))
    missing = [write for write in ids if write not in count]
    twice = [write for write, times in count.items() if times > 1]
    drill.check(not missing, f"{title}: every one of {len(ids)} acknowledged writes is there", missing)
    drill.check(not twice, f"{title}: no write is there twice", twice)


def wait_quiet(drill, cluster, expired):
    def gone():
        api = cluster.api(cluster.nodes[0])
        try:
            return not any("ttl" in item for item in api.scan(load.TABLE))
        finally:
            api.close()
    if expired:
        drills.wait_for("expired items are gone", gone, EXPIRED_SECONDS_MAX, 0.2)
    drills.wait_for("both regions have everything", lambda: not cluster.pending(),
                    QUIET_SECONDS_MAX, 0.05)
    drills.wait_for("both regions are equal", lambda: len({
        tuple(cluster.dump(node, load.TABLE)) for node in cluster.nodes}) == 1, QUIET_SECONDS_MAX, 0.2)


def judge_expired(drill, streams, tried, expired):
    by_service = {record["dynamodb"]["Keys"]["pk"]["S"] for records in streams for record in records
                  if record.get("userIdentity", {}).get("Type") == "Service"}
    drill.check(by_service <= set(tried), "the service removes what has expired and nothing else",
                by_service - set(tried))
    drill.check(set(expired) <= by_service, f"all {len(expired)} expired items were removed by it",
                set(expired) - by_service)


def run(drill, seconds=15.0, processes=3, connections=80):
    cluster = prepare(drill)
    first, second = cluster.nodes
    arns = {node: stream_of(node) for node in cluster.nodes}
    follower = Follower(first, arns[first])
    sides = [Side(first, "here"), Side(second, "there")]
    for side in sides:
        side.start()
    ledgers, rate = phases(drill, first, seconds, processes, connections)
    for side in sides:
        side.join_checked()
    problems = [problem for ledger in ledgers for problem in ledger.problems]
    drill.check(not problems, "the writers saw nothing strange", problems)
    expired = [name for side in sides for name in side.expired]
    wait_quiet(drill, cluster, expired)
    follower.join()
    readers = {node: Reader(node, arns[node]) for node in cluster.nodes}
    for reader in readers.values():
        reader.read_all()
    ids = acknowledged(ledgers, sides)
    drill.say(f"{rate:.0f} writes/s of {WRITES_PER_SECOND}; {len(ids)} items written and acknowledged, "
              f"{len(expired)} of them expired; {len(readers[first].shards)} shards")
    live, late = ({shard.id: shard.records for shard in reader.shards.values()}
                  for reader in (follower, readers[first]))
    drill.check(live == late, "the follower has read each record of each shard once",
                [name for name in live.keys() | late.keys() if live.get(name) != late.get(name)])
    streams = [judge(drill, cluster, readers[node], node) for node in cluster.nodes]
    judge_writes(drill, first.name, streams[0], [write for write in ids if not write.startswith("there")])
    judge_writes(drill, second.name, streams[1], sides[1].sure)
    judge_expired(drill, streams, [name for side in sides for name in side.tried], expired)
    drill.check(len(readers[first].shards) >= 3 + SHARDS, "the shards were rolled and split")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--processes", type=int, default=3)
    parser.add_argument("--connections", type=int, default=80)
    asked = parser.parse_args()
    drills.main("streams", lambda drill: run(drill, asked.seconds, asked.processes, asked.connections))


if __name__ == "__main__":
    main()
