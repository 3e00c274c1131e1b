//! The example county as the documents have it, with the national tables of 2022: files as text,
//! to be changed and read as `treasury import` reads them.

// Each test file uses its own part of this.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use domain::FiscalYear;
use domain::office::import::{Broken, Ground, Import, Record, Sheet, check, read};
use domain::office::table::Table;
use domain::office::{Office, line::Change};

/// The county's code.
pub(crate) const CODE: &str = "370124000";

/// The year of the example.
pub(crate) const YEAR: FiscalYear = FiscalYear::from_offset(22);

/// Files by name.
#[derive(Clone)]
pub(crate) struct Files(pub(crate) BTreeMap<String, String>);

impl Files {
    /// The example and the national tables.
    pub(crate) fn example() -> Files {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let mut files = BTreeMap::new();
        for folder in ["../docs/examples/county", "data/2022"] {
            for file in std::fs::read_dir(root.join(folder)).expect("a folder of the example") {
                let path = file.expect("a file").path();
                let name = path.file_name().expect("a name").to_string_lossy().into_owned();
                let text = std::fs::read_to_string(&path).expect("a file of text");
                assert!(!text.contains('"'), "{name}: fields of the example need no quotes");
                files.insert(name, text);
            }
        }
        Files(files)
    }

    /// One text of a file replaced by another; it stands there once.
    pub(crate) fn edit(&mut self, file: &str, from: &str, to: &str) {
        let text = self.0.get_mut(file).unwrap_or_else(|| panic!("no file {file}"));
        assert_eq!(text.matches(from).count(), 1, "{from:?} in {file}");
        *text = text.replace(from, to);
    }

    /// The files' names, in the order of their sheets.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.0.keys().map(|name| &**name).collect()
    }

    /// Read and checked against what is on file.
    pub(crate) fn import(&self, office: &Office) -> Import {
        let sheets: Vec<Sheet> = self.0.iter().map(|(name, text)| sheet(name, text)).collect();
        let mut import = read(&sheets, YEAR, CODE);
        let ground =
            Ground { office, division: CODE, year: YEAR, book: None, broken: &import.broken };
        let misfits = check(ground, &import.changes);
        import.add(misfits);
        import
    }

    /// The findings as `treasury import` prints them.
    pub(crate) fn findings(&self) -> Vec<String> {
        let names = self.names();
        let findings = self.import(Office::empty()).findings;
        let line = |finding: &domain::office::import::Finding| {
            let (row, column) = (finding.row, finding.column);
            let file = names[finding.sheet];
            format!("{file}:{row}:{column}: {:?}: {}", finding.value, finding.expected)
        };
        findings.iter().map(line).collect()
    }
}

fn sheet(name: &str, text: &str) -> Sheet {
    let slug = name.split('.').next().expect("a name");
    let table = Table::from_slug(slug).unwrap_or_else(|| panic!("{name}: no such table"));
    let rows = text.lines().enumerate().filter(|(_, line)| !line.is_empty());
    let record = |(at, line): (usize, &str)| Record {
        row: at as u32 + 1,
        fields: line.split(',').map(str::to_owned).collect(),
    };
    Sheet { table, records: rows.map(record).collect() }
}

/// An office with everything of the example on file.
pub(crate) fn on_file() -> Office {
    let import = Files::example().import(Office::empty());
    assert_eq!(import.findings, []);
    let mut office = Office::default();
    import.changes.into_iter().for_each(|change| office.make(change));
    office
}

/// What does not fit when lines are changed on file.
pub(crate) fn misfits(office: &Office, lines: &[&str]) -> Vec<String> {
    let changes: Vec<Change> = lines
        .iter()
        .map(|line| Change::read(line).unwrap_or_else(|why| panic!("{line}: {why}")))
        .collect();
    let ground = Ground { office, division: CODE, year: YEAR, book: None, broken: Broken::NONE };
    let line = |misfit: &domain::office::import::Misfit| {
        let column = misfit.column.map_or(0, |column| column + 1);
        format!("{}:{column}: {:?}: {}", misfit.change + 1, misfit.value, misfit.expected)
    };
    check(ground, &changes).iter().map(line).collect()
}
