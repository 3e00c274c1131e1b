//! From one line of a script to the command it means.

use domain::batch::{fold_act, fold_move, fold_paper};
use domain::codes::{
    ActKind, AuthorityKind, BatchStep, BusinessKind, FactKind, LimitKind, Method, MoveKind, Post,
    Posts, ResolveAction, Role, StepKind, YearState,
};
use domain::command::{
    Act, Body, By, Create, EndBatch, Fact, MoveIn, MoveOut, OpenBatch, Paper, Register, Reserve,
    Resolve, SetLimit, SetYear, SettleMove, Step,
};
use domain::ids::{ActId, BatchId, ChannelId, Class, ContractId, Day, LimitKey, MoveId, PersonId};
use domain::office::paper::PaperKind;
use domain::particulars::{Particulars, ParticularsText, account_hash};
use domain::{Command, DivisionIndex, Fen, FiscalYear, PaymentId, QuotaId};

use super::Script;

/// What went wrong with a line, in words.
pub(crate) type Wrong = String;

/// A line in its parts: the command's word, plain words, `key=value` words, `by` and `as`.
#[derive(Clone, Debug)]
pub(crate) struct Words {
    pub(crate) verb: &'static str,
    plain: Vec<&'static str>,
    named: Vec<(&'static str, &'static str)>,
    by: Option<&'static str>,
    role: Option<&'static str>,
}

impl Words {
    pub(crate) fn of(text: &'static str) -> Result<Words, Wrong> {
        let mut words = text.split_whitespace();
        let verb = words.next().ok_or("an empty command")?;
        let mut line = Words { verb, plain: Vec::new(), named: Vec::new(), by: None, role: None };
        while let Some(word) = words.next() {
            match (word, word.split_once('=')) {
                ("by", _) => line.by = Some(words.next().ok_or("by whom?")?),
                ("as", _) => line.role = Some(words.next().ok_or("as what?")?),
                (_, Some(pair)) => line.named.push(pair),
                _ => line.plain.push(word),
            }
        }
        Ok(line)
    }

    pub(crate) fn plain(&self, at: usize, what: &str) -> Result<&'static str, Wrong> {
        self.plain.get(at).copied().ok_or_else(|| format!("{} needs {what}", self.verb))
    }

    pub(crate) fn named(&self, key: &str) -> Option<&'static str> {
        self.named.iter().find(|(name, _)| *name == key).map(|(_, value)| *value)
    }

    fn number<T: std::str::FromStr>(&self, key: &str, absent: T) -> Result<T, Wrong> {
        match self.named(key) {
            None => Ok(absent),
            Some(text) => text.parse().map_err(|_| format!("{key}={text} is no number")),
        }
    }
}

