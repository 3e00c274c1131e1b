//! The three screens of a desk: balance, worklists, look-up.

use domain::Fen;
use domain::codes::Post;
use protocol::directory::ListedPayment;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::Language;
use super::ask::{Became, Way};
use super::core::Desk;
use super::digits::large;
use super::draw::{Drawn, bold, warn};
use super::look::Side;
use super::order::{fact_chinese, post_chinese, state_chinese};
use super::text::{age, cut, fit, right, wrap};
use crate::cli::quota::{posts, state, terms};
use crate::cli::show::{self, yuan};

/// Lines that tell the chosen payment of a list.
const DETAIL_LINES: usize = 6;

/// An amount without its sign of yuan, for columns that say so above.
fn plain(fen: Fen) -> String {
    yuan(fen).replace('¥', "")
}

pub(super) fn quota(desk: &Desk, cells: usize) -> Drawn {
    let mut drawn = Drawn::default();
    let Some(view) = &desk.view else {
        match desk.quota {
            None => drawn.say("no quota is chosen yet: g chooses one 按 g 选择指标"),
            Some(quota) => drawn.say(format!("quota 指标 {quota}: not read yet 尚未读到")),
        }
        return drawn;
    };
    let (english, chinese) = state(view);
    let style = if view.executable && !view.closed && !view.quarantined { bold() } else { warn() };
    drawn.styled(cut(&format!("quota 指标 {}  {}", view.quota, view.key), cells), bold());
    drawn.styled(cut(&format!("{english} {chinese}"), cells), style);
    let seconds = desk.now.monotonic_ms.saturating_sub(desk.seen_ms) / 1000;
    // A figure that is read every few seconds says its age only when it is older than that.
    let stale = if seconds * 1000 > desk.setup.refresh_ms + 3_000 {
        format!("   AS OF {seconds} s AGO {seconds}秒前")
    } else {
        String::new()
    };
    drawn.styled(
        format!("available 可用, yuan 元{stale}"),
        if stale.is_empty() { bold() } else { warn() },
    );
    for line in large(&plain(Fen::new(view.buckets.available()))) {
        drawn.styled(cut(&format!("  {line}"), cells), bold());
    }
    drawn.gap();
    let term = |(sign, name, fen, chinese): (&str, &str, i64, &str)| {
        let label = fit(&format!("{sign} {name} {chinese}"), 23);
        format!("{label}{}", right(&plain(Fen::new(fen)), 15))
    };
    let terms = terms(view);
    for (left, other) in terms[..5].iter().zip(&terms[5..]) {
        drawn.say(format!("{} {}", term(*left), term(*other)));
    }
    drawn.gap();
    let plan =
        if view.plan.0 == 0 { "exempt 免计划".to_owned() } else { view.plan.0.to_string() };
    let class = if view.economic.as_str().is_empty() { "any" } else { view.economic.as_str() };
    let (open, posts) = (view.open_payments, posts(view.posts));
    drawn.say(cut(&format!("open 在办 {open}   class 经济分类 {class}   plan 计划 {plan}"), cells));
    drawn.say(cut(&format!("posts 审核岗 {posts}"), cells));
    if !desk.answers.is_empty() {
        drawn.gap();
        drawn.styled("answers 答复", bold());
    }
    for (wall_ms, answered) in &desk.answers {
        let time = &show::time(*wall_ms)[11..19];
        let style = if answered.is_taken() { Style::new() } else { warn() };
        let line = answered.order.line();
        drawn.styled(cut(&format!("{time}  {}  {line}", fit(&answered.short(), 18)), cells), style);
    }
    drawn
}

