//! Whose journal it is, and which root its party trusts: nobody else goes on with it.

use domain::voucher::Party;
use thiserror::Error;

use crate::encoding::{Put, Reader, Unreadable};
use crate::limits::PUBLIC_KEY_BYTES_MAX;
use crate::signing::{Algorithm, PublicKey};

/// The party a journal is of, and the root it trusts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The party.
    pub party: Party,
    /// The root's public key.
    pub root: PublicKey,
}

/// Why a party does not go on with a journal.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Stranger {
    /// It is another party's.
    #[error(
        "this is the journal of {theirs}, and {mine} was started on it; give {mine} a directory of its own, or start {theirs}"
    )]
    Party {
        /// Whose it is.
        theirs: Party,
        /// Who was started.
        mine: Party,
    },
    /// It is of another province.
    #[error(
        "this journal of {party} trusts the root {}, and root.pub is the root {}; give the keys of the province it was made in, or a new directory",
        digits(.theirs),
        digits(.mine)
    )]
    Root {
        /// Whose it is.
        party: Party,
        /// The root it trusts.
        theirs: Box<PublicKey>,
        /// The root that was given.
        mine: Box<PublicKey>,
    },
}

impl Owner {
    /// Puts it behind what is there.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.put_party(self.party);
        out.push(self.root.algorithm().number());
        out.put_short(self.root.bytes());
    }

    /// Reads it.
    ///
    /// # Errors
    /// When the fields are none.
    pub fn read(fields: &mut Reader<'_>) -> Result<Owner, Unreadable> {
        let what = "the root's key";
        let party = fields.party("the party")?;
        let algorithm = Reader::known(Algorithm::from_number(fields.u8(what)?), what)?;
        let key = fields.short(PUBLIC_KEY_BYTES_MAX, what)?;
        let root = PublicKey::read(algorithm, key).map_err(|_| Unreadable::Impossible { what })?;
        Ok(Owner { party, root })
    }

    /// Holds the owner of a journal against who was started on it.
    ///
    /// # Errors
    /// When they are not the same.
    pub fn is_of(&self, me: Party, root: &PublicKey) -> Result<(), Box<Stranger>> {
        if self.party != me {
            return Err(Box::new(Stranger::Party { theirs: self.party, mine: me }));
        }
        if self.root != *root {
            let (theirs, mine) = (Box::new(self.root.clone()), Box::new(root.clone()));
            return Err(Box::new(Stranger::Root { party: me, theirs, mine }));
        }
        Ok(())
    }
}

/// A key as `root.pub` has it.
fn digits(key: &PublicKey) -> String {
    key.bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}
