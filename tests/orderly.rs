//! The real server where it must say no, or stop, in good order: a directory that another process
//! has or that cannot be written, a disk that runs full, SIGTERM under load, a second signal, and
//! subscribers who come back after a restart.

mod harness;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use actors::limits::SESSION_OUTPUT_BYTES_MAX;
use domain::codes::{ActKind, FactKind, StepKind};
use domain::ids::QuotaId;
use domain::particulars::ParticularsText;
use domain::{Code, Command, Role};
use harness::bystander::{Bystander, HIS_FEN};
use harness::desk::{CHANNEL, Desk, Told};
use harness::files::{self, SmallDisk};
use harness::journal::records;
use harness::server::{Options, PROGRAM, Server, digest, sound, treasury};
use harness::{orders, wait_for};
use protocol::client::{Link, LinkError};
use protocol::limits::FRAME_HEADER_BYTES;
use protocol::lookup::{Answer, IdKind, LookUp};
use protocol::message::{ErrorMessage, Status, put_bare};
use protocol::subscribe::{Cursor, Events, Subscribe};
use protocol::{Flags, FrameKind, Hello, Reply};
use socket2::Type;
use storage::marks::KIND_CLOSED;
use storage::record::DOMAIN_KIND_FIRST;

/// The division all of it happens in.
const DIVISION: u16 = 5;

const CANNOT_START: Option<i32> = Some(5);

/// A directory of its own, and a server on it with one quota.
struct House {
    dir: tempfile::TempDir,
    server: Server,
    quota: QuotaId,
}

impl House {
    fn new() -> House {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let server = Options::new(dir.path()).start();
        let quota = orders::found_with(server.address, DIVISION, 1, HIS_FEN)[0];
        House { dir, server, quota }
    }

    fn data(&self) -> &Path {
        self.dir.path()
    }
}

/// The sequence under which a payment is on record.
fn outcome(desk: &mut Desk, quota: QuotaId, payment: u128) -> Option<u64> {
    let (kind, division, year) = (IdKind::Payment, quota.division(), quota.year());
    match desk.ask(LookUp::Outcome { kind, division, year, id: payment }) {
        Answer::Outcome(outcome) => Some(outcome.result.sequence),
        Answer::Failed(Code::NotFound) => None,
        other => panic!("payment {payment} is answered {other:?}"),
    }
}

// ---- directories ---------------------------------------------------------------------------------

#[test]
fn a_second_server_on_a_directory_is_told_who_has_it_and_the_first_goes_on() {
    let house = House::new();
    let bystander = Bystander::beside(house.server.address, house.quota);
    bystander.must_go_on(20);
    for options in [Options::new(house.data()), Options::existing(house.data())] {
        let refused = options.refused();
        assert_eq!(refused.code, CANNOT_START, "{}", refused.said);
        let owner = format!("is in use by process {}", house.server.id());
        assert!(refused.said.contains(&owner), "{}", refused.said);
        assert!(refused.said.contains("stop that process"), "{}", refused.said);
        bystander.must_go_on(20);
    }
    // Whoever only reads needs no lock.
    let output = treasury(&["inspect", "journal", "--json", "--limit", "1"], house.data());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    bystander.must_go_on(20);
    let reserved = bystander.leave();
    assert!(reserved >= 80);
    let closed = house.server.stop();
    assert_eq!(sound(house.dir.path())["digest"], closed.digest.as_str());
    // A lock dies with its process: after a kill the directory is free at once.
    let server = Options::existing(house.dir.path()).start();
    server.kill();
    Options::existing(house.dir.path()).start().stop();
}

/// Makes a directory that this or another user may only read, and says how a server on it is
/// started; keeps what must live as long.
struct ReadOnly {
    data: PathBuf,
    options: Options,
    small: Option<SmallDisk>,
    _dir: tempfile::TempDir,
}

impl ReadOnly {
    /// A data set that was written and then made unwritable.
    fn written() -> ReadOnly {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let small = SmallDisk::mount(160).ok();
        let data = small.as_ref().map_or(dir.path(), |small| &small.path).join("data");
        let server = Options::new(&data).start();
        let quota = orders::found_with(server.address, DIVISION, 1, HIS_FEN)[0];
        Desk::connect(server.address, Role::Maker).must(&orders::reserve(1, quota, 100));
        server.stop();
        let mut options = Options::existing(&data);
        match &small {
            Some(small) => small.remount("ro"),
            None => options.as_user = for_reading_only(&data, dir.path()),
        }
        ReadOnly { data, options, small, _dir: dir }
    }

