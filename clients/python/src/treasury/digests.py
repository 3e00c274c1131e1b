"""XXH3 as far as the protocol needs it: the hash of a paid account, and the digest of a batch.

Python has no XXH3 of its own; this is the published algorithm with its default secret, seed 0.
"""

from __future__ import annotations

from typing import Iterable

from .commands import Allocate, CarryOut, Command, Cut, File, Issue, Recover, ReturnUp, Supplement
from .commands import Transfer, Virement, fen_of
from .errors import BadValue

_SECRET = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f"
    "cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c"
    "3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364"
    "eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e"
    "2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e"
)
_M32, _M64 = 0xFFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFF
_P32_1, _P32_2, _P32_3 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D
_P64_1, _P64_2, _P64_3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
_P64_4, _P64_5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5
_MX1, _MX2 = 0x165667919E3779F9, 0x9FB21C651E98DF25


def _u32(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "little")


def _u64(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 8], "little")


def _fold(left: int, right: int) -> int:
    product = left * right
    return (product ^ product >> 64) & _M64


def _avalanche(value: int) -> int:
    value = (value ^ value >> 37) * _MX1 & _M64
    return value ^ value >> 32


def _avalanche_64(value: int) -> int:
    value = (value ^ value >> 33) * _P64_2 & _M64
    value = (value ^ value >> 29) * _P64_3 & _M64
    return value ^ value >> 32


def _mix16(data: bytes, at: int, secret_at: int) -> int:
    left = _u64(data, at) ^ _u64(_SECRET, secret_at)
    right = _u64(data, at + 8) ^ _u64(_SECRET, secret_at + 8)
    return _fold(left, right)


def _up_to_16(data: bytes) -> int:
    length = len(data)
    if length > 8:
        low = (_u64(_SECRET, 24) ^ _u64(_SECRET, 32)) ^ _u64(data, 0)
        high = (_u64(_SECRET, 40) ^ _u64(_SECRET, 48)) ^ _u64(data, length - 8)
        swapped = int.from_bytes(low.to_bytes(8, "little"), "big")
        return _avalanche(length + swapped + high + _fold(low, high) & _M64)
    if length >= 4:
        value = _u32(data, length - 4) + (_u32(data, 0) << 32)
        value ^= _u64(_SECRET, 8) ^ _u64(_SECRET, 16)
        value ^= _rotated(value, 49) ^ _rotated(value, 24)
        value = value * _MX2 & _M64
        value ^= (value >> 35) + length & _M64
        value = value * _MX2 & _M64
        return value ^ value >> 28
    if length:
        value = data[0] << 16 | data[length >> 1] << 24 | data[length - 1] | length << 8
        return _avalanche_64(value ^ (_u32(_SECRET, 0) ^ _u32(_SECRET, 4)))
    return _avalanche_64(_u64(_SECRET, 56) ^ _u64(_SECRET, 64))


def _rotated(value: int, bits: int) -> int:
    return (value << bits | value >> 64 - bits) & _M64


def _up_to_128(data: bytes) -> int:
    length = len(data)
    value = length * _P64_1
    for at in reversed(range((length - 1) // 32 + 1)):
        value += _mix16(data, 16 * at, 32 * at)
        value += _mix16(data, length - 16 * (at + 1), 32 * at + 16)
    return _avalanche(value & _M64)


def _up_to_240(data: bytes) -> int:
    length = len(data)
    value = length * _P64_1 + sum(_mix16(data, 16 * at, 16 * at) for at in range(8))
    value = _avalanche(value & _M64)
    value += sum(_mix16(data, 16 * at, 16 * (at - 8) + 3) for at in range(8, length // 16))
    return _avalanche(value + _mix16(data, length - 16, 136 - 17) & _M64)


def _accumulate(sums: "list[int]", data: bytes, at: int, secret_at: int) -> None:
    for lane in range(8):
        value = _u64(data, at + 8 * lane)
        keyed = value ^ _u64(_SECRET, secret_at + 8 * lane)
        sums[lane ^ 1] = sums[lane ^ 1] + value & _M64
        sums[lane] = sums[lane] + (keyed & _M32) * (keyed >> 32) & _M64


def _long(data: bytes) -> int:
    sums = [_P32_3, _P64_1, _P64_2, _P64_3, _P64_4, _P32_2, _P64_5, _P32_1]
    per_block = (len(_SECRET) - 64) // 8
    stripes = (len(data) - 1) // 64
    for stripe in range(stripes):
        _accumulate(sums, data, 64 * stripe, 8 * (stripe % per_block))
        if stripe % per_block == per_block - 1:
            for lane in range(8):
                value = sums[lane] ^ sums[lane] >> 47
                value ^= _u64(_SECRET, len(_SECRET) - 64 + 8 * lane)
                sums[lane] = value * _P32_1 & _M64
    _accumulate(sums, data, len(data) - 64, len(_SECRET) - 64 - 7)
    value = len(data) * _P64_1
    for pair in range(4):
        at = 11 + 16 * pair
        left = sums[2 * pair] ^ _u64(_SECRET, at)
        value += _fold(left, sums[2 * pair + 1] ^ _u64(_SECRET, at + 8))
    return _avalanche(value & _M64)


def xxh3_64(data: bytes) -> int:
    """XXH3-64 with seed 0."""
    if len(data) <= 16:
        return _up_to_16(data)
    if len(data) <= 128:
        return _up_to_128(data)
    return _up_to_240(data) if len(data) <= 240 else _long(data)


def payee_hash(account: str) -> int:
    """What a fact says of the account that was paid, so that it can be held against the order.

    Of no account it is zero: not said.
    """
    return xxh3_64(account.encode("utf-8")) if account else 0


def _xxh3_128_of_57(data: bytes) -> int:
    length = len(data)
    low, high = length * _P64_1, 0
    for at in (1, 0):
        one, two = 16 * at, length - 16 * (at + 1)
        low = low + _mix16(data, one, 32 * at) ^ (_u64(data, two) + _u64(data, two + 8) & _M64)
        high = high + _mix16(data, two, 32 * at + 16)
        high ^= _u64(data, one) + _u64(data, one + 8) & _M64
        low, high = low & _M64, high & _M64
    first = _avalanche(low + high & _M64)
    second = _avalanche(low * _P64_1 + high * _P64_4 + length * _P64_2 & _M64)
    return first | (-second & _M64) << 64


def batch_digest(acts: Iterable[Command]) -> int:
    """The digest to announce in `OpenBatch` for these acts, in the order they will be sent."""
    digest = 0
    for act in acts:
        if isinstance(act, (Allocate, Transfer, ReturnUp, Virement, CarryOut)):
            number, quota, to = act.KIND - 64 + 128, act.from_.number(), act.to.number()
            id_ = act.move
        elif isinstance(act, (Issue, Supplement, Cut, Recover)):
            number, quota, to, id_ = act.KIND - 48, act.quota.number(), 0, act.act
        elif isinstance(act, File):
            number, quota, id_ = 192, act.paper.value, act.act
            to = xxh3_64(act.text.encode("utf-8"))
        else:
            raise BadValue("acts", f"{act!r} cannot be staged in a batch")
        digest = _xxh3_128_of_57(
            digest.to_bytes(16, "little")
            + id_.int.to_bytes(16, "little")
            + bytes([number])
            + quota.to_bytes(8, "little")
            + to.to_bytes(8, "little")
            + fen_of(act).to_bytes(8, "little", signed=True)
        )
    return digest