pub(super) fn lists(desk: &Desk, cells: usize, height: usize) -> Drawn {
    let mut drawn = Drawn::default();
    let (lists, kind) = (&desk.lists, desk.lists.kind());
    let more = if lists.has_more() { ", more behind 后有" } else { "" };
    let true_at = match lists.true_at {
        Some((at, time_ms)) => format!("  true at {at}, {}", &show::time(time_ms)[5..19]),
        None => String::new(),
    };
    let head = format!("{} {}  page {}{more}{true_at}", kind.name, kind.chinese, lists.page());
    drawn.styled(cut(&head, cells), bold());
    if let Some(why) = &lists.trouble {
        drawn.long(&format!("! {why}"), cells, 0, warn());
    }
    let columns = format!("  {} {} {}", fit("age 时长", 9), right("yuan 元", 18), "payee 收款人");
    drawn.say(cut(&columns, cells));
    if lists.rows.is_empty() {
        let none = match (lists.is_asked, lists.has_more()) {
            (true, _) => "  asked 查询中",
            (false, true) => "  nothing so far: PgDn looks on 暂无，PgDn 继续",
            (false, false) => "  nothing waits here 无待办",
        };
        drawn.say(none);
        return drawn;
    }
    let room = height.saturating_sub(drawn.lines.len() + DETAIL_LINES + 1).max(1);
    let from = lists.at.saturating_sub(room - 1);
    let now_ms = lists.true_at.map_or(0, |(_, time_ms)| time_ms);
    for (index, row) in lists.rows.iter().enumerate().skip(from).take(room) {
        let is_here = index == lists.at;
        let line = fit(&listed(row, is_here, now_ms), cells);
        let reversed = Style::new().add_modifier(Modifier::REVERSED);
        drawn.styled(line, if is_here { reversed } else { Style::new() });
    }
    drawn.gap();
    if let Some(row) = lists.selected() {
        detail(&mut drawn, row, cells);
    }
    drawn
}

fn listed(row: &ListedPayment, is_here: bool, now_ms: u64) -> String {
    let mark = if is_here { ">" } else { " " };
    let stood = fit(&age(now_ms.saturating_sub(row.changed_ms)), 9);
    let amount = right(&plain(row.amount_fen), 18);
    let payee = fit(&row.payee_name, 24);
    format!("{mark} {stood} {amount} {payee} {}", row.purpose)
}

/// What else is known of the chosen payment.
fn detail(drawn: &mut Drawn, row: &ListedPayment, cells: usize) {
    let mut say = |text: String| drawn.say(cut(&text, cells));
    say(format!("payment 编号  {}", row.payment));
    say(format!("state 状态    {} {}", row.state.slug(), state_chinese(row.state)));
    say(format!("quota 指标    {}  {}", row.quota, row.key));
    say(format!("account 账号  {}   numbers 文号 {}", row.payee_account, row.numbers));
    say(format!("maker 经办    {}", row.maker.0));
    let post = |post: &Post| format!("{} {}", post.slug(), post_chinese(*post));
    let next = row.posts.next_after(row.approved);
    let next = next.as_ref().map_or_else(|| "none 无".to_owned(), post);
    say(format!("posts 审核岗  needs {}, next {next}", posts(row.posts)));
}

pub(super) fn look(desk: &Desk, cells: usize, height: usize) -> Drawn {
    let look = &desk.look;
    let mut drawn = Drawn::default();
    let field = &look.form.fields[0];
    let label = "look up 查询: ";
    if look.is_typing {
        let at = super::text::width(label) + super::text::width(field.before_cursor());
        drawn.cursor = Some((at as u16, 0));
    }
    drawn.styled(cut(&format!("{label}{}", field.text), cells), bold());
    if let Some(why) = look.form.wrong.as_ref().or(look.trouble.as_ref()) {
        drawn.long(&format!("! {why}"), cells, 0, warn());
    } else if look.is_typing {
        drawn.say(format!("  {}", field.hint));
    } else if look.is_asked {
        drawn.say("  asked 查询中");
    }
    for (index, row) in look.found.iter().enumerate() {
        let here = index == look.at;
        let line = format!(
            "{} {}  {}  {}",
            if here { ">" } else { " " },
            right(&plain(row.amount_fen), 18),
            fit(row.state.slug(), 10),
            row.payee_name
        );
        drawn.styled(cut(&line, cells), if here { bold() } else { Style::new() });
    }
    let told: Vec<Line<'static>> = look
        .ways
        .iter()
        .flat_map(|way| match look.side {
            Side::Way => tell(way, desk.language, cells),
            Side::Receipts => receipts(way, cells),
        })
        .collect();
    let room = height.saturating_sub(drawn.lines.len());
    let from = look.scroll.min(told.len().saturating_sub(room));
    drawn.lines.extend(told.into_iter().skip(from));
    drawn
}

