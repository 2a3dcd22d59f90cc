"""The AWS SDK for JavaScript v3, plain and document client, in a node process of its own."""

import pathlib
import subprocess

from meridian_node import clean_environment

FOLDER = pathlib.Path(__file__).resolve().parent


def run_script(node, table_name, script):
    """What the script prints: a line for each check that held."""
    installed = subprocess.run([str(FOLDER / "install")], capture_output=True, text=True)
    assert installed.returncode == 0, installed.stderr
    key_id, secret = node.credentials()
    done = subprocess.run(
        ["node", script],
        cwd=FOLDER / "js",
        env=clean_environment(
            AWS_ACCESS_KEY_ID=key_id,
            AWS_SECRET_ACCESS_KEY=secret,
            AWS_REGION=node.region,
            TEST_ENDPOINT=node.endpoint,
            TEST_TABLE=table_name,
        ),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_operation(node, table_name):
    assert run_script(node, table_name, "operations.mjs").count("ok ") == 10


def test_transactions_and_statements(node, table_name):
    assert run_script(node, table_name, "transactions.mjs").count("ok ") == 4


def test_streams(node, table_name):
    assert run_script(node, table_name, "streams.mjs").count("ok ") == 5
