//! Tokens by purpose, Message-IDs and bounce addresses: all are
//! HMAC-SHA256(key, purpose ‖ what), so that none can be guessed, none opens
//! another's door, and each can be made again from the key alone.

use std::fmt;
use std::time::Duration;

use data_encoding::HEXLOWER;
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::model::{MailKind, SubscriberId, Timestamp};

/// Characters of a token: 130 bits (RFC 8058 3.1 asks for what is hard to forge).
pub const TOKEN_LENGTH: usize = 26;
/// Characters of the day in a settings link: 24 bits.
const DAY_LENGTH: usize = 5;
/// Characters of the proof of that day: 80 bits, against whoever has the link already.
const PROOF_LENGTH: usize = 16;
/// Milliseconds of a day.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Longest Message-ID with its angle brackets; it cannot be folded.
const MAX_MESSAGE_ID: usize = 72;

/// The signing key: 32 bytes of chance, made once per installation.
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; 32]);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// Why there is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The text is not one.
    #[error("the key must be 64 hexadecimal digits")]
    Malformed,
    /// The operating system has no randomness.
    #[error("no randomness from the operating system")]
    NoChance,
}

impl Key {
    /// Returns a new key from the operating system's randomness.
    pub fn generate() -> Result<Self, KeyError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|_| KeyError::NoChance)?;
        Ok(Self(bytes))
    }

    /// Takes bytes as they are.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads the text of a key file; white space around it is ignored.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let text = text.trim().as_bytes();
        if text.len() != 64 {
            return Err(KeyError::Malformed);
        }
        let mut bytes = [0; 32];
        for (byte, digits) in bytes.iter_mut().zip(text.chunks_exact(2)) {
            let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
            match (digit(digits[0]), digit(digits[1])) {
                (Some(high), Some(low)) => *byte = high << 4 | low,
                _ => return Err(KeyError::Malformed),
            }
        }
        Ok(Self(bytes))
    }

    /// Returns the text of a key file.
    pub fn to_text(&self) -> String {
        HEXLOWER.encode(&self.0)
    }
}

/// Makes tokens.
#[derive(Debug, Clone)]
pub struct Tokens {
    key: Key,
}

impl Tokens {
    /// Returns the tokens of this installation.
    pub const fn new(key: Key) -> Self {
        Self { key }
    }

    /// Returns the token for `/a/TOKEN`: it leaves, and can do nothing else.
    pub fn unsubscribe(&self, subscriber: SubscriberId) -> String {
        self.of("unsubscribe", &subscriber.0.to_be_bytes())
    }

    /// Returns the token for `/e/TOKEN`: it reads and changes settings, for some time after the day
    /// of `at`, so that a mail that was passed on does not open them for ever.
    pub fn settings(&self, subscriber: SubscriberId, at: Timestamp) -> String {
        let day = at.0.max(0) / DAY_MS;
        let day = base32(&u32::try_from(day).unwrap_or(u32::MAX).to_be_bytes()[1..]);
        let dated = format!("{}{day}", self.settings_locator(subscriber));
        let proof = self.settings_proof(&dated);
        format!("{dated}{proof}")
    }

    /// Finds the reader of a settings link, and opens nothing. Links of before they had a
    /// day are this alone.
    pub fn settings_locator(&self, subscriber: SubscriberId) -> String {
        self.of("settings", &subscriber.0.to_be_bytes())
    }

    /// Reads the text of a settings link; none if it cannot be one of ours.
    pub fn settings_link(&self, text: &str) -> Option<SettingsLink> {
        if is_well_formed(text) {
            return Some(SettingsLink { locator: text.to_owned(), day: None });
        }
        let (dated, proof) = text.split_at_checked(TOKEN_LENGTH + DAY_LENGTH)?;
        if !is_equal(&self.settings_proof(dated), proof) {
            return None;
        }
        let (locator, day) = dated.split_at(TOKEN_LENGTH);
        let day = data_encoding::BASE32_NOPAD.decode(day.to_ascii_uppercase().as_bytes()).ok()?;
        let day = day.iter().fold(0_i64, |day, byte| day << 8 | i64::from(*byte));
        Some(SettingsLink { locator: locator.to_owned(), day: Some(Timestamp(day * DAY_MS)) })
    }

