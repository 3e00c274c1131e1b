//! A quota as it is told.

use domain::Fen;
use domain::codes::{AuthorityKind, Posts};
use domain::ids::{Class, LimitKey, QuotaId};
use domain::limits::OFFICIAL_KEY_BYTES_MAX;
use domain::quota::{Buckets, QuotaCell, QuotaRow, Totals};

use crate::bytes::{Reader, Short, put_text};

/// Everything about a quota.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotaView {
    /// Its id.
    pub quota: QuotaId,
    /// Counts its events.
    pub version: u32,
    /// Payments of it that can still pay.
    pub open_payments: u32,
    /// Contracts with an open earmark on it.
    pub open_contracts: u32,
    /// Whether payments may be made from it.
    pub executable: bool,
    /// Closed for good.
    pub closed: bool,
    /// Set aside after a fault until a person revives it.
    pub quarantined: bool,
    /// Approval posts a payment needs.
    pub posts: Posts,
    /// Under whose authority it exists.
    pub authority: AuthorityKind,
    /// The payment plan that bounds it; zero: exempt.
    pub plan: LimitKey,
    /// The quota it is handed down from, or [`QuotaId::NONE`].
    pub parent: QuotaId,
    /// The pre-approval cap, or zero.
    pub cap_fen: Fen,
    /// Fund nature.
    pub fund: Class,
    /// Departmental economic class it may pay, or an ancestor.
    pub economic: Class,
    /// The amounts.
    pub buckets: Buckets,
    /// Running totals behind `issued`.
    pub totals: Totals,
    /// Official key.
    pub key: String,
}

const EXECUTABLE: u8 = 1;
const CLOSED: u8 = 2;
const QUARANTINED: u8 = 4;

impl QuotaView {
    /// The view of a quota. `plan` is the key of its payment plan, which the cell keeps as a slot.
    #[must_use]
    pub fn of(
        quota: QuotaId,
        cell: &QuotaCell,
        row: &QuotaRow,
        plan: LimitKey,
        quarantined: bool,
    ) -> QuotaView {
        QuotaView {
            quota,
            version: cell.version,
            open_payments: cell.open_payments,
            open_contracts: row.open_contracts,
            executable: cell.executable,
            closed: cell.closed,
            quarantined,
            posts: cell.posts,
            authority: row.authority,
            plan,
            parent: row.parent,
            cap_fen: row.cap_fen,
            fund: cell.fund,
            economic: cell.economic,
            buckets: cell.buckets,
            totals: row.totals(),
            key: row.key.to_string(),
        }
    }

    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.quota.0.to_le_bytes());
        for number in [self.version, self.open_payments, self.open_contracts] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        let flag = |on: bool, bit: u8| if on { bit } else { 0 };
        let flags = flag(self.executable, EXECUTABLE)
            | flag(self.closed, CLOSED)
            | flag(self.quarantined, QUARANTINED);
        out.extend_from_slice(&[flags, self.posts.bits(), self.authority.number(), 0]);
        out.extend_from_slice(&self.plan.0.to_le_bytes());
        out.extend_from_slice(&self.parent.0.to_le_bytes());
        out.extend_from_slice(&self.cap_fen.get().to_le_bytes());
        out.extend_from_slice(&self.fund.0);
        out.extend_from_slice(&self.economic.0);
        let b = &self.buckets;
        let t = &self.totals;
        for fen in [
            b.issued,
            b.allocated,
            b.transferred,
            b.frozen,
            b.staged,
            b.earmarked,
            b.reserved,
            b.paid,
            b.cleared,
            b.refunding,
            b.available(),
            t.initial,
            t.supplemented,
            t.moved_in,
            t.vired_in,
            t.carried_in,
            t.cut,
            t.returned_up,
            t.vired_out,
            t.recovered,
            t.carried_out,
        ] {
            out.extend_from_slice(&fen.to_le_bytes());
        }
        put_text(out, &self.key, OFFICIAL_KEY_BYTES_MAX);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<QuotaView, Short> {
        let quota = QuotaId(reader.u64()?);
        let version = reader.u32()?;
        let open_payments = reader.u32()?;
        let open_contracts = reader.u32()?;
        let [flags, posts, authority, zero] = reader.array()?;
        if flags > EXECUTABLE | CLOSED | QUARANTINED || zero != 0 {
            return Err(Short);
        }
        let plan = LimitKey(reader.u64()?);
        let parent = QuotaId(reader.u64()?);
        let cap_fen = Fen::new(reader.i64()?);
        let fund = Class(reader.array()?);
        let economic = Class(reader.array()?);
        let buckets = Buckets {
            issued: reader.i64()?,
            allocated: reader.i64()?,
            transferred: reader.i64()?,
            frozen: reader.i64()?,
            staged: reader.i64()?,
            earmarked: reader.i64()?,
            reserved: reader.i64()?,
            paid: reader.i64()?,
            cleared: reader.i64()?,
            refunding: reader.i64()?,
        };
        // A reader of another language takes it from here; this one derives it again, so that the
        // two cannot differ.
        let available = reader.i64()?;
        if !buckets.is_sufficient() || buckets.available() != available {
            return Err(Short);
        }
        let totals = Totals {
            initial: reader.i64()?,
            supplemented: reader.i64()?,
            moved_in: reader.i64()?,
            vired_in: reader.i64()?,
            carried_in: reader.i64()?,
            cut: reader.i64()?,
            returned_up: reader.i64()?,
            vired_out: reader.i64()?,
            recovered: reader.i64()?,
            carried_out: reader.i64()?,
        };
        Ok(QuotaView {
            quota,
            version,
            open_payments,
            open_contracts,
            executable: flags & EXECUTABLE != 0,
            closed: flags & CLOSED != 0,
            quarantined: flags & QUARANTINED != 0,
            posts: Posts::from_bits(posts).ok_or(Short)?,
            authority: AuthorityKind::from_number(authority).ok_or(Short)?,
            plan,
            parent,
            cap_fen,
            fund,
            economic,
            buckets,
            totals,
            key: reader.text(OFFICIAL_KEY_BYTES_MAX)?.to_owned(),
        })
    }
}
