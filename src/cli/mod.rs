//! The command line: a file per command. Standard output is data, standard error is talk.

mod arguments;
mod base;
mod bench;
mod budget;
mod certificate;
mod config;
mod connection;
mod day;
mod demo;
mod desk;
mod digest;
mod exchange;
mod explain;
mod file;
mod generate;
#[cfg(test)]
mod golden;
mod history;
mod import;
mod info;
mod inspect;
mod memory;
mod moment;
mod offline;
mod paper;
mod payment;
mod project;
mod quota;
mod report;
mod rows;
mod rule;
mod sample;
mod scenario;
mod serve;
mod show;
mod simulate;
mod top;
mod verify;
mod voucher;
mod words;

use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::exit::{Exit, Failure};

/// An actor-based, real-time treasury engine: decides, durably, whether a public payment may
/// leave.
#[derive(Parser)]
#[command(name = "treasury", version, about, after_help = Exit::TABLE, arg_required_else_help = true)]
struct Arguments {
    /// What to do.
    #[command(subcommand)]
    command: Command,
    /// Log more: -v for what happens, -vv for details. Logs go to standard error.
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    verbose: u8,
}

#[derive(Subcommand)]
enum Command {
    /// Watch a province's payments run through a real server, and a crash.
    Demo(demo::Demo),
    /// Make a new data set in a directory.
    Init(serve::Init),
    /// Run the server.
    Serve(serve::Serve),
    /// Look at a server's settings without starting it.
    Config(config::Config),
    /// Measure durable reservations over TCP.
    Bench(bench::Bench),
    /// List workloads, or run one against a server.
    Scenario(scenario::Scenario),
    /// Check a journal offline: its chain, what follows from it, and every invariant.
    Verify(verify::Verify),
    /// Print the digest of the state that a journal leads to.
    Digest(digest::Digest),
    /// Look into files, read-only.
    Inspect(inspect::Inspect),
    /// Say what a data directory holds, or how a server is.
    Info(info::Info),
    /// Put base data of a division and year on file, from comma-separated files.
    Import(import::ImportFiles),
    /// Prepare projects (项目): draft, review, rank, choose; list and show them.
    Project(project::Projects),
    /// Write, track and evaluate performance goals (绩效目标).
    Goal(project::Goals),
    /// Prepare the budget (预算): two ups, two downs, the congress, the reply.
    Budget(budget::Budgets),
    /// Issue quotas (指标) by documents, receive transfers, and look at quotas.
    Quota(quota::Quota),
    /// Register procurement plans and contracts (采购计划与合同).
    Commitment(budget::Commitments),
    /// List payments, and look at one.
    Payment(payment::Payment),
    /// Report how the budget is carried out (预算执行): execution, bulletin, deviations, alerts.
    Report(report::Report),
    /// Look at what the finance office has on file: tables and their rows.
    Base(base::Base),
    /// File a paper (单据) with the finance office.
    File(file::File),
    /// Propose, approve and look at control rules (控制规则), and try them out.
    Rule(rule::Rules),
    /// Exchange e-vouchers (电子凭证) with banks and the central bank.
    Exchange(exchange::Exchange),
    /// Find, show, print, void and send by paper e-vouchers (电子凭证) of a party that runs.
    Voucher(voucher::Vouchers),
    /// File, verify, revoke and list certificates (证书) of parties, and renew a party's keys.
    Certificate(certificate::Certificates),
    /// End a business day (日终): its checklist, and differences with banks and the central bank.
    Day(day::Days),
    /// Play the other parties of a test province: an agent bank (代理银行), the central bank (人民银行国库).
    Simulate(simulate::Simulate),
    /// Work at a payment desk: balance, reserve, worklists, look up, receipts. Keyboard only.
    Desk(desk::DeskArguments),
    /// Watch a server: load, delays, queues, journal, checkpoint, alarms.
    Top(top::Top),
    /// Say what an answer code means, in English and Chinese.
    Explain(explain::Explain),
    /// Print the completions of a shell.
    Completions(generate::Completions),
    /// Write a manual page for every command.
    Man(generate::Man),
}

