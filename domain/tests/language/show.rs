//! `show`: figures as they are now, each by its name.

use domain::movement::Transit;
use domain::office::table::Table;
use domain::{DivisionIndex, FiscalYear};

use super::Script;
use super::parse::{self, Wrong};

/// Named figures of one thing.
type Figures = Vec<(String, String)>;

impl Script {
    /// `show THING name value name value …`
    pub(super) fn show(&self, line: &'static str) -> Result<(), Wrong> {
        let words: Vec<&'static str> = line.split_whitespace().skip(1).collect();
        let (figures, asked) = self.figures(&words)?;
        if asked.is_empty() || !asked.len().is_multiple_of(2) {
            return Err("show names figures in pairs: available 600".into());
        }
        let mut wrong = Vec::new();
        for pair in asked.chunks(2) {
            let (name, value) = (pair[0], pair[1].replace('_', ""));
            let known = figures.iter().find(|(known, _)| known == name);
            let (_, is) = known.ok_or_else(|| format!("{} has no {name}", words[0]))?;
            if *is != value {
                wrong.push(format!("{name} {is}"));
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(format!("is: {}", wrong.join(" "))) }
    }

    fn figures<'a>(
        &self,
        words: &'a [&'static str],
    ) -> Result<(Figures, &'a [&'static str]), Wrong> {
        let word = |at: usize| words.get(at).copied().ok_or("show what?");
        let thing = word(0)?;
        let of_year = || -> Result<(DivisionIndex, FiscalYear), Wrong> {
            Ok((parse::division(word(1)?)?, parse::year(word(2)?)?))
        };
        Ok(match thing {
            "contract" => (self.contract(word(1)?, word(2)?)?, &words[3..]),
            "plan" => (self.plan(word(1)?)?, &words[2..]),
            "batch" => (self.batch(word(1)?)?, &words[2..]),
            "move" => (self.moved(word(1)?)?, &words[2..]),
            "row" => (self.row(word(1)?, word(2)?)?, &words[3..]),
            "year" => {
                let (division, year) = of_year()?;
                (self.year(division, year)?, &words[3..])
            }
            _ if thing.starts_with('Q') => (self.quota_figures(thing)?, &words[1..]),
            _ => (self.payment(thing)?, &words[1..]),
        })
    }

    fn book(&self, division: u16, year: FiscalYear) -> Result<&domain::division::YearBook, Wrong> {
        let book = self.world.divisions.get(&division).and_then(|d| d.year(year));
        book.ok_or_else(|| format!("nothing happened in {} of D{division}", year.get()))
    }

    fn quota_figures(&self, name: &str) -> Result<Figures, Wrong> {
        let id = self.quota(name)?;
        let book = self.book(id.division().0, id.year())?;
        let (Some(cell), Some(row)) = (book.quota(id), book.row(id)) else {
            return Err(format!("there is no quota {name}"));
        };
        let mut figures: Figures = cell.buckets.named().map(named).into();
        figures.extend(row.totals().named().map(named));
        figures.push(named(("available", cell.buckets.available())));
        figures.push(named(("staged", cell.buckets.staged)));
        figures.push(named(("version", i64::from(cell.version))));
        figures.push(named(("open-payments", i64::from(cell.open_payments))));
        figures.push(yes_no("closed", cell.closed));
        Ok(figures)
    }

    fn payment(&self, name: &str) -> Result<Figures, Wrong> {
        let id = self.quota_of_payment(name, None)?;
        let book = self.book(id.division().0, id.year())?;
        let payment = book.payment(parse::payment_id(name));
        let payment = payment.ok_or_else(|| format!("there is no payment {name}"))?;
        let text = |name: &str, value: &str| (name.to_string(), value.to_string());
        Ok(vec![
            text("state", payment.state.slug()),
            text("path", payment.path.slug()),
            text("ending", payment.ending.map_or("none", |ending| ending.slug())),
            text("next", payment.next_post().map_or("none", |post| post.slug())),
            named(("executed", payment.executed_fen.get())),
            named(("refunded", payment.refunded_fen().get())),
            named(("rule", i64::from(payment.rule_version))),
            named(("facts", payment.facts().len() as i64)),
            named(("steps", payment.steps().len() as i64)),
        ])
    }

    fn contract(&self, number: &str, quota: &str) -> Result<Figures, Wrong> {
        let id = self.quota(quota)?;
        let cell = self.book(id.division().0, id.year())?.contract(id, parse::contract(number)?);
        let cell = cell.ok_or_else(|| format!("no earmark for {number} on {quota}"))?;
        Ok(vec![
            named(("earmarked", cell.earmarked)),
            named(("used", cell.used)),
            named(("left", cell.left().get())),
            yes_no("open", cell.open),
        ])
    }

    /// A plan of D1 in 2023: `left-3`, `used-3`, `planned-3` of each month.
    fn plan(&self, key: &str) -> Result<Figures, Wrong> {
        let book = self.book(1, parse::year("2023")?)?;
        let key = key.parse().map(domain::ids::LimitKey).map_err(|_| "no plan's number")?;
        let plan = book.plan(key).ok_or("there is no such plan")?;
        let of_month = |month: u8| {
            let at = usize::from(month) - 1;
            [
                (format!("left-{month}"), plan.left(month).get().to_string()),
                (format!("used-{month}"), plan.used[at].to_string()),
                (format!("planned-{month}"), plan.planned[at].to_string()),
            ]
        };
        Ok((1..=12).flat_map(of_month).collect())
    }

    fn batch(&self, name: &str) -> Result<Figures, Wrong> {
        let id = parse::batch_id(name);
        let books = self.world.divisions.values().flat_map(|division| division.years());
        let batch = books.filter_map(|book| book.batch(id)).next();
        let batch = batch.ok_or_else(|| format!("there is no batch {name}"))?;
        let state = batch.end.map_or("open", |end| end.slug());
        Ok(vec![("state".into(), state.into()), named(("staged", batch.staged.len() as i64))])
    }

    /// A row on file of D1 in 2023, or in the year before `:` of its key (`2024:101`).
    fn row(&self, table: &str, key: &str) -> Result<Figures, Wrong> {
        let (year, key) = key.split_once(':').unwrap_or(("2023", key));
        let table = Table::from_slug(table).ok_or_else(|| format!("there is no table {table}"))?;
        let row = self.book(1, parse::year(year)?)?.office().row(table, key);
        let mut fields = vec![yes_no("there", row.is_some())];
        if let Some(row) = row {
            let mut line = String::new();
            row.write(&mut line);
            let columns = table.columns().iter().map(|column| column.name.to_string());
            fields.extend(columns.zip(line.split('\t').map(String::from)));
        }
        Ok(fields)
    }

    fn moved(&self, name: &str) -> Result<Figures, Wrong> {
        let state = match self.find_move_out(name, None)?.transit {
            Transit::Staged => "staged",
            Transit::InTransit => "in-transit",
            Transit::Landed => "landed",
            Transit::CameBack => "came-back",
            Transit::Dropped => "dropped",
        };
        Ok(vec![("state".into(), state.into())])
    }

    fn year(&self, division: DivisionIndex, year: FiscalYear) -> Result<Figures, Wrong> {
        let book = self.book(division.0, year)?;
        Ok(vec![
            ("state".into(), book.state.slug().into()),
            named(("waiting", book.suspense.len() as i64)),
            named(("ended", book.suspense.iter_ended().count() as i64)),
            named(("pool-in-transit", book.pool.in_transit_fen)),
            named(("pool-in-hand", book.pool.in_hand_fen)),
            named(("open-payments", book.open_payments as i64)),
            named(("ceiling", book.ceiling.amount_fen.get())),
            named(("rule", i64::from(book.ceiling.version))),
            named(("refused", book.refused().count() as i64)),
            named(("quotas", book.quota_count() as i64)),
        ])
    }
}

fn named((name, value): (&str, i64)) -> (String, String) {
    (name.to_string(), value.to_string())
}

fn yes_no(name: &str, value: bool) -> (String, String) {
    (name.to_string(), if value { "yes" } else { "no" }.to_string())
}
