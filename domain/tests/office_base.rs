//! Base data on file: who may put it there, that nothing half-valid ever stands there, and that
//! nothing is paid before the go-live day. Every command goes its whole way; after each case its
//! journal is replayed.

mod county;
mod world;

use std::collections::BTreeSet;

use county::{Files, YEAR};
use domain::batch::fold_paper;
use domain::codes::{
    ActKind, AuthorityKind, BatchStep, BusinessKind, Method, Posts, Role, YearState,
};
use domain::command::{
    Act, Body, By, Create, EndBatch, OpenBatch, Paper, Register, Reserve, SetYear,
};
use domain::ids::{ActId, BatchId, ChannelId, Class, ContractId, Day, LimitKey, PersonId};
use domain::limits::PAPER_BYTES_MAX;
use domain::office::Office;
use domain::office::paper::PaperKind;
use domain::office::table::Table;
use domain::office::tables::base::{Standing, Unit};
use domain::particulars::Particulars;
use domain::{Code, Command, DivisionIndex, Fen, PaymentId, QuotaId};
use world::World;

const DIVISION: DivisionIndex = DivisionIndex(1);

/// The base keeper of the example.
const KEEPER: u64 = 1;

/// A desk at a server of its own.
struct Desk {
    world: World,
    next: u128,
    heard: BTreeSet<Code>,
}

impl Desk {
    /// The county, registered, its year open, nothing on file.
    fn new() -> Desk {
        let mut desk = Desk { world: World::new(), next: 1, heard: BTreeSet::new() };
        let code = *b"370124000";
        let register =
            Register { division: DIVISION, code, parent: DivisionIndex(0), name: "平阴县" };
        desk.say(9, Role::Operator, Body::Register(register));
        let act = desk.act();
        let (division, year, state) = (DIVISION, YEAR, YearState::Open);
        desk.say(9, Role::Operator, Body::SetYear(SetYear { act, division, year, state }));
        desk
    }

    /// The county with the whole example on file.
    fn with_example() -> Desk {
        let mut desk = Desk::new();
        let lines = lines_of(&Files::example());
        assert_eq!(desk.import(KEEPER, &lines), (Code::Accepted, vec![]));
        desk
    }

    fn act(&mut self) -> ActId {
        self.next += 1;
        ActId(self.next)
    }

    fn office(&self) -> &Office {
        self.world.divisions[&1].year(YEAR).expect("a year that was opened").office()
    }

    /// What a command comes to: its code, and where in the paper, line and column.
    fn say(&mut self, person: u64, role: Role, body: Body<'static>) -> (Code, Vec<(i64, i64)>) {
        let by = By { person: PersonId(person), role, channel: ChannelId(1) };
        let answer = self.world.send(&Command { by, body }).answer;
        self.heard.insert(answer.code);
        let figures = answer.refusal.iter().flat_map(|refusal| refusal.figures());
        let places = figures.filter(|figure| figure.limit == Code::PaperLine);
        (answer.code, places.map(|at| (at.requested_fen.get(), at.left_fen.get())).collect())
    }

    fn file(&mut self, person: u64, kind: PaperKind, text: &str) -> (Code, Vec<(i64, i64)>) {
        let act = self.act();
        let paper = paper(act, kind, BatchId(0), text);
        self.say(person, Role::Finance, Body::File(paper))
    }

    fn put(&mut self, person: u64, text: &str) -> (Code, Vec<(i64, i64)>) {
        self.file(person, PaperKind::BasePut, text)
    }

    /// Puts lines in one batch, as many papers as it takes.
    fn import(&mut self, person: u64, lines: &[String]) -> (Code, Vec<(i64, i64)>) {
        let mut texts = vec![String::new()];
        for line in lines {
            if texts.last().is_some_and(|text| text.len() + line.len() + 1 > PAPER_BYTES_MAX) {
                texts.push(String::new());
            }
            let text = texts.last_mut().expect("at least one");
            text.push_str(line);
            text.push('\n');
        }
        let batch = BatchId(self.act().0);
        let papers: Vec<Paper<'static>> =
            texts.iter().map(|text| paper(self.act(), PaperKind::BasePut, batch, text)).collect();
        self.batch(person, batch, &papers)
    }

