//! Reports that list what is on record: alerts, and deviations from the rules.

use super::page::{Form, Report, ReportColumn, RowText, Statement};
use super::question::{NoReport, ReportKind, ReportQuestion};
use super::sources::Sources;
use crate::ids::PersonId;
use crate::office::rules::inherited::{self, Difference};
use crate::office::table::Tabled;
use crate::office::tables;
use crate::office::tables::rule::{AlertState, Deviation};

/// Alerts of the divisions in scope, raised ones first, then by division and threshold.
pub(super) fn alerts(sources: &Sources<'_>, question: &ReportQuestion) -> Result<Report, NoReport> {
    let scope = sources.scope(question)?;
    let all = sources.ledger.alerts().all();
    let mut alerts: Vec<_> = all
        .filter(|((division, year), ..)| {
            *year == question.year && scope.area.contains_key(division)
        })
        .map(|((division, _), code, alert)| {
            (!alert.raised, sources.code(division), code, division, alert)
        })
        .collect();
    alerts.sort_by(|a, b| (a.0, &a.1, a.2).cmp(&(b.0, &b.1, b.2)));
    let mut text = RowText::default();
    let raised = alerts.iter().filter(|alert| alert.4.raised).count();
    let rows = alerts.iter().map(|(_, place, code, division, alert)| {
        text.text(if alert.raised { "raised 触发" } else { "cleared 解除" }).text(place);
        text.text(sources.ledger.places().name(*division)).text(code);
        text.text(alert.measure.slug()).text(alert.measure.chinese()).number(alert.value);
        text.number(alert.since_ms).number(sources.now_ms.saturating_sub(alert.since_ms));
        text.number(alert.times).line()
    });
    let rows = rows.collect();
    let column = ReportColumn::new;
    let columns = vec![
        column("state", "状态", Form::Text),
        column("division", "区划代码", Form::Text),
        column("division_name", "区划名称", Form::Text),
        column("threshold", "阈值编码", Form::Text),
        column("measure", "监控指标", Form::Text),
        column("measure_name", "指标名称", Form::Text),
        column("value", "触发或解除时的值", Form::Count),
        column("since", "起始时间", Form::TimeMs),
        column("age", "持续时间", Form::AgeMs),
        column("times", "触发次数", Form::Count),
    ];
    let mut statements = sources.common_statements(question, &scope);
    statements.retain(|said| &*said.name != "basis");
    statements.push(Statement::new("raised", "触发中", &raised.to_string()));
    // What a control rule warned of is a case of its own, answered by a person.
    let of_rules = scope.area.keys().flat_map(|division| {
        sources.shelves.office((*division, question.year)).all::<tables::rule::Alert>()
    });
    let open = of_rules.filter(|alert| alert.state == AlertState::Open).count();
    statements.push(Statement::new("rules", "规则预警待处理", &open.to_string()));
    let (title, chinese) = ReportKind::Alerts.title();
    let (title, chinese) = (title.into(), chinese.into());
    Ok(Report { title, chinese, statements, columns, rows, total: String::new() })
}

/// Deviations of the divisions in scope: what is on file of each, and whether it holds today; and rules
/// that are not as the province has set them, though no deviation lets them be.
pub(super) fn deviations(
    sources: &Sources<'_>,
    question: &ReportQuestion,
) -> Result<Report, NoReport> {
    let scope = sources.scope(question)?;
    let today = sources.today(question.year);
    let mut columns = vec![
        ReportColumn::new("division", "区划代码", Form::Text),
        ReportColumn::new("division_name", "区划名称", Form::Text),
        ReportColumn::new("state", "状态", Form::Text),
    ];
    let of_table = Deviation::COLUMNS.iter();
    columns.extend(of_table.map(|c| ReportColumn::new(c.name, c.chinese, Form::Text)));
    let (mut rows, mut in_force) = (Vec::new(), 0);
    for division in scope.divisions() {
        let name = sources.ledger.places().name(division);
        for row in sources.shelves.office((division, question.year)).all::<Deviation>() {
            let state = match row {
                _ if row.checker == PersonId::NOBODY => "unchecked 待复核",
                _ if row.valid_to < today => "expired 已到期",
                _ if row.valid_from > today => "not yet 未生效",
                _ => "in force 生效中",
            };
            in_force += u32::from(state.starts_with("in force"));
            let mut line = format!("{}\t{name}\t{state}\t", sources.code(division));
            row.write(&mut line);
            rows.push(line);
        }
    }
    let counted = format!("{} on file, {in_force} in force", rows.len());
    let offices = sources.shelves.offices().filter(|((_, year), _)| *year == question.year);
    let offices: Vec<_> = offices.map(|((division, _), office)| (division, office)).collect();
    let comparison = inherited::compare(&offices, Some(today));
    let (all, checked) = (comparison.differences, comparison.checked);
    let of_scope = all.iter().filter(|found| scope.area.contains_key(&found.division));
    let before = rows.len();
    rows.extend(of_scope.map(|found| difference(sources, found)));
    let compared =
        format!("{checked} compared in the whole province, {} here", rows.len() - before);
    rows.sort();
    let mut statements = sources.common_statements(question, &scope);
    statements.retain(|said| &*said.name != "basis");
    statements.push(Statement::new("deviations", "规则例外", &counted));
    statements.push(Statement::new("differences", "与省级规则不一致", &compared));
    let (title, chinese) = ReportKind::Deviations.title();
    let (title, chinese) = (title.into(), chinese.into());
    Ok(Report { title, chinese, statements, columns, rows, total: String::new() })
}

/// The row of a rule that is not the province's: under the columns of a deviation, with what differs as
/// the reason.
fn difference(sources: &Sources<'_>, found: &Difference) -> String {
    let (code, name) = (sources.code(found.division), sources.ledger.places().name(found.division));
    let reason = found.differs.to_string();
    let columns = Deviation::COLUMNS.iter().map(|column| match column.name {
        "rule" => &*found.rule,
        "reason" => &reason,
        _ => "",
    });
    let columns: Vec<&str> = columns.collect();
    format!("{code}\t{name}\t{}\t{}", found.differs.word(), columns.join("\t"))
}
