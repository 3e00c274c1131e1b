//! `treasury quota transit`: transfers on their way (在途), out and in, with their age.

use anyhow::Result;
use clap::Args;
use domain::Fen;
use domain::ids::QuotaId;
use domain::office::Office;
use domain::office::table::Table;
use domain::office::tables::document::{Arrival, ArrivalState, Transfer, TransferState};

use crate::cli::rows::{self, Place};
use crate::clock;
use crate::exit::Exit;

/// List transfers that have left this division or come to it and have not landed, with their age.
#[derive(Args)]
#[command(after_help = "\
Examples:
  treasury quota transit --division 3 --year 2022 --connect 127.0.0.1:7370
  treasury quota transit --all --division 3 --year 2022 --connect 127.0.0.1:7370 --json

`out` is confirmed by the division it went to; `in` waits for treasury quota receive or decline here,
under the key of its arrival.")]
pub(super) struct Transit {
    #[command(flatten)]
    place: Place,
    /// Those that have landed or gone back too.
    #[arg(long)]
    all: bool,
    /// Print one JSON object per transfer.
    #[arg(long)]
    json: bool,
}

const COLUMNS: [&str; 9] =
    ["way", "key", "state", "number", "from", "to_division", "amount", "age", "age_hours"];

const HOUR_MS: u64 = 3_600_000;

impl Transit {
    pub(super) fn run(&self) -> Result<Exit> {
        let on_file = self.place.read(&[Table::Transfer, Table::Arrival])?;
        // Ages count to now: nothing may have happened for long.
        let now_ms = clock::wall_ms().max(on_file.time_ms);
        let listed = listed(&on_file.office, self.all, now_ms);
        rows::print_list(self.json, &COLUMNS, &listed)?;
        on_file.say_when();
        Ok(Exit::Ok)
    }
}

fn what_moves(number: &str, from: QuotaId, to_division: &str, amount_fen: Fen) -> [String; 4] {
    [number.to_owned(), from.to_string(), to_division.to_owned(), amount_fen.to_yuan().to_string()]
}

fn listed(office: &Office, all: bool, now_ms: u64) -> Vec<Vec<String>> {
    let aged = |out_ms: u64| {
        let age_ms = now_ms.saturating_sub(out_ms);
        [age(age_ms), (age_ms / HOUR_MS).to_string()]
    };
    let out = office.all::<Transfer>().filter(|one| all || one.state == TransferState::Out);
    let out = out.map(|one| {
        let first = ["out", &one.id.to_string(), one.state.slug()].map(str::to_owned);
        let rest = what_moves(&one.number, one.from, &one.to_division, one.amount_fen);
        first.into_iter().chain(rest).chain(aged(one.out_ms)).collect()
    });
    let landed = |state| matches!(state, ArrivalState::Landed | ArrivalState::Returned);
    let arrivals = office.all::<Arrival>().filter(|one| all || !landed(one.state));
    let arrivals = arrivals.map(|one| {
        let key = Arrival::key_of(one.from, one.id);
        let first = ["in", &key, one.state.slug()].map(str::to_owned);
        let rest = what_moves(&one.number, one.from, &one.to_division, one.amount_fen);
        first.into_iter().chain(rest).chain(aged(one.out_ms)).collect()
    });
    out.chain(arrivals).collect()
}

/// An age in its two largest units.
fn age(ms: u64) -> String {
    let minutes = ms / 60_000;
    let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes}m"),
        (0, _) => format!("{hours}h {minutes}m"),
        _ => format!("{days}d {hours}h"),
    }
}

#[cfg(test)]
mod tests {
    use domain::Fen;
    use domain::ids::{Class, DivisionIndex, FiscalYear, MoveId, PersonId, QuotaId};
    use domain::office::line::Change;
    use domain::office::table::Tabled;

    use super::*;

    fn quota(division: u16) -> QuotaId {
        QuotaId::new(DivisionIndex(division), FiscalYear::from_offset(22), 4)
    }

    fn transfer(id: u128, state: TransferState) -> Transfer {
        Transfer {
            id: MoveId(id),
            document: "D1".into(),
            number: "文1".into(),
            from: quota(0),
            to: quota(3),
            to_division: "370124000".into(),
            functional: Class::new("2050203").expect("a class"),
            fund: Class::new("111").expect("a class"),
            track: "".into(),
            amount_fen: Fen::new(12_345),
            maker: PersonId(1),
            checker: PersonId(2),
            out_ms: HOUR_MS,
            state,
        }
    }

    #[test]
    fn what_is_on_its_way_is_listed_with_its_age() {
        let mut office = Office::default();
        for (id, state) in [(7, TransferState::Out), (8, TransferState::Landed)] {
            office.make(Change::Put(transfer(id, state).into_row()));
        }
        let now_ms = HOUR_MS * 28 + 60_000;
        let found = listed(&office, false, now_ms);
        assert_eq!(found.len(), 1);
        let id = format!("{:032x}", 7);
        let wanted = ["out", &id, "out", "文1", "0/2022/4", "370124000", "123.45", "1d 3h", "27"];
        assert_eq!(found[0], wanted);
        assert_eq!(listed(&office, true, now_ms).len(), 2);
    }

    #[test]
    fn an_age_has_its_two_largest_units() {
        assert_eq!(age(59_999), "0m");
        assert_eq!(age(HOUR_MS + 120_000), "1h 2m");
        assert_eq!(age(HOUR_MS * 49), "2d 1h");
    }
}
