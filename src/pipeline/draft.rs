//! The draft of a digest: shown to its editors before its slot, and their answer.
//!
//! A draft is made with its mails in one transaction, and answered in one. Whether a slot's
//! digest may go is asked within the transaction that composes it (`Maker::begin`).

use std::sync::Arc;

use super::compose::{Maker, Moment, NearMiss, Upcoming};
use super::notice::freeze_words;
use super::{Context, PipelineError, Plan};
use crate::config::{SeriesPlan, Unanswered};
use crate::digest::{DraftMail, render};
use crate::model::{Draft, DraftState, Entry, SeriesId, Timestamp};
use crate::schedule::calendar::{self, Slot};
use crate::store::{Transaction, digests, drafts, items};
use crate::subscriber::token;
use crate::text::typography as typo;

/// Near misses that the mail names; the page behind its link shows them all.
const NEAR_IN_MAIL: usize = 3;

/// Makes the draft that is due of a series with editors and puts their mails into the
/// outbox. Returns when the next one is due; none without editors.
pub async fn draft(
    ctx: &Context,
    plan: &Arc<Plan>,
    series: &SeriesId,
) -> Result<Option<Timestamp>, PipelineError> {
    let Some(of) = plan.series(series).filter(|of| of.has_editors()) else { return Ok(None) };
    let (now, mail) = (ctx.clock.now(), &plan.mail);
    let next = of.schedule.next_after_instant(now, mail.timezone, mail.holidays);
    let draft_at = |slot: Slot| of.draft.before(slot, mail.timezone);
    let wanted = match next {
        Some(next) if draft_at(next) <= now => Some(next),
        // Nobody saw it in time: it waits for an answer all the same.
        _ if of.unanswered == Unanswered::Hold => due(ctx, plan, of).await?,
        _ => None,
    };
    if let Some(slot) = wanted {
        let maker = Maker::new(ctx, plan, series, Moment::Asked)?;
        if ctx.store.try_write(move |tx| maker.make_draft(tx, slot)).await? {
            ctx.outbox_changed.notify_one();
            tracing::info!(series.id = %series, "{series}: the draft of {} goes to its editors", slot.id());
        }
    }
    // A draft that is made is no longer waited for.
    Ok(next.map(draft_at).filter(|at| *at > now))
}

async fn due(ctx: &Context, plan: &Plan, of: &SeriesPlan) -> Result<Option<Slot>, PipelineError> {
    let series = of.series.id.clone();
    let progress = ctx.store.read(move |tx| digests::progress(tx, &series)).await?;
    let last = progress.last_slot.as_deref().and_then(calendar::parse_civil_id);
    let mail = &plan.mail;
    let due = of.schedule.due(last, ctx.clock.now(), mail.timezone, mail.holidays);
    Ok(due.filter(|_| last.is_some()).map(|due| due.slot))
}

/// Writes an editor's answer to a draft; the last one counts. Who approves it has seen what
/// there is now. Returns false if the draft has ended.
pub async fn answer(
    ctx: &Context,
    draft: i64,
    state: DraftState,
    not_before: Option<Timestamp>,
) -> Result<bool, PipelineError> {
    let written = ctx
        .store
        .write(move |tx| {
            let seen = items::last_receipt(tx)?;
            drafts::answer(tx, draft, state, seen, not_before)
        })
        .await?;
    ctx.draft_answered.notify_one();
    Ok(written)
}

/// Returns the draft that a link opens.
pub async fn draft_of_link(ctx: &Context, link: &str) -> Result<Option<Draft>, PipelineError> {
    if !token::is_well_formed(link) {
        return Ok(None);
    }
    let hash = token::hash(link);
    Ok(ctx.store.read(move |tx| drafts::by_link(tx, &hash)).await?)
}

impl Maker {
    /// Returns up to which receipt the digest of a slot may tell; none if it may not go yet.
    pub(super) fn admitted(
        &self,
        tx: &Transaction<'_>,
        last_receipt: i64,
    ) -> Result<Option<i64>, PipelineError> {
        let of = self.series_plan();
        let Moment::Due { slot, .. } = self.moment else { return Ok(Some(last_receipt)) };
        if !of.has_editors() {
            return Ok(Some(last_receipt));
        }
        let draft = drafts::of_slot(tx, &self.series, &slot.id())?;
        let holds = of.unanswered == Unanswered::Hold;
        Ok(match draft {
            Some(draft) if draft.state == DraftState::Held => None,
            Some(draft) if draft.state == DraftState::Approved => {
                let upto = if holds { draft.seen } else { last_receipt };
                draft.not_before.is_none_or(|at| at <= self.now).then_some(upto)
            }
            _ => (!holds).then_some(last_receipt),
        })
    }

