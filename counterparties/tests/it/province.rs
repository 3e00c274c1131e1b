//! Finance, two banks and the central bank on one thread, with what is between them in a list that a test moves.
//!
//! Finance is a double that knows vouchers and nothing else: no quotas, no ledger.

use std::collections::BTreeMap;

use counterparties::bank::{self, Bank, Identity, ZeroBalanceAccount};
use counterparties::central_bank::{self, CentralBank, MasterRow, PaidIn, Treasury};
use counterparties::script::Script;
use domain::clearing::Tally;
use domain::ids::Day;
use domain::voucher::check::{NothingHeld, answers, check};
use domain::voucher::document::Fields;
use domain::voucher::{
    Detail, DivisionCode, Field, Flag, Party, Value, Voucher, VoucherKey, VoucherKind,
    VoucherNumber,
};
use domain::{Fen, FiscalYear};
use exchange::business::{Business, Effect, Verdict};

pub(crate) const DIVISION: &str = "370102000";
pub(crate) const TREASURY: &str = "3701020000";
pub(crate) const LOWER: &str = "3701030000";
pub(crate) const BANKS: [&str; 2] = ["102", "103"];
pub(crate) const BATCH: &str = "900000001";

pub(crate) fn day(number: u32) -> Day {
    Day::new(number).expect("a day")
}

pub(crate) fn key(kind: VoucherKind, number: &str) -> VoucherKey {
    VoucherKey {
        division: DivisionCode::new(DIVISION).expect("nine digits"),
        year: FiscalYear::new(2023).expect("a year"),
        kind,
        number: VoucherNumber::new(number).expect("a number"),
    }
}

pub(crate) fn party(text: &str) -> Party {
    text.parse().expect("a party")
}

pub(crate) fn finance() -> Party {
    party("finance:370102000")
}

pub(crate) fn account(bank: &str) -> String {
    format!("{bank}0000001")
}

fn bank_name(bank: &str) -> String {
    format!("银行{bank}")
}

/// One line of a payment order: payee, functional class, fen.
pub(crate) type Line<'a> = (&'a str, &'a str, i64);

/// A payment order to a bank.
pub(crate) fn order(bank: &str, number: &str, on: Day, lines: &[Line<'_>]) -> Voucher {
    let line = |(at, (payee, function, fen)): (usize, &Line<'_>)| Detail {
        id: format!("{}", at + 1),
        fields: Fields::new()
            .with_text(Field::Payment, payment(number, at))
            .with_text(Field::Department, "101")
            .with_text(Field::Function, *function)
            .with_text(Field::GovernmentEconomic, "50201")
            .with_text(Field::PayeeAccount, *payee)
            .with_text(Field::PayeeName, "收款人")
            .with_amount(Field::Amount, Fen::new(*fen)),
    };
    let head = Fields::new()
        .with_text(Field::FundType, "111")
        .with_text(Field::PayType, "12")
        .with_text(Field::PayBank, bank)
        .with_text(Field::PayBankName, bank_name(bank))
        .with_text(Field::PayerAccount, account(bank))
        .with_text(Field::PayerName, "付款人")
        .with_text(Field::BusinessType, "1")
        .with_amount(Field::Amount, Fen::new(lines.iter().map(|line| line.2).sum()));
    Voucher {
        key: key(VoucherKind::Payment, number),
        flag: Flag::Original,
        date: on,
        head,
        details: lines.iter().enumerate().map(line).collect(),
    }
}

/// The engine's payment behind a line of an order.
pub(crate) fn payment(number: &str, line: usize) -> String {
    format!(
        "{:0>30}{:02x}",
        number.to_lowercase().replace(|c: char| !c.is_ascii_hexdigit(), "0"),
        line
    )
}

/// Payees beside an order: account, line of the order, fen.
pub(crate) fn beside(parent: &Voucher, number: &str, payees: &[(&str, usize, i64)]) -> Voucher {
    let line = |(at, (payee, of, fen)): (usize, &(&str, usize, i64))| Detail {
        id: format!("P{}", at + 1),
        fields: Fields::new()
            .with_text(Field::Payment, payment(parent.key.number.as_str(), *of))
            .with_text(Field::PayeeAccount, *payee)
            .with_text(Field::PayeeName, "职工")
            .with_amount(Field::Amount, Fen::new(*fen)),
    };
    let head = Fields::new()
        .with_text(Field::Parent, parent.key.number.as_str())
        .with_text(Field::OriginalKind, parent.key.kind.code().to_string())
        .with(Field::Total, Value::Count(payees.len() as u32))
        .with_amount(Field::Amount, Fen::new(payees.iter().map(|payee| payee.2).sum()));
    Voucher {
        key: key(VoucherKind::BatchDetails, number),
        flag: Flag::Original,
        date: parent.date,
        head,
        details: payees.iter().enumerate().map(line).collect(),
    }
}

/// What is on its way.
#[derive(Clone, Debug)]
pub(crate) enum Message {
    Voucher { from: Party, to: Party, voucher: Voucher },
    Return { from: Party, to: Party, key: VoucherKey, reason: String },
}

/// How finance writes its limit notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notices {
    /// The lines that the bank requested.
    AsRequested,
    /// The lines that finance has receipts for.
    ByReceipts,
    /// None.
    None,
}

