//! `Digest` → `Rendered`: subject, text and HTML of every kind of mail.
//!
//! The words are chosen in `view`, so that both parts and every override of a
//! template say the same; templates only lay them out.

mod agenda;
mod mails;
pub(crate) mod samples;
mod thrift;
mod view;
mod words;

use serde::Serialize;

pub use self::mails::{
    Asked, Confirm, DraftMail, Face, Legal, MAX_HTML, Notice, Ordered, Personal, Probe,
    RenderError, Welcome,
};
pub use self::samples::load;
use self::thrift::Thrift;
use self::view::{DigestView, SectionView};
pub use self::words::note;
use crate::model::{Digest, Rendered};
use crate::page::Templates;
use crate::text::typography as typo;

/// Returns a digest for one recipient. What does not fit into [`MAX_HTML`] is
/// shortened, then left out, and counted as left out.
pub fn digest(
    digest: &Digest,
    face: &Face,
    personal: &Personal,
    templates: &Templates,
) -> Result<Rendered, RenderError> {
    if digest.shown() == 0 && digest.reminders.is_empty() {
        return Err(RenderError::Empty);
    }
    let mut size = 0;
    for thrift in Thrift::LEVELS {
        let view = DigestView::new(digest, face, Some(personal), thrift);
        let html = templates.render("mail/digest.html", &view)?;
        size = encoded_size(&html);
        if size <= MAX_HTML {
            let text = templates.render("mail/digest.txt", &view)?;
            return Ok(Rendered { subject: view.subject, text, html });
        }
    }
    Err(RenderError::TooLarge { size })
}

/// Returns the subject of a digest, without the day that would tell it from an earlier one.
pub fn subject(digest: &Digest, face: &Face) -> String {
    words::subject(digest, face, &[]).0
}

/// Returns the digest as its web page says it: the words of the mail, with nothing left out.
pub fn web_view<'a>(digest: &'a Digest, face: &'a Face) -> impl Serialize + use<'a> {
    DigestView::new(digest, face, None, Thrift::FULL)
}

/// Returns the request to confirm: nothing in it may be taken for advertising.
pub fn confirm(
    confirm: &Confirm,
    face: &Face,
    templates: &Templates,
) -> Result<Rendered, RenderError> {
    #[derive(Serialize)]
    struct View<'a> {
        subject: &'a str,
        face: &'a Face,
        ordered: String,
        url: &'a str,
        validity: String,
    }
    let topics = words::topics_ordered(&confirm.topics);
    let requested = confirm.requested_at;
    let view = View {
        subject: "Bitte bestätigen Sie Ihr Abonnement",
        face,
        ordered: format!(
            "Für diese E-Mail-Adresse wurde am {} um {} abonniert: {}. {topics}",
            typo::date(requested, face.zone),
            words::clock(requested, face.zone),
            words::series_ordered(&confirm.series),
        ),
        url: &confirm.url,
        validity: format!(
            "Der Link ist bis zum {}, {} gültig.",
            typo::date(confirm.expires_at, face.zone),
            words::clock(confirm.expires_at, face.zone),
        ),
    };
    both("confirm", view.subject.to_owned(), &view, templates)
}

/// Returns the welcome after the confirmation, or „bereits abonniert“.
pub fn welcome(
    welcome: &Welcome,
    face: &Face,
    personal: &Personal,
    templates: &Templates,
) -> Result<Rendered, RenderError> {
    #[derive(Serialize)]
    struct View<'a> {
        subject: String,
        heading: String,
        face: &'a Face,
        opening: String,
        ordered: String,
        next: Vec<String>,
        asked: Option<String>,
        asked_url: &'a str,
        sections: Vec<SectionView>,
        reason: String,
        settings_url: &'a str,
        unsubscribe_url: &'a str,
    }
    let heading = if welcome.is_repeated {
        "Sie haben bereits abonniert"
    } else {
        "Ihr Abonnement ist bestätigt"
    };
    let next = welcome.series.iter().filter_map(|series| {
        let at = series.next?;
        Some(format!(
            "Die nächste Ausgabe von „{}“ erscheint am {}, {}, {}, wenn es Neues gibt.",
            typo::line(&series.title, 80),
            typo::weekday(at, face.zone),
            typo::date(at, face.zone),
            words::clock(at, face.zone),
        ))
    });
    let view = View {
        subject: heading.to_owned(),
        heading: heading.to_owned(),
        face,
        asked: welcome.asked.as_ref().map(|asked| {
            format!(
                "Diesmal wurde gewählt: {}. {} Wenn Sie das waren und Ihr Abonnement ändern \
                 möchten, öffnen Sie den folgenden Link und wählen Sie „Auswahl speichern“.",
                words::series_ordered(&asked.series),
                words::topics_ordered(&asked.topics)
            )
        }),
        asked_url: welcome.asked.as_ref().map_or("", |asked| &asked.url),
        opening: if welcome.is_repeated {
            "Diese E-Mail-Adresse wurde noch einmal eingetragen. Ihr Abonnement bleibt, wie es ist."
                .into()
        } else {
            "Ab jetzt erhalten Sie jede Ausgabe, die Neues zu Ihren Themen hat.".into()
        },
        ordered: format!(
            "Sie haben {} abonniert. {}",
            words::series_ordered(&welcome.series),
            words::topics_ordered(&personal.topics)
        ),
        next: next.collect(),
        sections: view::sections(&welcome.latest, face, Thrift::SHORT, None),
        reason: words::reason(&welcome.series, &personal.topics),
        settings_url: &personal.settings_url,
        unsubscribe_url: &personal.unsubscribe_url,
    };
    both("welcome", view.subject.clone(), &view, templates)
}

