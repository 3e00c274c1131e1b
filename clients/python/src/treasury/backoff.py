"""Pauses between repeats: they grow, are bounded, and are not the same for every client."""

from __future__ import annotations

import random

from .limits import BACKOFF_MS_MAX, BACKOFF_MS_MIN


def pause_s(attempts: int, at_least_ms: int = 0) -> float:
    """The pause before the next attempt, in seconds, after so many of them (from 1)."""
    doublings = min(max(attempts - 1, 0), 16)
    longest = min(BACKOFF_MS_MIN << doublings, BACKOFF_MS_MAX)
    spread = longest // 2 + random.randrange(longest // 2 + 1)
    return max(spread, min(at_least_ms, BACKOFF_MS_MAX)) / 1_000
