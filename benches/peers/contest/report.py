"""One table of medians and ratios, the probe of the disk, and what the goals say to it."""

from __future__ import annotations

import os
import pathlib
import platform
from statistics import median
from typing import Any, Dict, List, Optional, Tuple

from . import plan
from .common import Case, Measured
from .plan import POSTGRES, REDIS, TIGERBEETLE, TREASURY, Line

KEEPS = """\
What each keeps that the others do not:
  Treasury     refusals with their figures, who gave each command, an id's outcome for ever, a chain of hashes, approvals and
               facts behind the reservation, a directory and a checkpoint; all of it on in these runs. Ids of open years stay in
               memory. The checkpoint and a recovery are its own; it does one thing.
  PostgreSQL   data beyond memory, any query over it, any index, schemas that change, replication and backups that others know.
               Here it keeps four columns of a payment, and no checkpoint falls into a run. Its 1,000-row calls draw their
               quotas inside the server: nothing of them crosses the wire.
  Redis        data in memory only, one thread, an append-only file that is never rewritten in a run; a script is not undone
               where it fails half-way. Here it keeps one string for each payment.
  TigerBeetle  data beyond memory with all indexes, debits equal credits, replication. Its load moves money between accounts
               without a limit on them, with sequential ids; reserving and confirming would be two transfers."""


def machine(scratch: pathlib.Path) -> Dict[str, Any]:
    """Where it was measured."""
    cpu = memory = "?"
    for line in pathlib.Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            cpu = line.split(":", 1)[1].strip()
    for line in pathlib.Path("/proc/meminfo").read_text("utf-8").splitlines():
        if line.startswith("MemTotal"):
            memory = f"{int(line.split()[1]) / (1 << 20):.0f} GiB"
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "memory": memory,
        "kernel": platform.release(),
        "filesystem": filesystem(scratch),
        "load_before": os.getloadavg()[0],
    }


def filesystem(path: pathlib.Path) -> str:
    """The type of the filesystem that a directory is on."""
    found, kind = -1, "?"
    for line in pathlib.Path("/proc/self/mounts").read_text("utf-8").splitlines():
        _, at, this_kind = line.split()[:3]
        if path.resolve().is_relative_to(at) and len(at) > found:
            found, kind = len(at), this_kind
    return kind


class Results:
    """Every round of every case."""

    def __init__(self) -> None:
        self.of: Dict[str, List[Measured]] = {}

    def add(self, case: Case, measured: Measured) -> None:
        """Keeps a round."""
        self.of.setdefault(case.name, []).append(measured)

    def rate(self, case: Case) -> Optional[float]:
        """The median of a case's rounds; None where it was not run."""
        rounds = self.of.get(case.name)
        return median(one.per_second for one in rounds) if rounds else None

    def best(self, contestant: str, line: Line) -> Optional[float]:
        """The best median of a contestant in a line."""
        rates = [self.rate(case) for case in line[1] if case.contestant == contestant]
        return max((rate for rate in rates if rate is not None), default=None)


def table(lines: List[Line], results: Results) -> str:
    """The table, in Markdown: it can be read in a terminal and pasted into a document."""
    rows = [
        ["load", "contestant", "clients × in flight × batch", "reservations/s", "rounds", "p50 / p99, ms", "Treasury is"],
        ["---", "---", "---", "---:", "---:", "---:", "---:"],
    ]
    for name, cases in lines:
        treasury = [case for case in cases if case.contestant == TREASURY]
        for case in cases:
            # Of two lines of ours the one that gathers is held against calls of many.
            ours = results.rate(treasury[-1] if case.batch > 1 else treasury[0])
            rate = results.rate(case)
            if rate is None:
                continue
            rounds = results.of[case.name]
            rates = sorted(one.per_second for one in rounds)
            p50, p99 = (
                median(found) if (found := [v for v in values if v is not None]) else None
                for values in ([r.p50_us for r in rounds], [r.p99_us for r in rounds])
            )
            rows.append(
                [
                    name,
                    case.contestant,
                    case.shape,
                    f"{rate:,.0f}",
                    f"{rates[0]:,.0f} to {rates[-1]:,.0f}" if len(rates) > 1 else "1",
                    f"{ms(p50)} / {ms(p99)}",
                    f"{ours / rate:.1f}×" if ours and case.contestant != TREASURY else "",
                ]
            )
            name = ""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    right = [mark.endswith(":") for mark in rows[1]]
    rows[1] = ["-" * (width - 1) + (":" if to_right else "-") for width, to_right in zip(widths, right)]
    return "\n".join(
        "| "
        + " | ".join(
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(row, widths, right)
        )
        + " |"
        for row in rows
    )


