"""Scenes of ctl.py: every command and option is in the manual and in the completions, which work in real shells."""
import os
import re
import subprocess
import tempfile
from pathlib import Path

from ctl_stage import HEALTHCTL, NO_SERVER, ROOT, Terminal, ctl
from scenes import check

COMPLETIONS = ROOT / "deploy/completions"
SHARED = {"--server", "--timeout", "--help"}


def commands():
    """What the program says it can do: {command: its options}."""
    names = re.findall("^  ([a-z-]+) +[A-Z]", ctl("help")[0], re.M)
    check({"status", "why", "events", "matrix", "check", "maint", "check-config", "replay", "trace"} <= set(names), names)
    options = {}
    for name in names:
        said = ctl(name, "--help")[0]
        check(said.startswith(f"usage: healthctl {name} "), said)
        options[name] = set(re.findall("^  (?:-[a-z], )?(--[a-z-]+)", said, re.M)) | {"--help"}
    return options


def manual(_stage):
    """Each command and each of its options is in its part of the manual; so are the environment and help's words."""
    page = (ROOT / "docs/man/healthctl.1").read_text(encoding="utf-8")
    parts = re.split(r"^\.It Cm ", page.split(".Sh DESCRIPTION")[1], flags=re.M)
    for name, options in commands().items():
        check(re.search(rf"^\.Cm {name}\b", page, re.M), f"{name} is not in the synopsis")
        part = "".join(p for p in parts[1:] if re.match(rf"{name}\b(?!-)", p))
        check(part, f"{name} is not in the manual")
        for option in options:
            place = parts[0] if option in SHARED else part
            check(f"Fl -{option[2:]}" in place, f"{name} {option} is not in the manual")
    for word in ("HEALTHD_SERVER", "HEALTHD_TOKEN_FILE", "NO_COLOR"):
        check(f".It Ev {word}" in page, word)
    done = subprocess.run(["grep", "-c", "[^ -~]", str(ROOT / "docs/man/healthctl.1")], capture_output=True, text=True,
                          check=False)
    check(done.stdout.strip() == "0", "not ASCII")


def complete_in_bash(words):
    """What bash offers for the last of these words."""
    script = f'. {COMPLETIONS}/healthctl.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _healthctl; printf "%s\\n" "${{COMPREPLY[@]}}"'
    return run_shell(["bash", "--norc", "-c", script, "bash", *words])


def complete_in_fish(words):
    """What fish offers for the last of these words."""
    script = f"source {COMPLETIONS}/healthctl.fish; complete -C '{' '.join(words)}'"
    return [line.split("\t")[0] for line in run_shell(["fish", "--no-config", "-c", script])]


def run_shell(call):
    """The lines that a shell prints; it says nothing else."""
    env = {**NO_SERVER, "PATH": f"{Path(HEALTHCTL).parent}:{os.environ['PATH']}"}
    done = subprocess.run(call, capture_output=True, text=True, timeout=20, check=False, env=env)
    check(not done.stderr, f"{call}: {done.stderr}")
    return done.stdout.split("\n")[:-1]


def offered(_stage):
    """Every command and option is offered in each shell."""
    zsh = (COMPLETIONS / "_healthctl").read_text(encoding="utf-8")
    live = re.search(r"^    live=\(.*?^    \)", zsh, re.M | re.S).group()
    known = commands()
    for complete in (complete_in_bash, complete_in_fish):
        missing = {*known, "help"} - set(complete(["healthctl", ""]))
        check(not missing, f"{complete.__name__}: {missing}")
        for name, options in known.items():
            missing = options - set(complete(["healthctl", name, "--"]))
            check(not missing, f"{complete.__name__} {name}: {missing}")
    for name, options in known.items():
        check(f"'{name}:" in zsh, f"{name} is not in zsh's")
        part = re.search(rf"^    (?:[a-z-]+ \| )*{name}(?: \| [a-z-]+)*\)(.*?);;", zsh, re.M | re.S).group(1)
        for option in options:
            check(option in part + (live if "$live" in part else ""), f"zsh {name}: {option}")
    run_shell(["zsh", "-n", str(COMPLETIONS / "_healthctl")])


def press(stage, home):
    """TAB in each shell, in an empty home."""
    shells = (
        (("bash", "--norc", "-i"), f"source {COMPLETIONS}/healthctl.bash\n"),
        (("zsh", "-f", "-i"), f"fpath=({COMPLETIONS} $fpath); autoload -Uz compinit; compinit -u -D\n"),
        (("fish", "--no-config", "-i"), f"source {COMPLETIONS}/healthctl.fish\n"),
    )
    for shell, begin in shells:
        env = {"PATH": f"{Path(HEALTHCTL).parent}:{os.environ['PATH']}", "HOME": home, "TERM": "dumb",
               "HEALTHD_SERVER": stage.url, "XDG_DATA_HOME": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home}
        terminal = Terminal(*shell[1:], program=shell[0], env=env, cwd=home)
        try:
            terminal.type(begin.encode() + b"echo rea''dy\n")
            terminal.wait("ready\r")
            for typed, wanted in ((b"healthctl sta\t", "healthctl status "), (b"healthctl status s\t", "status shop "),
                                  (b"healthctl maint on shop/m2\t", "on shop/m2 "), (b"healthctl why la\t", "why lab/n1"),
                                  (b"healthctl status --wa\t", "--watch")):
                terminal.forget()
                terminal.type(typed)
                terminal.wait("[\a\b]*".join(map(re.escape, wanted)))  # bells ring between letters
                terminal.type(b"\x15")
                terminal.read(0.2)
        finally:
            terminal.close()


def pressed(stage):
    """TAB in real shells: commands, and names from a healthd that is there; none and no noise where there is none."""
    stage.serve({"lab": ["n1"], "shop": ["m1", "m2"]})
    with tempfile.TemporaryDirectory(prefix="healthd-ctl-", ignore_cleanup_errors=True) as home:
        press(stage, home)
    for option in (["--server"], ["--server", "="]):
        words = ["healthctl", "status", *option, "http", ":", "//127.0.0.1", ":", str(stage.http_port), ""]
        check("shop" in complete_in_bash(words), f"{option} is not asked")
    stage.stop()
    check(complete_in_bash(["healthctl", "status", "--server", "http", ":", "//127.0.0.1", ":", "1", ""]) == [""], "noise")


SCENES = (manual, offered, pressed)
