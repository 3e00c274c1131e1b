//! What people can say to a test province's bank, and see of it.

use counterparties::bank::{
    Bank, Claim, DepositAccount, Identity, Order as BankOrder, Trade, ZeroBalanceAccount,
};
use counterparties::ledger::Purpose;
use domain::voucher::{DivisionCode, VoucherKey};
use exchange::node::Order;
use serde_json::{Value, json};

use super::said::Said;
use super::words::{Seen, Words, day, key, of_store, opening, party, period, status, yuan};
use super::{day_text, vouchers};

/// Money in JSON: yuan with two places.
fn yuan_text(fen: i128) -> String {
    domain::money::yuan_plain(fen)
}

/// A bank's words.
pub(crate) struct BankWords;

impl Words<Bank> for BankWords {
    fn orders(&self, name: &str, said: &Said<'_>) -> Result<Vec<Order<BankOrder>>, String> {
        let business = |order| Ok(vec![Order::Business(order)]);
        match name {
            "open-account" => business(BankOrder::OpenAccount(account(said)?)),
            "open-accounts" => {
                let accounts = said.each("accounts", "a list", account)?.into_iter();
                Ok(accounts.map(|one| Order::Business(BankOrder::OpenAccount(one))).collect())
            }
            "open-deposit" => business(BankOrder::OpenDeposit(deposit(said)?)),
            "pay-in" => business(BankOrder::PayIn {
                account: said.text("account")?.to_owned(),
                amount_fen: yuan(said, "amount")?,
            }),
            "block-payee" => business(BankOrder::BlockPayee {
                account: said.text("account")?.to_owned(),
                why: said.text("why")?.to_owned(),
            }),
            "open-day" | "open-first-day" => Ok(vec![opening(said, BankOrder::OpenDay)?]),
            "cut-off" => business(BankOrder::CutOff),
            "minute" => {
                let at = said.text("at")?;
                let minute = minute_of(at)?;
                business(BankOrder::Minute { day: day(said)?, minute })
            }
            "request-clearing" => business(BankOrder::RequestClearing),
            "refund" => business(BankOrder::Refund {
                voucher: key(said)?,
                detail: said.may_text("detail")?.map(str::to_owned),
                reason: said.text("reason")?.to_owned(),
            }),
            "reverse" => business(BankOrder::Reverse {
                voucher: key(said)?,
                reason: said.text("reason")?.to_owned(),
            }),
            "collect" => business(BankOrder::Collect(Claim {
                number: said.text("claim")?.to_owned(),
                account: said.text("account")?.to_owned(),
                payee: said.text("payee")?.to_owned(),
                payee_name: said.text("payee_name")?.to_owned(),
                amount_fen: yuan(said, "amount")?,
                purpose: said.may_text("purpose")?.unwrap_or("").to_owned(),
            })),
            "send-late" => business(BankOrder::SendLate),
            "close" => business(BankOrder::Close),
            "tell" => business(BankOrder::Tell(period(said)?)),
            other => Ok(vec![of_store(other, said)?]),
        }
    }

    fn look(&self, name: &str, said: &Said<'_>) -> Result<Seen<Bank>, String> {
        match name {
            "status" => Ok(Box::new(|node, lines| {
                let mut seen = status(node, lines);
                let bank = node.business();
                let exposure = bank.exposure();
                let (payments, paid_fen) = posted(bank, Purpose::Advance);
                let (_, reimbursed_fen) = posted(bank, Purpose::Reimbursement);
                let (_, reversed_fen) = posted(bank, Purpose::Reversal);
                seen["bank"] = json!({
                    "phase": format!("{:?}", bank.phase()),
                    "payments": payments,
                    "paid": yuan_text(paid_fen),
                    "reversed": yuan_text(reversed_fen),
                    "reimbursed": yuan_text(reimbursed_fen),
                    "double_payments": bank.double_payments(),
                    "uncleared": yuan_text(exposure.uncleared_fen),
                    "collected": yuan_text(bank.collected_fen()),
                    "refunds_held": yuan_text(exposure.refunds_held_fen),
                    "waiting": bank.early().map(|(order, since)| json!({
                        "voucher": order.key.to_string(),
                        "for": "Day",
                        "date": order.date.get(),
                        "since": since.map(domain::ids::Day::get),
                    })).collect::<Vec<_>>(),
                    "zero_alarms": bank.alarms().len(),
                    "planted": bank.planted().len(),
                });
                Ok(seen)
            })),
            "trade" => {
                let key = key(said)?;
                Ok(Box::new(move |node, _| Ok(trade(&node.business().trade(key)))))
            }
            "stands" => {
                let key = key(said)?;
                Ok(Box::new(move |node, _| Ok(stands(node.business(), key))))
            }
            other => vouchers::look(other, said),
        }
    }
}

/// A time of day as people write it, `15:30`, in minutes from midnight.
///
/// # Errors
/// When it is none.
pub(crate) fn minute_of(text: &str) -> Result<u16, String> {
    let two = |text: &str, below: u16| {
        let is_two = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        is_two.then(|| text.parse().ok()).flatten().filter(|number: &u16| *number < below)
    };
    let parts = text.split_once(':');
    let minute = parts.and_then(|(hours, minutes)| Some(two(hours, 24)? * 60 + two(minutes, 60)?));
    minute
        .ok_or_else(|| format!("`{text}` is no time of day; write one like 15:30, in Beijing time"))
}

