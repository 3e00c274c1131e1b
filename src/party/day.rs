//! What people can say about differences and a day's end, and see of them: the words of finance's store.
//!
//! Nothing is decided here: texts become orders of `exchange::finance::reconciled`, and what is open becomes JSON.

use std::collections::BTreeSet;

use domain::Fen;
use domain::day::carry::By;
use domain::day::queue::Waiting;
use domain::day::{Check, Checklist, Item, Pile, Standing};
use domain::ids::{Day, PersonId};
use domain::limits::DAY_NAMED_MAX;
use domain::money::yuan_grouped;
use domain::reconciliation::period::Period;
use domain::reconciliation::register::{Difference, DifferenceId, Remark};
use domain::reconciliation::{Figures, ItemState};
use domain::voucher::{Party, VoucherKey};
use exchange::finance::reconciled::held_up::SentBack;
use exchange::finance::reconciled::order::{Ask, Order};
use exchange::finance::{Finance, Order as FinanceOrder};
use serde_json::{Value, json};

use super::said::Said;
use crate::clock;

/// The last minute of a day.
const LAST_MINUTE: u16 = 24 * 60 - 1;

/// Names of orders about differences.
pub(crate) const ORDERS: [&str; 8] =
    ["assign", "write", "confirm", "correct", "accept", "carry", "agree-exposure", "close-day"];

/// The order that a name of [`ORDERS`] means.
///
/// # Errors
/// When something is missing in it.
pub(crate) fn order(name: &str, said: &Said<'_>) -> Result<FinanceOrder, String> {
    let words = |name| said.text(name).map(str::to_owned);
    let ask = match name {
        "assign" => Ask::Assign { id: id(said)?, to: person(said, "to")? },
        "write" => Ask::Write { id: id(said)?, letter: words("letter")? },
        "confirm" => {
            Ask::Confirm { id: id(said)?, reference: words("reference")?, says: says(said)? }
        }
        "correct" => Ask::Correct { id: id(said)?, fact: words("fact")? },
        "accept" => Ask::Accept { id: id(said)?, reason: words("reason")? },
        "carry" => {
            let until = super::day_of(said.text("until")?).map_err(|error| error.to_string())?;
            let reason = words("reason")?;
            match said.may_text("item")? {
                None => Ask::Carry { id: id(said)?, until, reason },
                Some(item) => {
                    Ask::CarryByName { check: check(item)?, names: names(said)?, until, reason }
                }
            }
        }
        "agree-exposure" => Ask::AgreeExposure {
            bank: super::words::party(said, "bank")?,
            limit_fen: match said.flag("withdrawn", false)? {
                true => None,
                false => Some(super::words::yuan(said, "amount")?),
            },
            agreement: words("agreement")?,
        },
        _ => {
            let day = super::words::day(said)?;
            Ask::CloseDay { day, now_minute: minute_of(day) }
        }
    };
    Ok(FinanceOrder::Reconcile(Order { person: person(said, "person")?, ask }))
}

fn person(said: &Said<'_>, name: &'static str) -> Result<PersonId, String> {
    said.number(name, "a person's number").map(PersonId)
}

/// An item of the checklist.
fn check(item: &str) -> Result<Check, String> {
    Check::from_slug(item).ok_or_else(|| {
        let all: Vec<&str> = Check::ALL.iter().map(|check| check.slug()).collect();
        format!("`{item}` is no item of the checklist; name one of {}", all.join(", "))
    })
}

fn names(said: &Said<'_>) -> Result<Vec<String>, String> {
    let name = |name: &Value| name.as_str().map(str::to_owned);
    let names = |value: &Value| value.as_array()?.iter().map(name).collect();
    said.wanted("names", "a list of texts", names)
}

fn id(said: &Said<'_>) -> Result<DifferenceId, String> {
    let told = said.text("difference")?;
    DifferenceId::parse(told).ok_or_else(|| {
        format!("`{told}` is no difference; give its number as it is listed, like D12")
    })
}

/// What a paper says: an amount and a state, or that there is no such line.
fn says(said: &Said<'_>) -> Result<Option<(Fen, ItemState)>, String> {
    if said.flag("withdrawn", false)? {
        return Ok(None);
    }
    let state = match said.may_text("state")?.unwrap_or("done") {
        "done" => ItemState::Done,
        "returned" => ItemState::Returned,
        "pending" => ItemState::Pending,
        other => return Err(format!("`{other}` is no state; done, returned and pending are")),
    };
    Ok(Some((super::words::yuan(said, "amount")?, state)))
}

