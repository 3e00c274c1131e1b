"""Money, ids, particulars, digests and commands: what may be given, and what is turned away."""

from __future__ import annotations

import datetime
import json
import unittest
import uuid
from decimal import Decimal

from . import ROOT  # noqa: F401 - puts the package on the path
from treasury import (
    Asked,
    BadFrame,
    BadValue,
    Code,
    ConfirmPaid,
    Create,
    Cursor,
    Hold,
    Issue,
    Particulars,
    PaymentFilter,
    PaymentIn,
    Position,
    Posts,
    QuotaId,
    Register,
    Reserve,
    Role,
    Virement,
    batch_digest,
    command_from_json,
    payee_hash,
    to_fen,
    to_yuan,
)
from treasury.commands import CHECK, LINKED
from treasury.digests import xxh3_64
from treasury.directory import History, ms_of, time_of
from treasury.frames import Hello
from treasury.limits import AMOUNT_FEN_MAX
from treasury.link import Address

ID = uuid.UUID("01927c5e-4b7a-7d11-9a41-000000000001")
QUOTA = QuotaId(184, 2022, 5)
DAY = datetime.date(2022, 3, 4)


def reserve(amount: object = "400.00") -> Reserve:
    """A reservation of so much."""
    return Reserve(7, ID, QUOTA, amount, "30201", DAY)  # type: ignore[arg-type]


class Money(unittest.TestCase):
    def test_yuan_become_fen_and_come_back_with_two_decimals(self) -> None:
        for given, fen in (("12.5", 1250), (12, 1200), (Decimal("-0.01"), -1), (Decimal("1E+2"), 10_000)):
            self.assertEqual(to_fen(given), fen)
        self.assertEqual(str(to_yuan(1250)), "12.50")
        self.assertEqual(str(to_yuan(-1)), "-0.01")
        self.assertEqual(str(to_yuan(0)), "0.00")
        for fen in (AMOUNT_FEN_MAX, -AMOUNT_FEN_MAX, 1, 99, 100, 101):
            self.assertEqual(to_fen(to_yuan(fen)), fen)

    def test_what_is_no_amount_is_turned_away(self) -> None:
        for given in (1.5, True, None, "1,000", "1.", ".5", "1e3", "0.001", " 1", "", "٣", "01"):
            with self.subTest(given), self.assertRaises(BadValue):
                to_fen(given)  # type: ignore[arg-type]
        for number in (Decimal("NaN"), Decimal("Infinity"), Decimal("0.005")):
            with self.subTest(number), self.assertRaises(BadValue):
                to_fen(number)
        with self.assertRaises(BadValue) as caught:
            to_fen(to_yuan(AMOUNT_FEN_MAX) + Decimal("0.01"))
        self.assertIs(caught.exception.code, Code.AMOUNT_OUT_OF_BOUNDS)
        with self.assertRaises(BadValue):
            to_fen(Decimal("1E+999999"))


class Ids(unittest.TestCase):
    def test_quota(self) -> None:
        self.assertEqual(QuotaId.parse("184/2022/5"), QUOTA)
        self.assertEqual(str(QUOTA), "184/2022/5")
        self.assertEqual(QuotaId.from_number(QUOTA.number()), QUOTA)
        for text in ("184/2022", "184/1999/5", "65536/2022/5", "184/2022/1099511627776", "a/2022/5"):
            with self.subTest(text), self.assertRaises(BadValue):
                QuotaId.parse(text)
        with self.assertRaises(BadValue):
            QuotaId(65_535, 2_255, (1 << 40) - 1).number()

    def test_cursor_is_one_word(self) -> None:
        cursor = Cursor(3, 900, bytes(range(32)))
        self.assertEqual(Cursor.parse(str(cursor)), cursor)
        with self.assertRaises(BadValue):
            Cursor.parse("3/900")

    def test_address(self) -> None:
        self.assertEqual(Address.parse("[::1]:7370"), Address("::1", 7370))
        self.assertEqual(str(Address.parse("[::1]:7370")), "[::1]:7370")
        for text in ("localhost", ":7370", "host:", "host:70000", "host:x"):
            with self.subTest(text), self.assertRaises(BadValue):
                Address.parse(text)

    def test_hello(self) -> None:
        with self.assertRaises(BadValue):
            Hello(Role.ENGINE, 1)
        with self.assertRaises(BadValue):
            Hello(Role.MAKER, 1, name="名" * 14)


