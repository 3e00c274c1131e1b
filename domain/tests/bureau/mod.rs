//! A small county's finance office for tests: units, people and their posts, and papers filed the
//! way a shard takes them. In papers written here `|` stands for a tab.

// Each test file uses its own part of this.
#![allow(dead_code)]

use std::fmt::Write as _;
use std::path::Path;

use domain::codes::{ActKind, AuthorityKind, Posts, YearState};
use domain::command::{Act, Body, By, Create, Paper, Register, SetYear};
use domain::ids::{ActId, BatchId, ChannelId, Class, Day, LimitKey, PersonId};
use domain::office::Office;
use domain::office::paper::PaperKind;
use domain::{Code, Command, DivisionIndex, Fen, FiscalYear, QuotaId, Role};

use crate::world::World;

/// The county.
pub(crate) const DIVISION: DivisionIndex = DivisionIndex(1);
/// Its code.
pub(crate) const CODE: &str = "370102000";
/// The year that is prepared.
pub(crate) const YEAR: FiscalYear = FiscalYear::from_offset(23);
/// The year before it.
pub(crate) const LAST: FiscalYear = FiscalYear::from_offset(22);

/// Who works here.
pub(crate) const KEEPER: u64 = 1;
/// Middle school 101001, under the education bureau 101.
pub(crate) const SCHOOL_MAKER: u64 = 11;
pub(crate) const SCHOOL_CHECKER: u64 = 12;
/// The bureau's second unit, 101002.
pub(crate) const PRIMARY_MAKER: u64 = 13;
pub(crate) const PRIMARY_CHECKER: u64 = 14;
/// The finance bureau, 102: department and unit in one.
pub(crate) const FINANCE_MAKER: u64 = 15;
pub(crate) const FINANCE_CHECKER: u64 = 16;
pub(crate) const EDUCATION_REVIEWER: u64 = 21;
pub(crate) const FINANCE_REVIEWER: u64 = 22;
pub(crate) const OFFICER: u64 = 31;
pub(crate) const HEAD: u64 = 41;
pub(crate) const CLERK: u64 = 51;
pub(crate) const PERFORMANCE: u64 = 61;
/// Writes quota documents, and checks them.
pub(crate) const QUOTA_MAKER: u64 = 71;
pub(crate) const QUOTA_CHECKER: u64 = 72;
/// Everybody, and somebody without a post.
pub(crate) const PEOPLE: [u64; 13] = [1, 11, 12, 13, 14, 15, 16, 21, 22, 31, 41, 51, 61];

/// Base data of a year.
pub(crate) const BASE: &str = "\
division|370102000|历下区|county|370100000|1|1|2022-01-01|active
mof-dep|jk|教科文科|business
unit|101|教育局||1|administrative|full|2||jk|||active
unit|101001|第一中学|101|2|public-one|full|1||jk|||active
unit|101002|实验小学|101|2|public-one|full|1||jk|||active
unit|102|财政局||1|administrative|full|1||jk|||active
unit|103|未启用局||1|administrative|full|1||jk|||draft
post|1|base-keeper||管理员
post|11|unit-maker|101001|经办甲
post|12|unit-checker|101001|审核甲
post|13|unit-maker|101002|经办乙
post|14|unit-checker|101002|审核乙
post|15|unit-maker|102|经办丙
post|16|unit-checker|102|审核丙
post|21|department-reviewer|101|主管甲
post|22|department-reviewer|102|主管乙
post|31|budget-officer||业务处
post|41|budget-head||预算处
post|51|congress-clerk||人大联络
post|61|performance-officer||绩效处
post|71|quota-maker||指标经办
post|72|quota-checker||指标复核
standard|S-DESK|课桌椅|province|310|套|600.00|2020-01-01||鲁财|ceiling
standard|S-HEAD|生均公用|province|302|人|1000.00|2020-01-01||鲁财|fixed
standard|S-REF|参考|province|302|人|1000.00|2020-01-01||鲁财|reference
";

