//! Tell the admin how sources and sending fare: one mail per change, not per error.

mod sending;

pub use sending::tell_of_sending;

use std::sync::Arc;

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

use super::envelope::{offset_minutes, sender};
use super::{Context, PipelineError, Plan, SourcePlan, outgoing};
use crate::digest::{Notice, render};
use crate::model::{
    Condition, Confirmation, Envelope, MailKind, Rendered, SourceId, SourceState, SubscriberId,
};
use crate::store::bodies::Bytes;
use crate::store::{StoreError, Transaction, outage, outbox, sources};

/// Whose token the envelope of a notice carries: a returned one counts against nobody.
const NO_SUBSCRIBER: SubscriberId = SubscriberId(0);

/// Puts one mail into the outbox that names every source whose condition
/// differs from what the admin was last told. Answers how many it names.
/// Without an admin nothing is mailed; `source list` shows the same.
pub async fn tell_admin(ctx: &Context, plan: &Arc<Plan>) -> Result<usize, PipelineError> {
    if plan.mail.settings.admin.is_none() {
        return Ok(0);
    }
    let (ctx, plan) = (ctx.clone(), Arc::clone(plan));
    let store = ctx.store.clone();
    store.try_write(move |tx| tell(tx, &ctx, &plan)).await
}

fn tell(tx: &Transaction<'_>, ctx: &Context, plan: &Plan) -> Result<usize, PipelineError> {
    let Some(admin) = &plan.mail.settings.admin else { return Ok(0) };
    let now = ctx.clock.now();
    if super::health::own_outage(tx, plan, now)? {
        if outage::is_told(tx)? {
            return Ok(0);
        }
        outage::begin(tx, now)?;
        freeze(tx, ctx, plan, admin, &outage_notice(), "outage")?;
        return Ok(1);
    }
    outage::end(tx)?;
    let changed = changed(tx, plan)?;
    if changed.is_empty() {
        return Ok(0);
    }
    let what: Vec<String> =
        changed.iter().map(|(_, state, _)| format!("{} {}", state.id, state.condition)).collect();
    freeze(tx, ctx, plan, admin, &notice(&changed), &what.join(" "))?;
    for (_, state, _) in &changed {
        sources::set_told(tx, &state.id, state.condition)?;
    }
    Ok(changed.len())
}

/// Puts a notice to someone who runs the service into the outbox; `what` makes its Message-ID
/// unlike others'.
pub(super) fn freeze(
    tx: &Transaction<'_>,
    ctx: &Context,
    plan: &Plan,
    recipient: &str,
    notice: &Notice,
    what: &str,
) -> Result<(), PipelineError> {
    let mail = &plan.mail;
    let rendered = render::notice(notice, &mail.face, &mail.templates)?;
    freeze_words(tx, ctx, plan, recipient, &rendered, what)
}

/// [`freeze`] for words that are rendered already.
pub(super) fn freeze_words(
    tx: &Transaction<'_>,
    ctx: &Context,
    plan: &Plan,
    recipient: &str,
    rendered: &Rendered,
    what: &str,
) -> Result<(), PipelineError> {
    freeze_as(tx, ctx, plan, recipient, rendered, &format!("{}-{what}", ctx.clock.now().0))
}

/// [`freeze_words`] under a name of its own: what has the same name is the same mail.
fn freeze_as(
    tx: &Transaction<'_>,
    ctx: &Context,
    plan: &Plan,
    recipient: &str,
    rendered: &Rendered,
    name: &str,
) -> Result<(), PipelineError> {
    let (now, mail) = (ctx.clock.now(), &plan.mail);
    let envelope = Envelope {
        kind: MailKind::Notice,
        recipient: recipient.to_owned(),
        sender: sender(mail, &ctx.tokens.bounce(NO_SUBSCRIBER)),
        from: mail.settings.from.to_string(),
        reply_to: mail.settings.reply_to.clone(),
        message_id: ctx.tokens.message_id(
            MailKind::Notice,
            name,
            None,
            mail.settings.from.domain(),
        ),
        date: now,
        date_offset_minutes: offset_minutes(now, mail.timezone),
        list: None,
    };
    if outbox::is_known(tx, &envelope.message_id)? {
        return Ok(());
    }
    let payload = ctx.channel.encode(&envelope, rendered).map_err(PipelineError::Encode)?;
    outgoing::freeze(tx, &envelope, Bytes::Whole(&payload), None, None)?;
    Ok(())
}

