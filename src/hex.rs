//! Bytes as hex digits, two for each.

/// The digits of some bytes.
pub(crate) fn write(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of some digits; `None`: these are no pairs of hex digits.
pub(crate) fn read(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.chunks_exact(2).map(byte).collect()
}

/// The number that 32 hex digits tell, dashed as a UUID is or not at all.
pub(crate) fn uuid(text: &str) -> Option<u128> {
    let dashed = text.len() == 36
        && text
            .bytes()
            .enumerate()
            .all(|(at, byte)| (byte == b'-') == [8, 13, 18, 23].contains(&at));
    let digits = if dashed { text.replace('-', "") } else { text.to_owned() };
    if digits.len() != 32 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u128::from_str_radix(&digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_as_they_went_and_nothing_else_is_read() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(read(&write(&bytes)), Some(bytes));
        assert_eq!((write(&[]), read("")), (String::new(), Some(Vec::new())));
        assert_eq!(read("0aFf"), Some(vec![10, 255]));
        for wrong in ["0", "0g", "+1", " 1", "１1", "0a0"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
