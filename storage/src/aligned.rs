//! Memory that direct writes accept: it starts on a block and is whole blocks long.
//!
//! Got without unsafe code, by taking one block more than asked for and starting at the first
//! boundary in it. Never grows: a `Vec` that moved would lose its alignment.

use crate::limits::{BLOCK_BYTES, whole_blocks};

/// A fixed piece of zeroed memory that starts on a block boundary.
pub struct AlignedBytes {
    memory: Vec<u8>,
    start: usize,
    length: usize,
}

impl AlignedBytes {
    /// At least `bytes` of zeroed, aligned memory, in whole blocks.
    #[must_use]
    pub fn new(bytes: usize) -> AlignedBytes {
        let length = whole_blocks(bytes);
        let memory = vec![0_u8; length + BLOCK_BYTES];
        let start = memory.as_ptr().align_offset(BLOCK_BYTES);
        assert!(start < BLOCK_BYTES, "a byte pointer can always be aligned");
        AlignedBytes { memory, start, length }
    }
}

impl std::ops::Deref for AlignedBytes {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.memory[self.start..self.start + self.length]
    }
}

impl std::ops::DerefMut for AlignedBytes {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.memory[self.start..self.start + self.length]
    }
}

/// Whether every byte is zero, a block at a time.
#[must_use]
pub fn is_zero(bytes: &[u8]) -> bool {
    static ZEROS: [u8; BLOCK_BYTES] = [0; BLOCK_BYTES];
    bytes.chunks(BLOCK_BYTES).all(|chunk| chunk == &ZEROS[..chunk.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_starts_on_a_block_and_is_whole_blocks() {
        for bytes in [1, 4096, 4097, 1 << 20] {
            let buffer = AlignedBytes::new(bytes);
            assert_eq!(buffer.as_ptr().align_offset(BLOCK_BYTES), 0);
            assert_eq!(buffer.len() % BLOCK_BYTES, 0);
            assert!(buffer.len() >= bytes && is_zero(&buffer));
        }
    }

    #[test]
    fn one_bit_anywhere_is_not_zero() {
        for at in [0, 1, 4095, 4096, 9999] {
            let mut bytes = vec![0_u8; 10_000];
            assert!(is_zero(&bytes));
            bytes[at] = 1;
            assert!(!is_zero(&bytes), "{at}");
        }
    }
}
