//! Quota documents from their writing to their end, with every step of the engine's in between.

mod hall;
mod world;

use domain::codes::{ActKind, AuthorityKind, BatchStep, MoveKind, Posts, Role};
use domain::command::{Act, Body, Create, EndBatch, MoveOut, OpenBatch, Paper};
use domain::ids::{ActId, BatchId, Class, ContractId, LimitKey, MoveId, PaymentId, PersonId};
use domain::office::paper::PaperKind;
use domain::office::tables::document::{ArrivalState, DocumentState, TransferState};
use domain::{Code, DivisionIndex, Fen, QuotaId};

use hall::{
    CHECKER, Hall, MAKER, NEXT, RECEIVER, YEAR, budget_row, from_to, row_of, send_to, to_row,
};

/// A division with a replied budget: two units' rows, a held row, the reserve fund and a transfer.
fn replied(divisions: u16) -> Hall {
    let mut hall = Hall::new(divisions);
    let rows = [
        budget_row("A", "placed", "1000.00"),
        row_of("B", "102", "placed", "111", "302", 2023, "500.00"),
        row_of("F", "102", "placed", "121", "310", 2023, "70.00"),
        budget_row("H", "held", "300.00"),
        budget_row("R", "reserve", "50.00"),
        budget_row("T", "transfer", "400.00"),
    ];
    hall.budget(0, "replied", &rows);
    hall.carry_out(0, "D1", "initial", &[]);
    hall
}

#[test]
fn the_reply_gives_each_row_its_quota_in_one_document() {
    let hall = replied(1);
    assert_eq!(hall.figures(0, "A"), (100_000, 100_000));
    assert_eq!(hall.figures(0, "T"), (40_000, 40_000));
    let book = hall.division(0).year(YEAR).unwrap();
    let executable = |row| book.quota(hall.quota(0, row)).unwrap().executable;
    assert!(executable("A") && executable("B") && !executable("H") && !executable("T"));
    assert_eq!(book.quota_count(), 6);
    let key = &book.row(hall.quota(0, "A")).unwrap().key;
    assert_eq!(&**key, "370000000/101/2050203/50502/302/111/P1/A");
    hall.must_be_whole();
}

#[test]
fn what_is_written_is_checked_by_another_and_held_against_its_head() {
    let mut hall = replied(1);
    let (a, b) = (hall.quota(0, "A"), hall.quota(0, "B"));
    hall.write(0, "D2", "virement", &[from_to(a, "B", "10.00")]);
    let check = |hall: &mut Hall, person| hall.file(0, person, PaperKind::DocumentCheck, "D2").0;
    assert_eq!(check(&mut hall, MAKER), Code::DocumentDuty);
    assert_eq!(hall.file(0, CHECKER, PaperKind::DocumentReturn, "D2\t").0, Code::BadRow);
    assert_eq!(hall.file(0, CHECKER, PaperKind::DocumentReturn, "D2\t再核").0, Code::Accepted);
    assert_eq!(hall.document(0, "D2").state, DocumentState::Returned);
    let other = "D2\t3\tB\tnone\tnone\t\t1.00\t0.00";
    assert_eq!(
        hall.file(0, CHECKER, PaperKind::DocumentLines, &other.replacen('\t', "\n", 1)).0,
        Code::DocumentDuty
    );
    let two = format!("D2\n2\t{}", from_to(b, "A", "1.00"));
    assert_eq!(hall.file(0, MAKER, PaperKind::DocumentLines, &two).0, Code::Accepted);
    assert_eq!(
        check(&mut hall, CHECKER),
        Code::DocumentMismatch,
        "one line more than the head says"
    );
    hall.write(0, "D3", "virement", &[from_to(a, "B", "10.00")]);
    let head = "D3\tvirement\t鲁财预指3号\t\t2023-03-01\t批示\t1\t11.00";
    assert_eq!(hall.file(0, MAKER, PaperKind::DocumentDraft, head).0, Code::Accepted);
    assert_eq!(hall.check(0, "D3").0, Code::DocumentMismatch, "and another sum");
    hall.write(0, "D3", "virement", &[from_to(a, "B", "11.00")]);
    hall.write(0, "D4", "virement", &[from_to(a, "B", "1.00"), from_to(b, "A", "2.00")]);
    hall.write(0, "D4", "virement", &[from_to(a, "B", "3.00")]);
    assert_eq!(hall.check(0, "D4").0, Code::Accepted, "written again with a line less");
    assert_eq!(hall.check(0, "D9").0, Code::NoDocument);
    assert_eq!(hall.check(0, "D1").0, Code::DocumentState, "done is done");
    hall.must_be_whole();
}

