"""The JSON Schemas (draft 2020-12) of the JSON-lines dialect, made from the same tables as the client.

`docs/schema/` holds them; `UPDATE_GOLDEN=1 python -m unittest tests.test_schemas` writes them anew.
"""

from __future__ import annotations

import json
from typing import Any, Dict, List, Optional, Type

from . import ROOT
from treasury import commands, forms, limits, names, office
from treasury.codes import Code, Then
from treasury.events import EVENT_NAMES
from treasury.reports import ReportBasis, ReportBy, ReportForm, ReportKind
from treasury.views import Buckets, Totals

Schema = Dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
REQUESTS, REPLIES, EVENTS = "requests.schema.json", "replies.schema.json", "events.schema.json"
FOLDER = ROOT / "docs" / "schema"

DECIMAL = {"type": "string", "pattern": "^(0|[1-9][0-9]{0,19})$"}
REQUEST = {"type": "string", "pattern": "^[1-9][0-9]{0,19}$"}
HEX128 = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
HEX256 = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
#: As the server writes an id; a client may also write it with the dashes of a UUID.
UUID = {
    "type": "string",
    "pattern": "^([0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$",
}
QUOTA = {
    "type": "string",
    "pattern": "^(0|[1-9][0-9]{0,4})/(2[01][0-9]{2}|22[0-4][0-9]|225[0-5])/(0|[1-9][0-9]{0,12})$",
}
YUAN = {"type": "string", "pattern": "^-?(0|[1-9][0-9]{0,13})\\.[0-9]{2}$"}
CLASS = {"type": "string", "pattern": "^[0-9A-Za-z]{1,8}$"}
CLASS_OR_NONE = {"type": "string", "pattern": "^[0-9A-Za-z]{0,8}$"}
DAY = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "format": "date"}
TRUE = {"const": True}


def whole(high: int, low: int = 0) -> Schema:
    """A whole number in bounds."""
    return {"type": "integer", "minimum": low, "maximum": high}


DIVISION, CHANNEL = whole(limits.U16_MAX), whole(limits.U16_MAX)
YEAR = whole(limits.YEAR_MAX, limits.YEAR_MIN)
U32 = whole(limits.U32_MAX)


def one_of(kind: Type[names.Named], without: "tuple[names.Named, ...]" = ()) -> Schema:
    """A name of a vocabulary."""
    return {"enum": [one.slug for one in kind if one not in without]}


def nullable(schema: Schema) -> Schema:
    """That, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def closed(required: Schema, optional: Optional[Schema] = None) -> Schema:
    """An object with these keys and no others."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def listed(item: Schema, most: int, least: int = 0) -> Schema:
    """A list with bounds."""
    return {"type": "array", "items": item, "minItems": least, "maxItems": most}


POSTS = {**listed({"enum": ["unit", "department", "finance"]}, 3), "uniqueItems": True}

_BY_FORM: Dict[Type[forms.Form], Schema] = {
    forms.Uuid: UUID,
    forms.Quota: QUOTA,
    forms.Amount: YUAN,
    forms.ClassOf: CLASS,
    forms.Day: DAY,
    forms.Year: YEAR,
    forms.PostsOf: POSTS,
    forms.YesNo: {"type": "boolean"},
    forms.NineDigits: {"type": "string", "pattern": "^[0-9]{9}$"},
    forms.Hash: {"type": "string", "pattern": "^[0-9a-f]{16}$"},
    forms.Digest: HEX128,
}


def form_schema(form: forms.Form) -> Schema:
    """The schema of a field's form."""
    if isinstance(form, forms.OneOf):
        return one_of(form.of)
    found = _BY_FORM.get(type(form))
    if found is not None:
        return found
    assert isinstance(form, forms.Whole)
    return DECIMAL if form.as_text else whole(form.high)


