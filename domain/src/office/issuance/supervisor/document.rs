//! A checked document, from its quotas to its end: one at a time in each year, so that none counts
//! on money another is about to take.

use crate::codes::{BatchEnd, BatchStep};
use crate::command::{EndBatch, OpenBatch};
use crate::division::{Division, YearBook};
use crate::ids::{ActId, BatchId, LimitKey, MoveId, QuotaId};
use crate::limits::OFFICE_FIELD_BYTES_MAX;
use crate::office::issuance::order::{
    What, batch_id, close_id, deed_id, drop_id, make_id, paper_id, plan_key,
};
use crate::office::issuance::plan::{self, Deed, Make, Place, Plan};
use crate::office::line::Change;
use crate::office::paper::PaperKind;
use crate::office::table::Tabled;
use crate::office::tables::document::{Document, DocumentState, Transfer};
use crate::refusal::{Code, Refusal};

use super::{Orders, Supervisor, papers_of, refused_with};

/// A document that is being carried out.
#[derive(Debug)]
pub(super) struct UnderWay {
    document: Box<str>,
    attempt: u32,
    plan: Plan,
    /// How many of its quotas are known to be there.
    made: usize,
    /// The papers that are staged behind its deeds, once every quota is there.
    papers: Vec<What>,
}

impl Supervisor {
    /// The next orders for the year's documents.
    pub(super) fn document(&mut self, book: &YearBook, orders: &mut Orders<'_>) {
        let Some(document) = next_document(book, self.under_way.get(&book.year)) else {
            self.under_way.remove(&book.year);
            return;
        };
        if orders.is_full() {
            return;
        }
        let attempt = attempt_of(book, &document.code);
        let batch = book.batch(batch_id(book.key(), &document.code, attempt));
        if let Some(why) = failure(book, document, attempt) {
            return orders.fail(book, document, why);
        }
        let known = self.under_way.get(&book.year);
        let same = known
            .is_some_and(|known| *known.document == *document.code && known.attempt == attempt);
        if !same {
            if batch.is_some() {
                // Opened by a supervisor that is no more: begun again from the state as it is.
                return orders.end(book, document, attempt, BatchStep::Abandon, ActId(0));
            }
            match plan::draw(orders.division, book.year, &document.code) {
                Ok(plan) => {
                    let (code, made, papers) = ((*document.code).into(), 0, Vec::new());
                    let under_way = UnderWay { document: code, attempt, plan, made, papers };
                    self.under_way.insert(book.year, under_way);
                }
                Err(refusal) => return orders.fail(book, document, words(&refusal)),
            }
        }
        if let Some(under_way) = self.under_way.get_mut(&book.year) {
            under_way.go_on(book, document, orders);
        }
    }
}

/// The document under way, or else the first of those that are checked.
fn next_document<'a>(book: &'a YearBook, under_way: Option<&UnderWay>) -> Option<&'a Document> {
    let checked = |document: &&Document| document.state == DocumentState::Checked;
    let known = under_way.and_then(|known| book.office().get::<Document>(&known.document));
    if let Some(document) = known.filter(checked) {
        return Some(document);
    }
    let begun =
        |document: &&Document| book.batch(batch_id(book.key(), &document.code, 0)).is_some();
    let all = || book.office().all::<Document>().filter(checked);
    // Only after a start: the one that had begun comes first.
    all().find(begun).or_else(|| all().next())
}

/// The attempt that counts: those before it were dropped by a start or by time.
pub(super) fn attempt_of(book: &YearBook, document: &str) -> u32 {
    let over = |attempt: &u32| {
        let batch = book.batch(batch_id(book.key(), document, *attempt));
        let end = batch.and_then(|batch| batch.end);
        matches!(end, Some(BatchEnd::Abandoned | BatchEnd::Lapsed))
    };
    (0..).find(|attempt| !over(attempt)).unwrap_or(0)
}

/// Why a document has failed, if it has.
fn failure(book: &YearBook, document: &Document, attempt: u32) -> Option<String> {
    let code = &*document.code;
    let id = batch_id(book.key(), code, attempt);
    if let Some(refused) = refused_with(book, ActId(id.0)) {
        return Some(word(refused));
    }
    match book.batch(id)?.end? {
        BatchEnd::Refused => Some(refused_deed(book, code, attempt)),
        BatchEnd::Dropped => {
            let close = refused_with(book, close_id(book.key(), code, attempt));
            Some(word(close.unwrap_or(Code::BatchDropped)))
        }
        BatchEnd::Closed | BatchEnd::Lapsed | BatchEnd::Abandoned => None,
    }
}

