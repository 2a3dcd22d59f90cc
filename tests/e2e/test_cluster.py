"""The `meridian` command against regions that it has started itself: demo, status, link, conflicts.

Goal: what a newcomer types works and says what is. Method: the real executables; every look waits with a
deadline for what the command before should have brought about.
"""

import json
import os
import signal
import subprocess
import time

import boto3
import botocore.config
import pytest

from meridian_node import binary, clean_environment

SECONDS = 30
TABLE = {
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
}


def meridian(*words):
    return subprocess.run(
        [binary("meridian"), *words],
        capture_output=True,
        text=True,
        timeout=60,
        env=clean_environment(),
    )


def done(*words):
    """Its output; it must have worked."""
    made = meridian(*words)
    assert made.returncode == 0, f"{words}: {made.stdout}{made.stderr}"
    return made.stdout


def wait_for(what, check):
    deadline = time.monotonic() + SECONDS
    while True:
        result = check()
        if result:
            return result
        assert time.monotonic() < deadline, f"{what}: not within {SECONDS} s"
        time.sleep(0.02)


def is_gone(pid):
    """Ended, though its parent may not have looked yet."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


class Demo:
    """A demo in a folder of its own."""

    def __init__(self, folder, regions):
        self.folder = str(folder)
        self.said = done("demo", "start", "--regions", str(regions), "--dir", self.folder)
        self.read()

    def read(self):
        with open(os.path.join(self.folder, "demo.env")) as file:
            self.env = dict(line.rstrip("\n").split("=", 1) for line in file)

    def client(self, number):
        return boto3.client(
            "dynamodb",
            endpoint_url=self.env[f"ENDPOINT_{number}"],
            region_name=self.env[f"REGION_{number}"],
            aws_access_key_id=self.env["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.env["AWS_SECRET_ACCESS_KEY"],
            config=botocore.config.Config(retries={"max_attempts": 2}),
        )

    def status(self, number):
        """(exit status, document)"""
        made = meridian("status", "--admin", self.env[f"ADMIN_{number}"], "-o", "json")
        return made.returncode, json.loads(made.stdout)

    def peer(self, number, other):
        """What region `number` says about region `other`."""
        peers = self.status(number)[1]["nodes"][0]["status"]["peers"]
        return next(peer for peer in peers if peer["region"] == self.env[f"REGION_{other}"])

    def link(self, number, other, *flags):
        done("link", "set", "--admin", self.env[f"ADMIN_{number}"], "--peer",
             self.env[f"REGION_{other}"], *flags)

    def clear(self, number, *flags):
        done("link", "clear", "--admin", self.env[f"ADMIN_{number}"], *flags)

    def wait_well(self, number):
        wait_for("all is well", lambda: self.status(number)[0] == 0)

    def table(self, name, regions):
        """Made in region 1, with replicas in the others."""
        home = self.client(1)
        home.create_table(TableName=name, **TABLE)
        for number in range(2, regions + 1):
            region = self.env[f"REGION_{number}"]
            wait_for("the table is ACTIVE", lambda: home.describe_table(
                TableName=name)["Table"]["TableStatus"] == "ACTIVE")
            home.update_table(
                TableName=name, ReplicaUpdates=[{"Create": {"RegionName": region}}])
            wait_for(f"the replica in {region} is ACTIVE", lambda: any(
                replica["RegionName"] == region and replica["ReplicaStatus"] == "ACTIVE"
                for replica in home.describe_table(TableName=name)["Table"].get("Replicas", [])))
            # Which is what region 1 says; the region itself hears of it a moment later.
            wait_for(f"the table in {region} is ACTIVE", lambda: self.client(number).describe_table(
                TableName=name)["Table"]["TableStatus"] == "ACTIVE")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    made = Demo(tmp_path_factory.mktemp("demo"), 3)
    yield made
    done("demo", "stop", "--dir", made.folder)


def test_demo_env_names_every_region_and_its_process(demo):
    for number in (1, 2, 3):
        os.kill(int(demo.env[f"PID_{number}"]), 0)
        assert demo.env[f"ENDPOINT_{number}"].startswith("http://127.0.0.1:")
        assert demo.env[f"ENDPOINT_{number}"] in demo.said
        assert demo.client(number).list_tables()["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert len({demo.env[f"REGION_{number}"] for number in (1, 2, 3)}) == 3
    mode = os.stat(os.path.join(demo.folder, "demo.env")).st_mode
    assert mode & 0o077 == 0, "keys are in it"


def test_starting_what_runs_changes_nothing(demo):
    before = dict(demo.env)
    assert "run already" in done("demo", "start", "--dir", demo.folder)
    demo.read()
    assert demo.env == before


def test_demo_try_writes_in_one_region_and_reads_in_the_others(demo):
    for _ in range(2):  # The second time the table is there.
        said = done("demo", "try", "--dir", demo.folder)
        for number in (2, 3):
            assert f"read it in {demo.env[f'REGION_{number}']}: lag " in said


def test_status_says_first_whether_all_is_well(demo):
    demo.wait_well(1)
    text = done("status", "--admin", demo.env["ADMIN_1"])
    assert text.splitlines()[0].startswith("all is well")
    for number in (1, 2, 3):
        assert demo.env[f"REGION_{number}"] in text
    code, document = demo.status(2)
    assert code == 0 and document["well"] is True and document["problems"] == []


def test_a_delayed_link_shows_in_the_round_trip(demo):
    demo.link(1, 2, "--delay", "40", "--jitter", "0")
    wait_for("the delay is measured", lambda: demo.peer(1, 2)["round_trip_ms"] >= 40)
    assert demo.peer(1, 2)["link"]["delay_ms"] == 40
    demo.clear(1)
    wait_for("the delay is gone", lambda: 0 <= demo.peer(1, 2)["round_trip_ms"] < 40)
    assert demo.peer(1, 2)["link"]["delay_ms"] == 0


def test_one_link_is_cleared_and_the_others_stay(demo):
    for other in (2, 3):
        demo.link(1, other, "--delay", "5")
    demo.clear(1, "--peer", demo.env["REGION_2"])
    assert demo.peer(1, 2)["link"]["delay_ms"] == 0
    assert demo.peer(1, 3)["link"]["delay_ms"] == 5
    demo.clear(1)
    assert demo.peer(1, 3)["link"]["delay_ms"] == 0
    refused = meridian("link", "clear", "--admin", demo.env["ADMIN_1"], "--peer", "mars-north-1")
    assert refused.returncode == 1 and "mars-north-1" in refused.stderr


def test_a_link_is_refused_to_a_region_that_is_no_peer(demo):
    for peer in ("mars-north-1", demo.env["REGION_1"]):
        made = meridian("link", "set", "--admin", demo.env["ADMIN_1"], "--peer", peer, "--cut")
        assert made.returncode != 0 and peer in made.stderr


def test_a_conflict_over_a_cut_link_is_listed_once_in_every_region(demo):
    demo.table("Conflicts", 3)
    demo.link(1, 2, "--cut")
    demo.link(2, 1, "--cut")
    for number, value in ((1, "here"), (2, "there")):
        demo.client(number).put_item(
            TableName="Conflicts", Item={"pk": {"S": "same"}, "v": {"S": value}})
    demo.clear(1)
    demo.clear(2)
    for number in (1, 2, 3):
        listed = wait_for(f"region {number} lists it", lambda: json.loads(done(
            "conflicts", "list", "--admin", demo.env[f"ADMIN_{number}"], "--table", "Conflicts",
            "-o", "json")))
        assert len(listed) == 1
        (entry,) = listed
        assert entry["table"] == "Conflicts" and entry["key"] == {"pk": {"S": "same"}}
        assert entry["winner"]["item"]["v"] == {"S": "there"}, "it was written later"
        assert entry["winner"]["region"] == demo.env["REGION_2"]
        assert entry["loser"]["item"]["v"] == {"S": "here"}
        assert entry["loser"]["region"] == demo.env["REGION_1"]
        assert int(entry["winner"]["stamp"]) > int(entry["loser"]["stamp"])
        assert entry["reason"] and entry["time"]
        item = demo.client(number).get_item(TableName="Conflicts", Key={"pk": {"S": "same"}})
        assert item["Item"]["v"] == {"S": "there"}
    text = done("conflicts", "list", "--admin", demo.env["ADMIN_3"])
    assert "Conflicts" in text and "same" in text
    shown = json.loads(done("conflicts", "show", entry["id"], "--admin", demo.env["ADMIN_3"], "-o", "json"))
    assert shown == [entry]
    text = done("conflicts", "restore", entry["id"], "--admin", demo.env["ADMIN_3"])
    assert "has been written again" in text
    for number in (1, 2, 3):
        wait_for("the loser is back everywhere", lambda: demo.client(number).get_item(
            TableName="Conflicts", Key={"pk": {"S": "same"}})["Item"]["v"] == {"S": "here"})
    listed = json.loads(done("conflicts", "list", "--admin", demo.env["ADMIN_3"], "--table",
                             "Conflicts", "-o", "json"))
    assert listed == [entry], "restoring is no conflict, and the record stays"


def test_a_killed_region_shows_and_is_started_again_with_its_data(demo):
    demo.table("Survivors", 2)
    demo.client(1).put_item(TableName="Survivors", Item={"pk": {"S": "a"}})
    wait_for("it has arrived", lambda: "Item" in demo.client(2).get_item(
        TableName="Survivors", Key={"pk": {"S": "a"}}))
    pid = int(demo.env["PID_2"])
    os.kill(pid, signal.SIGKILL)
    wait_for("it is gone", lambda: is_gone(pid))
    wait_for("status says that something is wrong", lambda: demo.status(1)[0] == 1)
    text = meridian("status", "--admin", demo.env["ADMIN_1"]).stdout
    assert not text.splitlines()[0].startswith("all is well")
    assert demo.env["REGION_2"] in text
    demo.client(1).put_item(TableName="Survivors", Item={"pk": {"S": "b"}})
    done("demo", "start", "--dir", demo.folder)
    demo.read()
    assert int(demo.env["PID_2"]) != pid
    demo.wait_well(1)
    for key in ("a", "b"):
        wait_for(f"{key} is there", lambda: "Item" in demo.client(2).get_item(
            TableName="Survivors", Key={"pk": {"S": key}}))


def test_stop_ends_the_processes_and_keeps_the_data(tmp_path):
    demo = Demo(tmp_path / "two", 2)
    demo.client(2).create_table(TableName="Kept", **TABLE)
    pids = [int(demo.env[f"PID_{number}"]) for number in (1, 2)]
    done("demo", "stop", "--dir", demo.folder)
    assert all(is_gone(pid) for pid in pids)
    assert "no demo runs" in done("demo", "stop", "--dir", demo.folder)
    again = Demo(tmp_path / "two", 2)
    try:
        assert again.client(2).list_tables()["TableNames"] == ["Kept"]
    finally:
        done("demo", "stop", "--dir", again.folder)
