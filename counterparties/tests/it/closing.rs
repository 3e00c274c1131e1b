//! Finance's own business, two banks and the central bank on one thread, with what is between them in a list.

use std::collections::BTreeMap;

use counterparties::bank::{self, Bank, ZeroBalanceAccount};
use counterparties::central_bank::{self, CentralBank, MasterRow, PaidIn, Treasury};
use counterparties::script::Script;
use domain::codes::{BusinessKind, Method, Path};
use domain::ids::{Day, DivisionIndex, PaymentId, PersonId, QuotaId};
use domain::reconciliation::register::DifferenceId;
use domain::voucher::document::Fields;
use domain::voucher::grouping::{Order as Ordered, Payee};
use domain::voucher::{DivisionCode, Field, Party, Voucher, VoucherKey, form};
use domain::{Fen, FiscalYear};
use exchange::business::{Business, Effect, Verdict};
use exchange::finance::due::Due;
use exchange::finance::reconciled::order::{Ask, Order as Asking};
use exchange::finance::{Finance, Order};

use crate::province::{
    BANKS, DIVISION, TREASURY, account, day, finance, new_bank, new_central, party,
};

/// The last minute of a day that has passed.
pub(crate) const PASSED: u16 = 24 * 60 - 1;

/// What is on its way.
#[derive(Clone, Debug)]
enum Message {
    Voucher { from: Party, to: Party, voucher: Voucher },
    Return { from: Party, to: Party, key: VoucherKey, reason: String },
}

/// Changes a voucher on its way; `None`: it is lost.
type Spoil = Box<dyn FnMut(Party, &Voucher) -> Option<Voucher>>;

pub(crate) struct Closing {
    pub(crate) finance: Finance,
    pub(crate) banks: Vec<Bank>,
    pub(crate) central: CentralBank,
    on_the_way: Vec<Message>,
    /// What finance wrote down, for replay.
    records: Vec<Vec<u8>>,
    /// Vouchers that their receiver did not take.
    pub(crate) failed: Vec<(VoucherKey, String)>,
    /// Vouchers that the central bank got from finance.
    pub(crate) answers: Vec<Voucher>,
    pub(crate) spoil: Spoil,
    /// What people were told to look at.
    pub(crate) alarms: Vec<String>,
    next: u128,
}

impl Closing {
    /// A day open everywhere, and a hundred million in the treasury.
    pub(crate) fn open(on: u32, script: Script) -> Closing {
        let mut house = Closing {
            finance: Finance::new(new_central().party()),
            banks: vec![new_bank(BANKS[0], script), new_bank(BANKS[1], Script::default())],
            central: new_central(),
            on_the_way: Vec::new(),
            records: Vec::new(),
            failed: Vec::new(),
            answers: Vec::new(),
            spoil: Box::new(|_, voucher| Some(voucher.clone())),
            alarms: Vec::new(),
            next: 0,
        };
        let division = DivisionCode::new(DIVISION).expect("nine digits");
        for (at, code) in BANKS.iter().enumerate() {
            house.bank(
                at,
                &bank::Order::OpenAccount(ZeroBalanceAccount {
                    number: account(code),
                    name: "付款人".into(),
                    division,
                    treasury: TREASURY.into(),
                    finance: finance(),
                }),
            );
        }
        let treasury =
            Treasury { code: TREASURY.into(), division, finance: finance(), floor_fen: Fen::ZERO };
        let (year, code) = (FiscalYear::new(2023).expect("a year"), "2050203".to_owned());
        let mut rows = vec![
            MasterRow::Treasury(treasury),
            MasterRow::Unit { division, code: "101".into() },
            MasterRow::Function { year, code, sums_only: false },
        ];
        rows.extend(
            BANKS.map(|code| MasterRow::Bank { code: code.into(), name: format!("银行{code}") }),
        );
        house.central(&central_bank::Order::File(rows));
        house.begin(on);
        house.central(&central_bank::Order::PayIn {
            treasury: TREASURY.to_owned(),
            what: PaidIn::Opening,
            class: "1010101".to_owned(),
            amount_fen: Fen::new(10_000_000_000),
        });
        house
    }

