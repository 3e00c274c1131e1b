//! How what has to do with reconciliation is written down: see [`crate::finance::record`].

use bincode::{Decode, Encode};
use domain::Fen;
use domain::day::limits::Event as LimitEvent;
use domain::ids::{Day, PersonId};
use domain::reconciliation::class::{OwnedFinding, Place};
use domain::reconciliation::register::{
    Carried, DifferenceId, Ending, Event, Outcome, Remark, Told,
};
use domain::reconciliation::{Class, Figures, ItemState, Source};

use super::carried::CarryChange;
use crate::finance::feed::ParkedName;
use crate::finance::record::{key_of, party_of};

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Record {
    /// A business day of finance begins.
    DayBegan {
        /// Which.
        day: u32,
    },
    /// A bank asked for what it paid, or handed refunds on.
    Asked(Asked),
    /// A limit notice was written for a request.
    Limited {
        /// The request's key.
        request: String,
        /// The notice's key.
        notice: String,
        /// What our books have of the request, in fen.
        ours_fen: i64,
    },
    /// The central bank is done with a request.
    RequestEnded {
        /// The request's key.
        request: String,
        /// When.
        day: u32,
        /// Whether it was sent back.
        returned: bool,
    },
    /// A part of a statement came, and not all of it is there.
    Part {
        /// Whose.
        from: String,
        /// The part, in canonical bytes.
        statement: Vec<u8>,
    },
    /// All that a party tells of one source and day was compared.
    Compared {
        /// Whose statement of what.
        told: ToldRecord,
        /// Of which day.
        day: u32,
        /// What it means for the register.
        changes: Vec<Change>,
    },
    /// The register changed by a person's order, or by a fact that mends our books.
    Changed(Vec<Change>),
    /// A statement was answered.
    Replied {
        /// Key of the answer.
        answer: String,
    },
    /// A bank's request was held against our books, line by line.
    Held {
        /// The request's key.
        request: String,
        /// Lines that say what our books say.
        agreed: u64,
        /// What differs.
        findings: Vec<FindingRecord>,
    },
    /// A bank has told its accounts' balances at a day's end.
    Balances {
        /// The bank.
        bank: String,
        /// Of which day.
        day: u32,
        /// Accounts that are not at zero, in fen.
        not_zero: Vec<(String, i64)>,
    },
    /// How much a bank may have paid that is not cleared changed, or a change of it waits for a second person.
    Limit(LimitChange),
    /// The engine put a fact into suspense.
    Parked {
        /// Its name.
        name: ParkedRecord,
        /// The payment it is about.
        payment: u128,
        /// How much, in fen.
        amount_fen: i64,
    },
    /// A fact has left the engine's suspense.
    Unparked(ParkedRecord),
    /// The central bank has told what the treasury's accounts ended a day with.
    Ended {
        /// The day.
        day: u32,
        /// Accounts by their treasury's code, in fen.
        balances: Vec<(String, i64)>,
    },
    /// Things of the checklist are carried by name, or are not any more.
    Carrying(CarryChange),
    /// The central bank has told what waits there for cash.
    Waiting {
        /// The day whose statement told it.
        day: u32,
        /// Each voucher's key, its lane and its amount in fen, in the order they will be paid.
        waiting: Vec<(String, u8, i64)>,
    },
    /// The banks' cut-off holds orders back that have not left.
    HeldBack {
        /// Their keys.
        orders: Vec<String>,
    },
    /// What the cut-off held back goes out.
    LetGo {
        /// The day.
        day: u32,
    },
    /// A bank has told which orders it holds until its next day.
    HeldThere {
        /// The bank.
        bank: String,
        /// The day whose statement told it.
        day: u32,
        /// All of them, by their keys.
        orders: Vec<String>,
    },
}

/// What was said of a limit of exposure.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum LimitChange {
    /// Bank, limit in fen (none: nothing is to be agreed any more), and by whom and under which number.
    Proposed(String, Option<i64>, RemarkRecord),
    /// Bank, limit in fen, who proposed it, and who said the same.
    Agreed(String, Option<i64>, RemarkRecord, RemarkRecord),
    /// Bank, and who took the proposal back.
    TakenBack(String, RemarkRecord),
}

/// What names a fact in suspense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct ParkedRecord {
    division: u16,
    year: u16,
    channel: u16,
    serial: u64,
    fingerprint: u128,
}

impl From<&ParkedName> for ParkedRecord {
    fn from(name: &ParkedName) -> ParkedRecord {
        let ParkedName { book: (division, year), channel, serial, fingerprint } = name;
        ParkedRecord {
            division: division.0,
            year: year.get(),
            channel: channel.0,
            serial: *serial,
            fingerprint: fingerprint.0,
        }
    }
}

impl std::fmt::Display for ParkedRecord {
    /// Channel and number, as suspense is listed.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}/{}", self.channel, self.serial)
    }
}

