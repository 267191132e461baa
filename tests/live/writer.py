"""A client that counts: it writes numbers, and remembers which of them a server has acknowledged."""
import threading
import time

from sql import Session, SqlError


class Writer:
    """Writes to the first node that takes it, until it is stopped. Use as a context manager."""

    def __init__(self, lab, pause_s=0.005):
        self._lab = lab
        self._pause_s = pause_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write, daemon=True)
        self.acknowledged = []
        self.refused = 0

    def __enter__(self):
        lab = self._lab
        lab.sql(lab.names[0], "CREATE TABLE IF NOT EXISTS lab.numbers (id BIGINT PRIMARY KEY);"
                              "DELETE FROM lab.numbers")
        for name in lab.names:  # an acknowledged row is on the disk of who acknowledged it
            lab.sql(name, "SET GLOBAL innodb_flush_log_at_trx_commit=1")
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """No more writes."""
        self._stop.set()
        self._thread.join()

    def _write(self):
        number = 0
        while not self._stop.is_set():
            for node in self._lab.nodes.values():
                try:
                    with Session("root", "", socket=node.socket, timeout=2) as session:
                        while not self._stop.is_set():
                            number += 1
                            session.execute(f"INSERT INTO lab.numbers VALUES ({number})")
                            self.acknowledged.append(number)
                            time.sleep(self._pause_s)
                except SqlError:
                    self.refused += 1
                    time.sleep(0.05)

    def wait_count(self, count, timeout=10):
        """Until so many more are acknowledged."""
        goal = len(self.acknowledged) + count
        self._lab.wait(f"{count} more rows", lambda: len(self.acknowledged) >= goal, timeout)

    def lost(self):
        """Acknowledged rows that some node does not have now; by node."""
        lost = {}
        for name in self._lab.names:
            rows = self._lab.sql(name, "SET SESSION wsrep_sync_wait=1; SELECT id FROM lab.numbers")
            missing = set(self.acknowledged) - {int(row[0]) for row in rows}
            if missing:
                lost[name] = sorted(missing)
        return lost
