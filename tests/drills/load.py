"""Writers in processes of their own: they outlive the daemon, and their ledgers with them. And tables
that are full before a drill begins.

Each writer keeps many connections busy with a mix of all writing operations and reads over rows that all
writers share, some of them hot.
"""
import itertools
import json
import random
import time

import ledger as books
from crew import Crew
from drill import Broken, wait_for
from wire import Api, Fleet

TABLE = "Drill"
ROWS = 2000
COUNTERS = 8
BATCH_ROWS_MAX = 8
FILL_CONNECTIONS = 16
FILL_BATCH_ROWS = 25  # As many as BatchWriteItem takes.
MIX = (("put", 34), ("put_new", 6), ("update", 20), ("delete", 8), ("batch", 8), ("add", 6),
       ("get", 16), ("get_counter", 2))
CREATE = {"TableName": TABLE, "BillingMode": "PAY_PER_REQUEST",
          "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"},
                        {"AttributeName": "sk", "KeyType": "RANGE"}],
          "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"},
                                   {"AttributeName": "sk", "AttributeType": "N"}]}


def create_table(api):
    api.call("CreateTable", **CREATE)
    wait_for("the table is ACTIVE", lambda: api.table_status(TABLE) == "ACTIVE")


def fill(node, table, items):
    """Put what the iterator `items` gives, by BatchWriteItem; how many that were."""
    again, problems = [], []
    count = 0

    def next_request():
        nonlocal count
        if again:
            requests = again.pop()
        else:
            requests = [{"PutRequest": {"Item": item}}
                        for item in itertools.islice(items, FILL_BATCH_ROWS)]
            count += len(requests)
        if not requests:
            return None
        return "BatchWriteItem", json.dumps({"RequestItems": {table: requests}}).encode(), requests

    def answered(requests, status, body):
        if status == 200:
            left = json.loads(body).get("UnprocessedItems", {}).get(table)
            if left:
                again.append(left)
        elif b"ThrottlingException" in body:
            again.append(requests)
        else:
            problems.append(f"{status} {body[:300]}")

    Fleet(node.http, node.region, FILL_CONNECTIONS, next_request, answered).run()
    while again and not problems:  # What came back when every connection had run out of work.
        Fleet(node.http, node.region, 1, next_request, answered).run()
    if problems:
        raise Broken(f"the load was answered {problems[0]}")
    return count


def make_full_table(drill, node, table, items):
    """A new table with the key pk and these items."""
    api = Api(node.http, node.region)
    api.call("CreateTable", TableName=table, BillingMode="PAY_PER_REQUEST",
             KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
             AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}])
    wait_for("the table is ACTIVE", lambda: api.table_status(table) == "ACTIVE")
    started = time.monotonic()
    count = fill(node, table, iter(items))
    api.close()
    drill.say(f"{count} items loaded in {time.monotonic() - started:.1f} s")


