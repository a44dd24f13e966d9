//! How much mail strangers may cause: the one rate limiter for everything that is
//! mailed because somebody unknown asked for it.
//!
//! Here stand the limits and the decision. `pipeline::limiter` counts; the counters
//! stand in the database, so that a restart does not begin them anew.
//!
//! An attacker has many networks and addresses, and must neither flood a mailbox nor
//! use up what honest readers need. So what is known has a share that strangers do not
//! draw on: a network from which somebody confirmed, the mailbox of a reader, and, up
//! to a bound, the domain of a reader.

use std::net::IpAddr;
use std::time::Duration;

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// How long a network is known after somebody confirmed from it or saved their choice.
pub const KNOWN_FOR: Duration = Duration::from_hours(30 * 24);

/// How long letters that were not passed on are counted before the editors are told of them.
pub const LETTERS_TOLD_AFTER: Duration = DAY;

/// What is counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Mails to one mailbox, however it is spelt.
    Mailbox,
    /// Requests of one client: an IPv4 address, an IPv6 /64.
    Client,
    /// Requests of what a provider gives one customer: an IPv6 /56.
    Customer,
    /// Requests of a neighbourhood: an IPv4 /24, an IPv6 /48, or all whose network cannot be told.
    Site,
    /// Mails to one domain that strangers asked for.
    Domain,
    /// Mails to one domain of a reader that nothing else allowed.
    KnownDomain,
    /// Mails that strangers asked for, in all.
    Strangers,
    /// Requests from unknown networks, in all: bounds what is remembered of networks.
    Requests,
    /// Letters of strangers that `mail-in` passed on.
    Letters,
    /// Letters of one reader that `mail-in` passed on.
    ReaderLetters,
    /// Letters that were not passed on, until the editors are told how many.
    HeldLetters,
}

impl Scope {
    /// Returns the purpose of the keyed hash under which it is counted.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mailbox => "mailbox",
            Self::Client => "client",
            Self::Customer => "customer",
            Self::Site => "site",
            Self::Domain => "domain",
            Self::KnownDomain => "known-domain",
            Self::Strangers => "strangers",
            Self::Requests => "requests",
            Self::Letters => "letters",
            Self::ReaderLetters => "reader-letters",
            Self::HeldLetters => "held-letters",
        }
    }

    /// Returns how long one of it is remembered.
    pub fn longest_period(self) -> Duration {
        let own = LIMITS.iter().filter(|limit| limit.scope == self);
        own.map(|limit| limit.period).max().unwrap_or_default()
    }
}

/// At most so many in each period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// What is counted together.
    pub scope: Scope,
    /// How many.
    pub most: u64,
    /// In which time.
    pub period: Duration,
}

const fn limit(scope: Scope, most: u64, period: Duration) -> Limit {
    Limit { scope, most, period }
}

/// All limits.
pub const LIMITS: [Limit; 13] = [
    limit(Scope::Mailbox, 1, MINUTE.saturating_mul(10)),
    limit(Scope::Mailbox, 3, DAY),
    limit(Scope::Client, 10, HOUR),
    limit(Scope::Customer, 20, HOUR),
    limit(Scope::Site, 40, HOUR),
    limit(Scope::Domain, 30, HOUR),
    limit(Scope::Domain, 100, DAY),
    limit(Scope::KnownDomain, 10, HOUR),
    limit(Scope::Strangers, 200, HOUR),
    limit(Scope::Requests, 2000, HOUR),
    limit(Scope::Letters, 20, DAY),
    limit(Scope::ReaderLetters, 5, DAY),
    // Only counted; long enough to be told after the service was down over a weekend.
    limit(Scope::HeldLetters, u64::MAX, DAY.saturating_mul(14)),
];

/// Who is known of a request. What is typed proves nothing of who typed it, so each
/// has a share of its own and no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Known {
    /// Somebody confirmed from this network lately.
    pub network: bool,
    /// The mailbox is a reader's.
    pub reader: bool,
    /// A reader has a mailbox at the domain.
    pub domain: bool,
}

/// What is done with a request that would make a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The network asked too often: no mail, and it is told so.
    Refuse,
    /// It is answered like every other.
    Accept {
        /// On whose share a mail is made; none if no mail is made.
        share: Option<Share>,
        /// Whether the answer says that many ask now and a mail may not come. It does
        /// not depend on who is known of the mailbox: answers must not tell who is a reader.
        crowded: bool,
    },
}

