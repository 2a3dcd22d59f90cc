"""Tables as infrastructure tools make, read, change and delete them: descriptions member by member, states,
and what each change shows before and after (dynamodb-features.md 1, 2, 3, 6, 17 to 19)."""

import datetime
import re
import time

import pytest

from meridian_node import Node, wait_until
from signing import Client, Refused

ALWAYS = {
    "TableName", "TableArn", "TableId", "TableStatus", "CreationDateTime", "KeySchema",
    "AttributeDefinitions", "TableSizeBytes", "ItemCount", "DeletionProtectionEnabled",
    "ProvisionedThroughput",
}
UNITS = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}
NO_UNITS = {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 0, "WriteCapacityUnits": 0}
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@pytest.fixture(scope="module")
def client(node):
    return Client(node)


def refused(code, call, **arguments):
    with pytest.raises(Refused) as caught:
        call(**arguments)
    assert caught.value.code == code, caught.value
    return caught.value.message


def describe_or_none(client, table):
    try:
        return describe(client, table)
    except Refused as answer:
        assert answer.code == "ResourceNotFoundException"
        return None


def keys(*names):
    kinds = ("HASH", "RANGE")
    return [{"AttributeName": name, "KeyType": kinds[i]} for i, name in enumerate(names)]


def texts(*names):
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]


def describe(client, table):
    return client.describe_table(TableName=table)["Table"]


def settle(client, table):
    """Until the table and its indexes are ACTIVE, as tools wait for them; the description."""

    def ready():
        shown = describe(client, table)
        indexes = shown.get("GlobalSecondaryIndexes", [])
        states = [shown["TableStatus"]] + [index["IndexStatus"] for index in indexes]
        return shown if set(states) == {"ACTIVE"} else None

    return wait_until(ready)


@pytest.fixture
def make(client, table_name):
    """CreateTable with pk and what else is asked for; its answer."""

    def create(**more):
        arguments = {
            "TableName": table_name,
            "AttributeDefinitions": texts("pk"),
            "KeySchema": keys("pk"),
            "BillingMode": "PAY_PER_REQUEST",
        }
        arguments.update(more)
        return client.create_table(
            **{name: value for name, value in arguments.items() if value is not None}
        )["TableDescription"]

    yield create
    if describe_or_none(client, table_name) is not None:
        settle(client, table_name)
        client.delete_table(TableName=table_name)


# --- Descriptions ---------------------------------------------------------------------------------


def test_an_on_demand_table_member_by_member(client, node, table_name, make):
    before = time.time()
    made = make()
    assert set(made) == ALWAYS | {"BillingModeSummary"}
    assert made["TableStatus"] == "CREATING"
    assert made["BillingModeSummary"] == {"BillingMode": "PAY_PER_REQUEST"}
    assert made["ProvisionedThroughput"] == NO_UNITS
    assert (made["ItemCount"], made["TableSizeBytes"]) == (0, 0)
    assert made["KeySchema"] == keys("pk") and made["AttributeDefinitions"] == texts("pk")
    assert made["DeletionProtectionEnabled"] is False
    assert UUID.fullmatch(made["TableId"])
    account = made["TableArn"].split(":")[4]
    assert re.fullmatch(r"\d{12}", account)
    assert made["TableArn"] == f"arn:aws:dynamodb:{node.region}:{account}:table/{table_name}"
    assert abs(made["CreationDateTime"] - before) < 10

    shown = settle(client, table_name)
    assert set(shown) == ALWAYS | {"BillingModeSummary", "WarmThroughput"}
    summary = shown["BillingModeSummary"]
    assert summary["LastUpdateToPayPerRequestDateTime"] == shown["CreationDateTime"]
    assert shown["WarmThroughput"] == {
        "ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 4000, "Status": "ACTIVE",
    }
    for name in ALWAYS - {"TableStatus"}:
        assert shown[name] == made[name], name