/// What a batch holds back takes effect later: it could change what another has checked meanwhile.
#[test]
fn no_document_is_written_in_a_batch() {
    let mut hall = replied(1);
    for kind in [PaperKind::DocumentDraft, PaperKind::DocumentLines] {
        let paper = Paper {
            act: ActId(77),
            division: DivisionIndex(0),
            year: YEAR,
            kind,
            batch: BatchId(7),
            checker: PersonId::NOBODY,
            day: None,
            text: "D2",
        };
        let heard = hall.send(MAKER, Role::Finance, Body::File(paper)).0;
        assert_eq!(heard, Code::BadField, "{kind:?}");
    }
}

/// Under control nothing comes in by hand, neither what was staged before the card came nor what
/// another division sends to a quota it names.
#[test]
fn control_that_comes_later_holds_for_what_is_under_way() {
    let mut hall = Hall::new(2);
    let create = |division: u16, parent, key, act| Create {
        act: ActId(act),
        division: DivisionIndex(division),
        year: YEAR,
        parent,
        fund: Class::new("111").unwrap(),
        economic: Class::new("302").unwrap(),
        posts: Posts::UNIT,
        executable: false,
        plan: LimitKey(0),
        authority: AuthorityKind::BudgetLine,
        cap_fen: Fen::ZERO,
        key,
    };
    let (above, below) =
        (QuotaId::new(DivisionIndex(0), YEAR, 0), QuotaId::new(DivisionIndex(1), YEAR, 0));
    let act = |kind, id, quota, batch| Act {
        kind,
        act: ActId(id),
        quota,
        amount_fen: Fen::new(500),
        contract: ContractId::NONE,
        plan: ContractId::NONE,
        batch: BatchId(batch),
        note: "",
    };
    let finance = |hall: &mut Hall, body| hall.send(MAKER, Role::Finance, body).0;
    let staged = act(ActKind::Issue, 4, below, 9);
    let open = OpenBatch {
        batch: BatchId(9),
        division: DivisionIndex(1),
        year: YEAR,
        count: 1,
        digest: domain::batch::fold_act(0, &staged),
        deadline_ms: 0,
    };
    for body in [
        Body::Create(create(0, QuotaId::NONE, "above", 1)),
        Body::Create(create(1, above, "below", 2)),
        Body::Act(act(ActKind::Issue, 3, above, 0)),
        Body::OpenBatch(open),
        Body::Act(staged),
    ] {
        assert_eq!(finance(&mut hall, body), Code::Accepted, "{body:?}");
    }
    hall.under_control(1);
    let end = |step, act| {
        let (batch, division, year) = (BatchId(9), DivisionIndex(1), YEAR);
        Body::EndBatch(EndBatch { step, act: ActId(act), batch, division, year })
    };
    assert_eq!(finance(&mut hall, end(BatchStep::Close, 5)), Code::NoDocument);
    assert_eq!(finance(&mut hall, end(BatchStep::Drop, 6)), Code::Accepted);
    let moved = MoveOut {
        kind: MoveKind::Transfer,
        id: MoveId(8),
        from: above,
        to: below,
        amount_fen: Fen::new(500),
        batch: BatchId(0),
        payment: PaymentId::NONE,
        note: "",
    };
    assert_eq!(finance(&mut hall, Body::MoveOut(moved)), Code::Accepted);
    hall.settle();
    let available = |quota: QuotaId| {
        hall.division(quota.division().0).quota(quota).unwrap().buckets.available()
    };
    assert_eq!((available(above), available(below)), (500, 0), "it came back");
}

