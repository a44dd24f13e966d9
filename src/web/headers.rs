//! Response header fields by kind of answer.

/// What an answer is, as far as caches, referrers and search engines are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A public page: news, archive, help.
    Page,
    /// The public form; an answer to it shows the address that was typed.
    Form,
    /// A page behind a token in its path: nobody else may learn of it or keep it.
    Token,
    /// An editor's page behind a token: as secret, and only its own forms may act.
    Desk,
    /// The HTML part of a mail, framed by an editor's page: its styles stand in the text.
    Preview,
    /// An Atom feed.
    Feed,
    /// The same as a JSON Feed.
    JsonFeed,
    Calendar,
    /// The style sheet.
    Style,
    /// For operators only.
    Status,
}

/// Nothing may be loaded but our style sheet, and nothing may frame us: a
/// second wall should markup of a source ever come through.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// An editor's page frames the preview of its mail.
const DESK_POLICY: &str = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; frame-src 'self'";
/// A mail brings its styles with it. Everything else is forbidden, as in a mailbox.
const PREVIEW_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox";

impl Kind {
    /// Returns the Content-Type field.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Page | Self::Form | Self::Token | Self::Desk | Self::Preview | Self::Status => {
                "text/html; charset=utf-8"
            }
            Self::Feed => "application/atom+xml; charset=utf-8",
            Self::JsonFeed => "application/feed+json; charset=utf-8",
            Self::Calendar => "text/calendar; charset=utf-8",
            Self::Style => "text/css; charset=utf-8",
        }
    }

    /// Returns the Cache-Control field (RFC 9111 5.2).
    pub const fn cache_control(self) -> &'static str {
        match self {
            Self::Page => "public, max-age=60",
            Self::Feed | Self::JsonFeed | Self::Calendar => "public, max-age=300",
            Self::Style => "public, max-age=3600",
            Self::Form | Self::Token | Self::Desk | Self::Preview | Self::Status => "no-store",
        }
    }

    /// Returns the Referrer-Policy field. The form needs `same-origin`: under `no-referrer`
    /// browsers send `Origin: null` with a POST, and its origin could not be checked.
    pub const fn referrer_policy(self) -> &'static str {
        match self {
            Self::Token | Self::Desk | Self::Preview => "no-referrer",
            _ => "same-origin",
        }
    }

    /// Returns the Content-Security-Policy field.
    const fn content_security_policy(self) -> &'static str {
        match self {
            Self::Desk => DESK_POLICY,
            Self::Preview => PREVIEW_POLICY,
            _ => CONTENT_SECURITY_POLICY,
        }
    }

    /// Returns whether search engines are told to stay away.
    pub const fn is_hidden(self) -> bool {
        matches!(self, Self::Token | Self::Desk | Self::Preview | Self::Status)
    }

    /// Returns every field of the answer but Content-Length and validators, name in lower case.
    pub fn fields(self) -> Vec<(&'static str, &'static str)> {
        let mut fields = vec![
            ("content-type", self.content_type()),
            ("cache-control", self.cache_control()),
            ("content-security-policy", self.content_security_policy()),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", if self == Self::Preview { "SAMEORIGIN" } else { "DENY" }),
            ("referrer-policy", self.referrer_policy()),
            ("cross-origin-opener-policy", "same-origin"),
            ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
        ];
        if !matches!(self, Self::Feed | Self::Calendar) {
            fields.push(("cross-origin-resource-policy", "same-origin"));
        }
        if self.is_hidden() {
            fields.push(("x-robots-tag", "noindex"));
        }
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_page_is_neither_kept_nor_told_nor_found() {
        let fields = Kind::Token.fields();
        for field in [
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("x-robots-tag", "noindex"),
        ] {
            assert!(fields.contains(&field), "{field:?}");
        }
    }

    #[test]
    fn every_answer_forbids_scripts_and_frames_and_guessing() {
        for kind in [
            Kind::Page,
            Kind::Form,
            Kind::Token,
            Kind::Feed,
            Kind::JsonFeed,
            Kind::Calendar,
            Kind::Style,
            Kind::Status,
        ] {
            let fields = kind.fields();
            assert!(
                fields.contains(&("content-security-policy", CONTENT_SECURITY_POLICY)),
                "{kind:?}"
            );
            assert!(fields.contains(&("x-content-type-options", "nosniff")), "{kind:?}");
            assert!(kind.content_type().ends_with("charset=utf-8"), "{kind:?}");
        }
        for policy in [CONTENT_SECURITY_POLICY, DESK_POLICY, PREVIEW_POLICY] {
            assert!(policy.starts_with("default-src 'none'") && !policy.contains("script"));
        }
        assert!(DESK_POLICY.starts_with(CONTENT_SECURITY_POLICY));
        assert!(!CONTENT_SECURITY_POLICY.contains("unsafe"));
    }
}
