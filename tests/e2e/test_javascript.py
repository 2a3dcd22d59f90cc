"""The AWS SDK for JavaScript v3, plain and document client, in a node process of its own."""

import pathlib
import subprocess

from meridian_node import clean_environment

FOLDER = pathlib.Path(__file__).resolve().parent


def test_every_operation(node, table_name):
    installed = subprocess.run([str(FOLDER / "install")], capture_output=True, text=True)
    assert installed.returncode == 0, installed.stderr
    key_id, secret = node.credentials()
    done = subprocess.run(
        ["node", "operations.mjs"],
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
    assert done.stdout.count("ok ") == 10, done.stdout