/// A number from a name: the same name gives the same number, another name another.
pub(crate) fn number_of(kind: &str, name: &str) -> u128 {
    // FNV-1a, 128 bits.
    kind.bytes().chain([b':']).chain(name.bytes()).fold(
        0x6c62_272e_07bb_0142_62b8_2175_6295_c58d,
        |hash: u128, byte| {
            (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
        },
    )
}

pub(crate) fn amount(text: &str) -> Result<Fen, Wrong> {
    text.replace('_', "").parse().map(Fen::new).map_err(|_| format!("{text} is no count of fen"))
}

pub(crate) fn division(text: &str) -> Result<DivisionIndex, Wrong> {
    let number = text.strip_prefix('D').and_then(|digits| digits.parse().ok());
    number.map(DivisionIndex).ok_or_else(|| format!("{text} is no division; write D1"))
}

pub(crate) fn year(text: &str) -> Result<FiscalYear, Wrong> {
    text.parse().ok().and_then(FiscalYear::new).ok_or_else(|| format!("{text} is no year"))
}

fn class(text: &str) -> Result<Class, Wrong> {
    if text == "any" { Some(Class::ANY) } else { Class::new(text) }
        .ok_or_else(|| format!("{text} is no class"))
}

fn person(name: &str) -> PersonId {
    if name == "nobody" { PersonId::NOBODY } else { PersonId(number_of("person", name) as u64) }
}

pub(crate) fn contract(text: &str) -> Result<ContractId, Wrong> {
    text.parse().map(ContractId).map_err(|_| format!("{text} is no contract's number"))
}

pub(crate) fn move_id(name: &str) -> MoveId {
    MoveId(number_of("move", name))
}

pub(crate) fn batch_id(name: &str) -> BatchId {
    BatchId(number_of("batch", name))
}

pub(crate) fn payment_id(name: &str) -> PaymentId {
    PaymentId(number_of("payment", name))
}

/// Who gives a command when the line does not say, and in which capacity.
fn usual(verb: &str) -> (&'static str, Role) {
    match verb {
        "reserve" | "pay" | "withdraw" => ("maker", Role::Maker),
        "approve-unit" | "return" => ("checker", Role::Checker),
        "approve-department" => ("reviewer", Role::Checker),
        "approve-finance" => ("auditor", Role::Finance),
        "instruct" | "void" => ("payer", Role::Finance),
        "unhold" => ("lifter", Role::Finance),
        "confirm-paid" | "reject" | "refund" => ("teller", Role::Bank),
        "clear" | "settle-refund" => ("treasurer", Role::CentralBank),
        "doubt" | "register" | "revive" => ("operator", Role::Operator),
        "move-in" | "settle-move" | "lapse-batch" | "abandon-batch" => ("finance", Role::Engine),
        _ => ("finance", Role::Finance),
    }
}

/// The command a line means, or `None` where its first word names no command.
pub(crate) fn command(
    script: &Script,
    words: &Words,
    line: usize,
) -> Result<Option<Command<'static>>, Wrong> {
    let Some(body) = body(script, words, line)? else { return Ok(None) };
    let (name, role) = usual(words.verb);
    let role = match words.role {
        None => role,
        Some(slug) => Role::from_slug(slug).ok_or_else(|| format!("{slug} is no role"))?,
    };
    let channel = ChannelId(words.number("channel", 9)?);
    // A resolution names the fact's channel; it comes by finance's own.
    let channel = if matches!(body, Body::Resolve(_)) { ChannelId(1) } else { channel };
    let by = By { person: person(words.by.unwrap_or(name)), role, channel };
    Ok(Some(Command { by, body }))
}

fn body(script: &Script, words: &Words, line: usize) -> Result<Option<Body<'static>>, Wrong> {
    let verb = words.verb;
    if let Some(kind) = StepKind::from_slug(verb) {
        return step(script, words, kind).map(|step| Some(Body::Step(step)));
    }
    if let Some(kind) = FactKind::from_slug(verb) {
        return fact(script, words, kind).map(|fact| Some(Body::Fact(fact)));
    }
    if let Some(kind) = ActKind::from_slug(verb) {
        return act(script, words, kind, line).map(|act| Some(Body::Act(act)));
    }
    if let Some(kind) = MoveKind::from_slug(verb) {
        return move_out(script, words, kind).map(|moved| Some(Body::MoveOut(moved)));
    }
    Ok(Some(match verb {
        "reserve" | "pay" => Body::Reserve(reserve(script, words)?),
        "create" => Body::Create(create(script, words, line)?),
        "move-in" => Body::MoveIn(move_in(script, words)?),
        "settle-move" => Body::SettleMove(settle_move(script, words)?),
        "set-plan" | "set-ceiling" => Body::SetLimit(limit(script, words, line)?),
        "open-batch" => Body::OpenBatch(open_batch(script, words, line)?),
        "close-batch" | "drop-batch" | "lapse-batch" | "abandon-batch" => {
            Body::EndBatch(end_batch(script, words, line)?)
        }
        "open-year" | "adjust-year" | "close-year" => Body::SetYear(SetYear {
            act: act_id(script, words, line),
            division: division(words.plain(0, "a division")?)?,
            year: year(words.plain(1, "a year")?)?,
            state: match verb {
                "open-year" => YearState::Open,
                "adjust-year" => YearState::Adjustment,
                _ => YearState::Closed,
            },
        }),
        "register" => Body::Register(register(words)?),
        "resolve" => Body::Resolve(resolve(script, words, line)?),
        "file" => Body::File(paper(script, words, line)?),
        _ => return Ok(None),
    }))
}