/// Where a payment order stands here, out of the bank's own ledger, in words.
fn stands(bank: &Bank, key: VoucherKey) -> Value {
    let mut told = trade(&bank.trade(key));
    let day = |day: Option<u64>| {
        let day = day.and_then(|day| domain::ids::Day::new(u32::try_from(day).ok()?));
        day.map_or_else(String::new, day_text)
    };
    let early = bank.early().find(|(order, _)| order.key == key).map(|(order, _)| order.date);
    let (english, chinese) = match (told["trade"].as_str().unwrap_or_default(), early) {
        (_, Some(date)) => (
            format!("it waits for the bank's business day {}", day_text(date)),
            format!("待银行{}营业日办理", day_text(date)),
        ),
        ("paid", _) => {
            let (paid, on) = (told["paid"].as_str().unwrap_or_default(), day(told["day"].as_u64()));
            let (serial, back) = (&told["serial"], &told["refunded"]);
            let (serial, back) =
                (serial.as_str().unwrap_or_default(), back.as_str().unwrap_or_default());
            (
                format!(
                    "in its ledger {paid} yuan were paid on {on} as {serial}, of which {back} came back"
                ),
                format!("银行账簿：{on}已付{paid}元，流水号{serial}，已退回{back}元"),
            )
        }
        ("reversed", _) => {
            let (paid, on) = (told["paid"].as_str().unwrap_or_default(), day(told["day"].as_u64()));
            let why = told["reason"].as_str().unwrap_or_default();
            (
                format!(
                    "{paid} yuan were paid otherwise than ordered, and taken back on {on}: {why}"
                ),
                format!("曾误付{paid}元，已于{on}冲正：{why}"),
            )
        }
        ("sent-back", _) => ("it was sent back, nothing was paid".into(), "已退回，未支付".into()),
        ("not-paid", _) => ("it is there and not paid".into(), "已收到，未支付".into()),
        _ => ("it has never come there".into(), "未收到".into()),
    };
    told["party"] = bank.party().to_string().into();
    told["english"] = english.into();
    told["chinese"] = chinese.into();
    told
}

/// What became of a payment order (TR04), out of the bank's own ledger.
fn trade(trade: &Trade) -> Value {
    match trade {
        Trade::Unknown => json!({ "trade": "unknown" }),
        Trade::SentBack => json!({ "trade": "sent-back" }),
        Trade::NotPaid => json!({ "trade": "not-paid" }),
        Trade::Reversed { paid_fen, day, reason } => json!({
            "trade": "reversed",
            "paid": paid_fen.to_yuan(),
            "day": day.get(),
            "reason": reason,
        }),
        Trade::Paid { paid_fen, day, serial, details, refunded_fen } => {
            let details =
                details.iter().map(|(id, fen)| json!({ "id": id, "paid": fen.to_yuan() }));
            json!({
                "trade": "paid",
                "paid": paid_fen.to_yuan(),
                "refunded": refunded_fen.to_yuan(),
                "day": day.get(),
                "serial": serial,
                "details": details.collect::<Vec<_>>(),
            })
        }
    }
}

/// How many entries the ledger has for a purpose, and what they add up to, in fen.
fn posted(bank: &Bank, purpose: Purpose) -> (u64, i128) {
    let entries = bank.ledger().entries().iter().filter(|entry| entry.purpose == purpose);
    entries
        .fold((0, 0), |(count, fen), entry| (count + 1, fen + i128::from(entry.amount_fen.get())))
}

fn account(said: &Said<'_>) -> Result<ZeroBalanceAccount, String> {
    let division = said.text("division")?;
    Ok(ZeroBalanceAccount {
        number: said.text("number")?.to_owned(),
        name: said.text("name")?.to_owned(),
        division: DivisionCode::new(division)
            .ok_or_else(|| format!("`{division}` is no division"))?,
        treasury: said.text("treasury")?.to_owned(),
        finance: party(said, "finance")?,
    })
}

fn deposit(said: &Said<'_>) -> Result<DepositAccount, String> {
    let division = said.text("division")?;
    Ok(DepositAccount {
        number: said.text("number")?.to_owned(),
        name: said.text("name")?.to_owned(),
        division: DivisionCode::new(division)
            .ok_or_else(|| format!("`{division}` is no division"))?,
        finance: party(said, "finance")?,
    })
}

/// Who a bank of a code is, in a province with this central bank.
pub(crate) fn identity(code: &str, name: &str, central_bank: domain::voucher::Party) -> Identity {
    Identity {
        code: code.to_owned(),
        name: name.to_owned(),
        central_bank,
        clear_account: format!("{code}999"),
        batch_account: format!("{code}888"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_has_two_hours_and_two_minutes() {
        let times = [("15:30", Some(930)), ("00:00", Some(0)), ("23:59", Some(1_439))];
        let others = ["24:00", "15:60", "9:30", "15", "", "15:3", "+5:30", "15:30:00", "15：30"];
        for (text, minute) in times.into_iter().chain(others.map(|text| (text, None))) {
            assert_eq!(minute_of(text).ok(), minute, "{text}");
        }
    }

    #[test]
    fn what_time_it_is_can_be_said_by_hand() {
        let said = json!({ "order": "minute", "day": "2022-03-04", "at": "15:30" });
        let orders = BankWords.orders("minute", &Said::of(&said)).expect("an order");
        let [Order::Business(BankOrder::Minute { day, minute })] = orders[..] else {
            panic!("{orders:?}")
        };
        assert_eq!((day.get(), minute), (20_220_304, 930));
        let wrong = json!({ "order": "minute", "day": "2022-03-04", "at": "half past three" });
        let why = BankWords.orders("minute", &Said::of(&wrong)).expect_err("no time");
        assert_eq!(
            why,
            "`half past three` is no time of day; write one like 15:30, in Beijing time"
        );
    }
}