def command_schema(kind: Type[commands.Command]) -> Schema:
    """A command by its name. What stands around it is said where it is used."""
    required: Schema = {"command": {"const": kind.NAME}, "person": DECIMAL}
    optional: Schema = {"linked": TRUE} if kind.FACT else {"check": TRUE, "linked": TRUE}
    for slot in kind.SLOTS:
        (optional if slot.form.optional else required)[slot.name] = form_schema(slot.form)
    tail = kind.TAIL
    if tail is not None and tail.name == "particulars":
        optional[tail.name] = {"$ref": "#/$defs/particulars"}
    elif tail is not None:
        # Bounds of texts are in bytes of UTF-8, so that a schema sees only the longest of them.
        text = {"type": "string", "maxLength": tail.bytes_max}
        (required if tail.needed else optional)[tail.name] = (
            {**text, "minLength": 1} if tail.needed else text
        )
    return {
        "type": "object",
        "properties": {**required, **optional},
        "required": list(required),
    }


def command_ref(kinds: "List[Type[commands.Command]]", schema: str = "") -> Schema:
    """One of these commands, and nothing besides."""
    refs = [{"$ref": f"{schema}#/$defs/{kind.NAME}"} for kind in kinds]
    return {"oneOf": refs, "unevaluatedProperties": False}


CURSOR = closed({"epoch": U32, "sequence": DECIMAL, "group_hash": HEX256})
POSITION = closed({"epoch": U32, "sequence": DECIMAL})
#: What continues a page of the directory.
AFTER = {"type": "string", "pattern": "^[0-9a-f]{48}$"}


def directory_questions() -> List[Schema]:
    """Lists, histories, and states as they were: each with the ways to ask for it."""
    when = {"wait_for": POSITION, "wait_ms": whole(limits.DIRECTORY_WAIT_MS_MAX, 1)}
    moments: List[Schema] = [{}, {"as_of": POSITION}, {"as_of_ms": DECIMAL}]
    page = {
        "items": whole(limits.DIRECTORY_PAGE_ITEMS_MAX, 1),
        "newest_first": {"type": "boolean"},
        "after": AFTER,
    }
    states = listed(one_of(names.PaymentState), len(names.PaymentState), 1)
    conditions = {
        "states": states,
        "division": DIVISION,
        "year": YEAR,
        "quota": QUOTA,
        "key_prefix": {"type": "string", "maxLength": limits.KEY_BYTES_MAX},
        "number": {"type": "string", "maxLength": limits.DIRECTORY_TEXT_BYTES_MAX},
        "maker": DECIMAL,
        "older_than_ms": DECIMAL,
        "younger_than_ms": DECIMAL,
        "age_since": {"enum": ["changed", "reserved"]},
        "amount_from": YUAN,
        "amount_to": YUAN,
    }
    payees: List[Schema] = [
        {},
        {"payee_account": {"type": "string"}},
        {"payee_hash": _BY_FORM[forms.Hash]},
    ]
    place = {"division": DIVISION, "year": YEAR}
    subjects: List[Schema] = [
        {"history": {"const": "quota"}, "quota": QUOTA},
        {"history": {"const": "payment"}, "payment": UUID},
        {"history": {"const": "payment"}, "payment": UUID, **place},
    ]
    stood: List[Schema] = [
        {"state_at": {"const": "quota"}, "quota": QUOTA},
        {"state_at": {"const": "payment"}, **place, "payment": UUID},
    ]
    lists = [
        closed({"request": REQUEST, "list": {"const": "payments"}, **moment, **payee},
               {**when, **page, **conditions})
        for moment in moments
        for payee in payees
    ]
    histories = [
        closed({"request": REQUEST, **subject, **moment}, {**when, **page})
        for moment in moments
        for subject in subjects
    ]
    states_then = [
        closed({"request": REQUEST, **one, **moment}, when) for moment in moments for one in stood
    ]
    code = {"type": "string", "pattern": "^[0-9]{9}$"}
    beginning = {"type": "string", "maxLength": limits.REPORT_FILTER_BYTES_MAX}
    scopes: List[Schema] = [{}, {"own_level": code}, {"area": code}]
    figures = {
        "by": {"enum": [one.slug for one in ReportBy]},
        "basis": {"enum": [one.slug for one in ReportBasis]},
        "carry_over": {"type": "boolean"},
        "upto": {"type": "string", "pattern": "^[0-9]{4}-([0-9]{2}(-[1-3])?|adjustment)$"},
        "unit": beginning,
        "function": beginning,
        "fund": beginning,
        "quota": QUOTA,
    }
    kinds = {"enum": [one.slug for one in ReportKind]}
    reports = [
        closed({"request": REQUEST, "report": kinds, "year": YEAR, **moment, **scope},
               {**when, **page, **figures})
        for moment in moments
        for scope in scopes
    ]
    key = {"type": "string", "maxLength": limits.ROW_KEY_BYTES_MAX}
    rows_of: Schema = {"list": {"const": "rows"}, "table": {"enum": list(office.TABLES)}, **place}
    rows = [
        closed(
            {"request": REQUEST, **rows_of, **moment},
            {**when, "beginning": key, "after": key, "items": page["items"]},
        )
        for moment in moments
    ]
    return [*lists, *histories, *states_then, *reports, *rows]


