"""The AWS CLI, unmodified, with the credentials file that the node has written."""

import json
import subprocess

import pytest

from meridian_node import aws_path, clean_environment


class Cli:
    def __init__(self, node):
        self.node = node
        self.path = aws_path()
        self.environment = clean_environment(
            AWS_SHARED_CREDENTIALS_FILE=node.credentials_file, AWS_DEFAULT_REGION=node.region
        )

    def run(self, *arguments):
        return subprocess.run(
            [self.path, "--endpoint-url", self.node.endpoint, "--output", "json", "dynamodb"]
            + [each if isinstance(each, str) else json.dumps(each) for each in arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def __call__(self, *arguments):
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else {}

    def fails(self, words, *arguments):
        done = self.run(*arguments)
        assert done.returncode != 0
        assert words in done.stderr, done.stderr


@pytest.fixture(scope="module")
def aws(node):
    return Cli(node)


KEY = {"pk": {"S": "a"}}


def test_every_operation(aws, node, table_name):
    name = ("--table-name", table_name)
    made = aws(
        "create-table",
        *name,
        "--attribute-definitions",
        "AttributeName=pk,AttributeType=S",
        "--key-schema",
        "AttributeName=pk,KeyType=HASH",
        "--billing-mode",
        "PAY_PER_REQUEST",
    )["TableDescription"]
    assert made["TableStatus"] == "CREATING"
    aws("wait", "table-exists", *name)
    assert aws("describe-table", *name)["Table"]["TableStatus"] == "ACTIVE"
    assert table_name in aws("list-tables")["TableNames"]

    aws("put-item", *name, "--item", {**KEY, "n": {"N": "1"}})
    assert aws("get-item", *name, "--key", KEY)["Item"] == {**KEY, "n": {"N": "1"}}
    updated = aws(
        "update-item",
        *name,
        "--key",
        KEY,
        "--update-expression",
        "SET n = n + :d",
        "--expression-attribute-values",
        {":d": {"N": "2.5"}},
        "--return-values",
        "ALL_NEW",
    )
    assert updated["Attributes"]["n"] == {"N": "3.5"}
    aws.fails(
        "ConditionalCheckFailedException",
        "put-item",
        *name,
        "--item",
        KEY,
        "--condition-expression",
        "attribute_not_exists(pk)",
    )

    puts = [{"PutRequest": {"Item": {"pk": {"S": f"b{i}"}}}} for i in range(5)]
    assert aws("batch-write-item", "--request-items", {table_name: puts})["UnprocessedItems"] == {}
    read = aws(
        "batch-get-item", "--request-items", {table_name: {"Keys": [KEY, {"pk": {"S": "b1"}}]}}
    )
    assert len(read["Responses"][table_name]) == 2
    found = aws(
        "query",
        *name,
        "--key-condition-expression",
        "pk = :p",
        "--expression-attribute-values",
        {":p": {"S": "b2"}},
    )
    assert found["Items"] == [{"pk": {"S": "b2"}}]
    assert aws("scan", *name, "--page-size", "2")["Count"] == 6
    aws("delete-item", *name, "--key", KEY)
    assert aws("get-item", *name, "--key", KEY) == {}

    units = "ReadCapacityUnits=2,WriteCapacityUnits=3"
    aws("update-table", *name, "--billing-mode", "PROVISIONED", "--provisioned-throughput", units)
    shown = aws("describe-table", *name)["Table"]["ProvisionedThroughput"]
    assert shown["WriteCapacityUnits"] == 3
    aws.fails(
        "is not supported. The latest version of global tables",
        "update-table",
        *name,
        "--replica-updates",
        [{"Create": {"RegionName": "mars-north-1"}}],
    )
    ttl = aws("describe-time-to-live", *name)["TimeToLiveDescription"]
    assert ttl["TimeToLiveStatus"] == "DISABLED"
    assert "ContinuousBackupsDescription" in aws("describe-continuous-backups", *name)
    assert aws("list-tags-of-resource", "--resource-arn", made["TableArn"])["Tags"] == []
    assert aws("describe-limits")["AccountMaxReadCapacityUnits"] == 80000
    assert aws("describe-endpoints")["Endpoints"][0]["Address"] == node.addresses["http"]

    assert aws("delete-table", *name)["TableDescription"]["TableStatus"] == "DELETING"
    aws("wait", "table-not-exists", *name)


def test_a_wrong_secret_is_refused(aws, node, tmp_path):
    key_id, _ = node.credentials()
    wrong = Cli(node)
    wrong.environment.update(
        AWS_SHARED_CREDENTIALS_FILE="/dev/null",
        AWS_ACCESS_KEY_ID=key_id,
        AWS_SECRET_ACCESS_KEY="wrong",
    )
    wrong.fails("InvalidSignatureException", "list-tables")