/// The time in Beijing in minutes from midnight on a day that is today; the last one of a day that has passed, the first of
/// one that has not begun.
fn minute_of(day: Day) -> u16 {
    minute_at(day, clock::wall_ms())
}

pub(crate) fn minute_at(day: Day, wall_ms: u64) -> u16 {
    const MINUTE_MS: u64 = 60_000;
    const MINUTES: u64 = 24 * 60;
    let minutes = wall_ms / MINUTE_MS + 8 * 60;
    let (today, minute) = (minutes / MINUTES, minutes % MINUTES);
    // Days are counted from 1970-01-01 on both sides.
    let epoch = Day::new(19_700_101).map_or(0, domain::office::rules::windows::day_number);
    let asked = u64::from(domain::office::rules::windows::day_number(day).saturating_sub(epoch));
    match asked.cmp(&today) {
        std::cmp::Ordering::Less => LAST_MINUTE,
        std::cmp::Ordering::Equal => minute as u16,
        std::cmp::Ordering::Greater => 0,
    }
}

/// The checklist of a day: of the one that was said, or of the business day.
///
/// # Errors
/// When no day is said and none has begun.
pub(crate) fn checklist(finance: &Finance, day: Option<Day>) -> Result<Value, String> {
    let day =
        day.or_else(|| finance.day()).ok_or("finance has begun no day; say which is asked")?;
    let register = finance.differences();
    if register.closed_until().is_some_and(|closed| day <= closed) {
        let number = day.get();
        return Ok(json!({
            "day": number, "closed": true, "green": true, "items": [], "exposure": [],
            "waiting": waiting(finance),
            "sent_back": [],
            "english": format!("Day {number} is closed.\n"), "chinese": format!("{number} 已日终。\n"),
        }));
    }
    let checklist = finance.checklist(day, minute_of(day));
    Ok(json!({
        "day": day.get(),
        "closed": false,
        "green": checklist.is_green(),
        "items": checklist.items().iter().map(item).collect::<Vec<_>>(),
        "exposure": banks(finance).into_iter().map(|bank| exposure(finance, bank)).collect::<Vec<_>>(),
        "waiting": waiting(finance),
        "sent_back": finance.requests_back().map(|one| sent_back(&one)).collect::<Vec<_>>(),
        "english": page(&checklist, finance, day, false),
        "chinese": page(&checklist, finance, day, true),
    }))
}

/// What waits for cash at the central bank, in the order it will be paid.
fn waiting(finance: &Finance) -> Vec<Value> {
    let one = |one: &Waiting| {
        json!({
            "voucher": one.voucher.to_string(),
            "lane": one.lane.to_string(),
            "amount": one.amount_fen.to_yuan(),
            "told": one.told.get(),
            "english": one.english(),
            "chinese": one.chinese(),
        })
    };
    finance.waiting_for_cash().map(one).collect()
}

/// The first of what waits for cash in lines of a page, and how much there is in all.
fn waiting_lines(finance: &Finance, chinese: bool) -> String {
    let (mut page, mut many, mut sum_fen) = (String::new(), 0_usize, 0_i128);
    for one in finance.waiting_for_cash() {
        many += 1;
        sum_fen += i128::from(one.amount_fen.get());
        if many <= DAY_NAMED_MAX {
            let told = if chinese { one.chinese() } else { one.english() };
            page.push_str(&format!("  {told}\n"));
        }
    }
    if many > DAY_NAMED_MAX {
        let (more, sum) = (many - DAY_NAMED_MAX, yuan_grouped(sum_fen));
        page.push_str(&match chinese {
            true => format!("  待库款另有{more}项，共{sum}\n"),
            false => format!("  {more} more wait for cash, {sum} in all\n"),
        });
    }
    page
}

/// A request that came back whole from the central bank, and what held up the rest of it.
pub(crate) fn sent_back(one: &SentBack) -> Value {
    let because = one.because.iter().take(DAY_NAMED_MAX).map(|found| {
        json!({
            "voucher": found.place.voucher.to_string(),
            "detail": found.place.detail,
            "class": found.class.to_string(),
            "ours": found.ours.map(figures),
            "theirs": found.theirs.map(figures),
        })
    });
    json!({
        "request": one.request.to_string(),
        "bank": one.bank.to_string(),
        "day": one.day.get(),
        "back_on": one.back_on.get(),
        "asked": one.asked_fen.to_yuan(),
        "notice": one.notice.to_string(),
        "many": one.many,
        "held_up": one.held_up.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "because": because.collect::<Vec<_>>(),
        "english": one.english(),
        "chinese": one.chinese(),
    })
}

