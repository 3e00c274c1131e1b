"""Treasury, by its own `bench`: everything on, as a server is run."""

from __future__ import annotations

import json
import pathlib

from .common import QUOTAS, ZIPF, Case, Measured, output


class Treasury:
    """`treasury bench`, which starts a server in a process of its own and ends it."""

    name = "Treasury"

    def __init__(self, scratch: pathlib.Path, seconds: int, binary: pathlib.Path) -> None:
        self._scratch = scratch
        self._seconds = seconds
        self._binary = binary
        self.version = output([binary, "--version"]).split()[-1]

    def close(self) -> None:
        """Nothing runs between cases."""

    def run(self, case: Case) -> Measured:
        """The preset's load. `bench` checks every reply, and every quota in the end."""
        told = json.loads(
            output(
                [
                    self._binary, "bench", "--json", "--preset", case.preset, "--skew", case.skew,
                    "--zipf", ZIPF, "--quotas", QUOTAS, "--seconds", self._seconds,
                    "--dir", self._scratch,
                ]
            )
        )  # fmt: skip
        assert (told["connections"], told["in_flight"], told["batch"]) == (
            case.clients,
            case.in_flight,
            case.batch,
        )
        return Measured(
            told["payments_per_s"],
            told["latency_us"]["p50"],
            told["latency_us"]["p99"],
            told["held_in_the_end"]["payments"],
            [told["disk_probe"]["before"], told["disk_probe"]["after"]],
        )
