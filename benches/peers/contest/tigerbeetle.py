"""TigerBeetle by its own benchmark, where its program is given."""

from __future__ import annotations

import pathlib
import re
import shutil

from .common import QUOTAS, Case, Measured, Wrong, output

TRANSFERS_A_SECOND = 250_000


class TigerBeetle:
    """`tigerbeetle benchmark`: it formats a file, starts a server, loads it, and ends it."""

    name = "TigerBeetle"

    def __init__(self, scratch: pathlib.Path, seconds: int, binary: pathlib.Path) -> None:
        self._home = scratch / "tigerbeetle"
        self._binary = binary.resolve()
        self._transfers = seconds * TRANSFERS_A_SECOND
        self.version = output([self._binary, "version"]).split()[-1]

    def close(self) -> None:
        """Nothing runs between cases."""

    def run(self, case: Case) -> Measured:
        """So many transfers over as many accounts as there are quotas, in batches of its own size.

        It ends with an error if one of them is not taken.
        """
        shutil.rmtree(self._home, ignore_errors=True)
        self._home.mkdir()
        try:
            told = output(
                [
                    self._binary, "benchmark", f"--account-count={QUOTAS}",
                    f"--transfer-count={self._transfers}", "--query-count=0",
                ],
                cwd=self._home,
            )  # fmt: skip
        finally:
            shutil.rmtree(self._home, ignore_errors=True)
        rate = re.search(r"load accepted = ([\d,]+) tx/s", told)
        if rate is None:
            raise Wrong(f"TigerBeetle's benchmark tells no rate:\n{told}")
        latency = {
            int(part): float(ms) * 1_000
            for part, ms in re.findall(r"latency p(\d+) *= *([\d.]+) ms", told)
        }
        per_second = float(rate.group(1).replace(",", ""))
        return Measured(per_second, latency.get(50), latency.get(99), None)