/// Puts a mail into the outbox that says where to confirm a sign-up for a newsletter. The same
/// message is told once, however often it is read. Returns what to note of it.
pub(super) async fn tell_of_confirmation(
    ctx: &Context,
    plan: &Arc<Plan>,
    source: &SourcePlan,
    confirmation: Confirmation,
) -> Result<String, PipelineError> {
    let settings = &source.configured.settings;
    if plan.mail.settings.admin.is_none() {
        return Ok(
            "a message asks to confirm a sign-up; set `mail.admin` to be told where".to_owned()
        );
    }
    let name = if settings.name.is_empty() { settings.id.as_str() } else { &settings.name };
    let notice = Notice {
        subject: format!("Newsletter bestätigen: {name}"),
        paragraphs: vec![
            format!(
                "Für die Quelle {name} ({}) kam eine Bestätigungsmail: {}.",
                settings.id, confirmation.subject
            ),
            "Der Newsletter kommt erst, wenn jemand die folgende Adresse öffnet. Wer ihn nicht \
             bestellt hat, lässt sie ungeöffnet."
                .to_owned(),
        ],
        items: vec![confirmation.link.clone()],
        hint: None,
    };
    let hash = Sha256::digest(format!("{} {}", settings.id, confirmation.link).as_bytes());
    let what = format!("anmeldung-{}", HEXLOWER.encode(&hash[..8]));
    let (ctx, plan) = (ctx.clone(), Arc::clone(plan));
    let store = ctx.store.clone();
    store
        .try_write(move |tx| {
            let Some(admin) = &plan.mail.settings.admin else { return Ok(()) };
            let mail = &plan.mail;
            let rendered = render::notice(&notice, &mail.face, &mail.templates)?;
            freeze_as(tx, &ctx, &plan, admin, &rendered, &what)
        })
        .await?;
    Ok("a message asks to confirm a sign-up; `mail.admin` was told where".to_owned())
}

/// One mail for one outage: what single sources do meanwhile says nothing of them.
fn outage_notice() -> Notice {
    Notice {
        subject: "Die meisten Quellen sind nicht erreichbar".to_owned(),
        paragraphs: vec![
            "Mehr als die Hälfte der zuletzt gefragten Server antwortet nicht. Der Fehler liegt \
             wahrscheinlich nicht bei ihnen, sondern hier: am Netz, an der Namensauflösung oder \
             am Proxy."
                .to_owned(),
            "Bis sie wieder antworten, erhalten Sie keine Nachricht über einzelne Quellen, und \
             ihre Fehlschläge zählen nicht. Danach wird alles von selbst nachgeholt."
                .to_owned(),
        ],
        items: Vec::new(),
        hint: Some("amtsbote status".to_owned()),
    }
}

/// Sources whose condition the admin does not know. That a new source is fine
/// is no news.
fn changed(
    tx: &Transaction<'_>,
    plan: &Plan,
) -> Result<Vec<(String, SourceState, Condition)>, StoreError> {
    let mut changed = Vec::new();
    for source in &plan.sources {
        let settings = &source.configured.settings;
        let id: &SourceId = &settings.id;
        if !settings.enabled || !sources::is_known(tx, id)? {
            continue;
        }
        let state = sources::state(tx, id)?;
        let told = sources::told(tx, id)?;
        match (told, state.condition) {
            (before, now) if before == now => {}
            // One failed poll is no news, and may be the first sign of an outage of ours.
            (_, Condition::Failing) if state.failures < 2 => {}
            (Condition::New, Condition::Ok) => sources::set_told(tx, id, Condition::Ok)?,
            (before, _) => changed.push((settings.name.clone(), state, before)),
        }
    }
    Ok(changed)
}

