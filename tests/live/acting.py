"""A watched cluster whose healthd has handlers, and what is asked of it."""
import json
import signal

from orders import Orders
from watch import Failure, Watch

GREEN_S = 120  # at most, from the fault to Green


class Acting(Watch):
    """A watched cluster with a handler for what healthd decides."""

    def __init__(self, bin_dir, mode, **options):
        super().__init__(bin_dir, redis=True, **options)
        self.mode = mode
        self.modes = {}
        self.orders = None

    def __exit__(self, *problem):
        if self.orders:
            self.orders.close()
        super().__exit__(*problem)

    def write_config(self):
        super().write_config()
        if not self.orders:
            self.orders = Orders(self.lab, self.folder / "orders.sock")
        command = json.dumps(self.orders.command())
        with self.config.open("a", encoding="utf-8") as config:
            config.write(f"memory: {self.folder}/memory.json\nhandlers:\n  mode: {self.mode}\n  actions:\n")
            for fault in ("node-crashed", "node-stopped", "full-stop", "full-crash", "split-brain"):
                mode = f"mode: {self.modes[fault]}, " if fault in self.modes else ""
                config.write(f"    - {{fault: {fault}, {mode}command: {command}, timeout_ms: 60000, "
                             f"cool_down_ms: 1000, retries: 2, backoff_ms: 1000}}\n")

    def set_mode(self, fault, mode):
        """The handler of this fault has a mode of its own from now on."""
        self.modes[fault] = mode
        self.write_config()
        self.healthd.send_signal(signal.SIGHUP)

    def cluster(self):
        """The cluster's document."""
        done = self.lab.run("monitor", [str(self.bin / "healthctl"), "status", "lab", "-o", "json",
                                        "--server", f"http://{self.http_address()}"], check=False)
        return json.loads(done.stdout)["cluster"]

    def task(self, name, *command):
        """`healthctl task run`: a Popen."""
        return self.lab.spawn("monitor", [str(self.bin / "healthctl"), "task", "run", "lab", name, "--token-file",
                                          str(self._token), "--server", f"http://{self.http_address()}", "--",
                                          *command], f"task-{name}")

    def diagnosis(self):
        """What `healthctl diagnose` says."""
        done = self.lab.run("monitor", [str(self.bin / "healthctl"), "diagnose", "lab", "-o", "json",
                                        "--server", f"http://{self.http_address()}"], check=False)
        return json.loads(done.stdout)


def check(truth, what):
    """It must be so."""
    if not truth:
        raise Failure(what)
