//! The checklist of a day's end: green when all is done, and otherwise each item names what is open.

use std::path::PathBuf;
use std::sync::LazyLock;

use domain::Fen;
use domain::day::carry::{Carryings, Piles};
use domain::day::{Check, Checklist, Exposure, Given, Pile, Standing};
use domain::ids::{Day, FiscalYear, PersonId};
use domain::limits::DAY_NAMED_MAX;
use domain::reconciliation::class::{OwnedFinding, Place};
use domain::reconciliation::register::{DifferenceId, Order, Told};
use domain::reconciliation::{Class, Figures, ItemState, Register, Source};
use domain::voucher::{DivisionCode, Party, PartyKind, VoucherKey, VoucherKind, VoucherNumber};

const CLERK: PersonId = PersonId(7);

static NOTHING: LazyLock<Carryings> = LazyLock::new(Carryings::new);

fn party(text: &str) -> Party {
    text.parse().expect("a party")
}

fn day(yyyymmdd: u32) -> Day {
    Day::new(yyyymmdd).expect("a day")
}

fn today() -> Day {
    day(20_220_310)
}

fn due() -> [Told; 2] {
    let party = |kind, code| Party::new(kind, code).expect("a party");
    [
        Told { source: Source::Receipts, party: party(PartyKind::Bank, "102") },
        Told { source: Source::Clearing, party: party(PartyKind::CentralBank, "3700") },
    ]
}

fn figures(fen: i64) -> Option<Figures> {
    Some(Figures { amount_fen: Fen::new(fen), state: ItemState::Done, day: today() })
}

fn finding(serial: u32, class: Class, theirs: Option<Figures>) -> OwnedFinding {
    let voucher = VoucherKey {
        division: DivisionCode::new("370102000").expect("a code"),
        year: FiscalYear::new(2022).expect("a year"),
        kind: VoucherKind::Payment,
        number: VoucherNumber::serial(serial),
    };
    let (detail, bank, account, fund) = ("1".into(), "102".into(), "6217".into(), "111".into());
    let place = Place { voucher, detail, bank, account, fund };
    OwnedFinding { place, class, ours: figures(800_000), theirs }
}

fn give(register: &mut Register, on: Day, order: Order<'_>) {
    let events = register.decide(CLERK, on, order).expect("it is taken");
    events.iter().for_each(|event| register.apply(event));
}

fn compared() -> Register {
    let mut register = Register::new();
    for told in due() {
        give(
            &mut register,
            today(),
            Order::Compare { told, day: today(), agreed: 9, findings: vec![] },
        );
    }
    register
}

fn quiet<'a>(register: &'a Register, due: &'a [Told]) -> Given<'a> {
    Given {
        day: today(),
        cut_off_minute: 15 * 60 + 30,
        now_minute: 16 * 60 + 30,
        carried: &NOTHING,
        unanswered: Piles::default(),
        uncleared: Piles::default(),
        unmatched: Piles::default(),
        refunds: Piles::default(),
        not_at_zero: Piles::default(),
        due,
        register,
        suspense: Piles::default(),
        exposure: &[],
        collected: Piles::default(),
    }
}

fn pile(names: &[(&str, i64)]) -> Piles {
    let mut pile = Pile::new();
    names.iter().for_each(|&(name, fen)| pile.add(name, Fen::new(fen)));
    pile.into()
}

fn golden(name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, text).expect("the golden file can be written");
    }
    let is = std::fs::read_to_string(&path).expect("the golden file");
    assert_eq!(is, text, "UPDATE_GOLDEN=1 cargo test -p domain --test day");
}

fn pages(checklist: &Checklist) -> String {
    format!("{}\n{}", checklist.english(), checklist.chinese())
}

#[test]
fn a_day_with_nothing_left_is_green() {
    let (register, due) = (compared(), due());
    let checklist = Checklist::of(&quiet(&register, &due));
    assert!(checklist.is_green());
    assert!(checklist.items().iter().all(|item| item.standing() == Standing::Green));
    golden("day_green.txt", &pages(&checklist));
}

#[test]
fn each_item_names_what_is_open() {
    let due = due();
    let mut register = Register::new();
    let findings = vec![
        finding(1, Class::AmountDiff, figures(790_000)),
        finding(2, Class::MissingThere, None),
    ];
    give(
        &mut register,
        day(20_220_307),
        Order::Compare { told: due[0], day: day(20_220_307), agreed: 9, findings },
    );
    let carry = Order::Carry { id: DifferenceId(2), until: day(20_220_314), reason: "函3" };
    give(&mut register, today(), carry);
    let mut many = Pile::new();
    for voucher in 0..DAY_NAMED_MAX + 5 {
        many.add(&format!("V{voucher}"), Fen::new(100));
    }
    let bank = |bank: &str, uncleared_fen, limit_fen| Exposure {
        bank: Party::new(PartyKind::Bank, bank).expect("a bank"),
        uncleared_fen,
        limit_fen,
    };
    let exposure =
        [bank("102", 900_001, Some(900_000)), bank("103", 5, None), bank("104", 7, Some(7))];
    let given = Given {
        now_minute: 14 * 60 + 5,
        unanswered: many.into(),
        uncleared: Piles {
            carried: pile(&[("370102000-2022-8202-0000000008", 100)]).open,
            ..pile(&[("370102000-2022-8202-0000000007", 800_000)])
        },
        unmatched: pile(&[
            ("370102000-2022-2301-0000000001", 5),
            ("370102000-2022-2301-0000000002", 6),
        ]),
        refunds: pile(&[("R9", 300_000)]),
        not_at_zero: pile(&[("6217000", -800_000)]),
        suspense: pile(&[("9/77", 1)]),
        exposure: &exposure,
        collected: pile(&[("370102000-2022-2261-10200000001", 12_345)]),
        ..quiet(&register, &due)
    };
    let checklist = Checklist::of(&given);
    assert!(!checklist.is_green());
    assert!(checklist.items().iter().all(|item| item.standing() == Standing::Open));
    golden("day_open.txt", &pages(&checklist));
}

