//! Whatever a server calls a feed: no panic, and the same bytes give the same items.

#![no_main]

use amtsbote::extract::feed;
use amtsbote::model::Budget;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let read = || {
        let budget = Budget::for_document(bytes.len());
        feed::read(bytes, None, Some("https://www.example.de/feed"), chrono_tz::UTC, &budget)
    };
    assert_eq!(read(), read());
});