/// Returns the question whether someone can be reached again. Whoever reads it can.
pub fn probe(
    probe: &Probe,
    face: &Face,
    personal: &Personal,
    templates: &Templates,
) -> Result<Rendered, RenderError> {
    #[derive(Serialize)]
    struct View<'a> {
        subject: &'a str,
        face: &'a Face,
        paragraphs: Vec<String>,
        archive_url: String,
        reason: String,
        settings_url: &'a str,
        unsubscribe_url: &'a str,
    }
    let view = View {
        subject: "Unsere E-Mails erreichen Sie wieder",
        face,
        paragraphs: vec![
            format!(
                "Unsere E-Mails an diese Adresse kamen mehrmals als unzustellbar zurück. Deshalb \
                 ruht Ihr Abonnement seit dem {}.",
                typo::date(probe.since, face.zone)
            ),
            "Mit dieser Nachricht prüfen wir, ob die Adresse wieder funktioniert. Sie müssen \
             nichts tun: In einer Woche erhalten Sie wieder Ihre gewohnten Ausgaben."
                .to_owned(),
            "Wenn es gleich weitergehen soll, öffnen Sie Ihre Einstellungen und wählen Sie \
             „Auswahl speichern“. Den Link dafür und den zum Abmelden finden Sie am Ende dieser \
             E-Mail."
                .to_owned(),
        ],
        archive_url: format!("{}archiv", face.public_url),
        reason: words::reason(&probe.series, &personal.topics),
        settings_url: &personal.settings_url,
        unsubscribe_url: &personal.unsubscribe_url,
    };
    both("probe", view.subject.to_owned(), &view, templates)
}

/// A mail to those who run the service: what happened, and the things concerned.
#[derive(Serialize)]
struct NoticeView<'a> {
    subject: String,
    face: &'a Face,
    paragraphs: Vec<String>,
    items: Vec<String>,
    hint: Option<String>,
    url: Option<&'a str>,
    reason: String,
}

/// Returns a notice to the admin.
pub fn notice(
    notice: &Notice,
    face: &Face,
    templates: &Templates,
) -> Result<Rendered, RenderError> {
    let plain = |text: &String| crate::text::clean_line(text, 400);
    // Who it is from says the service; the subject keeps its room for the matter.
    let full = format!("{}: {}", face.name, plain(&notice.subject));
    let subject =
        if full.chars().count() <= words::MAX_SUBJECT { full } else { plain(&notice.subject) };
    let view = NoticeView {
        subject: crate::text::shorten(&subject, words::MAX_SUBJECT),
        face,
        paragraphs: notice.paragraphs.iter().map(plain).collect(),
        items: notice.items.iter().take(100).map(plain).collect(),
        hint: notice.hint.as_ref().map(plain),
        url: None,
        reason:
            "Diese Nachricht geht an die Adresse, die in der Konfiguration als mail.admin steht."
                .to_owned(),
    };
    both("notice", view.subject.clone(), &view, templates)
}

/// Returns a draft to its editor.
pub fn draft(
    draft: &DraftMail,
    face: &Face,
    templates: &Templates,
) -> Result<Rendered, RenderError> {
    let plain = |text: &String| typo::line(text, 400);
    let view = NoticeView {
        subject: crate::text::shorten(&plain(&draft.subject), words::MAX_SUBJECT),
        face,
        paragraphs: draft.paragraphs.iter().map(plain).collect(),
        items: draft.items.iter().take(100).map(plain).collect(),
        hint: None,
        url: Some(&draft.url),
        reason: format!(
            "Diese Nachricht geht an die Redaktion von „{}“. Wer den Link hat, entscheidet über \
             die Ausgabe: Geben Sie ihn nicht weiter.",
            typo::line(&draft.series, 80)
        ),
    };
    both("draft", view.subject.clone(), &view, templates)
}

fn both(
    name: &str,
    subject: String,
    view: &impl Serialize,
    templates: &Templates,
) -> Result<Rendered, RenderError> {
    let html = templates.render(&format!("mail/{name}.html"), view)?;
    let text = templates.render(&format!("mail/{name}.txt"), view)?;
    let size = encoded_size(&html);
    if size > MAX_HTML {
        return Err(RenderError::TooLarge { size });
    }
    Ok(Rendered { subject, text, html })
}

/// Returns how many bytes it has in quoted-printable, without soft breaks.
fn encoded_size(html: &str) -> usize {
    let encoded = html.bytes().filter(|byte| !byte.is_ascii() || *byte == b'=').count();
    let bytes = html.len() + 2 * encoded;
    bytes + bytes / 70 * 3
}

#[cfg(test)]
mod tests;
