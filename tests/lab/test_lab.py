#!/usr/bin/env python3
"""The lab tests itself: real nodes, real faults, Galera's own word for them, and nothing left behind."""
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from lab import Lab, PlaceError, PROBE_PASSWORD, PROBE_USER
from node import NodeError
from places import Namespaces
from processes import members, reap, runs

HERE = Path(__file__).resolve().parent
TEST_MARK = "HEALTHD_LAB_TEST"  # inherited by all that a test starts, keepers too


def _output(*argv):
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


class LabCase(unittest.TestCase):
    """A test that has the folder of its labs' folders for itself, and after which nothing is left."""

    def setUp(self):
        root = tempfile.TemporaryDirectory()
        self.addCleanup(root.cleanup)
        self.root = Path(root.name)
        self.root.chmod(0o1777)  # as /tmp is: the servers' account makes files in it too
        former = tempfile.tempdir
        self.addCleanup(setattr, tempfile, "tempdir", former)
        tempfile.tempdir = os.environ["TMPDIR"] = root.name
        os.environ[TEST_MARK] = self.root.name
        self.before = self.host()

    def processes(self):
        """What this test started and what still runs."""
        mark = f"{TEST_MARK}={self.root.name}".encode()
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                if mark in Path(f"/proc/{pid}/environ").read_bytes():
                    found.append(Path(f"/proc/{pid}/cmdline").read_bytes())
        return found

    def host(self):
        """What a lab must leave as it was."""
        return {
            "links": sorted(os.listdir("/sys/class/net")),
            "mounts": Path("/proc/self/mounts").read_text(encoding="utf-8"),
            "folders": os.listdir(self.root),
            "processes": self.processes(),
        }

    def assert_nothing_left(self):
        """Everything is as it was when the test began."""
        self.assertEqual(self.host(), self.before)


class ClusterTest(LabCase):
    """Faults do to the cluster what they are meant to do."""

    def test_kill_and_rejoin(self):
        with Lab() as lab:
            lab.start()
            self.assertEqual(lab.status("n1")["cluster_size"], "3")
            lab.kill("n3")
            self.assertEqual(lab.nodes["n3"].process.returncode, -signal.SIGKILL)
            self.assertEqual(lab.nodes["n3"].grastate()["seqno"], "-1")
            lab.wait_synced(["n1", "n2"], size=2)
            lab.start("n3")
            lab.wait_synced(size=3)
            lab.stop("n3")
            self.assertEqual(lab.nodes["n3"].process.returncode, 0)
            self.assertGreaterEqual(int(lab.nodes["n3"].grastate()["seqno"]), 0)
        self.assert_nothing_left()

    @unittest.skipIf(Namespaces.possible(), "needs network namespaces")
    def test_partition_and_heal(self):
        with Lab() as lab:
            lab.start()
            lab.cut("n3", "peers")
            lab.wait("n3 finds itself alone", lambda: lab.status("n3")["cluster_status"] != "Primary")
            lab.wait_synced(["n1", "n2"], size=2)
            self.assertTrue(self.reaches(lab, "n3"), "a cut from the peers must spare the monitor")
            lab.heal()
            lab.wait_synced(size=3)
            lab.cut("n3", "sql")
            self.assertFalse(self.reaches(lab, "n3"))
            self.assertTrue(self.reaches(lab, "n2"))
            lab.wait_synced(size=3)
        self.assert_nothing_left()

    def reaches(self, lab, name):
        """Does the monitor reach a node as the probe does?"""
        asked = lab.run(
            "monitor",
            ["mariadb", "--no-defaults", f"--host={lab.address(name)}", f"--port={lab.port(name, 3306)}",
             f"--user={PROBE_USER}", f"--password={PROBE_PASSWORD}", "--connect-timeout=1",
             "--execute=SELECT COUNT(*) FROM mysql.wsrep_cluster_members"], check=False)
        return asked.returncode == 0

    def test_freeze(self):
        with Lab(nodes=1) as lab:
            lab.start()
            lab.freeze("n1")
            with self.assertRaises(subprocess.TimeoutExpired):
                lab.sql("n1", "SELECT 1", timeout=1)
            lab.thaw("n1")
            self.assertEqual(lab.sql("n1", "SELECT 1"), [["1"]])
            with self.assertRaises(NodeError):
                lab.sql("n1", "SELECT nothing FROM nowhere")
        self.assert_nothing_left()

    def test_loopback(self):
        with Lab(nodes=2, loopback=True) as lab:
            lab.start()
            lab.wait_synced(size=2)
            self.assertTrue(self.reaches(lab, "n2"))
            with self.assertRaises(PlaceError):
                lab.cut("n2", "all")
        self.assert_nothing_left()

    def test_side_by_side(self):
        with Lab(nodes=1) as one, Lab(nodes=1) as other:
            one.start()
            other.start()
            one.kill("n1")
            self.assertTrue(other.nodes["n1"].synced(1))
        self.assert_nothing_left()


