//! Linked runs: all of it or none of it.

use domain::Code;
use domain::codes::{ActKind, FactKind, MoveKind, StepKind, YearState};
use domain::ids::{DivisionIndex, FiscalYear, QuotaId};
use domain::limits::LINKED_RUN_COMMANDS_MAX;

use crate::testing::give::{
    Given, act, create, fact, issue, move_out, open_batch, quota, register, reserve,
    reserve_with_words, revive, run_of, set_year, staged, step,
};
use crate::testing::house::{FUNDED_FEN, Heard, House};

const FUNDED: u16 = 1;

fn founded() -> House {
    let mut house = House::new(2);
    house.found(FUNDED);
    house.found(2);
    house
}

/// Asks for something that must leave no trace.
fn no_trace(house: &mut House, commands: &[Given]) -> Vec<Code> {
    let (records, before) = (house.kept.len(), house.live_digest());
    let codes = house.codes(commands);
    assert_eq!((house.kept.len(), house.live_digest()), (records, before), "{codes:?}");
    codes
}

#[test]
fn a_run_takes_effect_together_and_later_ones_see_the_earlier() {
    let mut house = founded();
    let (q, child) = (quota(FUNDED, 0), quota(FUNDED, 1));
    let run = run_of(&[
        reserve(q, 10, FUNDED_FEN),
        step(StepKind::Withdraw, q, 10),
        act(ActKind::Freeze, q, 11, 400),
        act(ActKind::Unfreeze, q, 12, 400),
        move_out(MoveKind::Allocate, 13, q, child, FUNDED_FEN),
    ]);
    // All of one role and channel, as one connection sends them.
    let run: Vec<_> = run.iter().map(|given| given.in_role(run[0].role())).collect();
    assert_eq!(
        no_trace(&mut house, &run),
        [Code::NoRight; 5],
        "a maker may not freeze: nothing of it was decided"
    );
    let finance = run_of(&[
        act(ActKind::Freeze, q, 11, FUNDED_FEN),
        act(ActKind::Unfreeze, q, 12, 400),
        act(ActKind::Cut, q, 14, 100),
        move_out(MoveKind::Allocate, 13, q, child, 300),
    ]);
    let first = house.ask_all(&finance);
    assert!(first.iter().all(|heard| heard.code() == Code::Accepted));
    assert_eq!(first[3].available(), 0);
    let records = house.kept.len();
    let again = house.ask_all(&finance);
    for (again, first) in again.iter().zip(&first) {
        assert!(again.result.repeat && again.code() == Code::Accepted);
        assert_eq!(again.result.sequence, first.result.sequence);
    }
    assert_eq!(house.kept.len(), records);
    house.check();
}

#[test]
fn a_refused_run_leaves_one_record_that_ends_every_id_in_it() {
    let mut house = founded();
    let (q, child) = (quota(FUNDED, 0), quota(FUNDED, 1));
    house.accept(&[reserve(q, 9, 10)]);
    let (records, available) = (house.kept.len(), house.available(q));
    let run = run_of(&[
        reserve(q, 10, 100),
        step(StepKind::Withdraw, q, 9),
        reserve(q, 11, FUNDED_FEN),
        reserve(child, 12, 1),
    ]);
    let first = house.ask_all(&run);
    let codes: Vec<_> = first.iter().map(Heard::code).collect();
    use Code::{LinkedRefused, OverQuota};
    assert_eq!(codes, [LinkedRefused, LinkedRefused, OverQuota, LinkedRefused]);
    assert!(first[2].refusal.is_some_and(|refusal| refusal.figures().count() == 1));
    assert!(first.iter().all(|heard| heard.result.sequence == first[0].result.sequence));
    assert_eq!(house.slugs(records), ["run-refused"]);
    assert_eq!(house.available(q), available, "what the run had done is undone");
    // Every id in it has ended, in this process and in the next.
    for mut house in [house.restarted(2), house] {
        let records = house.kept.len();
        let again = house.ask_all(&run);
        for index in [0, 2, 3] {
            assert_eq!(again[index].code(), codes[index]);
            assert_eq!(
                again[index].refusal.is_some(),
                index == 2 || first[index].refusal.is_some()
            );
        }
        assert_eq!(again[1].code(), LinkedRefused, "a step of it is not carried out alone");
        for (again, first) in again.iter().zip(&first) {
            assert!(again.result.repeat);
            assert_eq!(again.result.sequence, first.result.sequence, "the record that ended it");
        }
        let singles = house.codes(&[reserve(q, 10, 100), reserve(child, 12, 1)]);
        assert_eq!(singles, [LinkedRefused; 2], "a copy that was sent alone does not succeed");
        assert_eq!(house.kept.len(), records);
        house.check();
    }
}

