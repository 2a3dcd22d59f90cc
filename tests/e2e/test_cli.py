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


def test_indexes_pages_transactions_and_statements(aws, table_name):
    name = ("--table-name", table_name)
    index = (
        "IndexName=byHolder,KeySchema=[{AttributeName=holder,KeyType=HASH},"
        "{AttributeName=n,KeyType=RANGE}],Projection={ProjectionType=INCLUDE,NonKeyAttributes=[x]}"
    )
    local = (
        "IndexName=byN,KeySchema=[{AttributeName=pk,KeyType=HASH},"
        "{AttributeName=n,KeyType=RANGE}],Projection={ProjectionType=KEYS_ONLY}"
    )
    made = aws(
        "create-table",
        *name,
        "--attribute-definitions",
        *(f"AttributeName={each},AttributeType=S" for each in ("pk", "sk", "holder")),
        "AttributeName=n,AttributeType=N",
        "--key-schema",
        "AttributeName=pk,KeyType=HASH",
        "AttributeName=sk,KeyType=RANGE",
        "--global-secondary-indexes",
        index,
        "--local-secondary-indexes",
        local,
        "--billing-mode",
        "PAY_PER_REQUEST",
    )["TableDescription"]
    assert made["GlobalSecondaryIndexes"][0]["IndexArn"].endswith(f"{table_name}/index/byHolder")
    aws("wait", "table-exists", *name)

    puts = []
    for i in range(25):
        item = {"pk": {"S": "p"}, "sk": {"S": f"s{i:02}"}, "n": {"N": str(100 - i)}}
        item["holder"] = {"S": "ann" if i % 2 else "bob"}
        puts.append({"PutRequest": {"Item": item}})
    aws("batch-write-item", "--request-items", {table_name: puts})

    def query(words, values, *more):
        condition = ("--key-condition-expression", words, "--expression-attribute-values", values)
        return aws("query", *name, *condition, *more)

    holder = {":o": {"S": "ann"}}
    found = query("holder = :o", holder, "--index-name", "byHolder")
    assert [item["n"]["N"] for item in found["Items"]] == [str(n) for n in range(77, 100, 2)]
    low = {":p": {"S": "p"}, ":n": {"N": "79"}}
    found = query("pk = :p AND n < :n", low, "--index-name", "byN", "--no-scan-index-forward")
    assert [item["sk"]["S"] for item in found["Items"]] == ["s22", "s23", "s24"]

    # The CLI's own pages: three of the service's in one of its, then on from its token.
    pages = ("--index-name", "byHolder", "--page-size", "2", "--max-items", "5")
    first = query("holder = :o", holder, *pages)
    second = query("holder = :o", holder, *pages, "--starting-token", first["NextToken"])
    third = query("holder = :o", holder, *pages, "--starting-token", second["NextToken"])
    assert "NextToken" not in third
    numbers = [item["n"]["N"] for page in (first, second, third) for item in page["Items"]]
    assert numbers == [str(n) for n in range(77, 100, 2)]

    key = {"pk": {"S": "p"}, "sk": {"S": "s00"}}
    update = {
        "TableName": table_name,
        "Key": key,
        "UpdateExpression": "SET x = :x",
        "ExpressionAttributeValues": {":x": {"S": "new"}},
    }
    put = {"TableName": table_name, "Item": {"pk": {"S": "q"}, "sk": {"S": "t"}}}
    put["ConditionExpression"] = "attribute_not_exists(pk)"
    aws("transact-write-items", "--transact-items", [{"Update": update}, {"Put": put}])
    aws.fails(
        "[None, ConditionalCheckFailed]",
        "transact-write-items",
        "--transact-items",
        [{"Update": update}, {"Put": put}],
    )
    gets = [{"Get": {"TableName": table_name, "Key": each}} for each in (key, put["Item"])]
    read = aws("transact-get-items", "--transact-items", gets)["Responses"]
    assert read[0]["Item"]["x"] == {"S": "new"}
    assert read[1]["Item"] == put["Item"]

    statement = f'SELECT sk FROM "{table_name}"."byHolder" WHERE holder = ? AND n >= ?'
    parameters = [{"S": "bob"}, {"N": "98"}]
    chosen = aws("execute-statement", "--statement", statement, "--parameters", parameters)
    assert chosen["Items"] == [{"sk": {"S": "s02"}}, {"sk": {"S": "s00"}}]
    insert = f"""INSERT INTO "{table_name}" VALUE {{'pk': 'q', 'sk': 'u'}}"""
    aws("execute-transaction", "--transact-statements", [{"Statement": insert}])
    aws.fails("DuplicateItem", "execute-statement", "--statement", insert)
    select = f"""SELECT * FROM "{table_name}" WHERE pk = 'q' AND sk = '%s'"""
    statements = [{"Statement": select % sk} for sk in ("t", "u", "v")]
    batch = aws("batch-execute-statement", "--statements", statements)["Responses"]
    assert [answer.get("Item", {}).get("sk") for answer in batch] == [{"S": "t"}, {"S": "u"}, None]

    aws("delete-table", *name)
    aws("wait", "table-not-exists", *name)
