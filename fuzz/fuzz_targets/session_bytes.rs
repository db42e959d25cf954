#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ws_fuzz::targets::session_bytes(bytes));
