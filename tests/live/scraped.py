"""What a real Prometheus holds of a real cluster while a node crashes and comes back, and which alerts come of it."""
import itertools
import signal
import tempfile
import time
from pathlib import Path

from scenarios import rejoin
from watch import INTERVAL_MS, Failure

from prometheus import ROUND_S, Prometheus  # where watch has looked for its own

LOSABLE = 'healthd_cluster_can_lose_members{cluster="lab"}'
PORT = 9090
SLACK_S = 1.0  # what a loaded machine takes
ALL = "[5m]"  # longer than a scene
DEAD_S = 7  # the peers evict it meanwhile


class Scraper(Prometheus):
    """Beside healthd, in the monitor's place. Use as a context manager."""

    def __init__(self, watch):
        self.watch = watch
        self.address = f"{watch.lab.address('monitor')}:{watch.lab.port('monitor', PORT)}"
        super().__init__(Path(tempfile.mkdtemp(dir=watch.folder)) / "prometheus", self.address, watch.http_address(),
                         lambda call: watch.lab.spawn("monitor", call, "prometheus"), self._fetch)

    def __enter__(self):
        self.watch.lab.wait("Prometheus is ready", self._ready, 20)
        return self

    def __exit__(self, *_):
        self.close()

    def _fetch(self, url):
        done = self.watch.lab.run("monitor", ["curl", "-sS", "--fail-with-body", "--max-time", "10", url], check=False)
        if done.returncode:
            raise OSError(f"{url}: {done.stderr}{done.stdout}")
        return done.stdout

    def _ready(self):
        try:
            return self._fetch(f"http://{self.address}/-/ready")
        except OSError:
            return False

    def value(self, expression):
        """Of the only sample that it has."""
        found = self.query(expression)
        if len(found) != 1:
            raise Failure(f"one sample is expected: {expression}: {found}")
        return float(found[0]["value"][1])

    def await_true(self, since, limit_s, *expressions):
        """Until each has samples; how long after `since` that was."""
        for expression in expressions:
            while not self.query(expression):
                if time.monotonic() > since + limit_s:
                    raise Failure(f"not so in {limit_s} s: {expression}\n{self.watch.log('prometheus')}")
                time.sleep(0.02)
        return time.monotonic() - since

    def values(self, series):
        """What one series went through, without repetitions."""
        found = self.query(series + ALL)
        if len(found) != 1:
            raise Failure(f"one series is expected: {series}: {len(found)}")
        return [float(value) for value, _ in itertools.groupby(value for _, value in found[0]["values"])]

    def states(self, metric, labels):
        """What a state set went through, without repetitions; exactly one state holds at each scrape."""
        holding = {}
        for series in self.query(f"{metric}{{{labels}}}{ALL}"):
            for when, value in series["values"]:
                states = holding.setdefault(when, [])
                if float(value):
                    states.append(series["metric"][metric])
        odd = {when: states for when, states in holding.items() if len(states) != 1}
        if odd or not holding:
            raise Failure(f"{metric} {labels}: one state is expected at each scrape: {odd}")
        return [state for state, _ in itertools.groupby(holding[when][0] for when in sorted(holding))]

    def fired(self):
        """Alerts that fired at any time: name and severity, and the node if they are about one."""
        return {(alert["metric"]["alertname"], alert["metric"]["severity"], alert["metric"].get("node"))
                for alert in self.query(f'ALERTS{{alertstate="firing"}}{ALL}')}


def expect(what, told, expected):
    """It must be that."""
    if told != expected:
        raise Failure(f"{what}: {told}, and not {expected}")


def counted(scraper, watch):
    """What is counted of each node: changes of state, and crashes."""
    return {(name, of): scraper.value(f'healthd_node_{of}_total{{cluster="lab",node="{name}"}}')
            for name in watch.lab.names for of in ("transitions", "unclean_exits")}


def well(scraper):
    """Before anything is done: all Green, one may be lost, the shipped rules are looked at, and none of them fires."""
    scraper.await_true(time.monotonic(), 20, 'count_over_time(up{job="healthd"}[1m]) >= 4')
    scraper.await_true(time.monotonic(), 5 * ROUND_S + SLACK_S,
                       'count(healthd_node_state{cluster="lab",healthd_node_state="green"} == 1) == 3',
                       'healthd_cluster_colour{cluster="lab",healthd_cluster_colour="green"} == 1',
                       f"{LOSABLE} == 1",
                       'count(healthd_node_routable{cluster="lab"} == 1) == 3')
    rules = [rule for group in scraper.ask("rules")["groups"] for rule in group["rules"]]
    ill = [rule["name"] for rule in rules if rule["health"] != "ok"]
    if len(rules) < 15 or ill:
        raise Failure(f"of {len(rules)} rules, these cannot be evaluated or were not: {ill}")
    expect("alerts before anything was done", scraper.fired(), set())