#[test]
fn each_kind_moves_figures_of_quotas_and_rows() {
    let mut hall = replied(1);
    let q = |hall: &Hall, row| hall.quota(0, row);
    let figures = |hall: &Hall, row: &str| {
        let row = hall.row(0, row);
        (row.adjusted_fen.get(), row.vired_fen.get(), row.current_fen.get())
    };
    let a = q(&hall, "A");
    hall.carry_out(0, "V", "virement", &[from_to(a, "B", "10.00")]);
    assert_eq!((figures(&hall, "A"), figures(&hall, "B")), ((0, -1000, 99_000), (0, 1000, 51_000)));
    assert_eq!((hall.figures(0, "A").0, hall.figures(0, "B").0), (99_000, 51_000));
    let r = q(&hall, "R");
    hall.carry_out(0, "S", "supplement", &[from_to(r, "A", "20.00")]);
    assert_eq!((figures(&hall, "R").2, figures(&hall, "A").2), (3000, 101_000));
    hall.carry_out(0, "C", "cut", &[from_to(a, "H", "1.00")]);
    assert_eq!((figures(&hall, "H").1, figures(&hall, "A").2), (100, 100_900));
    hall.on_file(0, YEAR, &[&row_of("N", "102", "placed", "111", "302", 2023, "0.00")]);
    let h = q(&hall, "H");
    hall.carry_out(0, "L", "allocate", &[from_to(h, "N", "100.00")]);
    assert_eq!((figures(&hall, "H").2, figures(&hall, "N").2), (20_100, 10_000));
    assert_eq!((hall.figures(0, "H"), hall.figures(0, "N")), ((30_100, 20_100), (10_000, 10_000)));
    let n = q(&hall, "N");
    hall.carry_out(0, "U", "return-up", &[from_to(n, "", "40.00")]);
    assert_eq!((figures(&hall, "H").2, figures(&hall, "N").2), (24_100, 6_000));
    hall.carry_out(
        0,
        "J",
        "adjustment",
        &[to_row("A", "7.00"), from_to(q(&hall, "B"), "", "3.00")],
    );
    assert_eq!((figures(&hall, "A").0, figures(&hall, "B").0), (700, -300));
    hall.carry_out(0, "Z", "freeze", &[from_to(a, "", "9.00")]);
    let frozen = |hall: &Hall| hall.division(0).quota(a).unwrap().buckets.frozen;
    assert_eq!(frozen(&hall), 900);
    hall.carry_out(0, "Y", "unfreeze", &[from_to(a, "", "4.00")]);
    assert_eq!(frozen(&hall), 500);
    hall.must_be_whole();
}

