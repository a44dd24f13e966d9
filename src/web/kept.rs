//! Public pages as they were answered a moment ago: many ask for the same few.
//!
//! A page is kept until anything is written to the database, by whomever, until the config is
//! read anew, and for a minute at most. So nothing that was taken down is shown once more, and
//! no page is older than what its Cache-Control field allows anyway.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::{Bytes, HttpBody as _};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};

use super::headers::Kind;
use crate::model::Timestamp;

/// Most bytes of all pages that are kept; where they are full all go.
const MOST_BYTES: usize = 8 << 20;
/// Most bytes of one of them.
pub(super) const MOST_OF_ONE: usize = 512 << 10;
/// Longest address of one of them: a search is short.
pub(super) const LONGEST: usize = 400;

/// What a page was made of: as long as this is the same, it would be made the same.
pub(super) struct Made<C> {
    /// The version of the database.
    data: i64,
    /// The config as it was read.
    config: Arc<C>,
    /// Minutes since 1970: pages say how long something takes yet.
    minute: i64,
}

impl<C> Made<C> {
    /// Of this version of the database, this config, at this time.
    pub(super) fn of(data: i64, config: Arc<C>, now: Timestamp) -> Self {
        Self { data, config, minute: now.0.div_euclid(60_000) }
    }

    fn is(&self, other: &Self) -> bool {
        self.data == other.data
            && self.minute == other.minute
            && Arc::ptr_eq(&self.config, &other.config)
    }
}

/// The pages that are kept.
pub(super) struct Kept<C>(Mutex<Pages<C>>);

struct Pages<C> {
    /// What all of them were made of.
    made: Option<Arc<Made<C>>>,
    by_address: HashMap<String, (HeaderMap, Bytes)>,
    bytes: usize,
}

impl<C> Default for Kept<C> {
    fn default() -> Self {
        Self(Mutex::new(Pages { made: None, by_address: HashMap::new(), bytes: 0 }))
    }
}

impl<C> Kept<C> {
    fn pages(&self) -> MutexGuard<'_, Pages<C>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the page of an address, if it was made of the same; else lets all go that were not.
    pub(super) fn get(&self, made: &Arc<Made<C>>, address: &str) -> Option<Response> {
        let mut kept = self.pages();
        if !kept.made.as_ref().is_some_and(|of| of.is(made)) {
            *kept = Pages { made: Some(Arc::clone(made)), by_address: HashMap::new(), bytes: 0 };
        }
        let (fields, text) = kept.by_address.get(address)?;
        Some((fields.clone(), text.clone()).into_response())
    }

    /// Keeps a page, unless something was written while it was made.
    pub(super) fn put(&self, made: &Made<C>, address: String, fields: HeaderMap, text: Bytes) {
        let mut kept = self.pages();
        if !kept.made.as_ref().is_some_and(|of| of.is(made)) {
            return;
        }
        if kept.bytes + text.len() > MOST_BYTES {
            kept.by_address.clear();
            kept.bytes = 0;
        }
        kept.bytes += text.len();
        // Two may have made it at once.
        let before = kept.by_address.insert(address, (fields, text));
        kept.bytes -= before.map_or(0, |(_, text)| text.len());
    }
}

/// Returns whether an answer is a page that anyone may keep, and not too long.
pub(super) fn is_public_page(response: &Response) -> bool {
    let says =
        |name, wanted| response.headers().get(name) == Some(&HeaderValue::from_static(wanted));
    response.status() == StatusCode::OK
        && says(CACHE_CONTROL, Kind::Page.cache_control())
        && says(CONTENT_TYPE, Kind::Page.content_type())
        && response.body().size_hint().exact().is_some_and(|size| size <= MOST_OF_ONE as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_kept_while_what_it_was_made_of_is_the_same() {
        let config = Arc::new(());
        let at = |data, minute: i64| {
            Arc::new(Made::of(data, Arc::clone(&config), Timestamp(minute * 60_000)))
        };
        let kept = Kept::default();
        let text = Bytes::from_static(b"Seite");
        assert!(kept.get(&at(1, 5), "/").is_none());
        kept.put(&at(1, 5), "/".to_owned(), HeaderMap::new(), text.clone());
        assert!(kept.get(&at(1, 5), "/").is_some());
        assert!(kept.get(&at(1, 5), "/archiv").is_none());
        assert!(kept.get(&at(2, 5), "/").is_none(), "something was written");
        kept.put(&at(1, 5), "/".to_owned(), HeaderMap::new(), text.clone());
        assert!(kept.get(&at(2, 5), "/").is_none(), "something was written while it was made");
        kept.put(&at(2, 5), "/".to_owned(), HeaderMap::new(), text);
        assert!(kept.get(&at(2, 6), "/").is_none(), "it is a minute old");
    }

    #[test]
    fn pages_that_are_kept_are_bounded_in_bytes() {
        let config = Arc::new(());
        let made = Arc::new(Made::of(1, config, Timestamp(0)));
        let kept = Kept::default();
        assert!(kept.get(&made, "/").is_none());
        for page in 0..100 {
            kept.put(
                &made,
                format!("/?q={page}"),
                HeaderMap::new(),
                Bytes::from(vec![b'a'; MOST_OF_ONE]),
            );
            assert!(kept.pages().bytes <= MOST_BYTES);
        }
        assert!(kept.get(&made, "/?q=99").is_some());
    }
}
