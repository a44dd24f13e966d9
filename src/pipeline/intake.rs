//! Take in what comes by mail: a returned message, a complaint, someone who
//! leaves, or a person who writes. One transaction each.

use std::sync::Arc;

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

use super::envelope::offset_minutes;
use super::subscription::depart;
use super::{Context, PipelineError, Plan, limiter, outgoing};
use crate::bounce::{self, Class, Letter, MEMORY, Noted, Verdict};
use crate::deliver::{SendError, Step, maildir};
use crate::digest::{Notice, render};
use crate::model::{Budget, Envelope, MailKind, OutboxId, Standing, SubscriberId, Timestamp};
use crate::store::bodies::Bytes;
use crate::store::bounces::{self, Returned};
use crate::store::{StoreError, Transaction, outbox, sources, subscribers};
use crate::subscriber::standing::{self, Event};
use crate::subscriber::token::{self, Tokens};

/// A token of an older mail is not believed any more (RFC 5321 4.5.4.1 lets
/// servers try for five days; a month is generous).
const TOKEN_AGE: std::time::Duration = std::time::Duration::from_hours(35 * 24);

/// What was done with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Its class, or `unsubscribe`, or `unknown` for a token that is none of ours.
    pub what: &'static str,
    /// Whether a subscriber's standing changed by it.
    pub changed: bool,
    /// Whether a person wrote more than the editors are to get of strangers in a day: it is
    /// counted, and they are told how many there were.
    pub is_held: bool,
}

/// Takes in a message; `recipient` is the envelope's: nothing else says whom it
/// concerns. Replayed, it changes nothing.
pub async fn intake(
    ctx: &Context,
    plan: &Arc<Plan>,
    recipient: &str,
    bytes: Vec<u8>,
) -> Result<Taken, PipelineError> {
    if is_local_part_of(recipient, plan.mail.settings.news_address.as_deref()) {
        return newsletter(ctx, plan, recipient, bytes).await;
    }
    let (ctx, plan, recipient) = (ctx.clone(), Arc::clone(plan), recipient.to_owned());
    let store = ctx.store.clone();
    store.try_write(move |tx| take_in(tx, &ctx, &plan, &recipient, &bytes)).await
}

/// Puts a newsletter into the mailbox of the source that its address names, and has it polled.
async fn newsletter(
    ctx: &Context,
    plan: &Arc<Plan>,
    recipient: &str,
    bytes: Vec<u8>,
) -> Result<Taken, PipelineError> {
    let local =
        recipient.trim_matches(['<', '>', ' ']).rsplit_once('@').map_or("", |(local, _)| local);
    let tag = local.split_once('+').map_or("", |(_, tag)| tag);
    let source = plan.sources.iter().find(|source| {
        source.mailbox.is_some() && source.configured.settings.id.as_str().eq_ignore_ascii_case(tag)
    });
    let Some((source, folder)) = source.and_then(|source| Some((source, source.mailbox.clone()?)))
    else {
        return Ok(Taken { what: "unknown", changed: false, is_held: false });
    };
    // Replayed, it is the same file.
    let name = format!("{}.eml", HEXLOWER.encode(&Sha256::digest(&bytes)[..16]));
    let id = source.configured.settings.id.clone();
    let write = move || {
        let was_read = folder.join("cur").join(format!("{name}:2,S")).exists();
        if was_read { Ok(()) } else { maildir::write(&folder, &name, &name, &bytes) }
    };
    let written = tokio::task::spawn_blocking(write).await.map_err(std::io::Error::other).flatten();
    written.map_err(PipelineError::Returned)?;
    let now = ctx.clock.now();
    ctx.store.write(move |tx| sources::postpone(tx, &id, now)).await?;
    Ok(Taken { what: "newsletter", changed: true, is_held: false })
}

