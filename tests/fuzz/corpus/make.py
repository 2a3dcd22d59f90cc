#!/usr/bin/python3
"""Write the seeds of the fuzz targets again: small, valid, and different, so that mutation starts behind
the first checks. Run it after a format has changed; what it writes is committed beside it.

The encoders here follow the layouts of the headers (proto/value, storage/log, storage/catalog) and not
the C code: a seed that its target refuses is a difference between the two. The seeds of fuzz_api and
fuzz_session are not made here: the one are requests, the other a recorded handshake.
"""
import os
import struct

HERE = os.path.dirname(os.path.abspath(__file__))


def write(target, seeds):
    folder = os.path.join(HERE, target)
    os.makedirs(folder, exist_ok=True)
    for name, content in seeds.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())


# --- Values (proto/value/value.h), numbers in key form (proto/value/decimal.c) --------------------


def varint(number):
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def sized(content):
    return varint(len(content)) + content


def decimal(text):
    """The key form of plain digits with a sign and a point, or of one digit with an exponent."""
    negative = text.startswith("-")
    digits, _, power = text.lstrip("-").upper().partition("E")
    whole, _, part = digits.partition(".")
    all_digits = whole + part
    exponent = len(whole) - 1 + int(power or 0)
    while all_digits.startswith("0"):
        all_digits = all_digits[1:]
        exponent -= 1
    all_digits = all_digits.rstrip("0")
    if not all_digits:
        return b"\x80"
    all_digits += "0" * (len(all_digits) % 2)
    pairs = bytes(int(all_digits[at:at + 2]) + 1 for at in range(0, len(all_digits), 2))
    body = bytes([exponent + 130]) + pairs
    if negative:
        return b"\x40" + bytes(255 - byte for byte in body) + b"\xff"
    return b"\xc0" + body


def value(kind, content=None):
    if kind in ("S", "B"):
        return bytes([{"S": 1, "B": 3}[kind]]) + sized(
            content.encode() if isinstance(content, str) else content)
    if kind == "N":
        return b"\x02" + sized(decimal(content))
    if kind == "BOOL":
        return b"\x04" + sized(b"\x01" if content else b"\x00")
    if kind == "NULL":
        return b"\x05" + sized(b"")
    if kind == "M":
        return b"\x06" + sized(image(content))
    if kind == "L":
        return b"\x07" + sized(varint(len(content)) + b"".join(value(*one) for one in content))
    tag, make = {"SS": (8, str.encode), "NS": (9, decimal), "BS": (10, bytes)}[kind]
    elements = sorted(make(one) for one in content)
    return bytes([tag]) + sized(varint(len(elements)) + b"".join(map(sized, elements)))


def image(members):
    encoded = sorted((name.encode(), value(*one)) for name, one in members.items())
    return varint(len(encoded)) + b"".join(sized(name) + one for name, one in encoded)


KEY = image({"pk": ("S", "user#17")})
SMALL = image({"pk": ("S", "user#17"), "n": ("N", "-12.5")})
RICH = image({
    "pk": ("S", "user#17"), "sk": ("N", "1795332846.049"), "name": ("S", "Zoë Ångström 你好"),
    "photo": ("B", bytes(range(16))), "active": ("BOOL", True), "gone": ("NULL",),
    "tags": ("SS", ["a", "ab", "b"]), "scores": ("NS", ["-1", "0", "2.5", "1E+20"]),
    "hashes": ("BS", [b"\x00", b"\x00\xff"]),
    "orders": ("L", [("M", {"id": ("N", "1"), "lines": ("L", [])}), ("S", ""), ("N", "0")]),
    "address": ("M", {"city": ("S", "Wien"), "geo": ("M", {"lat": ("N", "48.2")}), "": ("S", "x")}),
})
DEEP = image({"pk": ("S", "d"), "a": ("L", [("L", [("M", {"b": ("L", [("M", {"c": ("N", "9")})])})])])})

# --- Versions and rows (proto/value/version.h) ----------------------------------------------------

STAMP = 1795332846049 << 16 | 3


def dot(region, incarnation, seq):
    return varint(region) + varint(incarnation) + varint(seq)


def version(stamp, own, context=()):
    return struct.pack(">Q", stamp) + dot(*own) + varint(len(context)) + b"".join(
        dot(*entry) for entry in context)


OWN = (1, 1795332000, 4711)
SEEN = [(2, 1795332001, 99), (3, 1795332002, 1 << 40)]


def row(made, content):
    return b"\x01" + (b"\x01" if content is None else b"\x00") + made + (content or b"")