#[derive(Clone)]
pub(crate) struct Bureau {
    pub(crate) world: World,
    acts: u128,
}

impl Bureau {
    /// The county with its base data on file in both years, and nothing else.
    pub(crate) fn new() -> Bureau {
        let mut bureau = Bureau { world: World::new(), acts: 0 };
        let code = *b"370102000";
        let parent = DivisionIndex::PROVINCE;
        let register = Register { division: DIVISION, code, parent, name: "历下区" };
        assert_eq!(bureau.order(1, Role::Operator, Body::Register(register)), "ok");
        for year in [LAST, YEAR] {
            assert_eq!(bureau.file_in(year, KEEPER, "base-put", BASE), "ok");
        }
        bureau
    }

    fn act(&mut self) -> ActId {
        self.acts += 1;
        ActId(self.acts)
    }

    fn order(&mut self, person: u64, role: Role, body: Body<'static>) -> String {
        let by = By { person: PersonId(person), role, channel: ChannelId(1) };
        let outcome = self.world.send(&Command { by, body });
        let answer = outcome.answer;
        if answer.code == Code::Accepted {
            return "ok".into();
        }
        let mut text = answer.code.slug().to_string();
        for figure in answer.refusal.iter().flat_map(|refusal| refusal.figures()) {
            if figure.limit == Code::PaperLine {
                let (line, column) = (figure.requested_fen.get(), figure.left_fen.get());
                write!(text, " at {line}:{column}").expect("text");
            } else {
                write!(text, " {}/{}", figure.requested_fen, figure.left_fen).expect("text");
            }
        }
        text
    }

    /// Files a paper in a year, and tells what its maker hears: `ok`, or the refusal with its
    /// figures and its place.
    pub(crate) fn file_on(
        &mut self,
        year: FiscalYear,
        day: Option<Day>,
        person: u64,
        kind: &str,
        text: &str,
    ) -> String {
        let kind = PaperKind::from_slug(kind).unwrap_or_else(|| panic!("{kind} is a paper"));
        let text = text.replace('|', "\t");
        let paper = Paper {
            act: self.act(),
            division: DIVISION,
            year,
            kind,
            batch: BatchId(0),
            checker: PersonId::NOBODY,
            day,
            text: text.leak(),
        };
        self.order(person, Role::Finance, Body::File(paper))
    }

    pub(crate) fn file_in(
        &mut self,
        year: FiscalYear,
        person: u64,
        kind: &str,
        text: &str,
    ) -> String {
        self.file_on(year, Some(day(20_230_310)), person, kind, text)
    }

    pub(crate) fn file(&mut self, person: u64, kind: &str, text: &str) -> String {
        self.file_in(YEAR, person, kind, text)
    }

    /// Files a paper that is taken.
    pub(crate) fn must(&mut self, person: u64, kind: &str, text: &str) {
        let heard = self.file(person, kind, text);
        assert_eq!(heard, "ok", "{kind} by {person}: {text}");
    }

    pub(crate) fn must_in(&mut self, year: FiscalYear, person: u64, kind: &str, text: &str) {
        let heard = self.file_in(year, person, kind, text);
        assert_eq!(heard, "ok", "{kind} by {person} in {}: {text}", year.get());
    }

    /// What is on file of a year.
    pub(crate) fn office_of(&self, year: FiscalYear) -> &Office {
        self.world.divisions[&DIVISION.0]
            .year(year)
            .map_or_else(Office::empty, |book| book.office())
    }

    pub(crate) fn office(&self) -> &Office {
        self.office_of(YEAR)
    }

    /// A row of a table as text, its fields parted by `|`.
    pub(crate) fn row(&self, table: &str, key: &str) -> Option<String> {
        let table = domain::office::table::Table::from_slug(table).expect("a table");
        let mut text = String::new();
        self.office().row(table, key)?.write(&mut text);
        Some(text.replace('\t', "|"))
    }