fn take_in(
    tx: &Transaction<'_>,
    ctx: &Context,
    plan: &Plan,
    recipient: &str,
    bytes: &[u8],
) -> Result<Taken, PipelineError> {
    let now = ctx.clock.now();
    let verdict = bounce::of_message(bytes, &Budget::for_document(bytes.len()));
    let given = token::token_of_recipient(recipient);
    if let Some(given) = &given
        && is_local_part_of(recipient, plan.mail.settings.unsubscribe_address.as_deref())
        && let Some(subscriber) = subscribers::by_unsubscribe_hash(tx, &token::hash(given))?
    {
        // The token proves who may leave; a machine that answers our mail does not ask for it.
        if matches!(verdict.class, Class::Human(_)) {
            let changed = depart(tx, &ctx.tokens, subscriber.id, now, "mailto")?;
            return Ok(Taken { what: "unsubscribe", changed, is_held: false });
        }
        return Ok(Taken { what: verdict.class.as_str(), changed: false, is_held: false });
    }
    let subscriber = match &given {
        Some(given) => by_bounce_token(tx, ctx, plan, given, now)?,
        None => None,
    };
    let what = verdict.class.as_str();
    let changed = match (&verdict.class, subscriber) {
        (Class::Human(letter), _) => {
            let is_held = !forward(tx, ctx, plan, letter, bytes, now)?;
            return Ok(Taken { what, changed: false, is_held });
        }
        (Class::Complaint, Some(subscriber)) => {
            depart(tx, &ctx.tokens, subscriber, now, "complaint")?
        }
        (Class::Hard | Class::Soft | Class::Block, Some(subscriber)) => {
            count(tx, &ctx.tokens, subscriber, &verdict, &Sha256::digest(bytes), now)?
        }
        (_, Some(_)) => false,
        (_, None) => return Ok(Taken { what: "unknown", changed: false, is_held: false }),
    };
    Ok(Taken { what, changed, is_held: false })
}

/// Takes a final refusal in the SMTP dialogue as a returned message. Returns
/// whether the subscriber gets nothing more.
pub(super) fn refused(
    tx: &Transaction<'_>,
    tokens: &Tokens,
    subscriber: SubscriberId,
    message: OutboxId,
    error: &SendError,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let SendError::Permanent { step, code: Some(code), reason } = error else { return Ok(false) };
    let verdict = match step {
        Step::Recipient => bounce::of_reply(Some(*code), reason),
        // At DATA and the dot it is what we say that is refused.
        _ => Verdict { class: Class::Block, code: None },
    };
    count(tx, tokens, subscriber, &verdict, &message.0.to_be_bytes(), now)
}

/// Notes what came back and draws the consequence. Returns whether there was one.
fn count(
    tx: &Transaction<'_>,
    tokens: &Tokens,
    subscriber: SubscriberId,
    verdict: &Verdict,
    report: &[u8],
    now: Timestamp,
) -> Result<bool, StoreError> {
    // Who was forgotten while their mail was on its way is not there to be counted.
    let Some(known) = subscribers::get(tx, subscriber)? else { return Ok(false) };
    let returned =
        Returned { at: now, class: verdict.class.as_str().to_owned(), code: verdict.code.clone() };
    if !bounces::insert(tx, subscriber, &returned, report)? {
        return Ok(false);
    }
    if known.standing == Standing::Suspended {
        return probe_failed(tx, tokens, subscriber, verdict, now);
    }
    let resumed = subscribers::resumed_at(tx, subscriber)?.unwrap_or_default();
    let noted: Vec<Noted> = bounces::since(tx, subscriber, now.before(MEMORY).max(resumed))?
        .into_iter()
        .map(|one| Noted { at: one.at, class: one.class, code: one.code })
        .collect();
    let is_lost = match known.standing {
        // Nobody ever confirmed that this address exists.
        Standing::Pending => verdict.class == Class::Hard,
        _ => bounce::suspends(&noted),
    };
    if !is_lost {
        return Ok(false);
    }
    match standing::after(known.standing, Event::Undeliverable) {
        standing::Step::To(Standing::Left) => depart(tx, tokens, subscriber, now, "bounce"),
        standing::Step::To(_) => {
            subscribers::suspend(tx, subscriber, now)?;
            outbox::stop_for(tx, subscriber, now)?;
            Ok(true)
        }
        standing::Step::Stay | standing::Step::Refused => Ok(false),
    }
}

/// Notes that something came back from someone who is suspended: of a probe, if there was
/// one. A mailbox that still does not exist is erased at once; whatever else it
/// was waits for the second probe.
fn probe_failed(
    tx: &Transaction<'_>,
    tokens: &Tokens,
    subscriber: SubscriberId,
    verdict: &Verdict,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let suspension = subscribers::suspension(tx, subscriber)?;
    if suspension.is_none_or(|one| one.probed_at.is_none()) {
        return Ok(false);
    }
    if verdict.class == Class::Hard {
        return depart(tx, tokens, subscriber, now, "bounce");
    }
    subscribers::fail_probe(tx, subscriber)?;
    Ok(false)
}