#[test]
fn lines_are_refused_by_name_with_line_and_column() {
    let mut hall = replied(2);
    let q = |hall: &Hall, row| hall.quota(0, row);
    let (a, b, h, t) = (q(&hall, "A"), q(&hall, "B"), q(&hall, "H"), q(&hall, "T"));
    let rules = "V1\t302\t310\t0.00\tforbidden\nV2\t302\t302\t600.00\tcongress";
    assert_eq!(hall.file(0, MAKER, PaperKind::VirementRules, rules).0, Code::Accepted);
    let more = [
        row_of("X", "102", "placed", "111", "310", 2023, "0.00"),
        row_of("M", "102", "placed", "121", "310", 2023, "0.00"),
    ];
    hall.on_file(0, YEAR, &more.each_ref().map(String::as_str));
    let nowhere = QuotaId::new(a.division(), YEAR, 99);
    let elsewhere = send_to(t, 1, "1.00");
    let own = send_to(t, 0, "1.00");
    let wrong_code = elsewhere.replace("370001000", "37000100");
    let cases: Vec<(&str, String, Code)> = vec![
        ("virement", from_to(a, "F", "1.00"), Code::VireFundNature),
        ("virement", from_to(a, "X", "1.00"), Code::VireForbiddenClass),
        ("virement", from_to(a, "B", "600.00"), Code::VireNeedsCongress),
        ("virement", from_to(b, "A", "501.00"), Code::CutBelowUsed),
        ("virement", from_to(nowhere, "A", "1.00"), Code::NoQuota),
        ("virement", from_to(a, "Q", "1.00"), Code::NoBudgetRow),
        ("virement", from_to(a, "A", "1.00"), Code::BadLine),
        ("virement", from_to(a, "B", "0.00"), Code::BadLine),
        ("supplement", to_row("A", "1.00"), Code::NeedsCongress),
        ("supplement", from_to(b, "A", "1.00"), Code::BadLine),
        ("supplement", from_to(h, "A", "300.01"), Code::OverParent),
        ("supplement", from_to(h, "M", "1.00"), Code::ElementConflict),
        ("cut", from_to(a, "", "1.00"), Code::NeedsCongress),
        ("cut", from_to(a, "H", "1000.01"), Code::CutBelowUsed),
        ("cut", from_to(a, "B", "1.00"), Code::BadLine),
        ("allocate", from_to(h, "X", "300.01"), Code::ElementConflict),
        ("allocate", from_to(h, "A", "1.00"), Code::NotChild),
        ("allocate", from_to(h, "A", "300.01"), Code::OverParent),
        ("return-up", from_to(a, "", "1.00"), Code::NoParent),
        ("transfer", send_to(t, 1, "400.01"), Code::OverParent),
        ("transfer", own, Code::BadDivision),
        ("transfer", wrong_code, Code::BadDivision),
        ("transfer", send_to(a, 1, "1.00"), Code::BadLine),
        ("transfer", from_to(t, "", "1.00"), Code::BadLine),
        ("freeze", from_to(b, "", "500.01"), Code::CutBelowUsed),
        ("unfreeze", from_to(b, "", "0.01"), Code::OverFrozen),
        ("recover", from_to(a, "", "1.00"), Code::NotDormant),
        ("carry", from_to(a, "", "1.00"), Code::YearNotOpen),
        ("initial", to_row("A", "0.01"), Code::OverBudgetRow),
        ("pre-approval", to_row("A", "1.00").replace("\t0.00", "\t5.00"), Code::BadLine),
        ("adjustment", from_to(a, "B", "1.00"), Code::BadLine),
    ];
    let good = from_to(a, "B", "1.00");
    for (place, (kind, line, code)) in cases.into_iter().enumerate() {
        let name = format!("E{place}");
        hall.write(0, &name, kind, std::slice::from_ref(&line));
        let (heard, refusal) = hall.check(0, &name);
        assert_eq!(heard, code, "{kind}: {line}");
        let figures: Vec<_> = refusal.unwrap().figures().map(|figure| figure.limit).collect();
        let whole = matches!(code, Code::YearNotOpen);
        assert!(whole || figures.contains(&Code::PaperLine), "{kind}: {line}: {figures:?}");
    }
    // The second line counts what the first took.
    hall.write(0, "E99", "virement", &[good.clone(), from_to(b, "A", "500.01")]);
    let (_, refusal) = hall.check(0, "E99");
    let place = refusal.unwrap().figures().find(|figure| figure.limit == Code::PaperLine).unwrap();
    assert_eq!((place.requested_fen.get(), place.left_fen.get()), (2, 7));
    for (kind, code) in [("virement", Code::NoDocument), ("adjustment", Code::NeedsCongress)] {
        hall.write_for(0, YEAR, &format!("W{kind}"), kind, "", std::slice::from_ref(&good));
        assert_eq!(hall.check(0, &format!("W{kind}")).0, code);
    }
    hall.must_be_whole();
}

#[test]
fn a_return_up_is_bounded_by_what_the_child_has() {
    let mut hall = replied(1);
    hall.on_file(0, YEAR, &[&row_of("N", "102", "placed", "111", "302", 2023, "0.00")]);
    let h = hall.quota(0, "H");
    hall.carry_out(0, "L", "allocate", &[from_to(h, "N", "10.00")]);
    let n = hall.quota(0, "N");
    let over = [from_to(n, "", "10.01")];
    assert_eq!(hall.issue(0, "U", "return-up", &over), Code::ReturnOverAvailable);
}

