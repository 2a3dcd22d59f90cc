#!/usr/bin/python3
"""A bank in three regions: money moves by transactions, and nowhere is a transfer ever seen in part.

  transfer.py [--rounds 6] [--seconds 0.8..2]

Each round one region, drawn, is the one that writes: tellers move money between two to ten of ten accounts
with TransactWriteItems. In all regions auditors add up the accounts, now by TransactGetItems, now by a Scan;
every sum must be what the bank began with. Some transfers also pad their accounts, so that they are too large
for one message between regions. Meanwhile links delay, lose and break, and regions die with -9.

A teller repeats a transfer that was not answered with the same ClientRequestToken until it is: so each is
made once, whatever died in between, and in the end each account must hold to the unit what the tellers'
books say, in every region, without a single conflict.
"""
import argparse
import base64
import random
import threading
import time

import active
import drill as drills
import kill9
from cluster import Cluster
from wire import Closed, Failure

TABLE = "Bank"
ACCOUNTS = 10
START = 1000
TELLERS = 3
AMOUNT_MAX = 60
PAD_BYTES = 90000  # All accounts fit into one page of a Scan; six and more do not fit into one batch.
PADDED_ONE_IN = 12
LINK_CHANGES = 4
RESOLVE_SECONDS_MAX = 60
EQUAL_SECONDS_MAX = 30
RETRIED = ("TransactionInProgressException", "ThrottlingException", "InternalServerError",
           "ProvisionedThroughputExceededException", "ServiceUnavailable")


def key(number):
    return {"pk": {"S": f"account#{number}"}}


class Client:
    """Requests to one region, which may die and come back elsewhere."""

    def __init__(self, cluster, node):
        self.cluster = cluster
        self.node = node
        self.api = None

    def call(self, operation, **request):
        if self.api is None or self.api.address != self.node.http:
            self.close()
            self.api = self.cluster.api(self.node)
        return self.api.call(operation, **request)

    def close(self):
        if self.api is not None:
            self.api.close()
            self.api = None


class Worker(threading.Thread):
    """Runs step() until it is told to stop; what it trips over goes into `problems`."""

    def __init__(self, cluster, node, seed):
        super().__init__(daemon=True)
        self.client = Client(cluster, node)
        self.random = random.Random(seed)
        self.stopping = threading.Event()
        self.problems = []
        self.done = 0

    def run(self):
        try:
            while not self.stopping.is_set():
                self.step()
        except Exception as reason:  # pylint: disable=broad-except
            self.problems.append(f"{type(self).__name__} at {self.client.node.name}: {reason!r}")
        self.client.close()


class Teller(Worker):
    def __init__(self, cluster, node, seed, title):
        super().__init__(cluster, node, seed)
        self.title = title
        self.books = [0] * ACCOUNTS  # What its transfers have added to each account.
        self.made = self.refused = self.repeated = 0

    def step(self):
        accounts = self.random.sample(range(ACCOUNTS), self.random.randint(2, ACCOUNTS))
        amount = self.random.randint(1, AMOUNT_MAX)
        pad = self.random.randbytes(PAD_BYTES) if self.random.randrange(PADDED_ONE_IN) == 0 else b"-"
        parts = []
        for place, number in enumerate(accounts):
            gets = place == len(accounts) - 1
            update = {"TableName": TABLE, "Key": key(number),
                      "UpdateExpression": "SET filler = :p ADD n :n",
                      "ExpressionAttributeValues": {
                          ":n": {"N": str(amount * (len(accounts) - 1) if gets else -amount)},
                          ":p": {"B": base64.b64encode(pad).decode()}}}
            if not gets:
                update["ConditionExpression"] = "n >= :least"
                update["ExpressionAttributeValues"][":least"] = {"N": str(amount)}
            parts.append({"Update": update})
        self.done += 1
        if self.settle(parts, f"{self.title}-{self.done}".replace(" ", "")):
            self.made += 1
            for place, number in enumerate(accounts):
                self.books[number] += (amount * (len(accounts) - 1) if place == len(accounts) - 1
                                       else -amount)
        else:
            self.refused += 1

    def settle(self, parts, token):
        """Until it is known what became of the transfer: was it made?"""
        deadline = time.monotonic() + RESOLVE_SECONDS_MAX
        unanswered = False
        while time.monotonic() < deadline:
            try:
                self.client.call("TransactWriteItems", TransactItems=parts, ClientRequestToken=token)
                self.repeated += unanswered
                return True
            except Closed:
                unanswered = True
                time.sleep(drills.POLL_SECONDS)  # The region is being started again.
            except Failure as failure:
                if failure.name == "TransactionCanceledException" and "Conflict" not in str(failure):
                    return False
                if failure.name not in (*RETRIED, "TransactionCanceledException"):
                    raise
        raise drills.Broken(f"transfer {token}: not settled within {RESOLVE_SECONDS_MAX} s")


