//! What is said at the end: one screen for people, one object for programs.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::{Value, json};

use crate::Settings;
use crate::harness::{Chance, seconds};

/// What a part has to tell.
pub(crate) struct Told {
    pub(crate) line: String,
    pub(crate) figures: Value,
}

/// Done, or skipped, and why.
pub(crate) type Outcome = Result<Told, String>;

/// A part of the torture.
#[derive(Clone, Copy)]
pub(crate) struct Part {
    pub(crate) name: &'static str,
    pub(crate) run: fn(&Settings, &mut Chance) -> Outcome,
}

enum Ended {
    Passed(Told),
    Skipped(String),
    Failed,
}

/// Runs parts one after another, and says what came of them; true: all went well.
pub(crate) fn judge(parts: &[Part], settings: &Settings, chance: &mut Chance) -> bool {
    let begun = seconds();
    let mut results = Vec::new();
    for part in parts {
        let (before, mut of_its_own) = (seconds(), chance.split());
        eprintln!("== {}", part.name);
        let ended = match catch_unwind(AssertUnwindSafe(|| (part.run)(settings, &mut of_its_own))) {
            Ok(Ok(told)) => Ended::Passed(told),
            Ok(Err(why)) => Ended::Skipped(why),
            Err(_) => Ended::Failed,
        };
        results.push((part.name, seconds() - before, ended));
    }
    let failed = results.iter().filter(|(_, _, ended)| matches!(ended, Ended::Failed)).count();
    let skipped = results.iter().filter(|(_, _, ended)| matches!(ended, Ended::Skipped(_))).count();
    let ok = failed == 0 && !(settings.strict && skipped > 0);
    let total = seconds() - begun;
    if settings.json {
        println!("{}", in_json(ok, total, &results));
        return ok;
    }
    println!("\ntorture of the real server");
    for (name, seconds, ended) in &results {
        let (word, line) = match ended {
            Ended::Passed(told) => ("ok", told.line.as_str()),
            Ended::Skipped(why) => ("skipped", why.as_str()),
            Ended::Failed => ("FAILED", "the panic above says why"),
        };
        println!("  {name:<12} {word:<8} {seconds:>5} s  {line}");
    }
    let verdict = if ok { "nothing lost, nothing doubled" } else { "FAILED" };
    println!("  {verdict}; {failed} failed, {skipped} skipped, in {total} s");
    ok
}

fn in_json(ok: bool, total: i64, results: &[(&str, i64, Ended)]) -> Value {
    let part = |(name, seconds, ended): &(&str, i64, Ended)| {
        let (verdict, figures) = match ended {
            Ended::Passed(told) => ("ok", told.figures.clone()),
            Ended::Skipped(why) => ("skipped", json!({ "why": why })),
            Ended::Failed => ("failed", Value::Null),
        };
        json!({ "part": name, "verdict": verdict, "seconds": seconds, "figures": figures })
    };
    let parts: Vec<Value> = results.iter().map(part).collect();
    json!({ "ok": ok, "seconds": total, "parts": parts })
}