    fn batch(
        &mut self,
        person: u64,
        batch: BatchId,
        papers: &[Paper<'static>],
    ) -> (Code, Vec<(i64, i64)>) {
        let (division, year) = (DIVISION, YEAR);
        let (count, digest) = (papers.len() as u32, papers.iter().fold(0, fold_paper));
        let open = OpenBatch { batch, division, year, count, digest, deadline_ms: 0 };
        assert_eq!(self.say(person, Role::Finance, Body::OpenBatch(open)).0, Code::Accepted);
        for paper in papers {
            let heard = self.say(person, Role::Finance, Body::File(*paper));
            if heard.0 != Code::Accepted {
                return heard;
            }
        }
        let mut end = |step| {
            let act = self.act();
            let end = EndBatch { step, act, batch, division, year };
            self.say(person, Role::Finance, Body::EndBatch(end))
        };
        let closed = end(BatchStep::Close);
        if closed.0 != Code::Accepted {
            assert_eq!(end(BatchStep::Drop).0, Code::Accepted);
        }
        closed
    }

    /// A quota of a unit with some money.
    fn quota(&mut self, unit: &str, fen: i64) -> QuotaId {
        let key = format!("370124000/{unit}/2050203/50502/302/111/P1/R{unit}").leak();
        let create = Create {
            act: self.act(),
            division: DIVISION,
            year: YEAR,
            parent: QuotaId::NONE,
            fund: Class::new("111").expect("a class"),
            economic: Class::new("302").expect("a class"),
            posts: Posts::UNIT,
            executable: true,
            plan: LimitKey(0),
            authority: AuthorityKind::BudgetLine,
            cap_fen: Fen::ZERO,
            key,
        };
        assert_eq!(self.say(2, Role::Engine, Body::Create(create)).0, Code::Accepted);
        let book = self.world.divisions[&1].year(YEAR).expect("a year");
        let quota = book.quota_by_key(key).expect("it was made");
        self.give(quota, ActKind::Issue, fen);
        quota
    }

    fn give(&mut self, quota: QuotaId, kind: ActKind, fen: i64) {
        let act = Act {
            act: self.act(),
            kind,
            quota,
            amount_fen: Fen::new(fen),
            batch: BatchId(0),
            contract: ContractId::NONE,
            plan: ContractId::NONE,
            note: "R1",
        };
        assert_eq!(self.say(2, Role::Engine, Body::Act(act)).0, Code::Accepted);
    }

    fn reserve(&mut self, quota: QuotaId, day: u32, one_act: bool) -> Code {
        let reserve = Reserve {
            payment: PaymentId(self.act().0),
            quota,
            amount_fen: Fen::new(5),
            economic: Class::new("30201").expect("a class"),
            method: Method::Centralized,
            kind: BusinessKind::Single,
            day: Day::new(day).expect("a day"),
            contract: ContractId::NONE,
            plan: ContractId::NONE,
            deadline_ms: 0,
            one_act,
            particulars: Particulars::NONE,
        };
        self.say(5, Role::Maker, Body::Reserve(reserve)).0
    }

    /// Whatever happened holds, and replay and checkpoint come to the same.
    fn end(&self) {
        assert_eq!(self.world.broken_invariant(), None);
        assert_eq!(self.world.replay_differs(), None);
    }
}

fn paper(act: ActId, kind: PaperKind, batch: BatchId, text: &str) -> Paper<'static> {
    Paper {
        act,
        division: DIVISION,
        year: YEAR,
        kind,
        batch,
        checker: PersonId::NOBODY,
        day: None,
        text: text.to_owned().leak(),
    }
}

