"""Requests that are signed wrongly, or not at all, get AWS's errors (dynamodb-api.md section 3)."""

import datetime
import json

import pytest

import signing

CORAL = "com.amazon.coral.service#"


def request(node, **more):
    return signing.Request(node, **more)


def expect(answer, code, message):
    assert answer.status == 400
    assert answer.type == CORAL + code, answer.bytes
    assert answer.message == message


def test_our_own_signature_is_taken(node):
    answer = request(node).sign().send()
    assert answer.status == 200, answer.bytes
    assert "TableNames" in answer.json
    assert answer.headers["content-type"] == "application/x-amz-json-1.0"
    assert len(answer.headers["x-amzn-requestid"]) == 52
    assert "x-amz-crc32" in answer.headers and "date" in answer.headers


def test_an_unknown_key_is_refused(node):
    made = request(node)
    made.key_id = "AKIAIOSFODNN7EXAMPLE"
    expect(
        made.sign().send(),
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
    )


def test_a_wrong_secret_is_refused(node):
    made = request(node)
    made.secret = "wrong"
    answer = made.sign().send()
    assert answer.type == CORAL + "InvalidSignatureException"
    assert answer.message.startswith(
        "The request signature we calculated does not match the signature you provided. Check "
        "your AWS Secret Access Key and signing method. Consult the service documentation for "
        "details."
    )


def test_a_changed_body_is_refused(node):
    made = request(node).sign()
    made.body = b'{"Limit":1}'
    assert made.send().type == CORAL + "InvalidSignatureException"


def test_a_changed_target_is_refused(node):
    made = request(node).sign()
    made.headers["x-amz-target"] = "DynamoDB_20120810.DescribeLimits"
    assert made.send().type == CORAL + "InvalidSignatureException"


@pytest.mark.parametrize("minutes, words", [(-20, "Signature expired: "), (20, "not yet current: ")])
def test_a_date_far_from_now_is_refused(node, minutes, words):
    made = request(node)
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=minutes)
    made.headers["x-amz-date"] = signing.stamp(moment)
    answer = made.sign().send()
    assert answer.type == CORAL + "InvalidSignatureException"
    assert words in answer.message and signing.stamp(moment) in answer.message


def test_no_authorization_is_refused(node):
    made = request(node)
    expect(
        made.send(), "MissingAuthenticationTokenException", "Request is missing Authentication Token"
    )


def test_a_missing_date_is_refused(node):
    made = request(node).sign()
    del made.headers["x-amz-date"]
    answer = made.send()
    assert answer.type == CORAL + "IncompleteSignatureException"
    assert answer.message.startswith(
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
    )


@pytest.mark.parametrize("part", ["Credential", "SignedHeaders", "Signature"])
def test_a_missing_part_is_refused(node, part):
    made = request(node).sign()
    head, tail = made.headers["authorization"].split(" ", 1)
    kept = [each for each in tail.split(", ") if not each.startswith(part + "=")]
    made.headers["authorization"] = head + " " + ", ".join(kept)
    answer = made.send()
    assert answer.type == CORAL + "IncompleteSignatureException"
    assert answer.message.startswith(f"Authorization header requires '{part}' parameter.")


def test_a_host_that_is_not_signed_is_refused(node):
    made = request(node)
    made.signed_names = ["x-amz-date", "x-amz-target"]
    expect(
        made.sign().send(),
        "InvalidSignatureException",
        "'Host' must be a 'SignedHeader' in the AWS Authorization.",
    )


def test_another_region_and_service_are_refused(node):
    made = request(node)
    made.region = "mars-north-1"
    assert "Credential should be scoped to a valid region" in made.sign().send().message
    made = request(node)
    made.service = "s3"
    assert "Credential should be scoped to correct service: 'dynamodb'" in made.sign().send().message


def test_an_unknown_operation_and_broken_json(node):
    made = request(node, operation="MakeCoffee")
    answer = made.sign().send()
    assert answer.status == 400 and answer.type == CORAL + "UnknownOperationException"
    for body in ("", "{", "[]", '{"a":1}x', '"text"'):
        answer = request(node, body=body).sign().send()
        assert answer.status == 400, body
        assert answer.type == CORAL + "SerializationException", body


def test_wrong_json_types_are_told(node):
    answer = request(node, operation="GetItem", body='{"TableName":1}').sign().send()
    assert answer.json == {
        "__type": CORAL + "SerializationException",
        "Message": "NUMBER_VALUE cannot be converted to String",
    }


def test_numbers_are_answered_as_the_wire_has_them(node, client, table):
    body = {
        "TableName": table,
        "Item": {"pk": {"S": "a"}, "sk": {"N": "1E2"}, "x": {"N": "-0.0150"}},
        "ReturnConsumedCapacity": "TOTAL",
    }
    answer = request(node, operation="PutItem", body=json.dumps(body)).sign().send()
    assert answer.bytes == (
        b'{"ConsumedCapacity":{"TableName":"%s","CapacityUnits":1.0}}' % table.encode()
    )
    body = {"TableName": table, "Key": {"pk": {"S": "a"}, "sk": {"N": "100.0"}}}
    answer = request(node, operation="GetItem", body=json.dumps(body)).sign().send()
    assert answer.json == {"Item": {"pk": {"S": "a"}, "sk": {"N": "100"}, "x": {"N": "-0.015"}}}
