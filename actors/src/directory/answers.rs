//! Answers as frames: pages of payments with their texts, pages of events, and what is said where
//! there is none.

use std::collections::HashMap;

use domain::Code;
use domain::event::EventBody;
use domain::particulars::{ParticularsText, official_numbers};
use protocol::directory::{
    History, HistoryBuilder, HistoryEvent, ListPayments, ListRows, ListedPayment, PaymentPage,
    RowPage,
};
use protocol::limits::CONTINUATION_BYTES;
use protocol::message::ErrorMessage;
use protocol::{Position, Record};
use storage::event_record;
use storage::reader::ReadError;

use super::fold::Directory;
use super::pages::Pages;
use super::select::NoPage;

/// A position on the wire.
pub(super) const fn told(at: storage::position::Position) -> Position {
    Position { epoch: at.epoch, sequence: at.sequence }
}

/// An error as the answer to a request.
pub(super) fn error(request: u64, message: &ErrorMessage) -> Vec<u8> {
    let mut frame = Vec::new();
    message.put(&mut frame, request);
    frame
}

/// The answer where the journal could not be read.
pub(super) fn unreadable(request: u64, why: &ReadError) -> Vec<u8> {
    tracing::error!(%why, "the directory cannot read the journal again");
    error(request, &ErrorMessage::new(Code::Fault))
}

fn no_page(request: u64, why: NoPage) -> Vec<u8> {
    let message = match why {
        NoPage::OtherQuestion => ErrorMessage::with_detail(
            Code::BadField,
            "after belongs to another question: ask the same again, or begin without it",
        ),
        NoPage::NotFound => ErrorMessage::new(Code::NotFound),
        NoPage::TooMany => ErrorMessage::with_detail(
            Code::TooMany,
            "the quota has more events than one history looks at: ask for its payments, or \
             subscribe",
        ),
    };
    error(request, &message)
}

impl Directory {
    /// A page of payments as a frame. `now_ms` is when ages are counted from, on a first page.
    pub(super) fn payment_page(
        &self,
        pages: &mut Pages,
        request: u64,
        list: &ListPayments,
        now_ms: u64,
    ) -> Vec<u8> {
        let selected = match self.select(list, now_ms) {
            Ok(selected) => selected,
            Err(why) => return no_page(request, why),
        };
        let texts = match self.texts(pages, &selected.rows) {
            Ok(texts) => texts,
            Err(why) => return unreadable(request, &why),
        };
        let number = list.filter.number.as_str();
        let payments = selected.rows.iter().filter_map(|&at| {
            let texts = texts.get(&self.rows.row(at).sequence).cloned().unwrap_or_default();
            // A number is found by its hash, and believed by its text.
            let meant = number.is_empty() || official_numbers(&texts.numbers).any(|n| n == number);
            meant.then(|| self.listed(at, texts))
        });
        let page = PaymentPage {
            at: told(self.position()),
            time_ms: selected.now_ms,
            after: selected.after,
            payments: payments.collect(),
        };
        let mut frame = Vec::new();
        page.put(&mut frame, request);
        frame
    }

    /// The particulars of payments, by the sequence of their reservation.
    fn texts(
        &self,
        pages: &mut Pages,
        rows: &[u32],
    ) -> Result<HashMap<u64, ParticularsText>, ReadError> {
        let mut sequences: Vec<u64> = rows.iter().map(|&at| self.rows.row(at).sequence).collect();
        sequences.sort_unstable();
        let (mut texts, mut ids) = (HashMap::with_capacity(rows.len()), Vec::new());
        pages.visit(&sequences, &mut |record, _| {
            if let Ok(event) = event_record::decode(record, &mut ids)
                && let EventBody::Reserved { command, .. } = event.body
            {
                texts.insert(record.position.sequence, command.particulars.to_text());
            }
        })?;
        Ok(texts)
    }

    fn listed(&self, at: u32, texts: ParticularsText) -> ListedPayment {
        let row = self.rows.row(at);
        let standing = row.standing();
        let key = self.rows.quota(row.quota).map_or("", |quota| &quota.key);
        ListedPayment {
            payment: row.id(),
            quota: row.quota,
            amount_fen: row.amount_fen,
            executed_fen: self.rows.executed_fen(at),
            maker: row.maker,
            payee_hash: row.payee_hash,
            reserved_ms: row.reserved_ms,
            changed_ms: row.changed_ms,
            sequence: row.sequence,
            changed_sequence: row.changed_sequence,
            state: standing.state,
            ending: standing.ending,
            path: standing.path,
            posts: standing.posts,
            approved: standing.approved,
            key: key.to_owned(),
            payee_name: texts.payee_name,
            payee_account: texts.payee_account,
            purpose: texts.purpose,
            numbers: texts.numbers,
        }
    }

    /// A page of rows on file as a frame, true at `time_ms`.
    pub(super) fn row_page(&self, request: u64, list: &ListRows, time_ms: u64) -> Vec<u8> {
        let (rows, after) = super::files::page(&self.shelves, list);
        let at = told(self.position());
        let page = RowPage { at, time_ms, table: list.table, after, rows };
        let mut frame = Vec::new();
        page.put(&mut frame, request);
        frame
    }

    /// A page of events as a frame, none of them beyond `upto`, which was journaled at `time_ms`.
    pub(super) fn history_page(
        &self,
        pages: &mut Pages,
        request: u64,
        history: &History,
        upto: storage::position::Position,
        time_ms: u64,
    ) -> Vec<u8> {
        let History { asked, subject } = history;
        let (sequences, after) = match self.trail(asked, *subject, upto.sequence) {
            Ok(found) => found,
            Err(why) => return no_page(request, why),
        };
        let mut in_order = sequences;
        in_order.sort_unstable();
        let mut records = Vec::with_capacity(in_order.len());
        let read = pages.visit(&in_order, &mut |record, time_ms| {
            let (position, body) = (told(record.position), record.body.to_vec());
            records.push((position, record.kind, record.version, body, time_ms));
        });
        if let Err(why) = read {
            return unreadable(request, &why);
        }
        if asked.newest_first {
            records.reverse();
        }
        let mut builder = HistoryBuilder::new();
        let mut last = 0;
        for (position, kind, version, body, time_ms) in &records {
            let record = Record { position: *position, kind: *kind, version: *version, body };
            if !builder.push(&HistoryEvent { record, time_ms: *time_ms }) {
                break;
            }
            last = position.sequence;
        }
        let whole = builder.count() as usize == records.len();
        let after = if whole { after } else { Directory::trail_behind(asked, *subject, last) };
        debug_assert!(whole || after != [0; CONTINUATION_BYTES]);
        let mut frame = Vec::new();
        builder.finish_into(&mut frame, request, told(upto), time_ms, &after);
        frame
    }
}
