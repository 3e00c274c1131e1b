//! The keys a party seals with, by place.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::ids::Day;
use domain::voucher::SealPlace;

use crate::envelope::Envelope;
use crate::limits::THREADS_WORTH;
use crate::signing::{CertificateId, Signer, SigningError};

/// The keys a party seals with: its own, which every party has, and those of single places.
#[derive(Clone)]
pub struct KeyRing {
    organisation: Arc<dyn Signer>,
    others: BTreeMap<SealPlace, Arc<dyn Signer>>,
}

impl KeyRing {
    /// A party's own key. It seals every place that has no key of its own; whether it may, says its certificate.
    #[must_use]
    pub const fn new(organisation: Arc<dyn Signer>) -> KeyRing {
        KeyRing { organisation, others: BTreeMap::new() }
    }

    /// With a key of its own for a place.
    #[must_use]
    pub fn with(mut self, place: SealPlace, signer: Arc<dyn Signer>) -> KeyRing {
        self.others.insert(place, signer);
        self
    }

    fn at(&self, place: SealPlace) -> &dyn Signer {
        self.others.get(&place).unwrap_or(&self.organisation).as_ref()
    }

    /// The certificate that seals at a place.
    #[must_use]
    pub fn certificate(&self, place: SealPlace) -> CertificateId {
        self.at(place).certificate()
    }

    /// Every certificate it seals with: the party's own first, then those of places.
    #[must_use]
    pub fn certificates(&self) -> Vec<CertificateId> {
        let others = self.others.values().map(|signer| signer.certificate());
        std::iter::once(self.organisation.certificate()).chain(others).collect()
    }

    /// Sets the seals that envelopes have to have, on so many threads where there are many.
    ///
    /// # Errors
    /// When a key cannot be used.
    pub fn seal_all(
        &self,
        envelopes: &mut [&mut Envelope],
        day: Day,
        threads: usize,
    ) -> Result<(), SigningError> {
        if threads < 2 || envelopes.len() < THREADS_WORTH {
            return envelopes.iter_mut().try_for_each(|envelope| self.seal(envelope, day));
        }
        let share = envelopes.len().div_ceil(threads);
        std::thread::scope(|scope| {
            let threads: Vec<_> = envelopes
                .chunks_mut(share)
                .map(|share| {
                    scope.spawn(move || {
                        share.iter_mut().try_for_each(|envelope| self.seal(envelope, day))
                    })
                })
                .collect();
            let mut results = threads.into_iter().map(|thread| thread.join());
            results.try_for_each(|result| result.expect("sealing does not panic"))
        })
    }

    fn seal(&self, envelope: &mut Envelope, day: Day) -> Result<(), SigningError> {
        let required = envelope.seals_required();
        let places = SealPlace::ALL.iter().filter(|place| required.has(**place));
        for place in places {
            envelope.seal(*place, day, self.at(*place))?;
        }
        Ok(())
    }
}