def requests() -> Schema:
    """Lines of a client."""
    every = list(commands.COMMANDS.values())
    within_ms = whole(limits.BUDGET_MS_MAX, 1)
    hello = closed(
        {"role": one_of(names.Role, (names.Role.ENGINE,)), "channel": CHANNEL},
        {
            "environment": one_of(names.Environment),
            "version": whole(limits.U16_MAX),
            "window": U32,
            "name": {"type": "string", "maxLength": limits.CLIENT_NAME_BYTES_MAX},
        },
    )
    place = {"division": DIVISION, "year": YEAR}
    of = {"enum": ["payment", "act", "move"]}
    look_ups: List[Schema] = [
        {"look_up": {"const": "quota"}, "quota": QUOTA},
        {"look_up": {"const": "payment"}, **place, "payment": UUID},
        {"look_up": {"const": "outcome"}, "of": of, **place, "id": UUID},
    ]
    subscribe = closed(
        {},
        {
            "cursor": CURSOR,
            "limit": DECIMAL,
            "events": listed({"enum": list(EVENT_NAMES)}, limits.EVENT_FILTER_NAMES_MAX, 1),
        },
    )
    definitions: Schema = {kind.NAME: command_schema(kind) for kind in every}
    definitions["particulars"] = closed(
        {},
        {
            **{
                name: {"type": "string", "maxLength": limits.PARTICULARS_BYTES_MAX}
                for name in ("payee_name", "payee_account", "purpose", "document", "numbers")
            },
            "payee_bank": {"type": "string", "pattern": "^([0-9]{12})?$"},
        },
    )
    definitions["command"] = command_ref(every)
    definitions["command-line"] = {
        "type": "object",
        "properties": {"request": REQUEST, "within_ms": within_ms},
        "required": ["request", "command"],
        **command_ref(every),
    }
    asks = {"enum": ["health", "metrics", "ping", "unsubscribe", "goodbye"]}
    commands_list = listed({"$ref": "#/$defs/command"}, limits.JSON_COMMANDS_PER_LINE_MAX, 1)
    questions = listed(
        {"oneOf": [closed(one) for one in look_ups]}, limits.JSON_LOOK_UPS_PER_LINE_MAX, 1
    )
    return {
        "$schema": DIALECT,
        "$id": REQUESTS,
        "title": "A line that a client sends",
        "oneOf": [
            closed({"hello": hello}),
            {"$ref": "#/$defs/command-line"},
            closed({"request": REQUEST, "commands": commands_list}, {"within_ms": within_ms}),
            *(closed({"request": REQUEST, **one}) for one in look_ups),
            closed({"request": REQUEST, "look_ups": questions}),
            closed({"request": REQUEST, "subscribe": subscribe}),
            closed({"request": REQUEST, "ask": asks}),
            *directory_questions(),
        ],
        "$defs": definitions,
    }