    fn make_draft(&self, tx: &Transaction<'_>, slot: Slot) -> Result<bool, PipelineError> {
        let (series, slot_id) = (&self.series, slot.id());
        if drafts::of_slot(tx, series, &slot_id)?.is_some() {
            return Ok(false);
        }
        let Some(upcoming) = self.upcoming(tx)? else { return Ok(false) };
        let seen = items::last_receipt(tx)?;
        let Some(id) = drafts::make(tx, series, &slot_id, seen, self.now)? else {
            return Ok(false);
        };
        for editor in &self.series_plan().editor.0 {
            let token = self.ctx.tokens.desk(id, self.now, editor);
            drafts::link(tx, id, &token::hash(&token))?;
            let url = self.plan.mail.link(&format!("r/{token}"));
            let mail = &self.plan.mail;
            let draft = self.draft_mail(slot, &upcoming, url);
            let words = render::draft(&draft, &mail.face, &mail.templates)?;
            let what = format!("draft-{id}-{}", &token::hash(editor)[..8]);
            freeze_words(tx, &self.ctx, &self.plan, editor, &words, &what)?;
        }
        Ok(true)
    }

    fn draft_mail(&self, slot: Slot, upcoming: &Upcoming, url: String) -> DraftMail {
        let (zone, of) = (self.plan.mail.timezone, self.series_plan());
        let (day, time) = (typo::date(slot.at, zone), typo::time(slot.at, zone));
        let (whole, title) = (&upcoming.whole, &of.series.title);
        let number = typo::count(whole.shown(), "Meldung", "Meldungen");
        let unanswered = match of.unanswered {
            Unanswered::Send => {
                "Ohne Ihre Antwort geht die Ausgabe zu dieser Zeit hinaus, mit allem, was bis \
                 dahin kommt."
            }
            Unanswered::Hold => {
                "Ohne Ihre Freigabe geht sie nicht hinaus; was darin steht, kommt dann mit der \
                 nächsten Ausgabe."
            }
        };
        let mut paragraphs = vec![
            format!("So sähe „{title}“ am {day} um {time} aus, Stand jetzt."),
            unanswered.to_owned(),
        ];
        if !whole.silent_sources.is_empty() {
            let names: Vec<&str> = whole.silent_sources.iter().map(String::as_str).collect();
            paragraphs.push(format!("Nicht gelesen werden konnten: {}.", typo::enumerated(&names)));
        }
        if !upcoming.near.is_empty() {
            let near: Vec<String> =
                upcoming.near.iter().take(NEAR_IN_MAIL).map(|near| self.near_line(near)).collect();
            paragraphs.push(format!("Fast dabei: {}.", near.join("; ")));
        }
        DraftMail {
            subject: format!("Entwurf: {title}, {number}"),
            paragraphs,
            items: lines(upcoming),
            url,
            series: title.clone(),
        }
    }
}

impl Maker {
    /// Returns what nearly made it, and how near it came.
    fn near_line(&self, near: &NearMiss) -> String {
        let topic = self.plan.topic_title(&near.topic);
        let points = |points: f64| format!("{points:.1}").replace('.', ",");
        let (score, threshold) = (points(near.score), points(near.threshold));
        let title = typo::line(&near.title, 100);
        format!("{title} ({}, {topic}: {score} von {threshold} Punkten)", near.source)
    }
}

/// Returns the entries of a draft, one a line, each with its number.
fn lines(upcoming: &Upcoming) -> Vec<String> {
    let is_mailed = |entry: &Entry| {
        let sections = upcoming.mailed.iter().flat_map(|digest| &digest.sections);
        sections.flat_map(|section| &section.entries).any(|other| other.item == entry.item)
    };
    let mut lines = Vec::new();
    for (at, section) in upcoming.whole.sections.iter().enumerate() {
        for (place, entry) in section.entries.iter().enumerate() {
            let number = format!("{}.{}", at + 1, place + 1);
            let cut = if is_mailed(entry) { "" } else { ", nur auf der Seite der Ausgabe" };
            let (title, source) = (&entry.title, typo::line(&entry.source, 80));
            lines.push(format!("{number} {}: {title} ({source}{cut})", section.title));
        }
    }
    lines
}