class EndTest(LabCase):
    """Nothing outlives a lab, however it ends."""

    SCRIPT = """
import time
from lab import Lab
with Lab(nodes=1) as lab:
    lab.start()
    lab.spawn("monitor", ["sh", "-c", "sleep 1000 & sleep 1000"], "helper")
    print(lab.procs.lab_id, flush=True)
    time.sleep(1000)
"""

    def run_script(self, text):
        """A process that runs a lab; returns it and the line that it prints."""
        script = subprocess.Popen([sys.executable, "-B", "-c", text], cwd=HERE, stdout=subprocess.PIPE, text=True,
                                  env={**os.environ, "PYTHONPATH": str(HERE.parent)})
        self.addCleanup(script.stdout.close)
        return script, script.stdout.readline().strip()

    def start_script(self):
        """A process that runs a lab; returns it and the lab's id."""
        script, lab_id = self.run_script(self.SCRIPT)
        self.assertGreaterEqual(len(members(lab_id)), 4)  # holders, mariadbd, the helper and its child
        return script, lab_id

    def assert_soon_nothing_left(self):
        """The keeper needs a moment."""
        deadline = time.monotonic() + 15
        while self.host() != self.before and time.monotonic() < deadline:
            time.sleep(0.1)
        self.assert_nothing_left()

    def test_killed(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
            with self.subTest(signal=number.name):
                script, _ = self.start_script()
                script.send_signal(number)
                script.wait()
                self.assert_soon_nothing_left()

    FORGETFUL = """
import time
from pathlib import Path
from lab import Lab
from scenes import redis_server
with Lab(nodes=1) as lab:
    quiet = [redis_server(lab.procs.folder), "--port", "0", "--save", "", "--unixsocket", "quiet.sock"]
    pid = lab.spawn("monitor", quiet, "quiet", cwd=lab.procs.folder).pid
    while b"HEALTHD_LAB=" in Path(f"/proc/{pid}/environ").read_bytes():
        time.sleep(0.01)
    print(pid, lab.procs.lab_id, flush=True)
    time.sleep(1000)
"""

    def test_killed_with_one_that_overwrites_its_environment(self):
        for with_keeper in (False, True):
            with self.subTest(with_keeper=with_keeper):
                script, said = self.run_script(self.FORGETFUL)
                pid, lab_id = said.split()
                if with_keeper:
                    self.kill_keeper(lab_id)
                script.terminate()
                script.wait()
                if with_keeper:
                    reap()
                deadline = time.monotonic() + 15
                while runs(pid) and time.monotonic() < deadline:
                    time.sleep(0.1)
                left = runs(pid)
                if left:
                    os.kill(int(pid), signal.SIGKILL)
                self.assertFalse(left)
                self.assert_soon_nothing_left()

    def kill_keeper(self, lab_id):
        """A lab whose keeper is gone."""
        keeper = _output("pgrep", "--full", f"processes.py {lab_id}").split()
        self.assertEqual(len(keeper), 1)
        os.kill(int(keeper[0]), signal.SIGKILL)

    def test_killed_with_its_keeper(self):
        script, lab_id = self.start_script()
        self.kill_keeper(lab_id)
        script.kill()
        script.wait()
        self.assertNotEqual(members(lab_id), [])
        self.assertEqual(reap(), [lab_id])
        self.assert_nothing_left()

    def test_failure_inside(self):
        with self.assertRaises(ZeroDivisionError), Lab(nodes=1) as lab:
            lab.start()
            print(1 // 0)
        self.assert_nothing_left()

    def test_living_labs_are_left_alone(self):
        with Lab(nodes=1) as lab:
            self.assertEqual(reap(), [])
            lab.start()


if __name__ == "__main__":
    unittest.main(verbosity=2)