/// A request of a bank, of which finance has a copy.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Asked {
    /// Its key.
    pub request: String,
    /// The bank.
    pub bank: String,
    /// Its day.
    pub day: u32,
    /// What it asks for, in fen; negative for refunds.
    pub asked_fen: i64,
    /// What our books have of it, in fen; nothing before a limit notice is written.
    pub ours_fen: i64,
    /// Refunds that it names and of which no notice has come: voucher and number.
    pub missing: Vec<(String, u64)>,
}

/// Whose statement of what.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ToldRecord {
    source: u8,
    party: String,
}

/// What one side says of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct FiguresRecord {
    amount_fen: i64,
    state: u8,
    day: u32,
}

/// A finding.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct FindingRecord {
    voucher: String,
    detail: String,
    bank: String,
    account: String,
    fund: String,
    class: u8,
    ours: Option<FiguresRecord>,
    theirs: Option<FiguresRecord>,
}

/// Something said on a day.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RemarkRecord {
    person: u64,
    day: u32,
    words: String,
}

/// How a difference ended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum EndingRecord {
    /// Compared anew, both sides agree.
    Agreed,
    /// The other side confirmed.
    Confirmed(Option<FiguresRecord>, RemarkRecord),
    /// Ours was corrected.
    Corrected(Option<FiguresRecord>, RemarkRecord),
    /// Two persons accept it.
    Accepted(RemarkRecord, RemarkRecord),
}

/// An event of the register.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Change {
    /// Whose statement, of which day, and how many lines agreed and differed.
    Compared(ToldRecord, u32, u64, u64),
    /// Number, whose statement, of which day, and what differs.
    Opened(u64, ToldRecord, u32, FindingRecord),
    /// Number, what differs now, and the day of the other half.
    Grown(u64, FindingRecord, Option<u32>),
    /// Number, and who sees to it.
    Assigned(u64, u64),
    /// Number, and the letter.
    Written(u64, RemarkRecord),
    /// Number, and who would accept it and why.
    Proposed(u64, RemarkRecord),
    /// Number, until when, by whom and why.
    Carried(u64, u32, RemarkRecord),
    /// Number, and how it ended.
    Ended(u64, EndingRecord),
    /// The day.
    DayClosed(u32),
}

/// A day that was written.
///
/// # Panics
/// When it is none: the journal gives back what was written.
pub(super) fn day_of(day: u32) -> Day {
    Day::new(day).expect("a day was written")
}

impl From<Told> for ToldRecord {
    fn from(told: Told) -> ToldRecord {
        ToldRecord { source: told.source.number(), party: told.party.to_string() }
    }
}

impl From<&ToldRecord> for Told {
    fn from(told: &ToldRecord) -> Told {
        let source = Source::from_number(told.source).expect("a source was written");
        Told { source, party: party_of(&told.party) }
    }
}

impl From<Figures> for FiguresRecord {
    fn from(said: Figures) -> FiguresRecord {
        let Figures { amount_fen, state, day } = said;
        FiguresRecord { amount_fen: amount_fen.get(), state: state.number(), day: day.get() }
    }
}

impl From<FiguresRecord> for Figures {
    fn from(said: FiguresRecord) -> Figures {
        Figures {
            amount_fen: Fen::new(said.amount_fen),
            state: ItemState::from_number(said.state).expect("a state was written"),
            day: day_of(said.day),
        }
    }
}

impl From<&OwnedFinding> for FindingRecord {
    fn from(finding: &OwnedFinding) -> FindingRecord {
        let OwnedFinding { place, class, ours, theirs } = finding;
        FindingRecord {
            voucher: place.voucher.to_string(),
            detail: place.detail.to_string(),
            bank: place.bank.to_string(),
            account: place.account.to_string(),
            fund: place.fund.to_string(),
            class: class.number(),
            ours: ours.map(FiguresRecord::from),
            theirs: theirs.map(FiguresRecord::from),
        }
    }
}

impl From<&FindingRecord> for OwnedFinding {
    fn from(finding: &FindingRecord) -> OwnedFinding {
        let place = Place {
            voucher: key_of(&finding.voucher),
            detail: (*finding.detail).into(),
            bank: (*finding.bank).into(),
            account: (*finding.account).into(),
            fund: (*finding.fund).into(),
        };
        OwnedFinding {
            place,
            class: Class::from_number(finding.class).expect("a class was written"),
            ours: finding.ours.map(Figures::from),
            theirs: finding.theirs.map(Figures::from),
        }
    }
}

impl From<&Remark> for RemarkRecord {
    fn from(remark: &Remark) -> RemarkRecord {
        let Remark { person, day, words } = remark;
        RemarkRecord { person: person.0, day: day.get(), words: words.to_string() }
    }
}

impl From<&RemarkRecord> for Remark {
    fn from(remark: &RemarkRecord) -> Remark {
        Remark {
            person: PersonId(remark.person),
            day: day_of(remark.day),
            words: (*remark.words).into(),
        }
    }
}

