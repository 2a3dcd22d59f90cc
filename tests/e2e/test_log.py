"""What the log says of the life of tables and of access keys: one line a step, from a real node and from two
regions."""

import json
import subprocess

from meridian_node import Cluster, Node, binary, clean_environment, wait_until
from wire import Endpoint

KEYS = {
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "BillingMode": "PAY_PER_REQUEST",
}
INDEX = {
    "IndexName": "by-year",
    "KeySchema": [{"AttributeName": "year", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "ALL"},
}


def events(node):
    """Lines as documents, oldest first."""
    return [json.loads(line) for line in node.messages().splitlines() if line.startswith("{")]


def logged(node, event, **fields):
    """The first such line, once it is there."""

    def found():
        return [
            each
            for each in events(node)
            if each["event"] == event and all(each.get(name) == fields[name] for name in fields)
        ]

    return wait_until(found)[0]


def test_a_table_its_index_and_its_policy():
    with Node(flags=["--log-json", "--auth", "off"]) as node:
        endpoint = Endpoint(node)

        def call(operation, **body):
            status, answer = endpoint.call(operation, body)
            assert status == 200, answer
            return answer

        arn = call("CreateTable", TableName="Books", **KEYS)["TableDescription"]["TableArn"]
        assert logged(node, "table.created", table="Books")["billing"] == "PAY_PER_REQUEST"
        call(
            "UpdateTable",
            TableName="Books",
            AttributeDefinitions=[{"AttributeName": "year", "AttributeType": "N"}],
            GlobalSecondaryIndexUpdates=[{"Create": INDEX}],
        )
        assert logged(node, "index.active", index="by-year")["took_ms"] >= 0
        gone = [{"Delete": {"IndexName": "by-year"}}]
        call("UpdateTable", TableName="Books", GlobalSecondaryIndexUpdates=gone)
        logged(node, "index.gone", index="by-year")
        for protected in (True, False):
            call("UpdateTable", TableName="Books", DeletionProtectionEnabled=protected)
            logged(node, "table.updated", changed="deletion_protection")
        statement = {
            "Effect": "Deny",
            "Principal": {"AWS": "arn:aws:iam::000000000000:user/eve"},
            "Action": "dynamodb:*",
            "Resource": arn,
        }
        text = json.dumps({"Version": "2012-10-17", "Statement": statement})
        call("PutResourcePolicy", ResourceArn=arn, Policy=text)
        call("DeleteResourcePolicy", ResourceArn=arn)
        call("DeleteTable", TableName="Books")
        logged(node, "table.deleted", table="Books")
        mine = [each for each in events(node) if each.get("table") == "Books"]
        assert [each["event"] for each in mine] == [
            "table.created",
            "index.creating",
            "index.active",
            "index.deleting",
            "index.gone",
            "table.updated",
            "table.updated",
            "table.policy",
            "table.policy",
            "table.deleted",
        ]
        assert {each["level"] for each in mine} == {"info"}


def test_replicas_come_fail_and_go():
    with Cluster(["us-east-1", "eu-west-1"]) as cluster:
        home, away = (cluster.nodes[region] for region in ("us-east-1", "eu-west-1"))
        for name in ("Joined", "Taken"):
            home.client().create_table(TableName=name, **KEYS)
        away.client().create_table(TableName="Taken", **KEYS)
        create = [{"Create": {"RegionName": "eu-west-1"}}]
        for name in ("Joined", "Taken"):
            home.client().update_table(TableName=name, ReplicaUpdates=create)

        def said(node, text):
            return wait_until(
                lambda: [line for line in node.messages().splitlines() if text in line]
            )[0]

        assert "took_ms=" in said(home, "info replica.active table=Joined region=eu-west-1")
        assert "another table named Taken" in said(home, "warning replica.creation_failed")
        said(away, "info table.active table=Joined")
        home.client().update_table(
            TableName="Joined", ReplicaUpdates=[{"Delete": {"RegionName": "eu-west-1"}}]
        )
        assert "took_ms=" in said(home, "info replica.gone table=Joined region=eu-west-1")
        said(away, "info table.deleted table=Joined")


def test_access_keys_are_made_changed_and_removed():
    with Node(flags=["--log-json"]) as node:

        def keys(*arguments, text=None):
            command = [binary("meridian"), "keys", *arguments]
            done = subprocess.run(
                [*command, "--admin", node.addresses["admin"], "-o", "json"],
                env=clean_environment(),
                input=text,
                capture_output=True,
                text=True,
                timeout=30,
            )
            assert done.returncode == 0, done.stderr
            return json.loads(done.stdout)

        made = keys("add", "--user", "ann")
        statement = {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}
        keys("policy", made["id"], "--set", "-", text=json.dumps({"Statement": [statement]}))
        keys("policy", made["id"], "--clear")
        keys("remove", made["id"])
        said = [each for each in events(node) if each["event"].startswith("keys.")]
        assert [(each["event"], each.get("user"), each.get("policy")) for each in said] == [
            ("keys.added", "ann", None),
            ("keys.policy", None, "set"),
            ("keys.policy", None, "cleared"),
            ("keys.removed", None, None),
        ]
        assert {each["id"] for each in said} == {made["id"]}
        assert made["secret"] not in node.messages()
