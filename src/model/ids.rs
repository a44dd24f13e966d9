//! Names and numbers by which things are known.
//!
//! Text ids come from the config and are stable for ever; number ids come from
//! the database. Each is a type of its own so that no call can mix them up.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::settings::TextSetting;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is; whether it is well formed is the config's question.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// Returns the text as it stands in the config and in the database.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl TextSetting for $name {
            const FORM: &'static str = "id";

            fn parse(text: &str) -> Result<Self, String> {
                Ok(text.into())
            }

            fn text(&self) -> String {
                self.0.clone()
            }

            fn zero(&self) -> Option<&'static str> {
                self.0.trim().is_empty().then_some("must not be empty")
            }
        }
    };
}

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

text_id! {
    /// A source, as the config names it.
    SourceId
}
text_id! {
    /// A topic, as the config names it.
    TopicId
}
text_id! {
    /// A series, as the config names it; part of List-Id and Message-ID.
    SeriesId
}
text_id! {
    /// One dated digest, for example `2025-12-09-taeglich`; part of its public URL.
    DigestId
}
number_id! {
    /// An item's row.
    ItemId
}
number_id! {
    /// A story: the id of the item that founded it. It never changes; items may join later.
    StoryId
}
number_id! {
    /// A subscriber's row.
    SubscriberId
}
number_id! {
    /// A frozen message's row.
    OutboxId
}

/// Returns whether `text` can be a config id: lower-case ASCII letters, digits and
/// inner hyphens, at most 40 characters. It ends up in URLs, List-Id and
/// Message-ID, all of which share this alphabet.
pub fn is_well_formed_id(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_lower_case_ascii_with_inner_hyphens() {
        for good in ["ozg", "central-services", "bsi-2", "x"] {
            assert!(is_well_formed_id(good), "{good}");
        }
        for bad in ["", "OZG", "ü", "a b", "-a", "a-", "a_b", &"x".repeat(41)] {
            assert!(!is_well_formed_id(bad), "{bad}");
        }
    }
}
