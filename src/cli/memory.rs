//! What `info` and `bench` say about memory: a running server's, and what a checkpoint would take.

use std::io::{self, Write};

use domain::resident::Resident;
use serde_json::{Map, Value, json};

use crate::cli::sample::Sample;
use crate::cli::show;

/// Bytes of a state in memory, by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Memory {
    kinds: Vec<(String, u64)>,
}

/// A server's memory: its state's, its directory's, and the whole process's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ServerMemory {
    state: Memory,
    directory: Option<u64>,
    process: Option<u64>,
}

impl Memory {
    /// A state that was counted here.
    pub(super) fn of(resident: &Resident) -> Memory {
        let kinds = resident.named().into_iter();
        Memory { kinds: kinds.map(|(kind, bytes)| (kind.to_owned(), bytes)).collect() }
    }

    fn total(&self) -> u64 {
        self.kinds.iter().map(|(_, bytes)| bytes).sum()
    }

    /// Every kind, and their sum as `total`.
    pub(super) fn to_json(&self) -> Value {
        let mut told: Map<String, Value> =
            self.kinds.iter().map(|(kind, bytes)| (kind.clone(), json!(bytes))).collect();
        told.insert("total".to_owned(), json!(self.total()));
        Value::Object(told)
    }

    /// The sum, with the kinds there is something of.
    pub(super) fn line(&self) -> String {
        let some = self.kinds.iter().filter(|(_, bytes)| *bytes > 0);
        let some = some.map(|(kind, bytes)| format!("{kind} {}", show::bytes(*bytes)));
        let some = some.collect::<Vec<_>>().join(", ");
        format!("{}: {some}", show::bytes(self.total()))
    }
}

impl ServerMemory {
    /// Reads it out of a server's metrics. What the server does not tell stays absent.
    pub(super) fn read(metrics: &str) -> ServerMemory {
        let mut memory = ServerMemory::default();
        for sample in metrics.lines().filter_map(Sample::read) {
            match (sample.name, sample.label) {
                ("treasury_resident_bytes", Some(kind)) => {
                    memory.state.kinds.push((kind.to_owned(), sample.value));
                }
                ("treasury_directory_bytes", None) => memory.directory = Some(sample.value),
                ("treasury_process_resident_bytes", None) => memory.process = Some(sample.value),
                _ => {}
            }
        }
        memory
    }

    /// For programs.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "state": self.state.to_json(),
            "directory": self.directory,
            "process": self.process,
        })
    }

    /// The lines for people.
    ///
    /// # Errors
    /// When they cannot be written.
    pub(super) fn print(&self, out: &mut impl Write) -> io::Result<()> {
        if let Some(process) = self.process {
            writeln!(out, "memory       {} in the process", show::bytes(process))?;
        }
        if !self.state.kinds.is_empty() {
            writeln!(out, "  state      {}", self.state.line())?;
        }
        if let Some(directory) = self.directory {
            writeln!(out, "  directory  {}", show::bytes(directory))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOLD: &str = "\
# TYPE treasury_resident_bytes gauge
treasury_resident_bytes{kind=\"quotas_hot\"} 2048
treasury_resident_bytes{kind=\"suspense\"} 0
treasury_resident_bytes{kind=\"rest\"} 10
treasury_directory_bytes 4096
treasury_process_resident_bytes 1048576
";

    #[test]
    fn it_is_told_by_kind_with_the_sum() {
        let memory = ServerMemory::read(TOLD);
        let told = json!({
            "state": { "quotas_hot": 2048, "suspense": 0, "rest": 10, "total": 2058 },
            "directory": 4096,
            "process": 1_048_576,
        });
        assert_eq!(memory.to_json(), told);
        let mut out = Vec::new();
        memory.print(&mut out).expect("a vector takes it");
        let lines = "\
memory       1.0 MiB in the process
  state      2.0 KiB: quotas_hot 2.0 KiB, rest 10 bytes
  directory  4.0 KiB
";
        assert_eq!(String::from_utf8(out).expect("text"), lines);
    }

    #[test]
    fn an_older_server_tells_nothing_of_it() {
        let memory = ServerMemory::read("treasury_quotas 7\n");
        assert_eq!((memory.process, memory.state.to_json()), (None, json!({ "total": 0 })));
        let mut out = Vec::new();
        memory.print(&mut out).expect("a vector takes it");
        assert!(out.is_empty());
    }
}
