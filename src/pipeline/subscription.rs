//! Becoming a subscriber, choosing anew, being found again, and leaving.
//!
//! Who signs up gets one mail, whoever they are: the request to confirm, or word
//! that they are subscribed already. Only the button behind the link in the
//! former makes a subscriber. Each step and its mail are one transaction.

mod departure;
mod letter;
mod list;
mod office;
mod probe;

pub use departure::{Forgotten, Proof, Proofs, forget, proofs};
pub(super) use departure::{depart, erase};
pub use list::{Listed, Outcome, import};
pub use office::{Renamed, rename_choice, set_choice};
pub use probe::{ProbeReport, probe};

use std::net::IpAddr;
use std::sync::Arc;

use super::{Context, PipelineError, Plan, limiter};
use crate::model::{Consent, SeriesId, Standing, Subscriber, SubscriberId, Timestamp, TopicId};
use crate::store::subscribers::{self, NewSubscriber};
use crate::store::{StoreError, Transaction, forgotten};
use crate::subscriber::rate_limit::Decision;
use crate::subscriber::standing::{Event, Step, after};
use crate::subscriber::token::{self, Tokens};
use crate::subscriber::{address, standing};

/// Id of the words under which the form asks for consent (`subscribe.html` and
/// `confirm.html`): part of the proof. Another number when the words change.
const CONSENT_TEXT: &str = "anmeldung-1";

/// Subscribes an address on the operator's word; `reason` is kept as the
/// consent's source. Returns nothing if the mailbox is subscribed already, however it is spelt.
pub async fn subscribe(
    ctx: &Context,
    recipient: &str,
    series: Vec<SeriesId>,
    topics: Vec<TopicId>,
    reason: &str,
) -> Result<Option<SubscriberId>, PipelineError> {
    let now = ctx.clock.now();
    let recipient = address::parse(recipient)?;
    let new = NewSubscriber {
        mailbox: address::mailbox(&recipient),
        address: recipient,
        standing: Standing::Active,
        series,
        topics,
        keywords: Vec::new(),
        since: now,
        consent: Consent {
            origin: "operator".to_owned(),
            reason: reason.to_owned(),
            requested_at: now,
            confirmed_at: Some(now),
        },
    };
    let tokens = ctx.tokens.clone();
    let subscribed = ctx.store.write(move |tx| {
        if subscribers::of_mailbox(tx, &new.mailbox, &new.address)?.is_some() {
            return Ok(None);
        }
        let id = insert(tx, &tokens, &new)?;
        if id.is_some() {
            forgotten::revoke(tx, &tokens.address(&new.address))?;
        }
        Ok(id)
    });
    Ok(subscribed.await?)
}

fn insert(
    tx: &Transaction<'_>,
    tokens: &Tokens,
    new: &NewSubscriber,
) -> Result<Option<SubscriberId>, StoreError> {
    let Some(id) = subscribers::insert(tx, new)? else { return Ok(None) };
    set_links(tx, tokens, id)?;
    Ok(Some(id))
}

/// Lets the links that `tokens` make find a subscriber, and no others.
pub(super) fn set_links(
    tx: &Transaction<'_>,
    tokens: &Tokens,
    id: SubscriberId,
) -> Result<(), StoreError> {
    let unsubscribe = token::hash(&tokens.unsubscribe(id));
    let settings = token::hash(&tokens.settings_locator(id));
    subscribers::set_token_hashes(tx, id, &unsubscribe, &settings)
}

/// Lets them leave: the address is erased and what waits for them is not sent, at
/// once and together. Returns false if they had left before.
pub async fn leave(
    ctx: &Context,
    id: SubscriberId,
    by: &'static str,
) -> Result<bool, PipelineError> {
    let now = ctx.clock.now();
    let tokens = ctx.tokens.clone();
    Ok(ctx.store.write(move |tx| depart(tx, &tokens, id, now, by)).await?)
}

/// What someone asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Checked address.
    pub address: String,
    pub series: Vec<SeriesId>,
    /// The topics; empty = all.
    pub topics: Vec<TopicId>,
}

