//! The register of payees as payments ask it: by the hash of the account, with everything that is asked
//! lying together.

use super::row_at;
use crate::id_index::IdIndex;
use crate::office::Office;
use crate::office::tables::register::{Payee, PayeeKind, PayeeList};
use crate::particulars::{ParticularsText, account_hash};
use crate::prefetch::prefetch;

/// Bytes of name, account and bank number, as particulars begin with them, that lie here. Longer ones
/// are read where the row is.
const BEGINNING_BYTES_MAX: usize = 113;

/// Every payee on file.
#[derive(Clone, Debug)]
pub(super) struct Payees {
    /// Hash of an account, to its place; hashed once more under a secret.
    places: IdIndex,
    all: Vec<Registered>,
}

/// A payee on file.
#[derive(Clone, Debug, PartialEq)]
#[repr(align(64))]
struct Registered {
    /// Of its account.
    hash: u64,
    slot: u32,
    kind: PayeeKind,
    list: PayeeList,
    /// Zero: it is longer, or the payee is not on file any more.
    length: u8,
    beginning: [u8; BEGINNING_BYTES_MAX],
}

const _: () = assert!(size_of::<Registered>() == 128, "a payee is two cache lines");

/// What the register says of the payee of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) kind: PayeeKind,
    pub(super) list: PayeeList,
    pub(super) bears_its_name: bool,
    pub(super) banks_there: bool,
}

impl Payees {
    /// Nobody, under a secret.
    pub(super) fn new(seed: u64) -> Payees {
        Payees { places: IdIndex::new(seed), all: Vec::new() }
    }

    fn place_of(&self, hash: u64) -> Option<usize> {
        let is_it = |at: u32| self.all[at as usize].hash == hash;
        self.places.find(self.places.probe(hash.into()), is_it).map(|at| at as usize)
    }

    /// Has the place of a hash brought into the cache.
    pub(super) fn prefetch_place(&self, hash: u64) {
        self.places.prefetch(self.places.probe(hash.into()));
    }

    /// Has the payee that probably has this hash brought into the cache.
    pub(super) fn prefetch(&self, hash: u64) {
        let likely = self.places.likely(self.places.probe(hash.into()));
        if let Some(payee) = likely.and_then(|at| self.all.get(at as usize)) {
            prefetch(payee);
            prefetch(&payee.beginning[BEGINNING_BYTES_MAX / 2]);
        }
    }

    /// Learns that a payee was put or removed.
    pub(super) fn learn(&mut self, office: &Office, account: &str, slot: u32) {
        let hash = account_hash(account);
        let registered = Registered::of(hash, slot, row_at(office, slot));
        match self.place_of(hash) {
            Some(place) => self.all[place] = registered,
            None => {
                self.places.insert(self.places.probe(hash.into()), self.all.len() as u32);
                self.all.push(registered);
            }
        }
    }

    /// What the register says of the payee with this hash of its account, by the particulars of the
    /// payment and the texts in them: name, account, bank number. `None`: it is not on file.
    pub(super) fn find(
        &self,
        office: &Office,
        hash: u64,
        particulars: &[u8],
        texts: [&[u8]; 3],
    ) -> Option<Known> {
        let registered = &self.all[self.place_of(hash)?];
        let Registered { slot, kind, list, length, .. } = *registered;
        let beginning = &registered.beginning[..usize::from(length)];
        if length > 0 && particulars.starts_with(beginning) {
            return Some(Known { kind, list, bears_its_name: true, banks_there: true });
        }
        let [name, account, bank] = texts;
        let payee: &Payee = row_at(office, slot)?;
        (*payee.account.as_bytes() == *account).then(|| Known {
            kind,
            list,
            bears_its_name: *payee.name.as_bytes() == *name,
            banks_there: *payee.bank_number.as_bytes() == *bank,
        })
    }

    /// Bytes kept in memory, about.
    pub(super) fn bytes(&self) -> usize {
        self.places.bytes() + self.all.capacity() * size_of::<Registered>()
    }
}

/// The same payees: their places follow from the order they came in.
impl PartialEq for Payees {
    fn eq(&self, other: &Payees) -> bool {
        self.all == other.all
    }
}

impl Registered {
    fn of(hash: u64, slot: u32, payee: Option<&Payee>) -> Registered {
        let beginning = [0; BEGINNING_BYTES_MAX];
        let (kind, list, length) = (PayeeKind::Unit, PayeeList::None, 0);
        let mut registered = Registered { hash, slot, kind, list, length, beginning };
        let Some(payee) = payee else { return registered };
        (registered.kind, registered.list) = (payee.kind, payee.list);
        let texts = ParticularsText {
            payee_name: payee.name.to_string(),
            payee_account: payee.account.to_string(),
            payee_bank: payee.bank_number.to_string(),
            ..ParticularsText::default()
        };
        let encoded = texts.encode();
        // The three texts that are empty here are a length each, and another payment's own.
        let begins = &encoded[..encoded.len().saturating_sub(6)];
        if let Some(place) = registered.beginning.get_mut(..begins.len()) {
            place.copy_from_slice(begins);
            registered.length = begins.len() as u8;
        }
        registered
    }
}