    fn make_writable(&mut self) {
        match &self.small {
            Some(small) => small.remount("rw"),
            None => {
                self.options.as_user = None;
                for dir in [self.data.clone(), files::journal(&self.data)] {
                    allow(&dir, 0o755);
                }
            }
        }
    }
}

fn allow(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    let permissions = std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(path, permissions).expect("permissions can be set");
}

/// Takes the right to write from whoever will run the server. Nothing keeps root from writing where
/// the filesystem lets it, so root runs the server as nobody, by a copy of the program.
fn for_reading_only(data: &Path, dir: &Path) -> Option<(u32, PathBuf)> {
    const NOBODY: u32 = 65_534;
    for path in [data, &files::journal(data)] {
        allow(path, 0o555);
    }
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    allow(dir, 0o755);
    let program = dir.join("treasury");
    std::fs::copy(PROGRAM, &program).expect("the program can be copied");
    allow(&program, 0o755);
    Some((NOBODY, program))
}

#[test]
fn a_directory_that_cannot_be_written_is_not_served_and_can_be_read() {
    let mut house = ReadOnly::written();
    let before = files::read(&house.data);
    let refused = house.options.refused();
    assert_eq!(refused.code, CANNOT_START, "{}", refused.said);
    let next = if house.small.is_some() { "remount" } else { "permission" };
    assert!(refused.said.contains(next), "{}", refused.said);
    assert!(refused.said.contains(&house.data.display().to_string()), "{}", refused.said);
    sound(&house.data);
    assert_eq!(files::difference(&house.data, &before), None);
    house.make_writable();
    let server = house.options.start();
    let quota = orders::found_with(server.address, DIVISION, 1, HIS_FEN)[0];
    let told = Desk::connect(server.address, Role::Maker).one(&orders::reserve(1, quota, 100));
    assert!(told.result.repeat && told.code() == Code::Accepted, "{told:?}");
    server.stop();
}

// ---- a disk that runs full -----------------------------------------------------------------------

/// A payment ordered to the bank, one that is only reserved, and what else may go on or not.
struct Business {
    quota: QuotaId,
    next: u128,
}

const INSTRUCTED: u128 = 1;
const RESERVED: u128 = 2;

impl Business {
    fn begin(address: SocketAddr) -> Business {
        let quota = orders::found_with(address, DIVISION, 1, HIS_FEN)[0];
        let mut maker = Desk::connect(address, Role::Maker);
        for id in [INSTRUCTED, RESERVED] {
            maker.must(&orders::reserve(id, quota, 100));
        }
        let mut checker = Desk::connect(address, Role::Checker);
        checker.must(&orders::step(StepKind::ApproveUnit, INSTRUCTED, quota, 1));
        let mut finance = Desk::connect(address, Role::Finance);
        finance.must(&orders::step(StepKind::Instruct, INSTRUCTED, quota, 1));
        Business { quota, next: 100 }
    }

    /// Orders that take money or make something.
    fn new_business(&mut self) -> Vec<Command<'static>> {
        self.next += 10;
        let (id, quota) = (self.next, self.quota);
        let key = orders::key(format!("新指标{id}"));
        vec![
            orders::reserve(id, quota, 1),
            orders::create(orders::creation(id + 1, DIVISION, key)),
            orders::act(ActKind::Issue, id + 2, quota, 1),
            orders::act(ActKind::Earmark, id + 3, quota, 1),
            orders::open_batch(id + 4, DIVISION, 1, 1, 0),
            orders::register(700 + id as u16),
        ]
    }
}

fn give(address: SocketAddr, command: &Command<'_>) -> Told {
    Desk::connect(address, command.by.role).one(command)
}

fn wait_for_status(address: SocketAddr, status: Status) {
    let mut desk = Desk::connect(address, Role::Operator);
    wait_for("the disk's status", || (desk.health().status == status).then_some(()));
}