class Auditor(Worker):
    def step(self):
        together = self.random.random() < 0.5
        try:
            if together:
                answer = self.client.call("TransactGetItems", TransactItems=[
                    {"Get": {"TableName": TABLE, "Key": key(number)}} for number in range(ACCOUNTS)])
                items = [response.get("Item", {}) for response in answer["Responses"]]
            else:
                items = self.client.call("Scan", TableName=TABLE)["Items"]
        except Closed:
            time.sleep(drills.POLL_SECONDS)
            return
        except Failure as failure:
            if failure.name not in RETRIED:
                raise
            return
        self.done += 1
        balances = [int(item["n"]["N"]) if "n" in item else None for item in items]
        if len(balances) != ACCOUNTS or None in balances or sum(balances) != ACCOUNTS * START:
            self.problems.append(f"{self.client.node.name}, {'together' if together else 'scan'}: "
                                 f"{balances}")
            self.stopping.set()


def prepare(drill):
    cluster = Cluster(drill, 3)
    first = Client(cluster, cluster.nodes[0])
    first.call("CreateTable", TableName=TABLE, BillingMode="PAY_PER_REQUEST",
               KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
               AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}])
    drills.wait_for("the table is ACTIVE", lambda: cluster.api(
        cluster.nodes[0]).table_status(TABLE) == "ACTIVE")
    first.call("TransactWriteItems", TransactItems=[
        {"Put": {"TableName": TABLE, "Item": {**key(number), "n": {"N": str(START)}}}}
        for number in range(ACCOUNTS)])
    first.close()
    for node in cluster.nodes[1:]:
        cluster.add_replica(cluster.nodes[0], TABLE, node.region)
        cluster.wait_replica(cluster.nodes[0], TABLE, node.region)
    return cluster


def balances_at(cluster, node):
    api = cluster.api(node)
    try:
        found = {item["pk"]["S"]: int(item["n"]["N"]) for item in api.scan(TABLE)}
    finally:
        api.close()
    return [found.get(f"account#{number}") for number in range(ACCOUNTS)]


def wait_equal(cluster, expected):
    """Until every region holds the same bytes; then (or when they never do) what does not fit."""
    def equal():
        dumps = [cluster.dump(node, TABLE) for node in cluster.nodes]
        return all(dump == dumps[0] for dump in dumps)
    try:
        drills.wait_for("equal", equal, EQUAL_SECONDS_MAX, 0.02)
    except drills.Broken as reason:
        return [str(reason)] + [f"{node.name}: {balances_at(cluster, node)}"
                                for node in cluster.nodes]
    return [f"{node.name}: {found}, by the books {expected}" for node in cluster.nodes
            if (found := balances_at(cluster, node)) != expected]


def run_round(drill, cluster, books, seconds, title):
    home = drill.random.choice(cluster.nodes)
    tellers = [Teller(cluster, home, drill.random.getrandbits(32), f"{title}-{number}")
               for number in range(TELLERS)]
    auditors = [Auditor(cluster, node, drill.random.getrandbits(32)) for node in cluster.nodes]
    for worker in tellers + auditors:
        worker.start()
    drills.wait_for(f"{title}: a transfer in {home.name}",
                    lambda: any(teller.made or teller.problems for teller in tellers))
    span = drill.random.uniform(*seconds)
    victims = []
    for _ in range(LINK_CHANGES):
        active.disturb(drill, cluster.nodes)
        time.sleep(span / LINK_CHANGES)  # Disturbances have a length; that is what is drawn here.
        if drill.random.random() < 0.4:
            victims.append(drill.random.choice(cluster.nodes))
            victims[-1].kill()
            victims[-1].start()
    for worker in tellers:
        worker.stopping.set()
    for worker in tellers:
        worker.join(2 * RESOLVE_SECONDS_MAX)
    active.clear(cluster.nodes)
    for teller in tellers:
        for number in range(ACCOUNTS):
            books[number] += teller.books[number]
    differences = wait_equal(cluster, books)
    for worker in auditors:
        worker.stopping.set()
        worker.join(RESOLVE_SECONDS_MAX)
    problems = [text for worker in tellers + auditors for text in worker.problems]
    problems += [f"{worker.name} does not end" for worker in tellers + auditors if worker.is_alive()]
    drill.check(not problems, f"{title}: every sum in every region is right", problems)
    drill.check(not differences, f"{title}: each account holds what the books say, everywhere",
                differences)
    drill.check(all(auditor.done > 0 for auditor in auditors), f"{title}: all regions were audited")
    drill.say(f"{title}: {home.name} made {sum(t.made for t in tellers)} transfers "
              f"({sum(t.repeated for t in tellers)} answered when repeated, "
              f"{sum(t.refused for t in tellers)} refused), {len(victims)} kills, "
              f"{'/'.join(str(a.done) for a in auditors)} audits")


def run(drill, rounds=6, seconds=(0.8, 2.0)):
    cluster = prepare(drill)
    books = [START] * ACCOUNTS
    for number in range(1, rounds + 1):
        run_round(drill, cluster, books, seconds, f"round {number}")
    for node in cluster.nodes:
        found = cluster.conflicts(node, TABLE)
        drill.check(not found, f"{node.name} lists no conflict: one region wrote at a time", found)
    for node in cluster.nodes:
        drill.check(node.stop() == 0, f"{node.name} stops cleanly", [node.log_tail()])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seconds", type=kill9.span, default=(0.8, 2.0), metavar="LEAST..MOST",
                        help="of transfers in each round (0.8..2)")
    given = parser.parse_args()
    drills.main("transfer", lambda drill: run(drill, given.rounds, given.seconds))


if __name__ == "__main__":
    main()