CODE_KEYS: Schema = {
    "code": {"enum": [code.value for code in Code]},
    "name": {"enum": [code.slug for code in Code]},
    "retry": {"enum": [then.value for then in Then]},
    "english": {"type": "string"},
    "chinese": {"type": "string"},
    "next": {"type": "string"},
}
FIGURE = {
    "oneOf": [
        closed(
            {
                "limit": {"enum": [code.slug for code in Code if code is not Code.PAPER_LINE]},
                "requested": YUAN,
                "left": YUAN,
            }
        ),
        closed({"limit": {"const": Code.PAPER_LINE.slug}, "line": U32, "column": U32}),
    ]
}
FIGURES = listed(FIGURE, limits.FIGURES_MAX)
RESULT_KEYS: Schema = {
    "repeat": TRUE,
    "checked": TRUE,
    "state": one_of(names.PaymentState),
    "available": YUAN,
    "quota": QUOTA,
    "sequence": DECIMAL,
    "figures": FIGURES,
}


def quota_view() -> Schema:
    """A quota in an answer."""
    boolean = {"type": "boolean"}
    return closed(
        {
            "quota": QUOTA,
            "version": U32,
            "open_payments": U32,
            "open_contracts": U32,
            "executable": boolean,
            "closed": boolean,
            "quarantined": boolean,
            "posts": POSTS,
            "authority": one_of(names.Authority),
            "plan": nullable(DECIMAL),
            "parent": nullable(QUOTA),
            "cap": nullable(YUAN),
            "fund": CLASS,
            "economic": CLASS_OR_NONE,
            "buckets": closed({name: YUAN for name in Buckets._fields}),
            "totals": closed({name: YUAN for name in Totals._fields}),
            "available": YUAN,
            "key": {"type": "string"},
        }
    )


def payment_view() -> Schema:
    """A payment in an answer."""
    person = nullable(DECIMAL)
    boolean = {"type": "boolean"}
    step = closed({"step": one_of(names.Step), "serial": DECIMAL, "person": DECIMAL})
    fact = closed({"fact": one_of(names.FactKind), "channel": CHANNEL, "serial": DECIMAL})
    refund = closed(
        {"refund": DECIMAL, "amount": YUAN, "detail": U32, "settled": boolean, "to_pool": boolean}
    )
    return closed(
        {
            "payment": HEX128,
            "quota": QUOTA,
            "amount": YUAN,
            "executed": YUAN,
            "maker": DECIMAL,
            "approvers": closed({"unit": person, "department": person, "finance": person}),
            "instructor": person,
            "contract": nullable(DECIMAL),
            "plan": nullable(DECIMAL),
            "payee_hash": nullable(_BY_FORM[forms.Hash]),
            "deadline_ms": nullable(DECIMAL),
            "sequence": DECIMAL,
            "economic": CLASS,
            "day": DAY,
            "rule_version": U32,
            "method": one_of(names.Method),
            "business": one_of(names.Business),
            "path": one_of(names.Path),
            "state": one_of(names.PaymentState),
            "ending": nullable(one_of(names.Ending)),
            "posts": POSTS,
            "approved": POSTS,
            "steps": {"type": "array", "items": step},
            "facts": {"type": "array", "items": fact},
            "refunds": {"type": "array", "items": refund},
        }
    )


def listed_payment() -> Schema:
    """A payment in a list."""
    text = {"type": "string"}
    return closed(
        {
            "payment": HEX128,
            "quota": QUOTA,
            "key": text,
            "state": one_of(names.PaymentState),
            "ending": nullable(one_of(names.Ending)),
            "path": one_of(names.Path),
            "amount": YUAN,
            "executed": YUAN,
            "maker": DECIMAL,
            "posts": POSTS,
            "approved": POSTS,
            "payee_name": text,
            "payee_account": text,
            "payee_hash": _BY_FORM[forms.Hash],
            "purpose": text,
            "numbers": text,
            "reserved_ms": DECIMAL,
            "changed_ms": DECIMAL,
            "sequence": DECIMAL,
            "changed_sequence": DECIMAL,
        }
    )


def report_page() -> Schema:
    """A page of a report: fields are texts, which its columns say how to read."""
    text = {"type": "string"}
    said = closed({"name": text, "chinese": text, "text": text})
    form = {"enum": [one.slug for one in ReportForm]}
    column = closed({"name": text, "chinese": text, "form": form})
    row = {"type": "array", "items": text}
    return closed(
        {
            "title": text,
            "chinese": text,
            "statements": {"type": "array", "items": said},
            "columns": {"type": "array", "items": column},
            "rows": {"type": "array", "items": row},
            "total": {"oneOf": [row, {"type": "null"}]},
        }
    )


