//! What can be filed: the kinds of papers, by number and name.

use crate::codes::Role;

macro_rules! papers {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $slug:literal, $chinese:literal, $roles:expr;)+) => {
        /// A kind of paper. Numbers and names are never reused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum PaperKind { $($(#[$doc])* $name = $number,)+ }

        impl PaperKind {
            /// Every kind, by number.
            pub const ALL: &'static [PaperKind] = &[$(PaperKind::$name,)+];

            /// The kind with a number.
            #[must_use]
            pub const fn from_number(number: u8) -> Option<PaperKind> {
                match number { $($number => Some(PaperKind::$name),)+ _ => None }
            }

            /// The stable number.
            #[must_use]
            pub const fn number(self) -> u8 {
                self as u8
            }

            /// The name in texts, JSON and scripts.
            #[must_use]
            pub const fn slug(self) -> &'static str {
                match self { $(PaperKind::$name => $slug,)+ }
            }

            /// What officials call it.
            #[must_use]
            pub const fn chinese(self) -> &'static str {
                match self { $(PaperKind::$name => $chinese,)+ }
            }

            /// The kind with a name.
            #[must_use]
            pub fn from_slug(slug: &str) -> Option<PaperKind> {
                match slug { $($slug => Some(PaperKind::$name),)+ _ => None }
            }

            /// In which capacities it may be filed.
            #[must_use]
            pub const fn roles(self) -> &'static [Role] {
                match self { $(PaperKind::$name => $roles,)+ }
            }
        }
    };
}

const FINANCE: &[Role] = &[Role::Finance];

papers! {
    /// Put rows of base data: each line a table's name and a row's fields.
    BasePut = 1, "base-put", "登记基础信息", FINANCE;
    /// Remove rows of base data: each line a table's name and a key.
    BaseRemove = 2, "base-remove", "删除基础信息", FINANCE;
}

impl PaperKind {
    /// Whether it may stand in a batch, to take effect with others or not at all.
    #[must_use]
    pub const fn is_stageable(self) -> bool {
        matches!(self, PaperKind::BasePut | PaperKind::BaseRemove)
    }
}

/// The lines of a paper, as fields.
pub fn lines(text: &str) -> impl Iterator<Item = Vec<&str>> {
    text.lines().map(|line| line.split('\t').collect())
}