#[test]
fn a_project_whose_goal_is_not_on_file_changes_by_no_document() {
    let mut hall = replied(1);
    hall.under_control(0);
    let line = [to_row("A", "1.00")];
    hall.write(0, "J1", "adjustment", &line);
    let (code, refusal) = hall.check(0, "J1");
    let place = refusal.unwrap().figures().next().and_then(|figure| figure.place());
    assert_eq!((code, place), (Code::NoRow, Some((1, 3))), "no project");
    hall.on_file(0, YEAR, &["+project\tP1\t项目\t101\tpublic\t2023\t2023\t1\t9.00\t9.00\t依据\tnone\t0\tG1\t\t\t0\tselected\t2023\t1\t2\t"]);
    assert_eq!(hall.check(0, "J1").0, Code::BudgetNoGoal);
    hall.on_file(0, YEAR, &["+goal\tG1\t101\t目标\t\t1\t2"]);
    assert_eq!(hall.check(0, "J1").0, Code::Accepted);
}

#[test]
fn no_quota_without_a_replied_budget() {
    let mut hall = Hall::new(1);
    hall.budget(0, "approved", &[budget_row("A", "placed", "1000.00")]);
    assert_eq!(hall.issue(0, "D1", "initial", &[]), Code::NoApprovedBudget);
    assert_eq!(hall.issue(0, "D2", "adjustment", &[to_row("A", "1.00")]), Code::NoApprovedBudget);
}

#[test]
fn before_the_approval_a_quota_has_a_cap_and_the_reply_replaces_its_authority() {
    let mut hall = Hall::new(1);
    let rows = [
        budget_row("A", "placed", "1000.00"),
        row_of("B", "102", "placed", "111", "302", 2023, "30.00"),
    ];
    hall.budget(0, "submitted", &rows);
    let line = |row: &str, yuan: &str, cap: &str| format!("{row}\tnone\tnone\t\t{yuan}\t{cap}");
    let lines = [line("A", "60.00", "80.00"), line("B", "40.00", "50.00")];
    hall.carry_out(0, "P1", "pre-approval", &lines);
    let before = hall.quota(0, "A");
    assert_eq!(hall.authority(0, "A"), (AuthorityKind::PreApproval, 8000));
    let over = [line("A", "20.01", "80.00")];
    assert_eq!(hall.issue(0, "P2", "pre-approval", &over), Code::OverAuthority);
    let other_cap = [line("A", "1.00", "90.00")];
    assert_eq!(hall.issue(0, "P3", "pre-approval", &other_cap), Code::ElementConflict);
    hall.pay(before, 1, 5000);
    hall.pay(hall.quota(0, "B"), 2, 3500);
    hall.must_be_whole();
    hall.budget(0, "replied", &[]);
    assert_eq!(hall.issue(0, "D1", "initial", &[]), Code::CutBelowUsed, "B has used more");
    hall.on_file(0, YEAR, &[&row_of("B", "102", "placed", "111", "302", 2023, "36.00")]);
    hall.carry_out(0, "D2", "initial", &[]);
    assert_eq!(hall.quota(0, "A"), before, "the same quota");
    assert_eq!(hall.figures(0, "A"), (100_000, 95_000));
    assert_eq!(hall.figures(0, "B"), (3600, 100));
    assert_eq!(hall.authority(0, "A"), (AuthorityKind::BudgetLine, 0));
    assert_eq!(hall.authority(0, "B"), (AuthorityKind::BudgetLine, 0));
    let payments = hall.division(0).year(YEAR).unwrap().payment_count();
    assert_eq!(payments, 2, "payments stay");
    // Its authority is replaced once.
    let again = Act {
        kind: ActKind::Authorize,
        act: ActId(9 << 90),
        quota: before,
        amount_fen: Fen::ZERO,
        contract: ContractId::NONE,
        plan: ContractId::NONE,
        batch: BatchId(0),
        note: "指D2号",
    };
    let heard = hall.send(MAKER, Role::Engine, Body::Act(again)).0;
    assert_eq!(heard, Code::NotPreApproval);
    hall.must_be_whole();
}

