#!/usr/bin/python3
"""metrics.py HEALTHD HEALTHCTL [SCENE...]: metrics as Prometheus meets them.

A real Prometheus scrapes a real healthd, whose nodes nobody listens for: that is enough for every family.
The interpreter is Debian's, which is where its package of Prometheus' parser is installed."""
import functools
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics

from daemon import Stage
from prometheus import ROOT, RULES, Prometheus, program
from scenes import check, free_port, play_all, wait_served, wait_until

RULES_TEST = ROOT / "tests" / "alerts.yaml"
DASHBOARD = ROOT / "deploy" / "grafana" / "healthd.json"
MANUAL = ROOT / "docs" / "man" / "healthd-metrics.7"
OPENMETRICS = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
HISTOGRAM = ("_bucket", "_count", "_sum")
GRAFANA = {"$cluster": ".*", "$node": ".*", "$instance": ".*"}
KNOWN_ONLY_WITH_SERVERS = {  # of nodes that answer, and of agents
    "healthd_cluster_can_lose_members", "healthd_cluster_primary_members", "healthd_node_answer_age_seconds",
    "healthd_node_view_age_seconds", "healthd_node_agent_age_seconds"}


def bound():
    """A port that is ours and that a child may listen at."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    return held, held.getsockname()[1]


def get(port, path, accept=None, method="GET"):
    """Status, headers and text of an answer."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method,
                                     headers={"Accept": accept} if accept else {})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.status, answer.headers, answer.read().decode()


def fetch(url):
    """The text of an answer."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


class Scene:
    """A healthd that serves HTTP, with all that has metrics: agents' port, both reporters."""

    def __init__(self, clusters=None):
        self.stage = Stage()
        self.held = []
        self.port = self.reserve()
        self.beats = free_port(socket.SOCK_DGRAM)
        self.write(clusters or {"lab": ["n1", "n2"], "other": ["n1"]})
        self.stage.start()
        wait_served(self.port)  # the log says that it starts before it listens

    def reserve(self):
        """A port for a child to listen at."""
        held, port = bound()
        self.held.append(held)
        return port

    def write(self, clusters):
        """The configuration."""
        redis = self.stage.ports.refusing()
        self.stage.write(clusters, f"report: {{redis: {{address: '127.0.0.1:{redis}'}}}}\n")
        text = self.stage.config.read_text(encoding="utf-8")
        text = text.replace("heartbeat: {listen: none}", f"heartbeat: {{listen: '127.0.0.1:{self.beats}'}}")
        text = text.replace("http: {listen: none}", f"http: {{listen: '127.0.0.1:{self.port}'}}")
        self.stage.config.write_text(text, encoding="utf-8")

    def text(self):
        """Metrics in the older format."""
        return get(self.port, "/metrics")[2]

    def value(self, series):
        """Of one sample; None: there is none."""
        found = re.search(f"^{re.escape(series)} (.*)$", self.text(), re.M)
        return float(found.group(1)) if found else None

    @property
    def log(self):
        """The daemon's."""
        return self.stage.log

    def close(self):
        """Leave nothing behind."""
        for held in self.held:
            held.close()
        self.stage.close()


def families(text):
    """Names and types in the older format."""
    return dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))


def family_of(name, known):
    """The family of a series' name."""
    for ending in HISTOGRAM:
        if name.endswith(ending) and known.get(name[:-len(ending)]) == "histogram":
            return name[:-len(ending)]
    return name


def names_in(expression):
    """The metrics of a PromQL expression: ours, and those of the process."""
    return set(re.findall(r"\b(?:healthd|process)_[a-z_]+\b(?!\s*=)", re.sub(r'"[^"]*"', '""', expression)))


def expressions():
    """Of the rules, their description and the dashboard, each with the place it stands at."""
    yield "docs/alerts.md", (ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")
    rules = RULES.read_text(encoding="utf-8")
    for name, body in re.findall(r"- alert: (\w+)\n\s+expr: (.*?)\n\s+(?:for|labels):", rules, re.S):
        yield name, body.removeprefix(">\n")
    for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]


# ---- Scenes -------------------------------------------------------------------------------------------