/// The first mark: what would take more room is turned away with the way out; facts and releases
/// go on.
fn below_the_first_mark(address: SocketAddr, business: &mut Business) {
    wait_for_status(address, Status::DiskLow);
    for command in business.new_business() {
        let told = give(address, &command);
        assert_eq!(told.code(), Code::DiskLow, "{command:?} hears {told:?}");
        assert!(told.code().next_step().contains("free space"));
    }
    let quota = business.quota;
    let paid = orders::fact(FactKind::ConfirmPaid, INSTRUCTED, quota, 1, 100);
    let goes_on = [
        orders::step(StepKind::Withdraw, RESERVED, quota, 1),
        paid,
        orders::fact(FactKind::Clear, INSTRUCTED, quota, 2, 100),
        orders::act(ActKind::Freeze, business.next + 5, quota, 1),
        orders::act(ActKind::Unfreeze, business.next + 6, quota, 1),
    ];
    for command in goes_on {
        let told = give(address, &command);
        assert_eq!((told.code(), told.result.repeat), (Code::Accepted, false), "{command:?}");
    }
}

/// The second mark: nothing is taken, facts neither, and reads go on.
fn below_the_second_mark(address: SocketAddr, business: &mut Business) {
    wait_for_status(address, Status::DiskFull);
    let quota = business.quota;
    let mut refused = business.new_business();
    refused.push(orders::fact(FactKind::Refund, INSTRUCTED, quota, 3, 100));
    refused.push(orders::act(ActKind::Freeze, business.next + 7, quota, 1));
    let mut desk = Desk::connect(address, Role::Operator);
    let before = desk.health().durable;
    for command in refused {
        let told = give(address, &command);
        assert_eq!(told.code(), Code::DiskFull, "{command:?} hears {told:?}");
    }
    assert_eq!(desk.health().durable, before, "nothing was written");
    let Answer::Quota(view) = desk.ask(LookUp::Quota(quota)) else { panic!("no quota") };
    assert_eq!(view.buckets.available(), HIS_FEN - 100, "one is cleared, one is given back");
    assert!(outcome(&mut desk, quota, INSTRUCTED).is_some());
}

/// Room again: what was turned away is taken under the same ids, and once.
fn with_room_again(address: SocketAddr, business: &mut Business) {
    wait_for_status(address, Status::Serving);
    let quota = business.quota;
    for command in business.new_business() {
        let told = give(address, &command);
        assert_eq!((told.code(), told.result.repeat), (Code::Accepted, false), "{command:?}");
    }
    let refund = orders::fact(FactKind::Refund, INSTRUCTED, quota, 3, 100);
    for repeat in [false, true] {
        let told = give(address, &refund);
        assert_eq!((told.code(), told.result.repeat), (Code::Accepted, repeat), "{told:?}");
    }
}

/// More MiB than any disk has: a mark that is always passed.
const BEYOND_ANY_DISK_MIB: u64 = 1 << 40;

#[test]
fn marks_of_disk_space_turn_away_what_must_wait_and_let_the_rest_go_on() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = Options::new(dir.path()).start();
    let mut business = Business::begin(server.address);
    server.stop();
    let low = Options::existing(dir.path()).with("--disk-low-mib", BEYOND_ANY_DISK_MIB);
    let server = low.start();
    below_the_first_mark(server.address, &mut business);
    server.kill();
    let full = Options::existing(dir.path()).with("--disk-full-mib", BEYOND_ANY_DISK_MIB);
    let server = full.start();
    below_the_second_mark(server.address, &mut business);
    server.stop();
    let server = Options::existing(dir.path()).start();
    with_room_again(server.address, &mut business);
    let closed = server.stop();
    assert_eq!(sound(dir.path())["digest"], closed.digest.as_str());
}

#[test]
fn a_small_disk_that_fills_up_and_is_freed_loses_nothing() {
    let small = match SmallDisk::mount(160) {
        Ok(small) => small,
        Err(why) => return println!("no disk can be mounted here ({why}): marks alone are tested"),
    };
    let data = small.path.join("data");
    let server = Options::new(&data).start();
    let mut business = Business::begin(server.address);
    wait_for_status(server.address, Status::Serving);
    // With segments of 4 MiB the marks are at 64 and 16 MiB, with what is ready already.
    let ballast = small.leave(40 << 20);
    below_the_first_mark(server.address, &mut business);
    std::fs::remove_file(&ballast).expect("ballast to remove");
    let ballast = small.leave(0);
    below_the_second_mark(server.address, &mut business);
    std::fs::remove_file(ballast).expect("ballast to remove");
    with_room_again(server.address, &mut business);
    let closed = server.stop();
    assert_eq!(sound(&data)["digest"], closed.digest.as_str());
}