#[test]
fn a_transfer_waits_for_its_receiver_who_confirms_or_declines() {
    let mut hall = replied(3);
    let t = hall.quota(0, "T");
    let lines = [send_to(t, 1, "100.00"), send_to(t, 2, "200.00"), send_to(t, 1, "5.00")];
    hall.carry_out(0, "X", "transfer", &lines);
    assert_eq!(hall.figures(0, "T"), (40_000, 9_500));
    hall.must_be_whole();
    let key = |hall: &Hall, division: u16, fen: i64| {
        use domain::office::table::Tabled;
        let all = hall.office(division).all::<domain::office::tables::document::Arrival>();
        let mut of = all.filter(|row| row.amount_fen.get() == fen);
        let row = of.next().expect("it has arrived");
        (row.key(), row.state, row.out_ms)
    };
    let (first, state, out_ms) = key(&hall, 1, 10_000);
    assert_eq!((state, out_ms), (ArrivalState::Waiting, hall.world.now_ms));
    let received = row_of("U", "101", "received", "111", "302", 2023, "0.00");
    let other = row_of("O", "101", "received", "121", "310", 2023, "0.00");
    hall.on_file(1, YEAR, &[&received, &other, &budget_row("A", "placed", "1.00")]);
    let good = format!("{first}\t鲁财预指X号\t100.00\tU");
    for (person, text, code) in [
        (MAKER, good.clone(), Code::DocumentDuty),
        (CHECKER, good.clone(), Code::DocumentDuty),
        (RECEIVER, good.replace("X号", "Y号"), Code::ReceiveMismatch),
        (RECEIVER, good.replace("100.00", "100.01"), Code::ReceiveMismatch),
        (RECEIVER, good.replace("\tU", "\tO"), Code::ReceiveMismatch),
        (RECEIVER, good.replace("\tU", "\tA"), Code::BadLine),
        (RECEIVER, good.replace("\tU", "\tQ"), Code::NoBudgetRow),
        (RECEIVER, format!("1{good}"), Code::NoArrival),
    ] {
        assert_eq!(hall.file(1, person, PaperKind::Receive, &text).0, code, "{text}");
    }
    assert_eq!(hall.file(1, RECEIVER, PaperKind::Receive, &good).0, Code::Accepted);
    assert_eq!(hall.file(1, RECEIVER, PaperKind::Receive, &good).0, Code::DocumentState);
    hall.must_hold();
    hall.settle();
    assert_eq!(hall.figures(1, "U"), (10_000, 10_000));
    assert_eq!(hall.row(1, "U").current_fen.get(), 10_000);
    let (second, ..) = key(&hall, 2, 20_000);
    assert_eq!(hall.file(2, RECEIVER, PaperKind::Decline, &format!("{second}\t")).0, Code::BadRow);
    let declined = format!("{second}\t项目已取消");
    assert_eq!(hall.file(2, RECEIVER, PaperKind::Decline, &declined).0, Code::Accepted);
    hall.settle();
    assert_eq!(key(&hall, 2, 20_000).1, ArrivalState::Returned);
    let mut came = hall.division(2).year(YEAR).unwrap().moves_in();
    assert!(came.any(|(_, row)| row.outcome == Code::Declined && row.from == t));
    assert_eq!(hall.figures(0, "T"), (40_000, 29_500));
    let states = |hall: &Hall| {
        let all = hall.office(0).all::<domain::office::tables::document::Transfer>();
        let mut all: Vec<_> = all.map(|row| (row.amount_fen.get(), row.state)).collect();
        all.sort_unstable();
        all
    };
    assert_eq!(
        states(&hall),
        [
            (500, TransferState::Out),
            (10_000, TransferState::Landed),
            (20_000, TransferState::CameBack)
        ]
    );
    hall.must_be_whole();
}

#[test]
fn a_transfer_to_the_wrong_division_comes_back() {
    let mut hall = replied(2);
    let t = hall.quota(0, "T");
    let wrong = send_to(t, 1, "100.00").replace("370001000", "370009000");
    let unregistered = send_to(t, 5, "50.00");
    hall.carry_out(0, "X", "transfer", &[wrong, unregistered]);
    assert_eq!(hall.figures(0, "T"), (40_000, 40_000));
    hall.must_be_whole();
}