/// What a mail is counted as, beside its mailbox and network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// Of a known network or a reader: bounded by their own limits.
    Own,
    /// Of a reader's domain.
    Domain,
    /// Of all strangers.
    Strangers,
}

impl Share {
    /// Returns what a mail on this share counts towards.
    pub const fn scopes(self) -> &'static [Scope] {
        match self {
            Self::Own => &[],
            Self::Domain => &[Scope::KnownDomain],
            Self::Strangers => &[Scope::Domain, Scope::Strangers],
        }
    }
}

/// Decides on a request, by the scopes whose limit is reached.
pub fn decide(is_full: impl Fn(Scope) -> bool, known: Known) -> Decision {
    let is_neighbourhood_full = is_full(Scope::Customer) || is_full(Scope::Site);
    // A known network does not pay for its neighbours.
    if is_full(Scope::Client) || (!known.network && is_neighbourhood_full) {
        return Decision::Refuse;
    }
    let is_shared_full =
        [Scope::Domain, Scope::Strangers, Scope::Requests].into_iter().any(&is_full);
    let share = if known.network || known.reader {
        Some(Share::Own)
    } else if !is_shared_full {
        Some(Share::Strangers)
    } else if known.domain && !is_full(Scope::KnownDomain) {
        Some(Share::Domain)
    } else {
        None
    };
    let share = share.filter(|_| !is_full(Scope::Mailbox));
    Decision::Accept { share, crowded: !known.network && is_shared_full }
}

/// Returns what a letter to the editors counts towards; none if it is not passed on.
pub fn decide_letter(is_full: impl Fn(Scope) -> bool, is_reader: bool) -> Option<Scope> {
    let own = is_reader.then_some(Scope::ReaderLetters);
    own.into_iter().chain([Scope::Letters]).find(|scope| !is_full(*scope))
}

/// Returns the networks that a client is counted in, from the narrowest; without an address
/// all clients are one.
pub fn networks(client: Option<IpAddr>) -> Vec<(Scope, String)> {
    match client {
        Some(IpAddr::V6(address)) => {
            let bits = u128::from(address);
            let network = |length: u32| format!("{:x}/{length}", bits >> (128 - length));
            let steps = [(Scope::Client, 64), (Scope::Customer, 56), (Scope::Site, 48)];
            steps.map(|(scope, length)| (scope, network(length))).to_vec()
        }
        Some(IpAddr::V4(address)) => {
            let [a, b, c, _] = address.octets();
            vec![(Scope::Client, address.to_string()), (Scope::Site, format!("{a}.{b}.{c}.0/24"))]
        }
        None => vec![(Scope::Site, "unknown".to_owned())],
    }
}

#[cfg(test)]
mod tests {
    use super::Scope::{Client, Customer, Domain, KnownDomain, Mailbox, Requests, Site, Strangers};
    use super::*;

    const NOBODY: Known = Known { network: false, reader: false, domain: false };
    const NETWORK: Known = Known { network: true, ..NOBODY };
    const READER: Known = Known { reader: true, ..NOBODY };
    const DOMAIN: Known = Known { domain: true, ..NOBODY };

