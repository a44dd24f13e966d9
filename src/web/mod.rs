//! The web face: German, accessible, no JavaScript, no cookies.
//!
//! `views` says what a page needs to know, `pages` turns it into HTML by the
//! embedded templates, `headers` guards it. None of them asks the store or a clock.

pub mod headers;
pub mod pages;
pub mod views;
