"""Time to live through boto3 and the AWS CLI: switched on, items expire with their index entries, others
stay, switched off again; and in two regions."""

import json
import subprocess
import time

import botocore.exceptions
import pytest

from meridian_node import Cluster, Node, aws_path, clean_environment, wait_until

AT_ONCE = ["--ttl-change-seconds", "0"]
FIVE_YEARS = 5 * 366 * 24 * 3600
INDEX = {
    "IndexName": "by-owner",
    "KeySchema": [{"AttributeName": "owner", "KeyType": "HASH"}],
    "Projection": {"ProjectionType": "ALL"},
}
OTHER = "TimeToLive is active on a different AttributeName: current AttributeName is expires"
TOO_SOON = "Time to live has been modified multiple times within a fixed interval"


@pytest.fixture(scope="module")
def quick():
    with Node(flags=AT_ONCE) as running:
        yield running


def create(client, name):
    client.create_table(
        TableName=name,
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "owner", "AttributeType": "S"},
        ],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[INDEX],
        BillingMode="PAY_PER_REQUEST",
    )
    client.get_waiter("table_exists").wait(
        TableName=name, WaiterConfig={"Delay": 0.02, "MaxAttempts": 500}
    )


def turn(client, name, on, attribute="expires"):
    specification = {"Enabled": on, "AttributeName": attribute}
    answer = client.update_time_to_live(TableName=name, TimeToLiveSpecification=specification)
    assert answer["TimeToLiveSpecification"] == specification


def described(client, name):
    return client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]


ON = {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}
OFF = {"TimeToLiveStatus": "DISABLED"}


def wait_described(client, name, expected):
    wait_until(lambda: described(client, name) == expected)


def refused(text, call, *arguments):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(*arguments)
    error = caught.value.response["Error"]
    assert (error["Code"], error["Message"]) == ("ValidationException", text)


def keys(client, name, **more):
    return {item["pk"]["S"] for item in client.scan(TableName=name, **more)["Items"]}


def put(client, name, key, expires):
    item = {"pk": {"S": key}, "owner": {"S": "ann"}}
    if expires is not None:
        item["expires"] = expires
    client.put_item(TableName=name, Item=item)


def number(value):
    return {"N": str(value)}


def test_expired_items_go_and_the_others_stay(quick, table_name):
    client = quick.client()
    create(client, table_name)
    now = int(time.time())
    put(client, table_name, "before", number(now - 100))  # Older than the setting.
    turn(client, table_name, True)
    stays = {
        "later": number(now + 3600),
        "long past": number(now - FIVE_YEARS - 3600),
        "text": {"S": str(now - 100)},
        "nested": {"M": {"expires": number(now - 100)}},
        "none": None,
        "negative": number(-5),
    }
    for key, expires in stays.items():
        put(client, table_name, key, expires)
    put(client, table_name, "after", number(now - 100))
    put(client, table_name, "fraction", number(f"{now - 100}.75"))
    put(client, table_name, "soon", number(int(time.time()) + 2))
    wait_described(client, table_name, ON)
    wait_until(lambda: keys(client, table_name) == set(stays))
    assert time.time() >= now + 2
    assert keys(client, table_name, IndexName="by-owner") == set(stays)
    # An update that moves the time saves an item, another one ends it.
    for key, expires in (("later", now - 100), ("none", int(time.time()) + 3600)):
        client.update_item(
            TableName=table_name,
            Key={"pk": {"S": key}},
            UpdateExpression="SET expires = :e",
            ExpressionAttributeValues={":e": number(expires)},
        )
    wait_until(lambda: "later" not in keys(client, table_name))
    assert keys(client, table_name) == set(stays) - {"later"}
    turn(client, table_name, False)
    put(client, table_name, "off", number(now - 100))
    wait_described(client, table_name, OFF)
    assert "off" in keys(client, table_name)
    for event in ("ttl.enabling", "ttl.enabled", "ttl.disabling", "ttl.disabled"):
        assert f"info {event} table={table_name} attribute=expires" in quick.messages()
    client.delete_table(TableName=table_name)


def test_what_is_refused(client, table, quick):
    refused("TimeToLive is already disabled", turn, client, table, False)
    turn(client, table, True)
    refused("TimeToLive is already enabled", turn, client, table, True)
    refused(OTHER, turn, client, table, True, "other")
    refused(OTHER, turn, client, table, False, "other")
    refused(TOO_SOON, turn, client, table, False)
    wait_described(client, table, ON)


def test_the_setting_survives_a_restart(table_name):
    with Node(flags=AT_ONCE) as node:
        create(node.client(), table_name)
        turn(node.client(), table_name, True)
        node.stop()
        node.start()
        client = node.client()
        wait_described(client, table_name, ON)
        put(client, table_name, "past", number(int(time.time()) - 100))
        wait_until(lambda: not keys(client, table_name))
        turn(client, table_name, False)
        node.stop()
        node.start()
        wait_described(node.client(), table_name, OFF)


def test_aws_cli(quick, table_name):
    client = quick.client()
    create(client, table_name)

    def aws(*arguments):
        command = [aws_path(), "dynamodb", *arguments, "--table-name", table_name]
        environment = clean_environment(
            AWS_SHARED_CREDENTIALS_FILE=quick.credentials_file, AWS_DEFAULT_REGION=quick.region
        )
        done = subprocess.run(
            [*command, "--endpoint-url", quick.endpoint, "--output", "json"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    specification = "Enabled=true,AttributeName=expires"
    answer = aws("update-time-to-live", "--time-to-live-specification", specification)
    assert answer["TimeToLiveSpecification"] == {"Enabled": True, "AttributeName": "expires"}
    wait_described(client, table_name, ON)
    assert aws("describe-time-to-live")["TimeToLiveDescription"] == ON
    client.delete_table(TableName=table_name)


def test_every_region_has_the_setting_and_its_items_expire():
    regions = ["us-east-1", "eu-west-1"]
    with Cluster(regions, flags=AT_ONCE) as cluster:
        home, away = (cluster.nodes[region].client() for region in regions)
        create(home, "Sessions")
        home.update_table(
            TableName="Sessions", ReplicaUpdates=[{"Create": {"RegionName": "eu-west-1"}}]
        )

        def joined():
            shown = home.describe_table(TableName="Sessions")["Table"]
            return [each["ReplicaStatus"] for each in shown.get("Replicas", [])] == ["ACTIVE"]

        wait_until(joined)
        turn(home, "Sessions", True)
        for client in (home, away):
            wait_described(client, "Sessions", ON)
        now = int(time.time())
        put(away, "Sessions", "past", number(now - 100))
        put(away, "Sessions", "future", number(now + 3600))
        for client in (home, away):
            wait_until(lambda: keys(client, "Sessions") == {"future"})
        refused("TimeToLive is already enabled", turn, away, "Sessions", True)
        turn(away, "Sessions", False)
        for client in (home, away):
            wait_described(client, "Sessions", OFF)
