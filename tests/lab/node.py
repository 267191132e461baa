"""One Galera node: a mariadbd of its own, in its place, with its folder."""
import contextlib
import grp
import os
import pwd
import re
import shutil
import signal
import subprocess
import time

PROVIDER = "/usr/lib/galera/libgalera_smm.so"
GROUP_PORT = 4567
IST_PORT = 4568
SST_PORT = 4444

# Small and quick; what is lost when the machine itself crashes does not matter here.
OPTIONS = """
    --no-defaults --skip-name-resolve --character-set-server=utf8mb4
    --innodb-buffer-pool-size=32M --innodb-log-file-size=16M --innodb-flush-log-at-trx-commit=0
    --binlog-format=ROW --default-storage-engine=InnoDB --innodb-autoinc-lock-mode=2
    --wsrep-on=ON --wsrep-sst-method=rsync
""".split()


class NodeError(Exception):
    """A node did not do what was asked of it; says where its log is."""


def account():
    """The unprivileged user mariadbd runs as: rsync's transfer fails when started as root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("mysql").pw_name
    except KeyError:  # only the package with the service makes that user
        return "nobody"


def group():
    """That user's group."""
    return grp.getgrgid(pwd.getpwnam(account()).pw_gid).gr_name


def as_account():
    """What to put before a command so that it runs as that user. It ends in exec."""
    user = account()
    return ["setpriv", f"--reuid={user}", f"--regid={group()}", "--clear-groups"] if user else []


def base_options(datadir, socket):
    """Options of any server of a lab, be it a node or the one that makes the template."""
    return OPTIONS + [
        f"--datadir={datadir}", f"--socket={socket}", f"--pid-file={datadir}/mysqld.pid",
        f"--wsrep-provider={PROVIDER}"]


