//! Tell the admin how sources and sending fare: one mail per change, not per error.

mod sending;

pub use sending::tell_of_sending;

use std::sync::Arc;
use std::time::Duration;

use chrono_tz::Tz;

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

use super::envelope::{offset_minutes, sender};
use super::{Context, PipelineError, Plan, SourcePlan, outgoing};
use crate::digest::{Notice, render};
use crate::model::{
    Condition, Confirmation, Envelope, MailKind, Rendered, SourceId, SourceState, SubscriberId,
    Timestamp,
};
use crate::store::bodies::Bytes;
use crate::store::{StoreError, Transaction, outage, outbox, sources};
use crate::text::typography as typo;

/// Whose token the envelope of a notice carries: a returned one counts against nobody.
const NO_SUBSCRIBER: SubscriberId = SubscriberId(0);

/// Failed polls in a row after which a source that cannot be read is told of.
const ATTEMPTS: u32 = 3;
/// A single failed poll is no news, however long ago the one before it was.
const FEWEST: u32 = 2;
/// What lasts is told again so long after it was told.
const AGAIN_AFTER: Duration = Duration::from_hours(24);
/// What was told a little later goes along, so that it is one mail a day.
const ALONG_AFTER: Duration = Duration::from_hours(12);

/// Puts one mail into the outbox that names every source whose condition
/// differs from what the admin was last told, once a day also what lasts. Returns how many it
/// names. Without an admin nothing is mailed; `source list` shows the same.
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
        if outage::is_told(tx, now.before(AGAIN_AFTER))? {
            return Ok(0);
        }
        outage::begin(tx, now)?;
        let notice = outage_notice(&failing(tx, plan)?, plan.mail.timezone);
        freeze(tx, ctx, plan, admin, &notice, "outage")?;
        return Ok(1);
    }
    outage::end(tx)?;
    let news = news(tx, plan, now)?;
    if news.is_empty() {
        return Ok(0);
    }
    let what: Vec<String> =
        news.iter().map(|News { state, .. }| format!("{} {}", state.id, state.condition)).collect();
    freeze(tx, ctx, plan, admin, &notice(&news, plan.mail.timezone), &what.join(" "))?;
    for News { state, .. } in &news {
        sources::set_told(tx, &state.id, state.condition, now)?;
    }
    Ok(news.len())
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

/// Does what [`freeze`] does for words that are rendered already.
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

/// Does what [`freeze_words`] does under a name of its own: what has the same name is the same
/// mail.
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

/// Returns the sources whose last poll failed.
fn failing(tx: &Transaction<'_>, plan: &Plan) -> Result<Vec<News>, StoreError> {
    let mut failing = Vec::new();
    for source in &plan.sources {
        let settings = &source.configured.settings;
        if !settings.enabled || !sources::is_known(tx, &settings.id)? {
            continue;
        }
        let state = sources::state(tx, &settings.id)?;
        if state.failures > 0 {
            let (name, url, before) =
                (settings.name.clone(), settings.url.clone(), state.condition);
            failing.push(News { name, url, state, before });
        }
    }
    Ok(failing)
}

/// Returns one mail for one outage: what single sources do meanwhile says nothing of them.
fn outage_notice(failing: &[News], zone: Tz) -> Notice {
    let last = failing.iter().filter_map(|one| one.state.last_success).max();
    let since = last.map(|at| {
        let (day, time) = (typo::date(at, zone), typo::time(at, zone));
        format!("Zuletzt konnte eine davon am {day} um {time} gelesen werden.")
    });
    Notice {
        subject: "Viele Quellen unerreichbar: vermutlich unsere Leitung".to_owned(),
        paragraphs: vec![
            "Mehr als die Hälfte der zuletzt gefragten Server antwortet nicht. Der Fehler liegt \
             wahrscheinlich nicht bei ihnen, sondern hier: am Netz, an der Namensauflösung oder \
             am Proxy."
                .to_owned(),
            since.unwrap_or_else(|| "Noch keine davon konnte je gelesen werden.".to_owned()),
            "Bis sie wieder antworten, erhalten Sie keine Nachricht über einzelne Quellen, und \
             ihre Fehlschläge zählen nicht. Danach wird alles von selbst nachgeholt."
                .to_owned(),
        ],
        items: failing.iter().map(|one| line(one, zone)).collect(),
        hint: Some("amtsbote status".to_owned()),
    }
}

