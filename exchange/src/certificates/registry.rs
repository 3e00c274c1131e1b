//! The certificates a store knows, and where each stands.

use std::collections::BTreeMap;

use domain::ids::Day;
use domain::office::rules::windows::day_number;
use domain::voucher::{Party, SealPlace};
use thiserror::Error;

use super::certificate::{Certificate, CertificateFault};
use crate::encoding::{Put, Reader, Unreadable};
use crate::limits::{
    CERTIFICATE_BYTES_MAX, CERTIFICATES_MAX, EXPIRING_DAYS, PERSON_BYTES_MAX, REASON_BYTES_MAX,
    SIGNED_AHEAD_DAYS_MAX, SIGNED_LATE_DAYS_MAX,
};
use crate::signing::{CertificateId, PublicKey, Verifier};

/// What happened to a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateEvent {
    /// It was handed in (备案).
    Filed {
        /// The whole certificate.
        bytes: Vec<u8>,
        /// On which day.
        day: Day,
        /// By whom.
        by: String,
    },
    /// The root's signature was checked and the party confirmed it (验证).
    Verified {
        /// Which.
        id: CertificateId,
        /// On which day.
        day: Day,
        /// By whom; another person than filed it.
        by: String,
    },
    /// It is no longer trusted (吊销).
    Revoked {
        /// Which.
        id: CertificateId,
        /// On which day.
        day: Day,
        /// By whom.
        by: String,
        /// Why.
        reason: String,
    },
}

impl CertificateEvent {
    /// Puts the event behind what is there.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let (number, day, by) = match self {
            CertificateEvent::Filed { day, by, .. } => (1, day, by),
            CertificateEvent::Verified { day, by, .. } => (2, day, by),
            CertificateEvent::Revoked { day, by, .. } => (3, day, by),
        };
        out.push(number);
        out.put_day(*day);
        out.put_text(by);
        match self {
            CertificateEvent::Filed { bytes, .. } => out.put_short(bytes),
            CertificateEvent::Verified { id, .. } => out.extend_from_slice(&id.0),
            CertificateEvent::Revoked { id, reason, .. } => {
                out.extend_from_slice(&id.0);
                out.put_text(reason);
            }
        }
    }

    /// Reads an event.
    ///
    /// # Errors
    /// When the bytes are none.
    pub fn decode(bytes: &[u8]) -> Result<CertificateEvent, Unreadable> {
        let mut fields = Reader::new(bytes);
        let number = fields.u8("the event")?;
        let day = fields.day("the day")?;
        let by = fields.text(PERSON_BYTES_MAX, "the person")?.to_owned();
        let event = match number {
            1 => {
                let bytes = fields.short(CERTIFICATE_BYTES_MAX, "the certificate")?.to_vec();
                CertificateEvent::Filed { bytes, day, by }
            }
            2 => CertificateEvent::Verified { id: CertificateId(fields.array("the id")?), day, by },
            3 => {
                let id = CertificateId(fields.array("the id")?);
                let reason = fields.text(REASON_BYTES_MAX, "the reason")?.to_owned();
                CertificateEvent::Revoked { id, day, by, reason }
            }
            _ => return Err(Unreadable::Impossible { what: "the event" }),
        };
        fields.end()?;
        Ok(event)
    }
}

/// Where a certificate stands on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateState {
    /// Handed in, not verified (已备案).
    Filed,
    /// Verified, and its first day is yet to come (已验证).
    Verified,
    /// In use (使用中).
    Active,
    /// In use, for [`EXPIRING_DAYS`] more at most (即将到期).
    Expiring,
    /// Its last day has passed: it verifies what was signed before and signs nothing (已到期).
    Ended,
    /// Revoked (已吊销).
    Revoked,
}