def replies() -> Schema:
    """Lines of a server."""
    text = {"type": "string"}
    transit = {"enum": ["staged", "in-transit", "landed", "came-back", "dropped"]}
    error = closed(
        CODE_KEYS,
        {
            "retry_after_ms": U32,
            "common": POSITION,
            "detail": text,
            "field": text,
            "problem": text,
            "nearest": text,
        },
    )
    welcome = closed(
        {
            "version": whole(limits.U16_MAX),
            "environment": one_of(names.Environment, (names.Environment.ANY,)),
            "data_set": HEX128,
            "epoch": U32,
            "window_commands": U32,
            "window_bytes": U32,
            "line_bytes_max": U32,
            "commands_per_line_max": U32,
            "heartbeat_ms": U32,
            "server_version": text,
        }
    )
    health = closed(
        {
            "status": one_of(names.HealthStatus),
            "environment": one_of(names.Environment, (names.Environment.ANY,)),
            "data_set": HEX128,
            "position": POSITION,
            "uptime_ms": DECIMAL,
            "connections": U32,
            "divisions": U32,
            "quotas": DECIMAL,
            "server_version": text,
            "note": text,
        }
    )
    answer = {
        "oneOf": [
            closed({"quota": {"$ref": "#/$defs/quota"}}),
            closed({"payment": {"$ref": "#/$defs/payment"}}),
            closed({"outcome": {"$ref": "#/$defs/outcome"}}),
            closed({"error": closed(CODE_KEYS)}),
        ]
    }
    stood = {
        "oneOf": [
            closed({"quota": {"$ref": "#/$defs/quota"}}),
            closed({"payment": {"$ref": "#/$defs/payment"}}),
            closed({"error": closed(CODE_KEYS)}),
        ]
    }
    true_at = {"request": REQUEST, "position": POSITION, "time_ms": DECIMAL}
    page = {**true_at, "after": nullable(AFTER)}
    most = limits.DIRECTORY_PAGE_ITEMS_MAX
    result = {"$ref": "#/$defs/result"}
    answered = {"request": REQUEST, "position": POSITION}
    return {
        "$schema": DIALECT,
        "$id": REPLIES,
        "title": "A line that a server sends",
        "oneOf": [
            closed({"welcome": welcome}),
            closed(
                {**answered, "results": listed(result, limits.JSON_COMMANDS_PER_LINE_MAX, 1)}
            ),
            closed({**answered, "answers": listed(answer, limits.JSON_LOOK_UPS_PER_LINE_MAX, 1)}),
            closed({"request": REQUEST, "health": health}),
            closed({"request": REQUEST, "metrics": text}),
            closed({**answered, "pong": TRUE}),
            closed(
                {
                    "request": REQUEST,
                    "cursor": CURSOR,
                    "events": {"type": "array", "items": {"$ref": EVENTS}},
                }
            ),
            closed({"request": REQUEST, "subscription_ended": TRUE}),
            closed({**page, "payments": listed({"$ref": "#/$defs/listed"}, most)}),
            closed({**page, "history": listed({"$ref": EVENTS}, most)}),
            closed(
                {
                    **true_at,
                    "after": nullable({"type": "string"}),
                    "table": {"enum": list(office.TABLES)},
                    "rows": listed(
                        {"type": "object", "additionalProperties": {"type": "string"}}, most
                    ),
                }
            ),
            closed({**true_at, "state": stood}),
            closed({**page, "report": report_page()}),
            closed({"goodbye": TRUE}, {"request": REQUEST}),
            # Number 0: a line from which no number could be read.
            closed({"error": error}, {"request": DECIMAL}),
        ],
        "$defs": {
            "result": closed(CODE_KEYS, RESULT_KEYS),
            "outcome": closed(CODE_KEYS, {**RESULT_KEYS, "transit": transit}),
            "quota": quota_view(),
            "payment": payment_view(),
            "listed": listed_payment(),
        },
    }