    #[test]
    fn strangers_are_bounded_and_what_is_known_has_a_share_of_its_own() {
        use Share::{Domain as OfDomain, Own, Strangers as OfStrangers};
        // What is full, who is known, whether it is refused, on whose share it is, what is said.
        type Row = (&'static [Scope], Known, bool, Option<Share>, bool);
        let table: &[Row] = &[
            (&[], NOBODY, false, Some(OfStrangers), false),
            (&[], NETWORK, false, Some(Own), false),
            (&[], READER, false, Some(Own), false),
            (&[], DOMAIN, false, Some(OfStrangers), false),
            (&[Client], NOBODY, true, None, false),
            (&[Client], NETWORK, true, None, false),
            (&[Client], READER, true, None, false),
            (&[Customer], NOBODY, true, None, false),
            (&[Site], READER, true, None, false),
            (&[Customer, Site], NETWORK, false, Some(Own), false),
            (&[Mailbox], NOBODY, false, None, false),
            (&[Mailbox], NETWORK, false, None, false),
            (&[Mailbox], READER, false, None, false),
            (&[Domain], NOBODY, false, None, true),
            (&[Domain], DOMAIN, false, Some(OfDomain), true),
            (&[Domain], NETWORK, false, Some(Own), false),
            (&[Strangers], NOBODY, false, None, true),
            (&[Strangers], READER, false, Some(Own), true),
            (&[Strangers], DOMAIN, false, Some(OfDomain), true),
            (&[Strangers], NETWORK, false, Some(Own), false),
            (&[Strangers, KnownDomain], DOMAIN, false, None, true),
            (&[KnownDomain], DOMAIN, false, Some(OfStrangers), false),
            (&[Requests], NOBODY, false, None, true),
            (&[Requests], DOMAIN, false, Some(OfDomain), true),
        ];
        for (full, known, refused, share, crowded) in table {
            let decision = decide(|scope| full.contains(&scope), *known);
            let expected = if *refused {
                Decision::Refuse
            } else {
                Decision::Accept { share: *share, crowded: *crowded }
            };
            assert_eq!(decision, expected, "{full:?} {known:?}");
        }
    }

    #[test]
    fn the_answer_does_not_tell_who_is_a_reader() {
        let scopes = [Mailbox, Client, Customer, Site, Domain, KnownDomain, Strangers, Requests];
        let said = |decision| match decision {
            Decision::Refuse => None,
            Decision::Accept { crowded, .. } => Some(crowded),
        };
        for chosen in 0..1 << scopes.len() {
            let is_full = |scope| {
                scopes
                    .iter()
                    .position(|known| *known == scope)
                    .is_some_and(|at| chosen >> at & 1 == 1)
            };
            for network in [false, true] {
                let of = |reader, domain| said(decide(is_full, Known { network, reader, domain }));
                assert!(
                    [of(true, false), of(false, true), of(true, true)] == [of(false, false); 3]
                );
            }
            // And nobody's mailbox gets more than its own limit.
            let everyone = Known { network: true, reader: true, domain: true };
            if let Decision::Accept { share: Some(_), .. } = decide(is_full, everyone) {
                assert!(!is_full(Mailbox));
            }
        }
    }

    #[test]
    fn letters_of_strangers_do_not_keep_readers_from_writing() {
        let full = |full: &'static [Scope]| move |scope: Scope| full.contains(&scope);
        assert_eq!(decide_letter(full(&[]), false), Some(Scope::Letters));
        assert_eq!(decide_letter(full(&[]), true), Some(Scope::ReaderLetters));
        assert_eq!(decide_letter(full(&[Scope::Letters]), false), None);
        assert_eq!(decide_letter(full(&[Scope::Letters]), true), Some(Scope::ReaderLetters));
        assert_eq!(decide_letter(full(&[Scope::ReaderLetters]), true), Some(Scope::Letters));
    }

    #[test]
    fn a_client_is_counted_in_steps_of_its_network() {
        let steps = |address: &str| networks(Some(address.parse().unwrap()));
        let (one, other) = (steps("2001:db8:1:2::5"), steps("2001:db8:1:2:ffff::9"));
        assert_eq!(one, other);
        let shared = |left: &str, right: &str| {
            let (left, right) = (steps(left), steps(right));
            left.into_iter()
                .filter(|step| right.contains(step))
                .map(|(scope, _)| scope)
                .collect::<Vec<_>>()
        };
        assert_eq!(shared("2001:db8:1:2::", "2001:db8:1:3::"), [Customer, Site]);
        assert_eq!(shared("2001:db8:1:2::", "2001:db8:1:100::"), [Site]);
        assert_eq!(shared("2001:db8:1::", "2001:db8:2::"), []);
        assert_eq!(shared("192.0.2.1", "192.0.2.2"), [Site]);
        assert_eq!(shared("192.0.2.1", "192.0.3.1"), []);
        assert_eq!(networks(None).len(), 1);
    }

    #[test]
    fn every_scope_has_a_limit_and_a_purpose_of_its_own() {
        let mut names: Vec<&str> = LIMITS.iter().map(|limit| limit.scope.as_str()).collect();
        names.dedup();
        assert_eq!(names.len(), 11);
        assert!(
            LIMITS
                .iter()
                .all(|limit| limit.most > 0 && limit.scope.longest_period() >= limit.period)
        );
    }
}
