#!/usr/bin/env python3
"""ctl.py HEALTHD HEALTHCTL [SCENE...]: what users of healthctl's live commands meet.

The healthd is a real one, whose nodes' ports refuse; a fake one stands in where a real one cannot be made to answer
so. What is seen on a terminal is seen through a pseudo-terminal."""
import sys

import ctl_fakes
import ctl_real
import ctl_words
from ctl_stage import Served
from scenes import play_all

SCENES = ctl_real.SCENES + ctl_fakes.SCENES + ctl_words.SCENES


if __name__ == "__main__":
    sys.exit(play_all(SCENES, Served))