/// Why nothing is done with a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CertificateRefusal {
    /// It cannot be used.
    #[error(transparent)]
    Fault(#[from] CertificateFault),
    /// It is filed already.
    #[error("certificate {id} is filed already; verify it, or have a new one issued")]
    Known {
        /// Which.
        id: CertificateId,
    },
    /// None of that id is filed.
    #[error("no certificate {id} is filed here; file it first")]
    Unknown {
        /// Which.
        id: CertificateId,
    },
    /// It was verified before.
    #[error("certificate {id} is verified already")]
    Verified {
        /// Which.
        id: CertificateId,
    },
    /// Whoever filed it may not verify it.
    #[error("{by} filed certificate {id}; another person verifies it")]
    SamePerson {
        /// Which.
        id: CertificateId,
        /// Who.
        by: String,
    },
    /// The root's signature does not hold.
    #[error(
        "certificate {id} is not signed by this province's root; have it issued by the root, and file that"
    )]
    NotOfRoot {
        /// Which.
        id: CertificateId,
    },
    /// It was revoked before.
    #[error("certificate {id} is revoked; have a new one issued")]
    Revoked {
        /// Which.
        id: CertificateId,
    },
    /// There are as many as a store keeps.
    #[error(
        "{CERTIFICATES_MAX} certificates are on file, as many as a store keeps; more need a store of their own"
    )]
    Full,
    /// A name or reason that is empty, too long, or not as it is seen.
    #[error(
        "{what} is empty, longer than {max} bytes, or has blanks around it or characters that cannot be seen; write it plainly"
    )]
    Text {
        /// What.
        what: &'static str,
        /// The bound.
        max: usize,
    },
}

/// Why a signature binds nobody, or not now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Error)]
#[repr(u8)]
pub enum Distrust {
    /// The certificate is not filed.
    #[error("its certificate is not filed with us")]
    Unknown = 1,
    /// The certificate is filed and not verified.
    #[error("its certificate is filed with us and not yet verified")]
    NotVerified = 2,
    /// It was signed before the certificate's first day.
    #[error("it was signed before the first day of its certificate")]
    TooSoon = 3,
    /// It was signed after the certificate's last day.
    #[error("it was signed after the last day of its certificate")]
    Expired = 4,
    /// The certificate is revoked.
    #[error("its certificate is revoked")]
    Revoked = 5,
    /// The certificate is another party's.
    #[error("its certificate is another party's")]
    WrongParty = 6,
    /// The certificate may not set this seal.
    #[error("its certificate is not for this seal")]
    WrongSeal = 7,
    /// It was signed too long ago.
    #[error("it was signed more than {SIGNED_LATE_DAYS_MAX} days ago")]
    TooOld = 8,
    /// It is signed for a day too far ahead.
    #[error("its signing day is more than {SIGNED_AHEAD_DAYS_MAX} days ahead")]
    Ahead = 9,
    /// The signature does not hold over the bytes.
    #[error("its signature does not hold over its bytes")]
    Signature = 10,
    /// A seal that has to be there is not.
    #[error("a seal that has to be there is missing")]
    Missing = 11,
}

impl Distrust {
    /// Every one, by number.
    pub const ALL: &'static [Distrust] = &[
        Distrust::Unknown,
        Distrust::NotVerified,
        Distrust::TooSoon,
        Distrust::Expired,
        Distrust::Revoked,
        Distrust::WrongParty,
        Distrust::WrongSeal,
        Distrust::TooOld,
        Distrust::Ahead,
        Distrust::Signature,
        Distrust::Missing,
    ];

    /// The one with a stable number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Distrust> {
        Distrust::ALL.iter().copied().find(|distrust| *distrust as u8 == number)
    }

    /// The same in Chinese.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Distrust::Unknown => "证书未在本方备案",
            Distrust::NotVerified => "证书已备案,尚未验证",
            Distrust::TooSoon => "签名日早于证书起始日",
            Distrust::Expired => "签名日晚于证书截止日",
            Distrust::Revoked => "证书已吊销",
            Distrust::WrongParty => "证书属于其他单位",
            Distrust::WrongSeal => "证书不得加盖此签章",
            Distrust::TooOld => "签名时间过久,须重新签章",
            Distrust::Ahead => "签名日超前",
            Distrust::Signature => "验签失败",
            Distrust::Missing => "缺少必需的签章",
        }
    }

    /// Whether the same voucher under a better certificate or a new signature would be taken, so that the
    /// sender seals it again instead of giving it up.
    #[must_use]
    pub const fn is_healed_by_new_seal(self) -> bool {
        !matches!(self, Distrust::WrongParty | Distrust::Signature)
    }
}