#[test]
fn what_changes_after_the_check_fails_the_whole_document_by_name() {
    let mut hall = replied(1);
    let a = hall.quota(0, "A");
    let lines = [from_to(a, "B", "10.00"), from_to(a, "B", "900.00")];
    assert_eq!(hall.issue(0, "V", "virement", &lines), Code::Accepted);
    // A payment comes first.
    hall.pay(a, 1, 20_000);
    hall.settle();
    let document = hall.document(0, "V");
    assert_eq!(document.state, DocumentState::Failed);
    assert_eq!(&*document.reason, "4001 cut-below-used line 2 column 7");
    assert_eq!(hall.figures(0, "A"), (100_000, 80_000));
    // One comes between the staging and the close: what is staged is out of its reach.
    assert_eq!(hall.issue(0, "W", "virement", &[from_to(a, "B", "800.00")]), Code::Accepted);
    hall.supervise(0, 2);
    assert_eq!(hall.try_pay(a, 2, 1), Code::OverQuota);
    hall.settle();
    assert_eq!(hall.document(0, "W").state, DocumentState::Done);
    assert_eq!(hall.figures(0, "A"), (20_000, 0));
    hall.must_be_whole();
}

#[test]
fn a_year_ends_with_what_is_carried_over_and_what_is_recovered() {
    let mut hall = replied(1);
    hall.on_file(
        0,
        YEAR,
        &[
            &row_of("O", "101", "carried", "111", "302", 2022, "0.00"),
            &row_of("K", "101", "recovered", "111", "302", 2023, "0.00"),
        ],
    );
    let r = hall.quota(0, "R");
    hall.carry_out(0, "S", "supplement", &[from_to(r, "O", "8.00")]);
    hall.under_control(0);
    let (a, b) = (hall.quota(0, "A"), hall.quota(0, "B"));
    hall.pay(a, 1, 99_000);
    hall.settle_payment(a, 1, 99_000);
    hall.set_year(0, NEXT, domain::codes::YearState::Open);
    hall.set_year(0, YEAR, domain::codes::YearState::Adjustment);
    assert_eq!(hall.issue(0, "V", "virement", &[from_to(a, "B", "1.00")]), Code::YearInAdjustment);
    assert_eq!(hall.try_year(0, YEAR, domain::codes::YearState::Closed), Code::CloseOpenItems);
    // Codes are each year's own: one of this name in the new year is another document.
    hall.write_for(0, NEXT, "C1", "supplement", "批示", &[from_to(r, "O", "1.00")]);
    let o = hall.quota(0, "O");
    assert_eq!(hall.issue(0, "C0", "carry", &[from_to(o, "", "8.00")]), Code::Dormant);
    hall.carry_out(0, "C1", "carry", &[from_to(a, "", "10.00"), from_to(b, "", "200.00")]);
    let carried =
        hall.office_in(0, NEXT).get::<domain::office::tables::budget::BudgetRow>("B.2023");
    let carried = carried.unwrap();
    assert_eq!((carried.first_year, carried.current_fen.get()), (YEAR, 20_000));
    let quota = hall.quota_in(0, NEXT, "B.2023");
    let cell = hall.division(0).quota(quota).unwrap();
    assert_eq!((cell.buckets.available(), cell.executable), (20_000, false), "no unit yet");
    hall.carry_out(0, "C2", "recover", &[]);
    hall.set_year(0, YEAR, domain::codes::YearState::Closed);
    hall.must_be_whole();
}

#[test]
fn what_is_carried_before_the_reply_stays_within_the_cap_that_is_registered_for_it() {
    let mut hall = replied(1);
    hall.on_file(0, YEAR, &[&row_of("A2", "101", "placed", "111", "302", 2023, "40.00")]);
    hall.carry_out(0, "D2", "initial", &[to_row("A2", "40.00")]);
    hall.set_year(0, NEXT, domain::codes::YearState::Open);
    // Other grounds give carried money no room, nor take it any.
    let caps =
        ["+early-cap\t101\tcarried\t7.00\t结转清单", "+early-cap\t101\tobligation\t900.00\t法律"];
    hall.on_file(0, NEXT, &caps);
    let (a, a2, b) = (hall.quota(0, "A"), hall.quota(0, "A2"), hall.quota(0, "B"));
    let over = [from_to(a, "", "5.00"), from_to(a2, "", "2.01")];
    hall.write(0, "C1", "carry", &over);
    let (code, refusal) = hall.check(0, "C1");
    assert_eq!(code, Code::OverEarlyCap);
    let figures: Vec<_> = refusal.unwrap().figures().collect();
    assert_eq!(figures[0].place(), Some((2, 7)));
    assert_eq!((figures[1].requested_fen.get(), figures[1].left_fen.get()), (201, 200));
    // What is on its way counts, and what has arrived; another unit has no figure and needs none.
    let within = [from_to(a, "", "5.00"), from_to(b, "", "400.00")];
    assert_eq!(hall.issue(0, "C2", "carry", &within), Code::Accepted);
    let more = [from_to(a2, "", "2.01")];
    while hall.document(0, "C2").state != DocumentState::Done {
        assert!(hall.supervise(0, 7), "it goes on");
    }
    assert_eq!(hall.issue(0, "C3", "carry", &more), Code::OverEarlyCap, "on its way");
    hall.settle();
    assert_eq!(hall.issue(0, "C4", "carry", &more), Code::OverEarlyCap, "arrived");
    // From the reply on there is no cap.
    hall.on_file(0, NEXT, &["+budget\tbudget\t通知\treplied\t1\t1\t\t\t\t\t\t1\t"]);
    hall.carry_out(0, "C5", "carry", &more);
    hall.must_be_whole();
}

