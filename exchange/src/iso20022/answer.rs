//! A national receipt as pain.002 and camt.054: what a bank that speaks ISO 20022 writes of an order.
//!
//! The report says how each transfer stands, the notice what was booked of it. An order of which nothing was paid has a
//! report alone.

use domain::Fen;
use domain::ids::Day;
use domain::voucher::document::Fields;
use domain::voucher::{Detail, Field, Flag, Voucher};

use super::codes::{REASONS, reason_chinese};
use super::ids::{ID_CHARS_MAX, can_be_written, end_to_end_id, is_order, message_id, own_id};
use super::orders::{ACCOUNT_CHARS_MAX, Created, MESSAGE, Unfit, moment};
use super::statement::NOTICE_NAMESPACE;
use super::status::NAMESPACE;
use super::values::{CURRENCY, date, pieces};
use super::write::Out;

/// Longest piece of a bank's words (Max105Text).
pub(super) const WORDS_CHARS_MAX: usize = 105;

/// The messages of one receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// pain.002: how each transfer stands.
    pub report: String,
    /// camt.054: what was booked; none where nothing was.
    pub notice: Option<String>,
}

/// Writes the receipt of an order.
///
/// # Errors
/// [`Unfit`] when it is none, or says what has no place in these messages.
pub fn write(receipt: &Voucher) -> Result<Answer, Unfit> {
    let voucher = receipt.key;
    if !is_order(voucher.kind) || receipt.flag != Flag::Receipt {
        return Err(Unfit::NoOrder { voucher });
    }
    let id = message_id(voucher).ok_or(Unfit::LongKey { voucher })?;
    let answered = Answered { receipt, id: &id };
    answered.check()?;
    let paid: Vec<&Detail> =
        receipt.details.iter().filter(|line| paid_fen(line) != Fen::ZERO).collect();
    let notice = match paid.as_slice() {
        [] => None,
        paid => Some(answered.notice(paid)?),
    };
    Ok(Answer { report: answered.report(paid.len())?, notice })
}

/// What was paid of a detail.
fn paid_fen(line: &Detail) -> Fen {
    line.fields.amount_fen(Field::ExecutedAmount).unwrap_or(Fen::ZERO)
}

/// Fields as executed that a detail of these messages has a place for, and those that its head has.
const OF_DETAIL: &[Field] =
    &[Field::ExecutedAmount, Field::ExecutedPayeeAccount, Field::ExecutedNote];
const OF_HEAD: &[Field] = &[Field::ExecutedAmount, Field::ExecutedDay, Field::BankSerial];

struct Answered<'a> {
    receipt: &'a Voucher,
    /// What the order is called.
    id: &'a str,
}