def ms(us: Optional[float]) -> str:
    """Microseconds as milliseconds."""
    return "–" if us is None else f"{us / 1_000:.2f}" if us < 100_000 else f"{us / 1_000:.0f}"


def goals(results: Results) -> List[Tuple[str, Optional[float], float]]:
    """What is wanted, the ratio that came out, and the one that is asked for."""
    of = dict(plan.lines())
    rate, best = results.rate, results.best

    def ratio(over: Optional[float], under: Optional[float]) -> Optional[float]:
        return over / under if over and under else None

    def line(name: str) -> Line:
        return name, of[name]

    full, pipelined = of["full frames"][0], of["pipelined"][0]
    singles = [best(POSTGRES, line(name)) for name in ("one client", "many clients")]
    single = max((rate for rate in singles if rate is not None), default=None)
    thousand = best(POSTGRES, line("batches of 1,000"))
    found = [
        ("full frames against PostgreSQL's 1,000-row calls", ratio(rate(full), thousand), 40.0),
        ("pipelined against PostgreSQL's best single-row figure", ratio(rate(pipelined), single), 30.0),
    ]
    for name in ("one client", "many clients", "pipelined", "batches of 100", "batches of 1,000"):
        against = ratio(best(TREASURY, line(name)), best(REDIS, line(name)))
        found.append((f"{name} against Redis", against, 1.0))
    for name in ("Zipf 1.1", "one hot quota"):
        for case, uniform in zip(of[name], (pipelined, full)):
            what = f"{name}, {case.preset}, against uniform"
            found.append((what, ratio(rate(case), rate(uniform)), 1.0))
    tigerbeetle = best(TIGERBEETLE, line("full frames"))
    if tigerbeetle is not None:
        found.append(("full frames against TigerBeetle", ratio(rate(full), tigerbeetle), 10.0))
    return found


def probe(results: Results) -> Dict[str, Any]:
    """Medians over every probe of the disk, and the worst p99."""
    probes = [one for rounds in results.of.values() for measured in rounds for one in measured.probes]
    if not probes:
        return {}
    told: Dict[str, Any] = {"mode": probes[0]["mode"], "probes": len(probes)}
    for size in ("write_4k", "write_1m"):
        p99 = [one[size]["p99_us"] for one in probes]
        told[size] = {
            "p50_us": median(one[size]["p50_us"] for one in probes),
            "p99_us": median(p99),
            "worst_p99_us": max(p99),
        }
    return told


def as_json(
    where: Dict[str, Any], versions: Dict[str, str], lines: List[Line], results: Results
) -> Dict[str, Any]:
    """Everything, for programs."""
    return {
        "machine": where,
        "versions": versions,
        "disk_probe": probe(results),
        "lines": [
            {
                "line": name,
                "contestant": case.contestant,
                "clients": case.clients,
                "in_flight": case.in_flight,
                "batch": case.batch,
                "skew": case.skew,
                "per_second": results.rate(case),
                "rounds": [
                    {
                        "per_second": one.per_second,
                        "p50_us": one.p50_us,
                        "p99_us": one.p99_us,
                        "held": one.held,
                    }
                    for one in results.of[case.name]
                ],
            }
            for name, cases in lines
            for case in cases
            if case.name in results.of
        ],
        "goals": [
            {"goal": what, "ratio": ratio, "wanted": wanted, "reached": ratio is not None and ratio >= wanted}
            for what, ratio, wanted in goals(results)
        ],
    }
