//! GBK, the character set of the national interface: texts to bytes and back, with nothing lost on the way.

use encoding_rs::GBK;

/// The GBK bytes of a text; `None` where it has a character that GBK does not have.
#[must_use]
pub fn encode(text: &str) -> Option<Vec<u8>> {
    let (bytes, _, unmapped) = GBK.encode(text);
    if unmapped { None } else { Some(bytes.into_owned()) }
}

/// The text of GBK bytes; `None` where they are none, or say a character by a longer code than GBK's.
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<String> {
    let text = GBK.decode_without_bom_handling_and_without_replacement(bytes)?;
    // The decoder also takes the four-byte codes of GB 18030: what GBK itself writes is another answer.
    let same = text.is_ascii() || encode(&text).is_some_and(|written| written == bytes);
    same.then(|| text.into_owned())
}

/// The first character of a text that GBK does not have.
#[must_use]
pub fn outside(text: &str) -> Option<char> {
    text.chars().find(|&one| encode(one.encode_utf8(&mut [0; 4])).is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back_and_others_are_told() {
        let text = "历下区财政局 8,000.00 元 — “办公费”";
        assert_eq!(decode(&encode(text).expect("GBK has it")).as_deref(), Some(text));
        assert_eq!(encode("张𠮷"), None);
        assert_eq!(outside("张𠮷"), Some('𠮷'));
        assert_eq!(outside("张三"), None);
    }

    #[test]
    fn bytes_that_gbk_does_not_write_are_refused() {
        assert_eq!(decode(&[0x81]), None, "half a character");
        assert_eq!(decode(&[0xff, 0xff]), None);
        // 𠮷 as GB 18030 writes it.
        assert_eq!(decode(&[0x95, 0x34, 0xc5, 0x30]), None);
    }
}