fn head(way: &Way, cells: usize) -> Vec<Line<'static>> {
    let (division, year) = way.book;
    let mut lines = vec![Line::styled(
        cut(&format!("payment 编号 {}  of {}/{}", way.payment, division.0, year.get()), cells),
        bold(),
    )];
    if let Some(view) = &way.view {
        let payee = &way.texts.payee_name;
        let state = format!("{} {}", view.state.slug(), state_chinese(view.state));
        let line =
            format!("{}  {payee}  {state}  quota 指标 {}", yuan(view.amount_fen), view.quota);
        lines.push(Line::styled(cut(&line, cells), bold()));
    }
    lines
}

/// A payment's whole way in words.
fn tell(way: &Way, language: Language, cells: usize) -> Vec<Line<'static>> {
    let mut lines = head(way, cells);
    let of = |both: &crate::cli::payment::now::Both| match language {
        Language::English => both.english.clone(),
        Language::Chinese => both.chinese.clone(),
    };
    let mut say = |head: String, text: &str| {
        lines.push(Line::styled(cut(&head, cells), Style::new().add_modifier(Modifier::DIM)));
        lines.extend(
            wrap(text, cells.saturating_sub(2))
                .into_iter()
                .map(|line| Line::from(format!("  {line}"))),
        );
    };
    for event in &way.events {
        say(format!("{}  {}", event.at, event.time), &of(&event.told));
    }
    say("now 现状".to_owned(), &of(&way.now));
    lines
}

/// What was reported about it.
fn receipts(way: &Way, cells: usize) -> Vec<Line<'static>> {
    let mut lines = head(way, cells);
    if let Some(view) = &way.view {
        let sum = |settled: bool| -> Fen {
            let some = view.refunds.iter().filter(|refund| refund.settled == settled);
            Fen::new(some.map(|refund| refund.amount_fen.get()).sum())
        };
        for (label, fen) in [
            ("asked 申请", view.amount_fen),
            ("executed 实付", view.executed_fen),
            ("came back, under way 退款在途", sum(false)),
            ("came back, settled 已入库", sum(true)),
        ] {
            lines.push(Line::from(format!("{}{}", fit(label, 32), right(&plain(fen), 18))));
        }
    }
    lines.push(Line::default());
    if way.receipts.is_empty() {
        lines.push(Line::from("nothing was reported yet 尚无回单"));
    }
    for receipt in &way.receipts {
        let name = fit(&format!("{} {}", receipt.kind.slug(), fact_chinese(receipt.kind)), 23);
        let amount = right(&plain(receipt.amount_fen), 16);
        let of =
            if receipt.refund > 0 { format!(" refund {}", receipt.refund) } else { String::new() };
        let (became, style) = became(receipt.became);
        let (serial, channel) = (receipt.serial, receipt.channel);
        let first = format!("{name}{amount}  no. {serial} ch. {channel}{of}");
        lines.push(Line::from(vec![Span::raw(cut(&first, cells))]));
        let second = format!("  {}  {became}", &receipt.time[..19]);
        lines.push(Line::styled(cut(&second, cells), style));
    }
    lines
}

fn became(became: Became) -> (String, Style) {
    match became {
        Became::Taken => ("taken 已入账".to_owned(), Style::new()),
        Became::TakenLater => {
            ("lay in suspense, taken later 曾挂账，已入账".to_owned(), Style::new())
        }
        Became::Dismissed => ("lay in suspense, set aside 已注销".to_owned(), Style::new()),
        Became::Parked(code) => {
            (format!("in suspense 挂账: {code}, {} {}", code.english(), code.chinese()), warn())
        }
    }
}
