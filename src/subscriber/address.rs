//! Which addresses can be subscribed: narrower than RFC 5321 allows, so that
//! every address we take can be written into a header and a command as it is.

/// Longest address (RFC 5321 4.5.3.1.3, less the angle brackets).
const MAX_ADDRESS: usize = 254;
/// Longest local part (RFC 5321 4.5.3.1.1).
const MAX_LOCAL_PART: usize = 64;

/// Why a text cannot be subscribed. The texts are for readers, in German.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Nothing but white space.
    #[error("Geben Sie eine E-Mail-Adresse ein, zum Beispiel name@gemeinde.de.")]
    Empty,
    /// No `@`, or nothing before or after it, or characters that do not belong.
    #[error("Das ist keine E-Mail-Adresse. Sie sieht zum Beispiel so aus: name@gemeinde.de.")]
    Malformed,
    /// Several addresses at once.
    #[error("Geben Sie nur eine einzige E-Mail-Adresse ein.")]
    Several,
    /// Umlauts or other letters before the `@` (RFC 6531), which our relay does not announce.
    #[error(
        "Vor dem @ sind nur Buchstaben ohne Umlaute, Ziffern und die Zeichen . - _ + möglich. \
         Nutzen Sie bitte eine andere Adresse."
    )]
    LocalPartNotAscii,
    /// Beyond 64 characters before the `@` or 254 in all.
    #[error("Die E-Mail-Adresse ist zu lang.")]
    TooLong,
    /// The domain cannot exist in public.
    #[error("Der Teil nach dem @ muss ein vollständiger Name sein, zum Beispiel gemeinde.de.")]
    Domain,
}

/// Reads an address as people type it: trimmed, domain in lower case and as
/// A-label (RFC 5890), local part as written (its case may matter to its host).
pub fn parse(text: &str) -> Result<String, AddressError> {
    let text = text.trim_matches(|c: char| c == ' ' || c == '\t');
    if text.is_empty() {
        return Err(AddressError::Empty);
    }
    // Bounded before anything is done with it: forms can hold megabytes.
    if text.len() > 4 * MAX_ADDRESS {
        return Err(AddressError::TooLong);
    }
    if text.contains([',', ';']) {
        return Err(AddressError::Several);
    }
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(AddressError::Malformed);
    }
    let (local, domain) = text.rsplit_once('@').ok_or(AddressError::Malformed)?;
    check_local_part(local)?;
    let domain = ascii_domain(domain)?;
    let address = format!("{local}@{domain}");
    if address.len() > MAX_ADDRESS {
        return Err(AddressError::TooLong);
    }
    Ok(address)
}

/// Providers that deliver to one mailbox whatever characters of `ignored` stand in the
/// local part: their domains, of which the first stands for all.
const LENIENT_PROVIDERS: [(&[&str], char); 1] = [(&["gmail.com", "googlemail.com"], '.')];

/// Returns the mailbox behind an address, however it is spelt: in lower case, without
/// sub-address (RFC 5233), and without the dots that a provider ignores. Other spellings of
/// one mailbox are not other readers, and share its limits.
pub fn mailbox(address: &str) -> String {
    let address = address.to_lowercase();
    let Some((local, domain)) = address.rsplit_once('@') else { return address };
    let local = match local.split_once('+') {
        Some((bare, _)) if !bare.is_empty() => bare,
        _ => local,
    };
    match LENIENT_PROVIDERS.iter().find(|(domains, _)| domains.contains(&domain)) {
        Some((domains, ignored)) => format!("{}@{}", local.replace(*ignored, ""), domains[0]),
        None => format!("{local}@{domain}"),
    }
}

/// Returns what follows the `@`.
pub fn domain(mailbox: &str) -> &str {
    mailbox.rsplit_once('@').map_or("", |(_, domain)| domain)
}

/// Fails unless it is a dot-atom of RFC 5322 3.2.3, without quoted strings.
fn check_local_part(local: &str) -> Result<(), AddressError> {
    if !local.is_ascii() {
        return Err(AddressError::LocalPartNotAscii);
    }
    if local.len() > MAX_LOCAL_PART {
        return Err(AddressError::TooLong);
    }
    let atom = |atom: &str| {
        !atom.is_empty()
            && atom
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
    };
    // A leading dash could be read as an option by programs behind a pipe.
    if local.starts_with('-') || !local.split('.').all(atom) {
        return Err(AddressError::Malformed);
    }
    Ok(())
}