class Digests(unittest.TestCase):
    """Known answers of the published XXH3, one for each way it takes lengths."""

    KNOWN = {
        0: 0x2D06800538D394C2,
        3: 0x5F4299FC161C9CBB,
        8: 0x3A1C2D7C85AF88F8,
        16: 0x8355E3A6F61770DB,
        57: 0xCA52F3B2EFC5503C,
    }

    def test_short(self) -> None:
        for length, known in self.KNOWN.items():
            self.assertEqual(xxh3_64(bytes(range(length))), known, length)

    def test_against_the_library_where_it_is_installed(self) -> None:
        try:
            import xxhash
        except ImportError:
            self.skipTest("xxhash is not installed")
        for length in (*range(300), 1023, 1024, 1025, 1088, 1089, 4096):
            data = bytes(at * 7 + length & 255 for at in range(length))
            self.assertEqual(xxh3_64(data), xxhash.xxh3_64_intdigest(data), length)
        issue = Issue(7, ID, QUOTA, "12.50")
        move = Virement(7, ID, QUOTA, QuotaId(184, 2022, 6), "1.00")
        first = bytes(16) + ID.int.to_bytes(16, "little") + b"\1"
        first += QUOTA.number().to_bytes(8, "little") + bytes(8) + (1250).to_bytes(8, "little")
        digest = xxhash.xxh3_128_intdigest(first)
        self.assertEqual(batch_digest([issue]), digest)
        second = digest.to_bytes(16, "little") + ID.int.to_bytes(16, "little") + bytes([132])
        second += QUOTA.number().to_bytes(8, "little")
        second += QuotaId(184, 2022, 6).number().to_bytes(8, "little") + (100).to_bytes(8, "little")
        self.assertEqual(batch_digest([issue, move]), xxhash.xxh3_128_intdigest(second))

    def test_payee(self) -> None:
        # The payment in protocol/vectors/replies.json was made to this account.
        self.assertEqual(payee_hash("6222020000000000017"), 0x37DA3FF5A4ADD83D)
        self.assertEqual(payee_hash(""), 0)

    def test_what_cannot_be_staged(self) -> None:
        with self.assertRaises(BadValue):
            batch_digest([reserve()])


class Directory(unittest.TestCase):
    def test_what_cannot_be_asked_is_turned_away_before_it_is_sent(self) -> None:
        zone = datetime.timezone(datetime.timedelta(hours=8))
        noon = datetime.datetime(2022, 3, 4, 12, tzinfo=zone)
        Asked(as_of=noon, wait_ms=10_000, items=500).encode()
        PaymentFilter(division=0, number="号" * 85, older_than=datetime.timedelta(milliseconds=1)).encode()
        asked = (
            (Asked(wait_ms=10_001), "wait_ms"),
            (Asked(items=501), "items"),
            (Asked(as_of=noon.replace(tzinfo=None)), "as_of"),
            (Asked(as_of=Position(1 << 32, 1)), "as_of.epoch"),
            (Asked(wait_for=Position(1, -1)), "wait_for.sequence"),
            (Asked(after=b"1"), "after"),
        )
        filters = (
            (PaymentFilter(division=65_536), "division"),
            (PaymentFilter(year=1999), "year"),
            (PaymentFilter(maker=0), "maker"),
            (PaymentFilter(payee_hash=0), "payee_hash"),
            (PaymentFilter(older_than=datetime.timedelta(0)), "older_than"),
            (PaymentFilter(younger_than=datetime.timedelta(seconds=-1)), "younger_than"),
            (PaymentFilter(amount_from="-0.01"), "amount_from"),
            (PaymentFilter(amount_to="0.001"), "amount_to"),
            (PaymentFilter(key_prefix="1" * 257), "key_prefix"),
            (PaymentFilter(number="号" * 86), "number"),
        )
        for wrong, field in (*asked, *filters):
            with self.subTest(field), self.assertRaises(BadValue) as turned:
                wrong.encode()
            self.assertEqual(turned.exception.field, field)
        for division, year, id in ((65_536, 2022, ID), (1, 0, ID), (1, 2022, uuid.UUID(int=0))):
            with self.assertRaises(BadValue):
                History(PaymentIn(division, year, id)).body()

    def test_times(self) -> None:
        for ms in (1, 1_646_323_200_000, 1_646_438_400_007):
            self.assertEqual(ms_of("time", time_of(ms)), ms)
        with self.assertRaises(BadFrame):
            time_of((1 << 64) - 1)


