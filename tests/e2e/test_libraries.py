"""Client libraries as npm has them, unmodified, against a node: one scenario each (js/*.mjs), and
dynamodb-admin as a process of its own whose pages are asked for over HTTP."""

import http.client
import json
import pathlib
import re
import subprocess
import urllib.parse

import pytest

from meridian_node import clean_environment

FOLDER = pathlib.Path(__file__).resolve().parent
WAIT_SECONDS = 60


@pytest.fixture(scope="module")
def installed():
    done = subprocess.run([str(FOLDER / "install")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def environment(node, **more):
    key_id, secret = node.credentials()
    return clean_environment(
        AWS_ACCESS_KEY_ID=key_id, AWS_SECRET_ACCESS_KEY=secret, AWS_REGION=node.region, **more
    )


@pytest.mark.parametrize(
    "library, checks",
    [
        ("dynamoose", 8),
        ("toolbox", 8),
        ("electrodb", 9),
        ("onetable", 10),
        ("dynamodb-stream", 3),
        ("dynamodb-streams-readable", 2),
    ],
)
def test_a_library(installed, node, table_name, library, checks):
    done = subprocess.run(
        ["node", f"{library}.mjs"],
        cwd=FOLDER / "js",
        env=environment(node, TEST_ENDPOINT=node.endpoint, TEST_TABLE=table_name),
        capture_output=True,
        text=True,
        timeout=WAIT_SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("ok ") == checks, done.stdout


class Admin:
    """dynamodb-admin on a free port; ended by its process id."""

    def __init__(self, node):
        command = ["node", "node_modules/dynamodb-admin/dist/dynamodb-admin.js"]
        command += ["--host", "127.0.0.1", "--port", "0", "--skip-default-credentials"]
        command += ["--dynamo-endpoint", node.endpoint]
        self.process = subprocess.Popen(
            command,
            cwd=FOLDER / "js",
            env=environment(node),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        line = self.process.stdout.readline()
        while line and "listening on" not in line:
            line = self.process.stdout.readline()
        self.port = int(re.search(r"listening on http://127\.0\.0\.1:(\d+)", line).group(1))

    def close(self):
        self.process.terminate()
        self.process.wait(WAIT_SECONDS)
        self.process.stdout.close()

    def ask(self, method, path, body=None, status=200):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_SECONDS)
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            read = answer.read().decode()
            assert answer.status == status, read
            return read
        finally:
            connection.close()

    def items(self, table, **query):
        texts = {n: v if isinstance(v, str) else json.dumps(v) for n, v in query.items()}
        path = f"/tables/{table}/items?{urllib.parse.urlencode(texts)}"
        return json.loads(self.ask("GET", path))


@pytest.fixture(scope="module")
def admin(installed, node):
    running = Admin(node)
    yield running
    running.close()


def equals(value, kind="S"):
    return {"type": kind, "operator": "=", "value": value}


def test_dynamodb_admin(admin, table_name):
    assert "Create" in admin.ask("GET", "/create-table")
    definition = {
        "TableName": table_name,
        "HashAttributeName": "pk",
        "HashAttributeType": "S",
        "RangeAttributeName": "sk",
        "RangeAttributeType": "N",
        "ReadCapacityUnits": 5,
        "WriteCapacityUnits": 6,
    }
    by_colour = {
        "IndexName": "by-colour",
        "IndexType": "global",
        "HashAttributeName": "colour",
        "HashAttributeType": "S",
        "RangeAttributeName": "size",
        "RangeAttributeType": "N",
        "ReadCapacityUnits": 3,
        "WriteCapacityUnits": 3,
    }
    made = {"TableDefinition": definition, "SecondaryIndexes": [by_colour]}
    admin.ask("POST", "/create-table", made, status=204)
    refused = json.loads(admin.ask("POST", "/create-table", made, status=500))
    assert refused["name"] == "ResourceInUseException"
    assert table_name in admin.ask("GET", "/")
    tables = {table["TableName"]: table for table in json.loads(admin.ask("GET", "/api/tables"))}
    assert tables[table_name]["ProvisionedThroughput"]["WriteCapacityUnits"] == 6
    assert "by-colour" in admin.ask("GET", f"/tables/{table_name}")

    path = f"/tables/{table_name}"
    assert "pk" in admin.ask("GET", path + "/add-item")
    colours = ("red", "green", "blue")
    for i in range(30):
        item = {"pk": f"p{i % 2}", "sk": i, "colour": colours[i % 3], "size": 100 - i}
        key = json.loads(admin.ask("PUT", path + "/add-item", {**item, "nested": {"list": [1]}}))
        assert key == {"pk": item["pk"], "sk": i}
    assert "nested" in admin.ask("GET", path + "/items/p1,7")
    admin.ask("GET", path + "/items/p1,8", status=404)
    changed = {"pk": "p1", "sk": 7, "colour": "black", "size": 1}
    assert json.loads(admin.ask("PUT", path + "/items/p1,7", changed)) == changed

    first = admin.items(table_name)  # A page of 25, then the rest.
    assert len(first["Items"]) == 25
    rest = admin.items(table_name, startKey=urllib.parse.unquote(first["nextKey"]), pageNum="2")
    assert len(rest["Items"]) == 5 and rest["nextKey"] is None
    filtered = admin.items(table_name, filters={"colour": equals("black")})
    assert [item["sk"] for item in filtered["Items"]] == [7]
    queried = admin.items(
        table_name,
        operationType="query",
        filters={"pk": equals("p0"), "sk": {"type": "N", "operator": "<", "value": "7"}},
    )
    assert [item["sk"] for item in queried["Items"]] == [0, 2, 4, 6]
    indexed = admin.items(
        table_name,
        operationType="query",
        queryableSelection="by-colour",
        filters={"colour": equals("blue")},
    )
    assert [item["sk"] for item in indexed["Items"]] == [29, 26, 23, 20, 17, 14, 11, 8, 5, 2]
    assert "ItemCount" in admin.ask("GET", path + "/meta")

    admin.ask("DELETE", path + "/items/p1,7", status=204)
    admin.ask("GET", path + "/items/p1,7", status=404)
    admin.ask("DELETE", path, status=204)
    assert table_name not in admin.ask("GET", "/api/tables")
