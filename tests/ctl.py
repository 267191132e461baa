#!/usr/bin/env python3
"""ctl.py HEALTHD HEALTHCTL [SCENE...]: what users of healthctl's live commands meet.

The healthd is a real one, whose nodes' ports refuse; a fake one stands in where a real one cannot be made to answer
so. What is seen on a terminal is seen through a pseudo-terminal."""
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import ctl_fakes
import ctl_real
import ctl_words
from ctl_stage import Failed, Served

SCENES = ctl_real.SCENES + ctl_fakes.SCENES + ctl_words.SCENES


def play(scene):
    """One scene on a stage of its own: what is to be said of it, and whether it went well."""
    stage = Served()
    try:
        scene(stage)
        return f"passed {scene.__name__}: {scene.__doc__}", True
    except (Failed, subprocess.SubprocessError, OSError, ValueError) as problem:
        return f"FAILED {scene.__name__}: {problem}\n{stage.log.text() if stage.log else ''}", False
    finally:
        stage.close()


def main():
    """Play the scenes, a few at a time: they mostly wait."""
    chosen = [scene for scene in SCENES if not sys.argv[3:] or scene.__name__ in sys.argv[3:]]
    failed = 0
    with ThreadPoolExecutor(4) as pool:
        for said, good in pool.map(play, chosen):
            print(said)
            failed += not good
    print(f"{len(chosen) - failed} of {len(chosen)} scenes passed")
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
