//! What the system says of a process's memory. Never asks about anything else.

/// Memory that this process has now, in bytes.
pub(crate) fn resident_bytes() -> Option<u64> {
    bytes_of("self", "VmRSS:")
}

/// Most memory that a process has had so far, in bytes.
pub(crate) fn resident_bytes_max(process: u32) -> Option<u64> {
    bytes_of(&process.to_string(), "VmHWM:")
}

fn bytes_of(process: &str, field: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}
