//! What the model does with papers: those that put and remove divisions of the finance office.

use std::collections::BTreeSet;

use domain::Code;
use domain::codes::YearState;
use domain::command::{Body, Paper};
use domain::ids::{BatchId, PersonId};
use domain::office::paper::PaperKind;

use super::Year;

/// What may stand in a line, column by column.
fn is_a_row(fields: &[&str]) -> bool {
    let &[code, name, kind] = fields else { return false };
    let kinds = ["business", "budget", "treasury", "other"];
    !code.is_empty() && !name.is_empty() && kinds.contains(&kind)
}

/// Nothing is put or removed twice, in a paper alone or in all of a batch.
pub(super) fn fit_together(bodies: &[Body<'static>]) -> Result<(), Code> {
    let mut seen = BTreeSet::new();
    let papers = bodies.iter().filter_map(|body| match body {
        Body::File(paper) => Some(paper.text),
        _ => None,
    });
    let code = |line: &'static str| line.split('\t').nth(1).expect("a code");
    let once = papers.flat_map(str::lines).all(|line| seen.insert(code(line)));
    if once { Ok(()) } else { Err(Code::ImportUnfit) }
}

impl Year {
    pub(super) fn file(&mut self, person: PersonId, c: Paper<'static>) -> Result<(), Code> {
        if self.state == YearState::Closed {
            return Err(Code::YearClosed);
        }
        self.batch_takes(c.batch, person)?;
        for line in c.text.lines() {
            let (table, rest) = line.split_once('\t').unwrap_or((line, ""));
            if table != "mof-dep" {
                return Err(Code::NoTable);
            }
            if c.kind == PaperKind::BaseRemove {
                if !self.offices.contains_key(rest) {
                    return Err(Code::NoRow);
                }
            } else if !is_a_row(&rest.split('\t').collect::<Vec<_>>()) {
                return Err(Code::BadRow);
            }
        }
        if c.batch != BatchId(0) {
            self.stage(c.batch, Body::File(c));
            return Ok(());
        }
        fit_together(&[Body::File(c)])?;
        self.put_on_file(c);
        Ok(())
    }

    pub(super) fn put_on_file(&mut self, c: Paper<'static>) {
        for line in c.text.lines() {
            let row = line.strip_prefix("mof-dep\t").expect("it was looked at when it was filed");
            let code = row.split('\t').next().expect("a first column");
            match c.kind {
                PaperKind::BaseRemove => drop(self.offices.remove(code)),
                _ => drop(self.offices.insert(code.into(), row.into())),
            }
        }
    }

    /// The divisions of the finance office on file, as lines, by code.
    pub(crate) fn offices(&self) -> impl Iterator<Item = &str> {
        self.offices.values().map(String::as_str)
    }
}
