//! A voucher on paper: one page of HTML that stands by itself, with what an official looks for where they look
//! for it.
//!
//! Title, number, date; payer and payee side by side; the amount in figures and in capitals; every further
//! field; the details; places for the seals, each empty or with whose seal it is; where the voucher stands.
//! All text is escaped; nothing is fetched from anywhere.

mod capitals;
mod columns;

use std::fmt::Write as _;

use domain::ids::{Class, Day, FiscalYear};
use domain::money::yuan_grouped;
use domain::voucher::document::Fields;
use domain::voucher::schema::schema;
use domain::voucher::seal::SealSort;
use domain::voucher::state::State;
use domain::voucher::{Field, Flag, PartyKind, SealPlace, Value, Voucher, form};
use domain::{Fen, elements};

pub use capitals::in_capitals;

use crate::business::BY_ITSELF;
use crate::limits::PRINTED_DETAILS_MAX;
use crate::signing::CertificateId;
use crate::store::Deed;
use crate::values;

/// A voucher and what is known around it.
#[derive(Clone, Copy, Debug)]
pub struct Sheet<'a> {
    /// The voucher.
    pub voucher: &'a Voucher,
    /// Where it stands.
    pub state: State,
    /// Which places are filled, and by whom.
    pub seals: &'a [Sealed],
    /// What was done about it beside its way on a line: by paper, voided, sent back.
    pub deeds: &'a [Deed],
}

/// A place of a seal that is filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Which.
    pub place: SealPlace,
    /// Whose seal it is, as the certificate says.
    pub by: String,
    /// When it was put there.
    pub day: Day,
    /// The certificate. The same one may have filled several places.
    pub certificate: CertificateId,
}

