//! Notices: what one store tells another about a voucher it got: taken, not taken, sent back, asked back.
//!
//! Notices travel in sealed envelopes like vouchers do, many in one, numbered with them and never lost: that a
//! bank did not take a payment order is as good as money.

use domain::voucher::state::RemoteStatus;
use domain::voucher::{Flag, VoucherKey};

use crate::certificates::Distrust;
use crate::encoding::{Put, Reader, Unreadable};
use crate::envelope::Digest;
use crate::limits::REASON_BYTES_MAX;

/// Why a voucher was not taken. Numbers are for ever; those below 100 are of [`Distrust`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Its seals bind nobody.
    Distrusted(Distrust),
    /// The envelope cannot be read, or is for or from somebody else.
    Unreadable,
    /// Another voucher has its number (票号重复,内容不同).
    NumberReused,
    /// Who gets it does not take it as a document.
    NotTaken,
    /// A person set it aside for good.
    Dismissed,
    /// The sender asked for it back before it was taken.
    Recalled,
}

impl Failure {
    /// The stable number.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Failure::Distrusted(distrust) => distrust as u8,
            Failure::Unreadable => 100,
            Failure::NumberReused => 101,
            Failure::NotTaken => 102,
            Failure::Dismissed => 103,
            Failure::Recalled => 104,
        }
    }

    /// Whether the sender may yet mend it, so that nothing has come back: other seals, or a person who finds out
    /// which of two vouchers under one number is right.
    #[must_use]
    pub const fn may_be_mended(self) -> bool {
        matches!(self, Failure::Distrusted(_) | Failure::NumberReused)
    }

    /// The failure with a stable number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Failure> {
        Some(match number {
            100 => Failure::Unreadable,
            101 => Failure::NumberReused,
            102 => Failure::NotTaken,
            103 => Failure::Dismissed,
            104 => Failure::Recalled,
            other => Failure::Distrusted(Distrust::from_number(other)?),
        })
    }
}

/// A notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A letter was taken as a document (签收成功).
    Taken {
        /// The letter's number.
        number: u64,
        /// The digest of what was taken.
        digest: Digest,
    },
    /// A letter was not taken (签收失败).
    NotTaken {
        /// The letter's number.
        number: u64,
        /// Why, for programs.
        failure: Failure,
        /// Why, in words.
        reason: String,
    },
    /// A voucher that was taken is sent back (退回).
    Returned {
        /// Which.
        key: VoucherKey,
        /// Original or receipt.
        flag: Flag,
        /// Why, in words.
        reason: String,
    },
    /// A voucher is asked back (撤回).
    AskedBack {
        /// The letter's number.
        number: u64,
    },
    /// It had been taken before it was asked back; it stays (撤回失败).
    KeptAfterAll {
        /// The letter's number.
        number: u64,
    },
    /// Where does a voucher of ours stand (状态查询)?
    Asked {
        /// Which.
        key: VoucherKey,
        /// Original or receipt.
        flag: Flag,
    },
    /// That is where it stands.
    Stands {
        /// Which.
        key: VoucherKey,
        /// Original or receipt.
        flag: Flag,
        /// Where.
        status: RemoteStatus,
    },
}

impl Notice {
    /// Puts the notice behind what is there.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Notice::Taken { number, digest } => {
                out.push(1);
                out.extend_from_slice(&number.to_le_bytes());
                out.extend_from_slice(&digest.0);
            }
            Notice::NotTaken { number, failure, reason } => {
                out.push(2);
                out.extend_from_slice(&number.to_le_bytes());
                out.push(failure.number());
                out.put_text(reason);
            }
            Notice::Returned { key, flag, reason } => {
                out.push(3);
                out.put_key(key);
                out.push(*flag as u8);
                out.put_text(reason);
            }
            Notice::AskedBack { number } => {
                out.push(4);
                out.extend_from_slice(&number.to_le_bytes());
            }
            Notice::KeptAfterAll { number } => {
                out.push(5);
                out.extend_from_slice(&number.to_le_bytes());
            }
            Notice::Asked { key, flag } => {
                out.push(6);
                out.put_key(key);
                out.push(*flag as u8);
            }
            Notice::Stands { key, flag, status } => {
                out.push(7);
                out.put_key(key);
                out.push(*flag as u8);
                out.extend_from_slice(&status.number().to_le_bytes());
            }
        }
    }

    /// Reads a notice.
    ///
    /// # Errors
    /// When the bytes are none.
    pub fn decode(fields: &mut Reader<'_>) -> Result<Notice, Unreadable> {
        let what = "a notice";
        let tag = fields.u8(what)?;
        Ok(match tag {
            1 => Notice::Taken { number: fields.u64(what)?, digest: Digest(fields.array(what)?) },
            2 => {
                let number = fields.u64(what)?;
                let failure = Reader::known(Failure::from_number(fields.u8(what)?), what)?;
                let reason = fields.text(REASON_BYTES_MAX, what)?.to_owned();
                Notice::NotTaken { number, failure, reason }
            }
            3 => {
                let (key, flag) = (fields.key()?, fields.flag()?);
                Notice::Returned {
                    key,
                    flag,
                    reason: fields.text(REASON_BYTES_MAX, what)?.to_owned(),
                }
            }
            4 => Notice::AskedBack { number: fields.u64(what)? },
            5 => Notice::KeptAfterAll { number: fields.u64(what)? },
            6 => Notice::Asked { key: fields.key()?, flag: fields.flag()? },
            7 => {
                let (key, flag) = (fields.key()?, fields.flag()?);
                let status = RemoteStatus::from_number(fields.u8(what)?.cast_signed());
                Notice::Stands { key, flag, status: Reader::known(status, what)? }
            }
            _ => return Err(Unreadable::Impossible { what }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_come_back_as_they_went_and_no_cut_is_read() {
        let key = VoucherKey::parse("370102000-2022-8202-7").expect("a key");
        let reason = "账号与户名不符".to_owned();
        let all = [
            Notice::Taken { number: 7, digest: Digest([9; 32]) },
            Notice::NotTaken { number: 8, failure: Failure::NumberReused, reason: reason.clone() },
            Notice::Returned { key, flag: Flag::Original, reason },
            Notice::AskedBack { number: u64::MAX },
            Notice::KeptAfterAll { number: 1 },
            Notice::Asked { key, flag: Flag::Receipt },
            Notice::Stands { key, flag: Flag::Original, status: RemoteStatus::NotFound },
        ];
        for notice in all {
            let mut bytes = Vec::new();
            notice.encode(&mut bytes);
            let mut fields = Reader::new(&bytes);
            assert_eq!(Notice::decode(&mut fields), Ok(notice));
            assert_eq!(fields.end(), Ok(()));
            for at in 0..bytes.len() {
                assert!(Notice::decode(&mut Reader::new(&bytes[..at])).is_err(), "cut at {at}");
            }
        }
    }

    #[test]
    fn failures_have_numbers_that_lead_back() {
        let known: Vec<_> = (0..=u8::MAX).filter_map(Failure::from_number).collect();
        assert_eq!(known.len(), Distrust::ALL.len() + 5);
        assert!(
            known.iter().all(|failure| Failure::from_number(failure.number()) == Some(*failure))
        );
    }
}
