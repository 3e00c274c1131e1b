//! Where a payment's vouchers stand with finance, in words: the order, payees beside it, corrections, differences, what
//! was ordered in its place.

use serde_json::Value;

use super::now::Both;
use super::reasons;
use super::vouchers::plain;
use crate::cli::voucher::look::day_of;

/// Payees that failed which are told one by one.
const FAILED_TOLD_MAX: usize = 20;

/// All of it, from what finance's store says of the payment.
pub(super) fn told_of_settlement(told: &Value, instead: &[Value]) -> Vec<Both> {
    let mut lines = Vec::new();
    let voucher = &told["voucher"];
    if let Some(why) = told["without_voucher"].as_str() {
        lines.push(Both::new(format!("it has no voucher: {why}"), format!("尚无凭证：{why}")));
    } else if voucher.is_null() {
        lines.push(Both::new("it has no voucher yet", "尚无凭证"));
    } else {
        let key = plain(&voucher["voucher"]);
        let (english, chinese) = (plain(&voucher["english"]), plain(&voucher["standing_chinese"]));
        lines.push(Both::new(format!("{key}: {english}"), format!("{key}：{chinese}")));
        if voucher["details"].as_array().into_iter().flatten().any(|one| one["voided"] == true) {
            lines.push(Both::new(
                format!("finance has voided the payment; {key} is not to be paid"),
                format!("财政已作废该支付，{key}不得支付"),
            ));
        }
        lines.extend(of_sheet(&voucher["sheet"]));
        let back = &voucher["sheet_back"];
        if !back.is_null() {
            lines.push(Both::new(plain(&back["english"]), plain(&back["chinese"])));
        }
        let held_up = &voucher["held_up"];
        if !held_up.is_null() {
            let (english, chinese) = (plain(&held_up["english"]), plain(&held_up["chinese"]));
            lines.push(Both::new(
                format!("it is not cleared: {english}"),
                format!("尚未清算：{chinese}"),
            ));
        }
    }
    lines.extend(list(&told["corrections"]).map(of_correction));
    for letter in instead {
        lines.push(in_its_place(letter));
    }
    for one in list(&told["differences"]) {
        let (english, chinese) = (plain(&one["english"]), plain(&one["chinese"]));
        lines.push(Both::new(
            format!("an open difference: {english}{}", persons(one, ["written by", "proposed by"])),
            format!("未销差异：{chinese}{}", persons(one, ["录入", "提出"])),
        ));
    }
    let due: Vec<&str> = list(&told["facts_due"]).filter_map(Value::as_str).collect();
    if !due.is_empty() {
        lines.push(Both::new(
            format!("finance's store has what the engine has still to take: {}", due.join(", ")),
            format!("凭证库已收、待记账：{}", due.join("、")),
        ));
    }
    lines
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Who has written or proposed something about a difference.
fn persons(one: &Value, words: [&str; 2]) -> String {
    let mut told = String::new();
    for (name, word) in ["written", "proposed"].into_iter().zip(words) {
        let remark = &one[name];
        if !remark.is_null() {
            let (person, day) = (&remark["person"], day_of(&remark["day"]));
            told.push_str(&format!("; {word} {person}, {day}: {:?}", plain(&remark["words"])));
        }
    }
    told
}

/// The payees beside an order: how many, what they were to get and got, and who got nothing.
fn of_sheet(sheet: &Value) -> Vec<Both> {
    if sheet.is_null() {
        return Vec::new();
    }
    let (key, payees) = (plain(&sheet["voucher"]), &sheet["payees"]);
    let (ordered, paid) = (plain(&sheet["ordered"]), plain(&sheet["paid"]));
    let (failed, back) = (&sheet["failed_payees"], &sheet["came_back"]);
    let mut lines = vec![match sheet["answered"] == true {
        true => Both::new(
            format!(
                "its payees stand on {key}: {payees}, {ordered} yuan; {paid} was paid, {failed} payees failed, of {back} \
                 it came back"
            ),
            format!(
                "收款人见{key}：{payees}人，{ordered}元；已付{paid}元，失败{failed}人，退回{back}人"
            ),
        ),
        false => Both::new(
            format!(
                "its payees stand on {key}: {payees}, {ordered} yuan; the bank has not said what became of them"
            ),
            format!("收款人见{key}：{payees}人，{ordered}元；银行尚未反馈"),
        ),
    }];
    if let Some(by) = sheet["by"].as_str() {
        lines
            .push(Both::new(format!("    they were given by {by}"), format!("    明细由{by}提交")));
    }
    for one in list(&sheet["failed"]).take(FAILED_TOLD_MAX) {
        let (name, account) = (plain(&one["name"]), plain(&one["account"]));
        let (number, amount) = (&one["payee"], plain(&one["amount"]));
        let why = reasons::told(plain(&one["why"]));
        lines.push(Both::new(
            format!(
                "    payee {number}, {name} {account}, got nothing of {amount}: {}",
                why.english
            ),
            format!("    第{number}人{name}（{account}），{amount}元未付：{}", why.chinese),
        ));
        let by = &one["paid_again"];
        if let (Some(voucher), number) = (by["voucher"].as_str(), &by["payee"]) {
            lines.push(Both::new(
                format!("      paid again as payee {number} of {voucher}"),
                format!("      已由{voucher}第{number}人再次支付"),
            ));
        }
    }
    let left = failed.as_u64().unwrap_or(0).saturating_sub(FAILED_TOLD_MAX as u64);
    if left > 0 {
        lines.push(Both::new(
            format!("    and {left} more; `treasury voucher show {key}` has all"),
            format!("    另有{left}人，见treasury voucher show {key}"),
        ));
    }
    if failed.as_u64().unwrap_or(0) > 0 {
        lines.push(Both::new(
            "    whoever failed is paid by a new payment that names the order, with the sheet that `treasury payment failed` \
             writes",
            "    未付人员须另行申请支付，注明原凭证号并附失败明细（treasury payment failed）",
        ));
    }
    lines
}

fn of_correction(one: &Value) -> Both {
    let (key, day, id) = (plain(&one["voucher"]), day_of(&one["day"]), plain(&one["move"]));
    let (english, chinese) = match plain(&one["standing"]) {
        "booked" => ("the central bank has booked it", "人民银行已记账"),
        "back" => (
            "it came back, and the central bank's books differ from ours",
            "已退回，人民银行账务与本方不一致",
        ),
        _ => ("its answer is waited for", "待人民银行回单"),
    };
    let mut told = Both::new(
        format!("the correction {id} was told by {key} of {day}: {english}"),
        format!("更正{id}由{key}（{day}）告知：{chinese}"),
    );
    if let Some(reason) = one["reason"].as_str() {
        let words = reasons::told(reason);
        told.push(&format!("; reason: {}", words.english), &format!("；事由：{}", words.chinese));
    }
    told
}

/// An order in place of one by which nothing, or not all, was paid.
fn in_its_place(letter: &Value) -> Both {
    let (key, party, day) =
        (plain(&letter["voucher"]), plain(&letter["party"]), day_of(&letter["day"]));
    let (state, chinese) = (plain(&letter["state"]), plain(&letter["chinese"]));
    let payments: Vec<&str> = list(&letter["says"]["payments"]).filter_map(Value::as_str).collect();
    let payments = payments.join(", ");
    Both::new(
        format!("{key} to {party} of {day} pays in its place, for payment {payments}: {state}"),
        format!("{day}另以{key}（{party}）重新支付，支付编号{payments}：{chinese}"),
    )
}