/// Fills all ready segments while the disk has no room for more, and waits until the journal waits.
fn until_the_journal_waits(server: &Server, desk: &mut Desk, quota: QuotaId, ids: Range<u128>) {
    const FRAME: usize = 50;
    let mut observer = Desk::connect(server.address, Role::Operator);
    let waits = "treasury_journal_segment_waits_total ";
    let before = metric(&mut observer, waits);
    let text = ParticularsText { document: "x".repeat(3_900), ..ParticularsText::default() };
    let particulars = orders::particulars(&text);
    let commands: Vec<_> = ids
        .map(|id| domain::command::Reserve { particulars, ..orders::reservation(id, quota, 1) })
        .map(|reservation| (orders::reserve_of(reservation), Flags::default()))
        .collect();
    for frame in commands.chunks(FRAME) {
        desk.send(frame).expect("the server takes a frame");
    }
    // More than one wait: the first may have ended with a segment that was just being filled.
    wait_for("a journal that waits for room", || {
        (metric(&mut observer, waits) > before + 3).then_some(())
    });
    assert_eq!(observer.health().status, Status::Serving, "no mark says so: it just waits");
}

/// A journal that has no room for its next segment waits, and whoever it owes an answer with it: it
/// comes once there is room. A stop meanwhile can be cut short. Nothing acknowledged is lost.
#[test]
fn a_journal_without_room_waits_and_goes_on_when_there_is_some() {
    const PAYMENTS: u128 = 1_500;
    let small = match SmallDisk::mount(32) {
        Ok(small) => small,
        Err(why) => return println!("no disk can be mounted here ({why}): marks alone are tested"),
    };
    let data = small.path.join("data");
    let options = Options { segment_mib: 1, ..Options::new(&data) };
    let no_marks = options.with("--disk-low-mib", 0).with("--disk-full-mib", 0);
    let server = no_marks.start();
    let quota = orders::found_with(server.address, DIVISION, 1, HIS_FEN)[0];
    let mut desk = Desk::connect(server.address, Role::Maker);
    let ballast = small.leave(0);
    until_the_journal_waits(&server, &mut desk, quota, 1..1 + PAYMENTS);
    std::fs::remove_file(&ballast).expect("ballast to remove");
    let mut acknowledged = 0;
    while acknowledged < PAYMENTS {
        for told in desk.next_results().expect("an answer once there is room") {
            acknowledged += 1;
            assert_eq!(told.code(), Code::Accepted, "payment {acknowledged}");
        }
    }
    let ballast = small.leave(0);
    until_the_journal_waits(&server, &mut desk, quota, 1 + PAYMENTS..1 + 2 * PAYMENTS);
    end_a_stop_that_waits(server);
    std::fs::remove_file(&ballast).expect("ballast to remove");

    let server = Options { create: false, ..no_marks }.start();
    let mut desk = Desk::connect(server.address, Role::Maker);
    for id in (1..=PAYMENTS).step_by(49) {
        assert!(outcome(&mut desk, quota, id).is_some(), "payment {id} was acknowledged");
    }
    server.stop();
    sound(&data);
}

/// A counter from the metrics text.
fn metric(desk: &mut Desk, name: &str) -> u64 {
    let text = desk.metrics();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let value = line.unwrap_or_else(|| panic!("no {name} in {text}"));
    value.trim().parse().expect("a number")
}

// ---- descriptors ---------------------------------------------------------------------------------

/// A server that may have so many files and sockets open.
fn with_descriptors(data: &Path, count: usize) -> Options {
    let limit = format!("ulimit -n {count}; exec \"$@\"");
    let beneath = ["sh", "-c", &limit, "sh"].map(str::to_owned).to_vec();
    Options { beneath, segment_mib: 1, ..Options::new(data) }
}

/// How many it says it needs.
fn needed(said: &str) -> usize {
    let (_, rest) = said.split_once("needs ").unwrap_or_else(|| panic!("it says {said}"));
    let number: String = rest.chars().take_while(char::is_ascii_digit).collect();
    number.parse().unwrap_or_else(|_| panic!("it says {said}"))
}

