"""Requests that are signed wrongly, or not at all, get AWS's errors (dynamodb-api.md section 3)."""

import datetime
import email.utils
import json
import re

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


# --- Row by row of section 3, exactly -------------------------------------------------------------


PARTS = "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter."
DATE = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
MUST = "AWS query-string parameters must include '{}'."
QUERY = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date")


def raw(node, authorization, date=True):
    made = request(node)
    if not date:
        del made.headers["x-amz-date"]
    made.headers["authorization"] = authorization
    return made.send()


def test_the_header_and_the_query_form_together(node):
    made = request(node).sign()
    made.path = "/?X-Amz-Algorithm=AWS4-HMAC-SHA256"
    expect(
        made.send(),
        "InvalidSignatureException",
        "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
    )


@pytest.mark.parametrize("header", ["", "Basic dTpw", "AWS akid:signature", "aws4-hmac-sha256 x"])
def test_another_kind_of_authorization(node, header):
    expect(
        raw(node, header), "MissingAuthenticationTokenException", "Request is missing Authentication Token"
    )


def test_all_parts_missing(node):
    expect(
        raw(node, "AWS4-", date=False),
        "IncompleteSignatureException",
        f"{PARTS} {DATE} Authorization=AWS4-",
    )
    expect(raw(node, "AWS4-"), "IncompleteSignatureException", f"{PARTS} Authorization=AWS4-")
    header = "AWS4-HMAC-SHA256 Signature=b, Credential=a"
    expect(
        raw(node, header),
        "IncompleteSignatureException",
        f"Authorization header requires 'SignedHeaders' parameter. Authorization={header}",
    )
    header = "AWS4-HMAC-SHA256 Credential=a"
    expect(
        raw(node, header),
        "IncompleteSignatureException",
        "Authorization header requires 'Signature' parameter. Authorization header requires "
        f"'SignedHeaders' parameter. Authorization={header}",
    )


def test_the_query_form_without_its_parameters(node):
    made = request(node)
    made.path = "/?X-Amz-Algorithm"
    expect(
        made.send(),
        "IncompleteSignatureException",
        " ".join(MUST.format(name) for name in QUERY) + " Re-examine the query-string parameters.",
    )
    for missing in QUERY[1:]:
        made.path = "/?" + "&".join(f"{name}=x" for name in QUERY if name != missing)
        expect(
            made.send(),
            "IncompleteSignatureException",
            f"{MUST.format(missing)} Re-examine the query-string parameters.",
        )


def test_another_algorithm(node):
    header = "AWS4-HMAC-MD5 Credential=a, SignedHeaders=b, Signature=c"
    expect(
        raw(node, header),
        "IncompleteSignatureException",
        f"Unsupported AWS 'algorithm': 'AWS4-HMAC-MD5' (only AWS4-HMAC-SHA256 for now). Authorization={header}",
    )


@pytest.mark.parametrize("credential", ["a", "a/b/c/d", "a/b/c/d/e/f"])
def test_a_credential_of_other_than_five_parts(node, credential):
    expect(
        raw(node, f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=b, Signature=c"),
        "IncompleteSignatureException",
        "Credential must have exactly 5 slash-delimited elements, e.g. "
        f"keyid/date/region/service/term, got '{credential}'",
    )


def scoped(node, credential, date, names="host;x-amz-date"):
    made = request(node)
    made.headers["x-amz-date"] = date
    made.headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature=c"
    )
    return made.send()


@pytest.mark.parametrize("date", ["x", "2013-06-09T00:00:00Z", "20130609", "20130609T000000"])
def test_a_date_in_another_format(node, date):
    expect(
        scoped(node, "a/b/c/d/e", date),
        "IncompleteSignatureException",
        f"Date must be in ISO-8601 'basic format'. Got '{date}'. See http://en.wikipedia.org/wiki/ISO_8601",
    )


def test_every_part_of_the_scope_is_told(node):
    date = signing.stamp()
    region = "Credential should be scoped to a valid region, not 'c'. "
    service = "Credential should be scoped to correct service: 'dynamodb'. "
    end = "Credential should be scoped with a valid terminator: 'aws4_request', not 'e'. "
    day = (
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
        f"'b' != '{date[:8]}', from '{date}'."
    )
    answer = scoped(node, "a/b/c/d/e", date)
    expect(answer, "InvalidSignatureException", region + service + end + day)
    answer = scoped(node, f"a/{date[:8]}/{node.region}/d/aws4_request", date)
    expect(answer, "InvalidSignatureException", service)
    answer = scoped(node, f"a/b/{node.region}/dynamodb/aws4_request", date)
    expect(answer, "InvalidSignatureException", day)