/// Which line of the batch was refused.
fn refused_deed(book: &YearBook, document: &str, attempt: u32) -> String {
    let count =
        book.batch(batch_id(book.key(), document, attempt)).map_or(0, |batch| batch.count as usize);
    let refused = (0..count).find_map(|place| {
        let id = deed_id(book.key(), document, attempt, place);
        let moved = book.moves_refused.get(&MoveId(id)).map(|row| row.refusal.code);
        Some((place, moved.or_else(|| refused_with(book, ActId(id)))?))
    });
    match refused {
        Some((place, code)) => format!("{} #{}", word(code), place + 1),
        None => word(Code::BatchDropped),
    }
}

fn word(code: Code) -> String {
    format!("{} {}", code.number(), code.slug())
}

/// A refusal in one field: code, and the line and column it is about.
fn words(refusal: &Refusal) -> String {
    let place = refusal.figures().find(|figure| figure.limit == Code::PaperLine);
    match place {
        Some(place) => format!(
            "{} line {} column {}",
            word(refusal.code),
            place.requested_fen.get(),
            place.left_fen.get()
        ),
        None => word(refusal.code),
    }
}

impl Orders<'_> {
    fn fail(&mut self, book: &YearBook, document: &Document, mut why: String) {
        why.truncate(why.floor_char_boundary(OFFICE_FIELD_BYTES_MAX));
        let act = paper_id(book.key(), PaperKind::DocumentFailed, &document.code, 0);
        let text = format!("{}\t{why}", &*document.code);
        self.file(book, document.maker, PaperKind::DocumentFailed, act, text);
    }

    fn end(
        &mut self,
        book: &YearBook,
        document: &Document,
        attempt: u32,
        step: BatchStep,
        act: ActId,
    ) {
        let (batch, division, year) =
            (batch_id(book.key(), &document.code, attempt), book.division, book.year);
        self.push(document.maker, What::End(EndBatch { step, act, batch, division, year }));
    }
}

impl UnderWay {
    pub(super) fn document(&self) -> &str {
        &self.document
    }

    fn go_on(&mut self, book: &YearBook, document: &Document, orders: &mut Orders<'_>) {
        if !self.carry_rows(document, orders) || !self.make(book, document, orders) {
            return;
        }
        let id = batch_id(book.key(), &self.document, self.attempt);
        if self.papers.is_empty() {
            self.papers = self.papers(document, id, book);
        }
        let batch = book.batch(id);
        let count = self.plan.deeds.len() + self.papers.len();
        let done = batch.map_or(0, |batch| batch.staged.len());
        // Made anew each time: a large document's acts are not kept twice.
        let division = orders.division;
        let staged = |place| self.staged(division, document, id, book, place);
        if batch.is_none() {
            let digest = (0..count).fold(0, |digest, place| staged(place).fold(digest));
            let (division, year, count) = (book.division, book.year, count as u32);
            let deadline_ms = 0;
            let open = OpenBatch { batch: id, division, year, count, digest, deadline_ms };
            orders.push(document.maker, What::Open(open));
        }
        for place in done..count {
            if orders.is_full() {
                return;
            }
            orders.push(document.maker, staged(place));
        }
        let close = close_id(book.key(), &self.document, self.attempt);
        if refused_with(book, close).is_some() {
            let act = drop_id(book.key(), &self.document, self.attempt);
            return orders.end(book, document, self.attempt, BatchStep::Drop, act);
        }
        orders.end(book, document, self.attempt, BatchStep::Close, close);
    }

    /// Rows of the new year come before its quotas. True: all of them are there.
    fn carry_rows(&self, document: &Document, orders: &mut Orders<'_>) -> bool {
        let next = self.plan.makes.iter().map(|make| make.year).max();
        let Some(book) = next.and_then(|year| orders.division.year(year)) else { return true };
        let missing = |row: &&crate::office::tables::budget::BudgetRow| {
            book.office().row(crate::office::table::Table::BudgetRow, &row.code).is_none()
        };
        let rows = self.plan.carried.iter().filter(missing);
        let texts = papers_of(
            0,
            rows.map(|row| {
                let mut text = String::new();
                row.write(&mut text);
                text
            }),
        );
        let before = orders.orders.len();
        for text in texts {
            // By its contents: the rows that are missing are fewer each time.
            let act = paper_id(book.key(), PaperKind::CarryRows, &text, 0);
            orders.file(book, document.maker, PaperKind::CarryRows, act, text);
        }
        orders.orders.len() == before
    }

