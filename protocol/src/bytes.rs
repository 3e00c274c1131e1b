//! Little-endian numbers in and out of bytes.
//!
//! Never trusts a length: every read of a [`Reader`] says whether the bytes were there.

/// The `N` bytes at an offset of a fixed block. The offset is a constant of a layout, so the
/// bounds check disappears.
#[inline(always)]
pub(crate) fn at<const N: usize, const BLOCK: usize>(
    block: &[u8; BLOCK],
    offset: usize,
) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&block[offset..offset + N]);
    bytes
}

/// Writes `N` bytes at an offset of a fixed block.
#[inline(always)]
pub(crate) fn put<const N: usize, const BLOCK: usize>(
    block: &mut [u8; BLOCK],
    offset: usize,
    bytes: [u8; N],
) {
    block[offset..offset + N].copy_from_slice(&bytes);
}

/// A body ended before what it must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Short;

/// Reads numbers and texts from the front of a slice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { rest: bytes }
    }

    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Short> {
        let (bytes, rest) = self.rest.split_first_chunk::<N>().ok_or(Short)?;
        self.rest = rest;
        Ok(*bytes)
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], Short> {
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(Short)?;
        self.rest = rest;
        Ok(bytes)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Short> {
        self.array().map(u8::from_le_bytes)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Short> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Short> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Short> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn i64(&mut self) -> Result<i64, Short> {
        self.array().map(i64::from_le_bytes)
    }

    pub(crate) fn u128(&mut self) -> Result<u128, Short> {
        self.array().map(u128::from_le_bytes)
    }

    /// A text with its length in 16 bits before it. `Err` also where it is not UTF-8 or longer
    /// than `max`.
    pub(crate) fn text(&mut self, max: usize) -> Result<&'a str, Short> {
        let length = usize::from(self.u16()?);
        if length > max {
            return Err(Short);
        }
        std::str::from_utf8(self.take(length)?).map_err(|_| Short)
    }

    /// `Ok` when everything was read.
    pub(crate) const fn end(&self) -> Result<(), Short> {
        if self.rest.is_empty() { Ok(()) } else { Err(Short) }
    }
}

/// Appends a text with its length in 16 bits before it, cut at a character to at most `max` bytes.
pub(crate) fn put_text(out: &mut Vec<u8>, text: &str, max: usize) {
    let text = cut(text, max.min(usize::from(u16::MAX)));
    out.extend_from_slice(&(text.len() as u16).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// The longest beginning of a text that has at most `max` bytes.
pub(crate) fn cut(text: &str, max: usize) -> &str {
    if text.len() <= max {
        return text;
    }
    let end = (0..=max).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
    &text[..end]
}