def events() -> Schema:
    """A committed event in a line of a subscription, or of a history, which says when."""

    def kinds(first: int, last: int) -> "List[Type[commands.Command]]":
        return [kind for number, kind in commands.COMMANDS.items() if first <= number <= last]

    def given(first: int, last: int) -> Schema:
        return command_ref(kinds(first, last), REQUESTS)

    ended = closed(
        {
            "of": {"enum": ["payment", "act", "move"]},
            "id": HEX128,
            "quota": nullable(QUOTA),
            "person": DECIMAL,
            "fingerprint": HEX128,
            "tag": whole(255),
            "amount": YUAN,
        }
    )
    move_in = closed(
        {
            "command": {"const": "move-in"},
            "kind": one_of(names.MoveKind),
            "move": HEX128,
            "from": QUOTA,
            "to": QUOTA,
            "amount": YUAN,
            "fund": CLASS,
        },
        {"payment": HEX128},
    )
    boolean, code, print_ = {"type": "boolean"}, closed(CODE_KEYS), {"fingerprint": HEX128}
    of_quota = {"quota": QUOTA, "version": U32}
    reserved = {"rule_version": U32, "path": one_of(names.Path), "posts": POSTS}
    refusal = {"refusal": code, "figures": FIGURES, "year": YEAR}
    bodies: Dict[str, "tuple[Schema, Schema]"] = {
        "reserved": ({**of_quota, **print_, "command": given(1, 2), **reserved}, {}),
        "stepped": ({**of_quota, "command": given(17, 26)}, {}),
        "fact-taken": (
            {**of_quota, **print_, "command": given(33, 37), "from_suspense": boolean},
            {},
        ),
        "fact-parked": ({**print_, "command": given(33, 37), "year": YEAR, "reason": code}, {}),
        "acted": ({**of_quota, **print_, "command": given(49, 58)}, {}),
        "created": ({**of_quota, **print_, "command": given(80, 80)}, {}),
        "moved-out": ({**of_quota, **print_, "command": given(65, 70)}, {}),
        "moved-in": ({**of_quota, "command": move_in}, {}),
        "move-declined": ({"command": move_in, "reason": code}, {}),
        "move-settled": ({**of_quota, "move": HEX128, "from": QUOTA, "landed": boolean}, {}),
        "limit-set": ({**print_, "command": given(81, 81), "limit_version": U32}, {}),
        "batch-opened": ({**print_, "command": given(82, 82)}, {}),
        "batch-ended": (
            {
                "year": YEAR,
                "batch": HEX128,
                "end": {"enum": ["closed", "dropped", "refused", "lapsed", "abandoned"]},
            },
            {**print_, "act": HEX128},
        ),
        "year-set": (
            {
                **print_,
                "act": HEX128,
                "year": YEAR,
                "state": {"enum": ["open", "adjustment", "closed"]},
            },
            {},
        ),
        "registered": ({"command": given(88, 88)}, {}),
        "resolved": ({**print_, "command": given(89, 89), "fact": HEX128}, {}),
        "refused": ({**refusal, "ended": ended}, {}),
        "run-refused": (
            {
                **refusal,
                "refused_at": nullable(whole(limits.U16_MAX)),
                "ended": listed(ended, limits.LINKED_RUN_COMMANDS_MAX, 1),
            },
            {},
        ),
        "filed": (
            {
                **print_,
                "command": given(90, 90),
                "changes": {"type": "array", "items": {"type": "string"}},
            },
            {},
        ),
    }
    assert tuple(bodies) == EVENT_NAMES
    by = closed({"person": DECIMAL, "role": one_of(names.Role), "channel": CHANNEL})
    common = {"epoch": U32, "sequence": DECIMAL, "division": DIVISION, "by": by}
    return {
        "$schema": DIALECT,
        "$id": EVENTS,
        "title": "A committed event",
        "oneOf": [
            closed(
                {"event": {"const": name}, **common, **required}, {**optional, "time_ms": DECIMAL}
            )
            for name, (required, optional) in bodies.items()
        ],
    }


def files() -> Dict[str, Schema]:
    """Each file of docs/schema, by its name."""
    return {REQUESTS: requests(), REPLIES: replies(), EVENTS: events()}


def text_of(schema: Schema) -> str:
    """A schema as its file has it."""
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