class Node:
    """A node's files, process and client. Use it through Lab unless you need its details."""

    def __init__(self, name, procs, places, cluster, folder=None):
        self.name = name
        self.address = places.address(name)
        self.port = places.port(name, 3306)
        self.folder = procs.folder / (folder or name)
        self.datadir = self.folder / "data"
        self.tmpdir = self.folder / "tmp"  # ours may be closed to the user it runs as
        self.socket = self.folder / "mysqld.sock"
        self.log = procs.folder / "log" / f"{name}.err"
        self.process = None
        self.provider_options = {}
        self._procs = procs
        self._places = places
        self._cluster = cluster

    def lay_out(self, template):
        """Make the node's folder from the template."""
        self.folder.mkdir()
        # cp keeps owners and sparse files, and shares blocks where the file system can.
        subprocess.run(["cp", "-a", "--reflink=auto", template, self.datadir], check=True)
        self.own()

    def own(self):
        """Give the node's files to the user it runs as."""
        self.log.touch()
        self.tmpdir.mkdir()
        for path in (self.folder, self.datadir, self.tmpdir, self.log):
            if account():
                shutil.chown(path, account(), group())

    def group_address(self):
        """Where this node's peers find it."""
        return f"{self.address}:{self._places.port(self.name, GROUP_PORT)}"

    def _provider_options(self):
        ist = f"{self.address}:{self._places.port(self.name, IST_PORT)}"
        options = {
            "gcache.size": "32M", "gcache.dir": self.datadir, "ist.recv_addr": ist,
            "gmcast.listen_addr": f"tcp://{self.group_address()}", **self.provider_options}
        return ";".join(f"{key}={value}" for key, value in options.items())

    def start(self, peers, *extra):
        """Start mariadbd, to join `peers` (group addresses), or to found a cluster if there are none."""
        if self.running():
            raise NodeError(f"{self.name} runs already")
        sst = f"{self.address}:{self._places.port(self.name, SST_PORT)}"
        argv = ["mariadbd"] + base_options(self.datadir, self.socket) + [
            f"--port={self.port}", f"--bind-address={self.address}", f"--log-error={self.log}",
            f"--wsrep-cluster-address=gcomm://{','.join(peers)}",
            f"--wsrep-cluster-name={self._cluster}", f"--wsrep-node-name={self.name}",
            f"--wsrep-node-address={self.group_address()}",
            f"--wsrep-node-incoming-address={self.address}:{self.port}",
            f"--wsrep-sst-receive-address={sst}",
            f"--wsrep-provider-options={self._provider_options()}", *extra]
        self.process = self._procs.spawn(
            self._places.enter(self.name) + as_account() + argv, self.name, {"TMPDIR": str(self.tmpdir)})

    def recover_command(self):
        """What shows, beside the node, the position that it would start from while it is down."""
        return ["mariadbd", *base_options(self.datadir, self.socket), f"--tmpdir={self.tmpdir}",
                "--wsrep-cluster-address=gcomm://", "--wsrep-recover"]

    def recovered(self):
        """The position that it shows, as Debian's unit asks before each start."""
        done = subprocess.run(
            self._places.enter(self.name) + as_account() + self.recover_command(), capture_output=True,
            text=True, timeout=60, check=True, env=self._procs.environment())
        return re.findall(r"Recovered position:? *(\S+)", done.stderr + done.stdout)[-1]

    def running(self):
        """Does the process exist (frozen or not)?"""
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self):
        """The id of mariadbd itself."""
        return self.process.pid

    def send(self, number):
        """Send a signal."""
        self.process.send_signal(number)

    def wait_exit(self, timeout=30):
        """Wait for the exit; returns what subprocess calls the return code (-9: killed by signal 9)."""
        return self.process.wait(timeout)

    def sql(self, text, timeout=20):
        """Run SQL as root over the socket; returns the rows as lists of strings."""
        argv = ["mariadb", "--no-defaults", f"--socket={self.socket}", "--user=root", "--batch",
                "--skip-column-names", "--connect-timeout=5"]
        done = subprocess.run(argv, input=text, capture_output=True, text=True, timeout=timeout, check=False)
        if done.returncode != 0:
            raise NodeError(f"{self.name}: {done.stderr.strip()}")
        return [line.split("\t") for line in done.stdout.splitlines()]

    def status(self):
        """Galera's own word: the wsrep_ status, without the prefix."""
        rows = self.sql("SET SESSION wsrep_sync_wait=0; SHOW GLOBAL STATUS LIKE 'wsrep\\_%'")
        return {key.removeprefix("wsrep_"): value for key, value in rows}

    def synced(self, size=None):
        """Is it a Synced member of a Primary component (of this size, if given)?"""
        try:
            status = self.status()
        except (NodeError, subprocess.TimeoutExpired):
            return False
        return (status.get("local_state") == "4" and status.get("cluster_status") == "Primary"
                and status.get("ready") == "ON" and size in (None, int(status["cluster_size"])))

    def grastate(self):
        """The position that Galera saved, as a dictionary of strings."""
        with contextlib.suppress(FileNotFoundError):
            lines = (self.datadir / "grastate.dat").read_text(encoding="utf-8").splitlines()
            pairs = [line.split(":", 1) for line in lines if ":" in line and line[:1] != "#"]
            return {key: value.strip() for key, value in pairs}
        return {}

    def allow_bootstrap(self):
        """Do what an operator does to found the cluster anew from this node after a crash."""
        path = self.datadir / "grastate.dat"
        text = path.read_text(encoding="utf-8").replace("safe_to_bootstrap: 0", "safe_to_bootstrap: 1")
        path.write_text(text, encoding="utf-8")

    def tail(self, lines=15):
        """The end of the server's log, for messages."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


def make_template(node, setup_sql):
    """Make the node's data directory one that has been a cluster of one: copies of it join each other."""
    node.folder.mkdir()
    node.datadir.mkdir()
    node.own()
    subprocess.run(
        as_account() + ["mariadb-install-db", "--no-defaults", f"--datadir={node.datadir}", "--skip-test-db",
                        "--auth-root-authentication-method=normal"],
        check=True, capture_output=True, timeout=120)
    node.start([])
    deadline = time.monotonic() + 60
    while not node.synced(1):
        if not node.running() or time.monotonic() > deadline:
            raise NodeError(f"the template does not start:\n{node.tail()}")
        time.sleep(0.1)
    node.sql(setup_sql)
    node.send(signal.SIGTERM)
    node.wait_exit()
    for name in ("mysqld.pid", "galera.cache"):
        (node.datadir / name).unlink(missing_ok=True)
