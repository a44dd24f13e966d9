//! SEND: one file per channel.
//!
//! A channel makes bytes of words once (`encode`, pure and deterministic) and
//! hands the same bytes over as often as it takes (`send`). When to try again
//! is the outbox's matter: a channel only says whether that can help.

mod channel;
pub mod maildir;
pub mod message;
pub mod smtp;

pub(crate) use channel::without_addresses;
pub use channel::{Channel, ChannelContext, Gate, Kind, Outgoing, SendError, Step};

/// Every kind, in the order of the documentation.
pub const KINDS: &[Kind] = &[maildir::KIND, smtp::KIND];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_is_kept_without_whom_it_names() {
        let said = "5.1.1 <petra.mueller@x.de>:\r\n user Petra.Mueller unknown (r+abc@y.de)\u{7}";
        assert_eq!(
            without_addresses(said, &["petra.mueller@x.de", "r+abc@y.de"]),
            "5.1.1 … user … unknown …"
        );
        assert!(without_addresses(&"x ".repeat(5000), &[]).len() <= 200);
    }

    #[test]
    fn only_the_servers_and_the_configs_faults_stop_everything() {
        let transient =
            |code| SendError::Transient { step: Step::Data, code, reason: String::new() };
        assert!(!transient(Some(451)).pauses_all());
        assert!(transient(Some(421)).pauses_all());
        let permanent =
            SendError::Permanent { step: Step::Recipient, code: Some(550), reason: String::new() };
        assert_eq!((permanent.retry(), permanent.pauses_all()), (Retry::Never, false));
        let config =
            SendError::Misconfigured { step: Step::Login, code: Some(535), reason: String::new() };
        assert_eq!((config.retry(), config.pauses_all()), (Retry::Later, true));
        assert!(config.needs_the_operator() && config.hint().is_some());
    }

    #[test]
    fn who_refuses_one_connection_more_is_crowded_and_who_refuses_a_message_is_not() {
        let reason = String::new;
        let away = |step, code| SendError::Unreachable { step, code, reason: reason() };
        let no = |step, code| SendError::Misconfigured { step, code, reason: reason() };
        let later = |step, code| SendError::Transient { step, code, reason: reason() };
        for (error, is_crowded) in [
            (away(Step::Connect, None), true),
            (away(Step::Greeting, None), true),
            (away(Step::Greeting, Some(421)), true),
            (away(Step::Greeting, Some(450)), true),
            (away(Step::Login, Some(454)), true),
            (no(Step::Greeting, Some(554)), true),
            (no(Step::Login, Some(535)), false),
            (no(Step::Sender, Some(550)), false),
            (away(Step::Tls, None), false),
            (later(Step::Sender, Some(421)), true),
            (later(Step::Content, Some(452)), false),
        ] {
            assert_eq!(error.is_crowded(), is_crowded, "{error}");
        }
    }
}
