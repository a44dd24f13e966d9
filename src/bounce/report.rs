//! Delivery reports by their fields (RFC 3464, 3463).

use super::words::{Says, says};
use super::{Class, Verdict};

/// Returns what a `message/delivery-status` says; none if it has no recipient.
pub(super) fn of_report(fields: &str) -> Option<Verdict> {
    let mut worst: Option<Verdict> = None;
    for group in fields.replace("\r\n", "\n").split("\n\n") {
        let Some(action) = field(group, "action") else { continue };
        let verdict = if action.to_ascii_lowercase().starts_with("failed") {
            let status = field(group, "status").unwrap_or_default();
            of_status(Some(&status), &field(group, "diagnostic-code").unwrap_or_default())
        } else {
            // Nobody is removed because of a delay (RFC 3464 appendix C).
            Verdict { class: Class::Ignore, code: None }
        };
        let is_worse =
            worst.as_ref().is_none_or(|known| severity(&known.class) < severity(&verdict.class));
        if is_worse {
            worst = Some(verdict);
        }
    }
    worst
}

const fn severity(class: &Class) -> u8 {
    match class {
        Class::Hard => 3,
        Class::Soft => 2,
        Class::Block => 1,
        _ => 0,
    }
}

/// Returns a field of a group, unfolded.
pub(super) fn field(group: &str, name: &str) -> Option<String> {
    let mut lines = group.lines();
    let first = lines.by_ref().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.trim().eq_ignore_ascii_case(name).then_some(value)
    })?;
    let mut value = first.trim().to_owned();
    for line in lines.take_while(|line| line.starts_with([' ', '\t'])) {
        value.push(' ');
        value.push_str(line.trim());
    }
    Some(value)
}

/// Returns the class of a status and what the other server said.
pub(super) fn of_status(status: Option<&str>, said: &str) -> Verdict {
    let stated = status.and_then(enhanced);
    let spoken = enhanced(said);
    // `5.0.0` says no more than no: what was said may know better.
    let known = stated.filter(|code| (code.1, code.2) != (0, 0)).or(spoken).or(stated);
    let basic = basic(said);
    let code = known.map(|(class, subject, detail)| format!("{class}.{subject}.{detail}"));
    let is_passing = known.is_some_and(|code| code.0 == 4)
        || (spoken.is_none() && basic.is_some_and(|code| code / 100 == 4));
    let class = match (known, says(said)) {
        _ if is_passing => Class::Soft,
        (Some((_, 7 | 6, _) | (_, 3, 4) | (_, 2, 3) | (_, 1, 7 | 8)), _) => Class::Block,
        (Some(_), Says::Blocked) => Class::Block,
        (Some((_, 1, 0..=4 | 6 | 10) | (_, 2, 1) | (_, 4, 4)), _) => Class::Hard,
        (Some((_, 4, 1) | (_, 0, 0)), Says::Unknown) => Class::Hard,
        (Some(_), _) => Class::Soft,
        (None, Says::Blocked) => Class::Block,
        (None, Says::Unknown) => Class::Hard,
        (None, _) => Class::Soft,
    };
    Verdict { class, code }
}

/// Returns the first enhanced status in a text.
fn enhanced(text: &str) -> Option<(u16, u16, u16)> {
    text.split(|c: char| !c.is_ascii_digit() && c != '.').find_map(|word| {
        let mut parts = word.trim_matches('.').split('.');
        let class = parts.next().filter(|class| matches!(*class, "2" | "4" | "5"))?;
        let mut part = || parts.next().filter(|part| part.len() <= 3)?.parse::<u16>().ok();
        let (subject, detail) = (part()?, part()?);
        (subject <= 7 && parts.next().is_none())
            .then(|| (class.parse().unwrap_or(5), subject, detail))
    })
}

/// Returns the first basic reply code in a text.
fn basic(text: &str) -> Option<u16> {
    text.split(|c: char| !c.is_ascii_digit())
        .filter(|word| word.len() == 3)
        .find_map(|word| word.parse().ok().filter(|code| (400..600).contains(code)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_has_its_class() {
        let class = |status: &str, said: &str| of_status(Some(status), said).class;
        for status in ["5.1.1", "5.1.2", "5.1.6", "5.1.10", "5.2.1", "5.4.4"] {
            assert_eq!(class(status, ""), Class::Hard, "{status}");
        }
        for status in ["4.4.7", "4.2.2", "5.2.2", "5.0.0", "4.7.1", "5.4.6", "", "x"] {
            assert_eq!(class(status, ""), Class::Soft, "{status}");
        }
        for status in ["5.7.1", "5.7.515", "5.3.4", "5.1.8", "5.6.0"] {
            assert_eq!(class(status, ""), Class::Block, "{status}");
        }
        assert_eq!(class("5.0.0", "smtp; 550 5.1.1 no such user"), Class::Hard);
        assert_eq!(class("5.1.1", "smtp; 550 5.1.1 blocked using some dnsbl"), Class::Block);
        assert_eq!(class("5.0.0", "smtp; 450 mailbox busy, user unknown?"), Class::Soft);
        assert_eq!(
            class("5.4.1", "550 5.4.1 Recipient address rejected: Access denied"),
            Class::Hard
        );
    }

    #[test]
    fn an_address_of_a_machine_is_no_status() {
        assert_eq!(enhanced("connect to mx[192.0.2.25]: 550 no"), None);
        assert_eq!(enhanced("host 5.1.1.7 said 550 5.2.1 off"), Some((5, 2, 1)));
    }
}
