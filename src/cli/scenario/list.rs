//! `treasury scenario list`: what a run adds up to, and how it is spread, before it is run.

use std::io::Write;

use anyhow::Result;
use clap::Args;
use domain::money::{FenSum, yuan_grouped};
use scenarios::{DayTotal, Part, Plan, Shares, Spec, calendar};
use serde_json::{Value, json};

use super::super::bench::grouped;
use super::super::show;
use super::{scale_of, year};
use crate::exit::Exit;

/// Length of the busiest day's bar.
const BAR: u64 = 40;

#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury scenario list
  treasury scenario list --scale 0.05 --json")]
pub(super) struct List {
    /// Part of the published size.
    #[arg(long, default_value = "1")]
    scale: String,
    /// The seed that the spread over divisions, quotas and days comes from.
    #[arg(long, default_value_t = 2022)]
    seed: u64,
    /// Print one JSON object a line.
    #[arg(long)]
    json: bool,
}

impl List {
    pub(super) fn run(self) -> Result<Exit> {
        let mut out = std::io::stdout().lock();
        for (name, title) in scenarios::list()? {
            let plan = Plan::new(Spec::named(&name)?, scale_of(&self.scale)?, self.seed)?;
            let (shares, days) = (plan.shares(), plan.days());
            if self.json {
                writeln!(out, "{}", self.tell(&name, &title, &plan, &shares, &days))?;
            } else {
                writeln!(out, "{name}: {title}")?;
                self.print(&mut out, &plan, &shares, &days)?;
            }
        }
        self.budget_year(&mut out)?;
        Ok(Exit::Ok)
    }

    /// The scenario that brings its own server.
    fn budget_year(&self, out: &mut impl Write) -> Result<()> {
        let towns = scenarios::budget::budget_year(scale_of(&self.scale)?, self.seed)?;
        let mut counts = scenarios::budget::Counts::default();
        towns.iter().for_each(|town| counts.add(town.counts()));
        let (divisions, projects, units) = (towns.len() as u64, counts.projects, counts.units);
        if self.json {
            let told = json!({
                "name": year::NAME, "title": year::TITLE, "scale": self.scale, "seed": self.seed,
                "divisions": divisions, "projects": projects, "units": units,
            });
            writeln!(out, "{told}")?;
            return Ok(());
        }
        writeln!(out, "\n{}: {}", year::NAME, year::TITLE)?;
        writeln!(
            out,
            "  {} divisions, {} units, {} projects; it brings its own server",
            grouped(divisions),
            grouped(units),
            grouped(projects)
        )?;
        Ok(())
    }

    fn tell(
        &self,
        name: &str,
        title: &str,
        plan: &Plan,
        shares: &Shares,
        days: &[DayTotal],
    ) -> Value {
        let totals = plan.totals();
        let share = |part: &Part| {
            json!({
                "count": part.count,
                "payments": part.payments,
                "payments_permille": shares.permille_of_payments(part),
                "amount_fen": part.amount_fen as i64,
                "amount_permille": shares.permille_of_amount(part),
            })
        };
        let day = |day: &DayTotal| {
            json!({
                "day": day.day,
                "payments": day.payments,
                "payroll": day.payroll,
                "amount_fen": day.amount_fen as i64,
                "remark": calendar::remark(day.day),
            })
        };
        json!({
            "name": name, "title": title, "scale": self.scale, "seed": self.seed,
            "divisions": totals.divisions, "quotas": totals.quotas,
            "payments": totals.payments, "amount_fen": totals.amount.get(),
            "projects": totals.projects, "projects_with_quota": shares.projects_with_quota,
            "units_registered": totals.units_registered, "units_active": totals.units_active,
            "working_days": totals.days, "parts": totals.parts,
            "busiest_divisions": share(&shares.divisions),
            "busiest_quotas": share(&shares.quotas),
            "days": days.iter().map(day).collect::<Vec<_>>(),
        })
    }

    fn print(
        &self,
        out: &mut impl Write,
        plan: &Plan,
        shares: &Shares,
        days: &[DayTotal],
    ) -> std::io::Result<()> {
        let totals = plan.totals();
        let share = |part: &Part| {
            let tenths = |permille: u64| format!("{}.{} %", permille / 10, permille % 10);
            format!(
                "{} of payments, {} of the amount",
                tenths(shares.permille_of_payments(part)),
                tenths(shares.permille_of_amount(part)),
            )
        };
        let amount = yuan_grouped(FenSum::from(totals.amount.get()));
        let lines = [
            ("payments", totals.payments, format!("{amount} that reach Paid, before refunds")),
            (
                "divisions 区划",
                totals.divisions,
                format!("the busiest {}: {}", shares.divisions.count, share(&shares.divisions)),
            ),
            ("quotas 指标", totals.quotas, format!("the busiest 1 %: {}", share(&shares.quotas))),
            (
                "units 预算单位",
                totals.units_registered,
                format!("{} of them have quotas and payments", grouped(totals.units_active)),
            ),
            (
                "projects 项目",
                totals.projects,
                format!("{} of them have a quota", grouped(shares.projects_with_quota)),
            ),
            (
                "working days",
                totals.days,
                format!("09:00 to 17:00, cleared from 16:00, in {} parts", grouped(totals.parts)),
            ),
        ];
        writeln!(out, "  at scale {}, seed {}\n", self.scale, self.seed)?;
        for (what, count, more) in lines {
            writeln!(out, "  {} {:>11}   {more}", show::padded(what, 18), grouped(count))?;
        }
        writeln!(out, "\n  {:<10} {:>10} {:>10} {:>22}", "day", "payments", "payroll", "amount")?;
        let most = days.iter().map(|day| day.payments).max().unwrap_or(1).max(1);
        for day in days {
            let date =
                format!("{}-{:02}-{:02}", day.day / 10_000, day.day / 100 % 100, day.day % 100);
            let bar = "#".repeat((day.payments * BAR).div_ceil(most) as usize);
            let line = format!(
                "  {date} {:>10} {:>10} {:>22}  {bar} {}",
                grouped(day.payments),
                grouped(day.payroll),
                yuan_grouped(day.amount_fen),
                calendar::remark(day.day),
            );
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}