def ages_stay(scraper):
    """Probes end and agents speak all the time, the dead node's too; only its answers get old."""
    for witness in ("probe", "agent"):
        oldest = f'max_over_time(healthd_node_{witness}_age_seconds{{cluster="lab"}}{ALL})'
        limit = f'healthd_limit_seconds{{limit="{witness}_stale"}}'
        young = scraper.query(f"{oldest} < on (job, instance) group_left {limit}")
        if len(young) != 3:
            raise Failure(f"{witness}: ages reach {scraper.query(oldest)}, with {scraper.value(limit)} s for a limit")
        print(f"  the {witness}'s age reached {max(float(node['value'][1]) for node in young):.1f} s of "
              f"{scraper.value(limit):.1f} s")
    unanswered = scraper.query(f'max_over_time(healthd_node_answer_age_seconds{{cluster="lab"}}{ALL}) > {DEAD_S - 1}')
    expect("whose answers got old", [node["metric"]["node"] for node in unanswered], ["n3"])
    scraper.await_true(time.monotonic(), 2 * ROUND_S + SLACK_S,
                       f'healthd_node_answer_age_seconds{{cluster="lab",node="n3"}} < {INTERVAL_MS * 2 / 1000}')


def remembered(scraper):
    """The whole story, as the series hold it."""
    expect("the cluster's colours", scraper.states("healthd_cluster_colour", 'cluster="lab"'),
           ["green", "yellow", "green"])
    states = scraper.states("healthd_node_state", 'cluster="lab",node="n3"')
    if states[1] == "unknown":
        del states[1]  # a scrape fell between the connection's end and the agent's word
    joining = states[2:-1]
    expect("n3's states", [*states[:2], *states[-1:]], ["green", "red-unclean", "green"])
    if "yellow" not in joining or not {"yellow", "unknown"} >= set(joining):
        raise Failure(f"n3's states while it joined: {joining}")
    expect("members that may be lost", scraper.values(LOSABLE), [1, 0, 1])
    expect("n3 routable", scraper.values('healthd_node_routable{cluster="lab",node="n3"}'), [1, 0, 1])
    expect("healthd is scraped", scraper.values('up{job="healthd"}'), [1])


def scraped_kill(watch, figures):
    """Prometheus sees a crash and its end in every series, and the alert of that node fires alone."""
    watch.acknowledge()  # what a scenario before has left on purpose
    with Scraper(watch) as scraper:
        well(scraper)
        before = counted(scraper, watch)
        since = time.monotonic()
        watch.lab.nodes["n3"].send(signal.SIGKILL)
        figures.add("kill -9 to a sample in Prometheus", scraper.await_true(
            since, 0.5 + ROUND_S + SLACK_S,
            'healthd_node_state{cluster="lab",node="n3",healthd_node_state="red-unclean"} == 1',
            'healthd_cluster_colour{cluster="lab",healthd_cluster_colour="yellow"} == 1',
            f"{LOSABLE} == 0",
            'healthd_node_routable{cluster="lab",node="n3"} == 0'))
        figures.add("kill -9 to a firing alert", scraper.await_true(
            since, 0.5 + 2 * ROUND_S + SLACK_S,
            'ALERTS{alertname="HealthdNodeUnclean",alertstate="firing",cluster="lab",node="n3"}',
            'ALERTS{alertname="HealthdQuorumAtRisk",alertstate="pending",cluster="lab"}'))
        watch.lab.nodes["n3"].wait_exit()
        time.sleep(DEAD_S)
        expect("members that may be lost", scraper.values(LOSABLE), [1, 0])
        for name in ("n1", "n2"):
            expect(f"{name}'s states", scraper.states("healthd_node_state", f'cluster="lab",node="{name}"'), ["green"])
            expect(f"{name} routable", scraper.values(f'healthd_node_routable{{cluster="lab",node="{name}"}}'), [1])
        rejoin(watch, "n3")
        scraper.await_true(time.monotonic(), ROUND_S + SLACK_S,
                           'healthd_cluster_colour{cluster="lab",healthd_cluster_colour="green"} == 1',
                           'healthd_node_routable{cluster="lab",node="n3"} == 1',
                           f"{LOSABLE} == 1")
        remembered(scraper)
        ages_stay(scraper)
        told = {(name, "transitions"): sum(said["state"] != said["from"] for said in watch.reports.of(name, since))
                for name in watch.lab.names}
        told["n3", "unclean_exits"] = 1
        expect("counted", counted(scraper, watch), {key: value + told.get(key, 0) for key, value in before.items()})
        expect("alerts", scraper.fired(), {("HealthdNodeUnclean", "warning", "n3")})


LONG = (scraped_kill,)
