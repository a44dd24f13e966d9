//! What the envelopes of all mails have in common, whatever they tell.

use chrono::Offset as _;

use super::MailPlan;
use crate::model::{ListFields, SeriesId, Timestamp};
use crate::subscriber::token;

/// Returns the List-* fields of a series' mails.
pub(super) fn list_fields(
    mail: &MailPlan,
    series: &SeriesId,
    feedback_id: &str,
    unsubscribe: &str,
) -> ListFields {
    ListFields {
        id: (
            format!("{} {series}", mail.face.name),
            format!("{series}.meldungen.{}", mail.settings.from.domain()),
        ),
        unsubscribe_url: mail.link(&format!("a/{unsubscribe}")),
        unsubscribe_mailto: mail
            .settings
            .unsubscribe_address
            .as_ref()
            .map(|address| token::bounce_sender(address, unsubscribe)),
        help_url: mail.link("hilfe"),
        archive_url: mail.link("archiv"),
        owner: mail.face.contact.clone(),
        feedback_id: feedback_id.to_owned(),
    }
}

/// Minutes east of UTC on the wall clock of `zone`.
pub(super) fn offset_minutes(at: Timestamp, zone: chrono_tz::Tz) -> i32 {
    at.utc().with_timezone(&zone).offset().fix().local_minus_utc() / 60
}

/// Returns the address for MAIL FROM: it names the subscriber by a token, so that a returned mail
/// is known.
pub(super) fn sender(mail: &MailPlan, token: &str) -> String {
    match &mail.settings.bounce_address {
        Some(address) => token::bounce_sender(address, token),
        None => mail.settings.from.address.clone(),
    }
}
