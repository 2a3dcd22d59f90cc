"""UpdateTable makes, shows and removes replicas of a table, as SDKs see it."""

import json
import pathlib
import subprocess

import botocore.exceptions
import pytest

from meridian_node import Cluster, aws_path, clean_environment, wait_until

HOME, AWAY, THIRD = "us-east-1", "eu-west-1", "ap-south-1"


@pytest.fixture(scope="module")
def cluster():
    with Cluster([HOME, AWAY, THIRD]) as running:
        yield running


@pytest.fixture(scope="module")
def clients(cluster):
    return {region: node.client() for region, node in cluster.nodes.items()}


def describe(client, table):
    try:
        return client.describe_table(TableName=table)["Table"]
    except client.exceptions.ResourceNotFoundException:
        return None


def replicas(client, table):
    shown = describe(client, table)
    if shown is None:
        return None
    return {each["RegionName"]: each["ReplicaStatus"] for each in shown.get("Replicas", [])}


def create(client, table):
    client.create_table(
        TableName=table,
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    client.get_waiter("table_exists").wait(TableName=table)


def replica(kind, region):
    return [{kind: {"RegionName": region}}]


def item(client, table, partition):
    return client.get_item(TableName=table, Key={"pk": {"S": partition}}).get("Item")


def test_a_replica_is_made_filled_written_and_removed(clients, table_name):
    home, away = clients[HOME], clients[AWAY]
    create(home, table_name)
    for number in range(50):
        home.put_item(TableName=table_name, Item={"pk": {"S": f"early{number}"}})
    answer = home.update_table(
        TableName=table_name, ReplicaUpdates=replica("Create", AWAY)
    )["TableDescription"]
    assert answer["TableStatus"] == "UPDATING"
    assert answer["GlobalTableVersion"] == "2019.11.21"
    wait_until(lambda: replicas(home, table_name) == {AWAY: "ACTIVE"})
    wait_until(lambda: (describe(away, table_name) or {}).get("TableStatus") == "ACTIVE")
    shown = describe(away, table_name)
    assert replicas(away, table_name) == {HOME: "ACTIVE"}
    assert shown["TableArn"].startswith(f"arn:aws:dynamodb:{AWAY}:")
    assert shown["TableId"] != describe(home, table_name)["TableId"]
    assert away.scan(TableName=table_name, Select="COUNT")["Count"] == 50

    home.put_item(TableName=table_name, Item={"pk": {"S": "x"}, "from": {"S": HOME}})
    wait_until(lambda: item(away, table_name, "x") == {"pk": {"S": "x"}, "from": {"S": HOME}})
    away.update_item(
        TableName=table_name,
        Key={"pk": {"S": "x"}},
        UpdateExpression="SET #f = :r",
        ExpressionAttributeNames={"#f": "from"},
        ExpressionAttributeValues={":r": {"S": AWAY}},
    )
    wait_until(lambda: item(home, table_name, "x")["from"] == {"S": AWAY})
    home.delete_item(TableName=table_name, Key={"pk": {"S": "x"}})
    wait_until(lambda: item(away, table_name, "x") is None)

    home.update_table(TableName=table_name, ReplicaUpdates=replica("Delete", AWAY))
    wait_until(lambda: replicas(home, table_name) == {})
    wait_until(lambda: describe(away, table_name) is None)
    assert "GlobalTableVersion" not in describe(home, table_name)
    assert home.scan(TableName=table_name, Select="COUNT")["Count"] == 50
    home.delete_table(TableName=table_name)


def test_faulty_replica_updates_change_nothing(clients, table_name):
    home = clients[HOME]
    create(home, table_name)

    def refused(words, updates):
        with pytest.raises(botocore.exceptions.ClientError) as caught:
            home.update_table(TableName=table_name, ReplicaUpdates=updates)
        assert words in caught.value.response["Error"]["Message"]

    refused("Region mars-north-1 is not supported.", replica("Create", "mars-north-1"))
    refused("Cannot add or delete the local region", replica("Create", HOME))
    refused("were not part of the global table", replica("Delete", AWAY))
    refused("more than one create or delete", replica("Create", AWAY) + replica("Create", THIRD))
    assert replicas(home, table_name) == {}
    home.delete_table(TableName=table_name)


def test_a_member_that_deletes_its_table_leaves_the_group(clients, table_name):
    home, away = clients[HOME], clients[AWAY]
    create(home, table_name)
    home.update_table(TableName=table_name, ReplicaUpdates=replica("Create", AWAY))
    wait_until(lambda: replicas(away, table_name) == {HOME: "ACTIVE"})
    wait_until(lambda: replicas(home, table_name) == {AWAY: "ACTIVE"})
    wait_until(lambda: describe(away, table_name)["TableStatus"] == "ACTIVE")
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        home.update_table(TableName=table_name, ReplicaUpdates=replica("Create", AWAY))
    assert "already existed as tables" in caught.value.response["Error"]["Message"]
    away.delete_table(TableName=table_name)
    wait_until(lambda: replicas(home, table_name) == {})
    assert describe(away, table_name) is None
    home.delete_table(TableName=table_name)


def both_active(clients, table_name):
    home, away = clients[HOME], clients[AWAY]
    wait_until(lambda: replicas(home, table_name) == {AWAY: "ACTIVE"})
    wait_until(lambda: (describe(away, table_name) or {}).get("TableStatus") == "ACTIVE")


def test_what_all_replicas_share_is_changed_from_any_of_them(clients, table_name):
    home, away = clients[HOME], clients[AWAY]
    create(home, table_name)
    home.update_table(TableName=table_name, ReplicaUpdates=replica("Create", AWAY))
    both_active(clients, table_name)
    units = {"ReadCapacityUnits": 7, "WriteCapacityUnits": 8}
    answer = away.update_table(
        TableName=table_name, BillingMode="PROVISIONED", ProvisionedThroughput=units
    )["TableDescription"]
    assert answer["TableStatus"] == "UPDATING"
    assert answer["BillingModeSummary"]["BillingMode"] == "PROVISIONED"  # A new mode shows at once.

    def shown(client):
        return describe(client, table_name)

    wait_until(lambda: shown(home)["BillingModeSummary"]["BillingMode"] == "PROVISIONED")
    for client in (home, away):
        throughput = shown(client)["ProvisionedThroughput"]
        assert {name: throughput[name] for name in units} == units
    more = {"ReadCapacityUnits": 9, "WriteCapacityUnits": 9}
    home.update_table(TableName=table_name, ProvisionedThroughput=more)
    wait_until(lambda: shown(away)["ProvisionedThroughput"]["WriteCapacityUnits"] == 9)
    away.update_table(TableName=table_name, BillingMode="PAY_PER_REQUEST")
    wait_until(lambda: shown(home)["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST")
    home.update_table(TableName=table_name, TableClass="STANDARD_INFREQUENT_ACCESS")
    wait_until(lambda: "TableClassSummary" in shown(away))
    home.update_table(TableName=table_name, SSESpecification={"Enabled": True})
    wait_until(lambda: "SSEDescription" in shown(away))
    # Each region has a key of its own.
    assert f":{AWAY}:" in shown(away)["SSEDescription"]["KMSMasterKeyArn"]
    assert replicas(home, table_name) == {AWAY: "ACTIVE"}
    home.put_item(TableName=table_name, Item={"pk": {"S": "x"}})
    wait_until(lambda: item(away, table_name, "x") is not None)


def test_a_replica_has_the_indexes_of_its_table(clients, table_name):
    home, away = clients[HOME], clients[AWAY]
    home.create_table(
        TableName=table_name,
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "g")
        ],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        LocalSecondaryIndexes=[
            {
                "IndexName": "local",
                "KeySchema": [
                    {"AttributeName": "pk", "KeyType": "HASH"},
                    {"AttributeName": "g", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "global",
                "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["note"]},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    home.get_waiter("table_exists").wait(TableName=table_name)
    written = {"pk": {"S": "a"}, "sk": {"S": "b"}, "g": {"S": "c"}, "note": {"S": "n"}}
    home.put_item(TableName=table_name, Item=written)
    home.update_table(TableName=table_name, ReplicaUpdates=replica("Create", AWAY))
    both_active(clients, table_name)
    late = {**written, "sk": {"S": "late"}}
    home.put_item(TableName=table_name, Item=late)
    wait_until(
        lambda: away.query(
            TableName=table_name,
            IndexName="global",
            KeyConditionExpression="g = :g",
            ExpressionAttributeValues={":g": {"S": "c"}},
        )["Items"]
        == [written, late]
    )
    for name in ("AttributeDefinitions", "KeySchema"):
        assert describe(home, table_name)[name] == describe(away, table_name)[name]
    for kind in ("LocalSecondaryIndexes", "GlobalSecondaryIndexes"):
        (ours,), (theirs,) = (describe(client, table_name)[kind] for client in (home, away))
        for name in ("IndexName", "KeySchema", "Projection", "ItemCount"):
            assert ours[name] == theirs[name], name


def test_an_index_is_made_and_deleted_in_every_region(clients, table_name):
    home, away = clients[HOME], clients[AWAY]
    create(home, table_name)
    for number in range(30):
        home.put_item(TableName=table_name, Item={"pk": {"S": str(number)}, "g": {"S": "x"}})
    home.update_table(TableName=table_name, ReplicaUpdates=replica("Create", AWAY))
    both_active(clients, table_name)
    away.update_table(
        TableName=table_name,
        AttributeDefinitions=[{"AttributeName": "g", "AttributeType": "S"}],
        GlobalSecondaryIndexUpdates=[
            {
                "Create": {
                    "IndexName": "late",
                    "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "ALL"},
                }
            }
        ],
    )
    away.put_item(TableName=table_name, Item={"pk": {"S": "during"}, "g": {"S": "x"}})

    def found(client):
        indexes = describe(client, table_name).get("GlobalSecondaryIndexes", [])
        if [index["IndexStatus"] for index in indexes] != ["ACTIVE"]:
            return None
        return client.query(
            TableName=table_name,
            IndexName="late",
            KeyConditionExpression="g = :g",
            ExpressionAttributeValues={":g": {"S": "x"}},
            Select="COUNT",
        )["Count"]

    for client in (home, away):
        wait_until(lambda: found(client) == 31)
    home.update_table(
        TableName=table_name,
        GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "late"}}],
    )
    for client in (home, away):
        wait_until(lambda: "GlobalSecondaryIndexes" not in describe(client, table_name))
        wait_until(lambda: len(describe(client, table_name)["AttributeDefinitions"]) == 1)


def test_the_cli_and_the_javascript_sdk_make_replicas_too(cluster, clients, table_name):
    home_node = cluster.nodes[HOME]
    create(clients[HOME], table_name)
    environment = clean_environment(
        AWS_SHARED_CREDENTIALS_FILE=home_node.credentials_file, AWS_DEFAULT_REGION=HOME
    )
    command = [aws_path(), "--endpoint-url", home_node.endpoint, "dynamodb", "update-table"]
    command += ["--table-name", table_name]
    command += ["--replica-updates", json.dumps(replica("Create", AWAY))]
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=120)
    wait_until(lambda: replicas(clients[HOME], table_name) == {AWAY: "ACTIVE"})

    key_id, secret = home_node.credentials()
    script = """
      import { DynamoDBClient, UpdateTableCommand } from "@aws-sdk/client-dynamodb";
      const [endpoint, TableName, RegionName] = process.argv.slice(1);
      const client = new DynamoDBClient({ endpoint });
      await client.send(new UpdateTableCommand({ TableName,
        ReplicaUpdates: [{ Create: { RegionName } }] }));
    """
    subprocess.run(
        ["node", "--input-type=module", "-e", script, home_node.endpoint, table_name, THIRD],
        cwd=pathlib.Path(__file__).resolve().parent / "js",
        env=clean_environment(
            AWS_ACCESS_KEY_ID=key_id, AWS_SECRET_ACCESS_KEY=secret, AWS_REGION=HOME
        ),
        check=True,
        capture_output=True,
        timeout=120,
    )
    wait_until(lambda: replicas(clients[HOME], table_name) == {AWAY: "ACTIVE", THIRD: "ACTIVE"})
    wait_until(lambda: replicas(clients[THIRD], table_name) == {HOME: "ACTIVE", AWAY: "ACTIVE"})
    wait_until(lambda: replicas(clients[AWAY], table_name) == {HOME: "ACTIVE", THIRD: "ACTIVE"})
    clients[THIRD].put_item(TableName=table_name, Item={"pk": {"S": "from the third"}})
    for region in (HOME, AWAY):
        wait_until(lambda: item(clients[region], table_name, "from the third") is not None)