/// A certificate on file.
#[derive(Clone, Debug)]
pub struct Filed {
    /// The certificate.
    pub certificate: Certificate,
    /// The day it was filed, and by whom.
    pub filed: (Day, String),
    /// The day it was verified, and by whom.
    pub verified: Option<(Day, String)>,
    /// The day it was revoked, by whom and why.
    pub revoked: Option<(Day, String, String)>,
    /// The root's signature.
    signature: crate::signing::Signature,
}

impl Filed {
    /// Where it stands on a day.
    #[must_use]
    pub fn state_on(&self, day: Day) -> CertificateState {
        let Certificate { first, last, .. } = self.certificate;
        if self.revoked.is_some() {
            CertificateState::Revoked
        } else if self.verified.is_none() {
            CertificateState::Filed
        } else if day < first {
            CertificateState::Verified
        } else if day > last {
            CertificateState::Ended
        } else if day_number(last) - day_number(day) < EXPIRING_DAYS {
            CertificateState::Expiring
        } else {
            CertificateState::Active
        }
    }
}

/// The certificates on file at a store.
#[derive(Clone, Debug)]
pub struct Certificates {
    root: PublicKey,
    filed: BTreeMap<CertificateId, Filed>,
}

impl Certificates {
    /// None yet, under a root.
    #[must_use]
    pub const fn under(root: PublicKey) -> Certificates {
        Certificates { root, filed: BTreeMap::new() }
    }

    /// The root they are under.
    #[must_use]
    pub const fn root(&self) -> &PublicKey {
        &self.root
    }

    /// A certificate on file.
    #[must_use]
    pub fn get(&self, id: CertificateId) -> Option<&Filed> {
        self.filed.get(&id)
    }

    /// All of them, by id.
    pub fn iter(&self) -> impl Iterator<Item = (CertificateId, &Filed)> {
        self.filed.iter().map(|(id, filed)| (*id, filed))
    }

    /// A certificate that was verified under another root than this one, and not revoked since: whoever started the party
    /// with another province's keys, before journals said which root is theirs, left it.
    #[must_use]
    pub fn of_another_root(
        &self,
        verifier: &dyn Verifier,
    ) -> Option<(CertificateId, &Certificate)> {
        let mut relied_on = self
            .filed
            .iter()
            .filter(|(_, filed)| filed.verified.is_some() && filed.revoked.is_none());
        let is_strange =
            |filed: &Filed| !filed.certificate.is_issued_by(&filed.signature, &self.root, verifier);
        let (id, filed) = relied_on.find(|(_, filed)| is_strange(filed))?;
        Some((*id, &filed.certificate))
    }

    /// Hands a certificate in.
    ///
    /// # Errors
    /// When it cannot be used or is known.
    pub fn file(
        &self,
        bytes: &[u8],
        day: Day,
        by: &str,
    ) -> Result<CertificateEvent, CertificateRefusal> {
        held_to("the person", by, PERSON_BYTES_MAX)?;
        let (certificate, _) = Certificate::read(bytes)?;
        let id = certificate.id();
        if self.filed.contains_key(&id) {
            return Err(CertificateRefusal::Known { id });
        }
        if self.filed.len() >= CERTIFICATES_MAX {
            return Err(CertificateRefusal::Full);
        }
        Ok(CertificateEvent::Filed { bytes: bytes.to_vec(), day, by: by.to_owned() })
    }

    /// Verifies one that was filed; from then on it is used on its days.
    ///
    /// # Errors
    /// When the root did not sign it, or the same person filed it.
    pub fn verify(
        &self,
        id: CertificateId,
        day: Day,
        by: &str,
        verifier: &dyn Verifier,
    ) -> Result<CertificateEvent, CertificateRefusal> {
        held_to("the person", by, PERSON_BYTES_MAX)?;
        let filed = self.filed.get(&id).ok_or(CertificateRefusal::Unknown { id })?;
        if filed.revoked.is_some() {
            return Err(CertificateRefusal::Revoked { id });
        }
        if filed.verified.is_some() {
            return Err(CertificateRefusal::Verified { id });
        }
        if filed.filed.1 == by {
            return Err(CertificateRefusal::SamePerson { id, by: by.to_owned() });
        }
        if !filed.certificate.is_issued_by(&filed.signature, &self.root, verifier) {
            return Err(CertificateRefusal::NotOfRoot { id });
        }
        Ok(CertificateEvent::Verified { id, day, by: by.to_owned() })
    }