/// What is to be told of a source.
struct News {
    name: String,
    url: String,
    state: SourceState,
    /// What the admin was told before: the same, if it lasts.
    before: Condition,
}

impl News {
    fn lasts(&self) -> bool {
        self.before == self.state.condition
    }
}

/// Returns sources whose condition the admin does not know, or that a day later still need a hand.
/// That a new source is fine is no news.
fn news(tx: &Transaction<'_>, plan: &Plan, now: Timestamp) -> Result<Vec<News>, StoreError> {
    let (mut news, mut along, mut is_again) = (Vec::new(), Vec::new(), false);
    for source in &plan.sources {
        let settings = &source.configured.settings;
        let id: &SourceId = &settings.id;
        if !settings.enabled || !sources::is_known(tx, id)? {
            continue;
        }
        let state = sources::state(tx, id)?;
        let (before, at) = sources::told(tx, id)?;
        let now_in = state.condition;
        let one = News { name: settings.name.clone(), url: settings.url.clone(), state, before };
        if before == now_in {
            let told_for = at.map_or(Duration::ZERO, |at| now.since(at));
            if needs_hand(now_in) && told_for >= ALONG_AFTER {
                is_again |= told_for >= AGAIN_AFTER;
                along.push(one);
            }
        } else if now_in == Condition::Failing && !lasts(&one.state, plan, now) {
            // The first sign of an outage of ours, or gone with the next poll.
        } else if (before, now_in) == (Condition::New, Condition::Ok) {
            sources::set_told(tx, id, Condition::Ok, now)?;
        } else {
            news.push(one);
        }
    }
    if is_again {
        news.append(&mut along);
    }
    Ok(news)
}

const fn needs_hand(condition: Condition) -> bool {
    condition.is_unread() || matches!(condition, Condition::Held)
}

/// Returns whether a source has failed for so long that someone should know.
fn lasts(state: &SourceState, plan: &Plan, now: Timestamp) -> bool {
    let span = state.last_success.map_or(Duration::ZERO, |at| now.since(at));
    state.failures >= ATTEMPTS
        || (state.failures >= FEWEST && span >= plan.mail.settings.notify_after)
}

/// Returns the notice in German, as all mails are; what a server or parser said stays as it came.
fn notice(news: &[News], zone: Tz) -> Notice {
    let lasts = news.iter().all(News::lasts);
    let subject = match news {
        [one] if lasts => {
            format!("Quelle {}: {} (dauert an)", one.name, words(one.state.condition))
        }
        [one] => format!("Quelle {}: {}", one.name, words(one.state.condition)),
        _ if lasts => format!("{} Quellen brauchen weiter Ihre Aufmerksamkeit", news.len()),
        _ => format!("{} Quellen haben ihren Zustand geändert", news.len()),
    };
    let waiting: Vec<&News> =
        news.iter().filter(|one| one.state.condition != Condition::Ok).collect();
    let mut paragraphs = Vec::new();
    if waiting.is_empty() {
        paragraphs.push("Es ist nichts zu tun.".to_owned());
    } else {
        paragraphs.push(
            "Mindestens eine Quelle braucht Ihre Aufmerksamkeit. Solange sie nicht gelesen \
             werden kann, fehlen ihre Meldungen in den Ausgaben."
                .to_owned(),
        );
    }
    paragraphs.push(
        "Sie erhalten je Änderung eine Nachricht, nicht je Fehler, und eine am Tag, solange etwas \
         andauert. In Klammern stehen die Kennung der Quelle und ihr Zustand, wie die Befehlszeile \
         sie nennt."
            .to_owned(),
    );
    let hint = match waiting.as_slice() {
        [] => None,
        [one] if one.state.condition == Condition::Held => {
            Some(format!("amtsbote source release {}", one.state.id))
        }
        [one] => Some(format!("amtsbote source doctor {}", one.state.id)),
        _ => Some("amtsbote source doctor".to_owned()),
    };
    Notice { subject, paragraphs, items: news.iter().map(|one| line(one, zone)).collect(), hint }
}

