//! pain.002.001.10, read: what a bank says of the orders of one message.

use std::collections::{BTreeMap, BTreeSet};

use super::codes::{BankStatus, reason_chinese};
use super::ids::{ID_CHARS_MAX, Uetr};
use super::read::{Bad, Kind, Leaf, Listener, Reason, walk};
use super::values::{amount, count, day, once, text};
use crate::limits::{ISO_REASONS_MAX, ISO_TRANSACTIONS_MAX};
use domain::Fen;
use domain::ids::Day;

/// The message's namespace.
pub const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:pain.002.001.10";

const KIND: Kind = Kind { namespace: NAMESPACE, element: "CstmrPmtStsRpt", has_fields: false };

/// Why, in a code and in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Because {
    /// The standard's code, or the bank's own; empty where it gives none.
    pub code: String,
    /// The bank's words; empty where it gives none.
    pub words: String,
}

/// A status and its reasons.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The status; none where this level has none of its own.
    pub status: Option<BankStatus>,
    /// Why.
    pub reasons: Vec<Because>,
}

impl Standing {
    /// The reasons in Chinese, for the receipt.
    #[must_use]
    pub fn chinese(&self) -> String {
        let told = self.reasons.iter().map(|because| reason_chinese(&because.code, &because.words));
        told.collect::<Vec<_>>().join("；")
    }
}

/// What is said of one transfer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransferStatus {
    /// Its name from end to end.
    pub end_to_end: String,
    /// Its UETR, if it is told.
    pub uetr: Option<Uetr>,
    /// How it stands.
    pub standing: Standing,
    /// The bank's own number of it.
    pub bank_serial: Option<String>,
}

/// What is said of one payment: all transfers of a voucher.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PaymentStatus {
    /// The payment's name.
    pub id: String,
    /// How all of it stands.
    pub standing: Standing,
    /// Transfers of which something is said.
    pub transfers: Vec<TransferStatus>,
}

/// A status report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusReport {
    /// The report's own name.
    pub id: String,
    /// The day on which it was made, if it says so.
    pub created: Option<Day>,
    /// The name of the message it is about.
    pub original: String,
    /// How many transfers the bank saw in it, if it says so.
    pub original_count: Option<u64>,
    /// What they came to, if it says so.
    pub original_sum_fen: Option<Fen>,
    /// How all of the message stands.
    pub standing: Standing,
    /// Payments of which something is said.
    pub payments: Vec<PaymentStatus>,
}

impl StatusReport {
    /// What is said of a payment and its transfers.
    #[must_use]
    pub fn of(&self, payment: &str) -> Said<'_> {
        let payment = self.payments.iter().find(|told| told.id == payment);
        let transfers = payment.map_or(&[][..], |told| &told.transfers);
        let by_name = transfers.iter().map(|told| (told.end_to_end.as_str(), &told.standing));
        Said {
            by_name: by_name.collect(),
            whole: [payment.map(|told| &told.standing), Some(&self.standing)],
        }
    }
}

/// What a report says of one payment.
pub struct Said<'a> {
    by_name: BTreeMap<&'a str, &'a Standing>,
    /// Of the payment, and of the message.
    whole: [Option<&'a Standing>; 2],
}

impl<'a> Said<'a> {
    /// How a transfer stands: what is said of it, else of its payment, else of the message. A partial status of a whole
    /// says nothing of its parts.
    #[must_use]
    pub fn of(&self, end_to_end: &str) -> Option<&'a Standing> {
        let own = self.by_name.get(end_to_end).copied().filter(|told| told.status.is_some());
        let says = |told: &&Standing| !matches!(told.status, None | Some(BankStatus::Partly));
        own.or_else(|| self.whole.into_iter().flatten().find(says))
    }
}

/// Reads a status report.
///
/// # Errors
/// [`Bad`] when the message is no pain.002.001.10, lacks something, or is beyond a bound.
pub fn read(message: &[u8]) -> Result<StatusReport, Bad> {
    let mut reading = Reading::default();
    walk(message, &KIND, &mut reading)?;
    Ok(reading.report)
}

#[derive(Default)]
struct Reading {
    report: StatusReport,
    id: Option<String>,
    original: Option<String>,
    payment: PaymentStatus,
    payment_id: Option<String>,
    transfer: TransferStatus,
    end_to_end: Option<String>,
    because: Because,
    transfers: usize,
    /// Names of transfers of this payment, and of payments, that were told.
    told: BTreeSet<String>,
    told_payments: BTreeSet<String>,
}

impl Reading {
    /// The level that a path is in, and the rest of the path.
    fn level<'p>(&mut self, path: &'p str) -> Option<(&mut Standing, &'p str)> {
        let path = path.strip_prefix("CstmrPmtStsRpt/")?;
        if let Some(rest) = path.strip_prefix("OrgnlGrpInfAndSts/") {
            return Some((&mut self.report.standing, rest));
        }
        let path = path.strip_prefix("OrgnlPmtInfAndSts/")?;
        match path.strip_prefix("TxInfAndSts/") {
            Some(rest) => Some((&mut self.transfer.standing, rest)),
            None => Some((&mut self.payment.standing, path)),
        }
    }
}