/// What came back whole and holds up what was paid, in lines of a page.
fn sent_back_lines(finance: &Finance, chinese: bool) -> String {
    let (mut page, mut many) = (String::new(), 0_usize);
    for one in finance.requests_back() {
        many += 1;
        if many > DAY_NAMED_MAX {
            continue;
        }
        let first = one.held_up.first().map(ToString::to_string).unwrap_or_default();
        page.push_str(&match (chinese, one.many) {
            (true, 1) => format!("  {}；未清算：{first}\n", one.chinese()),
            (true, many) => format!("  {}；未清算：{first}等{many}项\n", one.chinese()),
            (false, 1) => format!("  {}; it holds up {first}\n", one.english()),
            (false, many) => {
                format!("  {}; it holds up {first} and {} more\n", one.english(), many - 1)
            }
        });
    }
    if many > DAY_NAMED_MAX {
        let more = many - DAY_NAMED_MAX;
        page.push_str(&match chinese {
            true => format!("  另有{more}项划款申请被整单退回\n"),
            false => format!("  {more} more requests came back whole\n"),
        });
    }
    page
}

/// Banks that have paid what is not cleared, or with which something was agreed or is to be.
fn banks(finance: &Finance) -> BTreeSet<Party> {
    finance.exposure_fen().keys().copied().chain(finance.limits().banks()).collect()
}

/// What a bank has paid that is not cleared, how much it may be, and what waits for a second person.
pub(crate) fn exposure(finance: &Finance, bank: Party) -> Value {
    let (limits, uncleared_fen) = (finance.limits(), finance.exposure_fen().get(&bank));
    let agreed = limits.agreed(bank);
    let proposed = limits.proposed(bank).map(|waits| {
        let mut told = remark(&waits.remark);
        told["amount"] = waits.limit_fen.map(Fen::to_yuan).into();
        told
    });
    json!({
        "bank": bank.to_string(),
        "uncleared": yuan(uncleared_fen.copied().unwrap_or_default()),
        "agreed": agreed.map(|agreed| agreed.limit_fen.to_yuan()),
        "agreement": agreed.map(|agreed| &agreed.first.words),
        "proposed": proposed,
        "english": limits.english(bank),
        "chinese": limits.chinese(bank),
    })
}

fn yuan(fen: i128) -> String {
    domain::money::yuan_plain(fen)
}

/// The checklist as a page, each open difference in a line of its own under it, and what each bank is out of pocket.
fn page(checklist: &Checklist, finance: &Finance, day: Day, chinese: bool) -> String {
    let mut page = if chinese { checklist.chinese() } else { checklist.english() };
    let register = finance.differences();
    let named = register.blocking(day).chain(register.carried(day));
    for one in named.take(DAY_NAMED_MAX) {
        let told = if chinese { one.chinese(day) } else { one.english(day) };
        page.push_str(&format!("  {told}\n"));
    }
    for (bank, fen) in finance.exposure_fen().iter().filter(|(_, fen)| **fen != 0) {
        let fen = yuan_grouped(*fen);
        let agreed = finance.exposure_limit_fen(*bank).map(|fen| yuan_grouped(fen.get().into()));
        let agreed = agreed.map_or_else(String::new, |fen| match chinese {
            true => format!("，约定限额{fen}"),
            false => format!("; {fen} is agreed"),
        });
        page.push_str(&match chinese {
            true => format!("  {bank} 垫款未清算{fen}{agreed}\n"),
            false => format!("  {bank} has paid {fen} that is not cleared{agreed}\n"),
        });
    }
    page.push_str(&waiting_lines(finance, chinese));
    page.push_str(&sent_back_lines(finance, chinese));
    for bank in banks(finance) {
        let Some(waits) = finance.limits().proposed(bank) else { continue };
        page.push_str(&match chinese {
            true => format!("  {bank} {}\n", waits.chinese()),
            false => format!("  {bank}: {}\n", waits.english()),
        });
    }
    page
}

fn item(item: &Item) -> Value {
    let standing = match item.standing() {
        Standing::Green => "green",
        Standing::Carried => "carried",
        Standing::Open => "open",
    };
    json!({
        "check": item.check.to_string(),
        "standing": standing,
        "open": pile(&item.open),
        "carried": pile(&item.carried),
        "held": pile(&item.held),
        "untold": item.untold.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "carried_by": item.by.iter().map(by).collect::<Vec<_>>(),
    })
}

/// What of an item is carried under one name, until when, by whom and why.
fn by(by: &By) -> Value {
    let mut told = remark(&by.carried.remark);
    told["name"] = by.name.to_string().into();
    told["many"] = by.many.into();
    told["amount"] = yuan(by.amount_fen).into();
    told["until"] = by.carried.until.get().into();
    told
}

