//! What was done about a letter beside its way on a line: by which persons here, or by the other side, when and why.

use std::collections::BTreeMap;

use domain::ids::Day;

use crate::limits::LETTER_DEEDS_MAX;

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// It went by paper, with two persons' word (线下办理).
    WentByPaper,
    /// It came by paper, and was typed in with two persons' word.
    CameByPaper,
    /// Voided before it left (作废).
    Voided,
    /// Asked back (撤回).
    AskedBack,
    /// The other side keeps what was asked back.
    Kept,
    /// The other side did not take it (签收失败).
    NotTaken,
    /// The other side sent it back (退回).
    Returned,
    /// The other side does not take it as it is; a person looks at it.
    Stopped,
    /// Sealed anew.
    SealedAnew,
    /// Given up.
    GivenUp,
    /// Set aside on arrival.
    SetAside,
    /// Sent before this store was restored from an older copy, and known again from the other side's.
    TookBack,
    /// Taken after all.
    Released,
    /// Not taken here, on arrival or behind it.
    Refused,
}

impl Doing {
    /// Its name in JSON.
    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Doing::WentByPaper => "went-by-paper",
            Doing::CameByPaper => "came-by-paper",
            Doing::Voided => "voided",
            Doing::AskedBack => "asked-back",
            Doing::Kept => "kept",
            Doing::NotTaken => "not-taken",
            Doing::Returned => "returned",
            Doing::Stopped => "stopped",
            Doing::SealedAnew => "sealed-anew",
            Doing::GivenUp => "given-up",
            Doing::SetAside => "set-aside",
            Doing::TookBack => "took-back",
            Doing::Released => "released",
            Doing::Refused => "refused",
        }
    }

    /// In English, as it is said of a letter.
    #[must_use]
    pub const fn english(self) -> &'static str {
        match self {
            Doing::WentByPaper => "it went by paper",
            Doing::CameByPaper => "it came by paper and was typed in",
            Doing::Voided => "it was voided before it left",
            Doing::AskedBack => "it was asked back",
            Doing::Kept => "the other side keeps it, though it was asked back",
            Doing::NotTaken => "the other side did not take it",
            Doing::Returned => "the other side sent it back",
            Doing::Stopped => "the other side does not take it as it is",
            Doing::SealedAnew => "it was sealed anew",
            Doing::GivenUp => "it was given up",
            Doing::SetAside => "it was set aside",
            Doing::TookBack => {
                "it is known again from the other side's copy, having been sent before a restore"
            }
            Doing::Released => "it was taken after all",
            Doing::Refused => "it was not taken here",
        }
    }

    /// What officials call it.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Doing::WentByPaper => "线下办理",
            Doing::CameByPaper => "线下送达并录入",
            Doing::Voided => "发出前作废",
            Doing::AskedBack => "申请撤回",
            Doing::Kept => "对方未同意撤回",
            Doing::NotTaken => "对方签收失败",
            Doing::Returned => "对方退回",
            Doing::Stopped => "对方不予签收，已停发",
            Doing::SealedAnew => "重新签章",
            Doing::GivenUp => "放弃发送",
            Doing::SetAside => "已搁置",
            Doing::TookBack => "由旧备份恢复后，据对方留存确认已发送",
            Doing::Released => "放行并签收",
            Doing::Refused => "本方签收失败",
        }
    }

    /// Whether a later one leaves its words as the ones that stand over the letter.
    const fn says_nothing_new(self) -> bool {
        matches!(self, Doing::AskedBack | Doing::Kept | Doing::TookBack)
    }
}

/// One thing that was done about a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    /// The store's day.
    pub day: Day,
    /// What.
    pub what: Doing,
    /// The persons; none where the other side or the program did it by itself.
    pub by: Vec<String>,
    /// Who had authorised them, in the same order; empty where nobody has to be.
    pub authorised_by: Vec<String>,
    /// Why, in words; may be empty.
    pub reason: String,
}

impl Deed {
    /// Done by itself, or by the other side.
    pub(super) fn of(day: Day, what: Doing, reason: &str) -> Deed {
        let (by, authorised_by) = (Vec::new(), Vec::new());
        Deed { day, what, by, authorised_by, reason: reason.to_owned() }
    }

    /// Done by one person; by itself where the name is empty.
    pub(super) fn by(day: Day, what: Doing, person: &str, reason: &str) -> Deed {
        let by = if person.is_empty() { Vec::new() } else { vec![person.to_owned()] };
        Deed { by, ..Deed::of(day, what, reason) }
    }

    /// Persons and reason in one line.
    #[must_use]
    pub fn words(&self) -> String {
        match (self.by.join(" and "), self.reason.as_str()) {
            (by, "") => by,
            (by, reason) if by.is_empty() => reason.to_owned(),
            (by, reason) => format!("{by}: {reason}"),
        }
    }
}

/// What was done about the letters of one direction, by entry.
#[derive(Clone, Debug, Default)]
pub(super) struct Deeds(BTreeMap<u32, Vec<Deed>>);

impl Deeds {
    /// Takes one down. Of a letter about which more is done than [`LETTER_DEEDS_MAX`] the oldest is let go: the journal
    /// keeps all.
    pub(super) fn add(&mut self, entry: u32, deed: Deed) {
        let all = self.0.entry(entry).or_default();
        if all.len() == LETTER_DEEDS_MAX {
            all.remove(0);
        }
        all.push(deed);
    }

    /// All that was done about a letter, the first first.
    pub(super) fn of(&self, entry: u32) -> &[Deed] {
        self.0.get(&entry).map_or(&[], Vec::as_slice)
    }

    /// The words that stand over a letter now; none where all went its way.
    pub(super) fn words(&self, entry: u32) -> Option<String> {
        let last = self.of(entry).iter().rev().find(|deed| !deed.what.says_nothing_new())?;
        let over = matches!(last.what, Doing::SealedAnew | Doing::Released);
        (!over).then(|| last.words())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_over_a_letter_are_those_of_what_was_done_last_and_persons_stay_known() {
        let day = Day::new(20_220_304).expect("a day");
        let mut deeds = Deeds::default();
        assert_eq!((deeds.of(3), deeds.words(3)), (&[][..], None));
        let persons = vec!["王芳".to_owned(), "李强".to_owned()];
        let paper = Deed { by: persons, ..Deed::of(day, Doing::WentByPaper, "两条线路中断") };
        deeds.add(3, paper);
        assert_eq!(deeds.words(3).as_deref(), Some("王芳 and 李强: 两条线路中断"));
        deeds.add(3, Deed::by(day, Doing::AskedBack, "赵敏", ""));
        assert_eq!(deeds.words(3).as_deref(), Some("王芳 and 李强: 两条线路中断"));
        deeds.add(3, Deed::of(day, Doing::Returned, "账户已销户"));
        assert_eq!(deeds.words(3).as_deref(), Some("账户已销户"));
        assert_eq!(deeds.of(3)[0].by.len(), 2);
        deeds.add(3, Deed::by(day, Doing::SealedAnew, "", ""));
        assert_eq!(deeds.words(3), None);
        for _ in 0..2 * LETTER_DEEDS_MAX {
            deeds.add(3, Deed::of(day, Doing::Stopped, "no trust"));
        }
        assert_eq!(deeds.of(3).len(), LETTER_DEEDS_MAX);
    }
}
