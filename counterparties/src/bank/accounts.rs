//! A bank's accounts: zero-balance accounts, and those with money of their own.

use domain::Fen;
use domain::limits::AMOUNT_FEN_MAX;
use domain::money::FenSum;
use domain::voucher::{Field, form};
use exchange::business::Effect;

use super::record::Record;
use super::{Bank, DepositAccount, Payer, Refusal, ZeroBalanceAccount, noted};
use crate::ledger::AccountKind;

impl Bank {
    pub(super) fn open_account(
        &self,
        account: &ZeroBalanceAccount,
    ) -> Result<Vec<Effect>, Refusal> {
        let ZeroBalanceAccount { number, name, division, treasury, finance } = account;
        is_number(number)?;
        match self.accounts.get(number) {
            Some(known) if known == account => return Ok(Vec::new()),
            None if self.deposits.contains_key(number) => {
                return Err(Refusal::AccountTaken { number: number.clone() });
            }
            Some(_) => return Err(Refusal::AccountTaken { number: number.clone() }),
            None => {}
        }
        let (division, finance) = (division.as_str(), finance.to_string());
        let finance = finance.as_str();
        Ok(vec![noted(&Record::AccountOpened { number, name, division, treasury, finance })])
    }

    pub(super) fn open_deposit(&self, account: &DepositAccount) -> Result<Vec<Effect>, Refusal> {
        let DepositAccount { number, name, division, finance } = account;
        is_number(number)?;
        match self.deposits.get(number) {
            Some(known) if known == account => return Ok(Vec::new()),
            None if !self.accounts.contains_key(number) => {}
            _ => return Err(Refusal::AccountTaken { number: number.clone() }),
        }
        let (division, finance) = (division.as_str(), finance.to_string());
        let finance = finance.as_str();
        Ok(vec![noted(&Record::DepositOpened { number, name, division, finance })])
    }

    pub(super) fn block_payee(&self, account: &str, why: &str) -> Result<Vec<Effect>, Refusal> {
        is_number(account)?;
        Ok(vec![noted(&Record::PayeeBlocked { account, why })])
    }

    pub(super) fn pay_in(&self, account: &str, amount_fen: Fen) -> Result<Vec<Effect>, Refusal> {
        self.today()?;
        if !self.deposits.contains_key(account) {
            return Err(Refusal::NoDeposit { account: account.to_owned() });
        }
        if !amount_fen.is_payable() {
            return Err(Refusal::Amount { amount_fen });
        }
        Ok(vec![noted(&Record::PaidIn { account, amount_fen: amount_fen.get() })])
    }

    /// What an account with money of its own has, in fen; `None`: it is none.
    #[must_use]
    pub fn deposit_fen(&self, number: &str) -> Option<FenSum> {
        self.deposits.get(number)?;
        let account = self.ledger.find(AccountKind::Deposit, number);
        account.map(|account| self.ledger.balance_fen(account))
    }

    /// Whether a zero-balance account's balance is still an amount when it has changed by so much.
    pub(super) fn holds(&self, number: &str, change_fen: FenSum) -> bool {
        let account = self.ledger.find(AccountKind::ZeroBalance, number);
        let balance_fen = account.map_or(0, |account| self.ledger.balance_fen(account));
        (balance_fen + change_fen).abs() <= FenSum::from(AMOUNT_FEN_MAX)
    }

    /// The account that an order pays from.
    pub(super) fn payer(&self, number: &str) -> Option<Payer<'_>> {
        let zero = self.accounts.get(number).map(|account| Payer {
            name: &account.name,
            division: account.division,
            finance: account.finance,
        });
        zero.or_else(|| {
            self.deposits.get(number).map(|account| Payer {
                name: &account.name,
                division: account.division,
                finance: account.finance,
            })
        })
    }
}

/// Whether a text may number an account, as orders have it.
fn is_number(number: &str) -> Result<(), Refusal> {
    match !number.is_empty() && form::holds(Field::PayerAccount, number) {
        true => Ok(()),
        false => Err(Refusal::NoNumber { number: number.to_owned() }),
    }
}