#[test]
fn a_repeat_that_comes_before_its_record_landed_names_that_record() {
    let mut house = founded();
    let (q, child) = (quota(FUNDED, 0), quota(FUNDED, 1));
    let refused = run_of(&[
        act(ActKind::Freeze, q, 14, 10),
        move_out(MoveKind::Allocate, 13, q, child, FUNDED_FEN),
    ]);
    // In one turn, in another turn while the first is on its way, and when it has landed.
    let singles = [issue(q, 30, 5), create(FUNDED, 31), act(ActKind::Cut, q, 32, FUNDED_FEN * 9)];
    let all = [&refused[..], &refused, &singles, &singles].concat();
    house.settle();
    house.to_network.clear();
    house.give(&all);
    house.give(&all);
    house.settle();
    house.give(&all);
    house.settle();
    let heard = house.heard();
    assert_eq!(heard.len(), 3);
    for turn in &heard {
        for (heard, first) in turn.iter().zip(&heard[0]) {
            assert_eq!(heard.code(), first.code());
            assert_eq!(heard.result.sequence, first.result.sequence);
            assert!(heard.result.sequence > 0);
        }
        assert!(
            turn[..2].iter().zip(&turn[2..4]).all(|(a, b)| a.result.sequence == b.result.sequence)
        );
        assert!(
            turn[4..7].iter().zip(&turn[7..]).all(|(a, b)| a.result.sequence == b.result.sequence)
        );
    }
    assert!(heard[1].iter().chain(&heard[2]).all(|heard| heard.result.repeat));
    house.check();
}

#[test]
fn a_refused_move_and_act_of_a_run_are_ended_too() {
    let mut house = founded();
    let (q, child) = (quota(FUNDED, 0), quota(FUNDED, 1));
    let run = run_of(&[
        move_out(MoveKind::Allocate, 13, q, child, 300),
        act(ActKind::Freeze, q, 14, 10),
        act(ActKind::Unfreeze, q, 15, 11),
    ]);
    let codes = house.codes(&run);
    assert_eq!(codes, [Code::LinkedRefused, Code::LinkedRefused, Code::OverFrozen]);
    assert_eq!(house.available(child), 0, "nothing crossed");
    assert_eq!(house.codes(&run), codes);
    let alone = house.codes(&[move_out(MoveKind::Allocate, 13, q, child, 300)]);
    assert_eq!(alone, [Code::LinkedRefused]);
    house.check();
}

#[test]
fn a_run_with_known_and_new_ids_is_a_conflict() {
    let mut house = founded();
    let q = quota(FUNDED, 0);
    house.accept(&[reserve(q, 9, 10)]);
    house.ask(reserve(q, 8, FUNDED_FEN));
    for known in [reserve(q, 9, 10), reserve(q, 9, 11), reserve(q, 8, FUNDED_FEN)] {
        let codes = no_trace(&mut house, &run_of(&[reserve(q, 10, 1), known, reserve(q, 11, 1)]));
        assert_eq!(codes, [Code::Conflict; 3]);
    }
    house.accept(&[reserve(q, 10, 1), reserve(q, 11, 1)]);
    house.check();
}

#[test]
fn a_run_that_cannot_be_is_turned_away_whole() {
    let mut house = founded();
    let q = quota(FUNDED, 0);
    let next_year = FiscalYear::from_offset(23);
    house.accept(&[set_year(FUNDED, 90, next_year, YearState::Open)]);
    let later = QuotaId::new(DivisionIndex(FUNDED), next_year, 0);
    let first = reserve(q, 10, 1);
    let finance = act(ActKind::Cut, q, 10, 1);
    let stage = staged(ActKind::Issue, q, 11, 1, 77);
    house.accept(&[open_batch(77, &[stage], 0)]);
    let (records, before) = (house.kept.len(), house.live_digest());
    let cases: Vec<(&str, Vec<Given>)> = vec![
        ("another division", vec![first, reserve(quota(2, 0), 11, 1)]),
        ("another year", vec![first, reserve(later, 11, 1)]),
        ("a creation", vec![finance, create(FUNDED, 11)]),
        ("a creation first", vec![create(FUNDED, 11), finance]),
        ("a staged act", vec![finance, stage]),
        ("a revival", vec![revive(q, 11), revive(q, 12)]),
        ("facts", vec![fact(FactKind::Reject, q, 1, 1, 0), fact(FactKind::Reject, q, 2, 2, 0)]),
        ("a registration", vec![register(40), register(41)]),
        ("one id twice", vec![first, reserve(q, 11, 1), first]),
        ("one id with two contents", vec![first, reserve(q, 10, 2)]),
        ("a check", vec![first, reserve(q, 11, 1).checked()]),
        ("checks", vec![first.checked(), reserve(q, 11, 1).checked()]),
    ];
    for (what, commands) in cases {
        let codes = house.codes(&run_of(&commands));
        assert_eq!(codes, vec![Code::BadLinkedRun; commands.len()], "{what}");
    }
    assert_eq!((house.kept.len(), house.live_digest()), (records, before));
    for index in [40, 41] {
        assert!(house.division(DivisionIndex(index)).is_none(), "no empty division stays behind");
    }
    house.accept(&[first, reserve(q, 11, 1)]);
    house.check();
}

