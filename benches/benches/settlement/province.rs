//! A test province of one division: finance, banks with zero-balance accounts, a treasury; and the payments
//! that its engine would have ordered.

use counterparties::bank::{self, Bank, Order as BankOrder, ZeroBalanceAccount};
use counterparties::central_bank::{
    self, CentralBank, MasterRow, Order as TreasuryOrder, PaidIn, Treasury,
};
use counterparties::script::Script;
use domain::codes::{BusinessKind, Method, Path};
use domain::ids::{Day, DivisionIndex, PaymentId, QuotaId};
use domain::office::shelves::Book;
use domain::voucher::document::Fields;
use domain::voucher::grouping::{Order as Ordered, Payee};
use domain::voucher::{DivisionCode, Field, Party, PartyKind, form};
use domain::{Fen, FiscalYear};
use exchange::finance::due::Due;

/// The division's code, the treasury's, and the central bank's as a party.
const DIVISION: &str = "370102000";
pub(crate) const TREASURY: &str = "3701020000";
const CENTRAL_BANK: &str = "3700";

/// Payees of all payments.
const PAYEES: u64 = 10_000;

/// What the treasury holds when the day begins, in fen.
pub(crate) const OPENING_FEN: i64 = 1 << 50;

/// The province's size.
#[derive(Clone, Copy)]
pub(crate) struct Province {
    pub(crate) payments: u64,
    pub(crate) banks: u64,
    /// Zero-balance accounts at each bank: each asks for its money by a request of its own.
    pub(crate) accounts: u64,
}

pub(crate) fn today() -> Day {
    Day::new(20_220_310).expect("a day")
}

fn year() -> FiscalYear {
    FiscalYear::new(2022).expect("a year")
}

fn division() -> DivisionCode {
    DivisionCode::new(DIVISION).expect("nine digits")
}

pub(crate) fn finance() -> Party {
    Party::new(PartyKind::Finance, DIVISION).expect("a party")
}

pub(crate) fn central_bank() -> Party {
    Party::new(PartyKind::CentralBank, CENTRAL_BANK).expect("a party")
}

fn code(bank: u64) -> String {
    (102 + bank).to_string()
}

pub(crate) fn bank(bank: u64) -> Party {
    Party::new(PartyKind::Bank, &code(bank)).expect("a party")
}

fn bank_name(bank: u64) -> String {
    format!("银行{}", code(bank))
}

fn account(bank: u64, account: u64) -> String {
    format!("{}{account:09}", code(bank))
}

/// What a payment is worth, in fen.
pub(crate) fn amount_fen(serial: u64) -> i64 {
    10_000 + (serial % 997) as i64
}

impl Province {
    /// The bank that pays a payment.
    pub(crate) fn bank_of(&self, serial: u64) -> u64 {
        serial % self.banks
    }

    /// The payment with a serial number, as finance's store is told of it.
    pub(crate) fn due(&self, serial: u64) -> Due {
        let at = self.bank_of(serial);
        let account = account(at, serial / self.banks % self.accounts);
        let payer = Fields::new()
            .with_text(Field::FundType, "111")
            .with_text(Field::PayBank, code(at))
            .with_text(Field::PayBankName, bank_name(at))
            .with_text(Field::PayerAccount, account.as_str())
            .with_text(Field::PayerName, "第一中学零余额账户")
            .with_text(Field::Treasury, TREASURY);
        let elements = Fields::new()
            .with_text(Field::Department, "101")
            .with_text(Field::Unit, "101002")
            .with_text(Field::Function, "2050203")
            .with_text(Field::GovernmentEconomic, "50201")
            .with_text(Field::DepartmentEconomic, "30201")
            .with_text(Field::Project, "P1");
        let payee = Fields::new()
            .with_text(Field::PayeeName, "泉城文具有限公司")
            .with_text(Field::PayeeAccount, format!("16020001{:011}", serial % PAYEES))
            .with_text(Field::Purpose, "办公用品")
            .with_text(Field::SettlementMode, form::SETTLED_BY_TRANSFER);
        let amount_fen = Fen::new(amount_fen(serial));
        let payment = PaymentId(u128::from(serial) + 1);
        let book: Book = (DivisionIndex(0), year());
        let order = Ordered {
            payment,
            quota: QuotaId::new(book.0, book.1, serial % 194_100),
            amount_fen,
            method: Method::Authorized,
            business: BusinessKind::Single,
            sheet: 0,
            payer,
            elements,
            payees: vec![Payee { amount_fen, fields: payee }],
        };
        let order = Ok((bank(at), order));
        let (path, payees) = (Path::Treasury, None);
        Due { division: division(), book, payment, path, day: today(), payees, order }
    }

    /// A bank before its first order.
    pub(crate) fn new_bank(&self, at: u64) -> Bank {
        let identity = bank::Identity {
            code: code(at),
            name: bank_name(at),
            central_bank: central_bank(),
            clear_account: format!("{}999", code(at)),
            batch_account: format!("{}888", code(at)),
        };
        Bank::new(identity, Script::default(), 65_536)
    }

    /// Accounts, and the day.
    pub(crate) fn bank_orders(&self, at: u64) -> Vec<BankOrder> {
        let open = |number| {
            BankOrder::OpenAccount(ZeroBalanceAccount {
                number: account(at, number),
                name: "第一中学零余额账户".to_owned(),
                division: division(),
                treasury: TREASURY.to_owned(),
                finance: finance(),
            })
        };
        let mut orders: Vec<BankOrder> = (0..self.accounts).map(open).collect();
        orders.push(BankOrder::OpenDay(today()));
        orders
    }

    /// The central bank before its first order.
    pub(crate) fn new_central_bank() -> CentralBank {
        let (code, name) = (CENTRAL_BANK.to_owned(), "国库".to_owned());
        CentralBank::new(central_bank::Identity { code, name })
    }

    /// What it has on file, the day, and cash.
    pub(crate) fn treasury_orders(&self) -> Vec<TreasuryOrder> {
        let mut rows = vec![
            MasterRow::Treasury(Treasury {
                code: TREASURY.to_owned(),
                division: division(),
                finance: finance(),
                floor_fen: Fen::ZERO,
            }),
            MasterRow::Function { year: year(), code: "2050203".to_owned(), sums_only: false },
            MasterRow::Unit { division: division(), code: "101".to_owned() },
            MasterRow::Unit { division: division(), code: "101002".to_owned() },
        ];
        rows.extend(
            (0..self.banks).map(|at| MasterRow::Bank { code: code(at), name: bank_name(at) }),
        );
        let cash = TreasuryOrder::PayIn {
            treasury: TREASURY.to_owned(),
            what: PaidIn::Opening,
            class: "1010101".to_owned(),
            amount_fen: Fen::new(OPENING_FEN),
        };
        vec![TreasuryOrder::File(rows), TreasuryOrder::OpenDay(today()), cash]
    }

    /// What all payments are worth, in fen.
    pub(crate) fn sum_fen(&self) -> i128 {
        (0..self.payments).map(|serial| i128::from(amount_fen(serial))).sum()
    }
}
