//! Requests (2301) that the central bank has sent back whole, and what of each holds up all that it asks for.
//!
//! A request goes or comes back whole: one line that does not agree with our notice holds up every voucher beside it, though
//! nothing is wrong with those.

use domain::Fen;
use domain::ids::Day;
use domain::limits::DAY_NAMED_MAX;
use domain::reconciliation::class::{Class, OwnedFinding};
use domain::reconciliation::{Figures, Source};
use domain::voucher::{Party, VoucherKey};

use super::super::{Finance, Standing};
use super::Request;

/// A request that came back whole, while something that it asks for is paid and not cleared.
#[derive(Clone, Debug)]
pub struct SentBack {
    /// The request.
    pub request: VoucherKey,
    /// Whose it is.
    pub bank: Party,
    /// Its day.
    pub day: Day,
    /// The day on which finance heard that it came back.
    pub back_on: Day,
    /// What it asks for.
    pub asked_fen: Fen,
    /// Our limit notice for it, which came back too.
    pub notice: VoucherKey,
    /// How many vouchers of ours it holds up.
    pub many: usize,
    /// The first of them, at most [`DAY_NAMED_MAX`].
    pub held_up: Vec<VoucherKey>,
    /// What it says that our books do not, by now: these lines came back with all others.
    pub because: Vec<OwnedFinding>,
}

/// How a request ended at the central bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestEnd {
    /// When.
    pub day: Day,
    /// Whether it was sent back; else it was settled.
    pub sent_back: bool,
}

impl Finance {
    /// Requests that came back whole and hold up vouchers of ours, by the notices that came back with them.
    pub fn requests_back(&self) -> impl Iterator<Item = SentBack> {
        let back = self.notices_back.iter();
        back.filter_map(|(notice, rows)| self.sent_back(notice, rows))
    }

    /// The request that holds up a voucher which is paid; none where nothing does.
    #[must_use]
    pub fn held_up_by(&self, voucher: &VoucherKey) -> Option<SentBack> {
        let at = self.by_key.get(voucher)?;
        let mut back = self.notices_back.iter().filter(|(_, rows)| rows.contains(at));
        back.find_map(|(notice, rows)| self.sent_back(notice, rows))
    }

    /// How a bank's request ended at the central bank; none where it has not, or never came.
    #[must_use]
    pub fn request_end(&self, request: &VoucherKey) -> Option<RequestEnd> {
        let end = self.reconciled.requests.get(request)?.end?;
        Some(RequestEnd { day: end.day, sent_back: end.returned })
    }

    fn sent_back(&self, notice: &VoucherKey, rows: &[u32]) -> Option<SentBack> {
        let request = self.reconciled.by_notice.get(notice)?;
        let known = self.reconciled.requests.get(request)?;
        let end = known.end.filter(|end| end.returned)?;
        let rows = rows.iter().map(|at| &self.rows[*at as usize]);
        let held_up: Vec<VoucherKey> =
            rows.filter(|row| row.standing == Standing::Paid).map(|row| row.key).collect();
        let many = held_up.len();
        (many > 0).then(|| SentBack {
            request: *request,
            bank: known.bank,
            day: known.day,
            back_on: end.day,
            asked_fen: known.asked_fen,
            notice: *notice,
            many,
            held_up: held_up.into_iter().take(DAY_NAMED_MAX).collect(),
            because: self.because(known),
        })
    }

    /// What a request says that our books do not say by now. That a day differs holds nothing up.
    fn because(&self, request: &Request) -> Vec<OwnedFinding> {
        let found = request.differs.iter().flat_map(|differs| &differs.findings);
        let now = found.filter_map(|one| self.looked_at_again(Source::TransferRequests, one, true));
        now.filter(|one| one.class != Class::Late).collect()
    }
}

impl SentBack {
    /// What came back and why, in words.
    #[must_use]
    pub fn english(&self) -> String {
        let said = |figures: Option<Figures>| {
            figures.map_or_else(|| "nothing".to_owned(), |figures| figures.to_string())
        };
        let one = |one: &OwnedFinding| {
            let (item, ours, theirs) = (one.place.item(), said(one.ours), said(one.theirs));
            format!("{item} ({}: ours {ours}; the bank's {theirs})", one.class)
        };
        let because: Vec<String> = self.because.iter().take(DAY_NAMED_MAX).map(one).collect();
        let why = match (because.is_empty(), self.because.len().saturating_sub(DAY_NAMED_MAX)) {
            (true, _) => "; by now both sides say the same, and the bank may ask again".to_owned(),
            (false, 0) => format!(", because of {}", because.join(", ")),
            (false, more) => format!(", because of {} and {more} more", because.join(", ")),
        };
        format!(
            "request {} of {} for {}, {} yuan, came back whole from the central bank on {}{why}",
            self.request,
            self.bank,
            self.day.get(),
            self.asked_fen,
            self.back_on.get(),
        )
    }

    /// The same in Chinese.
    #[must_use]
    pub fn chinese(&self) -> String {
        let said = |figures: Option<Figures>| {
            figures.map_or_else(|| "无此笔".to_owned(), Figures::chinese)
        };
        let one = |one: &OwnedFinding| {
            let (item, ours, theirs) = (one.place.item(), said(one.ours), said(one.theirs));
            format!("{item}（{}：我方{ours}；银行{theirs}）", one.class.chinese())
        };
        let because: Vec<String> = self.because.iter().take(DAY_NAMED_MAX).map(one).collect();
        let why = match (because.is_empty(), self.because.len().saturating_sub(DAY_NAMED_MAX)) {
            (true, _) => "；现双方已一致，可由银行重新申请".to_owned(),
            (false, 0) => format!("，因{}", because.join("、")),
            (false, more) => format!("，因{}等，另{more}项", because.join("、")),
        };
        format!(
            "{}的划款申请{}（{}，{}元）于{}被国库整单退回{why}",
            self.bank,
            self.request,
            self.day.get(),
            self.asked_fen,
            self.back_on.get(),
        )
    }
}
