//! A probe of the journal's own write path: a bench figure without it means nothing.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use hdrhistogram::Histogram;
use serde_json::{Value, json};
use storage::aligned::AlignedBytes;
use storage::disk::{Disk, FileUse, RealDisk};

use crate::clock;

/// Size of the file that is written over.
const FILE_BYTES: u64 = 64 << 20;

/// Writes of one block.
const SMALL_WRITES: u64 = 1000;

/// Writes of a large group.
const LARGE_WRITES: u64 = 64;

/// Bytes of a large group.
const LARGE_BYTES: usize = 1 << 20;

/// What the disk did, just before or after a run.
#[derive(Clone, Debug)]
pub(super) struct Probe {
    mode: String,
    small: Histogram<u64>,
    large: Histogram<u64>,
}

/// Writes over written space as the journal does: durable when each write returns.
pub(super) fn probe(dir: &Path) -> Result<Probe> {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::probe(dir)?);
    let path = dir.join("probe");
    let _ = std::fs::remove_file(&path);
    {
        let file = disk.open(&path, FileUse::Fill)?;
        let zeros = AlignedBytes::new(LARGE_BYTES);
        for at in (0..FILE_BYTES).step_by(LARGE_BYTES) {
            file.write_fill(&zeros, at)?;
        }
        file.sync()?;
    }
    let file = disk.open(&path, FileUse::Journal)?;
    let mut bytes = AlignedBytes::new(LARGE_BYTES);
    bytes.fill(0x5a);
    let time = |size: usize, writes: u64| -> Result<Histogram<u64>> {
        let mut histogram = Histogram::new(3)?;
        for index in 0..writes {
            let at = index * size as u64 % FILE_BYTES;
            let began = clock::now();
            file.write_at(&bytes[..size], at)?;
            histogram.record(began.elapsed().as_micros() as u64)?;
        }
        Ok(histogram)
    };
    let small = time(4096, SMALL_WRITES)?;
    let large = time(LARGE_BYTES, LARGE_WRITES)?;
    drop(file);
    std::fs::remove_file(&path)?;
    Ok(Probe { mode: disk.mode().to_string(), small, large })
}

impl Probe {
    pub(super) fn to_json(&self) -> Value {
        let one = |histogram: &Histogram<u64>| {
            json!({
                "p50_us": histogram.value_at_quantile(0.5),
                "p99_us": histogram.value_at_quantile(0.99),
                "max_us": histogram.max(),
            })
        };
        json!({ "mode": self.mode, "write_4k": one(&self.small), "write_1m": one(&self.large) })
    }

    pub(super) fn line(&self) -> String {
        let one = |histogram: &Histogram<u64>| {
            format!("{}/{} µs", histogram.value_at_quantile(0.5), histogram.value_at_quantile(0.99))
        };
        format!(
            "disk probe ({}): 4 KiB p50/p99 {}, 1 MiB {}",
            self.mode,
            one(&self.small),
            one(&self.large)
        )
    }
}