# --- Records (storage/log/change.h, storage/table/conflicts.h, storage/catalog/record.h) ----------


def change(flags, made, content=b""):
    """Behind the checksum's place, which the target fills in."""
    return bytes(4) + b"\x01" + bytes([flags]) + varint(7) + made + sized(KEY) + content


def streamed(flags, made, event, old=b"", new=b"", local=None):
    """A change record of format 2; flags without the bits for streamed and local stamp."""
    flags |= 8 | (0 if local is None else 32)
    return (bytes(4) + b"\x02" + bytes([flags]) + varint(7) + made + (b"" if local is None else varint(local)) +
            sized(KEY) + bytes([event]) + sized(old) + new)


def stream(shards, enabled=True):
    """Behind the checksum's place; shards: number, created, parent (number, created) or None, low, high, start, end."""
    record = b"\x01" + struct.pack(">IIQBBI", 3, 7, 1795332846049, 3, enabled, len(shards) + 1)
    record += sized(b"Music") + b"\x01" + sized(b"pk") + b"\x00" + varint(len(shards))
    for number, created, parent, low, high, start, end in shards:
        record += varint(number) + varint(created) + varint(parent[0] if parent else 0)
        record += (varint(parent[1]) if parent else b"") + b"".join(varint(n) for n in (low, high, start, end))
        record += varint(created + 1000) if end else b""
    return record


def stored_dot(region, incarnation, seq):
    return struct.pack(">HIQ", region, incarnation, seq)


def conflict(winner, loser, reason):
    """winner, loser: (stamp, dot, image or None)."""
    rows = [row(version(stamp, own), content) for stamp, own, content in (winner, loser)]
    key = struct.pack(">IQ", 7, winner[0]) + stored_dot(*loser[1]) + stored_dot(*winner[1])
    return key + bytes([1, reason]) + struct.pack(">Q", 1795332846050) + sized(KEY) + sized(rows[1]) + rows[0]


def table(name, replicas=(), sort=True, indexes=None):
    """indexes None: a record of version 1."""
    attributes = [(1, b"pk")] + ([(2, b"sk")] if sort else [])
    record = (b"\x01" if indexes is None else b"\x02") + struct.pack(">I", 7) + bytes(range(16))
    record += b"01234567-89ab-4def-8123-456789abcdef" + bytes([1, 1, 1])
    record += struct.pack(">QQqqQH", 1795332846049, 1795332846049, 0, 0, STAMP, 1) + sized(name)
    record += varint(len(attributes)) + b"".join(bytes([kind]) + sized(text) for kind, text in attributes)
    record += b"\x01" + sized(b"pk") + (b"\x02" + sized(b"sk") if sort else b"\x00")
    record += varint(len(replicas))
    for region, status, rows, reason in replicas:
        record += sized(region) + bytes([status]) + varint(rows) + sized(reason)
    if indexes is None:
        return record
    record += b"\x01" + varint(1795332846049) + sized(b"") + bytes(7) + varint(len(indexes) + 1) + varint(len(indexes))
    for number, (kind, name, partition, sort_keys, non_key) in enumerate(indexes, 1):
        record += varint(number) + bytes([kind, 1, 0, 2 if non_key else 0]) + sized(name)
        for keys in (partition, sort_keys):
            record += varint(len(keys)) + b"".join(bytes([tag]) + sized(text) for tag, text in keys)
        record += varint(len(non_key)) + b"".join(sized(text) for text in non_key) + bytes(9)
    return record


def key_part(tag, content):
    return bytes([tag]) + content.replace(b"\x00", b"\x00\xff") + b"\x00\x01"


# --- Messages (proto/peer/peer.proto, proto/peer/message.h) --------------------------------------


def message(number, *fields):
    """A PeerMessage with one body; fields are (number, int or bytes)."""
    body = b"".join(varint(field << 3) + varint(content) if isinstance(content, int) else
                    varint(field << 3 | 2) + sized(content) for field, content in fields)
    return varint(number << 3 | 2) + sized(body)


def dot_message(region, incarnation, seq):
    return b"".join(varint(field << 3) + varint(content)
                    for field, content in ((1, region), (2, incarnation), (3, seq)))


UID = bytes(range(16))


def record(made, content):
    rest = (b"\x01" + (b"\x01" if content is None else b"\x00") + UID + sized(KEY) + made +
            (content or b""))
    return sized(rest)


RECORDS = (record(version(STAMP, OWN, SEEN), RICH) + record(version(STAMP + 1, OWN), None) +
           record(version(STAMP + 2, OWN), SMALL))