def formats(scene):
    """Both formats are what their parsers take, and hold the same series."""
    scene.stage.wait_red("n1", "n2")
    status, headers, text = get(scene.port, "/metrics")
    check(status == 200 and headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8", str(headers))
    done = subprocess.run([program("promtool"), "check", "metrics"], input=text, capture_output=True, text=True,
                          timeout=10, check=False)
    check(done.returncode == 0 and not done.stderr, f"promtool: {done.stdout}{done.stderr}")

    _, headers, modern = get(scene.port, "/metrics", OPENMETRICS)
    check(headers["Content-Type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8", str(headers))
    parsed = list(parse_openmetrics(modern))
    types = {family.name: family.type for family in parsed}
    check(types["healthd_node_state"] == types["healthd_cluster_fault"] == "stateset" and
          types["healthd_build"] == "info" and types["healthd_node_probe_duration_seconds"] == "histogram", str(types))
    series = re.compile(r"^([^#].*) \S+$", re.M)
    volatile = re.compile("healthd_.*reason=")  # a reason may change between the two
    one, other = ({s for s in series.findall(t) if not volatile.match(s)} for t in (text, modern))
    check(one == other, f"other series: {one ^ other}")


def manual(scene):
    """Each family is described in the manual, and nothing else is."""
    entries = re.findall(r"^\.It Cm (.*)$", MANUAL.read_text(encoding="utf-8"), re.M)
    described = [name for entry in entries for name in entry.split(" , ")]
    check(len(described) == len(set(described)), "a family is described twice")
    check(set(described) == set(families(scene.text())),
          f"served or described alone: {set(described) ^ set(families(scene.text()))}")


def states(scene):
    """What is served is what is true: states, reasons, failures, reloads, stalls."""
    scene.stage.wait_red("n1", "n2")
    state = 'healthd_node_state{cluster="lab",node="n1",healthd_node_state="%s"}'
    check(scene.value(state % "red-unclean") == 1 and scene.value(state % "green") == 0, scene.text())
    check(scene.value('healthd_node_reason{cluster="lab",node="n1",reason="exit-not-proven"}') == 1, scene.text())
    check(scene.value('healthd_node_probe_failures_total{cluster="lab",node="n1",reason="refused"}') >= 1, "refused")
    check(0 <= scene.value('healthd_node_probe_age_seconds{cluster="lab",node="n1"}') < 3, "the probe's age")
    check(scene.value('healthd_cluster_nodes{cluster="lab"}') == 2, "nodes")
    check(scene.value("healthd_redis_connected") == 0 and scene.value("healthd_redis_behind_seconds") > 1, "Redis")
    check(scene.value('healthd_queue_taken_total{reader="stdout"}') >= 3, "reports on standard output")
    check(scene.value('healthd_queue_length{reader="redis"}') >= 3, "reports for Redis")


def reload(scene):
    """A reload that fails is told, and until when the last good one was."""
    good = "healthd_config_last_reload_successful"
    when = "healthd_config_last_reload_success_timestamp_seconds"
    began = scene.value(when)
    check(scene.value(good) == 1 and abs(began - time.time()) < 10 and
          abs(scene.value("process_start_time_seconds") - began) < 1, "after the start")
    before = scene.stage.config.read_text(encoding="utf-8")
    scene.stage.config.write_text("clusters: none\n", encoding="utf-8")
    scene.stage.reload("event=reload-failed")
    check(scene.value(good) == 0 and scene.value(when) == began, "after a reload that failed")
    scene.stage.config.write_text(before.replace("name: other", "name: 'other-one'"), encoding="utf-8")
    scene.stage.reload()
    check(scene.value(good) == 1 and scene.value(when) > began, "after a reload")
    check(scene.value('healthd_cluster_nodes{cluster="other-one"}') == 1 and
          scene.value('healthd_cluster_nodes{cluster="other"}') is None, "who is watched")


def process(scene):
    """The process is what /proc says it is; a stall shows in the loop's lag and the engine's stalls."""
    pid = scene.stage.process.pid
    files = len(os.listdir(f"/proc/{pid}/fd"))
    told = scene.value("process_open_fds")
    check(abs(told - files) <= 4, f"{told} descriptors, not {files}")  # connections come and go
    resident = int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(encoding="utf-8")).group(1))
    check(0.8 < scene.value("process_resident_memory_bytes") / (resident * 1024) < 1.25, "resident memory")
    check(0 < scene.value("process_cpu_seconds_total") < 5, "processor time")
    scene.stage.wait_red("n1", "n2")
    check(scene.value("healthd_loop_lag_seconds_count") > 4, "the loop's lag is not measured")
    check(scene.value("healthd_loop_lag_max_seconds") < 0.9, "the loop was late before it was stopped")
    before = scene.value("healthd_engine_stalls_total")
    scene.stage.process.send_signal(signal.SIGSTOP)
    time.sleep(1.2)
    scene.stage.process.send_signal(signal.SIGCONT)
    scene.stage.log.wait(f"event=stall stalls={before + 1:.0f} ")
    check(scene.value("healthd_engine_stalls_total") > before, "the stall")
    check(0.9 < scene.value("healthd_loop_lag_max_seconds") < 5, "how late the loop was")


