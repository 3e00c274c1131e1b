//! Events of every kind, from a counter (fixed ones) or from a seed (any).

use domain::codes::{
    ActKind, AuthorityKind, BatchEnd, BusinessKind, FactKind, LimitKind, Method, MoveKind, Path,
    Posts, ResolveAction, Role, StepKind, YearState,
};
use domain::command::{
    Act, By, Create, Fact, MoveIn, MoveOut, OpenBatch, Paper, Register, Reserve, Resolve, SetLimit,
    Step,
};
use domain::contents::TAG_MAX;
use domain::event::{Event, EventBody, RefusedId, RunId};
use domain::ids::{
    ActId, BatchId, ChannelId, Class, ContractId, Day, DivisionIndex, Fingerprint, FiscalYear,
    LimitKey, MoveId, PaymentId, PersonId, QuotaId,
};
use domain::money::Fen;
use domain::office::paper::PaperKind;
use domain::particulars::{Particulars, ParticularsText};
use domain::refusal::{Code, Figure, Refusal};

/// Where field values come from.
pub(crate) enum Source {
    /// 1, 2, 3, …: every field of an event another value.
    Counter(u64),
    /// A seeded stream that likes the ends of ranges.
    Seed(u64),
}

impl Source {
    fn next(&mut self) -> u64 {
        match self {
            Source::Counter(count) => {
                *count += 1;
                *count
            }
            Source::Seed(state) => {
                *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let mut z = *state;
                z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                z ^= z >> 31;
                match z % 8 {
                    0 => 0,
                    1 => u64::MAX,
                    2 => z % 300,
                    _ => z,
                }
            }
        }
    }

    fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[(self.next() % all.len() as u64) as usize]
    }

    fn wide(&mut self) -> u128 {
        u128::from(self.next()) << 64 | u128::from(self.next())
    }

    fn fen(&mut self) -> Fen {
        Fen::new(self.next() as i64)
    }

    fn flag(&mut self) -> bool {
        self.next() % 2 == 1
    }

    fn class(&mut self) -> Class {
        let length = (self.next() % 9) as usize;
        let mut text = [0; 8];
        text[..length].fill_with(|| b'0' + (self.next() % 10) as u8);
        Class(text)
    }

    fn year(&mut self) -> FiscalYear {
        FiscalYear::from_offset(self.next() as u8)
    }

    fn division(&mut self) -> DivisionIndex {
        DivisionIndex(self.next() as u16)
    }

    fn day(&mut self) -> Day {
        let days = [0, 19_000_101, 20_240_229, 20_260_731, 29_991_231];
        Day::new(self.pick(&days)).unwrap_or_default()
    }

    fn by(&mut self) -> By {
        By {
            person: PersonId(self.next()),
            role: self.pick(Role::ALL),
            channel: ChannelId(self.next() as u16),
        }
    }

    fn fact<'a>(&mut self, note: &'a str) -> Fact<'a> {
        Fact {
            kind: self.pick(FactKind::ALL),
            payment: PaymentId(self.wide()),
            quota: QuotaId(self.next()),
            serial: self.next(),
            amount_fen: self.fen(),
            payee_hash: self.next(),
            day: self.day(),
            refund: self.next(),
            detail: self.next() as u32,
            note,
        }
    }

    fn half(&mut self) -> MoveIn {
        let kind = self.pick(MoveKind::ALL);
        MoveIn {
            kind,
            id: MoveId(self.wide()),
            from: QuotaId(self.next()),
            to: QuotaId(self.next()),
            amount_fen: self.fen(),
            fund: self.class(),
            payment: self.corrected(kind),
        }
    }

    fn corrected(&mut self, kind: MoveKind) -> PaymentId {
        match kind {
            MoveKind::Correct => PaymentId(self.wide()),
            _ => PaymentId::NONE,
        }
    }

    fn refused_id(&mut self) -> RefusedId {
        match self.next() % 3 {
            0 => RefusedId::Payment(PaymentId(self.wide())),
            1 => RefusedId::Act(ActId(self.wide())),
            _ => RefusedId::Move(MoveId(self.wide())),
        }
    }

    fn refusal(&mut self) -> Refusal {
        let mut refusal = Refusal::new(self.pick(Code::ALL));
        for _ in 0..self.next() % 5 {
            refusal.add(Figure {
                limit: self.pick(Code::ALL),
                requested_fen: self.fen(),
                left_fen: self.fen(),
            });
        }
        refusal
    }

    /// Ids of a linked run.
    pub(crate) fn run_ids(&mut self) -> Vec<RunId> {
        let count = self.next() % 257;
        (0..count.min(256)).map(|_| self.run_id()).collect()
    }

    fn run_id(&mut self) -> RunId {
        RunId {
            id: self.refused_id(),
            quota: QuotaId(self.next()),
            person: PersonId(self.next()),
            fingerprint: Fingerprint(self.wide()),
            tag: self.next() as u8 % TAG_MAX + 1,
            amount_fen: self.fen(),
        }
    }

    fn posts(&mut self) -> Posts {
        Posts::from_bits((self.next() % 8) as u8).unwrap()
    }

    /// The event of the `index`th kind.
    pub(crate) fn event<'a>(
        &mut self,
        index: usize,
        text: &'a str,
        particulars: &'a [u8],
        ids: &'a [RunId],
    ) -> Event<'a> {
        let by = self.by();
        let fingerprint = Fingerprint(self.wide());
        let version = self.next() as u32;
        let body = match index {
            0 => EventBody::Reserved {
                version,
                fingerprint,
                rule_version: self.next() as u32,
                path: self.pick(Path::ALL),
                posts: self.posts(),
                leaves_rows: self.flag(),
                command: self.reserve(particulars),
            },
            1 => EventBody::Stepped {
                version,
                command: Step {
                    kind: self.pick(StepKind::ALL),
                    payment: PaymentId(self.wide()),
                    quota: QuotaId(self.next()),
                    serial: self.next(),
                    reason: text,
                },
            },
            2 => EventBody::FactTaken {
                version,
                fingerprint,
                from_suspense: self.flag(),
                command: self.fact(text),
            },
            3 => EventBody::FactParked {
                division: self.division(),
                year: self.year(),
                fingerprint,
                reason: self.pick(Code::ALL),
                command: self.fact(text),
            },
            4 => EventBody::Acted { version, fingerprint, command: self.act(text) },
            5 => {
                let command = self.create(text);
                let serial = self.next() % (1 << 31);
                let quota = QuotaId::new(command.division, command.year, serial);
                EventBody::Created { quota, fingerprint, command }
            }
            6 => {
                let kind = self.pick(MoveKind::ALL);
                let command = MoveOut {
                    kind,
                    id: MoveId(self.wide()),
                    from: QuotaId(self.next()),
                    to: QuotaId(self.next()),
                    amount_fen: self.fen(),
                    batch: BatchId(self.wide()),
                    payment: self.corrected(kind),
                    note: text,
                };
                EventBody::MovedOut { version, fingerprint, command }
            }
            7 => EventBody::MovedIn { version, command: self.half() },
            8 => EventBody::MoveDeclined { reason: self.pick(Code::ALL), command: self.half() },
            9 => EventBody::MoveSettled {
                version,
                id: MoveId(self.wide()),
                from: QuotaId(self.next()),
                landed: self.flag(),
            },
            10 => {
                let kind = self.pick(LimitKind::ALL);
                let month = match kind {
                    LimitKind::PlanMonth => 1 + (self.next() % 12) as u8,
                    LimitKind::PayCeiling => 0,
                };
                EventBody::LimitSet {
                    version,
                    fingerprint,
                    command: SetLimit {
                        act: ActId(self.wide()),
                        division: self.division(),
                        year: self.year(),
                        kind,
                        key: LimitKey(self.next()),
                        month,
                        amount_fen: self.fen(),
                        checker: PersonId(self.next()),
                    },
                }
            }
            11 => EventBody::BatchOpened {
                fingerprint,
                command: OpenBatch {
                    batch: BatchId(self.wide()),
                    division: self.division(),
                    year: self.year(),
                    count: self.next() as u32,
                    digest: self.wide(),
                    deadline_ms: self.next(),
                },
            },
            12 => EventBody::BatchEnded {
                fingerprint,
                act: ActId(self.wide()),
                division: self.division(),
                year: self.year(),
                batch: BatchId(self.wide()),
                end: self.pick(BatchEnd::ALL),
            },
            13 => EventBody::YearSet {
                fingerprint,
                act: ActId(self.wide()),
                division: self.division(),
                year: self.year(),
                state: self.pick(YearState::ALL),
            },
            14 => EventBody::Registered {
                command: Register {
                    division: self.division(),
                    code: std::array::from_fn(|_| self.next() as u8),
                    parent: self.division(),
                    name: text,
                },
            },
            15 => EventBody::Resolved {
                fingerprint,
                fact: Fingerprint(self.wide()),
                command: Resolve {
                    act: ActId(self.wide()),
                    division: self.division(),
                    year: self.year(),
                    channel: ChannelId(self.next() as u16),
                    serial: self.next(),
                    action: self.pick(ResolveAction::ALL),
                    reason: text,
                },
            },
            16 => EventBody::Refused {
                id: self.refused_id(),
                quota: QuotaId(self.next()),
                division: self.division(),
                year: self.year(),
                fingerprint,
                tag: 1 + (self.next() % u64::from(TAG_MAX)) as u8,
                amount_fen: self.fen(),
                refusal: self.refusal(),
            },
            17 => EventBody::RunRefused {
                division: self.division(),
                year: self.year(),
                at: self.next() as u16,
                refusal: self.refusal(),
                ids,
            },
            18 => {
                // Without a text nothing changes: the document's table ends where texts begin.
                let rows = if text.is_empty() { 0 } else { self.next() % 4 };
                EventBody::Filed {
                    fingerprint,
                    changes: (0..rows).map(|_| self.change()).collect::<String>().into(),
                    command: Paper {
                        act: ActId(self.wide()),
                        division: self.division(),
                        year: self.year(),
                        kind: self.pick(PaperKind::ALL),
                        batch: BatchId(self.wide()),
                        checker: PersonId(self.next()),
                        day: Some(self.day()).filter(|day| day.get() != 0),
                        text,
                    },
                }
            }
            _ => panic!("there is no kind {index}"),
        };
        Event { by, body }
    }

    fn reserve<'a>(&mut self, particulars: &'a [u8]) -> Reserve<'a> {
        Reserve {
            payment: PaymentId(self.wide()),
            quota: QuotaId(self.next()),
            amount_fen: self.fen(),
            economic: self.class(),
            method: self.pick(Method::ALL),
            kind: self.pick(BusinessKind::ALL),
            day: self.day(),
            contract: ContractId(self.next()),
            plan: ContractId(self.next()),
            deadline_ms: self.next(),
            one_act: self.flag(),
            particulars: Particulars::parse(particulars).unwrap(),
        }
    }

    fn act<'a>(&mut self, note: &'a str) -> Act<'a> {
        Act {
            kind: self.pick(ActKind::ALL),
            act: ActId(self.wide()),
            quota: QuotaId(self.next()),
            amount_fen: self.fen(),
            contract: ContractId(self.next()),
            plan: ContractId(self.next()),
            batch: BatchId(self.wide()),
            note,
        }
    }

    fn create<'a>(&mut self, key: &'a str) -> Create<'a> {
        Create {
            act: ActId(self.wide()),
            division: self.division(),
            year: self.year(),
            parent: QuotaId(self.next()),
            fund: self.class(),
            economic: self.class(),
            posts: self.posts(),
            executable: self.flag(),
            plan: LimitKey(self.next()),
            authority: self.pick(AuthorityKind::ALL),
            cap_fen: self.fen(),
            key,
        }
    }

    /// A line that says what is on file.
    fn change(&mut self) -> String {
        let code = self.next();
        match self.flag() {
            true => format!("+mof-dep\t{code}\t教育处\tbusiness\n"),
            false => format!("-mof-dep\t{code}\n"),
        }
    }

    /// A text or none.
    pub(crate) fn text(&mut self) -> String {
        "文a".repeat((self.next() % 40) as usize)
    }

    /// Encoded particulars or none.
    pub(crate) fn particulars(&mut self) -> Vec<u8> {
        if self.flag() {
            return Vec::new();
        }
        ParticularsText {
            payee_name: self.text(),
            payee_account: self.text(),
            payee_bank: String::new(),
            purpose: self.text(),
            document: self.text(),
            numbers: self.text(),
        }
        .encode()
    }
}

/// How many kinds of event there are.
pub(crate) const KINDS: usize = 19;