    /// A field of a row, by its column's name.
    pub(crate) fn field(&self, table: &str, key: &str, column: &str) -> String {
        let row = self.row(table, key).unwrap_or_else(|| panic!("no {table} {key}"));
        let table = domain::office::table::Table::from_slug(table).expect("a table");
        let at = table.columns().iter().position(|one| one.name == column).expect("a column");
        row.split('|').nth(at).expect("a field").to_string()
    }

    /// Opens a year for payments.
    pub(crate) fn open_year(&mut self, year: FiscalYear) {
        let act = self.act();
        let set = SetYear { act, division: DIVISION, year, state: YearState::Open };
        assert_eq!(self.order(1, Role::Operator, Body::SetYear(set)), "ok");
    }

    /// A quota with an official key that was given an amount.
    pub(crate) fn quota(
        &mut self,
        year: FiscalYear,
        key: String,
        authority: AuthorityKind,
        fen: i64,
    ) -> QuotaId {
        let (fund, cap_fen) = match authority {
            AuthorityKind::PreApproval => ("111", Fen::new(fen)),
            _ => ("111", Fen::ZERO),
        };
        let serial = self.world.divisions[&DIVISION.0].year(year).map_or(0, |b| b.quota_count());
        let create = Create {
            act: self.act(),
            division: DIVISION,
            year,
            parent: QuotaId::NONE,
            fund: Class::new(fund).expect("a class"),
            economic: Class::ANY,
            posts: Posts::UNIT,
            executable: true,
            plan: LimitKey(0),
            authority,
            cap_fen,
            key: key.leak(),
        };
        assert_eq!(self.order(1, Role::Engine, Body::Create(create)), "ok");
        let quota = QuotaId::new(DIVISION, year, serial as u64);
        self.act_on(ActKind::Issue, quota, fen);
        quota
    }

    /// Writes a document with its lines and gives it to its checker; what the checker hears. Each
    /// line: the row, the quota it is taken from, the amount.
    pub(crate) fn issue(
        &mut self,
        code: &str,
        kind: &str,
        lines: &[(&str, QuotaId, i64)],
    ) -> String {
        let total: i64 = lines.iter().map(|line| line.2).sum();
        let (count, total) = (lines.len(), Fen::new(total).to_yuan());
        let head = format!("{code}|{kind}|指{code}号||2023-03-10|批示|{count}|{total}");
        self.must(QUOTA_MAKER, "document-draft", &head);
        let mut text = code.to_string();
        for (number, (row, from, fen)) in (1..).zip(lines) {
            let fen = Fen::new(*fen).to_yuan();
            write!(text, "\n{number}|{row}|{from}|none||{fen}|0.00").expect("text");
        }
        self.must(QUOTA_MAKER, "document-lines", &text);
        self.file(QUOTA_CHECKER, "document-check", code)
    }

    /// An act on a quota.
    pub(crate) fn act_on(&mut self, kind: ActKind, quota: QuotaId, fen: i64) {
        let act = Act {
            kind,
            act: self.act(),
            quota,
            amount_fen: Fen::new(fen),
            contract: domain::ids::ContractId::NONE,
            plan: domain::ids::ContractId::NONE,
            batch: BatchId(0),
            note: "",
        };
        assert_eq!(self.order(1, Role::Engine, Body::Act(act)), "ok");
    }

    /// The digest of the budget's latest version.
    pub(crate) fn digest(&self) -> String {
        self.field("budget", "budget", "digest")
    }
}

pub(crate) fn day(yyyymmdd: u32) -> Day {
    Day::new(yyyymmdd).expect("a day")
}

/// Compares a table with the one of this name in `tests/golden`, or writes it.
pub(crate) fn golden(name: &str, is: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        return std::fs::write(path, is).expect("the table can be written");
    }
    let must_be = std::fs::read_to_string(&path).expect("the table");
    let differs = is.lines().zip(must_be.lines()).find(|(is, must_be)| is != must_be);
    assert!(is == must_be, "{name} differs: {differs:?}; UPDATE_GOLDEN=1 writes it");
}
