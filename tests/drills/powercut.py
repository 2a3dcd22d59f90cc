#!/usr/bin/python3
"""Cut the power under load, look at what the disk has, look for every acknowledged write.

  powercut.py [--rounds 5] [--seconds 0.5..2] [--regions 1]

The data folder lies on an ext4 file system in a loop-mounted image, journal commits every ten minutes.
At a random moment the daemon is stopped with SIGSTOP and the image is copied: what the kernel has only
in memory is not in the copy, as it would not be on the disk after a power cut. The copy is mounted, a
daemon started on it, and a scan held against the ledgers of the writers, which live outside; the next
round goes on from the copy. Then the same with `--durability relaxed`, as a control: answers that do
not wait for the disk must get lost, or the drill could not tell. With --regions 2 or 3 the region that
loses power has replicas: none of them may know a write that the disk has not, or they never agree again.

Needs root and loop devices; without them it says so and skips.
"""
import argparse
import contextlib
import os
import subprocess
import time

import drill as drills
import kill9
import ledger as books
import load
from wire import Api

IMAGE_BYTES = 768 << 20
ROUNDS_PER_DISK = 5  # Then a fresh one: the change log keeps growing.
CONTROL_ROUNDS_MAX = 3
UNMOUNT_SECONDS_MAX = 20


def command(*words):
    made = subprocess.run(words, capture_output=True, text=True)
    if made.returncode != 0:
        raise drills.Broken(f"{' '.join(words)}: {made.stderr.strip()}")
    return made.stdout.strip()


class Disk:
    """An image file, its loop device and its mount; all three gone after close()."""

    def __init__(self, path, mount_point):
        self.path = path
        self.mount_point = mount_point
        self.device = None
        self.mounted = False

    def make(self):
        with open(self.path, "wb") as image:
            image.truncate(IMAGE_BYTES)
        command("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", self.path)

    def mount(self):
        os.makedirs(self.mount_point, exist_ok=True)
        self.device = command("losetup", "--find", "--show", self.path)
        command("mount", "-t", "ext4", "-o", "commit=600,noatime", self.device, self.mount_point)
        self.mounted = True

    def copy_to(self, path):
        command("cp", "--sparse=always", "--reflink=never", self.path, path)
        return Disk(path, path + ".mount")

    def close(self):
        if self.mounted:
            drills.wait_for(f"{self.mount_point} is unmounted", self._unmount, UNMOUNT_SECONDS_MAX, 0.1)
            self.mounted = False
        if self.device is not None:
            command("losetup", "--detach", self.device)
            self.device = None
        with contextlib.suppress(FileNotFoundError):
            os.remove(self.path)

    def _unmount(self):
        return subprocess.run(["umount", self.mount_point], capture_output=True).returncode == 0


def need_loop_mounts(drill):
    """Skip unless this machine lets us mount an image."""
    if os.geteuid() != 0:
        raise drills.Skip("a power cut needs root, to mount a disk image")
    probe = Disk(os.path.join(drill.folder, "probe"), os.path.join(drill.folder, "probe.mount"))
    try:
        probe.make()
        probe.mount()
    except (drills.Broken, FileNotFoundError) as reason:
        raise drills.Skip(f"this machine mounts no disk images: {reason}") from reason
    finally:
        probe.close()


def cut(drill, disk, node, seconds, title):
    """Load, then cut: the disk as it was at that moment, mounted, and the ledger. The node is dead."""
    work = load.Load(drill, node, title)
    work.wait_begun()
    time.sleep(drill.random.uniform(*seconds))  # The moment is what is drawn here.
    node.freeze()
    after = disk.copy_to(f"{disk.path}+")
    drill.stack.callback(after.close)
    work.expect_end()
    node.kill()
    ledger = work.join()
    disk.close()
    after.mount()
    node.data = os.path.join(after.mount_point, "data")
    return after, ledger


def generations(drill, rounds, seconds, name, judge, regions=1, flags=()):
    """Rounds on one line of disks, until judge(title, verdict, ledger) has seen enough."""
    disk = Disk(os.path.join(drill.folder, f"{name}.image"), os.path.join(drill.folder, name))
    drill.stack.callback(disk.close)
    disk.make()
    disk.mount()
    cluster, nodes = kill9.prepare(drill, regions, disk.mount_point, flags)
    command("sync", "--file-system", disk.mount_point)  # A control shall lose writes, not the table.
    baseline = books.Baseline()
    for number in range(1, rounds + 1):
        title = f"{name}-{number}"
        disk, ledger = cut(drill, disk, nodes[0], seconds, title)
        took = nodes[0].start()
        api = Api(nodes[0].http, nodes[0].region)
        verdict = baseline.judge(ledger, api.scan(load.TABLE))
        api.close()
        drill.say(f"{title}: {ledger.acknowledged} writes acknowledged, {len(verdict.missing)} rows "
                  f"lost any, up again in {took:.3f} s")
        enough = judge(title, verdict, ledger)
        if cluster:
            kill9.check_equal(drill, cluster, title)
        if enough:
            break
    for node in nodes:
        drill.check(node.stop() == 0, f"{name}: {node.name} stops cleanly", [node.log_tail()])
    disk.close()


def run(drill, rounds=5, seconds=(0.5, 2.0), regions=1):
    need_loop_mounts(drill)

    def durable(title, verdict, ledger):
        drill.check(not verdict.missing, f"{title}: every acknowledged write is there",
                    verdict.missing)
        drill.check(not verdict.torn and not verdict.foreign and not ledger.problems,
                    f"{title}: nothing torn, nothing that nobody wrote",
                    verdict.torn + verdict.foreign + ledger.problems)
    for first in range(0, rounds, ROUNDS_PER_DISK):
        generations(drill, min(ROUNDS_PER_DISK, rounds - first), seconds,
                    f"cut-{first // ROUNDS_PER_DISK + 1}", durable, regions)

    lost = []

    def control(title, verdict, ledger):
        drill.check(not verdict.torn and not verdict.foreign and not ledger.problems,
                    f"{title}: what is there is whole",
                    verdict.torn + verdict.foreign + ledger.problems)
        lost.extend(verdict.missing)
        return lost
    generations(drill, CONTROL_ROUNDS_MAX, seconds, "control", control,
                flags=("--durability", "relaxed"))
    drill.check(lost, "control: without waiting for the disk, acknowledged writes are lost")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=kill9.span, default=(0.5, 2.0), metavar="LEAST..MOST",
                        help="of load before each cut (0.5..2)")
    parser.add_argument("--regions", type=int, default=1, choices=(1, 2, 3))
    given = parser.parse_args()
    drills.main("powercut", lambda drill: run(drill, given.rounds, given.seconds, given.regions))


if __name__ == "__main__":
    main()