/// The rows of files as lines of papers.
fn lines_of(files: &Files) -> Vec<String> {
    let import = files.import(Office::empty());
    assert_eq!(import.findings, []);
    let lines = import.changes.iter().map(|change| {
        let mut line = String::new();
        change.write(&mut line);
        line[1..].trim_end_matches('\n').to_owned()
    });
    lines.collect()
}

const CARD: &str = "division\t370124000\t平阴县\tcounty\t370100000\t1\t1\t2022-01-04\tactive";
const POST: &str = "post\t1\tbase-keeper\t\t周敏";

#[test]
fn an_import_is_one_batch_and_every_row_of_it_is_on_file() {
    let desk = Desk::with_example();
    let on_file = county::on_file();
    for &table in Table::ALL {
        let rows: Vec<_> = on_file.rows(table).collect();
        assert_eq!(desk.office().rows(table).collect::<Vec<_>>(), rows, "{}", table.slug());
    }
    desk.end();
}

#[test]
fn a_batch_that_does_not_fit_leaves_nothing() {
    let mut desk = Desk::new();
    let mut files = Files::example();
    let mut lines = lines_of(&files);
    let unit = lines.iter().position(|line| line.starts_with("unit\t103002")).expect("a unit");
    lines[unit] = lines[unit].replace("\t103\t2\t", "\t103\t3\t");
    let payee = lines.iter().position(|line| line.starts_with("payee\t")).expect("a payee");
    lines[payee] = lines[payee].replace("\tnone\t", "\tblack\t");
    let mut places = vec![(unit as i64 + 1, 5), (payee as i64 + 1, 7)];
    places.sort_unstable();
    assert_eq!(desk.import(KEEPER, &lines), (Code::ImportUnfit, places));
    assert!(desk.office().is_empty());
    // Corrected, it is taken under new ids.
    files.edit("payee.csv", "white,供水托收", "black,供水托收");
    assert_eq!(desk.import(KEEPER, &lines_of(&files)).0, Code::Accepted);
    desk.end();
}

#[test]
fn a_batch_is_held_against_what_is_on_file_when_it_closes() {
    let mut desk = Desk::with_example();
    let batch = BatchId(desk.act().0);
    let text = "supplier\t91370124000000001M\t泉城文具有限公司\t1602000109200000005\tactive";
    let papers = [paper(desk.act(), PaperKind::BasePut, batch, text)];
    let (division, year) = (DIVISION, YEAR);
    let (count, digest) = (1, papers.iter().fold(0, fold_paper));
    let open = OpenBatch { batch, division, year, count, digest, deadline_ms: 0 };
    desk.say(KEEPER, Role::Finance, Body::OpenBatch(open));
    assert_eq!(desk.say(KEEPER, Role::Finance, Body::File(papers[0])).0, Code::Accepted);
    // Meanwhile the payee goes, and its keeper loses the post.
    let removed = desk.file(KEEPER, PaperKind::BaseRemove, "payee\t1602000109200000005");
    assert_eq!(removed.0, Code::Accepted);
    let close = |desk: &mut Desk| {
        let act = desk.act();
        let end = EndBatch { step: BatchStep::Close, act, batch, division, year };
        desk.say(KEEPER, Role::Finance, Body::EndBatch(end))
    };
    assert_eq!(close(&mut desk), (Code::ImportUnfit, vec![(1, 4)]));
    assert_eq!(desk.put(KEEPER, "post\t2\tbase-keeper\t\t李强").0, Code::Accepted);
    let gone = desk.file(2, PaperKind::BaseRemove, "post\t1\tbase-keeper\t");
    assert_eq!(gone, (Code::Accepted, vec![]));
    assert_eq!(close(&mut desk), (Code::NotHolder, vec![]));
    desk.end();
}