def good_scope(node, date, key="a"):
    return f"{key}/{date[:8]}/{node.region}/dynamodb/aws4_request"


def test_the_order_of_what_is_wrong(node):
    """A request with every later fault tells the first."""
    host = "'Host' must be a 'SignedHeader' in the AWS Authorization."
    old = "20130609T000000Z"
    answer = scoped(node, good_scope(node, old), old, "x-amz-date")
    expect(answer, "InvalidSignatureException", host)
    answer = scoped(node, good_scope(node, old), old)
    assert answer.message.startswith(f"Signature expired: {old} is now earlier than ")
    now = signing.stamp()
    answer = scoped(node, good_scope(node, now), now)
    expect(
        answer,
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
    )
    answer = scoped(node, good_scope(node, now, request(node).key_id), now)
    assert answer.type == CORAL + "InvalidSignatureException"
    assert answer.message.startswith("The request signature we calculated does not match")


def moment_of(text):
    return datetime.datetime.strptime(text, "%Y%m%dT%H%M%SZ")


def test_the_texts_of_dates_far_from_now(node):
    window = datetime.timedelta(minutes=15)
    sent = moment_of(signing.stamp()) - datetime.timedelta(minutes=20)
    text = signing.stamp(sent)
    answer = scoped(node, good_scope(node, text), text)
    found = re.fullmatch(
        r"Signature expired: (\d{8}T\d{6}Z) is now earlier than (\d{8}T\d{6}Z) \((\d{8}T\d{6}Z) - 15 min\.\)",
        answer.message,
    )
    assert found and found[1] == text, answer.message
    assert moment_of(found[3]) - moment_of(found[2]) == window
    text = signing.stamp(moment_of(signing.stamp()) + datetime.timedelta(minutes=20))
    answer = scoped(node, good_scope(node, text), text)
    found = re.fullmatch(
        r"Signature not yet current: (\d{8}T\d{6}Z) is still later than (\d{8}T\d{6}Z) \((\d{8}T\d{6}Z) \+ 15 min\.\)",
        answer.message,
    )
    assert found and found[1] == text, answer.message
    assert moment_of(found[2]) - moment_of(found[3]) == window


def test_a_wrong_signature_shows_what_was_signed(node):
    made = request(node).sign()
    made.headers["authorization"] = made.headers["authorization"].rpartition("=")[0] + "=" + "0" * 64
    canonical = made.canonical()
    expect(
        made.send(),
        "InvalidSignatureException",
        "The request signature we calculated does not match the signature you provided. Check your "
        "AWS Secret Access Key and signing method. Consult the service documentation for details."
        f"\n\nThe Canonical String for this request should have been\n'{canonical}'"
        f"\n\nThe String-to-Sign should have been\n'{made.to_sign(canonical)}'\n",
    )


def test_what_comes_before_the_signature_is_told_first(node):
    made = request(node, body="{")
    answer = made.send()
    assert answer.json == {"__type": CORAL + "SerializationException"}
    answer = request(node, operation="MakeCoffee").send()
    assert answer.json == {"__type": CORAL + "UnknownOperationException"}
    answer = request(node, operation="GetItem", body='{"TableName":1}').send()
    assert answer.type == CORAL + "MissingAuthenticationTokenException"  # Before the types.


def test_blanks_in_the_header_do_not_matter(node):
    made = request(node).sign()
    made.headers["authorization"] = made.headers["authorization"].replace(", ", ",")
    assert made.send().status == 200
    made.headers["authorization"] = made.headers["authorization"].replace(",", " ,  ")
    assert made.send().status == 200


def test_values_are_signed_without_their_surplus_blanks(node):
    made = request(node)
    made.headers["x-more"] = "  a   b  "
    assert made.sign().send().status == 200


def test_an_unsigned_payload_is_not_taken(node):
    made = request(node)
    made.headers["x-amz-content-sha256"] = "UNSIGNED-PAYLOAD"
    assert made.sign().send().type == CORAL + "InvalidSignatureException"


def test_answers_are_dated_so_that_clients_can_correct_their_clocks(node):
    answer = request(node).send()
    assert answer.status == 400
    sent = email.utils.parsedate_to_datetime(answer.headers["date"])
    assert abs(sent - datetime.datetime.now(datetime.timezone.utc)) < datetime.timedelta(minutes=1)
