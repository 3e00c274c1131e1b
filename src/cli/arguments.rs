//! Ids, codes and directories as people give them.

use std::path::Path;

use anyhow::Result;
use domain::Fen;
use domain::codes::Role;
use domain::ids::{Day, DivisionIndex, FiscalYear, PaymentId, QuotaId};
use domain::limits::QUOTA_SERIAL_MAX;
use domain::office::field::{DivisionCode, Field};
use domain::office::table::Table;

use crate::exit::{Exit, Failure};
use crate::hex;

/// Data is kept in a directory of its own.
///
/// # Errors
/// If anything is in it.
pub(super) fn must_be_empty(dir: &Path) -> Result<()> {
    if std::fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) {
        let what = anyhow::anyhow!("{} is not empty; give --keep another directory", dir.display());
        return Err(Failure::new(Exit::Usage, what).into());
    }
    Ok(())
}

/// An amount in yuan.
pub(super) fn yuan(text: &str) -> Result<Fen, String> {
    Fen::from_yuan(text).map_err(|why| why.to_string())
}

/// A quota as division/year/serial.
pub(super) fn quota(text: &str) -> Result<QuotaId, String> {
    let wrong = || format!("{text:?} is no quota; write division/year/serial, like 184/2022/17");
    let mut parts = text.split('/');
    let mut part = || parts.next().ok_or_else(wrong);
    let (division, year, serial) = (part()?, part()?, part()?);
    let division: u16 = division.parse().map_err(|_| wrong())?;
    let serial: u64 = serial.parse().map_err(|_| wrong())?;
    let year = fiscal_year(year)?;
    if parts.next().is_some() || serial > QUOTA_SERIAL_MAX {
        return Err(wrong());
    }
    Ok(QuotaId::new(DivisionIndex(division), year, serial))
}

/// A fiscal year.
pub(super) fn fiscal_year(text: &str) -> Result<FiscalYear, String> {
    let year = text.parse().ok().and_then(FiscalYear::new);
    year.ok_or_else(|| format!("{text:?} is no fiscal year; give one from 2000 to 2255"))
}

/// A division's index.
pub(super) fn division(text: &str) -> Result<DivisionIndex, String> {
    let index = text.parse().map(DivisionIndex);
    index.map_err(|_| format!("{text:?} is no division's index; give a number from 0 to 65535"))
}

/// A division's code.
pub(super) fn division_code(text: &str) -> Result<DivisionCode, String> {
    let wrong = || format!("{text:?} is no division's code; write its nine digits, like 370102000");
    DivisionCode::read(text).ok_or_else(wrong)
}

/// A payment's id: a UUID, with or without dashes.
pub(super) fn payment(text: &str) -> Result<PaymentId, String> {
    let wrong = || format!("{text:?} is no payment id; give a UUID: 32 hex digits, dashes allowed");
    hex::uuid(text).map(PaymentId).ok_or_else(wrong)
}

/// The id of an act or a batch: a UUID, with or without dashes.
pub(super) fn id(text: &str) -> Result<u128, String> {
    let found = hex::uuid(text).filter(|id| *id != 0);
    found.ok_or_else(|| format!("{text:?} is no id; give a UUID: 32 hex digits, dashes allowed"))
}

/// A day, as the tables on file have it.
pub(super) fn day(text: &str) -> Result<Day, String> {
    Day::read(text).ok_or_else(|| format!("{text:?} is no day; write it like 2022-03-04"))
}

/// A table on file, by its name.
pub(super) fn table(text: &str) -> Result<Table, String> {
    let wrong = || format!("{text:?} is no table; treasury base tables lists them");
    Table::from_slug(text).ok_or_else(wrong)
}

/// A word of a closed vocabulary, as it stands in a column.
pub(super) fn word<T: Field>(text: &str) -> Result<T, String> {
    T::read(text).ok_or_else(|| format!("{text:?} is not {}", T::FORM))
}

/// In which capacity a person acts.
pub(super) fn role(text: &str) -> Result<Role, String> {
    let given = Role::from_slug(text).filter(|role| *role != Role::Engine);
    given.ok_or_else(|| {
        let people = Role::ALL.iter().filter(|role| **role != Role::Engine);
        let known: Vec<&str> = people.map(|role| role.slug()).collect();
        format!("{text:?} is no role of a person; choose of {}", known.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_they_are_printed() {
        let id = quota("184/2022/17").unwrap();
        assert_eq!(id.to_string(), "184/2022/17");
        for wrong in ["", "1/2022", "1/2022/3/4", "1/1999/3", "65536/2022/1", "a/2022/1"] {
            assert!(quota(wrong).unwrap_err().contains("give") || quota(wrong).is_err(), "{wrong}");
        }
        assert_eq!(division_code("370102000").as_deref(), Ok("370102000"));
        for wrong in ["", "37010200", "37010200x", "3701020000", "37010200１"] {
            assert!(division_code(wrong).unwrap_err().contains("nine digits"), "{wrong}");
        }
        let dashed = payment("01927c5e-4b7a-7d11-9a41-000000000001").unwrap();
        assert_eq!(payment(&dashed.to_string()), Ok(dashed));
        for wrong in ["", "01927c5e4b7a-7d11-9a41-000000000001-", "xyz", "0192"] {
            assert!(payment(wrong).unwrap_err().contains("UUID"), "{wrong}");
        }
    }
}