#[test]
fn a_run_has_a_bound_and_an_end() {
    let mut house = founded();
    let q = quota(FUNDED, 0);
    let run = |count: usize| -> Vec<Given> {
        run_of(&(0..count).map(|id| reserve(q, 100 + id as u128, 1)).collect::<Vec<_>>())
    };
    let long = LINKED_RUN_COMMANDS_MAX + 1;
    assert_eq!(no_trace(&mut house, &run(long)), vec![Code::BadLinkedRun; long]);
    let unended = [reserve(q, 100, 1).linked(), reserve(q, 101, 1).linked()];
    assert_eq!(no_trace(&mut house, &unended), [Code::BadLinkedRun; 2]);
    // A run ends with its part: what another caller sends behind it is not of it.
    let mixed = [
        reserve(q, 50, 1).linked(),
        issue(q, 51, 1),
        act(ActKind::Cut, q, 52, 1).linked(),
        act(ActKind::Cut, q, 53, 1),
    ];
    use Code::{Accepted, BadLinkedRun};
    assert_eq!(house.codes(&mixed), [BadLinkedRun, Accepted, Accepted, Accepted]);
    assert_eq!(house.codes(&run(LINKED_RUN_COMMANDS_MAX)), vec![Accepted; LINKED_RUN_COMMANDS_MAX]);
    house.check();
}

#[test]
fn a_run_is_never_split_over_runs_of_records() {
    let mut house = founded();
    let q = quota(FUNDED, 0);
    let mut commands: Vec<_> = (0..220).map(|id| reserve_with_words(q, 100 + id, 1)).collect();
    let linked: Vec<_> = (0..60).map(|id| reserve_with_words(q, 1_000 + id, 1)).collect();
    commands.extend(run_of(&linked));
    house.give(&commands);
    let mut with_linked = 0;
    for run in &house.runs {
        let records = run.records.run();
        let first = storage::position::Position { epoch: 1, sequence: 1 };
        let read = storage::record::Records::read(records.bytes, first, records.records);
        let of_run = read.expect("whole records").filter(|record| {
            let event = storage::event_record::decode(record, &mut Vec::new()).map(|event| {
                matches!(event.body, domain::event::EventBody::Reserved { command, .. }
                    if command.payment.0 >= 1_000)
            });
            event.expect("an event")
        });
        let count = of_run.count();
        with_linked += usize::from(count > 0);
        assert!(count == 0 || count == linked.len(), "{count} of {}", linked.len());
    }
    assert_eq!((house.runs.len(), with_linked), (2, 1));
    house.check();
}

#[test]
fn a_run_behind_a_refused_one_goes_on_from_what_was_before() {
    let mut house = founded();
    let q = quota(FUNDED, 0);
    let refused = run_of(&[reserve(q, 10, 100), reserve(q, 11, FUNDED_FEN)]);
    let taken = run_of(&[reserve(q, 12, 100), reserve(q, 13, FUNDED_FEN - 100)]);
    let records = house.kept.len();
    let codes = house.codes(&[refused, taken, vec![reserve(q, 14, 1)]].concat());
    use Code::{Accepted, LinkedRefused, OverQuota};
    assert_eq!(codes, [LinkedRefused, OverQuota, Accepted, Accepted, OverQuota]);
    assert_eq!(house.slugs(records), ["run-refused", "reserved", "reserved", "refused"]);
    house.check();
}

#[test]
fn a_run_to_a_year_that_was_never_opened_is_refused_and_ends_its_ids() {
    let mut house = founded();
    let later = QuotaId::new(DivisionIndex(FUNDED), FiscalYear::from_offset(30), 0);
    // The business day is of another year, so the form is wrong; acts have no day.
    let run = run_of(&[issue(later, 10, 1), issue(later, 11, 1)]);
    assert_eq!(house.codes(&run), [Code::YearNotOpen, Code::LinkedRefused]);
    assert_eq!(house.codes(&run), [Code::YearNotOpen, Code::LinkedRefused]);
    house.check();
}