/// Runs the command line.
pub(crate) fn main() -> ExitCode {
    let matches = Arguments::command().get_matches();
    let arguments = Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    log(arguments.verbose);
    let done = match arguments.command {
        Command::Demo(demo) => demo.run(),
        Command::Init(init) => init.run(),
        Command::Serve(serve) => serve.run(),
        Command::Bench(bench) => bench.run(),
        Command::Scenario(scenario) => scenario.run(),
        Command::Verify(verify) => verify.run(),
        Command::Digest(digest) => digest.run(),
        Command::Inspect(inspect) => inspect.run(),
        Command::Info(info) => info.run(),
        Command::Import(import) => import.run(),
        Command::Project(project) => project.run(),
        Command::Goal(goal) => goal.run(),
        Command::Budget(budget) => budget.run(),
        Command::Quota(quota) => quota.run(),
        Command::Commitment(commitment) => commitment.run(),
        Command::Payment(payment) => payment.run(),
        Command::Report(report) => report.run(),
        Command::Base(base) => base.run(),
        Command::File(file) => file.run(),
        Command::Rule(rule) => rule.run(),
        Command::Exchange(exchange) => exchange.run(),
        Command::Voucher(voucher) => voucher.run(),
        Command::Certificate(certificates) => certificates.run(),
        Command::Day(days) => days.run(),
        Command::Simulate(simulate) => simulate.run(),
        Command::Desk(desk) => desk.run(),
        Command::Top(top) => top.run(),
        Command::Explain(explain) => explain.run(),
        Command::Config(config) => config.run(&matches),
        Command::Completions(completions) => completions.run(),
        Command::Man(man) => man.run(),
    };
    match done {
        Ok(exit) => exit.code(),
        Err(error) if is_broken_pipe(&error) => Exit::Ok.code(),
        Err(error) => {
            eprintln!("treasury: {error:#}");
            Failure::exit_of(&error).code()
        }
    }
}

/// A reader of our output that had enough is no fault.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.chain().find_map(|cause| cause.downcast_ref::<std::io::Error>());
    io.is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

fn log(verbose: u8) {
    let level = ["warn", "info", "debug"][usize::from(verbose.min(2))];
    let filter = EnvFilter::try_from_env("TREASURY_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let colours = is_coloured(std::io::stderr().is_terminal(), std::env::var_os("NO_COLOR"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(colours)
        .with_writer(std::io::stderr)
        .init();
}

/// Whether lines of the log have colours: for somebody at a terminal who does not refuse them (<https://no-color.org>).
fn is_coloured(terminal: bool, no_color: Option<OsString>) -> bool {
    terminal && no_color.is_none_or(|said| said.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_has_colours_at_a_terminal_alone_and_only_where_they_are_wanted() {
        let told = |terminal, said: Option<&str>| is_coloured(terminal, said.map(OsString::from));
        assert!(told(true, None) && told(true, Some("")));
        assert!(!told(true, Some("1")) && !told(false, None) && !told(false, Some("")));
    }

    /// The commands that have none below them, by their names.
    fn leaves(command: &mut clap::Command, path: &str, found: &mut Vec<(String, String)>) {
        let below = command.get_subcommands_mut();
        let mut is_leaf = true;
        for one in below.filter(|one| one.get_name() != "help") {
            is_leaf = false;
            let path = format!("{path} {}", one.get_name());
            leaves(one, &path, found);
        }
        if is_leaf {
            found.push((path.to_owned(), command.render_long_help().to_string()));
        }
    }

    /// The commands, their helps as wide as in the book.
    fn told() -> clap::Command {
        let mut all = Arguments::command().term_width(100);
        all.build();
        all
    }

    #[test]
    fn every_help_has_an_example_of_its_own() {
        let mut found = Vec::new();
        leaves(&mut told(), "treasury", &mut found);
        assert!(found.len() > 100, "{}", found.len());
        for (path, help) in found {
            let examples = help.split_once("\nExample").map(|(_, examples)| examples);
            assert!(examples.is_some_and(|text| text.contains(&path)), "{path}: {help}");
        }
    }

    /// The words of a command as a shell has them, up to what the shell does with its output.
    fn words(line: &str) -> Vec<String> {
        let (mut words, mut rest) = (Vec::new(), line.trim_start());
        while !rest.is_empty() && !rest.starts_with(['|', '>', '<']) {
            let (word, behind) = match rest.strip_prefix('\'') {
                Some(quoted) => quoted.split_once('\'').expect("the quote ends"),
                None if rest.starts_with("$(") => rest.split_once(')').expect("it ends"),
                None => rest.split_once(' ').unwrap_or((rest, "")),
            };
            words.push(word.to_owned());
            rest = behind.trim_start();
        }
        words
    }

    #[test]
    fn the_examples_of_all_helps_are_commands_that_can_be_given() {
        let mut found = Vec::new();
        leaves(&mut told(), "treasury", &mut found);
        for (path, help) in found {
            let (_, examples) = help.split_once("\nExample").expect("an example");
            let examples = examples.replace("\\\n", " ");
            let lines = examples.lines().filter(|line| line.starts_with("  "));
            let commands = lines.flat_map(|line| line.split("&&"));
            for line in commands.filter(|line| line.trim_start().starts_with("treasury ")) {
                let given = Arguments::command().try_get_matches_from(words(line));
                let given = given.and_then(|matches| Arguments::from_arg_matches(&matches));
                assert!(given.is_ok(), "{path}: {line}: {}", given.err().expect("an error"));
            }
        }
    }
}
