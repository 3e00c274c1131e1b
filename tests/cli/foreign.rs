//! Journals that the engine would never have written: every checksum holds, and they are wrong.

use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use domain::Fen;
use domain::codes::{ActKind, AuthorityKind, Posts, Role, YearState};
use domain::command::{Act, By, Create};
use domain::event::{Event, EventBody};
use domain::ids::{
    ActId, BatchId, ChannelId, Class, ContractId, DivisionIndex, Fingerprint, FiscalYear, LimitKey,
    PersonId, QuotaId,
};
use storage::dataset::{DataSet, Environment};
use storage::disk::{Disk, DiskError, RealDisk};
use storage::event_record;
use storage::journal::{Journal, LocalJournal};
use storage::record::RecordWriter;
use storage::recovery::{OpenError, OpenOptions, Recovered};

use crate::house::House;

const DIVISION: DivisionIndex = DivisionIndex(5);

fn year() -> FiscalYear {
    FiscalYear::new(2022).expect("a year")
}

fn event(body: EventBody<'_>) -> Event<'_> {
    let by = By { person: PersonId(1), role: Role::Finance, channel: ChannelId(1) };
    Event { by, body }
}

fn opened(act: u128) -> Event<'static> {
    let fingerprint = Fingerprint(act);
    let state = YearState::Open;
    let (act, division, year) = (ActId(act), DIVISION, year());
    event(EventBody::YearSet { fingerprint, act, division, year, state })
}

fn created() -> Event<'static> {
    let command = Create {
        act: ActId(11),
        division: DIVISION,
        year: year(),
        parent: QuotaId::NONE,
        fund: Class::new("111").expect("a class"),
        economic: Class::ANY,
        posts: Posts::UNIT,
        executable: true,
        plan: LimitKey(0),
        authority: AuthorityKind::BudgetLine,
        cap_fen: Fen::ZERO,
        key: "a",
    };
    let quota = QuotaId::new(DIVISION, year(), 0);
    event(EventBody::Created { quota, fingerprint: Fingerprint(11), command })
}

fn issued(version: u32) -> Event<'static> {
    let command = Act {
        kind: ActKind::Issue,
        act: ActId(12),
        quota: QuotaId::new(DIVISION, year(), 0),
        amount_fen: Fen::new(100),
        contract: ContractId::NONE,
        plan: ContractId::NONE,
        batch: BatchId(0),
        note: "",
    };
    event(EventBody::Acted { version, fingerprint: Fingerprint(12), command })
}

/// A journal whose records are what `write` puts into one group.
fn journal(write: impl FnOnce(&mut RecordWriter)) -> House {
    let house = House::empty();
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::probe(house.path()).expect("a disk"));
    let dataset = DataSet {
        id: 7,
        environment: Environment::Test,
        hash_key: [3; 16],
        segment_bytes: 64 * 1024,
    };
    LocalJournal::create(&disk, house.path(), dataset).expect("a journal");
    let options = OpenOptions::new("another 0.0.1", 1000, &event_record::knows);
    let mut journal = open(&disk, &house, &options).journal;
    let mut run = RecordWriter::default();
    write(&mut run);
    journal.append(&[run.run()], 1001).expect("a group");
    house
}

/// Opens a journal that was just made. A program that another test starts at this moment holds what
/// this process held when it was forked, the lock too, until it is its own: the lock is tried again.
fn open(disk: &Arc<dyn Disk>, house: &House, options: &OpenOptions<'_>) -> Recovered {
    const LOOK_AGAIN: Duration = Duration::from_millis(2);
    const LOOKS: u32 = 5_000;
    for _ in 0..LOOKS {
        match LocalJournal::open(disk, house.path(), options, &mut |_| Ok(())) {
            Err(OpenError::Disk(DiskError::Held { .. })) => sleep(LOOK_AGAIN),
            opened => return opened.expect("an open journal"),
        }
    }
    panic!("the journal of {} stays held", house.data());
}

/// A quota at version 1 gets an event for version 5.
pub(crate) fn with_a_version_gap() -> House {
    journal(|run| {
        for event in [opened(10), created(), issued(5)] {
            event_record::write(&event, run);
        }
    })
}

/// The same act is accepted twice.
pub(crate) fn with_an_id_taken_twice() -> House {
    journal(|run| {
        for event in [opened(10), opened(10)] {
            event_record::write(&event, run);
        }
    })
}

/// A record of a kind that is not known today.
pub(crate) fn with_a_kind_of_tomorrow() -> House {
    journal(|run| {
        event_record::write(&opened(10), run);
        run.write(999, 7, b"new");
    })
}