/// In German, as all mails are; what a server or parser said stays as it came.
fn notice(changed: &[(String, SourceState, Condition)]) -> Notice {
    let subject = match changed {
        [(name, state, _)] => format!("Quelle {name}: {}", words(state.condition)),
        _ => format!("{} Quellen haben ihren Zustand geändert", changed.len()),
    };
    let items = changed.iter().map(|(name, state, before)| line(name, state, *before)).collect();
    let needs_hand = changed.iter().any(|(_, state, _)| state.condition != Condition::Ok);
    let mut paragraphs = Vec::new();
    if needs_hand {
        paragraphs.push(
            "Mindestens eine Quelle braucht Ihre Aufmerksamkeit. Solange sie nicht gelesen \
             werden kann, fehlen ihre Meldungen in den Ausgaben."
                .to_owned(),
        );
    } else {
        paragraphs.push("Es ist nichts zu tun.".to_owned());
    }
    paragraphs.push(
        "Sie erhalten je Änderung eine Nachricht, nicht je Fehler. In Klammern stehen die \
         Kennung der Quelle und ihr Zustand, wie die Befehlszeile sie nennt."
            .to_owned(),
    );
    let hint = needs_hand.then(|| "amtsbote source doctor".to_owned());
    Notice { subject, paragraphs, items, hint }
}

fn line(name: &str, state: &SourceState, before: Condition) -> String {
    let now = state.condition;
    let mut line = format!("{name} ({}, {now}): {}", state.id, words(now));
    if before != Condition::New && before != now {
        line.push_str(&format!(" (bisher {before})"));
    }
    if let Some(error) = state.last_error.as_deref().filter(|_| now != Condition::Ok) {
        line.push_str(&format!(" – Meldung des Programms: {error}"));
    }
    line
}

const fn words(condition: Condition) -> &'static str {
    match condition {
        Condition::New => "noch nicht abgefragt",
        Condition::Ok => "kann wieder gelesen werden",
        Condition::Failing => "kann nicht gelesen werden",
        Condition::Moved => "ist umgezogen oder umgebaut; die Einstellung passt nicht mehr",
        Condition::Gone => "gibt es nicht mehr (410)",
        Condition::Silent => "bringt ungewöhnlich lange nichts Neues",
        Condition::Held => "bringt auf einmal sehr viel Neues; es wartet auf Ihre Freigabe",
        Condition::Gap => "schließt nicht an die letzte Abfrage an; es können Meldungen fehlen",
        Condition::EmptySelector => "wurde umgebaut; ein Selektor findet nichts mehr",
        Condition::Blocked => "ist uns versperrt",
        Condition::Poison => {
            "hat das Programm mehrmals zum Absturz gebracht und wird nicht mehr abgefragt"
        }
        Condition::Off => "ist ausgeschaltet",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fares(id: &str, condition: Condition, error: Option<&str>) -> SourceState {
        let last_error = error.map(str::to_owned);
        SourceState { condition, last_error, ..SourceState::unpolled(id.into()) }
    }

    #[test]
    fn one_change_is_told_in_the_subject_with_its_cause_and_remedy() {
        let state = fares("kitu", Condition::EmptySelector, Some("the page has no element `ul`"));
        let told = notice(&[("KITU".to_owned(), state, Condition::Ok)]);
        assert_eq!(told.subject, "Quelle KITU: wurde umgebaut; ein Selektor findet nichts mehr");
        assert_eq!(
            told.items,
            ["KITU (kitu, empty-selector): wurde umgebaut; ein Selektor findet nichts mehr \
              (bisher ok) – Meldung des Programms: the page has no element `ul`"]
        );
        assert_eq!(told.hint.as_deref(), Some("amtsbote source doctor"));
    }

    #[test]
    fn good_news_asks_for_nothing() {
        let state = fares("kitu", Condition::Ok, None);
        let told = notice(&[("KITU".to_owned(), state, Condition::Failing)]);
        assert_eq!(told.subject, "Quelle KITU: kann wieder gelesen werden");
        assert_eq!(told.paragraphs[0], "Es ist nichts zu tun.");
        assert_eq!(told.hint, None);
    }
}