class Commands(unittest.TestCase):
    def test_amounts_are_kept_with_two_decimals(self) -> None:
        self.assertEqual(str(reserve(400).amount), "400.00")
        self.assertEqual(reserve(400), reserve(Decimal("400.0")))

    def test_each_value_is_checked_when_it_is_made(self) -> None:
        wrong = (
            ("person", lambda: Hold(0, ID, QUOTA, "r"), Code.NO_PERSON),
            ("person", lambda: Hold(-1, ID, QUOTA, "r"), Code.BAD_FIELD),
            ("payment", lambda: Hold(7, uuid.UUID(int=0), QUOTA, "r"), Code.BAD_FIELD),
            ("reason", lambda: Hold(7, ID, QUOTA, ""), Code.BAD_FIELD),
            ("reason", lambda: Hold(7, ID, QUOTA, "长" * 171), Code.TEXT_TOO_LONG),
            ("amount", lambda: reserve(1.5), Code.BAD_FIELD),
            ("economic", lambda: Reserve(7, ID, QUOTA, 1, "302-01", DAY), Code.BAD_FIELD),
            ("payee_bank", lambda: Particulars(payee_bank="12"), Code.BAD_FIELD),
            ("particulars", lambda: Particulars(purpose="长" * 1_400), Code.TEXT_TOO_LONG),
            ("code", lambda: Register(7, 1, 0, "37", "n"), Code.BAD_FIELD),
            ("year", lambda: Create(7, ID, 1, 1999, "111", "k"), Code.BAD_FIELD),
            ("posts", lambda: Create(7, ID, 1, 2022, "111", "k", posts=Posts(8)), Code.BAD_FIELD),
            ("quota", lambda: Hold(7, ID, 5, "r"), Code.BAD_FIELD),  # type: ignore[arg-type]
            ("day", lambda: Reserve(7, ID, QUOTA, 1, "302", "x"), Code.BAD_FIELD),  # type: ignore[arg-type]
        )
        for field, make, code in wrong:
            with self.subTest(field), self.assertRaises(BadValue) as caught:
                make()
            self.assertEqual((caught.exception.field, caught.exception.code), (field, code))

    def test_flags(self) -> None:
        row, _ = reserve().encode(CHECK | LINKED)
        self.assertEqual(row[2:4], b"\3\0")
        with self.assertRaises(BadValue):
            ConfirmPaid(7, ID, QUOTA, 1, 1, DAY).encode(CHECK)

    def test_a_command_can_be_kept_as_text(self) -> None:
        command = reserve()
        kept = json.dumps(command.to_json())
        self.assertEqual(command_from_json(json.loads(kept)), command)
        for line in ({}, {"command": "steal"}, {**command.to_json(), "ammount": "1.00"}):
            with self.assertRaises(BadValue):
                command_from_json(line)
        without = command.to_json()
        del without["amount"]
        with self.assertRaises(BadValue):
            command_from_json(without)

    def test_place_and_id(self) -> None:
        self.assertEqual((reserve().place, reserve().id), ((184, 2022), ID))
        register = Register(7, 9, 0, "370102000", "历下区")
        self.assertEqual((register.place, register.id), ((9, 0), None))


if __name__ == "__main__":
    unittest.main()
