"""A real Prometheus that scrapes a healthd, with the alerts that are shipped; and what its API answers."""
import json
import os
import shutil
import urllib.parse
from pathlib import Path

from scenes import check

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ROOT / "build" / "lab" / "tools" / "usr" / "bin"  # where ./dev unpacks what it does not install
RULES = ROOT / "deploy" / "prometheus" / "healthd.rules.yaml"
ROUND_S = 0.5  # from scrape to scrape, and from one look at the rules to the next


def program(name):
    """Installed, or unpacked."""
    found = shutil.which(name) or str(TOOLS / name)
    check(os.access(found, os.X_OK), f"{name} is not here: ./dev test unpacks it")
    return found


class Prometheus:
    """One at `address`, for a healthd at `target`, in a folder that it makes. Each may be in a network of its own:
    `spawn` starts it there from its arguments, and `fetch` gets the text behind a URL from there."""

    def __init__(self, folder, address, target, spawn, fetch):
        self.folder = folder
        self.api = f"http://{address}/api/v1"
        self.fetch = fetch
        folder.mkdir()
        config = folder / "prometheus.yml"
        config.write_text(
            f"global: {{scrape_interval: {ROUND_S * 1000:.0f}ms, evaluation_interval: {ROUND_S * 1000:.0f}ms}}\n"
            f"rule_files: ['{RULES}']\n"
            "scrape_configs:\n  - job_name: healthd\n"
            f"    static_configs: [{{targets: ['{target}']}}]\n", encoding="utf-8")
        self.process = spawn([program("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={folder}/data",
                              f"--web.listen-address={address}", "--log.level=warn"])

    def ask(self, path, **arguments):
        """What its API answers."""
        answer = json.loads(self.fetch(f"{self.api}/{path}?{urllib.parse.urlencode(arguments)}"))
        check(answer["status"] == "success", str(answer))
        return answer["data"]

    def query(self, expression):
        """The samples of an expression."""
        return self.ask("query", query=expression)["result"]

    def close(self):
        """Leave nothing behind."""
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder)