def heartbeats(scene):
    """What is no heartbeat is counted."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as forger:
        forger.sendto(b"nonsense", ("127.0.0.1", scene.beats))
    wait_until(lambda: scene.value('healthd_heartbeats_total{result="malformed"}') == 1,
               "a malformed heartbeat is not counted")


def whole(_scene):
    """The rules pass their unit tests, each alert fires and does not fire in one, and points to what to do."""
    for arguments in (["check", "rules", str(RULES)], ["test", "rules", str(RULES_TEST)]):
        done = subprocess.run([program("promtool"), *arguments], capture_output=True, text=True, timeout=60,
                              check=False)
        check(done.returncode == 0, f"promtool: {done.stdout}{done.stderr}")
    rules = RULES.read_text(encoding="utf-8")
    tests = RULES_TEST.read_text(encoding="utf-8")
    sections = {title.lower() for title in re.findall(r"^## (\w+)$", (ROOT / "docs" / "alerts.md").read_text(
        encoding="utf-8"), re.M)}
    alerts = re.findall(r"- alert: (\w+)", rules)
    check(len(alerts) >= 15, f"only {alerts}")
    for alert in alerts:
        check(f"alertname: {alert}, exp_alerts: []" in tests, f"no test has {alert} not firing")
        check(re.search(rf"alertname: {alert}\n\s+exp_alerts:\n", tests), f"no test has {alert} firing")
        check(f"runbook_url: /usr/share/doc/healthd/alerts.md#{alert.lower()}\n" in rules, f"{alert} does not say what to do")
    check(sections == {alert.lower() for alert in alerts}, "other sections than alerts in docs/alerts.md")


def dashboard(scene):
    """The dashboard is whole, and it and the rules speak of what is served only."""
    known = families(scene.text())
    count = 0
    for place, expression in expressions():
        for name in names_in(expression):
            count += 1
            check(family_of(name, known) in known, f"{place}: {name} is not served")
    check(count > 40, f"only {count} names")
    board = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    variables = {variable["name"] for variable in board["templating"]["list"]}
    check(board["uid"] == "healthd" and {"datasource", "cluster", "node"} <= variables, f"variables: {variables}")
    check(any(panel["type"] == "state-timeline" for panel in board["panels"]), "no state timeline")
    ids = [panel["id"] for panel in board["panels"]]
    check(len(ids) == len(set(ids)), "an id is there twice")
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(board["panels"])))
    check(used <= variables, f"variables that are not there: {used - variables}")


class Scraper(Prometheus):
    """A Prometheus on the loopback."""

    def __init__(self, scene):
        port = scene.reserve()
        self.log = scene.stage.folder / "prometheus.log"
        with self.log.open("w", encoding="utf-8") as log:
            super().__init__(scene.stage.folder / "prometheus", f"127.0.0.1:{port}", f"127.0.0.1:{scene.port}",
                             lambda call: subprocess.Popen(call, stdout=log, stderr=subprocess.STDOUT), fetch)

    def wait(self, what, passed):
        """Until it is so."""
        def now():
            check(self.process.poll() is None, self.log.read_text(encoding="utf-8"))
            try:
                return passed()
            except OSError:
                return False  # it does not listen yet
        wait_until(now, lambda: f"{what}:\n{self.log.read_text(encoding='utf-8')}", 15, lambda: time.sleep(0.1))


def panels(prometheus):
    """Does Prometheus answer each query of the dashboard, with what can be known without servers?"""
    for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]:
        for target in panel.get("targets", []):
            expression = target["expr"]
            for variable, value in GRAFANA.items():
                expression = expression.replace(variable, value)
            # Rates and quantiles are empty or no number where nothing was answered.
            found = prometheus.query(expression)
            check(found or names_in(expression) & KNOWN_ONLY_WITH_SERVERS, f"{panel['title']}: nothing: {expression}")


def scraped(scene):
    """A real Prometheus takes it, answers the dashboard's queries, and its alerts come."""
    prometheus = Scraper(scene)
    try:
        prometheus.wait("it does not scrape", lambda: prometheus.query("healthd_node_routable"))
        scene.stage.wait_red("n1", "n2")
        prometheus.wait("no red node", lambda: len(
            prometheus.query('healthd_node_state{healthd_node_state="red-unclean"} == 1')) == 3)
        prometheus.wait("no alerts", lambda: {"HealthdClusterRed", "HealthdNodeUnclean"} <= {
            alert["labels"]["alertname"] for alert in prometheus.ask("alerts")["alerts"] if alert["state"] == "firing"})
        target = prometheus.ask("targets")["activeTargets"][0]
        check(target["health"] == "up" and not target["lastError"], str(target))
        metadata = prometheus.ask("targets/metadata")
        types = {entry["metric"]: entry["type"] for entry in metadata}
        check(types["healthd_node_state"] == "stateset", "it has not asked for OpenMetrics")
        prometheus.wait("it scrapes once only", lambda: prometheus.query(
            'count_over_time(healthd_node_state{healthd_node_state="red-unclean"}[1m]) > 2'))  # for rates
        panels(prometheus)
    finally:
        prometheus.close()


SCENES = (formats, manual, states, reload, process, heartbeats, whole, dashboard, scraped)


def to_its_end(scene_function):
    """... and the daemon has to stop well."""
    @functools.wraps(scene_function)
    def played(scene):
        scene_function(scene)
        scene.stage.stop(1.4)
    return played


if __name__ == "__main__":
    sys.exit(play_all(map(to_its_end, SCENES), Scene))
