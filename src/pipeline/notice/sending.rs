//! Tell the admin that sending rested, once it goes on, and that messages were
//! given up, once a day at most.

use std::sync::Arc;
use std::time::Duration;

use chrono_tz::Tz;

use super::freeze;
use crate::digest::Notice;
use crate::model::Timestamp;
use crate::pipeline::{Context, PipelineError, Plan};
use crate::store::mail_news::{self, News, What};
use crate::store::{Transaction, outbox};
use crate::text::typography as typo;

/// Between two mails about messages that will not go out.
const EVERY: Duration = Duration::from_hours(24);

/// Puts what the admin is yet to be told of sending into the outbox, unless
/// sending rests just now. Returns how many mails that makes. Without an admin
/// nothing is mailed; `status` and the log show the same.
pub async fn tell_of_sending(ctx: &Context, plan: &Arc<Plan>) -> Result<usize, PipelineError> {
    if ctx.store.read(mail_news::untold).await?.is_empty() {
        return Ok(0);
    }
    let (ctx, plan) = (ctx.clone(), Arc::clone(plan));
    let store = ctx.store.clone();
    store.try_write(move |tx| tell(tx, &ctx, &plan)).await
}

fn tell(tx: &Transaction<'_>, ctx: &Context, plan: &Plan) -> Result<usize, PipelineError> {
    let now = ctx.clock.now();
    if outbox::pause(tx)?.is_some() {
        return Ok(0);
    }
    let untold = mail_news::untold(tx)?;
    let mut mails = 0;
    for what in What::ALL {
        let news: Vec<News> = untold.iter().filter(|news| news.what == what).cloned().collect();
        let told = mail_news::last_told(tx, what)?;
        // A clock that was set back must not silence it for ever.
        let is_early = told.is_some_and(|told| told <= now && now < told.after(EVERY));
        if news.is_empty() || (what != What::Rest && is_early) {
            continue;
        }
        mail_news::set_told(tx, what, now)?;
        if let Some(admin) = &plan.mail.settings.admin {
            freeze(tx, ctx, plan, admin, &notice(what, &news, plan.mail.timezone), what.as_str())?;
            mails += 1;
        }
    }
    Ok(mails)
}

fn notice(what: What, news: &[News], zone: Tz) -> Notice {
    let messages: u64 = news.iter().map(|one| one.messages).sum();
    let number = typo::count(usize::try_from(messages).unwrap_or(usize::MAX), "E-Mail", "E-Mails");
    let items = news.iter().map(|one| line(one, zone)).collect();
    match what {
        What::Rest => Notice {
            subject: "Der Versand ruhte und läuft wieder".to_owned(),
            paragraphs: vec![
                "Es ging keine E-Mail hinaus, auch diese Nachricht nicht. Was wartete, wird jetzt \
                 verschickt; was darüber zu alt geworden ist, meldet eine eigene Nachricht."
                    .to_owned(),
            ],
            items,
            hint: None,
        },
        What::GivenUp => Notice {
            subject: format!("{number} aufgegeben"),
            paragraphs: vec![
                format!(
                    "{number} ließen sich in der Frist von mail.give_up nicht zustellen und werden \
                     nicht mehr versucht. Solange ihr Wortlaut aufgehoben ist, können Sie sie \
                     noch einmal auf den Weg geben."
                ),
                "Sie erhalten davon höchstens eine Nachricht am Tag.".to_owned(),
            ],
            items,
            hint: Some("amtsbote outbox list --state dead".to_owned()),
        },
        What::Refused => Notice {
            subject: format!("{number} vom Mailserver abgelehnt"),
            paragraphs: vec![
                "Der Mailserver hat den Inhalt abgelehnt, nicht die Adressen. Eine Ausgabe, der das \
                 fünfmal nacheinander geschieht, wird angehalten; sonst wird eine E-Mail nach dem \
                 dritten Versuch aufgegeben. Fragen Sie den Betreuer des Mailservers nach dem Grund."
                    .to_owned(),
                "Ist er behoben, geben Sie eine angehaltene Ausgabe frei: amtsbote outbox release \
                 --digest AUSGABE. Was aufgegeben wurde, geht mit seiner Nummer noch einmal auf den \
                 Weg, solange der Wortlaut aufgehoben ist: amtsbote outbox retry --again NUMMER"
                    .to_owned(),
            ],
            items,
            hint: Some("amtsbote outbox list".to_owned()),
        },
        What::Damaged => Notice {
            subject: format!("{number} beschädigt"),
            paragraphs: vec![format!(
                "Der gespeicherte Wortlaut von {number} ist nicht mehr der, der verschickt werden \
                 sollte. Sie wurden beiseitegelegt, alle anderen gehen weiter hinaus. Die Ursache \
                 ist meist ein Fehler des Datenträgers."
            )],
            items,
            hint: Some("amtsbote db check".to_owned()),
        },
    }
}

fn line(news: &News, zone: Tz) -> String {
    let (since, until) = (instant(news.since, zone), instant(news.until, zone));
    match news.what {
        What::Rest => format!(
            "Von {since} bis {until}; es {} – Meldung des Programms: {}",
            match news.messages {
                1 => "wartete 1 E-Mail".to_owned(),
                waited => format!("warteten {waited} E-Mails"),
            },
            news.reason
        ),
        What::GivenUp | What::Refused | What::Damaged => format!(
            "Die älteste war vom {since}, zuletzt aufgegeben am {until} – Meldung des Programms: {}",
            news.reason
        ),
    }
}

/// Returns `9. Dezember 2025, 7:04 Uhr`, as the zone's clock shows it.
fn instant(at: Timestamp, zone: Tz) -> String {
    let clock = at.utc().with_timezone(&zone).format("%H:%M");
    format!("{}, {clock} Uhr", typo::date(at, zone))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn news(what: What, messages: u64) -> News {
        News {
            what,
            since: Timestamp::from_seconds(1_765_260_000),
            until: Timestamp::from_seconds(1_765_270_000),
            messages,
            reason: "refused by the server at login: 535 no".to_owned(),
        }
    }

    #[test]
    fn a_rest_is_told_with_its_span_its_reason_and_who_waited() {
        let told = notice(What::Rest, &[news(What::Rest, 12)], chrono_tz::Europe::Berlin);
        assert_eq!(told.subject, "Der Versand ruhte und läuft wieder");
        let line = told.items[0].replace('\u{a0}', " ");
        assert_eq!(
            line,
            "Von 9. Dezember 2025, 07:00 Uhr bis 9. Dezember 2025, 09:46 Uhr; es warteten 12 E-Mails \
             – Meldung des Programms: refused by the server at login: 535 no"
        );
        assert_eq!(told.hint, None);
    }

    #[test]
    fn what_was_given_up_is_told_with_its_number_and_what_to_do() {
        let told = notice(What::GivenUp, &[news(What::GivenUp, 3)], chrono_tz::Europe::Berlin);
        assert_eq!(told.subject.replace('\u{a0}', " "), "3 E-Mails aufgegeben");
        assert_eq!(told.hint.as_deref(), Some("amtsbote outbox list --state dead"));
    }
}