    /// Quotas come before what is given to them. True: all of them are there.
    fn make(&mut self, home: &YearBook, document: &Document, orders: &mut Orders<'_>) -> bool {
        let before = orders.orders.len();
        for (place, make) in self.plan.makes.iter().enumerate().skip(self.made) {
            if orders.is_full() {
                break;
            }
            let Some(book) = orders.division.year(make.year) else { return false };
            if book.quota_by_key(&make.key).is_some() {
                if orders.orders.len() == before {
                    self.made = place + 1;
                }
                continue;
            }
            let act = make_id(book.key(), &document.code, &make.key);
            if let Some(refused) = refused_with(book, act) {
                orders.orders.truncate(before);
                orders.fail(home, document, format!("{} {}", word(refused), make.key));
                return false;
            }
            orders.push(document.maker, create(make, act, book));
        }
        orders.orders.len() == before && self.made == self.plan.makes.len()
    }

    /// What is staged at a place: acts and moves, and behind them the papers.
    fn staged(
        &self,
        division: &Division,
        document: &Document,
        batch: BatchId,
        book: &YearBook,
        place: usize,
    ) -> What {
        match self.plan.deeds.get(place) {
            Some(deed) => {
                let id = deed_id(book.key(), &self.document, self.attempt, place);
                self.deed(division, deed, id, batch, document)
            }
            None => self.papers[place - self.plan.deeds.len()].clone(),
        }
    }

    /// The papers that are staged: the rows' figures, the transfers, and the document's end.
    fn papers(&self, document: &Document, batch: BatchId, book: &YearBook) -> Vec<What> {
        let id = |place| deed_id(book.key(), &self.document, self.attempt, place);
        let mut papers = Vec::new();
        let mut paper = |kind: PaperKind, text: String| {
            let act = ActId(id(self.plan.deeds.len() + papers.len()));
            let (division, year) = (book.division, book.year);
            papers.push(What::Paper { act, division, year, kind, batch, text });
        };
        let shifts = self.plan.shifts.iter().map(|shift| {
            let mut text = String::new();
            Change::Shift(shift.clone()).write(&mut text);
            let fields = text.trim_end().split_once('\t').map_or("", |(_, fields)| fields);
            fields.to_owned()
        });
        for text in papers_of(0, shifts) {
            paper(PaperKind::RowFigures, text);
        }
        let transfers = self.plan.transfers.iter().map(|(place, transfer)| {
            let (move_id, checker) = (MoveId(id(*place)), document.checker);
            let transfer = Transfer { id: move_id, checker, ..transfer.clone() };
            let mut text = String::new();
            transfer.write(&mut text);
            text
        });
        for text in papers_of(0, transfers) {
            paper(PaperKind::TransferOut, text);
        }
        paper(PaperKind::DocumentDone, self.document.to_string());
        papers
    }

    fn deed(
        &self,
        division: &Division,
        deed: &Deed,
        id: u128,
        batch: BatchId,
        document: &Document,
    ) -> What {
        let quota = |place: Place| self.quota(division, place);
        let note: Box<str> = (*document.number).into();
        match *deed {
            Deed::Act { kind, quota: place, amount_fen } => {
                let (act, quota) = (ActId(id), quota(place));
                What::Act { kind, act, quota, amount_fen, batch, note }
            }
            Deed::Move { kind, from, to, amount_fen } => {
                let (id, to) = (MoveId(id), quota(to));
                What::MoveOut { kind, id, from, to, amount_fen, batch, note }
            }
        }
    }

    /// The quota of a place; all of them were made before.
    fn quota(&self, division: &Division, place: Place) -> QuotaId {
        match place {
            Place::Known(quota) => quota,
            Place::Made(place) => {
                let make = &self.plan.makes[place];
                let book = division.year(make.year);
                book.and_then(|book| book.quota_by_key(&make.key)).unwrap_or(QuotaId::NONE)
            }
        }
    }
}

/// The order that makes a quota, under the payment plan of its unit and fund nature, if one is set.
pub(super) fn create(make: &Make, act: ActId, book: &YearBook) -> What {
    let plan = plan_key(&make.unit, make.fund);
    let plan = if book.plan(plan).is_some() { plan } else { LimitKey(0) };
    What::Create { act, division: book.division, plan, make: make.clone() }
}