/// The double.
#[derive(Debug)]
pub(crate) struct Finance {
    pub(crate) notices: Notices,
    pub(crate) sent: BTreeMap<VoucherKey, Voucher>,
    /// Receipts in the order they came, by the key they name.
    pub(crate) receipts: BTreeMap<VoucherKey, Vec<Voucher>>,
    /// Other vouchers in the order they came, each key once.
    pub(crate) got: Vec<Voucher>,
    pub(crate) returned: Vec<(VoucherKey, String)>,
    pub(crate) tally: Tally,
    numbers: u32,
}

impl Finance {
    fn new(notices: Notices) -> Finance {
        Finance {
            notices,
            sent: BTreeMap::new(),
            receipts: BTreeMap::new(),
            got: Vec::new(),
            returned: Vec::new(),
            tally: Tally::default(),
            numbers: 0,
        }
    }

    /// Takes a voucher; answers a request with a limit notice.
    fn take(&mut self, voucher: &Voucher) -> Option<Voucher> {
        if voucher.flag == Flag::Receipt {
            let receipts = self.receipts.entry(voucher.key).or_default();
            if !receipts.contains(voucher) {
                self.tally.take(voucher);
            }
            receipts.push(voucher.clone());
            return None;
        }
        if self.got.contains(voucher) {
            return None;
        }
        self.tally.take(voucher);
        self.got.push(voucher.clone());
        if voucher.key.kind != VoucherKind::TransferRequest {
            return None;
        }
        let notice = self.notice(voucher)?;
        self.tally.take(&notice);
        Some(notice)
    }

    fn notice(&mut self, request: &Voucher) -> Option<Voucher> {
        let details: Vec<Detail> = match self.notices {
            Notices::None => return None,
            Notices::AsRequested => request.details.clone(),
            Notices::ByReceipts => {
                let known = |line: &&Detail| {
                    let kind = line.fields.text(Field::OriginalKind);
                    let kind = kind.and_then(domain::voucher::form::kind);
                    let number = line.fields.text(Field::OriginalNumber);
                    let number = number.and_then(VoucherNumber::new);
                    let (Some(kind), Some(number)) = (kind, number) else { return false };
                    self.receipts.contains_key(&VoucherKey { kind, number, ..request.key })
                };
                request.details.iter().filter(known).cloned().collect()
            }
        };
        let amounts = details.iter().filter_map(|line| line.fields.amount_fen(Field::Amount));
        let sum_fen: i64 = amounts.map(Fen::get).sum();
        self.numbers += 1;
        let mut head = Fields::new()
            .with_text(Field::ClearingNumber, request.key.number.as_str())
            .with(Field::Total, Value::Count(details.len() as u32))
            .with_amount(Field::Amount, Fen::new(sum_fen));
        for field in [
            Field::FundType,
            Field::PayType,
            Field::PayBank,
            Field::PayBankName,
            Field::PayerAccount,
            Field::Treasury,
        ] {
            head = head.with_text(field, request.head.text(field).expect("a request has it"));
        }
        let number = VoucherNumber::serial(self.numbers);
        let key = VoucherKey { kind: VoucherKind::AuthorizedLimit, number, ..request.key };
        Some(Voucher { key, flag: Flag::Original, date: request.date, head, details })
    }
}

/// The province.
#[derive(Debug)]
pub(crate) struct Province {
    pub(crate) finance: Finance,
    pub(crate) banks: Vec<Bank>,
    pub(crate) central: CentralBank,
    pub(crate) on_the_way: Vec<Message>,
    /// Every record of each party, for replay.
    pub(crate) records: BTreeMap<Party, Vec<Vec<u8>>>,
    pub(crate) failed: Vec<(VoucherKey, String)>,
}