#[test]
fn a_year_in_which_money_is_dormant_earlier_carries_and_recovers_by_that() {
    let mut hall = replied(1);
    hall.on_file(0, YEAR, &[&row_of("O", "101", "carried", "111", "302", 2022, "0.00")]);
    hall.carry_out(0, "S", "supplement", &[from_to(hall.quota(0, "R"), "O", "8.00")]);
    let (a, o) = (hall.quota(0, "A"), hall.quota(0, "O"));
    hall.set_year(0, NEXT, domain::codes::YearState::Open);
    assert_eq!(hall.issue(0, "E1", "recover", &[from_to(o, "", "8.00")]), Code::NotDormant);
    hall.on_file(0, YEAR, &["+policy\tdormant-years\t1\t通知"]);
    assert_eq!(hall.issue(0, "C1", "carry", &[from_to(a, "", "1.00")]), Code::Dormant);
    hall.carry_out(0, "E2", "recover", &[from_to(o, "", "8.00")]);
    hall.must_be_whole();
}

#[test]
fn dormant_money_keeps_its_first_year_and_is_planned_anew() {
    let mut hall = replied(1);
    hall.on_file(
        0,
        YEAR,
        &[
            &row_of("O", "101", "carried", "111", "302", 2021, "0.00"),
            &row_of("K", "101", "recovered", "111", "302", 2023, "0.00"),
        ],
    );
    let r = hall.quota(0, "R");
    hall.carry_out(0, "S", "supplement", &[from_to(r, "O", "8.00")]);
    hall.carry_out(0, "E", "recover", &[from_to(hall.quota(0, "O"), "K", "8.00")]);
    assert_eq!((hall.figures(0, "O").0, hall.figures(0, "K").0), (0, 800));
    assert_eq!(hall.row(0, "K").current_fen.get(), 800);
    hall.carry_out(0, "P", "supplement", &[from_to(hall.quota(0, "K"), "A", "8.00")]);
    assert_eq!(hall.figures(0, "A").0, 100_800);
    hall.must_be_whole();
}

/// Their figures in the new year come in several papers, none of them longer than a paper may be.
#[test]
fn more_is_carried_over_than_one_paper_tells() {
    const ROWS: usize = 400;
    let mut hall = Hall::new(1);
    let code = |number: usize| format!("ROW-{number:04}");
    let rows: Vec<String> =
        (0..ROWS).map(|number| budget_row(&code(number), "placed", "10.00")).collect();
    hall.budget(0, "replied", &rows);
    hall.carry_out(0, "D1", "initial", &[]);
    hall.set_year(0, NEXT, domain::codes::YearState::Open);
    hall.set_year(0, YEAR, domain::codes::YearState::Adjustment);
    hall.carry_out(0, "C1", "carry", &[]);
    let office = hall.office_in(0, NEXT);
    for number in 0..ROWS {
        let code = format!("{}.2023", code(number));
        let row = office.get::<domain::office::tables::budget::BudgetRow>(&code);
        assert_eq!(row.map(|row| row.current_fen.get()), Some(1000), "{code}");
    }
    hall.set_year(0, YEAR, domain::codes::YearState::Closed);
    hall.must_be_whole();
}