/// Takes a sign-up of somebody at `client` and freezes the one mail that answers it, if
/// the limits allow it. Where they do not, nothing is kept or mailed, at the same work:
/// who asks cannot tell.
pub async fn sign_up(
    ctx: &Context,
    plan: &Arc<Plan>,
    order: Order,
    client: Option<IpAddr>,
) -> Result<Decision, PipelineError> {
    let now = ctx.clock.now();
    let (store, waits) = (ctx.store.clone(), Arc::clone(&ctx.outbox_changed));
    let (ctx, plan) = (ctx.clone(), Arc::clone(plan));
    let new = NewSubscriber {
        mailbox: address::mailbox(&order.address),
        address: order.address,
        standing: Standing::Pending,
        series: order.series,
        topics: order.topics,
        keywords: Vec::new(),
        since: now,
        consent: Consent {
            origin: "web".to_owned(),
            reason: CONSENT_TEXT.to_owned(),
            requested_at: now,
            confirmed_at: None,
        },
    };
    let decision = store
        .try_write(move |tx| -> Result<_, PipelineError> {
            let decision = limiter::request(tx, &ctx, client, &new.address, now)?;
            if let Decision::Accept { share, .. } = decision {
                answer(tx, &ctx, &plan, &new, share.is_some())?;
            }
            Ok(decision)
        })
        .await?;
    waits.notify_one();
    Ok(decision)
}

fn answer(
    tx: &Transaction<'_>,
    ctx: &Context,
    plan: &Plan,
    new: &NewSubscriber,
    may_mail: bool,
) -> Result<(), PipelineError> {
    let now = new.since;
    let known = subscribers::of_mailbox(tx, &new.mailbox, &new.address)?;
    if let Some(subscriber) = known.as_ref().filter(|known| known.standing == Standing::Active) {
        let mail = letter::welcome(tx, ctx, plan, subscriber, now, true, Some(new))?;
        return if may_mail { mail.freeze(tx) } else { Ok(()) };
    }
    let id = match &known {
        Some(subscriber) => subscriber.id,
        None if may_mail => insert(tx, &ctx.tokens, new)?.unwrap_or(SubscriberId(0)),
        None => SubscriberId(0),
    };
    // Who is suspended confirms what they had: a stranger must not change it.
    let asked = match known {
        Some(subscriber) if subscriber.standing == Standing::Suspended => subscriber,
        _ => as_asked(id, new),
    };
    let until = now.after(plan.retention.confirm_within());
    let mail = letter::confirm(ctx, plan, &asked, now, until)?;
    if !may_mail {
        return Ok(());
    }
    if asked.standing == Standing::Pending {
        subscribers::ask_again(tx, id, new)?;
    }
    let hash = token::hash(&ctx.tokens.confirm(id, now));
    subscribers::set_confirmation(tx, id, &hash, until)?;
    mail.freeze(tx)
}

fn as_asked(id: SubscriberId, new: &NewSubscriber) -> Subscriber {
    Subscriber {
        id,
        address: new.address.clone(),
        standing: new.standing,
        series: new.series.clone(),
        topics: new.topics.clone(),
        keywords: new.keywords.clone(),
        since: new.since,
        consent: new.consent.clone(),
    }
}

/// What a confirmation link is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirmation {
    /// The button may be pressed.
    Open(Subscriber),
    /// It was pressed: now, or before.
    Done(Subscriber),
    /// Unknown, replaced by a newer one, or too old.
    Stale,
}

/// Looks at a confirmation link; changes nothing.
pub async fn confirmation(ctx: &Context, link: &str) -> Result<Confirmation, PipelineError> {
    let (now, hash) = (ctx.clock.now(), token::hash(link));
    Ok(ctx.store.read(move |tx| worth(tx, &hash, now)).await?)
}

fn worth(tx: &Transaction<'_>, hash: &str, now: Timestamp) -> Result<Confirmation, StoreError> {
    let Some((subscriber, until)) = subscribers::by_confirm_hash(tx, hash)? else {
        return Ok(Confirmation::Stale);
    };
    Ok(match after(subscriber.standing, Event::Confirmed) {
        Step::Stay => Confirmation::Done(subscriber),
        Step::To(_) if now <= until => Confirmation::Open(subscriber),
        Step::To(_) | Step::Refused => Confirmation::Stale,
    })
}