fn pile(pile: &Pile) -> Value {
    json!({ "many": pile.many(), "amount": yuan(pile.amount_fen()), "named": pile.named() })
}

/// Every open difference, the oldest number first.
pub(crate) fn differences(finance: &Finance) -> Value {
    let today = |one: &Difference| finance.day().map_or(one.opened, |day| day.max(one.opened));
    let listed = finance.differences().open().map(|one| difference(one, today(one)));
    json!({ "differences": listed.collect::<Vec<_>>() })
}

/// Open differences about one voucher.
pub(crate) fn differences_of(finance: &Finance, voucher: &VoucherKey) -> Vec<Value> {
    let today = |one: &Difference| finance.day().map_or(one.opened, |day| day.max(one.opened));
    let open = finance.differences().open();
    let about = open.filter(|one| one.finding.place.voucher == *voucher);
    about.map(|one| difference(one, today(one))).collect()
}

/// How the statements of a month or a year stand, and what differs.
pub(crate) fn period(finance: &Finance, period: Period) -> Value {
    let standing = finance.period(period);
    let today = finance.day().map_or(period.last(), |day| day.max(period.last()));
    let statements = standing.statements().iter().map(|(told, outcome)| {
        json!({
            "told_by": told.party.to_string(),
            "source": told.source.to_string(),
            "compared": outcome.is_some(),
            "agreed": outcome.map(|outcome| outcome.agreed),
            "different": outcome.map(|outcome| outcome.different),
        })
    });
    json!({
        "period": period.to_string(),
        "green": standing.is_green(),
        "statements": statements.collect::<Vec<_>>(),
        "differences": standing.open().iter().map(|one| difference(one, today)).collect::<Vec<_>>(),
        "english": standing.english(today),
        "chinese": standing.chinese(today),
    })
}

fn difference(one: &Difference, today: Day) -> Value {
    let place = &one.finding.place;
    let assigned = (one.assigned != PersonId::NOBODY).then_some(one.assigned.0);
    json!({
        "difference": one.id.to_string(),
        "class": one.finding.class.to_string(),
        "source": one.told.source.to_string(),
        "told_by": one.told.party.to_string(),
        "voucher": place.voucher.to_string(),
        "detail": place.detail,
        "bank": place.bank,
        "account": place.account,
        "ours": one.finding.ours.map(figures),
        "theirs": one.finding.theirs.map(figures),
        "at_stake": one.at_stake_fen().to_yuan(),
        "opened": one.opened.get(),
        "joined": one.joined.map(Day::get),
        "age_days": one.age_days(today),
        "owner": one.remedy().owner.to_string(),
        "assigned": assigned,
        "written": one.written.as_ref().map(remark),
        "proposed": one.proposed.as_ref().map(remark),
        "carried_until": one.carried.as_ref().map(|carried| carried.until.get()),
        "english": one.english(today),
        "chinese": one.chinese(today),
    })
}

fn figures(said: Figures) -> Value {
    json!({
        "amount": said.amount_fen.to_yuan(), "state": said.state.to_string(), "day": said.day.get(),
    })
}

fn remark(remark: &Remark) -> Value {
    json!({ "person": remark.person.0, "day": remark.day.get(), "words": remark.words })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_that_has_passed_is_at_its_last_minute() {
        let day = |number| Day::new(number).expect("a day");
        // 2022-03-04 15:30 in Beijing is 07:30 elsewhere.
        let wall_ms = 1_646_379_000_000;
        assert_eq!(minute_at(day(20_220_304), wall_ms), 15 * 60 + 30);
        assert_eq!(minute_at(day(20_220_303), wall_ms), LAST_MINUTE);
        assert_eq!(minute_at(day(20_220_305), wall_ms), 0);
    }

    #[test]
    fn what_a_paper_says_is_an_amount_and_a_state_or_nothing() {
        let done = Ok(Some((Fen::new(40_000), ItemState::Done)));
        assert_eq!(says(&Said::of(&json!({ "amount": "400.00" }))), done);
        assert_eq!(says(&Said::of(&json!({ "withdrawn": true }))), Ok(None));
        assert!(says(&Said::of(&json!({ "amount": "400.00", "state": "paid" }))).is_err());
        assert!(says(&Said::of(&json!({}))).is_err());
        let asked = json!({ "difference": "D12", "person": 7, "fact": "102-1" });
        let Ok(FinanceOrder::Reconcile(Order { person, ask })) =
            order("correct", &Said::of(&asked))
        else {
            panic!("an order")
        };
        let fact = "102-1".to_owned();
        assert_eq!((person, ask), (PersonId(7), Ask::Correct { id: DifferenceId(12), fact }));
    }
}
