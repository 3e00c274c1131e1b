"""PostgreSQL 15: a function called once for each reservation, or once for a thousand."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import time
from typing import List, Sequence

from .common import (
    AMOUNT_FEN,
    ISSUED_FEN,
    QUOTAS,
    START_S,
    ZIPF,
    Case,
    Measured,
    Wrong,
    free_port,
    install,
    output,
    percentile,
)

BIN = pathlib.Path("/usr/lib/postgresql/15/bin")
SCHEMA = pathlib.Path(__file__).parents[1] / "postgres.sql"
#: Ids of one run, and of one client in it.
RUN_IDS, CLIENT_IDS = 10**15, 10**12

# Durable as it comes out of the box. The rest helps it: memory, and no checkpoint in mid-run.
SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = on
synchronous_commit = on
full_page_writes = on
max_connections = 100
shared_buffers = 2GB
min_wal_size = 2GB
max_wal_size = 16GB
checkpoint_timeout = 1h
"""

DRAWS = {
    "uniform": f"\\set quota random(0, {QUOTAS - 1})",
    "zipf": f"\\set quota random_zipfian(1, {QUOTAS}, {ZIPF}) - 1",
    "hot": "\\set quota 0",
}


class Postgres:
    """A cluster of its own, as a user without rights, below the scratch directory."""

    name = "PostgreSQL"

    def __init__(self, scratch: pathlib.Path, seconds: int) -> None:
        install([str(BIN / "postgres"), str(BIN / "pgbench")], ["postgresql-15"])
        self._seconds = seconds
        self._home = scratch / "postgres"
        self._home.mkdir()
        #: PostgreSQL does not run as root.
        self._as: List[str] = []
        if os.geteuid() == 0:
            shutil.chown(self._home, "postgres", "postgres")
            self._as = ["runuser", "-u", "postgres", "--"]
        self._data = self._home / "data"
        self._port = free_port()
        self._runs = 0
        initdb = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        self._do("initdb", "-D", self._data, *initdb)
        with (self._data / "postgresql.conf").open("a", encoding="utf-8") as settings:
            settings.write(f"{SETTINGS}port = {self._port}\n")
        self.version = self._do("postgres", "--version").split()[2]
        command = [*self._as, str(BIN / "postgres"), "-D", str(self._data)]
        with (self._home / "log").open("wb") as log:
            self._server = subprocess.Popen(
                command, cwd=self._home, stdout=log, stderr=log, start_new_session=True
            )
        try:
            self._wait()
        except BaseException:
            self.close()
            raise

    def _wait(self) -> None:
        until = time.monotonic() + START_S
        while time.monotonic() < until and self._server.poll() is None:
            try:
                self._sql("SELECT 1")
                return
            except Wrong:
                time.sleep(0.05)
        raise Wrong(f"PostgreSQL did not start:\n{(self._home / 'log').read_text('utf-8')}")

    def close(self) -> None:
        """Ends the server."""
        if self._server.poll() is None:
            self._do("pg_ctl", "-D", self._data, "-w", "-m", "immediate", "stop")
        self._server.wait()

    def run(self, case: Case) -> Measured:
        """Empty tables, the load, and a look at what it left."""
        self._sql("DROP TABLE IF EXISTS payment, quota; DROP FUNCTION IF EXISTS reserve, reserve_many")
        self._sql(SCHEMA.read_text("utf-8"))
        self._sql(
            f"INSERT INTO quota SELECT id, {ISSUED_FEN} FROM generate_series(0, {QUOTAS - 1}) AS id"
        )
        self._sql("VACUUM ANALYZE quota")
        self._sql("CHECKPOINT")
        _, warmed, _ = self._bench(case, 1)
        per_second, calls, latencies = self._bench(case, self._seconds)
        held = self._held((warmed + calls) * case.batch)
        return Measured(
            per_second, percentile(latencies, 0.5), percentile(latencies, 0.99), held
        )

    def _bench(self, case: Case, seconds: int) -> "tuple[float, int, Sequence[float]]":
        self._runs += 1
        script = self._home / "script.sql"
        script.write_text(self._script(case), "utf-8")
        prefix = self._home / f"latency-{self._runs}"
        told = self._do(
            "pgbench", "-h", "127.0.0.1", "-p", self._port, "-U", "postgres",
            "--no-vacuum", "--protocol=prepared", f"--client={case.clients}",
            f"--jobs={min(case.clients, 2)}", f"--time={seconds}", f"--file={script}",
            f"--define=base={self._runs * RUN_IDS}", "--define=n=0",
            "--log", f"--log-prefix={prefix}", "postgres",
        )  # fmt: skip
        said = dict(
            part.split(mark, 1)
            for mark in (" = ", ": ")
            for part in told.splitlines()
            if mark in part
        )
        if not said["number of failed transactions"].startswith("0 "):
            raise Wrong(f"PostgreSQL failed transactions:\n{told}")
        latencies: List[float] = []
        for log in self._home.glob(f"{prefix.name}.*"):
            latencies += [float(line.split()[2]) for line in log.read_text("ascii").splitlines()]
            log.unlink()
        calls = int(said["number of transactions actually processed"])
        return float(said["tps"].split()[0]) * case.batch, calls, sorted(latencies)

    @staticmethod
    def _script(case: Case) -> str:
        lines = [f"\\set id :base + :client_id * {CLIENT_IDS} + :n"]
        if case.batch == 1:
            lines += [DRAWS[case.skew], f"SELECT reserve(:id, :quota::integer, {AMOUNT_FEN});"]
        else:
            many = f"'{case.skew}', {QUOTAS}, {AMOUNT_FEN}"
            lines.append(f"SELECT reserve_many(:id, {case.batch}, {many});")
        return "\n".join([f"\\set n :n + {case.batch}", *lines, ""])

    def _held(self, sent: int) -> int:
        found = self._sql(
            "SELECT (SELECT count(*) FROM payment WHERE taken), (SELECT sum(reserved) FROM quota),"
            " (SELECT count(*) FROM quota WHERE reserved > issued OR reserved < 0),"
            " (SELECT count(*) FROM quota LEFT JOIN"
            "  (SELECT quota, sum(amount) AS fen FROM payment WHERE taken GROUP BY quota) AS paid"
            "  ON paid.quota = quota.id WHERE reserved <> coalesce(fen, 0))"
        )
        payments, fen, overdrawn, differ = (int(one) for one in found.strip().split("|"))
        if (payments, fen, overdrawn, differ) != (sent, sent * AMOUNT_FEN, 0, 0):
            raise Wrong(
                f"PostgreSQL: {sent} sent; {payments} payments, {fen} fen reserved,"
                f" {overdrawn} quotas overdrawn, {differ} that differ from their payments"
            )
        return payments

    def _sql(self, text: str) -> str:
        address = ["-h", "127.0.0.1", "-p", self._port, "-U", "postgres"]
        return self._do("psql", *address, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", text)

    def _do(self, program: str, *arguments: object) -> str:
        return output([*self._as, BIN / program, *arguments], cwd=self._home)
