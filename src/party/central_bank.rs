//! What people can say to a test province's central bank, and see of it.

use std::collections::BTreeSet;

use counterparties::central_bank::{
    CentralBank, MasterRow, Order as TreasuryOrder, PaidIn, Treasury, Waiting, WaitsFor,
};
use counterparties::income::Income;
use domain::voucher::{DivisionCode, Party, VoucherKey};
use domain::{Fen, FiscalYear};
use exchange::node::Order;
use serde_json::{Value, json};

use super::said::Said;
use super::words::{Seen, Words, day, key, of_store, opening, party, period, status, yuan};
use super::{day_text, vouchers};

/// A central bank's words.
pub(crate) struct CentralBankWords {
    /// Whom it has lines to: a treasury is of one of them.
    pub(crate) counterparties: BTreeSet<Party>,
}

impl Words<CentralBank> for CentralBankWords {
    fn orders(&self, name: &str, said: &Said<'_>) -> Result<Vec<Order<TreasuryOrder>>, String> {
        let business = |order| Ok(vec![Order::Business(order)]);
        match name {
            "file" => {
                let row = |said: &Said<'_>| row(said, &self.counterparties);
                let rows: Vec<MasterRow> = said.each("rows", "a list", row)?;
                business(TreasuryOrder::File(rows))
            }
            "open-day" | "open-first-day" => Ok(vec![opening(said, TreasuryOrder::OpenDay)?]),
            "pay-in" => business(TreasuryOrder::PayIn {
                treasury: said.text("treasury")?.to_owned(),
                what: match said.text("what")? {
                    "opening" => PaidIn::Opening,
                    "income" => PaidIn::Income,
                    "bonds" => PaidIn::Bonds,
                    other => {
                        return Err(format!(
                            "`{other}` is not paid in; opening, income or bonds is"
                        ));
                    }
                },
                class: said.may_text("class")?.unwrap_or("1010101").to_owned(),
                amount_fen: yuan(said, "amount")?,
            }),
            "income" => business(TreasuryOrder::Income {
                seed: said.number("seed", "a number")?,
                day: day(said)?,
                incomes: {
                    let one = |one: &Said<'_>| {
                        let treasury = one.text("treasury")?.to_owned();
                        Ok(Income { treasury, usual_fen: yuan(one, "usual")? })
                    };
                    said.each("treasuries", "a list", one)?
                },
            }),
            "dispatch" => business(TreasuryOrder::Dispatch {
                from: said.text("from")?.to_owned(),
                to: said.text("to")?.to_owned(),
                amount_fen: yuan(said, "amount")?,
            }),
            "send-back" => business(TreasuryOrder::SendBack {
                voucher: key(said)?,
                reason: said.text("reason")?.to_owned(),
            }),
            "refund" => business(TreasuryOrder::AllocationBack {
                allocation: key(said)?,
                detail: said.may_text("detail")?.map(str::to_owned),
                reason: said.text("reason")?.to_owned(),
            }),
            "close" => business(TreasuryOrder::Close),
            "tell" => business(TreasuryOrder::Tell(period(said)?)),
            other => Ok(vec![of_store(other, said)?]),
        }
    }

    fn look(&self, name: &str, said: &Said<'_>) -> Result<Seen<CentralBank>, String> {
        let treasury = said.may_text("treasury")?.map(str::to_owned);
        match name {
            "status" => Ok(Box::new(move |node, lines| {
                let mut seen = status(node, lines);
                let bank = node.business();
                let waiting: Vec<Value> = bank
                    .waiting()
                    .iter()
                    .map(|waits| {
                        json!({
                            "voucher": waits.voucher.to_string(),
                            "treasury": waits.treasury,
                            "for": format!("{:?}", waits.waits_for),
                            "lane": format!("{:?}", waits.lane),
                            "amount": waits.amount_fen.to_yuan(),
                            "since": waits.since.get(),
                        })
                    })
                    .collect();
                seen["central_bank"] = json!({ "waiting": waiting });
                if let Some(treasury) = treasury {
                    let balance = domain::money::yuan_plain(bank.balance_fen(&treasury));
                    seen["central_bank"]["balance"] = balance.into();
                }
                Ok(seen)
            })),
            "stands" => {
                let key = key(said)?;
                Ok(Box::new(move |node, _| Ok(stands(node.business(), &key))))
            }
            other => vouchers::look(other, said),
        }
    }
}

