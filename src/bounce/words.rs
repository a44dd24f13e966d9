//! What mail servers say, where they say no more than words.

/// The mailbox does not exist.
const UNKNOWN: &[&str] = &[
    "user unknown",
    "unknown user",
    "no such user",
    "no such mailbox",
    "no such recipient",
    "no mailbox here",
    "mailbox unavailable",
    "mailbox not found",
    "unknown mailbox",
    "unknown recipient",
    "recipient unknown",
    "unknown local part",
    "unrouteable address",
    "user doesn't exist",
    "user does not exist",
    "does not exist",
    "recipient not found",
    "recipnotfound",
    "recipientnotfound",
    "recipient address rejected: access denied",
    "address rejected: user",
    "invalid recipient",
    "account is disabled",
    "account disabled",
    "account inactive",
    "mailbox disabled",
    "no longer valid",
    "no longer available",
    "host not found",
    "domain not found",
    "unbekannter empfänger",
    "empfänger unbekannt",
    "nicht gefunden",
    "existiert nicht",
    "unbekannte adresse",
    "address unknown",
    "wurde die von ihnen eingegebene e-mail-adresse nicht",
];

/// The mailbox is full, the host cannot be reached: another time perhaps.
const PASSING: &[&str] = &[
    "mailbox full",
    "mailbox is full",
    "quota",
    "over storage",
    "insufficient storage",
    "postfach ist voll",
    "postfach voll",
    "speicherplatz",
    "try again",
    "temporarily",
    "timed out",
    "connection refused",
    "greylist",
    "vorübergehend",
];

/// Refused for what we are or what we send.
const BLOCKED: &[&str] = &[
    "spam",
    "blocked",
    "blacklist",
    "blocklist",
    "block list",
    "dnsbl",
    "rbl",
    "policy",
    "dmarc",
    "spf ",
    "dkim",
    "reputation",
    "too large",
    "too big",
    "size limit",
    "virus",
    "relay access",
    "relaying denied",
    "not permitted to relay",
    "content rejected",
    "unsolicited",
    "zu groß",
    "richtlinie",
];

/// What any failure notice says somewhere.
const FAILURE: &[&str] = &[
    "undeliver",
    "delivery status",
    "delivery fail",
    "failure notice",
    "returned mail",
    "could not be delivered",
    "wasn't able to deliver",
    "was not able to deliver",
    "unable to deliver",
    "mail delivery",
    "permanent error",
    "permanent fatal",
    "unzustellbar",
    "nicht zugestellt",
    "konnte nicht",
    "zustellung",
    "delivery has failed",
    "rejected",
];

/// How subjects of machines that answer begin.
const AUTOMATIC: &[&str] = &[
    "automatische antwort",
    "automatic reply",
    "autoreply",
    "auto-reply",
    "auto reply",
    "automatisch generierte",
    "out of office",
    "out-of-office",
    "abwesenheit",
    "abwesend",
    "ich bin nicht im",
    "nicht im büro",
    "nicht im haus",
    "im urlaub",
    "vacation",
    "urlaub",
    "on leave",
    "away from my mail",
    "eingangsbestätigung",
    "ticket",
    "please confirm",
    "bestätigen sie ihre",
    "challenge",
    "lesebestätigung",
    "gelesen:",
    "read:",
    "ooo",
];

/// What a text says about why it came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    Unknown,
    Passing,
    Blocked,
    Nothing,
}

/// Returns what `text` says; who is blocked is often told so in the words of the unknown.
pub(super) fn says(text: &str) -> Says {
    let text = text.to_lowercase();
    let any = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if any(BLOCKED) {
        Says::Blocked
    } else if any(PASSING) {
        Says::Passing
    } else if any(UNKNOWN) {
        Says::Unknown
    } else {
        Says::Nothing
    }
}

/// Returns whether a text reads like a failure notice.
pub(super) fn is_failure(text: &str) -> bool {
    let text = text.to_lowercase();
    FAILURE.iter().any(|word| text.contains(word))
}

/// Returns whether a subject is that of a machine that answers.
pub(super) fn is_automatic(subject: &str) -> bool {
    let subject = subject.to_lowercase();
    AUTOMATIC.iter().any(|word| subject.contains(word))
}
