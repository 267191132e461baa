#!/usr/bin/env python3
"""manual.py HEALTHD FAKE_SERVERS: what is served is in healthd-http(7): each path, each key, each word of a query."""
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from scenes import Failed, check
from serving import Stage, ask

ROOT = Path(__file__).parents[1]
MANUAL = (ROOT / "docs" / "man" / "healthd-http.7").read_text(encoding="utf-8")
# Names that are values elsewhere in the documents, and are listed by `healthctl rules`.
VALUES = {"facts", "states"}


def paths():
    """Those of http_routes.c."""
    text = (ROOT / "cli" / "http" / "http_routes.c").read_text(encoding="utf-8")
    found = re.findall(r'"(/[^"]*)"', text)
    check(len(found) > 5, "no paths are found in http_routes.c")
    return found


def missing_paths():
    """Those that the manual has no entry for; "*" is a name in capitals there."""
    return [path for path in paths()
            if not re.search(r"^\.It Pa " + path.replace("*", "[A-Z]+") + "$", MANUAL, flags=re.M)]


def keys(document):
    """All keys of a document."""
    if isinstance(document, list):
        return set().union(*map(keys, document)) if document else set()
    if not isinstance(document, dict):
        return set()
    return set(document).union(*(keys(value) for key, value in document.items() if key not in VALUES))


def served(stage, path):
    """A document."""
    answer = ask(stage.http, f"GET {path} HTTP/1.0\r\n\r\n")
    return json.loads(answer.split("\r\n\r\n", 1)[1])


def main():
    """All of it."""
    with tempfile.TemporaryDirectory(prefix="healthd-manual-") as folder:
        stage = Stage(Path(folder))
        try:
            stage.begin()
            check(not missing_paths(), f"healthd-http(7) does not have {missing_paths()}")
            documents = [served(stage, path) for path in ("/v1/clusters", "/v1/clusters/lab", "/v1/clusters/lab/n1",
                                                          "/v1/history")]
            words = set(re.findall(r"[a-z_]+", re.sub(r"^\.(\\\"|Sh|Nd).*$", "", MANUAL, flags=re.M)))
            unsaid = keys(documents) - words
            check(len(keys(documents)) > 50, "too few keys are found")
            check(not unsaid, f"healthd-http(7) does not have the keys {sorted(unsaid)}")
            stage.stop()
            print(f"healthd-http(7) has {len(paths())} paths and {len(keys(documents))} keys")
        except (Failed, OSError, subprocess.SubprocessError, ValueError) as problem:
            print(f"FAILED {problem}")
            return 1
        finally:
            stage.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