class Writer:
    """One process's half of the work: makes requests, keeps the ledger."""

    def __init__(self, name, seed, ending, acknowledged):
        self.name = name
        self.random = random.Random(seed)
        self.ending = ending
        self.count = 0
        self.acknowledged = acknowledged
        self.ledger = books.Ledger()
        self.kinds = [kind for kind, share in MIX for _ in range(share)]

    def _row(self):
        """One in four goes to one of sixteen hot rows."""
        return self.random.randrange(16 if self.random.random() < 0.25 else ROWS)

    def _attempt(self, number, absent=False):
        self.count += 1
        attempt = books.Attempt(number, f"{self.name}.{self.count}", absent, time.monotonic())
        self.ledger.attempts.append(attempt)
        return attempt

    def next_request(self):
        if self.ending.value:
            return None
        kind = self.random.choice(self.kinds)
        return getattr(self, "_make_" + kind)()

    def _make_put(self, condition=""):
        attempt = self._attempt(self._row())
        body = (f'{{"TableName":"{TABLE}",{condition}'
                f'"Item":{books.item_json(attempt.number, attempt.write)}}}')
        return "PutItem", body.encode(), ("write", [attempt])

    def _make_put_new(self):
        return self._make_put('"ConditionExpression":"attribute_not_exists(pk)",')

    def _make_update(self):
        attempt = self._attempt(self._row())
        values = books.attributes_of(attempt.number, attempt.write)
        body = {"TableName": TABLE, "Key": books.key_of(attempt.number),
                "UpdateExpression": "SET " + ", ".join(f"#{name} = :{name}" for name in values),
                "ExpressionAttributeNames": {f"#{name}": name for name in values},
                "ExpressionAttributeValues": {f":{name}": value for name, value in values.items()}}
        return "UpdateItem", json.dumps(body).encode(), ("write", [attempt])

    def _make_delete(self):
        attempt = self._attempt(self._row(), absent=True)
        body = {"TableName": TABLE, "Key": books.key_of(attempt.number)}
        return "DeleteItem", json.dumps(body).encode(), ("write", [attempt])

    def _make_batch(self):
        attempts, requests = [], []
        for number in {self._row() for _ in range(self.random.randint(2, BATCH_ROWS_MAX))}:
            attempt = self._attempt(number, absent=self.random.random() < 0.2)
            attempts.append(attempt)
            requests.append({"DeleteRequest": {"Key": books.key_of(number)}} if attempt.absent else
                            {"PutRequest": {"Item": {**books.key_of(number),
                                                     **books.attributes_of(number, attempt.write)}}})
        body = {"RequestItems": {TABLE: requests}}
        return "BatchWriteItem", json.dumps(body).encode(), ("write", attempts)

    def _make_add(self):
        counter = self.random.randrange(COUNTERS)
        body = {"TableName": TABLE, "Key": books.counter_key(counter),
                "UpdateExpression": "ADD n :one, m :one",
                "ExpressionAttributeValues": {":one": {"N": "1"}}}
        self.ledger.additions.append((counter, False, False))
        return "UpdateItem", json.dumps(body).encode(), ("add", len(self.ledger.additions) - 1)

    def _make_get(self):
        number = self._row()
        body = {"TableName": TABLE, "Key": books.key_of(number),
                "ConsistentRead": self.random.random() < 0.5}
        return "GetItem", json.dumps(body).encode(), ("get", number)

    def _make_get_counter(self):
        counter = self.random.randrange(COUNTERS)
        body = {"TableName": TABLE, "Key": books.counter_key(counter), "ConsistentRead": True}
        return "GetItem", json.dumps(body).encode(), ("get_counter", counter)

    def answered(self, tag, status, body):
        """A 400 says that nothing happened; a 500 says nothing."""
        kind, what = tag
        now = time.monotonic()
        if status == 400 and json.loads(body).get("__type", "").rsplit("#", 1)[-1] not in (
                "ConditionalCheckFailedException", "ThrottlingException",
                "ProvisionedThroughputExceededException"):
            self.ledger.problems.append(f"{kind} was answered {body[:300]}")
        elif status not in (200, 400):
            self.ledger.problems.append(f"{kind} was answered {status} {body[:300]}")
        if kind == "write":
            self._answered_write(what, status, body, now)
        elif kind == "add":
            counter = self.ledger.additions[what][0]
            self.ledger.additions[what] = (counter, status == 200, status == 400)
            self.ledger.acknowledged += status == 200
        elif status == 200:
            self._answered_read(kind, what, json.loads(body).get("Item"), now)
        self.acknowledged.value = self.ledger.acknowledged

    def _answered_write(self, attempts, status, body, now):
        undone = set()
        if status == 200 and b'"UnprocessedItems":{}' not in body and b"UnprocessedItems" in body:
            for request in json.loads(body)["UnprocessedItems"].get(TABLE, []):
                entry = request.get("PutRequest", {}).get("Item") or request["DeleteRequest"]["Key"]
                undone.add(books.number_of(entry)[1])
        for attempt in attempts:
            if status == 400 or attempt.number in undone:
                attempt.refused = True
            elif status == 200:
                attempt.sure = True
                attempt.end = now
                self.ledger.acknowledged += 1

    def _answered_read(self, kind, number, item, now):
        if item is not None and not books.is_whole(item):
            self.ledger.problems.append(f"a read showed a torn item: {json.dumps(item)[:300]}")
        elif kind == "get_counter":
            self.ledger.counts_seen.append((number, int(item["n"]["N"]) if item else 0))
        else:
            self.ledger.sightings.append((number, item["w"]["S"] if item else books.ABSENT, now))


def _write(name, seed, address, region, connections, ending, acknowledged):
    writer = Writer(name, seed, ending, acknowledged)
    fleet = Fleet(address, region, connections, writer.next_request, writer.answered)
    fleet.run()
    if fleet.lost and not ending.value:
        writer.ledger.problems.append(f"the daemon closed {fleet.lost} connections")
    return writer.ledger


class Load:
    """`processes` writers with `connections` requests in flight each; join() ends them."""

    def __init__(self, drill, node, name, processes=3, connections=80):
        self.crew = Crew(drill)
        self.counts = []
        for index in range(processes):
            self.counts.append(self.crew.context.Value("q", 0, lock=False))
            self.crew.start(_write, f"{name}.{index}", drill.random.getrandbits(32), node.http,
                            node.region, connections, self.crew.ending, self.counts[-1])

    def acknowledged(self):
        return sum(acknowledged.value for acknowledged in self.counts)

    def wait_begun(self, acknowledged=100):
        wait_for(f"{acknowledged} acknowledged writes", lambda: self.acknowledged() >= acknowledged)

    def expect_end(self):
        """From here on connections may end: say so before the daemon is killed."""
        self.crew.ending.value = 1

    def join(self):
        """The joined ledger, once every writer's connections have ended."""
        joined = books.Ledger()
        for ledger in self.crew.join():
            joined.join(ledger)
        return joined
