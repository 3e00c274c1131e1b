"""Redis 7: a script for each reservation, its append-only file synced before any answer."""

from __future__ import annotations

import csv
import io
import pathlib
import re
import shutil
import subprocess
import time
from typing import Dict

from .common import (
    AMOUNT_FEN,
    ISSUED_FEN,
    QUOTAS,
    START_S,
    Case,
    Measured,
    Wrong,
    free_port,
    install,
    output,
)

SCRIPT = pathlib.Path(__file__).parents[1] / "redis.lua"
#: What redis-benchmark draws is below this: an `int` of its own.
DRAWN = 2**31 - 1
_LOW, _HIGH = "0.5 ^ -0.1", f"{QUOTAS + 0.5} ^ -0.1"
PICKS = {
    "uniform": f"drawn % {QUOTAS}",
    "zipf": f"math.floor(({_LOW} + drawn / {DRAWN} * ({_HIGH} - {_LOW})) ^ -10 + 0.5) - 1",
    "hot": "0",
}
MAKE = f"""
for id = 0, {QUOTAS - 1} do
    redis.call('HSET', 'q:' .. id, 'issued', '{ISSUED_FEN}', 'reserved', '0')
end
"""
COUNT = f"""
local fen, overdrawn = 0, 0
for id = 0, {QUOTAS - 1} do
    local row = redis.call('HMGET', 'q:' .. id, 'issued', 'reserved')
    fen = fen + row[2]
    if row[1] - row[2] < 0 then overdrawn = overdrawn + 1 end
end
return string.format('%d %d %d', redis.call('DBSIZE') - {QUOTAS}, fen, overdrawn)
"""


class Redis:
    """A server on a free port, made anew for each case."""

    name = "Redis"

    def __init__(self, scratch: pathlib.Path, seconds: int) -> None:
        install(["redis-server", "redis-benchmark", "redis-cli"], ["redis-server", "redis-tools"])
        self._seconds = seconds
        self._home = scratch / "redis"
        self._port = 0
        found = re.search(r"v=(\S+)", output(["redis-server", "--version"]))
        self.version = found.group(1) if found else "?"

    def close(self) -> None:
        """Nothing runs between cases."""

    def run(self, case: Case) -> Measured:
        """An empty server, quotas, the load, and a look at what it left."""
        shutil.rmtree(self._home, ignore_errors=True)
        self._home.mkdir()
        self._port = free_port()
        server = subprocess.Popen(
            [
                "redis-server", "--port", str(self._port), "--bind", "127.0.0.1",
                "--dir", str(self._home), "--appendonly", "yes", "--appendfsync", "always",
                "--save", "", "--auto-aof-rewrite-percentage", "0", "--logfile", "log",
            ],
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        try:
            self._wait(server)
            self._cli("EVAL", MAKE, "0")
            source = SCRIPT.read_text("utf-8").replace("PICK", PICKS[case.skew])
            script = self._cli("SCRIPT", "LOAD", source)
            # Warms up, and tells how many make up the time that is measured. It sends whole pipelines,
            # so that as many are asked for as will be sent.
            warm = max(1_000, case.clients * case.in_flight * 20)
            sent = warm - warm % -case.in_flight
            rate = self._bench(case, script, sent)["rps"]
            count = max(int(rate * self._seconds), sent)
            count -= count % -case.in_flight
            told = self._bench(case, script, count)
            held = self._held(sent + count)
        finally:
            server.kill()
            server.wait()
            shutil.rmtree(self._home, ignore_errors=True)
        p50, p99 = told["p50_latency_ms"] * 1_000, told["p99_latency_ms"] * 1_000
        return Measured(told["rps"], p50, p99, held)

    def _wait(self, server: "subprocess.Popen[bytes]") -> None:
        until = time.monotonic() + START_S
        while time.monotonic() < until and server.poll() is None:
            try:
                if self._cli("PING") == "PONG":
                    return
            except Wrong:
                time.sleep(0.05)
        raise Wrong("Redis did not start; its log is in the scratch directory")

    def _bench(self, case: Case, script: str, count: int) -> Dict[str, float]:
        told = output(
            [
                "redis-benchmark", "-p", self._port, "-c", case.clients, "-P", case.in_flight,
                "-n", count, "-r", DRAWN, "--csv",
                "EVALSHA", script, 1, "p:__rand_int__:__rand_int__", "__rand_int__", AMOUNT_FEN,
            ]
        )  # fmt: skip
        rows = list(csv.DictReader(io.StringIO(told)))
        return {key: float(value) for key, value in rows[-1].items() if key != "test"}

    def _held(self, sent: int) -> int:
        payments, fen, overdrawn = (int(one) for one in self._cli("EVAL", COUNT, "0").split())
        if (payments, fen, overdrawn) != (sent, sent * AMOUNT_FEN, 0):
            raise Wrong(
                f"Redis: {sent} sent; {payments} payments, {fen} fen reserved, {overdrawn} overdrawn"
            )
        return payments

    def _cli(self, *command: str) -> str:
        told = output(["redis-cli", "-p", self._port, "-e", *command])
        return told.strip()