fn act_id(script: &Script, words: &Words, line: usize) -> ActId {
    let own = format!("{} line {line}", script.title);
    ActId(number_of("act", words.named("id").unwrap_or(&own)))
}

fn end_batch(script: &Script, words: &Words, line: usize) -> Result<EndBatch, Wrong> {
    let slug = words.verb.strip_suffix("-batch").unwrap_or(words.verb);
    let step = BatchStep::from_slug(slug).ok_or_else(|| format!("{slug} ends no batch"))?;
    Ok(EndBatch {
        step,
        act: if step.is_asked() { act_id(script, words, line) } else { ActId(0) },
        batch: batch_id(words.plain(0, "a batch")?),
        division: division(words.named("in").unwrap_or("D1"))?,
        year: year(words.named("year").unwrap_or("2023"))?,
    })
}

fn reserve(script: &Script, words: &Words) -> Result<Reserve<'static>, Wrong> {
    let quota = script.quota(words.plain(1, "a quota")?)?;
    let account = words.named("payee").unwrap_or("");
    let particulars = ParticularsText { payee_account: account.into(), ..Default::default() };
    let method = words.named("method").unwrap_or("centralized");
    let kind = words.named("kind").unwrap_or("single");
    Ok(Reserve {
        payment: payment_id(words.plain(0, "a payment")?),
        quota,
        amount_fen: amount(words.plain(2, "an amount")?)?,
        economic: class(words.named("economic").unwrap_or("30201"))?,
        method: Method::from_slug(method).ok_or_else(|| format!("{method} is no method"))?,
        kind: BusinessKind::from_slug(kind).ok_or_else(|| format!("{kind} is no kind"))?,
        day: day(words, quota)?,
        contract: contract(words.named("contract").unwrap_or("0"))?,
        plan: contract(words.named("purchase").unwrap_or("0"))?,
        deadline_ms: words.number("deadline", 0)?,
        one_act: words.verb == "pay",
        particulars: Particulars::trusted(Vec::leak(particulars.encode())),
    })
}

fn day(words: &Words, quota: QuotaId) -> Result<Day, Wrong> {
    let usual = u32::from(quota.year().get()) * 10_000 + 310;
    let number = words.number("day", usual)?;
    if number == 0 { Ok(Day::default()) } else { Day::new(number).ok_or("no such day".into()) }
}

fn step(script: &Script, words: &Words, kind: StepKind) -> Result<Step<'static>, Wrong> {
    let name = words.plain(0, "a payment")?;
    Ok(Step {
        kind,
        payment: payment_id(name),
        quota: script.quota_of_payment(name, words.named("on"))?,
        serial: words.number("n", 1)?,
        reason: words.named("why").unwrap_or("see file"),
    })
}

fn fact(script: &Script, words: &Words, kind: FactKind) -> Result<Fact<'static>, Wrong> {
    let name = words.plain(0, "a payment")?;
    let quota = script.quota_of_payment(name, words.named("on"))?;
    let refund: u64 = words.number("number", 0)?;
    let own = number_of("fact", &format!("{} {name} {refund}", kind.slug())) as u64;
    let amount_fen = match words.plain(1, "an amount") {
        Ok(text) => amount(text)?,
        Err(_) if kind == FactKind::Reject => Fen::ZERO,
        Err(wrong) => return Err(wrong),
    };
    Ok(Fact {
        kind,
        payment: payment_id(name),
        quota,
        serial: words.number("n", own)?,
        amount_fen,
        payee_hash: account_hash(words.named("payee").unwrap_or("")),
        day: day(words, quota)?,
        refund,
        detail: words.number("detail", 0)?,
        note: words.named("note").unwrap_or(""),
    })
}

