//! Tables of the documentation that the program itself fills: who may give which command, every
//! answer code, and what the finance office keeps on file.

mod golden;

use std::fmt::Write as _;

use domain::codes::{
    ActKind, AuthorityKind, BatchStep, BusinessKind, FactKind, LimitKind, Method, MoveKind, Posts,
    ResolveAction, StepKind, YearState,
};
use domain::command::{
    Act, Body, By, Create, EndBatch, Fact, MoveIn, MoveOut, OpenBatch, Paper, Register, Reserve,
    Resolve, SetLimit, SetYear, SettleMove, Step,
};
use domain::ids::{ActId, BatchId, ChannelId, Class, ContractId, Day, LimitKey, MoveId, PersonId};
use domain::office::paper::PaperKind;
use domain::office::table::Table;
use domain::particulars::Particulars;
use domain::{Code, Command, DivisionIndex, Fen, FiscalYear, PaymentId, QuotaId, Role};

const YEAR: FiscalYear = FiscalYear::from_offset(23);
const DIVISION: DivisionIndex = DivisionIndex(1);

/// One of every command that has a name of its own, with a form that passes.
fn every_command() -> Vec<Body<'static>> {
    let quota = QuotaId::new(DIVISION, YEAR, 0);
    let day = Day::new(20_230_310).expect("a day");
    let (act, amount_fen) = (ActId(1), Fen::new(5));
    let mut bodies = Vec::new();
    for one_act in [false, true] {
        bodies.push(Body::Reserve(Reserve {
            payment: PaymentId(1),
            quota,
            amount_fen,
            economic: Class::new("30201").expect("a class"),
            method: Method::Centralized,
            kind: BusinessKind::Single,
            day,
            contract: ContractId::NONE,
            plan: ContractId::NONE,
            deadline_ms: 0,
            one_act,
            particulars: Particulars::NONE,
        }));
    }
    for &kind in StepKind::ALL {
        let (payment, serial, reason) = (PaymentId(1), 1, "why");
        bodies.push(Body::Step(Step { kind, payment, quota, serial, reason }));
    }
    for &kind in FactKind::ALL {
        bodies.push(Body::Fact(Fact {
            kind,
            payment: PaymentId(1),
            quota,
            serial: 1,
            amount_fen: if kind == FactKind::Reject { Fen::ZERO } else { amount_fen },
            payee_hash: 0,
            day,
            refund: 0,
            detail: 0,
            note: "",
        }));
    }
    for &kind in ActKind::ALL {
        let earmark = matches!(kind, ActKind::Earmark | ActKind::Unearmark);
        let unamounted = matches!(kind, ActKind::Close | ActKind::Revive);
        bodies.push(Body::Act(Act {
            kind,
            act,
            quota,
            amount_fen: if unamounted { Fen::ZERO } else { amount_fen },
            contract: ContractId(u64::from(earmark)),
            plan: ContractId::NONE,
            batch: BatchId(0),
            note: "",
        }));
    }
    bodies.push(Body::Create(Create {
        act,
        division: DIVISION,
        year: YEAR,
        parent: QuotaId::NONE,
        fund: Class::new("111").expect("a class"),
        economic: Class::ANY,
        posts: Posts::UNIT,
        executable: true,
        plan: LimitKey(0),
        authority: AuthorityKind::BudgetLine,
        cap_fen: Fen::ZERO,
        key: "key",
    }));
    for &kind in MoveKind::ALL {
        let to = match kind {
            MoveKind::Transfer => QuotaId::new(DivisionIndex(2), YEAR, 0),
            MoveKind::Carry => QuotaId::new(DIVISION, FiscalYear::from_offset(24), 0),
            _ => QuotaId::new(DIVISION, YEAR, 1),
        };
        let (id, batch) = (MoveId(1), BatchId(0));
        let corrects = kind == MoveKind::Correct;
        let payment = if corrects { PaymentId(1) } else { PaymentId::NONE };
        bodies.push(Body::MoveOut(MoveOut {
            kind,
            id,
            from: quota,
            to,
            amount_fen,
            batch,
            payment,
            note: if corrects { "why" } else { "" },
        }));
    }
    let (id, from, to) = (MoveId(1), quota, QuotaId::new(DIVISION, YEAR, 1));
    let fund = Class::new("111").expect("a class");
    let kind = MoveKind::Virement;
    bodies.push(Body::MoveIn(MoveIn {
        kind,
        id,
        from,
        to,
        amount_fen,
        fund,
        payment: PaymentId::NONE,
    }));
    bodies.push(Body::SettleMove(SettleMove { id, from, landed: true }));
    bodies.push(Body::SetLimit(SetLimit {
        act,
        division: DIVISION,
        year: YEAR,
        kind: LimitKind::PayCeiling,
        key: LimitKey(0),
        month: 0,
        amount_fen,
        checker: PersonId(2),
    }));
    let (batch, division, year) = (BatchId(1), DIVISION, YEAR);
    bodies.push(Body::OpenBatch(OpenBatch {
        batch,
        division,
        year,
        count: 1,
        digest: 0,
        deadline_ms: 0,
    }));
    for &step in BatchStep::ALL {
        let act = ActId(u128::from(step.is_asked()));
        bodies.push(Body::EndBatch(EndBatch { step, act, batch, division, year }));
    }
    for state in [YearState::Open, YearState::Adjustment, YearState::Closed] {
        bodies.push(Body::SetYear(SetYear { act, division, year, state }));
    }
    bodies.push(Body::Register(Register {
        division,
        code: *b"370102000",
        parent: DivisionIndex::PROVINCE,
        name: "区",
    }));
    bodies.push(Body::Resolve(Resolve {
        act,
        division,
        year,
        channel: ChannelId(1),
        serial: 1,
        action: ResolveAction::Dismiss,
        reason: "why",
    }));
    for &kind in PaperKind::ALL {
        let (batch, checker, day, text) = (BatchId(0), PersonId::NOBODY, None, "a line");
        let paper = Paper { act, division, year, kind, batch, checker, day, text };
        bodies.push(Body::File(paper));
    }
    bodies
}

