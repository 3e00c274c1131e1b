#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| treasury_fuzz::iso20022::refund(data));
