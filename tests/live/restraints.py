"""What healthd must leave alone, wait for, or only stop, while it is told to act."""
import signal
import time

from acting import GREEN_S, check
from writer import Writer

LEFT_S = 12  # as long as something is not done: what is allowed is ordered some 5 s after its fault
TTL_S = 15  # a turn whose holder is gone is given up


def ordered(watch, *expected):
    """These were ordered, and nothing else."""
    check(watch.orders.done() == list(expected), f"it was ordered: {watch.orders.done()}")


def await_order(watch, *expected, timeout=30):
    """These are ordered soon, and nothing else."""
    watch.lab.wait(f"the order {expected[-1]}", lambda: len(watch.orders.done()) >= len(expected), timeout)
    ordered(watch, *expected)


def make_primary_by_force(watch, name):
    """What a person may do to members that are left over."""
    watch.lab.wait(f"{name} is non-Primary", lambda: watch.lab.status(name)["cluster_status"] == "non-Primary", 20)
    watch.lab.sql(name, "SET GLOBAL wsrep_provider_options='pc.bootstrap=YES'")
    watch.lab.wait(f"{name} is Primary", lambda: watch.lab.status(name)["cluster_status"] == "Primary", 20)


def await_faults(watch, codes, timeout=20):
    """The diagnosis names these faults."""
    def named():
        return set(codes) <= {fault["code"] for fault in watch.diagnosis()["faults"]}
    watch.lab.wait(f"{', '.join(codes)} in the diagnosis", named, timeout)


def split_brain(watch):
    """The smaller side of a split brain is stopped where its own handler says so, and not started again by itself."""
    watch.set_mode("split-brain", "advise")
    with Writer(watch.lab) as writer:
        writer.wait_count(100)
        watch.lab.cut("n3", "peers")
        make_primary_by_force(watch, "n3")
        watch.lab.sql("n3", "INSERT INTO lab.numbers VALUES (-1)")  # a write-set of the smaller side
        await_faults(watch, ["split-brain"])
        time.sleep(LEFT_S)
        action = watch.diagnosis()["action"]
        check((action["action"], action["node"], action["allowed"]) == ("stop", "n3", True), f"it advises {action}")
        ordered(watch)
        watch.set_mode("split-brain", "act")
        since = time.monotonic()
        await_order(watch, ("stop", "n3"))
        watch.wait("n3", ("red-clean", "red-unclean"), 30, since)
        print(f"  n3 is down {time.monotonic() - since:.1f} s after its handler was told to act")
        writer.wait_count(100)
        watch.lab.heal()
        time.sleep(LEFT_S)
        ordered(watch, ("stop", "n3"))
        check(watch.diagnosis()["memory"]["split"], "it is not remembered")
        # A person has looked at what n3 holds, and gives it up: it receives the cluster's state.
        (watch.lab.nodes["n3"].datadir / "grastate.dat").unlink()
        watch.lab.start("n3")
        watch.wait("cluster", "green", GREEN_S)
        writer.stop()
        check(not writer.lost(), "acknowledged rows of the larger side are lost")
        check(not watch.lab.sql("n3", "SELECT id FROM lab.numbers WHERE id = -1"), "two histories are mixed")
    ordered(watch, ("stop", "n3"))
    print(f"  {len(writer.acknowledged)} rows acknowledged by the larger side, 0 lost")


def task_holds(watch):
    """While a task has the cluster's turn nothing is repaired; when it ends, or its holder dies, it is."""
    for number, end in enumerate((signal.SIGTERM, signal.SIGKILL), 1):
        task = watch.task("backup", "sleep", "1000")
        watch.lab.wait("the task has the turn", lambda: watch.cluster()["turn"]["held_by"], 10)
        check(watch.cluster()["turn"]["held_by"]["task"] == "backup", f"{watch.cluster()['turn']}")
        watch.lab.kill("n3")
        watch.wait("cluster", "yellow", 10)
        time.sleep(LEFT_S)
        check(len(watch.orders.done()) == number - 1, f"it was ordered beside a backup: {watch.orders.done()}")
        check([place["task"] for place in watch.cluster()["turn"]["waiting"]] == ["start"],
              f"who waits is not told: {watch.cluster()['turn']}")
        since = time.monotonic()
        task.send_signal(end)
        task.wait(timeout=20)
        await_order(watch, *[("start", "n3")] * number, timeout=TTL_S + 10)
        took = watch.orders.taken[-1][0] - since
        watch.wait("cluster", "green", GREEN_S, since)
        print(f"  {end.name} to the task: n3 is ordered to start after {took:.1f} s, Green after "
              f"{time.monotonic() - since:.1f} s")


def two_of_three(watch):
    """kill -9 of two: what is left of the third is for people; when one has made it Primary, the others are started."""
    with Writer(watch.lab) as writer:
        writer.wait_count(100)
        watch.lab.kill("n1", "n2")
        await_faults(watch, ["quorum-lost", "quick-double-crash"])
        watch.wait("cluster", "red", 10)
        time.sleep(LEFT_S)
        ordered(watch)
        diagnosis = watch.diagnosis()
        check(not diagnosis["action"]["allowed"], f"it advises {diagnosis['action']}")
        lost = next(fault for fault in diagnosis["faults"] if fault["code"] == "quorum-lost")
        check(lost["severity"] == "critical" and lost["evidence"], f"{lost}")
        since = time.monotonic()
        make_primary_by_force(watch, "n3")
        watch.wait("cluster", "green", GREEN_S, since)
        writer.stop()
        check(not writer.lost(), "acknowledged rows are lost")
        check(sorted(watch.orders.done()) == [("start", "n1"), ("start", "n2")], f"it was ordered: {watch.orders.done()}")
        check(watch.orders.most_at_once == 1, "both at once")
        check(not watch.diagnosis()["memory"]["split"], "who holds everything is taken for one that does not")
    print(f"  Green {time.monotonic() - since:.1f} s after n3 was made Primary; {len(writer.acknowledged)} rows "
          "acknowledged, 0 lost")


SCENES = ((split_brain, "act"), (task_holds, "act"), (two_of_three, "act"))