fn ascii_domain(domain: &str) -> Result<String, AddressError> {
    // Percent signs would be decoded by the URL parser's host rules.
    if domain.is_empty() || domain.contains(['%', '[', ']', ':', '/', '?', '#', '\\']) {
        return Err(AddressError::Domain);
    }
    let Ok(url::Host::Domain(domain)) = url::Host::parse(domain) else {
        return Err(AddressError::Domain);
    };
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = domain.rsplit('.').next().unwrap_or_default();
    let is_letters = last.len() >= 2 && last.bytes().all(|b| b.is_ascii_alphabetic());
    if !domain.contains('.')
        || !domain.split('.').all(label)
        || !(is_letters || last.starts_with("xn--"))
    {
        return Err(AddressError::Domain);
    }
    Ok(domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_addresses_are_taken_with_their_domain_in_lower_case() {
        for (typed, held) in [
            (" Petra.Mueller@Stadt-Musterstadt.DE ", "Petra.Mueller@stadt-musterstadt.de"),
            ("a+b@x.example", "a+b@x.example"),
            ("o'neil@x.example", "o'neil@x.example"),
            ("info@köln.de", "info@xn--kln-sna.de"),
            ("info@beispiel.xn--p1ai", "info@beispiel.xn--p1ai"),
        ] {
            assert_eq!(parse(typed).as_deref(), Ok(held), "{typed}");
        }
    }

    #[test]
    fn other_spellings_of_one_mailbox_are_one_mailbox() {
        for (address, expected) in [
            ("Petra.Mueller@x.example", "petra.mueller@x.example"),
            ("petra+ozg@x.example", "petra@x.example"),
            ("petra+a+b@x.example", "petra@x.example"),
            ("+petra@x.example", "+petra@x.example"),
            ("P.e.t.r.a+ozg@GoogleMail.com", "petra@gmail.com"),
            ("petra@gmail.com", "petra@gmail.com"),
            ("p.etra@x.example", "p.etra@x.example"),
        ] {
            assert_eq!(mailbox(address), expected);
            assert_eq!(mailbox(expected), expected, "it is its own mailbox");
        }
        assert_eq!(domain("a@x.example"), "x.example");
    }

    #[test]
    fn whatever_could_become_a_second_header_or_recipient_is_refused() {
        use AddressError::{Domain, Empty, LocalPartNotAscii, Malformed, Several, TooLong};
        let long_local = format!("{}@x.de", "a".repeat(65));
        let long = format!("a@{}.de", vec!["b".repeat(60); 5].join("."));
        for (typed, error) in [
            ("", Empty),
            ("  ", Empty),
            ("keine", Malformed),
            ("@x.de", Malformed),
            ("a@", Domain),
            ("a@b", Domain),
            ("a@[127.0.0.1]", Domain),
            ("a@127.0.0.1", Domain),
            ("a@0x7f.1", Domain),
            ("a@x.1", Domain),
            ("a@-x.de", Domain),
            ("a@x..de", Domain),
            ("a@x.de.", Domain),
            ("a@x%2ede", Domain),
            ("\"a b\"@x.de", Malformed),
            ("\"ab\"@x.de", Malformed),
            ("a@b@x.de", Malformed),
            ("a..b@x.de", Malformed),
            (".a@x.de", Malformed),
            ("-a@x.de", Malformed),
            ("ä@x.de", LocalPartNotAscii),
            ("a@x.de,b@x.de", Several),
            ("a@x.de;b@x.de", Several),
            ("a@x.de\r\nBcc: b@x.de", Malformed),
            ("a\0@x.de", Malformed),
            ("a%0d%0a@x.de\n", Malformed),
            ("<a@x.de>", Malformed),
            (&long_local, TooLong),
            (&long, TooLong),
        ] {
            assert_eq!(parse(typed), Err(error), "{typed:?}");
        }
    }
}
