"""What every contestant is told and tells, and how its processes are run."""

from __future__ import annotations

import os
import pathlib
import shutil
import signal
import socket
import subprocess
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence

QUOTAS = 194_100
#: What a peer's quota holds, and what each reservation takes, in fen.
ISSUED_FEN = 1_000_000_000_000
AMOUNT_FEN = 100
ZIPF = 1.1

#: How long a server may take to start, and any helper to end.
START_S = 60
HELPER_S = 300


class Wrong(Exception):
    """A contestant did not do what it was asked to: its figure counts for nothing."""


@dataclass(frozen=True)
class Case:
    """One load on one contestant."""

    contestant: str
    #: Clients, what each has in flight, and reservations in one call.
    clients: int
    in_flight: int = 1
    batch: int = 1
    skew: str = "uniform"
    #: For Treasury: the preset that has this shape.
    preset: str = ""

    @property
    def shape(self) -> str:
        """The shape in words."""
        return f"{self.clients} × {self.in_flight:,} × {self.batch:,}"

    @property
    def name(self) -> str:
        """What tells it from every other case."""
        return f"{self.contestant} {self.shape} {self.skew}"


@dataclass(frozen=True)
class Measured:
    """What a case came to."""

    per_second: float
    #: Of a call; None where the contestant's benchmark does not say.
    p50_us: Optional[float]
    p99_us: Optional[float]
    #: Reservations that were found in its state afterwards, warming up included; None: not looked at.
    held: Optional[int]
    #: Treasury's probes of the disk, before and after.
    probes: Sequence[Dict[str, Any]] = ()


def percentile(ordered: Sequence[float], part: float) -> Optional[float]:
    """A percentile of values in order."""
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)] if ordered else None


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def output(
    command: Sequence[object],
    cwd: Optional[pathlib.Path] = None,
    env: Optional[Dict[str, str]] = None,
) -> str:
    """Runs a helper to its end and gives what it printed; its complaint is the error."""
    words = [str(word) for word in command]
    process = subprocess.Popen(
        words,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env=env,
        start_new_session=True,
    )
    try:
        told, complaint = process.communicate(timeout=HELPER_S)
    except BaseException:
        # What it has started ends with it: `treasury bench` has a server.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    if process.returncode != 0:
        raise Wrong(f"{' '.join(words[:6])} … ended with {process.returncode}:\n{complaint.strip()}")
    return told


def install(wanted: Sequence[str], packages: List[str]) -> None:
    """Installs Debian's packages unless their programs are there. No service of theirs is started."""
    if all(shutil.which(program) or pathlib.Path(program).exists() for program in wanted):
        return
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    rule = pathlib.Path("/usr/sbin/policy-rc.d")
    ours = not rule.exists()
    if ours:
        forbid = f"printf '#!/bin/sh\\nexit 101\\n' >{rule} && chmod 755 {rule}"
        output([*as_root, "sh", "-c", forbid])
    try:
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        get = [*as_root, "apt-get", "-qq"]
        output([*get, "update"], env=quiet)
        output([*get, "install", "-y", "--no-install-recommends", *packages], env=quiet)
    finally:
        if ours:
            output([*as_root, "rm", "-f", rule])
    missing = [one for one in wanted if not (shutil.which(one) or pathlib.Path(one).exists())]
    if missing:
        raise Wrong(f"{', '.join(packages)} brought no {', '.join(missing)}")