    fn settings_proof(&self, dated: &str) -> String {
        let mut proof = self.of("settings-day", dated.as_bytes());
        proof.truncate(PROOF_LENGTH);
        proof
    }

    /// Returns the token for the envelope sender: it names the subscriber whose mail came back.
    pub fn bounce(&self, subscriber: SubscriberId) -> String {
        self.of("bounce", &subscriber.0.to_be_bytes())
    }

    /// Returns the token for `/b/TOKEN`: it gives consent. Bound to the request, so that a link
    /// from an earlier sign-up of the same row confirms nothing.
    pub fn confirm(&self, subscriber: SubscriberId, requested_at: Timestamp) -> String {
        let mut what = subscriber.0.to_be_bytes().to_vec();
        what.extend(requested_at.0.to_be_bytes());
        self.of("confirm", &what)
    }

    /// Returns the token for `/r/TOKEN`: it sees a draft and decides on it, and on no other.
    pub fn desk(&self, draft: i64, made: Timestamp, editor: &str) -> String {
        let mut what = draft.to_be_bytes().to_vec();
        what.extend(made.0.to_be_bytes());
        what.extend(editor.as_bytes());
        self.of("desk", &what)
    }

    /// Returns when a form was given out, as a field that nobody else can make:
    /// milliseconds, a dot, and their proof.
    pub fn stamp(&self, at: Timestamp) -> String {
        format!("{}.{}", at.0, self.of("stamp", &at.0.to_be_bytes()))
    }

    /// Returns the instant of a [`Self::stamp`] of ours.
    pub fn stamped(&self, stamp: &str) -> Option<Timestamp> {
        let (at, _) = stamp.split_once('.')?;
        let at = Timestamp(at.parse().ok()?);
        is_equal(&self.stamp(at), stamp).then_some(at)
    }

    /// Returns a keyed hash of a mailbox or network, for the counters of `rate_limit`. The same
    /// value has another hash in each scope.
    pub fn counter(&self, scope: &str, value: &str) -> String {
        self.of("limit", format!("{scope}\0{value}").as_bytes())
    }

    /// Returns a keyed hash of an address, for the proof after its erasure and for
    /// suppression: tells equal ones, gives none away.
    pub fn address(&self, address: &str) -> String {
        self.of("address", address.to_lowercase().as_bytes())
    }

    /// Returns a Message-ID without angle brackets: `d.2025-12-09-taeglich.MAC@domain`.
    ///
    /// The same kind, `of` (digest id, or the date and count of other mails)
    /// and subscriber give the same id at each attempt, so that receivers can
    /// fold copies; no address is in it. `domain` is that of From.
    pub fn message_id(
        &self,
        kind: MailKind,
        of: &str,
        subscriber: Option<SubscriberId>,
        domain: &str,
    ) -> String {
        let mut what = kind.as_str().as_bytes().to_vec();
        what.push(0);
        what.extend(of.as_bytes());
        what.push(0);
        what.extend(subscriber.map_or(-1, |id| id.0).to_be_bytes());
        let mac = &self.of("message-id", &what)[..16];
        let letter = match kind {
            MailKind::Digest => 'd',
            MailKind::Welcome => 'w',
            MailKind::Confirm => 'b',
            MailKind::Probe => 'p',
            MailKind::Notice => 'n',
        };
        let room = MAX_MESSAGE_ID.saturating_sub("<d...@>".len() + mac.len() + domain.len());
        let of: String = of
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
            .take(room)
            .collect::<String>()
            .to_ascii_lowercase();
        let of = of.trim_matches('-');
        if of.is_empty() {
            return format!("{letter}.{mac}@{domain}");
        }
        format!("{letter}.{of}.{mac}@{domain}")
    }

    fn of(&self, purpose: &str, what: &[u8]) -> String {
        // The length of the purpose first: no purpose can be a prefix of another with its data.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key.0) else {
            unreachable!("HMAC takes a key of any length");
        };
        mac.update(&(purpose.len() as u64).to_be_bytes());
        mac.update(purpose.as_bytes());
        mac.update(what);
        let mut text = base32(&mac.finalize().into_bytes());
        text.truncate(TOKEN_LENGTH);
        text
    }
}