impl Answered<'_> {
    fn unfit(&self, line: Option<&Detail>, field: Field) -> Unfit {
        let detail = line.map_or(String::new(), |line| line.id.clone());
        Unfit::Field { voucher: self.receipt.key, detail, field }
    }

    /// That nothing is said that these messages do not say.
    fn check(&self) -> Result<(), Unfit> {
        let receipt = self.receipt;
        let details = receipt.details.len();
        if details == 0 {
            return Err(Unfit::Details { voucher: receipt.key, details });
        }
        let other = |fields: &Fields, said: &[Field]| {
            let executed = fields.iter().map(|(field, _)| field).filter(|one| one.is_executed());
            executed.into_iter().find(|field| !said.contains(field))
        };
        if let Some(field) = other(&receipt.head, OF_HEAD) {
            return Err(self.unfit(None, field));
        }
        for line in &receipt.details {
            if let Some(field) = other(&line.fields, OF_DETAIL) {
                return Err(self.unfit(Some(line), field));
            }
            let told = line.fields.amount_fen(Field::ExecutedAmount);
            if told.is_none_or(|fen| fen < Fen::ZERO) {
                return Err(self.unfit(Some(line), Field::ExecutedAmount));
            }
        }
        Ok(())
    }

    /// A text of the head or of a detail, no longer than its place.
    fn text<'t>(
        &'t self,
        line: Option<&'t Detail>,
        field: Field,
        characters_max: usize,
    ) -> Result<Option<&'t str>, Unfit> {
        let fields = line.map_or(&self.receipt.head, |line| &line.fields);
        match fields.text(field) {
            Some(text) if text.chars().count() > characters_max || !can_be_written(text) => {
                Err(self.unfit(line, field))
            }
            text => Ok(text),
        }
    }

    fn report(&self, paid: usize) -> Result<String, Unfit> {
        let receipt = self.receipt;
        let status = match paid {
            0 => "RJCT",
            paid if paid == receipt.details.len() => "ACSC",
            _ => "PART",
        };
        let sum_fen = receipt.head.amount_fen(Field::Amount);
        let sum_fen = sum_fen.ok_or_else(|| self.unfit(None, Field::Amount))?;
        let mut out = Out::document(NAMESPACE);
        out.open("CstmrPmtStsRpt");
        self.head(&mut out, 'S');
        out.within(&["OrgnlGrpInfAndSts"], |out| {
            out.leaf("OrgnlMsgId", self.id);
            out.leaf("OrgnlMsgNmId", MESSAGE);
            out.leaf("OrgnlNbOfTxs", &receipt.details.len().to_string());
            out.leaf("OrgnlCtrlSum", &sum_fen.to_yuan());
            out.leaf("GrpSts", status);
        });
        out.open("OrgnlPmtInfAndSts");
        out.leaf("OrgnlPmtInfId", self.id);
        out.leaf("PmtInfSts", status);
        let serial =
            self.text(None, Field::BankSerial, ID_CHARS_MAX)?.filter(|text| !text.is_empty());
        for line in &receipt.details {
            let note = self.text(Some(line), Field::ExecutedNote, usize::MAX)?;
            let is_paid = paid_fen(line) != Fen::ZERO;
            out.open("TxInfAndSts");
            out.leaf("OrgnlEndToEndId", &end_to_end_id(&line.id));
            out.leaf("TxSts", if is_paid { "ACSC" } else { "RJCT" });
            if let Some(note) = note.filter(|note| !note.trim().is_empty()) {
                because(&mut out, note);
            }
            if let Some(serial) = serial.filter(|_| is_paid) {
                out.leaf("AcctSvcrRef", serial);
            }
            out.close();
        }
        Ok(out.end())
    }

    fn notice(&self, paid: &[&Detail]) -> Result<String, Unfit> {
        let receipt = self.receipt;
        let day = receipt.head.day(Field::ExecutedDay);
        let day = day.ok_or_else(|| self.unfit(None, Field::ExecutedDay))?;
        let account = self.text(None, Field::PayerAccount, ACCOUNT_CHARS_MAX)?;
        let account = account.ok_or_else(|| self.unfit(None, Field::PayerAccount))?;
        let serial = self.text(None, Field::BankSerial, ID_CHARS_MAX)?;
        let serial = serial.filter(|text| !text.is_empty());
        let serial = serial.ok_or_else(|| self.unfit(None, Field::BankSerial))?;
        let is_batch = matches!(receipt.head.text(Field::BusinessType), Some("3" | "4"));
        let mut out = Out::document(NOTICE_NAMESPACE);
        out.open("BkToCstmrDbtCdtNtfctn");
        self.head(&mut out, 'N');
        out.open("Ntfctn");
        out.leaf("Id", &own_id('N', self.id));
        out.within(&["Acct"], |out| {
            out.within(&["Id", "Othr"], |out| out.leaf("Id", account));
            out.leaf("Ccy", CURRENCY);
        });
        for lines in paid.chunks(if is_batch { paid.len() } else { 1 }) {
            self.entry(&mut out, lines, day, serial)?;
        }
        Ok(out.end())
    }

    /// One entry: of a batch all of it, otherwise one transfer.
    fn entry(&self, out: &mut Out, lines: &[&Detail], day: Day, serial: &str) -> Result<(), Unfit> {
        let sum_fen: i64 = lines.iter().map(|line| paid_fen(line).get()).sum();
        let sum_fen = Fen::new(sum_fen);
        out.open("Ntry");
        amount(out, "Amt", sum_fen);
        out.leaf("CdtDbtInd", "DBIT");
        out.within(&["Sts"], |out| out.leaf("Cd", "BOOK"));
        out.within(&["BookgDt"], |out| out.leaf("Dt", &date(day)));
        out.leaf("AcctSvcrRef", serial);
        // What a payment out of a zero-balance account is among the trades of the interface.
        out.within(&["BkTxCd", "Prtry"], |out| out.leaf("Cd", "TR01"));
        out.open("NtryDtls");
        out.within(&["Btch"], |out| {
            out.leaf("NbOfTxs", &lines.len().to_string());
            amount(out, "TtlAmt", sum_fen);
        });
        for line in lines {
            let payee = self.text(Some(line), Field::ExecutedPayeeAccount, ACCOUNT_CHARS_MAX)?;
            out.open("TxDtls");
            out.within(&["Refs"], |out| {
                out.leaf("AcctSvcrRef", serial);
                out.leaf("PmtInfId", self.id);
                out.leaf("EndToEndId", &end_to_end_id(&line.id));
            });
            amount(out, "Amt", paid_fen(line));
            out.leaf("CdtDbtInd", "DBIT");
            if let Some(account) = payee.filter(|account| !account.is_empty()) {
                out.within(&["RltdPties", "CdtrAcct", "Id", "Othr"], |out| out.leaf("Id", account));
            }
            out.close();
        }
        out.close();
        out.close();
        Ok(())
    }

    /// The message's own head: it is made on the receipt's day.
    fn head(&self, out: &mut Out, letter: char) {
        out.within(&["GrpHdr"], |out| {
            out.leaf("MsgId", &own_id(letter, self.id));
            out.leaf("CreDtTm", &moment(Created { day: self.receipt.date, second: 0 }));
        });
    }
}

pub(super) fn amount(out: &mut Out, name: &'static str, amount_fen: Fen) {
    out.leaf_with(name, &format!(" Ccy=\"{CURRENCY}\""), &amount_fen.to_yuan());
}

/// The reason that a note tells: its code where it begins with one that is known and what it means, otherwise words.
pub(super) fn reason_of(note: &str) -> (&'static str, &str) {
    let told = REASONS.iter().find_map(|(code, ..)| {
        let rest = note.strip_prefix(&reason_chinese(code, ""))?;
        if rest.is_empty() { Some((*code, "")) } else { Some((*code, rest.strip_prefix('：')?)) }
    });
    told.unwrap_or(("NARR", note))
}

fn because(out: &mut Out, note: &str) {
    let (code, words) = reason_of(note.trim());
    out.open("StsRsnInf");
    out.within(&["Rsn"], |out| out.leaf("Cd", code));
    for piece in pieces(words.trim(), WORDS_CHARS_MAX) {
        out.leaf("AddtlInf", &piece);
    }
    out.close();
}
