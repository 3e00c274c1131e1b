//! What becomes of a letter that arrives: whom it binds, whether it was here, what a person has to look at.

use domain::voucher::{Flag, Party};

use super::Store;
use crate::certificates::Distrust;
use crate::encoding::Unreadable;
use crate::envelope::{Envelope, Seal};
use crate::node::recovery::NotTakenBack;
use crate::notice::{Failure, Notice};
use crate::record::Arrival;
use crate::signing::{Claim, Purpose, Verifier};

/// A letter whose bytes were read and whose signatures were looked at, before anybody asks whom they bind.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The letter's bytes as they came.
    pub bytes: Vec<u8>,
    /// The envelope in them.
    pub envelope: Result<Envelope, Unreadable>,
    /// Whether the signature of each seal holds under the key on file for its certificate.
    sound: Vec<bool>,
}

/// What a letter is to the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judged {
    /// It has been here under this number.
    Before,
    /// Letters before it are missing.
    Early,
    /// It is the next one, and this became of it.
    Settled(Arrival),
    /// It is the next one: a voucher that binds its sender and has not been here. The business decides.
    Voucher,
}

impl Checked {
    /// Reads letters and looks at all their signatures together.
    #[must_use]
    pub fn all(store: &Store, letters: Vec<Vec<u8>>, verifier: &dyn Verifier) -> Vec<Checked> {
        let read: Vec<_> = letters.iter().map(|bytes| Envelope::decode(bytes)).collect();
        let seals = |envelope: &Result<Envelope, Unreadable>| {
            envelope.as_ref().map_or(Vec::new(), |envelope| envelope.seals().to_vec())
        };
        let key_of = |seal: &Seal| Some(&store.certificates.get(seal.certificate)?.certificate.key);
        // Bytes under each seal whose certificate is on file, in the order of letters and seals.
        let under: Vec<Vec<u8>> = read
            .iter()
            .flatten()
            .flat_map(|envelope| envelope.seals().iter().map(move |seal| (envelope, seal)))
            .filter(|(_, seal)| key_of(seal).is_some_and(|key| key.algorithm() == seal.algorithm))
            .map(|(envelope, seal)| seal.signed_bytes(envelope.signed()))
            .collect();
        let all_seals: Vec<Vec<Seal>> = read.iter().map(seals).collect();
        let known: Vec<&Seal> = all_seals
            .iter()
            .flatten()
            .filter(|seal| key_of(seal).is_some_and(|key| key.algorithm() == seal.algorithm))
            .collect();
        let claims: Vec<Claim<'_>> = known
            .iter()
            .zip(&under)
            .map(|(seal, bytes)| Claim {
                key: key_of(seal).expect("it was looked up"),
                purpose: Purpose::Seal,
                bytes,
                signature: &seal.signature,
            })
            .collect();
        let mut results = verifier.verify(&claims).into_iter();
        let mut checked = Vec::with_capacity(letters.len());
        for ((bytes, envelope), seals) in letters.into_iter().zip(read).zip(&all_seals) {
            let is_known =
                |seal: &Seal| key_of(seal).is_some_and(|key| key.algorithm() == seal.algorithm);
            let sound = seals
                .iter()
                .map(|seal| is_known(seal) && results.next().expect("a result for each claim"))
                .collect();
            checked.push(Checked { bytes, envelope, sound });
        }
        checked
    }
}

impl Store {
    /// What the letter with a number from a party is.
    #[must_use]
    pub fn judge(&self, from: Party, number: u64, letter: &Checked) -> Judged {
        let received = self.peer(from).map_or(0, super::Peer::received);
        if number <= received {
            return Judged::Before;
        }
        if number > received + 1 {
            return Judged::Early;
        }
        self.judge_contents(from, letter)
    }

