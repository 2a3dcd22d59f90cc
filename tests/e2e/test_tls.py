"""The TLS listener as clients and operators meet it."""

import os
import shutil
import signal
import socket
import ssl
import subprocess
import threading

import botocore.exceptions
import pytest

from certificates import make_certificate
from meridian_node import Node, binary, clean_environment, wait_until


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("tls"))


def tls_flags(certificate):
    flags = ["--https", "127.0.0.1:0", "--tls-certificate", certificate[0]]
    return flags + ["--tls-key", certificate[1]]


@pytest.fixture(scope="module")
def tls_node(certificate):
    with Node(flags=tls_flags(certificate)) as running:
        yield running


def tls_client(node, certificate):
    return node.client(endpoint_url="https://" + node.addresses["https"], verify=certificate[0])


def connect(node):
    host, port = node.addresses["https"].rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=20)


def wrap(node, certificate, **settings):
    context = ssl.create_default_context(cafile=certificate[0])
    for name, value in settings.items():
        setattr(context, name, value)
    return context.wrap_socket(connect(node), server_hostname="127.0.0.1")


def served_name(node):
    """The common name of the certificate that a new connection gets."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with context.wrap_socket(connect(node)) as session:
        pem = ssl.DER_cert_to_PEM_cert(session.getpeercert(binary_form=True))
    done = subprocess.run(
        ["openssl", "x509", "-noout", "-subject"], input=pem, capture_output=True, text=True
    )
    return done.stdout.strip().split("=")[-1].strip()


def health(session):
    session.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    answer = b""
    while b"amazonaws.com " not in answer:
        part = session.recv(4096)
        assert part, answer
        answer += part
    return answer


def create(client, name):
    client.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    client.get_waiter("table_exists").wait(
        TableName=name, WaiterConfig={"Delay": 0.02, "MaxAttempts": 500}
    )


def test_boto3_over_both_listeners(tls_node, certificate, table_name):
    secure, plain = tls_client(tls_node, certificate), tls_node.client()
    create(secure, table_name)
    large = "x" * 390_000
    for number in range(20):
        secure.put_item(TableName=table_name, Item={"pk": {"S": str(number)}, "v": {"S": large}})
    assert plain.get_item(TableName=table_name, Key={"pk": {"S": "3"}})["Item"]["v"]["S"] == large
    keys = [{"pk": {"S": str(number)}} for number in range(20)]
    answer = secure.batch_get_item(RequestItems={table_name: {"Keys": keys}})
    assert len(answer["Responses"][table_name]) == 20  # 8 MB in one answer.


def test_a_client_that_does_not_know_the_certificate_refuses(tls_node):
    client = tls_node.client(endpoint_url="https://" + tls_node.addresses["https"])
    with pytest.raises(botocore.exceptions.SSLError):
        client.list_tables()
    assert tls_node.process.poll() is None


def test_curl(tls_node, certificate):
    done = subprocess.run(
        ["curl", "-sS", "--cacert", certificate[0], "https://" + tls_node.addresses["https"] + "/"],
        capture_output=True,
        text=True,
        env=clean_environment(),
        check=True,
    )
    assert done.stdout == "healthy: dynamodb.us-east-1.amazonaws.com "


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_versions_that_are_spoken(tls_node, certificate, version):
    with wrap(tls_node, certificate, minimum_version=version, maximum_version=version) as session:
        health(session)
        assert session.version() == version.name.replace("_", ".")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tls_1_1_is_refused(tls_node):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError):
        context.wrap_socket(connect(tls_node))


def test_alpn(tls_node, certificate):
    context = ssl.create_default_context(cafile=certificate[0])
    context.set_alpn_protocols(["h2", "http/1.1"])
    with context.wrap_socket(connect(tls_node), server_hostname="127.0.0.1") as session:
        assert session.selected_alpn_protocol() == "http/1.1"
    context.set_alpn_protocols(["h2"])
    with pytest.raises(ssl.SSLError):
        context.wrap_socket(connect(tls_node), server_hostname="127.0.0.1")


def test_plain_http_to_the_tls_port_is_told_so(tls_node):
    with connect(tls_node) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = b""
        while part := plain.recv(4096):
            answer += part
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert answer.endswith(b"\r\n\r\nThis port speaks HTTPS, not plain HTTP.")


def test_garbage_closes_the_connection(tls_node, certificate):
    for garbage in (os.urandom(5000), b"\x16\x03\x01\xff\xff" + b"\0" * 70000, b"\0"):
        with connect(tls_node) as broken:
            try:
                broken.sendall(garbage)
                broken.shutdown(socket.SHUT_WR)
                while broken.recv(4096):
                    pass
            except (ConnectionResetError, BrokenPipeError, OSError):
                pass
    with wrap(tls_node, certificate) as session:
        health(session)


def test_pipelined_requests_in_one_record(tls_node, certificate):
    with wrap(tls_node, certificate) as session:
        session.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 300)
        answer = b""
        while answer.count(b"healthy:") < 300:
            part = session.recv(65536)
            assert part
            answer += part
        assert answer.count(b"HTTP/1.1 200 OK\r\n") == 300


def test_close_is_announced(tls_node, certificate):
    with wrap(tls_node, certificate) as session:
        session.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = b""
        while part := session.recv(4096):  # Raises on an end without close_notify.
            answer += part
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")


def test_reload_under_load(tmp_path, table_name):
    current = make_certificate(tmp_path, "current")
    first, second = make_certificate(tmp_path, "first"), make_certificate(tmp_path, "second", key="rsa")

    def install(pair):
        for source, target in zip(pair, current):
            shutil.copy(source, target + ".new")
            os.replace(target + ".new", target)

    install(first)
    with Node(flags=tls_flags(current)) as node:
        client = tls_client(node, first)
        create(client, table_name)
        with wrap(node, first) as kept:
            health(kept)
            ended, done, problems = threading.Event(), [], []

            def load(number):
                mine = tls_client(node, first)  # One connection, made before the reload.
                count = 0
                try:
                    while not ended.is_set():
                        item = {"pk": {"S": f"{number}-{count}"}}
                        mine.put_item(TableName=table_name, Item=item)
                        count += 1
                        done.append(1)
                except Exception as problem:
                    problems.append(problem)

            threads = [threading.Thread(target=load, args=(number,)) for number in range(4)]
            for thread in threads:
                thread.start()
            wait_until(lambda: len(done) > 100)
            assert served_name(node) == "first"
            install(second)
            node.process.send_signal(signal.SIGHUP)
            wait_until(lambda: served_name(node) == "second")

            with open(current[1], "w") as broken:
                broken.write("not a key\n")
            node.process.send_signal(signal.SIGHUP)
            wait_until(lambda: "node.reload_refused" in node.messages())
            assert f"key {current[1]}" in node.messages()
            assert served_name(node) == "second"

            install((first[0], second[1]))
            node.process.send_signal(signal.SIGHUP)
            wait_until(lambda: "is not that of the certificate" in node.messages())
            assert served_name(node) == "second"

            before = len(done)
            wait_until(lambda: len(done) > before + 100 or problems)
            ended.set()
            for thread in threads:
                thread.join()
            assert not problems, problems
            health(kept)


def check(*flags):
    command = [binary("meridiand"), "--data", "/nonexistent/never", "--region", "us-east-1"]
    done = subprocess.run(
        [*command, *flags, "--check"], capture_output=True, text=True, env=clean_environment()
    )
    return done.returncode, done.stderr


def test_check_names_what_is_wrong(tmp_path, certificate):
    other = make_certificate(tmp_path, "other")
    listen = ["--https", "127.0.0.1:0"]
    status, text = check(*listen)
    assert status == 2 and "--tls-certificate FILE and --tls-key FILE" in text
    status, text = check("--tls-certificate", certificate[0])
    assert status == 2 and "give --https ADDR:PORT" in text
    status, text = check(*listen, "--tls-certificate", "/no/such.pem", "--tls-key", other[1])
    assert status == 2 and "certificate /no/such.pem: No such file or directory" in text
    status, text = check(*listen, "--tls-certificate", certificate[0], "--tls-key", "/no/such.key")
    assert status == 2 and "key /no/such.key: No such file or directory" in text
    status, text = check(*listen, "--tls-certificate", other[1], "--tls-key", other[1])
    assert status == 2 and f"certificate {other[1]}: no start line" in text
    status, text = check(*listen, "--tls-certificate", certificate[0], "--tls-key", other[1])
    assert status == 2 and "is not that of the certificate" in text
    locked = str(tmp_path / "locked.key")
    subprocess.run(
        ["openssl", "pkey", "-in", other[1], "-aes128", "-passout", "pass:x", "-out", locked],
        check=True,
    )
    status, text = check(*listen, "--tls-certificate", other[0], "--tls-key", locked)
    assert status == 2 and f"key {locked}: it has a passphrase" in text
    status, text = check(*listen, "--tls-certificate", certificate[0], "--tls-key", certificate[1])
    assert "certificate" not in text and "key" not in text
    status, text = check(
        "--https", "0.0.0.0:0", "--auth", "off", "--tls-certificate", other[0], "--tls-key", other[1]
    )
    assert status == 2 and "0.0.0.0:0 is not" in text