pub(crate) fn new_bank(code: &str, script: Script) -> Bank {
    let identity = Identity {
        code: code.to_owned(),
        name: bank_name(code),
        central_bank: party("central-bank:3700"),
        clear_account: format!("{code}0271"),
        batch_account: BATCH.to_owned(),
    };
    Bank::new(identity, script, 16)
}

pub(crate) fn new_central() -> CentralBank {
    CentralBank::new(central_bank::Identity { code: "3700".into(), name: "国库".into() })
}

impl Province {
    /// Two banks with an account each, a treasury with so much and an empty one, and the day open.
    pub(crate) fn new(on: Day, cash: i64, notices: Notices, script: Script) -> Province {
        let mut province = Province {
            finance: Finance::new(notices),
            banks: vec![new_bank(BANKS[0], script), new_bank(BANKS[1], Script::default())],
            central: new_central(),
            on_the_way: Vec::new(),
            records: BTreeMap::new(),
            failed: Vec::new(),
        };
        let division = |code: &str| DivisionCode::new(code).expect("nine digits");
        for (at, code) in BANKS.iter().enumerate() {
            province.bank(
                at,
                &bank::Order::OpenAccount(ZeroBalanceAccount {
                    number: account(code),
                    name: "付款人".into(),
                    division: division(DIVISION),
                    treasury: TREASURY.into(),
                    finance: finance(),
                }),
            );
        }
        let treasury = |code: &str, of: &str| {
            MasterRow::Treasury(Treasury {
                code: code.into(),
                division: division(of),
                finance: Party::new(domain::voucher::PartyKind::Finance, of).expect("a party"),
                floor_fen: Fen::ZERO,
            })
        };
        let year = FiscalYear::new(2023).expect("a year");
        let function =
            |code: &str, sums_only| MasterRow::Function { year, code: code.into(), sums_only };
        let mut rows = vec![
            treasury(TREASURY, DIVISION),
            treasury(LOWER, "370103000"),
            MasterRow::Unit { division: division(DIVISION), code: "101".into() },
            function("2050203", false),
            function("2080505", false),
            function("20502", true),
            function("1010101", false),
        ];
        rows.extend(BANKS.map(|code| MasterRow::Bank { code: code.into(), name: bank_name(code) }));
        province.central(&central_bank::Order::File(rows));
        province.open(on);
        if cash > 0 {
            province.pay_in(TREASURY, PaidIn::Opening, cash);
        }
        province
    }

    pub(crate) fn open(&mut self, on: Day) {
        for at in 0..self.banks.len() {
            self.bank(at, &bank::Order::OpenDay(on));
        }
        self.central(&central_bank::Order::OpenDay(on));
    }

    pub(crate) fn pay_in(&mut self, treasury: &str, what: PaidIn, fen: i64) {
        let (treasury, class) = (treasury.to_owned(), "1010101".to_owned());
        let amount_fen = Fen::new(fen);
        self.central(&central_bank::Order::PayIn { treasury, what, class, amount_fen });
    }