#[test]
fn under_control_base_data_is_the_base_keepers() {
    let mut desk = Desk::new();
    assert_eq!(desk.put(7, CARD).0, Code::Accepted, "no post is on file: anybody of finance");
    assert_eq!(desk.put(7, "mof-dep\t01\t预算科\tbudget").0, Code::Accepted);
    assert_eq!(desk.put(7, POST).0, Code::Accepted);
    assert_eq!(desk.put(7, "mof-dep\t02\t国库科\ttreasury").0, Code::NotHolder);
    let gone = desk.file(7, PaperKind::BaseRemove, "mof-dep\t01");
    assert_eq!(gone.0, Code::NotHolder);
    assert_eq!(desk.put(KEEPER, "mof-dep\t02\t国库科\ttreasury").0, Code::Accepted);
    let act = desk.act();
    let text = paper(act, PaperKind::BasePut, BatchId(0), "mof-dep\t03\t教科文科\tbusiness");
    assert_eq!(desk.say(KEEPER, Role::Maker, Body::File(text)).0, Code::NoRight);
    let lines = ["mof-dep\t04\t农业农村科\tbusiness".to_owned()];
    assert_eq!(desk.import(7, &lines).0, Code::NotHolder, "the batch was dropped with it");
    assert_eq!(desk.office().count(Table::MofDep), 2);
    desk.end();
}

#[test]
fn without_a_card_posts_are_asked_of_nobody() {
    let mut desk = Desk::new();
    assert_eq!(desk.put(7, POST).0, Code::Accepted);
    assert_eq!(desk.put(7, "mof-dep\t02\t国库科\ttreasury").0, Code::Accepted);
    desk.end();
}

#[test]
fn every_refusal_of_base_data_is_reached() {
    let mut desk = Desk::with_example();
    for (text, heard) in [
        ("units\t101", (Code::NoTable, vec![(1, 1)])),
        ("project\tP1", (Code::NotBase, vec![(1, 1)])),
        ("mof-dep\t07\t社保科\tbusiness\nmof-dep\t08\t \tbusiness", (Code::BadRow, vec![(2, 3)])),
        ("mof-dep\t07\t社保科\tbusiness\tmore", (Code::BadRow, vec![(1, 5)])),
        ("mof-dep\t07\t社保科", (Code::BadRow, vec![(1, 4)])),
        ("mof-dep\t0000007\t社保科\tbusiness", (Code::ImportUnfit, vec![(1, 2)])),
    ] {
        assert_eq!(desk.put(KEEPER, text), heard, "{text}");
    }
    for (text, heard) in [
        ("mof-dep\t09", (Code::NoRow, vec![(1, 2)])),
        ("unit\t101002\nmof-dep\t09", (Code::NoRow, vec![(2, 2)])),
        ("unit\t102001", (Code::ImportUnfit, vec![(1, 2); 4])),
        ("division\t370124000", (Code::ImportUnfit, vec![(1, 2)])),
        ("post\t1\tbase-keeper\t", (Code::ImportUnfit, vec![(1, 1)])),
        ("project\tP1", (Code::NotBase, vec![(1, 1)])),
    ] {
        assert_eq!(desk.file(KEEPER, PaperKind::BaseRemove, text), heard, "{text}");
    }
    assert_eq!(desk.put(7, "mof-dep\t07\t社保科\tbusiness").0, Code::NotHolder);
    let quota = desk.quota("101002", 100);
    assert_eq!(desk.reserve(quota, 20_220_103, false), Code::NotLive);
    let base = |code: &Code| (5000..5100).contains(&code.number()) && *code != Code::PaperLine;
    let all: BTreeSet<Code> = Code::ALL.iter().copied().filter(base).collect();
    assert_eq!(desk.heard.iter().copied().filter(base).collect::<BTreeSet<_>>(), all);
    desk.end();
}

