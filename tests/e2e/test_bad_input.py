"""Whatever a body holds, the answer is the documented error and the node goes on."""

import gzip
import json
import random

import pytest

import signing

CORAL = "com.amazon.coral.service#"
VALIDATION = "com.amazon.coral.validate#ValidationException"


def send(node, operation, body):
    text = body if isinstance(body, (str, bytes)) else json.dumps(body)
    made = signing.Request(node, operation, text)
    return made.sign().send()


def put(table, value):
    return {"TableName": table, "Item": {"pk": {"S": "a"}, "sk": {"N": "1"}, "x": value}}


def nested(depth):
    value = {"S": "x"}
    for _ in range(depth):
        value = {"L": [value]}
    return value


@pytest.mark.parametrize(
    "value, kind, words",
    [
        ({"B": "A"}, CORAL + "SerializationException", "multiple of 4 bytes but found: 1"),
        ({"B": "AAA*"}, CORAL + "SerializationException", "Base64"),
        ({"B": 5}, CORAL + "SerializationException", "only base-64-encoded strings"),
        ({"N": 5}, CORAL + "SerializationException", "NUMBER_VALUE cannot be converted to String"),
        ({"L": "x"}, CORAL + "SerializationException", "Unexpected field type"),
        ({"N": "abc"}, VALIDATION, "cannot be converted to a numeric value: abc"),
        ({"N": ""}, VALIDATION, "The parameter cannot be converted to a numeric value"),
        ({"N": "1e126"}, VALIDATION, "Number overflow."),
        ({"N": "1e-131"}, VALIDATION, "Number underflow."),
        ({"N": "1e99999999999999999999"}, VALIDATION, "Number overflow."),
        ({"N": "0x10"}, VALIDATION, "cannot be converted to a numeric value"),
        ({"N": "NaN"}, VALIDATION, "cannot be converted to a numeric value"),
        ({}, VALIDATION, "Supplied AttributeValue is empty"),
        ({"S": "a", "N": "1"}, VALIDATION, "more than one datatypes set"),
        ({"NULL": False}, VALIDATION, "Null attribute value types must have the value of true"),
        ({"SS": []}, VALIDATION, "An string set  may not be empty"),
        ({"NS": ["1", "1.0"]}, VALIDATION, "Input collection contains duplicates"),
        (nested(31), None, None),
        (nested(32), VALIDATION, "Nesting Levels have exceeded supported limits"),
        (nested(60), VALIDATION, "Nesting Levels have exceeded supported limits"),
    ],
)
def test_faulty_values(node, table, value, kind, words):
    answer = send(node, "PutItem", put(table, value))
    if kind is None:
        assert answer.status == 200, answer.bytes
        return
    assert (answer.status, answer.type) == (400, kind), answer.bytes
    assert words in answer.message


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "The expression can not be empty;"),
        ("a = ", 'Syntax error; token: "<EOF>"'),
        ("a = :v AND", 'Syntax error; token: "<EOF>"'),
        ("((a = :v))", "The expression has redundant parentheses;"),
        ("size = :v", "reserved keyword; reserved keyword: size"),
        ("nope(a, :v)", "Invalid function name; function: nope"),
        ("a = :w", "attribute value: :w"),
        ("a[99999999999] = :v", "List index is not within the allowable range"),
        ("(" * 400 + "a = :v" + ")" * 400, "Invalid ConditionExpression"),
        ("a = :v" + " OR a = :v" * 500, "Expression size has exceeded the maximum allowed size"),
    ],
)
def test_faulty_expressions(node, table, text, words):
    body = put(table, {"S": "x"})
    body.update(ConditionExpression=text, ExpressionAttributeValues={":v": {"N": "1"}})
    answer = send(node, "PutItem", body)
    assert (answer.status, answer.type) == (400, VALIDATION), answer.bytes
    assert words in answer.message


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe{}",
        b'{"TableName":"\xc3\x28"}',
        b'{"TableName":"\\ud800"}',
        b"[" * 100000,
        b'{"a":' * 5000,
        b'{"TableName":"abc",}',
        b"{'TableName':'abc'}",
        b"null",
        b"7",
    ],
)
def test_what_is_not_json_is_refused(node, body):
    answer = send(node, "ListTables", body)
    assert (answer.status, answer.type) == (400, CORAL + "SerializationException"), answer.bytes


def test_bytes_turned_at_random_never_stop_the_node(node, client, table):
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    whole = json.dumps(
        {
            **put(table, {"M": {"k": {"L": [{"N": "1.5e3"}, {"B": "AAE="}, {"NULL": True}]}}}),
            "ConditionExpression": "attribute_not_exists(#a) OR x.k[0] <> :v",
            "ExpressionAttributeNames": {"#a": "a"},
            "ExpressionAttributeValues": {":v": {"SS": ["a", "b"]}},
            "ReturnValues": "ALL_OLD",
        }
    ).encode()
    for turn in range(300):
        bytes_ = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            bytes_[chance.randrange(len(bytes_))] = chance.randrange(256)
        answer = send(node, "PutItem", bytes(bytes_[: chance.choice([len(bytes_), turn])]))
        assert answer.status in (200, 400), f"seed {seed}, turn {turn}: {answer.bytes}"
    assert table in client.list_tables()["TableNames"]


def test_a_compressed_body_is_read(node, table):
    body = gzip.compress(json.dumps(put(table, {"S": "z" * 50000})).encode())
    made = signing.Request(node, "PutItem", body)
    made.headers["content-encoding"] = "gzip"
    answer = made.sign().send()
    assert answer.status == 200, answer.bytes
    made = signing.Request(node, "PutItem", body[:-20] + b"x" * 20)
    made.headers["content-encoding"] = "gzip"
    assert made.sign().send().status == 500