    /// What a letter is, whatever its number.
    #[must_use]
    pub fn judge_contents(&self, from: Party, letter: &Checked) -> Judged {
        let set_aside = |reason: String| Judged::Settled(Arrival::SetAside { reason });
        let envelope = match &letter.envelope {
            Ok(envelope) => envelope,
            Err(why) => return set_aside(why.to_string()),
        };
        if envelope.from() != from || envelope.to() != self.me {
            let (says_from, says_to) = (envelope.from(), envelope.to());
            return set_aside(format!(
                "it says it is from {says_from} for {says_to}, and came from {from} to {}",
                self.me
            ));
        }
        let Some((key, flag)) = envelope.voucher() else {
            // A notice about a notice could go back and forth for ever: a person looks at it instead.
            return match self.trust(envelope, &letter.sound) {
                Ok(()) => Judged::Settled(Arrival::Notices),
                Err(distrust) => set_aside(format!("notices: {distrust}")),
            };
        };
        let not_taken = |failure, reason| Judged::Settled(Arrival::NotTaken { failure, reason });
        if let Err(distrust) = self.trust(envelope, &letter.sound) {
            return not_taken(Failure::Distrusted(distrust), distrust.to_string());
        }
        let writes = match flag {
            Flag::Original => key.kind.from(),
            Flag::Receipt => key.kind.to(),
        };
        if from.kind() != writes {
            let kind = key.kind.code();
            let reason =
                format!("{} does not send this side of a {kind}; {writes} does", from.kind());
            return not_taken(Failure::NotTaken, reason);
        }
        let peer = self.peer(from);
        if let Some(entry) = peer.and_then(|peer| peer.inbox.find(&key, flag)) {
            let known = peer.and_then(|peer| peer.inbox.get(entry)).expect("it was found");
            if known.is_of(&envelope.digest()) {
                return Judged::Settled(Arrival::Repeated { entry });
            }
            let reason = format!("{key} was here before with other contents, on {:?}", known.day);
            return not_taken(Failure::NumberReused, reason);
        }
        if let Some(peer) = peer
            && flag == Flag::Receipt
            && let Some(original) = peer.out.find(&key, Flag::Original)
            && peer.never_left(original)
        {
            return set_aside(format!("it is a receipt for {key}, which never left here"));
        }
        Judged::Voucher
    }

    /// Whether an envelope's seals bind its sender today.
    fn trust(&self, envelope: &Envelope, sound: &[bool]) -> Result<(), Distrust> {
        if !envelope.sealed().has_all(envelope.seals_required()) {
            return Err(Distrust::Missing);
        }
        for (seal, sound) in envelope.seals().iter().zip(sound) {
            let Seal { place, certificate, day, .. } = *seal;
            self.certificates.trusted(certificate, envelope.from(), place, day, self.day)?;
            if !sound {
                return Err(Distrust::Signature);
            }
        }
        Ok(())
    }

    /// A letter that another store hands back, if it is one that we had sealed for it: on the day it says, whatever has
    /// become of the certificate since.
    ///
    /// # Errors
    /// Why it is not.
    pub fn was_ours(
        &self,
        to: Party,
        number: u64,
        letter: &Checked,
    ) -> Result<Envelope, NotTakenBack> {
        let strange = |why: String| NotTakenBack::Strange { party: to, number, why };
        let envelope = letter.envelope.as_ref().map_err(|why| strange(why.to_string()))?;
        if envelope.from() != self.me || envelope.to() != to {
            let (from, whom) = (envelope.from(), envelope.to());
            return Err(strange(format!("it says it is from {from} for {whom}")));
        }
        if !envelope.sealed().has_all(envelope.seals_required()) {
            return Err(strange(Distrust::Missing.to_string()));
        }
        let is_ours = |seal: &Seal| {
            let filed = self.certificates.get(seal.certificate);
            filed.is_some_and(|filed| {
                let certificate = &filed.certificate;
                certificate.party == self.me && certificate.may_set(seal.place)
            })
        };
        if !envelope.seals().iter().all(is_ours) {
            return Err(strange("a seal is of no certificate of ours that is on file".to_owned()));
        }
        if letter.sound.contains(&false) {
            return Err(strange(Distrust::Signature.to_string()));
        }
        Ok(envelope.clone())
    }

    /// The notice that answers a letter; none for notices and for what a person looks at.
    #[must_use]
    pub fn answer(&self, number: u64, arrival: &Arrival, letter: &Checked) -> Option<Notice> {
        let digest = || letter.envelope.as_ref().ok().map(Envelope::digest);
        match arrival {
            Arrival::Taken | Arrival::Repeated { .. } => {
                Some(Notice::Taken { number, digest: digest()? })
            }
            Arrival::NotTaken { failure, reason } => {
                Some(Notice::NotTaken { number, failure: *failure, reason: reason.clone() })
            }
            Arrival::SetAside { .. } | Arrival::Notices => None,
        }
    }
}
