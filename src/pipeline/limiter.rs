//! Count what strangers cause. `subscriber::rate_limit` says what is too much; the
//! counting and the mail that it allows are one transaction.

use std::collections::HashSet;
use std::net::IpAddr;

use super::Context;
use crate::model::{Standing, Timestamp};
use crate::store::{StoreError, Transaction, rate_limits, subscribers};
use crate::subscriber::address;
use crate::subscriber::rate_limit::{
    Decision, KNOWN_FOR, Known, LETTERS_TOLD_AFTER, LIMITS, Scope, decide, decide_letter, networks,
};
use crate::subscriber::token::Tokens;

/// Returns whether a mail may be made for an address that somebody at `client` typed or
/// has the link of, and counts the request.
pub(super) fn request(
    tx: &Transaction<'_>,
    ctx: &Context,
    client: Option<IpAddr>,
    recipient: &str,
    now: Timestamp,
) -> Result<Decision, StoreError> {
    rate_limits::prune(tx, now)?;
    let mailbox = address::mailbox(recipient);
    let domain = address::domain(&mailbox);
    let networks = networks(client);
    let mut counted: Vec<(Scope, String)> = networks.clone();
    counted.extend([
        (Scope::Mailbox, mailbox.clone()),
        (Scope::Domain, domain.to_owned()),
        (Scope::KnownDomain, domain.to_owned()),
        (Scope::Strangers, String::new()),
        (Scope::Requests, String::new()),
    ]);
    let full = full(tx, &ctx.tokens, &counted, now)?;
    let known = Known {
        network: client.is_some()
            && rate_limits::is_known_network(tx, &network_key(&ctx.tokens, &networks), now)?,
        reader: is_reader(tx, &mailbox)?,
        domain: subscribers::has_domain(tx, domain)?,
    };
    let decision = decide(|scope| full.contains(&scope), known);
    let Decision::Accept { share, .. } = decision else { return Ok(decision) };
    let mut scopes: Vec<Scope> = Vec::new();
    // Beyond the bound nothing more is remembered of unknown networks.
    if known.network || !full.contains(&Scope::Requests) {
        scopes.extend(networks.iter().map(|(scope, _)| *scope));
        scopes.extend((!known.network).then_some(Scope::Requests));
    }
    if let Some(share) = share {
        scopes.push(Scope::Mailbox);
        scopes.extend(share.scopes());
    }
    for (scope, value) in counted.iter().filter(|(scope, _)| scopes.contains(scope)) {
        note(tx, &ctx.tokens, *scope, value, now)?;
    }
    Ok(decision)
}

/// Returns whether a letter that somebody wrote to us may be passed on to the editors, and
/// counts it.
pub(super) fn letter(
    tx: &Transaction<'_>,
    tokens: &Tokens,
    writer: Option<&str>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    rate_limits::prune(tx, now)?;
    let mailbox = writer.map(address::mailbox).unwrap_or_default();
    let is_reader = writer.is_some() && is_reader(tx, &mailbox)?;
    let counted = [(Scope::Letters, String::new()), (Scope::ReaderLetters, mailbox)];
    let full = full(tx, tokens, &counted, now)?;
    let Some(scope) = decide_letter(|scope| full.contains(&scope), is_reader) else {
        note(tx, tokens, Scope::HeldLetters, "", now)?;
        return Ok(false);
    };
    for (_, value) in counted.iter().filter(|(counted, _)| *counted == scope) {
        note(tx, tokens, scope, value, now)?;
    }
    Ok(true)
}

/// Returns how many letters were not passed on, if it is time to tell the editors; they
/// are told once.
pub(super) fn held_letters(
    tx: &Transaction<'_>,
    tokens: &Tokens,
    now: Timestamp,
) -> Result<Option<u64>, StoreError> {
    let key = tokens.counter(Scope::HeldLetters.as_str(), "");
    let first = rate_limits::first(tx, &key)?;
    if first.is_none_or(|first| now < first.after(LETTERS_TOLD_AFTER)) {
        return Ok(None);
    }
    let held = rate_limits::count(tx, &key, Timestamp::default(), now)?;
    rate_limits::forget(tx, &key)?;
    Ok(Some(held))
}

/// Notes that somebody at `client` proved that a mailbox is theirs: the network has a share of its
/// own.
pub(super) fn confirmed(
    tx: &Transaction<'_>,
    tokens: &Tokens,
    client: Option<IpAddr>,
    now: Timestamp,
) -> Result<(), StoreError> {
    if client.is_none() {
        return Ok(());
    }
    let key = network_key(tokens, &networks(client));
    rate_limits::remember_network(tx, &key, now.after(KNOWN_FOR))
}

/// Returns the scopes of which at least one limit is reached.
fn full(
    tx: &Transaction<'_>,
    tokens: &Tokens,
    counted: &[(Scope, String)],
    now: Timestamp,
) -> Result<HashSet<Scope>, StoreError> {
    let mut full = HashSet::new();
    for (scope, value) in counted {
        let key = tokens.counter(scope.as_str(), value);
        for limit in LIMITS.iter().filter(|limit| limit.scope == *scope) {
            if rate_limits::count(tx, &key, now.before(limit.period), now)? >= limit.most {
                full.insert(*scope);
            }
        }
    }
    Ok(full)
}

fn note(
    tx: &Transaction<'_>,
    tokens: &Tokens,
    scope: Scope,
    value: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let key = tokens.counter(scope.as_str(), value);
    rate_limits::note(tx, &key, now, now.after(scope.longest_period()))
}

/// Returns the key of the narrowest network; not that of its counter, which is forgotten sooner.
fn network_key(tokens: &Tokens, networks: &[(Scope, String)]) -> String {
    let narrowest = networks.first().map(|(_, network)| network.as_str());
    tokens.counter("known-network", narrowest.unwrap_or_default())
}

/// Returns whether somebody confirmed that the mailbox is theirs.
fn is_reader(tx: &Transaction<'_>, mailbox: &str) -> Result<bool, StoreError> {
    let known = subscribers::of_mailbox(tx, mailbox, mailbox)?;
    Ok(known.is_some_and(|s| matches!(s.standing, Standing::Active | Standing::Suspended)))
}
