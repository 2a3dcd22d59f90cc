"""A consumer of a change stream as the Kinesis Client Library is one, over boto3.

Leases are items of another table: shard, owner, a counter that the owner raises, the checkpoint, and whether the
shard is finished. A worker with less than its share takes leases that nobody has, whose counter has stood still
for LEASE_SECONDS, or of which another one has more than its share. A shard is read only once its parent is
finished. What a worker has processed since its last checkpoint is processed again by whoever takes over: at least
once, in order.
"""

import collections
import threading
import time

LEASE_SECONDS = 2.0


def create_leases(client, table):
    client.create_table(
        TableName=table,
        AttributeDefinitions=[{"AttributeName": "leaseKey", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "leaseKey", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    client.get_waiter("table_exists").wait(TableName=table)


class Worker(threading.Thread):
    """`process(worker, shard, record)` is called for each record; die() ends it as a crash would."""

    def __init__(self, name, node, arn, leases, process):
        super().__init__(daemon=True, name=name)
        self.client, self.streams = node.client(), node.client("dynamodbstreams")
        self.arn, self.leases, self.process = arn, leases, process
        self.seen = {}  # Shard: (counter, since when it stands there).
        self.held = {}  # Shard: [counter, iterator, last sequence number].
        self.ending, self.failure = threading.Event(), None

    def die(self):
        """Without giving anything back."""
        self.ending.set()
        self.join(20)
        assert not self.is_alive()

    def run(self):
        try:
            while not self.ending.is_set():
                self.sync()
                self.take()
                for shard in list(self.held):
                    self.read(shard)
        except BaseException as reason:  # The test looks at it.
            self.failure = reason

    def sync(self):
        """A lease for each shard."""
        rows = self.rows()
        shards = self.streams.describe_stream(StreamArn=self.arn)["StreamDescription"]["Shards"]
        for shard in shards:
            if shard["ShardId"] in rows:
                continue
            item = {"leaseKey": {"S": shard["ShardId"]}, "leaseCounter": {"N": "0"},
                    "finished": {"BOOL": False}}
            if "ParentShardId" in shard:
                item["parentShardId"] = {"S": shard["ParentShardId"]}
            try:
                self.client.put_item(TableName=self.leases, Item=item,
                                     ConditionExpression="attribute_not_exists(leaseKey)")
            except self.client.exceptions.ConditionalCheckFailedException:
                pass  # The other worker was first.

    def rows(self):
        items = self.client.scan(TableName=self.leases, ConsistentRead=True)["Items"]
        return {item["leaseKey"]["S"]: item for item in items}

    def take(self):
        """One lease more, while this worker has less than its share of them."""
        rows, now = self.rows(), time.monotonic()
        ready, stale, owners = [], set(), collections.Counter({self.name: 0})
        for shard, row in rows.items():
            counter = int(row["leaseCounter"]["N"])
            if self.seen.get(shard, (None, 0))[0] != counter:
                self.seen[shard] = (counter, now)
            parent = rows.get(row.get("parentShardId", {}).get("S"))
            if row["finished"]["BOOL"] or (parent is not None and not parent["finished"]["BOOL"]):
                continue
            ready.append(shard)
            if "leaseOwner" not in row or now - self.seen[shard][1] > LEASE_SECONDS:
                stale.add(shard)
            else:
                owners[row["leaseOwner"]["S"]] += 1
        share = -(-len(ready) // len(owners))
        if len(self.held) >= share:
            return
        for shard in sorted(ready, key=lambda shard: shard not in stale):
            row = rows[shard]
            rich = owners[row.get("leaseOwner", {}).get("S")] > share
            if shard not in self.held and (shard in stale or rich):
                self.try_lease(shard, int(row["leaseCounter"]["N"]), row.get("checkpoint", {}).get("S"))
                return

    def try_lease(self, shard, counter, checkpoint):
        if not self.renew(shard, counter, "leaseOwner = :me", {":me": {"S": self.name}}):
            return
        start = {"ShardIteratorType": "TRIM_HORIZON"}
        if checkpoint:
            start = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": checkpoint}
        iterator = self.streams.get_shard_iterator(StreamArn=self.arn, ShardId=shard, **start)
        self.held[shard] = [counter + 1, iterator["ShardIterator"], checkpoint]

    def renew(self, shard, counter, sets, values):
        """False when somebody else has taken it."""
        try:
            self.client.update_item(
                TableName=self.leases, Key={"leaseKey": {"S": shard}},
                UpdateExpression=f"SET leaseCounter = :next, {sets}",
                ConditionExpression="leaseCounter = :was",
                ExpressionAttributeValues={":was": {"N": str(counter)},
                                           ":next": {"N": str(counter + 1)}, **values})
            return True
        except self.client.exceptions.ConditionalCheckFailedException:
            self.held.pop(shard, None)
            return False

    def read(self, shard):
        lease = self.held[shard]
        page = self.streams.get_records(ShardIterator=lease[1], Limit=50)
        for record in page["Records"]:
            if self.ending.is_set():
                return  # In the middle of a page, its checkpoint behind.
            self.process(self, shard, record)
            lease[2] = record["dynamodb"]["SequenceNumber"]
        lease[1] = page.get("NextShardIterator")
        sets, values = "finished = :done", {":done": {"BOOL": lease[1] is None}}
        if lease[2]:
            sets, values = sets + ", checkpoint = :at", {**values, ":at": {"S": lease[2]}}
        if self.renew(shard, lease[0], sets, values):
            lease[0] += 1
            if lease[1] is None:
                del self.held[shard]