fn act(script: &Script, words: &Words, kind: ActKind, line: usize) -> Result<Act<'static>, Wrong> {
    let unamounted = matches!(kind, ActKind::Close | ActKind::Revive);
    Ok(Act {
        kind,
        act: act_id(script, words, line),
        quota: script.quota(words.plain(0, "a quota")?)?,
        amount_fen: if unamounted { Fen::ZERO } else { amount(words.plain(1, "an amount")?)? },
        contract: contract(words.named("contract").unwrap_or("0"))?,
        plan: contract(words.named("purchase").unwrap_or("0"))?,
        batch: words.named("batch").map_or(BatchId(0), batch_id),
        note: words.named("note").unwrap_or(""),
    })
}

fn create(script: &Script, words: &Words, line: usize) -> Result<Create<'static>, Wrong> {
    let name = words.plain(0, "a name")?;
    let mut posts = Posts::NONE;
    for slug in words.named("posts").unwrap_or("unit").split('+').filter(|slug| *slug != "none") {
        posts = posts.with(Post::from_slug(slug).ok_or_else(|| format!("{slug} is no post"))?);
    }
    let cap = words.named("cap");
    Ok(Create {
        act: act_id(script, words, line),
        division: division(words.named("in").unwrap_or("D1"))?,
        year: year(words.named("year").unwrap_or("2023"))?,
        parent: words.named("parent").map_or(Ok(QuotaId::NONE), |name| script.quota(name))?,
        fund: class(words.named("fund").unwrap_or("111"))?,
        economic: class(words.named("economic").unwrap_or("any"))?,
        posts,
        executable: words.named("executable") != Some("no"),
        plan: LimitKey(words.number("plan", 0)?),
        authority: if cap.is_some() {
            AuthorityKind::PreApproval
        } else {
            AuthorityKind::BudgetLine
        },
        cap_fen: cap.map_or(Ok(Fen::ZERO), amount)?,
        key: words.named("key").unwrap_or(name),
    })
}

fn move_out(script: &Script, words: &Words, kind: MoveKind) -> Result<MoveOut<'static>, Wrong> {
    Ok(MoveOut {
        kind,
        id: move_id(words.plain(0, "a move")?),
        from: script.quota(words.plain(1, "a quota it leaves")?)?,
        to: script.quota(words.plain(2, "a quota it goes to")?)?,
        amount_fen: amount(words.plain(3, "an amount")?)?,
        batch: words.named("batch").map_or(BatchId(0), batch_id),
        payment: words.named("payment").map_or(PaymentId::NONE, payment_id),
        note: words.named("why").unwrap_or(if kind == MoveKind::Correct { "why" } else { "" }),
    })
}

/// The second half of a move, as the engine takes it from the committed first half; `from=Q1`
/// tells moves with one id apart.
fn move_in(script: &Script, words: &Words) -> Result<MoveIn, Wrong> {
    let name = words.plain(0, "a move")?;
    let mut moved = script.find_move_out(name, words.named("from"))?.second_half(move_id(name));
    moved.amount_fen = words.named("amount").map_or(Ok(moved.amount_fen), amount)?;
    Ok(moved)
}

/// How a move ended, as its receiver has it, unless the line says otherwise.
fn settle_move(script: &Script, words: &Words) -> Result<SettleMove, Wrong> {
    let name = words.plain(0, "a move")?;
    let from = words.named("from");
    if let Some(quota) = words.named("unknown-from") {
        return Ok(SettleMove { id: move_id(name), from: script.quota(quota)?, landed: true });
    }
    let row = script.find_move_out(name, from)?;
    let landed = match words.named("landed") {
        Some(text) => text == "yes",
        None => script.has_landed(name, row)?,
    };
    Ok(SettleMove { id: move_id(name), from: row.from, landed })
}

fn limit(script: &Script, words: &Words, line: usize) -> Result<SetLimit, Wrong> {
    let plan = words.verb == "set-plan";
    let number = |at, what| -> Result<u64, Wrong> {
        let text = words.plain(at, what)?;
        text.parse().map_err(|_| format!("{text} is no number"))
    };
    Ok(SetLimit {
        act: act_id(script, words, line),
        division: division(words.named("in").unwrap_or("D1"))?,
        year: year(words.named("year").unwrap_or("2023"))?,
        kind: if plan { LimitKind::PlanMonth } else { LimitKind::PayCeiling },
        key: LimitKey(if plan { number(0, "a plan")? } else { 0 }),
        month: if plan { number(1, "a month")? as u8 } else { 0 },
        amount_fen: amount(words.plain(if plan { 2 } else { 0 }, "an amount")?)?,
        checker: person(words.named("checker").unwrap_or("controller")),
    })
}