    /// Everybody begins a day.
    pub(crate) fn begin(&mut self, on: u32) {
        for at in 0..self.banks.len() {
            self.bank(at, &bank::Order::OpenDay(day(on)));
        }
        self.central(&central_bank::Order::OpenDay(day(on)));
        self.order(&Order::BeginDay(day(on)));
    }

    /// The engine has ordered payments, each a voucher of its own, to one of the banks.
    pub(crate) fn pay(&mut self, bank: usize, on: u32, amounts_fen: &[i64]) -> Vec<VoucherKey> {
        let first = self.finance.vouchers().len();
        for fen in amounts_fen {
            self.next += 1;
            let due = due(BANKS[bank], self.next, *fen, day(on));
            self.order(&Order::Ordered(vec![due]));
        }
        self.run();
        self.finance.vouchers()[first..].iter().map(|row| row.key).collect()
    }

    /// The banks stop for the day and ask for their money.
    pub(crate) fn cut_off(&mut self) {
        for at in 0..self.banks.len() {
            self.bank(at, &bank::Order::CutOff);
            self.bank(at, &bank::Order::RequestClearing);
        }
        self.run();
    }

    /// The banks and the central bank end their day, and tell it.
    pub(crate) fn close_theirs(&mut self) {
        for at in 0..self.banks.len() {
            self.bank(at, &bank::Order::Close);
        }
        self.central(&central_bank::Order::Close);
        self.run();
    }

    /// The engine takes every fact.
    pub(crate) fn engine_takes_all(&mut self) {
        let (first, due) = self.finance.facts_due();
        let through = first + due.len() as u64 - 1;
        self.order(&Order::FactsTaken { through });
    }

    pub(crate) fn bank(&mut self, at: usize, order: &bank::Order) {
        let effects = self.banks[at].order(order).unwrap_or_else(|why| panic!("{order:?}: {why}"));
        self.carry_out(self.banks[at].party(), effects);
        while let more @ [_, ..] = &*self.banks[at].goes_on() {
            self.carry_out(self.banks[at].party(), more.to_vec());
        }
    }

    pub(crate) fn central(&mut self, order: &central_bank::Order) {
        let effects = self.central.order(order).unwrap_or_else(|why| panic!("{order:?}: {why}"));
        self.carry_out(self.central.party(), effects);
        while let more @ [_, ..] = &*self.central.goes_on() {
            self.carry_out(self.central.party(), more.to_vec());
        }
    }

    pub(crate) fn order(&mut self, order: &Order) {
        let effects = self.finance.order(order).unwrap_or_else(|why| panic!("{order:?}: {why}"));
        self.carry_out(finance(), effects);
    }

    /// A person asks; gives why not, where it is refused.
    pub(crate) fn ask(&mut self, person: u64, ask: Ask) -> Result<(), String> {
        let asking = Asking { person: PersonId(person), ask };
        let effects = self.finance.order(&Order::Reconcile(asking));
        let effects = effects.map_err(|refusal| refusal.to_string())?;
        self.carry_out(finance(), effects);
        Ok(())
    }

    pub(crate) fn close_day(&mut self, on: u32) -> Result<(), String> {
        self.ask(7, Ask::CloseDay { day: day(on), now_minute: PASSED })
    }

    /// Number, class, voucher of what is open.
    pub(crate) fn open_ones(&self) -> BTreeMap<DifferenceId, (String, VoucherKey)> {
        let open = self.finance.differences().open();
        open.map(|one| (one.id, (one.finding.class.to_string(), one.finding.place.voucher)))
            .collect()
    }

    /// Everything that is on its way arrives, and what comes of it.
    pub(crate) fn run(&mut self) {
        while !self.on_the_way.is_empty() {
            match self.on_the_way.remove(0) {
                Message::Voucher { from, to, voucher } => self.arrive(from, to, &voucher),
                Message::Return { from, to, key, reason } => {
                    self.comes_back(from, to, key, &reason)
                }
            }
        }
    }

    /// A voucher of a bank that was held up reaches finance after all.
    pub(crate) fn deliver(&mut self, bank: usize, voucher: &Voucher) {
        self.spoil = Box::new(|_, voucher| Some(voucher.clone()));
        self.arrive(self.banks[bank].party(), finance(), voucher);
        self.run();
    }