impl From<&Ending> for EndingRecord {
    fn from(ending: &Ending) -> EndingRecord {
        match ending {
            Ending::Agreed => EndingRecord::Agreed,
            Ending::Confirmed { theirs, remark } => {
                EndingRecord::Confirmed(theirs.map(FiguresRecord::from), remark.into())
            }
            Ending::Corrected { ours, remark } => {
                EndingRecord::Corrected(ours.map(FiguresRecord::from), remark.into())
            }
            Ending::Accepted { first, second } => {
                EndingRecord::Accepted(first.into(), second.into())
            }
        }
    }
}

impl From<&EndingRecord> for Ending {
    fn from(ending: &EndingRecord) -> Ending {
        match ending {
            EndingRecord::Agreed => Ending::Agreed,
            EndingRecord::Confirmed(theirs, remark) => {
                Ending::Confirmed { theirs: theirs.map(Figures::from), remark: remark.into() }
            }
            EndingRecord::Corrected(ours, remark) => {
                Ending::Corrected { ours: ours.map(Figures::from), remark: remark.into() }
            }
            EndingRecord::Accepted(first, second) => {
                Ending::Accepted { first: first.into(), second: second.into() }
            }
        }
    }
}

impl From<&LimitEvent> for LimitChange {
    fn from(event: &LimitEvent) -> LimitChange {
        match event {
            LimitEvent::Proposed { bank, limit_fen, remark } => {
                LimitChange::Proposed(bank.to_string(), limit_fen.map(Fen::get), remark.into())
            }
            LimitEvent::Agreed { bank, limit_fen, first, second } => {
                let limit_fen = limit_fen.map(Fen::get);
                LimitChange::Agreed(bank.to_string(), limit_fen, first.into(), second.into())
            }
            LimitEvent::TakenBack { bank, remark } => {
                LimitChange::TakenBack(bank.to_string(), remark.into())
            }
        }
    }
}

impl From<&LimitChange> for LimitEvent {
    fn from(change: &LimitChange) -> LimitEvent {
        match change {
            LimitChange::Proposed(bank, limit_fen, remark) => LimitEvent::Proposed {
                bank: party_of(bank),
                limit_fen: limit_fen.map(Fen::new),
                remark: remark.into(),
            },
            LimitChange::Agreed(bank, limit_fen, first, second) => LimitEvent::Agreed {
                bank: party_of(bank),
                limit_fen: limit_fen.map(Fen::new),
                first: first.into(),
                second: second.into(),
            },
            LimitChange::TakenBack(bank, remark) => {
                LimitEvent::TakenBack { bank: party_of(bank), remark: remark.into() }
            }
        }
    }
}

impl From<&Event> for Change {
    fn from(event: &Event) -> Change {
        match event {
            Event::Compared { told, day, outcome: Outcome { agreed, different } } => {
                Change::Compared((*told).into(), day.get(), *agreed, *different)
            }
            Event::Opened { id, told, day, finding } => {
                Change::Opened(id.0, (*told).into(), day.get(), finding.into())
            }
            Event::Changed { id, finding, joined } => {
                Change::Grown(id.0, finding.into(), joined.map(Day::get))
            }
            Event::Assigned { id, to } => Change::Assigned(id.0, to.0),
            Event::Written { id, remark } => Change::Written(id.0, remark.into()),
            Event::Proposed { id, remark } => Change::Proposed(id.0, remark.into()),
            Event::Carried { id, carried } => {
                Change::Carried(id.0, carried.until.get(), (&carried.remark).into())
            }
            Event::Ended { id, ending } => Change::Ended(id.0, ending.into()),
            Event::DayClosed { day } => Change::DayClosed(day.get()),
        }
    }
}

impl From<&Change> for Event {
    fn from(change: &Change) -> Event {
        let id = |id: &u64| DifferenceId(*id);
        match change {
            Change::Compared(told, day, agreed, different) => Event::Compared {
                told: told.into(),
                day: day_of(*day),
                outcome: Outcome { agreed: *agreed, different: *different },
            },
            Change::Opened(at, told, day, finding) => Event::Opened {
                id: id(at),
                told: told.into(),
                day: day_of(*day),
                finding: finding.into(),
            },
            Change::Grown(at, finding, joined) => {
                Event::Changed { id: id(at), finding: finding.into(), joined: joined.map(day_of) }
            }
            Change::Assigned(at, to) => Event::Assigned { id: id(at), to: PersonId(*to) },
            Change::Written(at, remark) => Event::Written { id: id(at), remark: remark.into() },
            Change::Proposed(at, remark) => Event::Proposed { id: id(at), remark: remark.into() },
            Change::Carried(at, until, remark) => {
                let carried = Carried { until: day_of(*until), remark: remark.into() };
                Event::Carried { id: id(at), carried }
            }
            Change::Ended(at, ending) => Event::Ended { id: id(at), ending: ending.into() },
            Change::DayClosed(day) => Event::DayClosed { day: day_of(*day) },
        }
    }
}
