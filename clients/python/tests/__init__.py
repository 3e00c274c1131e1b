"""Tests of the Python client. Run from `clients/python`: `python -m unittest discover -t . tests`."""

from __future__ import annotations

import pathlib
import sys

#: The whole project: its documents and golden vectors are read by the tests.
ROOT = pathlib.Path(__file__).resolve().parents[3]

try:
    import treasury  # noqa: F401
except ModuleNotFoundError:
    sys.path.insert(0, str(ROOT / "clients" / "python" / "src"))