def test_a_provisioned_table_member_by_member(client, table_name, make):
    made = make(BillingMode=None, ProvisionedThroughput=UNITS)
    assert set(made) == ALWAYS
    assert made["ProvisionedThroughput"] == {**UNITS, "NumberOfDecreasesToday": 0}
    shown = settle(client, table_name)
    assert set(shown) == ALWAYS | {"WarmThroughput"}
    assert shown["WarmThroughput"] == {
        "ReadUnitsPerSecond": 5, "WriteUnitsPerSecond": 6, "Status": "ACTIVE",
    }


def test_a_table_with_everything_member_by_member(client, table_name, make):
    made = make(
        AttributeDefinitions=texts("pk", "sk", "b", "a"),
        KeySchema=keys("pk", "sk"),
        LocalSecondaryIndexes=[
            {"IndexName": "local", "KeySchema": keys("pk", "a"), "Projection": {"ProjectionType": "KEYS_ONLY"}}
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "global",
                "KeySchema": keys("b", "a"),
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["x", "y"]},
                "OnDemandThroughput": {"MaxReadRequestUnits": 7, "MaxWriteRequestUnits": 8},
            }
        ],
        OnDemandThroughput={"MaxReadRequestUnits": 9},
        WarmThroughput={"ReadUnitsPerSecond": 13000, "WriteUnitsPerSecond": 5000},
        SSESpecification={"Enabled": True, "SSEType": "KMS"},
        TableClass="STANDARD_INFREQUENT_ACCESS",
        Tags=[{"Key": "owner", "Value": "me"}],
    )
    extra = {"BillingModeSummary", "LocalSecondaryIndexes", "GlobalSecondaryIndexes",
             "OnDemandThroughput", "WarmThroughput", "SSEDescription", "TableClassSummary"}
    assert set(made) == ALWAYS | extra
    assert made["GlobalSecondaryIndexes"][0]["IndexStatus"] == "CREATING"
    assert made["WarmThroughput"]["Status"] == "UPDATING"
    shown = settle(client, table_name)
    assert set(shown) == ALWAYS | extra
    assert shown["AttributeDefinitions"] == texts("pk", "sk", "b", "a")  # As sent.
    assert shown["LocalSecondaryIndexes"] == [
        {
            "IndexName": "local",
            "KeySchema": keys("pk", "a"),
            "Projection": {"ProjectionType": "KEYS_ONLY"},
            "IndexSizeBytes": 0,
            "ItemCount": 0,
            "IndexArn": made["TableArn"] + "/index/local",
        }
    ]
    (index,) = shown["GlobalSecondaryIndexes"]
    assert index == {
        "IndexName": "global",
        "KeySchema": keys("b", "a"),
        "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["x", "y"]},
        "IndexStatus": "ACTIVE",
        "ProvisionedThroughput": NO_UNITS,
        "OnDemandThroughput": {"MaxReadRequestUnits": 7, "MaxWriteRequestUnits": 8},
        "WarmThroughput": {
            "ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 4000, "Status": "ACTIVE",
        },
        "IndexSizeBytes": 0,
        "ItemCount": 0,
        "IndexArn": made["TableArn"] + "/index/global",
    }
    assert shown["OnDemandThroughput"] == {"MaxReadRequestUnits": 9, "MaxWriteRequestUnits": -1}
    assert shown["WarmThroughput"] == {
        "ReadUnitsPerSecond": 13000, "WriteUnitsPerSecond": 5000, "Status": "ACTIVE",
    }
    assert shown["SSEDescription"]["Status"] == "ENABLED"
    assert shown["SSEDescription"]["SSEType"] == "KMS"
    assert shown["SSEDescription"]["KMSMasterKeyArn"].startswith("arn:aws:kms:")
    assert shown["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"
    tags = client.list_tags_of_resource(ResourceArn=made["TableArn"])["Tags"]
    assert tags == [{"Key": "owner", "Value": "me"}]


def test_items_and_bytes_are_counted(client, table_name, make):
    make()
    settle(client, table_name)
    for number in range(3):
        client.put_item(TableName=table_name, Item={"pk": {"S": f"k{number}"}, "v": {"S": "x" * 10}})
    shown = describe(client, table_name)
    assert (shown["ItemCount"], shown["TableSizeBytes"]) == (3, 3 * (2 + 2 + 1 + 10))
    client.delete_item(TableName=table_name, Key={"pk": {"S": "k1"}})
    shown = describe(client, table_name)
    assert (shown["ItemCount"], shown["TableSizeBytes"]) == (2, 2 * 15)


def test_what_tools_ask_about_every_table(client, table_name, make):
    """The calls of section 21."""
    arn = make()["TableArn"]
    settle(client, table_name)
    name = {"TableName": table_name}
    answer = client.describe_time_to_live(**name)
    assert answer["TimeToLiveDescription"] == {"TimeToLiveStatus": "DISABLED"}
    answer = client.describe_continuous_backups(**name)["ContinuousBackupsDescription"]
    assert answer["ContinuousBackupsStatus"] == "ENABLED"
    assert answer["PointInTimeRecoveryDescription"] == {"PointInTimeRecoveryStatus": "DISABLED"}
    assert client.list_tags_of_resource(ResourceArn=arn)["Tags"] == []
    refused("PolicyNotFoundException", client.get_resource_policy, ResourceArn=arn)
    answer = client.describe_kinesis_streaming_destination(**name)
    assert answer["KinesisDataStreamDestinations"] == [] and answer["TableName"] == table_name
    answer = client.describe_contributor_insights(**name)
    assert answer["ContributorInsightsStatus"] == "DISABLED"
    answer = client.describe_table_replica_auto_scaling(**name)["TableAutoScalingDescription"]
    assert (answer["TableName"], answer["TableStatus"]) == (table_name, "ACTIVE")
    for region in answer["Replicas"]:
        for kind in ("Read", "Write"):
            settings = region[f"ReplicaProvisioned{kind}CapacityAutoScalingSettings"]
            assert settings == {"AutoScalingDisabled": True, "ScalingPolicies": []}


# --- Life cycle -----------------------------------------------------------------------------------


def test_a_name_is_used_again_by_a_table_of_its_own(client, table_name, make):
    first = make(Tags=[{"Key": "a", "Value": "1"}])
    settle(client, table_name)
    client.put_item(TableName=table_name, Item={"pk": {"S": "x"}})
    refused("ResourceInUseException", make)
    gone = client.delete_table(TableName=table_name)["TableDescription"]
    assert gone["TableStatus"] == "DELETING" and gone["TableId"] == first["TableId"]
    assert set(gone) == {
        "TableName", "TableArn", "TableId", "TableStatus", "ItemCount", "TableSizeBytes",
        "ProvisionedThroughput", "DeletionProtectionEnabled", "BillingModeSummary",
    }
    wait_until(lambda: describe_or_none(client, table_name) is None)
    missing = f"Requested resource not found: Table: {table_name} not found"
    for call in (client.describe_table, client.delete_table, client.describe_time_to_live):
        assert refused("ResourceNotFoundException", call, TableName=table_name) == missing
    data = refused(
        "ResourceNotFoundException", client.get_item, TableName=table_name, Key={"pk": {"S": "x"}}
    )
    assert data == "Requested resource not found"
    assert table_name not in client.list_tables()["TableNames"]

    second = make()
    settle(client, table_name)
    assert second["TableArn"] == first["TableArn"] and second["TableId"] != first["TableId"]
    assert client.scan(TableName=table_name)["Items"] == []
    assert client.list_tags_of_resource(ResourceArn=second["TableArn"])["Tags"] == []
    assert client.delete_table(TableName=second["TableArn"])["TableDescription"]["TableName"] == table_name


def test_protection_is_switched_at_once_and_keeps_the_table(client, table_name, make):
    assert make(DeletionProtectionEnabled=True)["DeletionProtectionEnabled"] is True
    settle(client, table_name)
    assert refused("ValidationException", client.delete_table, TableName=table_name) == (
        "Resource cannot be deleted as it is currently protected against deletion. Disable deletion "
        "protection first."
    )
    client.update_table(TableName=table_name, DeletionProtectionEnabled=False)
    assert describe(client, table_name)["DeletionProtectionEnabled"] is False
    client.delete_table(TableName=table_name)


def test_list_tables_pages_end_exactly():
    names = ["Zoo", "_underscore", "a-table", "a.table", "a_table", "zoo"]
    with Node() as node:
        client = Client(node)
        for name in reversed(names):
            client.create_table(
                TableName=name, AttributeDefinitions=texts("pk"), KeySchema=keys("pk"),
                BillingMode="PAY_PER_REQUEST",
            )
        assert client.list_tables()["TableNames"] == sorted(names)  # Bytewise.
        for limit in range(1, len(names) + 2):
            found, start, pages = [], {}, 0
            while start is not None:
                answer = client.list_tables(Limit=limit, **start)
                found += answer["TableNames"]
                pages += 1
                last = answer.get("LastEvaluatedTableName")
                assert last is None or (last == found[-1] and len(answer["TableNames"]) == limit)
                start = None if last is None else {"ExclusiveStartTableName": last}
            assert found == sorted(names)
            assert pages == -(-len(names) // limit), limit  # No empty page at the end.


def test_tables_and_tags_outlive_the_process(table_name):
    arguments = {"AttributeDefinitions": texts("pk"), "KeySchema": keys("pk"),
                 "BillingMode": "PAY_PER_REQUEST"}
    with Node() as node:
        client = Client(node)
        tags = [{"Key": f"k{i:02}", "Value": "v" * i} for i in range(50)]
        arn = client.create_table(TableName=table_name, Tags=tags, **arguments)["TableDescription"]["TableArn"]
        client.update_table(TableName=table_name, TableClass="STANDARD_INFREQUENT_ACCESS")
        before = settle(client, table_name)
        assert client.list_tags_of_resource(ResourceArn=arn)["Tags"] == tags
        node.stop()
        node.start()
        client = Client(node)
        assert describe(client, table_name) == before
        assert client.list_tags_of_resource(ResourceArn=arn) == {"Tags": tags}


# --- Changes --------------------------------------------------------------------------------------


def test_throughput_shows_the_old_values_first(client, table_name, make):
    make(BillingMode=None, ProvisionedThroughput=UNITS)
    settle(client, table_name)
    more = {"ReadCapacityUnits": 10, "WriteCapacityUnits": 12}
    answer = client.update_table(TableName=table_name, ProvisionedThroughput=more)["TableDescription"]
    assert answer["TableStatus"] == "UPDATING"
    began = answer["ProvisionedThroughput"].pop("LastIncreaseDateTime")
    assert answer["ProvisionedThroughput"] == {**UNITS, "NumberOfDecreasesToday": 0}
    shown = settle(client, table_name)["ProvisionedThroughput"]
    increased = shown.pop("LastIncreaseDateTime")
    assert increased > began  # The answer tells when it began, the description when it was done.
    assert shown == {**more, "NumberOfDecreasesToday": 0}
    answer = client.update_table(TableName=table_name, ProvisionedThroughput=UNITS)["TableDescription"]
    began = answer["ProvisionedThroughput"].pop("LastDecreaseDateTime")
    assert answer["ProvisionedThroughput"] == {
        **more, "NumberOfDecreasesToday": 0, "LastIncreaseDateTime": increased,
    }
    shown = settle(client, table_name)
    units = shown["ProvisionedThroughput"]
    assert units["LastIncreaseDateTime"] == increased
    assert units["LastDecreaseDateTime"] > began >= increased
    assert (units["NumberOfDecreasesToday"], units["ReadCapacityUnits"]) == (1, 5)
    # What it once had it can still take at once.
    assert shown["WarmThroughput"]["ReadUnitsPerSecond"] == 10
    assert shown["WarmThroughput"]["WriteUnitsPerSecond"] == 12


def test_decreases_are_rationed(client, table_name, make):
    day = datetime.datetime.now(datetime.timezone.utc).date()
    make(BillingMode=None, ProvisionedThroughput={"ReadCapacityUnits": 20, "WriteCapacityUnits": 20})
    settle(client, table_name)
    for read in (19, 18, 17, 16):
        client.update_table(
            TableName=table_name,
            ProvisionedThroughput={"ReadCapacityUnits": read, "WriteCapacityUnits": 20},
        )
        settle(client, table_name)
    if datetime.datetime.now(datetime.timezone.utc).date() != day:
        pytest.skip("midnight has passed, and with it the day's decreases")
    less = {"ReadCapacityUnits": 16, "WriteCapacityUnits": 19}
    text = refused(
        "LimitExceededException", client.update_table, TableName=table_name, ProvisionedThroughput=less
    )
    assert text.startswith(
        "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC "
        "day. After the first 4 decreases, each subsequent decrease in the same UTC day can be "
        "performed at most once every 3600 seconds. Number of decreases today: 4. Last decrease at "
    )
    assert "Next decrease can be made at " in text
    shown = describe(client, table_name)["ProvisionedThroughput"]
    assert shown["NumberOfDecreasesToday"] == 4 and shown["WriteCapacityUnits"] == 20
    more = {"ReadCapacityUnits": 17, "WriteCapacityUnits": 21}  # Rations nothing.
    client.update_table(TableName=table_name, ProvisionedThroughput=more)
    assert settle(client, table_name)["ProvisionedThroughput"]["ReadCapacityUnits"] == 17


def test_billing_goes_to_demand_and_back(client, table_name, make):
    make(
        BillingMode=None,
        ProvisionedThroughput=UNITS,
        AttributeDefinitions=texts("pk", "g"),
        GlobalSecondaryIndexes=[
            {"IndexName": "global", "KeySchema": keys("g"), "Projection": {"ProjectionType": "ALL"},
             "ProvisionedThroughput": UNITS}
        ],
    )
    settle(client, table_name)
    answer = client.update_table(TableName=table_name, BillingMode="PAY_PER_REQUEST")["TableDescription"]
    assert answer["TableStatus"] == "UPDATING"
    assert answer["BillingModeSummary"] == {"BillingMode": "PAY_PER_REQUEST"}  # A new mode shows at once.
    began = answer["ProvisionedThroughput"].pop("LastDecreaseDateTime")
    assert answer["ProvisionedThroughput"] == NO_UNITS
    (index,) = answer["GlobalSecondaryIndexes"]
    assert index["IndexStatus"] == "UPDATING" and index["ProvisionedThroughput"] == NO_UNITS
    for again in (False, True):
        if again:  # That is fine, and changes nothing.
            client.update_table(TableName=table_name, BillingMode="PAY_PER_REQUEST")
        shown = settle(client, table_name)
        assert shown["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
        assert shown["BillingModeSummary"]["LastUpdateToPayPerRequestDateTime"] > began
        assert shown["ProvisionedThroughput"] == NO_UNITS
        (index,) = shown["GlobalSecondaryIndexes"]
        units = index["ProvisionedThroughput"]
        assert (units["WriteCapacityUnits"], units["NumberOfDecreasesToday"]) == (0, 1)
        assert units["LastDecreaseDateTime"] > began
    refused(
        "ValidationException", client.update_table, TableName=table_name, BillingMode="PROVISIONED",
        ProvisionedThroughput=UNITS,
    )
    assert describe(client, table_name)["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    answer = client.update_table(
        TableName=table_name,
        BillingMode="PROVISIONED",
        ProvisionedThroughput=UNITS,
        GlobalSecondaryIndexUpdates=[{"Update": {"IndexName": "global", "ProvisionedThroughput": UNITS}}],
    )["TableDescription"]
    assert answer["BillingModeSummary"]["BillingMode"] == "PROVISIONED"
    assert "LastUpdateToPayPerRequestDateTime" in answer["BillingModeSummary"]
    assert answer["ProvisionedThroughput"]["WriteCapacityUnits"] == 6
    assert "LastIncreaseDateTime" in answer["ProvisionedThroughput"]
    shown = settle(client, table_name)
    assert shown["BillingModeSummary"]["BillingMode"] == "PROVISIONED"
    assert shown["ProvisionedThroughput"]["WriteCapacityUnits"] == 6
    assert shown["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"]["ReadCapacityUnits"] == 5


def test_on_demand_maxima_are_merged_and_cleared(client, table_name, make):
    make()
    settle(client, table_name)

    def maxima(**asked):
        client.update_table(TableName=table_name, OnDemandThroughput=asked)
        return settle(client, table_name).get("OnDemandThroughput")

    assert maxima(MaxReadRequestUnits=10) == {"MaxReadRequestUnits": 10, "MaxWriteRequestUnits": -1}
    assert maxima(MaxWriteRequestUnits=20) == {"MaxReadRequestUnits": 10, "MaxWriteRequestUnits": 20}
    assert maxima(MaxReadRequestUnits=-1) == {"MaxReadRequestUnits": -1, "MaxWriteRequestUnits": 20}


def test_warm_throughput_only_rises(client, table_name, make):
    make()
    settle(client, table_name)
    asked = {"ReadUnitsPerSecond": 15000, "WriteUnitsPerSecond": 5000}
    answer = client.update_table(TableName=table_name, WarmThroughput=asked)["TableDescription"]
    assert answer["TableStatus"] == "ACTIVE" and answer["WarmThroughput"]["Status"] == "UPDATING"
    assert settle(client, table_name)["WarmThroughput"] == {**asked, "Status": "ACTIVE"}
    asked["ReadUnitsPerSecond"] = 14999
    refused("ValidationException", client.update_table, TableName=table_name, WarmThroughput=asked)


def test_class_and_encryption_change(client, table_name, make):
    make()
    settle(client, table_name)
    client.update_table(TableName=table_name, TableClass="STANDARD_INFREQUENT_ACCESS")
    summary = settle(client, table_name)["TableClassSummary"]
    assert summary["TableClass"] == "STANDARD_INFREQUENT_ACCESS" and "LastUpdateDateTime" in summary
    client.update_table(TableName=table_name, TableClass="STANDARD")
    assert settle(client, table_name)["TableClassSummary"]["TableClass"] == "STANDARD"
    answer = client.update_table(TableName=table_name, SSESpecification={"Enabled": True})
    assert answer["TableDescription"]["TableStatus"] == "UPDATING"
    assert settle(client, table_name)["SSEDescription"]["SSEType"] == "KMS"
    client.update_table(TableName=table_name, SSESpecification={"Enabled": False})
    assert "SSEDescription" not in settle(client, table_name)


def test_an_index_comes_and_goes(client, table_name, make):
    make()
    settle(client, table_name)
    for number in range(20):
        client.put_item(TableName=table_name, Item={"pk": {"S": str(number)}, "g": {"S": "x"}})
    index = {"IndexName": "late", "KeySchema": keys("g"), "Projection": {"ProjectionType": "ALL"}}
    answer = client.update_table(
        TableName=table_name,
        AttributeDefinitions=texts("g"),  # Those that are there may be left out.
        GlobalSecondaryIndexUpdates=[{"Create": index}],
    )["TableDescription"]
    assert answer["TableStatus"] == "UPDATING"
    (shown,) = answer["GlobalSecondaryIndexes"]
    assert shown["IndexStatus"] == "CREATING" and shown["Backfilling"] is False
    shown = settle(client, table_name)
    assert shown["AttributeDefinitions"] == texts("pk", "g")
    (late,) = shown["GlobalSecondaryIndexes"]
    assert "Backfilling" not in late and late["ItemCount"] == 20
    found = client.query(
        TableName=table_name, IndexName="late", KeyConditionExpression="g = :g",
        ExpressionAttributeValues={":g": {"S": "x"}}, Select="COUNT",
    )
    assert found["Count"] == 20
    answer = client.update_table(
        TableName=table_name, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "late"}}]
    )["TableDescription"]
    assert answer["GlobalSecondaryIndexes"][0]["IndexStatus"] == "DELETING"
    wait_until(lambda: "GlobalSecondaryIndexes" not in describe(client, table_name))
    shown = settle(client, table_name)
    assert shown["AttributeDefinitions"] == texts("pk")  # Used by nothing else.
    refused(
        "ValidationException", client.query, TableName=table_name, IndexName="late",
        KeyConditionExpression="g = :g", ExpressionAttributeValues={":g": {"S": "x"}},
    )