#[test]
fn a_start_with_too_few_descriptors_names_the_limit_and_what_is_needed() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let data = dir.path().join("data");
    let mut least = 17;
    for count in [6, 8, 12, 16, 24, 0] {
        // The last is one less than what all the others say.
        let count = if count == 0 { least - 1 } else { count };
        let refused = with_descriptors(&data, count).refused();
        assert_eq!(refused.code, CANNOT_START, "{count}: {}", refused.said);
        assert!(refused.said.contains(&format!("may have {count} files")), "{}", refused.said);
        assert!(refused.said.contains("LimitNOFILE"), "{}", refused.said);
        assert!(!refused.said.contains("panicked"), "{}", refused.said);
        assert!(!data.exists(), "nothing was begun");
        least = needed(&refused.said);
    }
    // With what it asks for it starts, serves the one connection, and stops.
    let server = with_descriptors(&data, least).start();
    let acknowledged = {
        let mut operator = Desk::connect(server.address, Role::Operator);
        operator.must(&orders::register(DIVISION))
    };
    assert_eq!(acknowledged.code(), Code::Accepted);
    server.stop();
    sound(&data);
}

#[test]
fn a_crowd_that_wants_every_descriptor_leaves_the_journal_its_own() {
    const ROOM: usize = 40;
    let dir = tempfile::tempdir().expect("a temporary directory");
    let data = dir.path().join("data");
    let least = needed(&with_descriptors(&data, 16).refused().said);
    let options = with_descriptors(&data, least - 1 + ROOM);
    let server = Options { connections_max: Some(1_000), ..options }.start();
    assert!(server.said().contains("room for fewer connections"), "{}", server.said());
    let quota = orders::found_with(server.address, DIVISION, 1, HIS_FEN)[0];
    let bystander = Bystander::beside(server.address, quota);
    let subscribers: Vec<Subscriber> =
        (0..8).map(|_| Subscriber::connect(server.address, Cursor::START)).collect();
    // Far more than there is room for, who say nothing. Segments end and begin beside them.
    let strangers: Vec<TcpStream> = (0..3 * least)
        .map(|_| TcpStream::connect(server.address).expect("the system takes a connection"))
        .collect();
    bystander.must_go_on(700);
    assert!(files::segment(&data, 3).exists(), "segments end and begin");
    drop(strangers);
    drop(subscribers);
    wait_for("room for a desk", || Desk::try_connect(server.address, Role::Maker, CHANNEL).ok());
    bystander.leave();
    let closed = server.stop();
    assert!(!closed.said.contains("open files (os error"), "{}", closed.said);
    sound(&data);
}

// ---- signals -------------------------------------------------------------------------------------

/// What one desk sent and heard until its server was gone.
#[derive(Default)]
struct Record {
    acknowledged: Vec<(u128, u64)>,
    turned_away: Vec<u128>,
    unanswered: Vec<u128>,
}

/// Commands in a frame, and frames on their way at once.
const FRAME: u128 = 20;
const AHEAD: usize = 8;

/// Sends frame after frame until the server has gone. Its word that it is stopping overtakes the
/// answers that are due still.
fn load(address: SocketAddr, lane: u128, quota: QuotaId, answers: &AtomicU64) -> Record {
    let mut record = Record::default();
    let mut desk = Desk::connect(address, Role::Maker);
    let mut next = lane << 64;
    let mut flying: BTreeMap<u64, Range<u128>> = BTreeMap::new();
    let mut stopping = false;
    loop {
        while !stopping && flying.len() < AHEAD {
            let ids = next..next + FRAME;
            next += FRAME;
            let reserve = |id| (orders::reserve(id, quota, 1), Flags::default());
            match desk.send(&ids.clone().map(reserve).collect::<Vec<_>>()) {
                Ok(request) => drop(flying.insert(request, ids)),
                Err(_) => {
                    record.unanswered.extend(ids);
                    stopping = true;
                }
            }
        }
        // The end of the connection, in whatever form it comes.
        let Ok(frame) = desk.link().receive() else { break };
        let ids = flying.remove(&frame.header.request).expect("an answer to what was asked");
        match frame.header.kind {
            FrameKind::Results => {
                let reply = Reply::parse(&frame).expect("a reply that can be read");
                for (id, result) in ids.zip(reply.iter()) {
                    let (result, _) = result.expect("a result");
                    assert_eq!(result.code, Code::Accepted, "payment {id}");
                    record.acknowledged.push((id, result.sequence));
                }
                answers.fetch_add(1, Ordering::SeqCst);
            }
            FrameKind::Error => {
                let error = ErrorMessage::parse(&frame).expect("an error that can be read");
                assert_eq!(error.code, Code::ShuttingDown, "{error}");
                record.turned_away.extend(ids);
                stopping = true;
            }
            kind => panic!("a {} frame came where results were due", kind.slug()),
        }
    }
    record.unanswered.extend(flying.into_values().flatten());
    record
}