    /// Trusts one no longer: what arrives under it from now on is refused, whenever it says it was signed.
    ///
    /// # Errors
    /// When it is not known or was revoked before.
    pub fn revoke(
        &self,
        id: CertificateId,
        day: Day,
        by: &str,
        reason: &str,
    ) -> Result<CertificateEvent, CertificateRefusal> {
        held_to("the person", by, PERSON_BYTES_MAX)?;
        held_to("the reason", reason, REASON_BYTES_MAX)?;
        let filed = self.filed.get(&id).ok_or(CertificateRefusal::Unknown { id })?;
        if filed.revoked.is_some() {
            return Err(CertificateRefusal::Revoked { id });
        }
        let (by, reason) = (by.to_owned(), reason.to_owned());
        Ok(CertificateEvent::Revoked { id, day, by, reason })
    }

    /// Changes by an event that was decided here.
    ///
    /// # Panics
    /// When the event does not follow from what is on file.
    pub fn apply(&mut self, event: &CertificateEvent) {
        let known = "an event follows from what is on file";
        match event {
            CertificateEvent::Filed { bytes, day, by } => {
                let (certificate, signature) = Certificate::read(bytes).expect(known);
                let id = certificate.id();
                let filed = (*day, by.clone());
                let filed = Filed { certificate, filed, verified: None, revoked: None, signature };
                assert!(self.filed.insert(id, filed).is_none(), "{known}");
            }
            CertificateEvent::Verified { id, day, by } => {
                self.filed.get_mut(id).expect(known).verified = Some((*day, by.clone()));
            }
            CertificateEvent::Revoked { id, day, by, reason } => {
                let revoked = Some((*day, by.clone(), reason.clone()));
                self.filed.get_mut(id).expect(known).revoked = revoked;
            }
        }
    }

    /// Whose key verifies a seal: of a party, in a place, set on a day, arriving today.
    ///
    /// # Errors
    /// Why the seal binds nobody.
    pub fn trusted(
        &self,
        id: CertificateId,
        party: Party,
        place: SealPlace,
        signed: Day,
        today: Day,
    ) -> Result<&PublicKey, Distrust> {
        let filed = self.filed.get(&id).ok_or(Distrust::Unknown)?;
        let certificate = &filed.certificate;
        if certificate.party != party {
            return Err(Distrust::WrongParty);
        }
        if filed.revoked.is_some() {
            return Err(Distrust::Revoked);
        }
        if filed.verified.is_none() {
            return Err(Distrust::NotVerified);
        }
        if !certificate.may_set(place) {
            return Err(Distrust::WrongSeal);
        }
        if signed < certificate.first {
            return Err(Distrust::TooSoon);
        }
        if signed > certificate.last {
            return Err(Distrust::Expired);
        }
        let (signed, today) = (day_number(signed), day_number(today));
        if today > signed + SIGNED_LATE_DAYS_MAX {
            return Err(Distrust::TooOld);
        }
        if signed > today + SIGNED_AHEAD_DAYS_MAX {
            return Err(Distrust::Ahead);
        }
        Ok(&certificate.key)
    }
}

/// Whether a name or reason is one, and is as it is seen: nobody is two persons by a blank.
pub(crate) fn is_plain(text: &str, max: usize) -> bool {
    let as_seen = text.trim() == text && !text.chars().any(char::is_control);
    !text.is_empty() && text.len() <= max && as_seen
}

fn held_to(what: &'static str, text: &str, max: usize) -> Result<(), CertificateRefusal> {
    if is_plain(text, max) { Ok(()) } else { Err(CertificateRefusal::Text { what, max }) }
}