# --- What hangs on a table ------------------------------------------------------------------------


def test_a_kinesis_destination_fails_as_one_without_access_does(client, table_name, make):
    make()
    settle(client, table_name)
    stream = "arn:aws:kinesis:us-east-1:123456789012:stream/elsewhere"
    arguments = {"TableName": table_name, "StreamArn": stream}
    answer = client.enable_kinesis_streaming_destination(**arguments)
    assert answer["DestinationStatus"] == "ENABLING" and answer["StreamArn"] == stream

    def state():
        shown = client.describe_kinesis_streaming_destination(TableName=table_name)
        (only,) = shown["KinesisDataStreamDestinations"]
        return only

    wait_until(lambda: state()["DestinationStatus"] == "ENABLE_FAILED")
    assert state()["DestinationStatusDescription"]
    text = refused(
        "ValidationException", client.disable_kinesis_streaming_destination, **arguments
    )
    assert text.endswith("KinesisStreamingDestination must be ACTIVE to perform DISABLE operation.")
    client.enable_kinesis_streaming_destination(**arguments)  # After a failure it may be tried again.


def test_insights_are_remembered(client, table_name, make):
    make()
    settle(client, table_name)
    name = {"TableName": table_name}
    answer = client.update_contributor_insights(**name, ContributorInsightsAction="ENABLE")
    assert answer["ContributorInsightsStatus"] == "ENABLING"
    wait_until(
        lambda: client.describe_contributor_insights(**name)["ContributorInsightsStatus"] == "ENABLED"
    )
    assert "LastUpdateDateTime" in client.describe_contributor_insights(**name)
    listed = client.list_contributor_insights(**name)["ContributorInsightsSummaries"]
    assert [each["ContributorInsightsStatus"] for each in listed] == ["ENABLED"]
    answer = client.update_contributor_insights(**name, ContributorInsightsAction="DISABLE")
    assert answer["ContributorInsightsStatus"] == "DISABLING"
    wait_until(
        lambda: client.describe_contributor_insights(**name)["ContributorInsightsStatus"] == "DISABLED"
    )
    assert client.list_contributor_insights(**name)["ContributorInsightsSummaries"] == []