#[test]
fn a_stop_under_load_answers_what_it_took_and_a_start_finds_all_of_it() {
    const LANES: u128 = 4;
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = Options::new(dir.path()).start();
    let address = server.address;
    let quotas = orders::found_with(address, DIVISION, LANES as u32, HIS_FEN);
    let answers = AtomicU64::new(0);
    let (closed, all) = std::thread::scope(|scope| {
        let lanes: Vec<_> = (0..LANES)
            .map(|lane| {
                scope.spawn({
                    let (quota, answers) = (quotas[lane as usize], &answers);
                    move || load(address, 1 + lane, quota, answers)
                })
            })
            .collect();
        wait_for("load", || (answers.load(Ordering::SeqCst) > 400).then_some(()));
        let closed = server.stop();
        let all: Vec<Record> = lanes
            .into_iter()
            .map(|lane| lane.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect();
        (closed, all)
    });
    // Nothing lies behind the last group, which says so; replay gives what was live.
    let verified = sound(dir.path());
    assert_eq!(verified["closed"], true, "the journal ends with `Closed`");
    assert_eq!(verified["position"]["sequence"], closed.sequence);
    assert_eq!(verified["digest"], closed.digest.as_str());
    assert_eq!(digest(dir.path(), 3), closed.digest);
    let last = last_kind(dir.path());
    assert_eq!(last, KIND_CLOSED);

    let server = Options::existing(dir.path()).start();
    assert!(!server.has_cut());
    let mut desk = Desk::connect(server.address, Role::Maker);
    let (mut acknowledged, mut turned_away, mut unanswered) = (0, 0, 0);
    for (record, quota) in all.iter().zip(&quotas) {
        for &(id, sequence) in &record.acknowledged {
            assert_eq!(outcome(&mut desk, *quota, id), Some(sequence), "payment {id}");
            acknowledged += 1;
        }
        for &id in &record.turned_away {
            assert_eq!(outcome(&mut desk, *quota, id), None, "payment {id} was turned away");
            turned_away += 1;
        }
        // Of what was not answered anything may be true; sent again it is taken once.
        for &id in &record.unanswered {
            let known = outcome(&mut desk, *quota, id).is_some();
            let told = desk.one(&orders::reserve(id, *quota, 1));
            assert_eq!((told.code(), told.result.repeat), (Code::Accepted, known), "payment {id}");
            unanswered += 1;
        }
        let taken = record.acknowledged.len() + record.unanswered.len();
        let Answer::Quota(view) = desk.ask(LookUp::Quota(*quota)) else { panic!("no quota") };
        assert_eq!(view.buckets.available(), HIS_FEN - taken as i64, "each once");
    }
    println!("{acknowledged} acknowledged, {turned_away} turned away, {unanswered} unanswered");
    server.stop();
    sound(dir.path());
}

/// The kind of the last record of a journal nobody writes.
fn last_kind(data: &Path) -> u16 {
    use std::sync::Arc;
    use storage::disk::{Disk, RealDisk};
    use storage::reader::{JournalReader, ReadFrom};
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::read_only());
    let mut reader = JournalReader::open(disk, data, ReadFrom::Start).expect("a journal");
    let mut last = 0;
    while let Some(group) = reader.next(storage::position::Position::END).expect("a whole journal")
    {
        last = group.records.last().map_or(last, |record| record.kind);
    }
    last
}

/// A first signal that has to wait for something, and a second one that does not.
fn end_a_stop_that_waits(server: Server) {
    let address = server.address;
    server.terminate();
    // It has heard the first signal once it takes no more connections.
    wait_for("the end of listening", || TcpStream::connect(address).is_err().then_some(()));
    server.terminate();
    let (code, line) = server.wait_code();
    assert_eq!(code, Some(0));
    assert_eq!(line, None, "it did not come to its last line");
}