REPORT = dot_message(*SEEN[0]), dot_message(*SEEN[1])


def main():
    write("fuzz_item", {"key": KEY, "small": SMALL, "rich": RICH, "deep": DEEP, "empty": image({}),
                        "set": value("NS", ["1", "-3", "2.5"])[2:], "number": decimal("-0.00125")})
    write("fuzz_row", {
        "settled": row(version(STAMP, OWN), SMALL), "context": row(version(STAMP, OWN, SEEN), RICH),
        "tombstone": row(version(STAMP, OWN, SEEN[:1]), None)})
    write("fuzz_decimal", {
        "sum": "12.5 -0.00125", "carry": "99999999999999999999999999999999999999 1",
        "cancel": "1.5e10 -15000000000", "largest": "9.9999999999999999999999999999999999999E+125 0",
        "smallest": "1E-130 -1E-130", "too-precise": "1.00000000000000000000000000000000000000001",
        "key-positive": decimal("123.45"), "key-negative": decimal("-7"), "key-zero": decimal("0")})
    write("fuzz_json", {
        "item": '{"pk":{"S":"user#17"},"n":{"N":"-12.50"},"b":{"B":"AAEC"},"t":{"BOOL":true},'
                '"z":{"NULL":true},"ss":{"SS":["b","a"]},"ns":{"NS":["1","2.0"]},"bs":{"BS":["AA=="]},'
                '"l":{"L":[{"S":""},{"M":{}}]},"m":{"M":{"x":{"N":"1E+5"}}}}',
        "value": '{"S":"Zo\\u00eb \\ud83d\\ude00 \\"q\\" \\\\ \\/ \\b\\f\\n\\r\\t"}',
        "request": '{"TableName":"Music","Key":{"Artist":{"S":"x"}},"ConsistentRead":true,'
                   '"Limit":10,"ReturnConsumedCapacity":null}',
        "scalars": ' [null, true, false, 0, -1.5e-7, "", [], {}, [[[]]]] ',
        "twice": '{"a":1,"b":2,"a":{"S":"x"}}', "two-types": '{"a":{"S":"x","N":"1"}}',
        "lone-surrogate": '{"a":{"S":"\\ud83d"}}'})
    write("fuzz_expression", {
        "condition": " attribute_exists(a) AND (size(b) >= :n OR NOT contains(e, :s))\0" ,
        "between": " a BETWEEN :0 AND :n AND b IN (:s, #b) AND attribute_type(e, :T)\0",
        "paths": " c[1].a = :s AND d.b.c <> :t AND #a.#b < :n\0",
        "key": " a = :n AND begins_with(b, :s)\0", "key-between": " #a = :n AND b BETWEEN :s AND :s\0",
        "projection": " a, c[0], d.b.c, #b, c[1].a\0",
        "update": " SET a = a + :n, d.a = if_not_exists(d.z, :0), c = list_append(c, :l) "
                  "REMOVE b, g ADD f :N DELETE e :S\0",
        "image": b" SET b = a REMOVE d.b\0" + RICH,
        # Tokens by number: SET a = a + :n, and a = :n AND size(b) > :0.
        "tokens-update": bytes([1, 48, 64, 35, 64, 41, 11]),
        "tokens-condition": bytes([1, 64, 35, 11, 43, 52, 1, 34, 39, 20])})
    write("fuzz_partiql", {  # The first byte: spelt by bytes, and twice the number of parameters.
        "select": "\x04SELECT a, c[1].a, d.b FROM \"t\" WHERE a = ? AND begins_with(b, ?) ORDER BY b DESC",
        "select-in": "\0SELECT * FROM t.i WHERE a IN [1, 5] AND (b > 'h' OR NOT c IS MISSING) -- all",
        "scan": "\0SELECT * FROM t WHERE size(b) BETWEEN 1 AND 9 AND contains(e, 'a') AND h IS NULL;",
        "insert": "\x08INSERT INTO t VALUE {'a': ?, 'b': 'x''y', 'l': [1, {'m': <<'s', 't'>>}, ?], 'n': NULL}",
        "update": "\x06UPDATE t SET c = list_append(c, ?) SET a.b[0] = d.a + 1.5e2 REMOVE g "
                  "WHERE a = 5 AND b = 'hello' AND attribute_exists(c) RETURNING MODIFIED NEW *",
        "update-sets": "\0UPDATE t SET e = set_add(e, <<'c'>>), f = set_delete(f, <<1>>) WHERE a=5 AND b='hello'",
        "from": "\0FROM t WHERE a = 5 AND b = 'hello' SET z = if_not_exists(z, true) REMOVE h",
        "delete": "\x04DELETE FROM t WHERE a = ? AND b = ? RETURNING ALL OLD *",
        "exists": "\0EXISTS(SELECT * FROM t WHERE a = 5 AND b = 'hello' AND c <> 7 /* so */)",
        # Tokens by number: an update and a select of the right form.
        "tokens-update": bytes([1, 96, 52, 9, 27, 36]),
        "tokens-select": bytes([1, 95, 52, 75, 6, 23, 36, 25, 29, 37])})
    write("fuzz_http", {
        "post": "\0\0POST / HTTP/1.1\r\nHost: localhost:8000\r\nX-Amz-Target: DynamoDB_20120810.GetItem"
                "\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: 2\r\n\r\n{}",
        "pipelined": "\x12\x34GET /healthy?a=b HTTP/1.1\r\nHost: h\r\n\r\nPOST / HTTP/1.1\r\nHost: h\r\n"
                     "Content-Length: 3\r\n\r\nabcGET / HTTP/1.0\r\n\r\n",
        "chunked": "\x56\x78POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                   "4;x=y\r\nwiki\r\n5\r\npedia\r\n0\r\nTrailer: t\r\n\r\n",
        "continue": "\0\1PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx",
        "close": "\0\0POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"})
    table_arn = "arn:aws:dynamodb:us-east-1:000000000000:table/Books"
    ann = "arn:aws:iam::000000000000:user/ann"
    values = (
        "ann,bob,title,author,ALL_ATTRIBUTES,,NONE,,TOTAL,,,,true,,10.0.0.1,,ann,," + ann
        + ",,000000000000,,2026-11-22T07:34:06Z,,1795332846,,false"
    )
    asked = "\0dynamodb:GetItem\0" + table_arn + "\0" + values

    def statement(effect, rest):
        return '{"Version":"2012-10-17","Statement":[{"Effect":"%s",%s}]}' % (effect, rest)

    anything = '"Action":"dynamodb:*","Resource":"*"'
    write("fuzz_policy", {
        "all": " " + statement("Allow", '"Action":"*","Resource":"*"') + asked,
        "leading": " " + statement(
            "Allow", anything + ',"Condition":{"ForAllValues:StringLike":'
            '{"dynamodb:LeadingKeys":["${aws:username}","b?b*"]}}') + asked,
        "attributes": " " + statement(
            "Allow", anything + ',"Condition":{"ForAnyValue:StringEqualsIfExists":'
            '{"dynamodb:Attributes":["title"]},"Null":{"dynamodb:Select":"false"}}') + asked,
        "numbers": " " + statement(
            "Deny", '"NotAction":"s3:*","NotResource":"arn:*","Condition":{"NumericLessThan":'
            '{"aws:EpochTime":1e9},"DateGreaterThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"}}')
        + asked,
        "address": " " + statement(
            "Deny", anything + ',"Condition":{"NotIpAddress":{"aws:SourceIp":["10.0.0.0/8",'
            '"2001:db8::/33"]},"Bool":{"aws:SecureTransport":false}}') + asked,
        "principal": statement(
            "Allow", '"Sid":"a","Principal":{"AWS":["%s","000000000000"]},' % ann + anything)
        + asked,
        "anybody": statement(
            "Allow", '"Principal":"*",' + anything + ',"Condition":{"ArnLike":{"aws:PrincipalArn":'
            '"arn:aws:iam::000000000000:user/a*"}}') + asked,
        "broken": '{"Statement":[{"Effect":"Allow"' + asked,
    })
    write("fuzz_sigv4", {
        "header": "AWS4-HMAC-SHA256 Credential=ID/20130609/us-east-1/dynamodb/aws4_request, "
                  "SignedHeaders=host;x-amz-date, Signature=" + "0123456789abcdef" * 4 +
                  "\0\x0020130609T002500Z\0{}",
        "helped": "%x-amz-date, Signature=" + "ab" * 32 + "\0\0\0{}",
        "query": "\0X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=ID%2F20130609%2Fus-east-1%2Fdynamodb"
                 "%2Faws4_request&X-Amz-Date=20130609T002500Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host"
                 "&X-Amz-Signature=" + "00" * 32 + "\0\0",
        "stale": "AWS4-HMAC-SHA256 Credential=ID/20120609/us-east-1/dynamodb/aws4_request, "
                 "SignedHeaders=host, Signature=00\0\x0020120609T002500Z\0"})
    older = (STAMP - 5, (2, 1795332001, 100), SMALL)
    write("fuzz_change", {
        "complete": b"\0" + change(2, version(STAMP, OWN, SEEN), RICH),
        "short": b"\0" + change(0, version(STAMP, OWN)),
        "tombstone": b"\0" + change(3, version(STAMP, OWN, SEEN)),
        "conflict": b"\1" + conflict((STAMP, OWN, RICH), older, 1),
        "conflict-delete": b"\1" + conflict((STAMP, OWN, None), older, 2),
        "streamed": b"\0" + streamed(2, version(STAMP, OWN, SEEN), 1, SMALL, RICH),
        "streamed-ttl": b"\0" + streamed(1, version(STAMP, OWN), 3, SMALL, local=STAMP + 9),
        "foreign": b"\0" + streamed(16, version(STAMP, (2, 1795332001, 100)), 0, new=RICH, local=STAMP),
        "stream": b"\2" + stream([(1, 1000, None, 0, 1 << 32, 5, 300), (2, 2000, (1, 1000), 0, 1 << 31, 301, 0),
                                  (3, 2000, (1, 1000), 1 << 31, 1 << 32, 301, 0)]),
        "stream-disabled": b"\2" + stream([(1, 1000, None, 0, 1 << 32, 5, 300)], enabled=False)})
    write("fuzz_table", {
        "record": b"\0" + table(b"Music"),
        "replicas": b"\0" + table(b"Music", [(b"eu-west-1", 1, 0, b""),
                                              (b"ap-northeast-1", 0, 70000, b"waits")], sort=False),
        "indexes": b"\0" + table(b"Music", indexes=[
            (0, b"near", [(1, b"pk")], [(2, b"when")], []),
            (1, b"far", [(1, b"x"), (3, b"y")], [(2, b"z")], [b"a", b"b"])]),
        # The second byte picks the types: 0 S and S, 3 S and N, 9 S alone, 2 B and S.
        "key-text": b"\1\0" + key_part(1, b"user#17") + key_part(1, b"2026"),
        "key-number": b"\1\3" + key_part(1, b"a\0b") + key_part(2, decimal("-12.5")),
        "key-alone": b"\1\x09" + key_part(1, b"user#17"),
        "key-binary": b"\1\2" + key_part(3, bytes([0, 1, 255])) + key_part(1, b"z")})
    write("fuzz_message", {
        "start": message(1, (1, 1), (2, 1795332000), (3, 4711), (4, 8 << 20)),
        "batch": message(2, (1, 1795332000), (2, 4710), (3, 4713), (5, len(RECORDS)), (6, 3),
                         (7, RECORDS), (8, REPORT[0]), (8, REPORT[1])),
        "batch-part": message(2, (1, 1795332000), (2, 4710), (3, 4713), (5, len(RECORDS)), (6, 3),
                              (7, RECORDS), (9, 1)),
        "batch-empty": message(2, (1, 1795332000), (2, 4710), (3, 4800)),
        "ack": message(3, (1, 1795332000), (2, 4713), (3, 9 << 20)),
        "heartbeat": message(4, (1, STAMP >> 16), (2, STAMP), (3, 123456789), (5, 4713),
                             (6, REPORT[0]), (7, 4713)),
        "table": message(5, (1, 7), (2, UID), (3, b"Music"),
                         (4, b"\x0a\x02pk\x10\x01"), (5, b"\x0a\x02sk\x10\x02"),
                         (6, b"\x0a\x02pk\x10\x01"), (6, b"\x0a\x02sk\x10\x02"), (7, 1), (12, STAMP >> 16),
                         (14, b"\x0a\x09us-east-1\x10\x01"), (14, b"\x0a\x09eu-west-1\x1a\x05waits"),
                         (15, STAMP), (16, 1)),
        "table-leaving": message(5, (1, 8), (2, UID), (3, b"Music"), (4, b"\x0a\x02pk\x10\x01"),
                                 (6, b"\x0a\x02pk\x10\x01"), (7, 1), (15, STAMP), (16, 1), (17, 1),
                                 (18, b"eu-west-1")),
        "table-reply": message(6, (1, 7), (2, 1), (3, b"no"), (4, REPORT[0])),
        "backfill": message(7, (1, UID), (2, 1), (3, 1), (5, len(RECORDS)), (6, 3), (7, RECORDS),
                            (8, REPORT[0]), (9, 1), (10, 3)),
        "backfill-ack": message(8, (1, UID), (2, 1), (3, 1), (4, 3)),
        "refusal": message(9, (1, 24), (2, b"the cluster file names another key")),
        "records": RECORDS})


if __name__ == "__main__":
    main()