/// A batch announces the next lines that name it: `open-batch B1 3`. `digest=wrong` announces
/// others.
fn open_batch(script: &Script, words: &Words, line: usize) -> Result<OpenBatch, Wrong> {
    let name = words.plain(0, "a batch")?;
    let count = words.plain(1, "a count")?;
    let count: u32 = count.parse().map_err(|_| format!("{count} is no count"))?;
    let mark = format!("batch={name}");
    let coming = script.lines_after(line).filter(|(_, text)| text.contains(&mark));
    let mut digest = u128::from(words.named("digest") == Some("wrong"));
    for (number, text) in coming.take(count as usize) {
        let order = text.split(" -> ").next().unwrap_or(text);
        let staged = Words::of(order)?;
        match body(script, &staged, number)? {
            Some(Body::Act(act)) => digest = fold_act(digest, &act),
            Some(Body::MoveOut(moved)) => digest = fold_move(digest, &moved),
            Some(Body::File(paper)) => digest = fold_paper(digest, &paper),
            _ => return Err(format!("{order} cannot be staged")),
        }
    }
    Ok(OpenBatch {
        batch: batch_id(name),
        division: division(words.named("in").unwrap_or("D1"))?,
        year: year(words.named("year").unwrap_or("2023"))?,
        count,
        digest,
        deadline_ms: words.number("deadline", 0)?,
    })
}

fn register(words: &Words) -> Result<Register<'static>, Wrong> {
    let index = division(words.plain(0, "a division")?)?;
    let code = words.named("code").unwrap_or("370000000").as_bytes();
    let absent = if index == DivisionIndex::PROVINCE { index } else { DivisionIndex::PROVINCE };
    Ok(Register {
        division: index,
        code: code.try_into().map_err(|_| "a division's code has nine characters")?,
        parent: words.named("parent").map_or(Ok(absent), division)?,
        name: words.named("name").unwrap_or("齐州"),
    })
}

/// `resolve apply clear R1` names the fact as its line did.
fn resolve(script: &Script, words: &Words, line: usize) -> Result<Resolve<'static>, Wrong> {
    let action = words.plain(0, "apply or dismiss")?;
    let serial = match words.named("n") {
        Some(_) => words.number("n", 0)?,
        None => {
            let (kind, payment) = (words.plain(1, "a fact")?, words.plain(2, "a payment")?);
            let refund: u64 = words.number("number", 0)?;
            number_of("fact", &format!("{kind} {payment} {refund}")) as u64
        }
    };
    Ok(Resolve {
        act: act_id(script, words, line),
        division: division(words.named("in").unwrap_or("D1"))?,
        year: year(words.named("year").unwrap_or("2023"))?,
        channel: ChannelId(words.number("channel", 9)?),
        serial,
        action: ResolveAction::from_slug(action).ok_or_else(|| format!("{action} what?"))?,
        reason: words.named("why").unwrap_or("see file"),
    })
}

/// `file base-put mof-dep|101|A|other;mof-dep|102|…`: a bar parts fields, a semicolon lines.
fn paper(script: &Script, words: &Words, line: usize) -> Result<Paper<'static>, Wrong> {
    let kind = words.plain(0, "a paper")?;
    let day: u32 = words.number("day", 0)?;
    Ok(Paper {
        act: act_id(script, words, line),
        division: division(words.named("in").unwrap_or("D1"))?,
        year: year(words.named("year").unwrap_or("2023"))?,
        kind: PaperKind::from_slug(kind).ok_or_else(|| format!("{kind} is no paper"))?,
        batch: words.named("batch").map_or(BatchId(0), batch_id),
        checker: words.named("checker").map_or(PersonId::NOBODY, person),
        day: if day == 0 { None } else { Day::new(day) },
        text: words.plain(1, "lines")?.replace('|', "\t").replace(';', "\n").leak(),
    })
}
