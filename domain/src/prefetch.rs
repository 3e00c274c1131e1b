//! Tells the processor what will be read soon.
//!
//! A load holds up everything behind it until its line is there; a prefetch does not. Over a batch of
//! reservations the lines of the index and of the quotas arrive side by side: measured in
//! `docs/performance.md`. It changes nothing but time.

/// Asks for the cache line of a value. Elsewhere than on x86-64 nothing happens.
#[inline]
#[cfg_attr(target_arch = "x86_64", expect(unsafe_code, reason = "a hint without a safe form"))]
pub(crate) fn prefetch<T>(value: &T) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch reads nothing and faults never, whatever the address; this one is of a
        // value that is borrowed here.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(value).cast()) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = value;
}