fn given_by(role: Role, body: Body<'static>) -> Command<'static> {
    Command { by: By { person: PersonId(1), role, channel: ChannelId(1) }, body }
}

#[test]
fn the_table_of_roles_is_the_documented_one() {
    let mut table = String::from("| command | kind |");
    for role in Role::ALL {
        write!(table, " {role} |").expect("text");
    }
    writeln!(table, "\n| --- | --- |{}", " :-: |".repeat(Role::ALL.len())).expect("text");
    let mut names = std::collections::BTreeSet::new();
    // Papers are many kinds of one command: a dot where any of them may be filed.
    let slug = |body: &Body<'static>| given_by(Role::Engine, *body).slug();
    let bodies = every_command();
    for same in bodies.chunk_by(|one, other| slug(one) == slug(other)) {
        let command = given_by(Role::Engine, same[0]);
        assert!(names.insert(command.slug()), "{} stands here twice", command.slug());
        let kind = if command.is_fact() { "fact" } else { "order" };
        write!(table, "| `{}` | {kind} |", command.slug()).expect("text");
        for &role in Role::ALL {
            let may = same.iter().any(|body| given_by(role, *body).role_may());
            write!(table, " {} |", if may { "●" } else { "" }).expect("text");
            for body in same {
                // The right is the only thing that can be wrong with these.
                let command = given_by(role, *body);
                let heard = command.check_form();
                assert_eq!(heard.is_ok(), command.role_may(), "{} by {role}", command.slug());
                assert!(heard.is_ok() || heard == Err(Code::NoRight), "{heard:?}");
            }
        }
        table.push('\n');
    }
    golden::check("roles.md", "roles", &table);
}

#[test]
fn nobody_gives_nothing() {
    for body in every_command() {
        for &role in Role::ALL {
            let mut command = given_by(role, body);
            command.by.person = PersonId::NOBODY;
            assert_eq!(command.check_form(), Err(Code::NoPerson), "{}", command.slug());
        }
    }
}

#[test]
fn every_payable_amount_has_its_bounds() {
    for body in every_command() {
        for (fen, good) in [(1, true), ((1 << 53) - 1, true), (0, false), (-1, false)]
            .into_iter()
            .chain([(1 << 53, false), (i64::MIN, false), (i64::MAX, false)])
        {
            let mut body = body;
            let amount_fen = match &mut body {
                Body::Reserve(c) => &mut c.amount_fen,
                Body::Fact(c) if c.kind != FactKind::Reject => &mut c.amount_fen,
                Body::Act(c)
                    if !matches!(c.kind, ActKind::Close | ActKind::Revive | ActKind::Authorize) =>
                {
                    &mut c.amount_fen
                }
                Body::MoveOut(c) => &mut c.amount_fen,
                Body::MoveIn(c) => &mut c.amount_fen,
                _ => continue,
            };
            *amount_fen = Fen::new(fen);
            let role = Role::ALL.iter().copied().find(|&role| given_by(role, body).role_may());
            let heard = given_by(role.expect("somebody may"), body).check_form();
            let must_hear = if good { Ok(()) } else { Err(Code::AmountOutOfBounds) };
            assert_eq!(heard, must_hear, "{fen} in {body:?}");
        }
    }
}

#[test]
fn the_table_of_codes_is_the_documented_one() {
    let mut table = String::from("| number | name | retry | English | 中文 | next step |\n");
    table.push_str("| --: | --- | --- | --- | --- | --- |\n");
    for &code in Code::ALL {
        let (number, slug, retry) = (code.number(), code.slug(), code.retry().slug());
        let (english, chinese, next) = (code.english(), code.chinese(), code.next_step());
        for cell in [slug, english, chinese, next] {
            assert!(!cell.contains('|') && !cell.contains('\n'), "{cell:?} breaks the table");
        }
        writeln!(table, "| {number} | `{slug}` | {retry} | {english} | {chinese} | {next} |")
            .expect("text");
    }
    golden::check("refusals.md", "codes", &table);
}

#[test]
fn the_table_of_papers_is_the_documented_one() {
    let mut table = String::from("| number | paper | 中文 | filed by | may be staged |\n");
    table.push_str("| --: | --- | --- | --- | :-: |\n");
    for &kind in PaperKind::ALL {
        let roles: Vec<_> = kind.roles().iter().map(ToString::to_string).collect();
        let (number, slug, chinese) = (kind.number(), kind.slug(), kind.chinese());
        let staged = if kind.is_stageable() { "●" } else { "" };
        let roles = roles.join(", ");
        writeln!(table, "| {number} | `{slug}` | {chinese} | {roles} | {staged} |").expect("text");
    }
    golden::check("office.md", "papers", &table);
}

#[test]
fn the_tables_on_file_are_the_documented_ones() {
    let mut text = String::new();
    for &kept in Table::ALL {
        let (number, slug, chinese) = (kept as u8, kept.slug(), kept.chinese());
        writeln!(text, "### `{slug}` {chinese}, table {number}\n").expect("text");
        text.push_str("| column | 中文 | what stands in it | refers to |\n");
        text.push_str("| --- | --- | --- | --- |\n");
        for (at, column) in kept.columns().iter().enumerate() {
            let key = if at < kept.keys() { " (key)" } else { "" };
            let refers = column.refers.map_or(String::new(), |name| format!("`{name}`"));
            let (name, chinese, form) = (column.name, column.chinese, column.form);
            for cell in [name, chinese, form] {
                assert!(!cell.contains('|') && !cell.contains('\n'), "{cell:?} breaks the table");
            }
            writeln!(text, "| `{name}`{key} | {chinese} | {form} | {refers} |").expect("text");
        }
        text.push('\n');
    }
    golden::check("office.md", "tables", &text);
}