    pub(crate) fn close(&mut self) {
        for at in 0..self.banks.len() {
            self.bank(at, &bank::Order::Close);
        }
        self.central(&central_bank::Order::Close);
        self.run();
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

    /// Finance sends a voucher.
    pub(crate) fn send(&mut self, to: Party, voucher: Voucher) {
        assert_eq!(check(&voucher, voucher.date, &NothingHeld), [], "{voucher:?}");
        self.finance.sent.insert(voucher.key, voucher.clone());
        self.on_the_way.push(Message::Voucher { from: finance(), to, voucher });
    }

    /// Sends payment orders to the first bank.
    pub(crate) fn pay(&mut self, vouchers: &[Voucher]) {
        for voucher in vouchers {
            self.send(self.banks[0].party(), voucher.clone());
        }
    }

    /// Everything that is on its way arrives, and what comes of it.
    pub(crate) fn run(&mut self) {
        while !self.on_the_way.is_empty() {
            self.deliver(0, false);
        }
    }

    /// One message arrives; `again`: and stays on its way.
    pub(crate) fn deliver(&mut self, at: usize, again: bool) {
        let message = if again { self.on_the_way[at].clone() } else { self.on_the_way.remove(at) };
        match message {
            Message::Voucher { from, to, voucher } => self.arrive(from, to, &voucher),
            Message::Return { from, to, key, reason } => {
                if let Some(at) = self.bank_at(to) {
                    let effects = self.banks[at].came_back(from, key, &reason);
                    self.carry_out(to, effects);
                } else if !self.finance.returned.contains(&(key, reason.clone())) {
                    self.finance.returned.push((key, reason));
                }
            }
        }
    }

    fn bank_at(&self, party: Party) -> Option<usize> {
        self.banks.iter().position(|bank| bank.party() == party)
    }

    fn arrive(&mut self, from: Party, to: Party, voucher: &Voucher) {
        let (verdict, effects) = if let Some(at) = self.bank_at(to) {
            self.banks[at].take(from, voucher)
        } else if to == self.central.party() {
            self.central.take(from, voucher)
        } else {
            if let Some(notice) = self.finance.take(voucher) {
                self.send(self.central.party(), notice);
            }
            return;
        };
        if let Verdict::Failed { reason } = verdict {
            self.failed.push((voucher.key, reason));
        }
        self.carry_out(to, effects);
    }

    fn carry_out(&mut self, by: Party, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Record(record) => {
                    match self.bank_at(by) {
                        Some(at) => self.banks[at].apply(&record),
                        None => self.central.apply(&record),
                    }
                    self.records.entry(by).or_default().push(record);
                }
                Effect::Issue { to, voucher } => {
                    let findings = check(&voucher, voucher.date, &NothingHeld);
                    assert_eq!(findings, [], "{by} sends {voucher:?}");
                    self.on_the_way.push(Message::Voucher { from: by, to, voucher });
                }
                Effect::Return { to, key, reason } => {
                    assert!(reason.chars().count() <= 300 && !reason.is_empty());
                    self.on_the_way.push(Message::Return { from: by, to, key, reason });
                }
                other => panic!("{by} has no store to do {other:?}"),
            }
        }
    }

    /// What holds at every moment, whatever arrived.
    pub(crate) fn assert_books(&self) {
        for bank in &self.banks {
            assert_eq!(bank.ledger().check(), [], "{}", bank.party());
            assert_eq!(bank.double_payments(), 0, "{}", bank.party());
            let exposure = bank.exposure();
            let advance =
                bank.ledger().balance_of_kind_fen(counterparties::ledger::AccountKind::Advance);
            assert_eq!(-advance, exposure.uncleared_fen - exposure.refunds_held_fen);
        }
        assert_eq!(self.central.ledger().check(), []);
        assert!(self.central.balance_fen(TREASURY) >= 0, "a treasury is never overdrawn");
    }

    /// Receipts that finance has of an order.
    pub(crate) fn receipts(&self, order: VoucherKey) -> &[Voucher] {
        self.finance.receipts.get(&order).map_or(&[], Vec::as_slice)
    }

    /// Whether each receipt that finance has repeats its order.
    pub(crate) fn assert_receipts_answer(&self) {
        for (key, receipts) in &self.finance.receipts {
            if let Some(sent) = self.finance.sent.get(key) {
                for receipt in receipts {
                    assert_eq!(answers(sent, receipt), [], "{key}");
                }
            }
        }
    }

    /// Each party folded again from its records is what it was.
    pub(crate) fn assert_replays(&self) {
        for (at, bank) in self.banks.iter().enumerate() {
            let mut again = new_bank(BANKS[at], Script::default());
            for record in &self.records[&bank.party()] {
                again.apply(record);
            }
            assert_eq!(kept(&again), kept(bank));
        }
        let mut again = new_central();
        for record in &self.records[&self.central.party()] {
            again.apply(record);
        }
        assert_eq!(format!("{:?}", again.waiting()), format!("{:?}", self.central.waiting()));
        assert_eq!(entries(again.ledger()), entries(self.central.ledger()));
    }
}

fn kept(bank: &Bank) -> String {
    let planted = bank.planted();
    format!("{:?} {:?} {:?} {planted:?}", entries(bank.ledger()), bank.phase(), bank.exposures())
}

fn entries(ledger: &counterparties::ledger::Ledger) -> Vec<String> {
    let told = |entry: &counterparties::ledger::Entry| {
        format!(
            "{} {} {:?} {} -> {} {} {}",
            ledger.key(entry.source),
            ledger.detail(entry),
            entry.purpose,
            ledger.account(entry.debit),
            ledger.account(entry.credit),
            entry.amount_fen,
            ledger.elements(entry),
        )
    };
    ledger.entries().iter().map(told).collect()
}