fn is_local_part_of(recipient: &str, address: Option<&str>) -> bool {
    let stem = |text: &str| {
        let local = text.rsplit_once('@').map_or(text, |(local, _)| local).to_lowercase();
        local.rsplit_once('+').map_or(local.clone(), |(stem, _)| stem.to_owned())
    };
    address.is_some_and(|address| {
        let recipient = recipient.trim().trim_matches(['<', '>']);
        stem(recipient) == stem(address)
    })
}

fn by_bounce_token(
    tx: &Transaction<'_>,
    ctx: &Context,
    plan: &Plan,
    given: &str,
    now: Timestamp,
) -> Result<Option<SubscriberId>, StoreError> {
    let Some(address) = &plan.mail.settings.bounce_address else { return Ok(None) };
    let sender = token::bounce_sender(address, given);
    let found = outbox::subscriber_of_sender(tx, &sender)?;
    Ok(found
        .filter(|(subscriber, last)| {
            token::is_equal(&ctx.tokens.bounce(*subscriber), given) && now <= last.after(TOKEN_AGE)
        })
        .map(|(subscriber, _)| subscriber))
}

/// Passes on what a person wrote, as words in a mail of ours: no address of theirs is kept,
/// no header of theirs is repeated. Returns false if it is one too many.
fn forward(
    tx: &Transaction<'_>,
    ctx: &Context,
    plan: &Plan,
    letter: &Letter,
    bytes: &[u8],
    now: Timestamp,
) -> Result<bool, PipelineError> {
    let mail = &plan.mail;
    let Some(recipient) = editors(plan) else { return Ok(true) };
    let hash = HEXLOWER.encode(&Sha256::digest(bytes)[..8]);
    let message_id = ctx.tokens.message_id(
        MailKind::Notice,
        &format!("antwort-{hash}"),
        None,
        mail.settings.from.domain(),
    );
    if outbox::is_known(tx, &message_id)? {
        return Ok(true);
    }
    if !limiter::letter(tx, &ctx.tokens, letter.from.as_deref(), now)? {
        return Ok(false);
    }
    let notice = Notice {
        subject: format!("Antwort: {}", letter.subject),
        paragraphs: letter
            .text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('>'))
            .take(60)
            .map(str::to_owned)
            .collect(),
        items: Vec::new(),
        hint: None,
    };
    let rendered = render::notice(&notice, &mail.face, &mail.templates)?;
    let envelope = Envelope {
        kind: MailKind::Notice,
        recipient: recipient.to_owned(),
        // Not the bounce address: what comes back of this must not come in here again.
        sender: mail.settings.from.address.clone(),
        from: mail.settings.from.to_string(),
        reply_to: None,
        message_id,
        date: now,
        date_offset_minutes: offset_minutes(now, mail.timezone),
        list: None,
    };
    let payload = ctx.channel.encode(&envelope, &rendered).map_err(PipelineError::Encode)?;
    outgoing::freeze(tx, &envelope, Bytes::Whole(&payload), None, None)?;
    Ok(true)
}

/// Returns who gets what people write to us.
fn editors(plan: &Plan) -> Option<&str> {
    let settings = &plan.mail.settings;
    settings.reply_to.as_deref().or(settings.admin.as_deref())
}

/// Tells the editors once how many letters of strangers were not passed on, a day after the
/// first of them. Returns how many there were.
pub async fn tell_of_letters(ctx: &Context, plan: &Arc<Plan>) -> Result<u64, PipelineError> {
    let (ctx, plan) = (ctx.clone(), Arc::clone(plan));
    let store = ctx.store.clone();
    store
        .try_write(move |tx| {
            let held = limiter::held_letters(tx, &ctx.tokens, ctx.clock.now())?;
            let (Some(held), Some(editors)) = (held, editors(&plan)) else { return Ok(0) };
            let notice = Notice {
                subject: format!("Nicht weitergereicht: {held}\u{a0}Nachrichten"),
                paragraphs: vec![format!(
                    "An die Adresse, an der unzustellbare E-Mails ankommen, haben so viele Unbekannte \
                     geschrieben, dass {held} Nachrichten nicht an Sie weitergereicht wurden. Ihr Text \
                     ist nicht aufbewahrt. Was Abonnenten schreiben, kommt weiter an."
                )],
                items: Vec::new(),
                hint: None,
            };
            super::notice::freeze(tx, &ctx, &plan, editors, &notice, "letters")?;
            Ok(held)
        })
        .await
}