/// One thing that is open, each on its own, makes its item and the day open; the others stay as they were.
#[test]
fn one_open_item_is_enough() {
    let (green, due) = (compared(), due());
    let mut differs = green.clone();
    let findings = vec![finding(1, Class::AmountDiff, figures(790_000))];
    give(&mut differs, today(), Order::Compare { told: due[0], day: today(), agreed: 9, findings });
    let nothing_compared = Register::new();
    let over = [Exposure { bank: party("bank:102"), uncleared_fen: 2, limit_fen: Some(1) }];
    let one = || pile(&[("it", 0)]);
    let base = || quiet(&green, &due);
    let givens = [
        (Check::CutOff, Given { now_minute: 15 * 60 + 29, ..base() }),
        (Check::Answered, Given { unanswered: one(), ..base() }),
        (Check::Cleared, Given { uncleared: one(), ..base() }),
        (Check::Matched, Given { unmatched: one(), ..base() }),
        (Check::Refunds, Given { refunds: one(), ..base() }),
        (Check::ZeroBalance, Given { not_at_zero: one(), ..base() }),
        (Check::Statements, Given { register: &nothing_compared, ..base() }),
        (Check::Differences, Given { register: &differs, ..base() }),
        (Check::Suspense, Given { suspense: one(), ..base() }),
        (Check::Exposure, Given { exposure: &over, ..base() }),
        (Check::Collections, Given { collected: one(), ..base() }),
    ];
    assert_eq!(givens.len(), Check::ALL.len());
    for (check, given) in givens {
        let checklist = Checklist::of(&given);
        assert!(!checklist.is_green(), "{check}");
        let open: Vec<Check> = checklist
            .items()
            .iter()
            .filter(|item| item.standing() == Standing::Open)
            .map(|item| item.check)
            .collect();
        assert_eq!(open, [check]);
    }
}

#[test]
fn what_is_carried_by_name_does_not_keep_a_day_open() {
    let (register, due) = (compared(), due());
    let uncleared = Piles { carried: pile(&[("V1", 100)]).open, ..Piles::default() };
    let given = Given { uncleared, ..quiet(&register, &due) };
    let checklist = Checklist::of(&given);
    assert!(checklist.is_green());
    let cleared = &checklist.items()[usize::from(Check::Cleared.number()) - 1];
    assert_eq!(cleared.standing(), Standing::Carried);
}

#[test]
fn what_a_bank_has_not_told_is_not_none() {
    let register = compared();
    let bank = Told { source: Source::Account, party: party("bank:102") };
    let due = [due()[0], due()[1], bank];
    let untold = |given: &Given<'_>| {
        let checklist = Checklist::of(given);
        let item = checklist.items().iter().find(|item| item.check == Check::ZeroBalance);
        let item = item.expect("every item is there").clone();
        let line = |page: String| {
            let line =
                page.lines().find(|line| line.contains("zero-balance") || line.contains("零余额"));
            line.expect("a line").to_owned()
        };
        (item.standing(), item.untold, line(checklist.english()), line(checklist.chinese()))
    };
    let (standing, parties, english, chinese) = untold(&quiet(&register, &due));
    assert_eq!((standing, parties), (Standing::Open, vec![party("bank:102")]));
    assert_eq!(
        english,
        "open     zero-balance accounts not at zero: not told yet by bank:102: ask for the account statement"
    );
    assert_eq!(chinese, "未完  余额不为零的零余额账户：bank:102尚未告知：催收账户对账单");
    // What another bank has told stands before it.
    let mut given = quiet(&register, &due);
    given.not_at_zero.open.add("bank:103 6217", Fen::new(-800_000));
    let (.., english, _) = untold(&given);
    assert!(english.contains("1, -¥8,000.00 (bank:103 6217); clear"), "{english}");
    assert!(
        english.ends_with("what came in; not told yet by bank:102: ask for the account statement")
    );
    // Once its statement was compared, none is none.
    let mut register = compared();
    give(
        &mut register,
        today(),
        Order::Compare { told: bank, day: today(), agreed: 0, findings: vec![] },
    );
    let (standing, parties, english, chinese) = untold(&quiet(&register, &due));
    assert_eq!((standing, parties), (Standing::Green, vec![]));
    assert_eq!(english, "green    zero-balance accounts not at zero: none");
    assert_eq!(chinese, "完成  余额不为零的零余额账户：无");
}