impl Listener for Reading {
    fn open(&mut self, path: &str) -> Result<(), Reason> {
        match path {
            "CstmrPmtStsRpt/OrgnlPmtInfAndSts" => {
                (self.payment, self.payment_id) = (PaymentStatus::default(), None);
                self.told.clear();
            }
            "CstmrPmtStsRpt/OrgnlPmtInfAndSts/TxInfAndSts" => {
                (self.transfer, self.end_to_end) = (TransferStatus::default(), None);
            }
            _ if path.ends_with("/StsRsnInf") => self.because = Because::default(),
            _ => {}
        }
        Ok(())
    }

    fn leaf(&mut self, path: &str, leaf: Leaf<'_>) -> Result<(), Reason> {
        let name = || text(leaf.text, ID_CHARS_MAX);
        match path {
            "CstmrPmtStsRpt/GrpHdr/MsgId" => return once(&mut self.id, name()?, "MsgId"),
            "CstmrPmtStsRpt/GrpHdr/CreDtTm" => {
                return once(&mut self.report.created, day(leaf.text)?, "CreDtTm");
            }
            "CstmrPmtStsRpt/OrgnlGrpInfAndSts/OrgnlMsgId" => {
                return once(&mut self.original, name()?, "OrgnlMsgId");
            }
            "CstmrPmtStsRpt/OrgnlGrpInfAndSts/OrgnlMsgNmId" => {
                let is_order = leaf.text.starts_with("pain.001.");
                let wrong = || Reason::value(leaf.text, "the name of a pain.001");
                return if is_order { Ok(()) } else { Err(wrong()) };
            }
            "CstmrPmtStsRpt/OrgnlGrpInfAndSts/OrgnlNbOfTxs" => {
                let many = count(leaf.text)?;
                return once(&mut self.report.original_count, many, "OrgnlNbOfTxs");
            }
            "CstmrPmtStsRpt/OrgnlGrpInfAndSts/OrgnlCtrlSum" => {
                let sum_fen = amount(leaf.text)?;
                return once(&mut self.report.original_sum_fen, sum_fen, "OrgnlCtrlSum");
            }
            "CstmrPmtStsRpt/OrgnlPmtInfAndSts/OrgnlPmtInfId" => {
                return once(&mut self.payment_id, name()?, "OrgnlPmtInfId");
            }
            "CstmrPmtStsRpt/OrgnlPmtInfAndSts/TxInfAndSts/OrgnlEndToEndId" => {
                return once(&mut self.end_to_end, name()?, "OrgnlEndToEndId");
            }
            "CstmrPmtStsRpt/OrgnlPmtInfAndSts/TxInfAndSts/OrgnlUETR" => {
                return once(&mut self.transfer.uetr, Uetr::read(leaf.text)?, "OrgnlUETR");
            }
            "CstmrPmtStsRpt/OrgnlPmtInfAndSts/TxInfAndSts/AcctSvcrRef" => {
                return once(&mut self.transfer.bank_serial, name()?, "AcctSvcrRef");
            }
            _ => {}
        }
        match self.level(path) {
            Some((standing, "GrpSts" | "PmtInfSts" | "TxSts")) => {
                once(&mut standing.status, BankStatus::of(leaf.text), "the status")
            }
            Some((_, "StsRsnInf/Rsn/Cd" | "StsRsnInf/Rsn/Prtry")) => {
                self.because.code = name()?;
                Ok(())
            }
            Some((_, "StsRsnInf/AddtlInf")) => {
                self.because.words.push_str(leaf.text);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn close(&mut self, path: &str) -> Result<(), Reason> {
        match path {
            "CstmrPmtStsRpt/OrgnlPmtInfAndSts/TxInfAndSts" => {
                self.transfers += 1;
                if self.transfers > ISO_TRANSACTIONS_MAX {
                    let (what, most) = ("transfers", ISO_TRANSACTIONS_MAX);
                    return Err(Reason::TooMany { what, most });
                }
                let name = self.end_to_end.take().ok_or(Reason::Missing("OrgnlEndToEndId"))?;
                if !self.told.insert(name.clone()) {
                    return Err(Reason::Twice("a transfer"));
                }
                self.transfer.end_to_end = name;
                self.payment.transfers.push(std::mem::take(&mut self.transfer));
            }
            "CstmrPmtStsRpt/OrgnlPmtInfAndSts" => {
                let name = self.payment_id.take().ok_or(Reason::Missing("OrgnlPmtInfId"))?;
                if !self.told_payments.insert(name.clone()) {
                    return Err(Reason::Twice("a payment"));
                }
                self.payment.id = name;
                self.report.payments.push(std::mem::take(&mut self.payment));
            }
            "CstmrPmtStsRpt" => {
                self.report.id = self.id.take().ok_or(Reason::Missing("MsgId"))?;
                let original = self.original.take();
                self.report.original = original.ok_or(Reason::Missing("OrgnlMsgId"))?;
            }
            _ if path.ends_with("/StsRsnInf") => {
                let because = std::mem::take(&mut self.because);
                let Some((standing, "StsRsnInf")) = self.level(path) else { return Ok(()) };
                if standing.reasons.len() == ISO_REASONS_MAX {
                    let (what, most) = ("reasons", ISO_REASONS_MAX);
                    return Err(Reason::TooMany { what, most });
                }
                standing.reasons.push(because);
            }
            _ => {}
        }
        Ok(())
    }
}