    fn comes_back(&mut self, from: Party, to: Party, key: VoucherKey, reason: &str) {
        let effects = match self.bank_at(to) {
            Some(at) => self.banks[at].came_back(from, key, reason),
            None if to == finance() => self.finance.came_back(from, key, reason),
            None => self.central.came_back(from, key, reason),
        };
        self.carry_out(to, effects);
    }

    fn bank_at(&self, party: Party) -> Option<usize> {
        self.banks.iter().position(|bank| bank.party() == party)
    }

    fn arrive(&mut self, from: Party, to: Party, voucher: &Voucher) {
        let Some(voucher) = (self.spoil)(to, voucher) else { return };
        let (verdict, effects) = if let Some(at) = self.bank_at(to) {
            self.banks[at].take(from, &voucher)
        } else if to == finance() {
            self.finance.take(from, &voucher)
        } else {
            self.answers.push(voucher.clone());
            self.central.take(from, &voucher)
        };
        if let Verdict::Failed { reason } = verdict {
            self.failed.push((voucher.key, reason.clone()));
            // Its sender hears that it was not taken, as of one that came back.
            let key = voucher.key;
            self.on_the_way.push(Message::Return { from: to, to: from, key, reason });
        }
        self.carry_out(to, effects);
    }

    fn carry_out(&mut self, by: Party, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Record(record) => match self.bank_at(by) {
                    Some(at) => self.banks[at].apply(&record),
                    None if by == finance() => {
                        self.finance.apply(&record);
                        self.records.push(record);
                    }
                    None => self.central.apply(&record),
                },
                Effect::Issue { to, voucher } => {
                    self.on_the_way.push(Message::Voucher { from: by, to, voucher });
                }
                Effect::Return { to, key, reason } => {
                    self.on_the_way.push(Message::Return { from: by, to, key, reason });
                }
                Effect::Alarm { what } => self.alarms.push(what),
                other => panic!("a day's end takes nothing back: {other:?}"),
            }
        }
    }

    /// Finance's business is what its records say.
    pub(crate) fn assert_replays(&self) {
        let mut again = Finance::new(new_central().party());
        self.records.iter().for_each(|record| again.apply(record));
        assert_eq!(again.differences(), self.finance.differences());
        assert_eq!(again.limits(), self.finance.limits());
        let pages = |finance: &Finance, on: Day| finance.checklist(on, PASSED).english();
        let on = self.finance.day().expect("a day has begun");
        assert_eq!(pages(&again, on), pages(&self.finance, on));
        assert_eq!(again.vouchers().len(), self.finance.vouchers().len());
    }
}

fn due(bank: &str, payment: u128, fen: i64, on: Day) -> Due {
    let book = (DivisionIndex(1), FiscalYear::new(2023).expect("a year"));
    let payer = Fields::new()
        .with_text(Field::FundType, "111")
        .with_text(Field::PayBank, bank)
        .with_text(Field::PayBankName, format!("银行{bank}"))
        .with_text(Field::PayerAccount, account(bank))
        .with_text(Field::PayerName, "付款人");
    let elements = Fields::new()
        .with_text(Field::Department, "101")
        .with_text(Field::Function, "2050203")
        .with_text(Field::GovernmentEconomic, "50201");
    let payee = Fields::new()
        .with_text(Field::PayeeName, "收款人")
        .with_text(Field::PayeeAccount, format!("622200{payment:04}"))
        .with_text(Field::SettlementMode, form::SETTLED_BY_TRANSFER);
    let order = Ordered {
        payment: PaymentId(payment),
        quota: QuotaId::new(book.0, book.1, 7),
        amount_fen: Fen::new(fen),
        method: Method::Authorized,
        business: BusinessKind::Single,
        sheet: 0,
        payer,
        elements,
        payees: vec![Payee { amount_fen: Fen::new(fen), fields: payee }],
    };
    Due {
        division: DivisionCode::new(DIVISION).expect("nine digits"),
        book,
        payment: PaymentId(payment),
        path: Path::Treasury,
        day: on,
        payees: None,
        order: Ok((party(&format!("bank:{bank}")), order)),
    }
}
