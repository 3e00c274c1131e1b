"""What is run: lines of the table, and in each the contestants at the same shape, side by side in time."""

from __future__ import annotations

from typing import List, Tuple

from .common import Case

POSTGRES, REDIS, TREASURY, TIGERBEETLE = "PostgreSQL", "Redis", "Treasury", "TigerBeetle"

Line = Tuple[str, List[Case]]


def solo(skew: str = "uniform") -> Case:
    """One client, one reservation at a time."""
    return Case(TREASURY, 1, skew=skew, preset="solo")


def pipelined(skew: str = "uniform") -> Case:
    """Single reservations, 32 in flight on each of 64 connections."""
    return Case(TREASURY, 64, 32, skew=skew, preset="pipelined")


def full(skew: str = "uniform") -> Case:
    """Full frames."""
    return Case(TREASURY, 4, 2, 8_190, skew=skew, preset="batch-8190")


def redis(skew: str = "uniform") -> Case:
    """Single reservations, 32 in flight on each of 64 connections."""
    return Case(REDIS, 64, 32, skew=skew)


def batches(skew: str = "uniform", clients: int = 4) -> Case:
    """A thousand reservations in a call."""
    return Case(POSTGRES, clients, batch=1_000, skew=skew)


def lines() -> List[Line]:
    """The lines of the table, in order."""
    many = [Case(TREASURY, 256, preset="many")]
    many += [Case(POSTGRES, clients) for clients in (4, 16, 32, 64)]
    many += [Case(REDIS, 64), Case(REDIS, 256)]
    thousand = [Case(TREASURY, 8, 2, 1_000, preset="batch-1000"), batches(), batches(clients=1)]
    hot = [pipelined("hot"), full("hot"), Case(POSTGRES, 8, skew="hot")]
    hot += [Case(POSTGRES, 64, skew="hot"), batches("hot"), redis("hot")]
    zipf = [pipelined("zipf"), full("zipf"), Case(POSTGRES, 32, skew="zipf"), batches("zipf"), redis("zipf")]
    return [
        ("one client", [solo(), Case(POSTGRES, 1), Case(REDIS, 1)]),
        ("many clients", many),
        ("pipelined", [pipelined(), redis()]),
        ("batches of 100", [Case(TREASURY, 16, 4, 100, preset="batch-100"), Case(REDIS, 16, 100)]),
        ("batches of 1,000", [*thousand, Case(REDIS, 8, 1_000)]),
        ("full frames", [full(), Case(TIGERBEETLE, 1, batch=8_190)]),
        ("Zipf 1.1", zipf),
        ("one hot quota", hot),
    ]