/// Asks so many questions, reads the first answer, and then no more. His socket holds little.
fn sleeper(address: SocketAddr, questions: usize) -> socket2::Socket {
    let socket = socket2::Socket::new(socket2::Domain::for_address(address), Type::STREAM, None)
        .expect("a socket");
    socket.set_recv_buffer_size(16 * 1024).expect("a socket takes a buffer size");
    socket.connect(&address.into()).expect("the server takes a connection");
    let mut bytes = Hello::new(Role::Operator, CHANNEL, "sleeper").encode().to_vec();
    (0..questions as u64).for_each(|at| put_bare(&mut bytes, FrameKind::Metrics, at + 1));
    (&socket).write_all(&bytes).expect("the server takes questions");
    (&socket).read_exact(&mut [0; 256]).expect("a welcome and more");
    socket
}

#[test]
fn a_second_signal_ends_a_stop_that_waits_and_loses_nothing() {
    let house = House::new();
    let address = house.server.address;
    let acknowledged =
        Desk::connect(address, Role::Maker).must(&orders::reserve(1, house.quota, 100));
    // One who asks for more than fits on the way, and does not read: a stop waits for him.
    let mut observer = Desk::connect(address, Role::Operator);
    let each = observer.metrics().len() + FRAME_HEADER_BYTES;
    let _sleeper = sleeper(address, SESSION_OUTPUT_BYTES_MAX * 15 / 16 / each);
    // Whoever asks behind him is heard behind him.
    (0..3).for_each(|_| assert!(observer.health().connections >= 2));
    end_a_stop_that_waits(house.server);
    let server = Options::existing(house.dir.path()).start();
    let mut desk = Desk::connect(server.address, Role::Maker);
    assert_eq!(outcome(&mut desk, house.quota, 1), Some(acknowledged.result.sequence));
    server.stop();
    sound(house.dir.path());
}

#[test]
fn after_a_stop_the_listener_is_gone_and_open_connections_are_closed() {
    let house = House::new();
    let mut desk = Desk::connect(house.server.address, Role::Maker);
    desk.must(&orders::reserve(1, house.quota, 100));
    let address = house.server.address;
    let closed = house.server.stop();
    assert!(desk.is_closed(), "and nothing more is said on it");
    assert!(TcpStream::connect(address).is_err());
    let about = records(house.dir.path());
    assert_eq!(about.len() as u64, closed.sequence, "sequences are dense to the last record");
}

// ---- subscriptions -------------------------------------------------------------------------------

/// One who follows the journal and comes back with his cursor.
struct Subscriber {
    link: Link<TcpStream>,
}

impl Subscriber {
    fn connect(address: SocketAddr, cursor: Cursor) -> Subscriber {
        let hello = Hello::new(Role::Operator, CHANNEL, "subscriber");
        let (link, _) = Link::connect(&address.to_string(), &hello).expect("a welcome");
        let patience = Some(harness::PATIENCE);
        link.stream().set_read_timeout(patience).expect("a socket takes a timeout");
        let mut subscriber = Subscriber { link };
        let mut out = Vec::new();
        Subscribe { cursor, ..Subscribe::default() }.put(&mut out, 3);
        subscriber.link.send(&out).expect("the server takes a request");
        subscriber
    }

    /// Takes frames in until it has seen so many records, or the server is gone.
    fn follow(&mut self, seen: &mut Vec<(u32, u64)>, cursor: &mut Cursor, upto: usize) {
        while seen.len() < upto {
            let frame = match self.link.receive() {
                Ok(frame) => frame,
                Err(LinkError::Io(error)) => {
                    let late = error.kind() == std::io::ErrorKind::WouldBlock;
                    assert!(!late, "no event for {:?}", harness::PATIENCE);
                    return;
                }
                Err(error) => panic!("{error}"),
            };
            assert_eq!(frame.header.kind, FrameKind::Events);
            let events = Events::parse(&frame).expect("events that can be read");
            for record in events.iter() {
                assert!(record.kind >= DOMAIN_KIND_FIRST);
                seen.push((record.position.epoch, record.position.sequence));
            }
            *cursor = events.cursor;
        }
    }