fn line(news: &News, zone: Tz) -> String {
    let News { name, url, state, before } = news;
    let now = state.condition;
    let mut line = format!("{name} ({}, {now}): {}", state.id, words(now));
    if *before != Condition::New && *before != now {
        line.push_str(&format!(" (bisher {before})"));
    }
    if now == Condition::Ok {
        return line;
    }
    match state.last_success {
        Some(at) if now.is_unread() => line.push_str(&format!(
            ", zuletzt gelesen am {} um {}",
            typo::date(at, zone),
            typo::time(at, zone)
        )),
        None if now.is_unread() => line.push_str(", noch nie gelesen"),
        _ => {}
    }
    line.push_str(&format!(" – {url}"));
    if let Some(error) = state.last_error.as_deref() {
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

    fn fares(condition: Condition, before: Condition, error: Option<&str>) -> News {
        let last_error = error.map(str::to_owned);
        let last_success = Some(Timestamp::from_seconds(1_765_260_000));
        let state = SourceState {
            condition,
            last_success,
            last_error,
            ..SourceState::unpolled("kitu".into())
        };
        News { name: "KITU".to_owned(), url: "https://kitu.example/".to_owned(), state, before }
    }

    fn told(news: &News) -> Notice {
        notice(std::slice::from_ref(news), chrono_tz::Europe::Berlin)
    }

    #[test]
    fn one_change_is_told_in_the_subject_with_its_cause_and_remedy() {
        let error = Some("the page has no element `ul`");
        let told = told(&fares(Condition::EmptySelector, Condition::Ok, error));
        assert_eq!(told.subject, "Quelle KITU: wurde umgebaut; ein Selektor findet nichts mehr");
        assert_eq!(
            told.items[0].replace('\u{a0}', " "),
            "KITU (kitu, empty-selector): wurde umgebaut; ein Selektor findet nichts mehr \
             (bisher ok), zuletzt gelesen am 9. Dezember 2025 um 7 Uhr – https://kitu.example/ – \
             Meldung des Programms: the page has no element `ul`"
        );
        assert_eq!(told.hint.as_deref(), Some("amtsbote source doctor kitu"));
    }

    #[test]
    fn what_lasts_says_so_and_what_is_held_names_the_command_that_lets_it_go() {
        let lasting = told(&fares(Condition::Failing, Condition::Failing, None));
        assert_eq!(lasting.subject, "Quelle KITU: kann nicht gelesen werden (dauert an)");
        let held = told(&fares(Condition::Held, Condition::Ok, None));
        assert_eq!(held.hint.as_deref(), Some("amtsbote source release kitu"));
    }

    #[test]
    fn an_outage_of_ours_says_since_when_and_which_sources_with_their_addresses() {
        let failing = [fares(Condition::Failing, Condition::Ok, Some("no answer"))];
        let told = outage_notice(&failing, chrono_tz::Europe::Berlin);
        assert_eq!(
            told.paragraphs[1].replace('\u{a0}', " "),
            "Zuletzt konnte eine davon am 9. Dezember 2025 um 7 Uhr gelesen werden."
        );
        assert!(told.items[0].contains("https://kitu.example/"), "{:?}", told.items);
    }

    #[test]
    fn good_news_asks_for_nothing() {
        let told = told(&fares(Condition::Ok, Condition::Failing, None));
        assert_eq!(told.subject, "Quelle KITU: kann wieder gelesen werden");
        assert_eq!(told.paragraphs[0], "Es ist nichts zu tun.");
        assert_eq!(told.hint, None);
    }
}