/// Confirms, as the button behind a confirmation link was pressed. Twice is no error, and
/// welcomes once.
pub async fn confirm(
    ctx: &Context,
    plan: &Arc<Plan>,
    link: &str,
    client: Option<IpAddr>,
) -> Result<Confirmation, PipelineError> {
    let (now, hash) = (ctx.clock.now(), token::hash(link));
    let (store, waits) = (ctx.store.clone(), Arc::clone(&ctx.outbox_changed));
    let (ctx, plan) = (ctx.clone(), Arc::clone(plan));
    let confirmed = store
        .try_write(move |tx| -> Result<_, PipelineError> {
            let subscriber = match worth(tx, &hash, now)? {
                Confirmation::Open(subscriber) => subscriber,
                other => return Ok(other),
            };
            subscribers::activate(tx, subscriber.id, now)?;
            limiter::confirmed(tx, &ctx.tokens, client, now)?;
            forgotten::revoke(tx, &ctx.tokens.address(&subscriber.address))?;
            letter::welcome(tx, &ctx, &plan, &subscriber, now, false, None)?.freeze(tx)?;
            Ok(Confirmation::Done(subscriber))
        })
        .await?;
    waits.notify_one();
    Ok(confirmed)
}

/// Sends a reader a fresh link to their settings, if the limits allow it: to their own
/// address, whoever asks with an old link.
pub async fn send_settings_link(
    ctx: &Context,
    plan: &Arc<Plan>,
    id: SubscriberId,
    client: Option<IpAddr>,
) -> Result<Decision, PipelineError> {
    let now = ctx.clock.now();
    let (store, waits) = (ctx.store.clone(), Arc::clone(&ctx.outbox_changed));
    let (ctx, plan) = (ctx.clone(), Arc::clone(plan));
    let decision = store
        .try_write(move |tx| -> Result<_, PipelineError> {
            let none = Decision::Accept { share: None, crowded: false };
            let Some(subscriber) = subscribers::get(tx, id)? else { return Ok(none) };
            let decision = limiter::request(tx, &ctx, client, &subscriber.address, now)?;
            if let Decision::Accept { share: Some(_), .. } = decision {
                letter::welcome(tx, &ctx, &plan, &subscriber, now, true, None)?.freeze(tx)?;
            }
            Ok(decision)
        })
        .await?;
    waits.notify_one();
    Ok(decision)
}

/// Writes down the keywords that someone told the office.
pub async fn set_keywords(
    ctx: &Context,
    id: SubscriberId,
    keywords: Vec<String>,
) -> Result<(), PipelineError> {
    Ok(ctx.store.write(move |tx| subscribers::set_keywords(tx, id, &keywords)).await?)
}

/// What a subscriber chooses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preferences {
    pub series: Vec<SeriesId>,
    /// The topics; empty = all.
    pub topics: Vec<TopicId>,
    /// Words of their own, checked.
    pub keywords: Vec<String>,
}

/// Writes what they chose anew; whose mails were held back gets them again. Returns false
/// if there is nobody who could choose.
pub async fn change(
    ctx: &Context,
    id: SubscriberId,
    choice: Preferences,
    client: Option<IpAddr>,
) -> Result<bool, PipelineError> {
    let now = ctx.clock.now();
    let tokens = ctx.tokens.clone();
    let changed = ctx
        .store
        .write(move |tx| {
            let Some(subscriber) = subscribers::get(tx, id)? else { return Ok(false) };
            match after(subscriber.standing, Event::Resumed) {
                Step::To(_) => subscribers::resume(tx, id, now)?,
                Step::Stay if standing::gets_digests(subscriber.standing) => {}
                Step::Stay | Step::Refused => return Ok(false),
            }
            subscribers::set_choice(tx, id, &choice.series, &choice.topics)?;
            subscribers::set_keywords(tx, id, &choice.keywords)?;
            limiter::confirmed(tx, &tokens, client, now)?;
            Ok(true)
        })
        .await?;
    Ok(changed)
}