const STYLE: &str = "\
@page{size:A4 landscape;margin:12mm}
body{font:10.5pt/1.5 SimSun,\"Noto Serif CJK SC\",serif;color:#000;margin:12mm}
h1{font-size:18pt;text-align:center;letter-spacing:.2em;margin:0 0 3mm}
table{border-collapse:collapse;width:100%;margin:0 0 3mm}
th,td{border:1px solid #000;padding:1mm 2mm;text-align:left;vertical-align:top}
th{font-weight:normal;background:#f2f2f2;white-space:nowrap}
td.sum{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
p.line{display:flex;justify-content:space-between;margin:0 0 3mm}
ul.seals{display:flex;gap:6mm;list-style:none;padding:0;margin:6mm 0 0}
ul.seals li{flex:1;border:1px dashed #c00;color:#c00;min-height:24mm;padding:2mm}
ul.seals li.empty{border-color:#999;color:#999}
";

/// Fields that stand in the two boxes of payer and payee.
const PAYER: [Field; 3] = [Field::PayerName, Field::PayerAccount, Field::PayerBankName];
const PAYEE: [Field; 4] =
    [Field::PayeeName, Field::PayeeAccount, Field::PayeeBankName, Field::PayeeBankNumber];

/// The page.
#[must_use]
pub fn html(sheet: &Sheet<'_>) -> String {
    let Voucher { key, flag, date, head, details } = sheet.voucher;
    let receipt = if *flag == Flag::Receipt { "（回单）" } else { "" };
    let title = format!("{}{receipt}", key.kind.chinese());
    let mut out = String::with_capacity(8 * 1024);
    let number = escaped(key.number.as_str());
    out.push_str("<!DOCTYPE html>\n<html lang=\"zh-CN\">\n<head>\n<meta charset=\"utf-8\">\n");
    tell(&mut out, format_args!("<title>{title} {number}</title>\n"));
    tell(&mut out, format_args!("<style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"));
    let (year, day) = (date.year(), date.get());
    tell(
        &mut out,
        format_args!(
            "<p class=\"line\"><span>凭证号：{number}</span><span>{year}年{}月{}日</span>\
             <span>区划：{}　年度：{}</span><span>状态：{}{}</span></p>\n",
            date.month(),
            day % 100,
            key.division,
            key.year.get(),
            sheet.state.chinese(),
            if head.text(Field::Offline) == Some("1") { "（线下办理）" } else { "" },
        ),
    );
    // A receipt goes the other way.
    let (from, to) = match flag {
        Flag::Original => (key.kind.from(), key.kind.to()),
        Flag::Receipt => (key.kind.to(), key.kind.from()),
    };
    tell(
        &mut out,
        format_args!(
            "<p class=\"line\"><span>发送方：{}</span><span>接收方：{}</span>\
             <span>凭证类型：{}</span></p>\n",
            party(from),
            party(to),
            key.kind.code()
        ),
    );
    parties(sheet.voucher, &mut out);
    amounts(sheet.voucher, &mut out);
    further(sheet.voucher, &mut out);
    if !details.is_empty() {
        lines(sheet.voucher, &mut out);
    }
    done(sheet.deeds, &mut out);
    seals(sheet, &mut out);
    out.push_str("</body>\n</html>\n");
    out
}

fn tell(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a string takes all");
}

/// A text with nothing in it that HTML would read.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for one in text.chars() {
        match one {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            one if one.is_control() => out.push(' '),
            one => out.push(one),
        }
    }
    out
}

const fn party(kind: PartyKind) -> &'static str {
    match kind {
        PartyKind::Finance => "财政部门",
        PartyKind::Unit => "预算单位",
        PartyKind::Bank => "代理银行",
        PartyKind::CentralBank => "人民银行国库",
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Amount(fen) => yuan_grouped(i128::from(fen.get())),
        Value::Day(told) => day(*told),
        value => escaped(&values::told(value)),
    }
}

fn day(day: Day) -> String {
    let day = day.get();
    format!("{:04}-{:02}-{:02}", day / 10_000, day / 100 % 100, day % 100)
}

/// A field's cell: what it says, and behind a code what it is called, as far as tables or the voucher itself tell.
fn cell(field: Field, value: &Value, among: &Fields, year: FiscalYear) -> String {
    let class = if matches!(value, Value::Amount(_)) { " class=\"sum\"" } else { "" };
    let name = match (field, value) {
        (Field::Unit, _) => among.text(Field::UnitName),
        (Field::Department, _) => among.text(Field::DepartmentName),
        (Field::FundType, Value::Text(code)) => {
            Class::new(code).and_then(|fund| elements::fund_name(fund, year))
        }
        (field, Value::Text(code)) => form::code_name(field, code),
        _ => None,
    };
    let name = name.map_or_else(String::new, |name| format!(" {}", escaped(name)));
    format!("<td{class}>{}{name}</td>", shown(value))
}

/// Whether a field is a name that stands behind its code.
fn stands_behind(field: Field, among: &Fields) -> bool {
    let code = match field {
        Field::UnitName => Field::Unit,
        Field::DepartmentName => Field::Department,
        _ => return false,
    };
    among.get(code).is_some()
}

fn parties(voucher: &Voucher, out: &mut String) {
    let head = &voucher.head;
    let has = |fields: &[Field]| fields.iter().any(|&field| head.get(field).is_some());
    if !has(&PAYER) && !has(&PAYEE) {
        return;
    }
    // Several payees: the details have them.
    let several = !has(&PAYEE) && !voucher.details.is_empty();
    out.push_str("<table>\n");
    let bank_number = PAYEE.get(PAYER.len()).filter(|&&field| head.get(field).is_some());
    for at in 0..PAYER.len() + bank_number.map_or(0, |_| 1) {
        out.push_str("<tr>");
        for (side, fields) in [&PAYER[..], &PAYEE[..]].into_iter().enumerate() {
            match fields.get(at) {
                Some(&field) => {
                    let shown = head.get(field).map(shown).unwrap_or_default();
                    let shown =
                        if side == 1 && several && at == 0 { "见明细".into() } else { shown };
                    tell(out, format_args!("<th>{}</th><td>{shown}</td>", field.chinese()));
                }
                None => out.push_str("<th></th><td></td>"),
            }
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</table>\n");
}

fn amounts(voucher: &Voucher, out: &mut String) {
    let fields = [Field::Amount, Field::TotalAmount, Field::ExecutedAmount, Field::ClosingBalance];
    let told: Vec<(Field, Fen)> = fields
        .into_iter()
        .filter_map(|field| Some((field, voucher.head.amount_fen(field)?)))
        .collect();
    if told.is_empty() {
        return;
    }
    out.push_str("<table>\n");
    for (field, fen) in told {
        tell(
            out,
            format_args!(
                "<tr><th>{}</th><td>（大写）{}</td><td class=\"sum\">（小写）{}</td></tr>\n",
                field.chinese(),
                in_capitals(fen),
                yuan_grouped(i128::from(fen.get()))
            ),
        );
    }
    out.push_str("</table>\n");
}

/// Fields of the head that stand in no box above, three beside each other.
fn further(voucher: &Voucher, out: &mut String) {
    let above = |field: Field| {
        PAYER.contains(&field)
            || PAYEE.contains(&field)
            || matches!(field, Field::Amount | Field::TotalAmount | Field::ExecutedAmount)
            || matches!(field, Field::ClosingBalance | Field::Offline)
            || stands_behind(field, &voucher.head)
    };
    let fields: Vec<(Field, &Value)> =
        voucher.head.iter().filter(|(field, _)| !above(*field)).collect();
    if fields.is_empty() {
        return;
    }
    out.push_str("<table>\n");
    for row in fields.chunks(3) {
        out.push_str("<tr>");
        for (field, value) in row {
            let cell = cell(*field, value, &voucher.head, voucher.key.year);
            tell(out, format_args!("<th>{}</th>{cell}", field.chinese()));
        }
        for _ in row.len()..3 {
            out.push_str("<th></th><td></td>");
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</table>\n");
}

fn lines(voucher: &Voucher, out: &mut String) {
    let columns = columns::of(voucher);
    out.push_str("<table>\n<thead><tr><th>序号</th>");
    for field in &columns {
        tell(out, format_args!("<th>{}</th>", field.chinese()));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for detail in voucher.details.iter().take(PRINTED_DETAILS_MAX) {
        tell(out, format_args!("<tr><td>{}</td>", escaped(&detail.id)));
        for &field in &columns {
            let cell = |value| cell(field, value, &detail.fields, voucher.key.year);
            out.push_str(&detail.fields.get(field).map_or_else(|| "<td></td>".into(), cell));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n");
    let rest = voucher.details.get(PRINTED_DETAILS_MAX..).unwrap_or_default();
    if !rest.is_empty() {
        let sum = |field| {
            let fen = rest.iter().filter_map(|line| line.fields.amount_fen(field));
            yuan_grouped(fen.map(|fen| i128::from(fen.get())).sum())
        };
        // What was ordered is not what was paid where some got nothing.
        let paid = match columns.contains(&Field::ExecutedAmount) {
            true => format!("，实付合计{}", sum(Field::ExecutedAmount)),
            false => String::new(),
        };
        tell(
            out,
            format_args!(
                "<tfoot><tr><td colspan=\"{}\">其余{}条未列出，金额合计{}{paid}</td></tr></tfoot>\n",
                columns.len() + 1,
                rest.len(),
                sum(Field::Amount)
            ),
        );
    }
    out.push_str("</table>\n");
}

/// What was done about a voucher, by whom and why: an official sees how it went, and why it came back.
fn done(deeds: &[Deed], out: &mut String) {
    if deeds.is_empty() {
        return;
    }
    out.push_str("<table>\n<thead><tr><th>日期</th><th>办理情况</th><th>经办人</th><th>授权人</th><th>事由</th></tr></thead>\n<tbody>\n");
    for deed in deeds {
        let persons = |names: &[String]| {
            let mut names = names.to_vec();
            names.dedup();
            escaped(&names.join("、"))
        };
        let by = if deed.by == [BY_ITSELF] { "凭证库".to_owned() } else { persons(&deed.by) };
        tell(
            out,
            format_args!(
                "<tr><td>{}</td><td>{}</td><td>{by}</td><td>{}</td><td>{}</td></tr>\n",
                day(deed.day),
                deed.what.chinese(),
                persons(&deed.authorised_by),
                escaped(&deed.reason),
            ),
        );
    }
    out.push_str("</tbody>\n</table>\n");
}

/// That one key stands in a place which is another's to fill, said plainly.
fn stands_for(sealed: &Sealed, all: &[Sealed]) -> &'static str {
    let places = || all.iter().filter(|one| one.certificate == sealed.certificate);
    let is_organisations = places().any(|one| one.place.sort() == SealSort::Organisation);
    match (sealed.place.sort(), is_organisations, places().count()) {
        (SealSort::Person, true, _) => "<br>（未用个人证书，以单位密钥代签）",
        (_, _, 2..) => "<br>（同一密钥签多处）",
        _ => "",
    }
}

fn seals(sheet: &Sheet<'_>, out: &mut String) {
    out.push_str("<ul class=\"seals\">\n");
    for &place in schema(sheet.voucher.key.kind).seals_of(sheet.voucher.flag) {
        let filled = sheet.seals.iter().find(|sealed| sealed.place == place);
        match filled {
            Some(sealed) => {
                let by = format!("{} {}", sealed.by, day(sealed.day));
                let stands_for = stands_for(sealed, sheet.seals);
                let (place, by) = (place.chinese(), escaped(&by));
                tell(out, format_args!("<li>{place}<br>{by}{stands_for}</li>\n"));
            }
            None => tell(out, format_args!("<li class=\"empty\">{}</li>\n", place.chinese())),
        }
    }
    out.push_str("</ul>\n");
}