/// What stands in a settings link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsLink {
    /// Whose hash finds the reader.
    pub locator: String,
    /// The day of its mail; none if it is from before links had one.
    pub day: Option<Timestamp>,
}

impl SettingsLink {
    /// Returns whether it opens the settings: for `valid` after the end of its day. A day
    /// that lies ahead, as of a clock that was wrong, opens nothing.
    pub fn is_current(&self, now: Timestamp, valid: Duration) -> bool {
        let day = Duration::from_hours(24);
        self.day.is_some_and(|from| from <= now.after(day) && now <= from.after(day).after(valid))
    }
}

/// Returns whether `text` has the form of a token; what has not need not be looked up.
pub fn is_well_formed(text: &str) -> bool {
    text.len() == TOKEN_LENGTH
        && text.bytes().all(|b| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b))
}

/// Returns what is stored of a token: who reads the database cannot use it.
pub fn hash(token: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(token.as_bytes()))
}

/// Compares without telling by its time where two tokens differ.
pub fn is_equal(left: &str, right: &str) -> bool {
    left.len() == right.len()
        && left.bytes().zip(right.bytes()).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

/// Returns an envelope sender that names the subscriber: `r@post.example.de` becomes
/// `r+TOKEN@post.example.de`. Without `@` the address is left as it is.
pub fn bounce_sender(bounce_address: &str, token: &str) -> String {
    match bounce_address.rsplit_once('@') {
        Some((local, domain)) => format!("{local}+{token}@{domain}"),
        None => bounce_address.to_owned(),
    }
}

/// Returns the token of an envelope recipient made by [`bounce_sender`]; case is
/// folded, since mail pipes do that.
pub fn token_of_recipient(recipient: &str) -> Option<String> {
    let (local, _) = recipient.trim().trim_matches(['<', '>']).rsplit_once('@')?;
    let (_, token) = local.rsplit_once('+')?;
    let token = token.to_ascii_lowercase();
    is_well_formed(&token).then_some(token)
}

/// Returns RFC 4648 6 in lower case, without padding.
fn base32(bytes: &[u8]) -> String {
    data_encoding::BASE32_NOPAD.encode(bytes).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens() -> Tokens {
        Tokens::new(Key::from_bytes([7; 32]))
    }

    #[test]
    fn a_token_opens_one_door_of_one_subscriber() {
        let (one, two) = (SubscriberId(1), SubscriberId(2));
        let t = tokens();
        let all = [
            t.unsubscribe(one),
            t.unsubscribe(two),
            t.settings_locator(one),
            t.settings_locator(two),
            t.bounce(one),
            t.bounce(two),
            t.confirm(one, Timestamp(1)),
            t.confirm(one, Timestamp(2)),
            t.desk(1, Timestamp(2), "a@x.example"),
            t.desk(1, Timestamp(2), "b@x.example"),
            Tokens::new(Key::from_bytes([8; 32])).unsubscribe(one),
        ];
        for (i, token) in all.iter().enumerate() {
            assert!(is_well_formed(token), "{token}");
            assert!(!all[i + 1..].contains(token));
            assert_ne!(hash(token), *token);
        }
        assert_eq!(t.unsubscribe(one), all[0]);
    }

    #[test]
    fn a_stamp_tells_its_instant_and_cannot_be_made_up() {
        let stamp = tokens().stamp(Timestamp(1_765_260_004_000));
        assert_eq!(tokens().stamped(&stamp), Some(Timestamp(1_765_260_004_000)));
        for false_one in
            [stamp.replacen('1', "2", 1), format!("{stamp}a"), String::new(), ".".into()]
        {
            assert_eq!(tokens().stamped(&false_one), None, "{false_one}");
        }
        assert_eq!(Tokens::new(Key::from_bytes([8; 32])).stamped(&stamp), None);
    }

    #[test]
    fn a_settings_link_holds_from_its_day_for_so_long_and_its_day_cannot_be_changed() {
        const DAY: Duration = Duration::from_hours(24);
        let (t, made) = (tokens(), Timestamp(1_765_260_004_000));
        let text = t.settings(SubscriberId(1), made);
        let link = t.settings_link(&text).unwrap();
        assert_eq!(link.locator, t.settings_locator(SubscriberId(1)));
        assert_eq!(link.day, Some(Timestamp(1_765_238_400_000)));
        for (now, holds) in [
            (made, true),
            (made.after(60 * DAY), true),
            (made.after(62 * DAY), false),
            (made.before(DAY), true),
            (made.before(3 * DAY), false),
        ] {
            assert_eq!(link.is_current(now, 60 * DAY), holds, "{now:?}");
        }
        let undated = t.settings_link(&link.locator).unwrap();
        assert!(undated.day.is_none() && !undated.is_current(made, 60 * DAY));
        assert!(text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()), "{text}");

        let later = t.settings(SubscriberId(1), made.after(DAY));
        let other = t.settings(SubscriberId(2), made);
        let (whose, when) = (TOKEN_LENGTH, TOKEN_LENGTH + DAY_LENGTH);
        for forged in [
            format!("{}{}", &later[..when], &text[when..]),
            format!("{}{}", &other[..whose], &text[whose..]),
            format!("{}{}", &text[..when], &later[when..]),
            text[..text.len() - 1].to_owned(),
            format!("{text}a"),
            text.to_uppercase(),
            text.replace(&text[..3], "äöü"),
            String::new(),
        ] {
            assert_eq!(t.settings_link(&forged), None, "{forged}");
        }
        assert_eq!(Tokens::new(Key::from_bytes([8; 32])).settings_link(&text), None);
    }

    #[test]
    fn tokens_stay_the_same_for_ever() {
        // Mails of years ago carry them: a change here locks their readers in.
        assert_eq!(base32(b"foobar"), "mzxw6ytboi");
        assert_eq!(base32(b"fooba"), "mzxw6ytb");
        assert_eq!(tokens().unsubscribe(SubscriberId(1)), "k2soebr7smgf6wf7nc3iw5asan");
    }

    #[test]
    fn a_key_reads_back_and_never_shows() {
        let key = Key::generate().unwrap();
        assert_eq!(Key::parse(&format!("{}\n", key.to_text())).unwrap(), key);
        assert_eq!(Key::parse("abc"), Err(KeyError::Malformed));
        assert_eq!(Key::parse(&"g".repeat(64)), Err(KeyError::Malformed));
        assert!(!format!("{:?}", Tokens::new(key.clone())).contains(&key.to_text()[..8]));
    }

    #[test]
    fn a_message_id_is_stable_short_and_holds_no_address() {
        let t = tokens();
        let id = t.message_id(
            MailKind::Digest,
            "2025-12-09-taeglich",
            Some(SubscriberId(4)),
            "post.example.de",
        );
        assert_eq!(
            id,
            t.message_id(
                MailKind::Digest,
                "2025-12-09-taeglich",
                Some(SubscriberId(4)),
                "post.example.de"
            )
        );
        assert!(id.starts_with("d.2025-12-09-taeglich."), "{id}");
        let other = t.message_id(
            MailKind::Digest,
            "2025-12-09-taeglich",
            Some(SubscriberId(5)),
            "post.example.de",
        );
        assert_ne!(id, other);
        let long = t.message_id(
            MailKind::Digest,
            &"x-".repeat(40),
            None,
            &format!("{}.de", "d".repeat(45)),
        );
        assert!(long.len() + 2 <= MAX_MESSAGE_ID + 2, "{long}");
    }

    #[test]
    fn a_bounce_names_its_subscriber_even_in_capitals() {
        let token = tokens().bounce(SubscriberId(9));
        let sender = bounce_sender("r@post.example.de", &token);
        assert_eq!(sender, format!("r+{token}@post.example.de"));
        assert_eq!(token_of_recipient(&sender.to_uppercase()), Some(token));
        assert_eq!(token_of_recipient("r+kurz@post.example.de"), None);
        assert_eq!(token_of_recipient("r@post.example.de"), None);
    }

    #[test]
    fn comparing_finds_a_single_wrong_character() {
        assert!(is_equal("abc", "abc"));
        assert!(!is_equal("abc", "abd"));
        assert!(!is_equal("abc", "ab"));
    }
}