    fn refused(&mut self) -> ErrorMessage {
        let frame = self.link.receive().expect("an answer");
        assert_eq!((frame.header.kind, frame.header.request), (FrameKind::Error, 3));
        ErrorMessage::parse(&frame).expect("an error that can be read")
    }
}

#[test]
fn a_subscription_goes_on_across_restarts_without_gap_or_repeat() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut server = Options::new(dir.path()).start();
    let quota = orders::found_with(server.address, DIVISION, 1, HIS_FEN)[0];
    let (mut seen, mut cursor) = (Vec::new(), Cursor::START);
    let mut next = 1;
    for round in 0..4 {
        let mut subscriber = Subscriber::connect(server.address, cursor);
        let mut desk = Desk::connect(server.address, Role::Maker);
        for _ in 0..40 {
            let ids = next..next + 5;
            next += 5;
            desk.give(&ids.map(|id| orders::reserve(id, quota, 1)).collect::<Vec<_>>());
        }
        // He has taken in some of it when the server goes, in good order or not.
        let upto = seen.len() + 30 + 40 * round;
        subscriber.follow(&mut seen, &mut cursor, upto);
        if round % 2 == 0 {
            server.kill();
        } else {
            server.stop();
        }
        // What came behind the last cursor is dropped: it will come again.
        seen.retain(|&(_, sequence)| sequence <= cursor.position.sequence);
        server = Options::existing(dir.path()).start();
    }
    let mut subscriber = Subscriber::connect(server.address, cursor);
    let all: Vec<(u32, u64)> = {
        let mut desk = Desk::connect(server.address, Role::Maker);
        desk.must(&orders::reserve(next, quota, 1));
        let founding = 4;
        subscriber.follow(&mut seen, &mut cursor, founding + next as usize);
        server.stop();
        domain_records(dir.path())
    };
    assert_eq!(seen, all, "each record once, in the order of the journal");
}

/// The positions of all events of a journal nobody writes.
fn domain_records(data: &Path) -> Vec<(u32, u64)> {
    use harness::journal::About;
    let all = records(data);
    let events = all.iter().filter(|(_, about)| *about != About::Mark);
    events.map(|(position, _)| (position.epoch, position.sequence)).collect()
}

#[test]
fn a_cursor_from_another_journal_is_answered_with_the_last_common_position() {
    let house = House::new();
    let mut desk = Desk::connect(house.server.address, Role::Maker);
    desk.must(&orders::reserve(1, house.quota, 100));
    let common = house.server.stop();
    // One journal, copied, goes two ways.
    let other = tempfile::tempdir().expect("a temporary directory");
    files::write(other.path(), &files::read(house.dir.path()));
    let one = Options::existing(house.dir.path()).start();
    let two = Options::existing(other.path()).start();
    for (server, fen) in [(&one, 1), (&two, 2)] {
        let mut desk = Desk::connect(server.address, Role::Maker);
        desk.must(&orders::reserve(2, house.quota, fen));
        desk.must(&orders::reserve(3, house.quota, fen));
    }
    let (mut seen, mut cursor) = (Vec::new(), Cursor::START);
    let mut subscriber = Subscriber::connect(one.address, Cursor::START);
    subscriber.follow(&mut seen, &mut cursor, 7);
    assert!(cursor.position.sequence > common.sequence);
    let refused = Subscriber::connect(two.address, cursor).refused();
    assert_eq!(refused.code, Code::Diverged, "{refused}");
    assert!(refused.to_string().contains("start again from the last common position"), "{refused}");
    let told = (refused.common.epoch, refused.common.sequence);
    assert_eq!(told, (common.epoch, common.sequence));
    // A place nobody has come to yet is no place of this journal either.
    let mut ahead = cursor;
    ahead.position.sequence += 1_000;
    assert_eq!(Subscriber::connect(one.address, ahead).refused().code, Code::Diverged);
    // With his own cursor he goes on as if nothing had been.
    let mut desk = Desk::connect(one.address, Role::Maker);
    let told = desk.must(&orders::reserve(4, house.quota, 1));
    let mut again = Subscriber::connect(one.address, cursor);
    let (mut more, before) = (Vec::new(), cursor.position.sequence);
    again.follow(&mut more, &mut cursor, 1);
    assert_eq!(more.first().map(|&(_, sequence)| sequence), Some(told.result.sequence));
    assert!(told.result.sequence > before);
    one.stop();
    two.stop();
}