#[test]
fn before_its_day_nothing_runs_and_without_a_card_nothing_is_held_up() {
    let mut desk = Desk::new();
    let quota = desk.quota("101002", 100);
    assert_eq!(desk.reserve(quota, 20_220_101, false), Code::Accepted);
    assert_eq!(desk.put(KEEPER, CARD).0, Code::Accepted);
    assert_eq!(desk.put(KEEPER, POST).0, Code::Accepted);
    for (day, code) in [(20_220_103, Code::NotLive), (20_220_104, Code::Accepted)] {
        assert_eq!(desk.reserve(quota, day, false), code);
        // One act needs a ceiling, and none is set: that is asked after the day.
        let code = if code == Code::Accepted { Code::NoRuleApproves } else { code };
        assert_eq!(desk.reserve(quota, day, true), code);
    }
    for standing in ["frozen", "active", "cancelled"] {
        assert_eq!(desk.put(KEEPER, &CARD.replace("active", standing)).0, Code::Accepted);
        let code = if standing == "active" { Code::Accepted } else { Code::NotLive };
        assert_eq!(desk.reserve(quota, 20_220_601, false), code, "{standing}");
    }
    desk.end();
}

#[test]
fn a_unit_and_a_township_hold_their_own_payments_up() {
    let mut desk = Desk::with_example();
    let (school, early, late) =
        (desk.quota("101002", 100), desk.quota("901001", 100), desk.quota("902001", 100));
    for (quota, day, code) in [
        (school, 20_220_104, Code::Accepted),
        (early, 20_220_104, Code::Accepted),
        (late, 20_220_206, Code::NotLive),
        (late, 20_220_207, Code::Accepted),
    ] {
        assert_eq!(desk.reserve(quota, day, false), code, "{quota} {day}");
    }
    let unit = desk.office().get::<Unit>("101002").expect("a unit").clone();
    for standing in [Standing::Frozen, Standing::Active] {
        let row = domain::office::table::Tabled::into_row(Unit { standing, ..unit.clone() });
        let mut text = "unit\t".to_owned();
        row.write(&mut text);
        assert_eq!(desk.put(KEEPER, &text).0, Code::Accepted);
        let frozen = standing == Standing::Frozen;
        let code = if frozen { Code::NotLive } else { Code::Accepted };
        assert_eq!(desk.reserve(school, 20_220_601, false), code);
        assert_eq!(desk.reserve(early, 20_220_601, false), Code::Accepted);
    }
    desk.end();
}

#[test]
fn no_unit_ends_while_money_is_on_it() {
    let mut desk = Desk::with_example();
    let quota = desk.quota("101003", 100);
    let unit = |standing: &str, successor: &str| {
        format!(
            "unit\t101003\t实验小学\t101\t2\tpublic-one\tfull\t1\t12370124000101003T\t03\t\t\
             {successor}\t{standing}"
        )
    };
    let unfit = (Code::ImportUnfit, vec![(1, 13)]);
    assert_eq!(desk.put(KEEPER, &unit("cancelled", "")), unfit);
    assert_eq!(desk.put(KEEPER, &unit("merged", "101002")), unfit);
    desk.give(quota, ActKind::Freeze, 100);
    assert_eq!(desk.put(KEEPER, &unit("cancelled", "")), unfit, "nothing is available, all frozen");
    desk.give(quota, ActKind::Unfreeze, 100);
    assert_eq!(desk.reserve(quota, 20_220_301, false), Code::Accepted);
    desk.give(quota, ActKind::Cut, 95);
    assert_eq!(desk.put(KEEPER, &unit("cancelled", "")), unfit, "a payment is under way");
    let empty = desk.quota("103001", 10);
    desk.give(empty, ActKind::Cut, 10);
    let other = "unit\t103001\t卫生健康局机关\t103\t2\tadministrative\tfull\t1\t\
                 113701240001030016\t03\t\t\tcancelled";
    assert_eq!(desk.put(KEEPER, other).0, Code::Accepted);
    let fresh = "unit\t105\t统计局\t\t1\tadministrative\tfull\t1\t\t05\t\t\tactive";
    assert_eq!(desk.put(KEEPER, fresh).0, Code::Accepted);
    let quota = desk.quota("105", 10);
    desk.give(quota, ActKind::Cut, 10);
    let gone = desk.file(KEEPER, PaperKind::BaseRemove, "unit\t105");
    assert_eq!(gone, (Code::ImportUnfit, vec![(1, 2)]), "nothing names it but its quota");
    desk.end();
}