def test_auto_scaling_is_kept_and_echoed(client, table_name, make):
    make(BillingMode=None, ProvisionedThroughput=UNITS)
    settle(client, table_name)
    off = {"AutoScalingDisabled": True, "ScalingPolicies": []}
    update = {
        "MinimumUnits": 1,
        "MaximumUnits": 10,
        "ScalingPolicyUpdate": {"TargetTrackingScalingPolicyConfiguration": {"TargetValue": 70.0}},
    }

    def write(answer):
        (region,) = answer["TableAutoScalingDescription"]["Replicas"]
        return region["ReplicaProvisionedWriteCapacityAutoScalingSettings"]

    name = {"TableName": table_name}
    answer = client.update_table_replica_auto_scaling(**name, ProvisionedWriteCapacityAutoScalingUpdate=update)
    assert write(answer) == off  # The old values.
    shown = write(client.describe_table_replica_auto_scaling(**name))
    assert (shown["MinimumUnits"], shown["MaximumUnits"]) == (1, 10)
    (policy,) = shown["ScalingPolicies"]
    assert policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 70.0
    client.update_table_replica_auto_scaling(
        **name, ProvisionedWriteCapacityAutoScalingUpdate={"AutoScalingDisabled": True}
    )
    assert write(client.describe_table_replica_auto_scaling(**name)) == off
