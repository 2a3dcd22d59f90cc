"""Readers of change streams, and what must hold of what they have read.

A reader takes every shard once its parent is read to the end, from TRIM_HORIZON, and keeps each record as
(sequence number, event id, record). It lives on when the daemon is restarted or dies: its iterators do, too.

The judge plays the records of a NEW_AND_OLD_IMAGES stream forwards from an empty table: each old image must be
what the record before has left, which no lost, repeated or misplaced record of an item would pass; and what
there is at the end is the table as Scan shows it. Then backwards from that table, with each new image what is
there: at the end there is nothing.
"""
import json
import threading
import time

from wire import Api, Closed, Failure

SERVICE = "DynamoDBStreams_20120810"
READ_SECONDS_MAX = 120
RETRY_SECONDS = 0.02
UNREACHABLE = ("InternalServerError", "ThrottlingException")


def key_text(key):
    return json.dumps(key, sort_keys=True)


class Shard:
    def __init__(self, described):
        self.id = described["ShardId"]
        self.parent = described.get("ParentShardId")
        self.start = int(described["SequenceNumberRange"]["StartingSequenceNumber"])
        self.iterator = None
        self.ended = False
        self.records = []


class Reader:
    """All of one stream; `node` may be restarted meanwhile."""

    def __init__(self, node, arn):
        self.node = node
        self.arn = arn
        self.shards = {}
        self.api = None
        self.calls = 0

    def call(self, operation, **request):
        """Again until somebody answers."""
        deadline = time.monotonic() + READ_SECONDS_MAX
        while True:
            try:
                address = self.node.http
                if self.api is None or self.api.address != address:
                    self.api = Api(address, self.node.region, SERVICE)
                self.calls += 1
                return self.api.call(operation, **request)
            except (Closed, Failure) as reason:
                refused = isinstance(reason, Failure) and reason.name not in UNREACHABLE
                if refused or time.monotonic() > deadline:
                    raise
                time.sleep(RETRY_SECONDS)  # The region is being started again.

    def describe(self):
        after = {}
        while True:
            page = self.call("DescribeStream", StreamArn=self.arn, **after)["StreamDescription"]
            for described in page["Shards"]:
                self.shards.setdefault(described["ShardId"], Shard(described))
            if "LastEvaluatedShardId" not in page:
                return
            after = {"ExclusiveStartShardId": page["LastEvaluatedShardId"]}

    def ready(self):
        """Shards to read now: not at their end, and their parents are."""
        return [shard for shard in self.shards.values() if not shard.ended
                and (shard.parent not in self.shards or self.shards[shard.parent].ended)]

    def read(self, shard):
        """One page; whether there was anything in it."""
        if shard.iterator is None:
            shard.iterator = self.call("GetShardIterator", StreamArn=self.arn, ShardId=shard.id,
                                       ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        page = self.call("GetRecords", ShardIterator=shard.iterator)
        shard.records += [(int(record["dynamodb"]["SequenceNumber"]), record["eventID"], record)
                          for record in page["Records"]]
        shard.iterator = page.get("NextShardIterator")
        shard.ended = shard.iterator is None
        return bool(page["Records"]) or shard.ended

    def read_round(self):
        self.describe()
        return any([self.read(shard) for shard in self.ready()])

    def read_all(self):
        """Until two rounds have brought nothing new."""
        idle = 0
        while idle < 2:
            idle = 0 if self.read_round() else idle + 1

    def ordered(self):
        """Shards, parents before children."""
        done, left = [], sorted(self.shards.values(), key=lambda shard: shard.id)
        while left:
            names = {shard.id for shard in left}
            first = next(shard for shard in left if shard.parent not in names)
            done.append(first)
            left.remove(first)
        return done

    def records(self):
        return [record for shard in self.ordered() for _, _, record in shard.records]


class Follower(Reader):
    """A reader in a thread of its own, from the first write to the last."""

    def __init__(self, node, arn):
        super().__init__(node, arn)
        self.ending = threading.Event()
        self.failure = None
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        try:
            while not self.ending.is_set():
                self.read_round()
            self.read_all()
        except BaseException as reason:  # Said by join(): a thread has nobody to tell.
            self.failure = reason

    def join(self):
        self.ending.set()
        self.thread.join(READ_SECONDS_MAX)
        if self.failure is not None:
            raise self.failure


def judge_shards(reader):
    """What is wrong with the order within shards and with their lineage."""
    wrong, seen = [], {}
    for shard in reader.ordered():
        numbers = [number for number, _, _ in shard.records]
        if any(one >= other for one, other in zip(numbers, numbers[1:])):
            wrong.append(f"{shard.id}: numbers do not rise")
        if numbers and numbers[0] < shard.start:
            wrong.append(f"{shard.id}: {numbers[0]} is before its start {shard.start}")
        parent = reader.shards.get(shard.parent)
        if parent is not None and parent.records and parent.records[-1][0] >= shard.start:
            wrong.append(f"{shard.id} begins before its parent {parent.id} ends")
        for number, event, _ in shard.records:
            if event in seen:
                wrong.append(f"event {event} at {number} in {shard.id} and in {seen[event]}")
            seen[event] = shard.id
    return wrong


def rebuild(records):
    """(the table at the end, what did not fit)."""
    table, wrong = {}, []
    for record in records:
        change, event = record["dynamodb"], record["eventName"]
        name = key_text(change["Keys"])
        old, new = change.get("OldImage"), change.get("NewImage")
        if table.get(name) != old:
            wrong.append(f"{change['SequenceNumber']} {event} of {name}: the old image is not what was there")
        if event != ("REMOVE" if new is None else "INSERT" if old is None else "MODIFY"):
            wrong.append(f"{change['SequenceNumber']} is called {event}")
        if old == new:
            wrong.append(f"{change['SequenceNumber']} of {name} changes nothing")
        if new is None:
            table.pop(name, None)
        else:
            table[name] = new
    return table, wrong


def unwind(records, table):
    """The same from the end to the beginning; what is left and what did not fit."""
    table, wrong = dict(table), []
    for record in reversed(records):
        change = record["dynamodb"]
        name = key_text(change["Keys"])
        if table.get(name) != change.get("NewImage"):
            wrong.append(f"{change['SequenceNumber']} of {name}: the new image is not what is there")
        if "OldImage" in change:
            table[name] = change["OldImage"]
        else:
            table.pop(name, None)
    return table, wrong
