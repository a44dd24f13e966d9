//! Whatever a server calls a feed.

#![no_main]

#[path = "../readers.rs"]
mod readers;

libfuzzer_sys::fuzz_target!(
    init: {
        // A panic of the reader of others is no finding; one of ours still ends the process.
        std::panic::set_hook(Box::new(|_| {}));
    },
    |bytes: &[u8]| {
        if std::panic::catch_unwind(|| readers::feed(bytes)).is_err() {
            std::process::abort();
        }
    }
);
