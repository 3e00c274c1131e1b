//! The tables of `docs/vouchers.md`: kinds, fields, states and refusals as the program has them.

mod golden;

use std::fmt::Write as _;

use domain::voucher::field::Form;
use domain::voucher::schema::{Balances, Level, Lines, Schema, schema};
use domain::voucher::state::{RemoteStatus, State};
use domain::voucher::{Field, PartyKind, SealPlace, Unfit, VoucherKind};

const PAGE: &str = "vouchers.md";

/// One test: parts of one page are written one after the other.
#[test]
fn the_page_says_what_the_program_has() {
    states();
    remote_answers();
    kinds();
    tables_of_fields();
    fields();
    refusals();
    every_kind_has_what_produces_it();
}

/// What a person wrote, and a kind that comes new has to be added to.
fn every_kind_has_what_produces_it() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(PAGE);
    let page = std::fs::read_to_string(path).expect("the page");
    let (_, part) = page.split_once("## Which event produces which").expect("its part");
    let (part, _) = part.split_once("## Fields of each kind").expect("the part behind it");
    let rows = part.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" | "));
    let mut told: Vec<u16> = rows
        .flat_map(|(kinds, _)| kinds.split(", ").filter_map(|kind| kind.parse().ok()))
        .collect();
    told.sort_unstable();
    let kinds: Vec<u16> = VoucherKind::ALL.iter().map(|kind| kind.code()).collect();
    assert_eq!(told, kinds, "each kind once");
}

fn row(out: &mut String, cells: &[&str]) {
    writeln!(out, "| {} |", cells.join(" | ")).expect("text");
}

fn states() {
    let mut table = String::new();
    for &state in State::ALL {
        let numbers = (0..=u8::MAX).filter(|&n| State::from_central_bank(n) == Some(state));
        let numbers: Vec<String> = numbers.map(|n| n.to_string()).collect();
        let rank = state.rank().to_string();
        row(&mut table, &[&rank, &format!("`{state}`"), state.chinese(), &numbers.join(", ")]);
    }
    golden::check(
        PAGE,
        "states",
        &format!("| rank | state | 中文 | at the central bank |\n|---:|---|---|---|\n{table}"),
    );
}

fn remote_answers() {
    let mut table =
        String::from("| answer | | 中文 | shows | may be sent again |\n|---:|---|---|---|---|\n");
    for &status in RemoteStatus::ALL {
        let shows = status.shows().map_or_else(String::new, |state| format!("`{state}`"));
        let again = match (status.may_send_original(), status.may_send_receipt()) {
            (true, _) => "original",
            (_, true) => "receipt",
            _ => "",
        };
        let number = status.number().to_string();
        row(&mut table, &[&number, status.slug(), status.chinese(), &shows, again]);
    }
    golden::check(PAGE, "remote-status", &table);
}

fn party(kind: PartyKind) -> &'static str {
    match kind {
        PartyKind::Finance => "finance",
        PartyKind::Unit => "unit",
        PartyKind::Bank => "bank",
        PartyKind::CentralBank => "central bank",
    }
}

fn seals(seals: &[SealPlace]) -> String {
    seals.iter().map(|seal| seal.chinese()).collect::<Vec<_>>().join("、")
}

fn kinds() {
    let mut table = String::from(
        "| kind | | 中文 | from → to | amounts | details | seals | seals of its receipt |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for &kind in VoucherKind::ALL {
        let table_of = schema(kind);
        let lines = match table_of.lines {
            Lines::None => "none",
            Lines::Any => "any",
            Lines::Some => "at least one",
        };
        let receipt = table_of.receipt.as_ref();
        row(
            &mut table,
            &[
                &kind.code().to_string(),
                &format!("`{}`", kind.slug()),
                kind.chinese(),
                &format!("{} → {}", party(kind.from()), party(kind.to())),
                table_of.detail_sign.word(),
                lines,
                &seals(table_of.seals),
                &receipt.map_or_else(|| "no receipt".into(), |answer| seals(answer.seals)),
            ],
        );
    }
    golden::check(PAGE, "kinds", &table);
}

fn names(fields: impl Iterator<Item = Field>) -> String {
    fields.map(|field| format!("`{}`", field.wire_name())).collect::<Vec<_>>().join(" ")
}

fn levels(out: &mut String, schema: &Schema) {
    let mut level = |name: &str, level: &Level| {
        let (must, may) = (names(level.must()), names(level.may()));
        if !(must.is_empty() && may.is_empty()) {
            row(out, &[name, &must, &may]);
        }
    };
    level("head", &schema.head);
    level("each detail", &schema.detail);
    if let Some(answer) = &schema.receipt {
        level("head of the receipt, besides", &answer.head);
        level("each detail of the receipt, besides", &answer.detail);
    }
}

fn tables_of_fields() {
    let mut text = String::new();
    for &kind in VoucherKind::ALL {
        let schema = schema(kind);
        writeln!(text, "### {} {}\n", kind.code(), kind.chinese()).expect("text");
        text.push_str("| where | must be there | may be there |\n|---|---|---|\n");
        levels(&mut text, schema);
        let mut also = Vec::new();
        if let Some(like) = schema.analogy {
            also.push(format!("Fields by analogy with {}.", like.code()));
        }
        if !schema.methods.is_empty() {
            also.push(format!("Payment methods: {}.", schema.methods.join(", ")));
        }
        if schema.payee_account {
            also.push(
                "Each detail names the payee's account, unless it is settled in cash.".into(),
            );
        }
        if !schema.apart.is_empty() {
            also.push(format!(
                "No two details are alike in {}.",
                names(schema.apart.iter().copied())
            ));
        }
        also.extend(match schema.balances {
            Balances::Apart => None,
            Balances::Added => {
                Some("The balance after is the balance before and the sum of the details.".into())
            }
            Balances::TakenOff => {
                Some("The balance after is the balance before less the sum of the details.".into())
            }
        });
        match also.is_empty() {
            true => text.push('\n'),
            false => writeln!(text, "\n{}\n", also.join(" ")).expect("text"),
        }
    }
    golden::check(PAGE, "schemas", &text);
}

fn fields() {
    let mut table = String::from("| field | 中文 | holds |\n|---|---|---|\n");
    for &field in Field::ALL {
        let form = match field.form() {
            Form::Text(chars_max) => format!("up to {chars_max} characters"),
            Form::Amount => "an amount".into(),
            Form::Day => "a day".into(),
            Form::Count => "a count".into(),
        };
        row(&mut table, &[&format!("`{}`", field.wire_name()), field.chinese(), &form]);
    }
    golden::check(PAGE, "fields", &table);
}

fn refusals() {
    let mut table =
        String::from("| number | | what | 中文 | what to do |\n|---:|---|---|---|---|\n");
    for &unfit in Unfit::ALL {
        let number = unfit.number().to_string();
        let slug = format!("`{}`", unfit.slug());
        row(&mut table, &[&number, &slug, unfit.english(), unfit.chinese(), unfit.next_step()]);
    }
    golden::check(PAGE, "unfits", &table);
}
