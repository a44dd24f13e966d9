//! Whatever an admin writes as terms, and the text they are looked for in.

#![no_main]

#[path = "../readers.rs"]
mod readers;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| readers::terms(bytes));