/// What a voucher waits for here, and behind how much of its treasury's; nothing where it waits for nothing.
fn stands(bank: &CentralBank, key: &VoucherKey) -> Value {
    let all = bank.waiting();
    let Some(at) = all.iter().position(|waits| waits.voucher == *key) else {
        return json!({ "party": bank.party().to_string(), "waits_for": null });
    };
    let waits = &all[at];
    let same = |one: &&Waiting| one.treasury == waits.treasury && one.waits_for == waits.waits_for;
    let before: Vec<&Waiting> = all[..at].iter().filter(same).collect();
    let before_fen: i128 = before.iter().map(|one| i128::from(one.amount_fen.get())).sum();
    let (amount, since) = (waits.amount_fen.to_yuan(), day_text(waits.since));
    let balance = domain::money::yuan_plain(bank.balance_fen(&waits.treasury));
    let floor = bank.floor_fen(&waits.treasury).to_yuan();
    let (before_count, before_sum) = (before.len(), domain::money::yuan_plain(before_fen));
    let (english, chinese) = match waits.waits_for {
        WaitsFor::Day => (
            format!("it waits since {since} for the next business day"),
            format!("{since}起待下一工作日办理"),
        ),
        WaitsFor::Notice => (
            format!("it waits since {since} for finance's limit notice"),
            format!("{since}起待财政清算额度通知"),
        ),
        WaitsFor::Cash => (
            format!(
                "it waits since {since} for cash: {amount} yuan of treasury {}, which has {balance}, of which \
                 {floor} has to stay; before it are {before_count} vouchers of {before_sum}",
                waits.treasury
            ),
            format!(
                "库款不足，{since}起排队：国库{}，需{amount}元，现有{balance}元，库底{floor}元；前有{before_count}笔，{before_sum}元",
                waits.treasury
            ),
        ),
    };
    json!({
        "party": bank.party().to_string(),
        "voucher": key.to_string(),
        "waits_for": format!("{:?}", waits.waits_for),
        "since": waits.since.get(),
        "treasury": waits.treasury,
        "amount": amount,
        "balance": balance,
        "floor": floor,
        "before": before_count,
        "before_amount": before_sum,
        "english": english,
        "chinese": chinese,
    })
}

fn row(said: &Said<'_>, counterparties: &BTreeSet<Party>) -> Result<MasterRow, String> {
    let finance = || {
        let finance = party(said, "finance")?;
        let known = counterparties.contains(&finance);
        known.then_some(finance).ok_or_else(|| {
            format!(
                "{finance} is no counterparty here, so that nothing could be told to it; name one that is, or start with \
                 --peer {finance} as well"
            )
        })
    };
    let code = || said.text("code").map(str::to_owned);
    let division = || {
        let division = said.text("division")?;
        DivisionCode::new(division).ok_or_else(|| format!("`{division}` is no division"))
    };
    Ok(match said.text("row")? {
        "treasury" => MasterRow::Treasury(Treasury {
            code: code()?,
            division: division()?,
            finance: finance()?,
            floor_fen: floor(said)?,
        }),
        "bank" => MasterRow::Bank { code: code()?, name: said.text("name")?.to_owned() },
        "bank-number" => MasterRow::BankNumber { number: said.text("number")?.to_owned() },
        "function" => {
            let year = |value: &Value| FiscalYear::new(value.as_u64()?.try_into().ok()?);
            let year = said.wanted("year", "the fiscal year as a number", year)?;
            MasterRow::Function { year, code: code()?, sums_only: said.flag("sums_only", false)? }
        }
        "unit" => MasterRow::Unit { division: division()?, code: code()? },
        other => return Err(format!("there are no rows of `{other}`")),
    })
}

/// What has to stay in a treasury (库底资金); nothing where it is not given.
fn floor(said: &Said<'_>) -> Result<Fen, String> {
    if said.at("floor").is_null() { Ok(Fen::ZERO) } else { yuan(said, "floor") }
}

#[cfg(test)]
mod tests {
    use domain::voucher::PartyKind;

    use super::*;

    #[test]
    fn a_treasurys_floor_and_a_class_for_sums_alone_are_taken_as_they_are_given() {
        let mut treasury = json!({
            "row": "treasury", "code": "3700000005", "division": "370000005",
            "finance": "finance:370000005",
        });
        let all = BTreeSet::from([Party::new(PartyKind::Finance, "370000005").expect("a party")]);
        let row = |said: &Value| row(&Said::of(said), &all);
        let floor = |said: &Value| match row(said).expect("a treasury") {
            MasterRow::Treasury(treasury) => treasury.floor_fen,
            other => panic!("{other:?}"),
        };
        assert_eq!(floor(&treasury), Fen::ZERO);
        treasury["floor"] = json!("1000.00");
        assert_eq!(floor(&treasury), Fen::new(100_000));
        treasury["floor"] = json!("a thousand");
        row(&treasury).expect_err("no amount");
        treasury["floor"] = Value::Null;
        treasury["finance"] = json!("finance:370000006");
        let why = row(&treasury).expect_err("nobody knows it");
        assert!(why.starts_with("finance:370000006 is no counterparty here"), "{why}");
        let class = json!({ "row": "function", "year": 2022, "code": "205", "sums_only": true });
        let told = row(&class).expect("a class");
        assert!(matches!(told, MasterRow::Function { sums_only: true, .. }), "{told:?}");
    }
}
