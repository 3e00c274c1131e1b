//! Goal: what a document does takes effect together or not at all, however many rows its division has.
//! Method: replies of more rows than a batch once took, with the process ended and an act refused on
//! the way. The world keeps a checkpoint of the division in rounds of one page, all the while.

mod hall;
mod world;

use domain::batch::Staged;
use domain::codes::{ActKind, Role};
use domain::command::{Act, Body};
use domain::ids::{ActId, BatchId, ContractId, QuotaId};
use domain::limits::{DOCUMENT_DEEDS_MAX, STAGED_BYTES_MAX};
use domain::office::tables::document::DocumentState;
use domain::{Code, DivisionIndex, Fen};

use hall::{Hall, MAKER, YEAR, budget_row};

/// Rows of a large division's budget, of 10.00 each.
const ROWS: usize = 20_000;

/// Orders of one turn of a supervisor.
const TURN: usize = 512;

/// A division whose whole budget is replied, and the document of the reply written.
fn replied(rows: usize) -> Hall {
    let mut hall = Hall::new(1);
    hall.world.rest = 1_000;
    let rows: Vec<String> =
        (0..rows).map(|row| budget_row(&format!("A{row:05}"), "placed", "10.00")).collect();
    hall.budget(0, "replied", &rows);
    hall.write(0, "D", "initial", &[]);
    hall
}

/// How many acts are staged in batches that are open, and what they take, in bytes.
fn staged(hall: &Hall) -> (usize, usize) {
    let batches = hall.division(0).year(YEAR).into_iter().flat_map(|book| book.batches());
    batches.fold((0, 0), |(count, bytes), (_, batch)| {
        let took: usize = batch.staged.iter().map(Staged::bytes).sum();
        assert_eq!(took, batch.staged_bytes);
        (count + batch.staged.len(), bytes + took)
    })
}

/// How many quotas have any money, and all of it.
fn issued(hall: &Hall) -> (usize, i64) {
    let book = hall.division(0).year(YEAR).expect("the year is open");
    let with = book.quotas().map(|(_, cell, _)| cell.buckets.issued).filter(|&fen| fen > 0);
    with.fold((0, 0), |(count, sum), fen| (count + 1, sum + fen))
}

/// Carries the reply out until so much of it is staged.
fn stage(hall: &mut Hall, until: usize) {
    while staged(hall).0 < until {
        assert!(hall.supervise(0, TURN), "it ended before so much was staged");
        assert_eq!(issued(hall), (0, 0), "nothing has taken effect yet");
    }
}

#[test]
fn a_reply_of_twenty_thousand_rows_is_one_document() {
    let mut hall = replied(ROWS);
    assert_eq!(hall.check(0, "D").0, Code::Accepted);
    stage(&mut hall, 17_000);
    let (count, bytes) = staged(&hall);
    assert!(bytes > 768 * 1024 && bytes < STAGED_BYTES_MAX, "{count} acts take {bytes} bytes");
    let book = hall.division(0).year(YEAR).expect("the year is open");
    assert!(book.resident().office as usize > bytes, "what is staged counts");
    // The process ends with most of it staged: nothing is left of that, and it is begun again.
    hall.restart();
    assert_eq!((staged(&hall), issued(&hall)), ((0, 0), (0, 0)));
    while hall.supervise(0, TURN) {}
    assert_eq!(hall.document(0, "D").state, DocumentState::Done);
    assert_eq!((staged(&hall), issued(&hall)), ((0, 0), (ROWS, ROWS as i64 * 1_000)));
    assert!(hall.world.rounds_ended() > 1, "no checkpoint came between");
    hall.must_be_whole();
}

#[test]
fn one_refused_act_of_a_large_reply_drops_all_of_them() {
    let mut hall = replied(ROWS);
    assert_eq!(hall.check(0, "D").0, Code::Accepted);
    stage(&mut hall, 17_000);
    // Someone ends the last quota before its turn has come.
    let last = QuotaId::new(DivisionIndex(0), YEAR, ROWS as u64 - 1);
    let close = Act {
        kind: ActKind::Close,
        act: ActId(1),
        quota: last,
        amount_fen: Fen::ZERO,
        contract: ContractId::NONE,
        plan: ContractId::NONE,
        batch: BatchId(0),
        note: "",
    };
    hall.accept(MAKER, Role::Finance, Body::Act(close));
    while hall.supervise(0, TURN) {}
    let document = hall.document(0, "D");
    assert_eq!(document.state, DocumentState::Failed);
    assert_eq!(&*document.reason, format!("{} quota-closed #{ROWS}", Code::QuotaClosed.number()));
    assert_eq!((staged(&hall), issued(&hall)), ((0, 0), (0, 0)));
    hall.must_be_whole();
}

#[test]
fn a_document_of_more_than_takes_effect_together_is_refused_when_it_is_checked() {
    let mut hall = replied(DOCUMENT_DEEDS_MAX + 1);
    let (heard, refusal) = hall.check(0, "D");
    assert_eq!(heard, Code::DocumentTooLarge);
    let figure = refusal.and_then(|refusal| refusal.figures().next()).expect("a figure");
    let most = DOCUMENT_DEEDS_MAX as i64;
    assert_eq!(figure.counts(), Some((most + 1, most)));
    assert!(heard.next_step().contains("several documents"));
}
