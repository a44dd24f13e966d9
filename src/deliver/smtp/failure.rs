//! What went wrong in a session, before it is judged.

use crate::deliver::Step;

/// What went wrong, before it is judged.
#[derive(Debug)]
pub(super) enum Failure {
    /// An address or the message cannot be said in SMTP.
    Unsendable(String),
    /// The server answered no.
    Refused { step: Step, code: u16, said: String },
    /// The connection broke, timed out, or the answer was not one to what was said.
    Broken { step: Step, reason: String },
    /// TLS is not to be had, or not with this certificate.
    Tls(String),
    /// No way to log in that both sides know.
    Login(String),
    /// The message went out with its final dot, no answer came.
    Unanswered(String),
    /// The gate was closed before DATA.
    Withdrawn,
}

impl Failure {
    pub(super) fn broken(step: Step, reason: impl Into<String>) -> Self {
        Self::Broken { step, reason: reason.into() }
    }
}
