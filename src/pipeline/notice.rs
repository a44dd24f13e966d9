//! Tell the admin how sources fare: one mail per change, not per error.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::compose::{offset_minutes, sender};
use super::{Context, PipelineError, Plan};
use crate::digest::{Notice, render};
use crate::model::{Condition, Envelope, MailKind, SourceId, SourceState};
use crate::store::outbox::{self, NewMessage};
use crate::store::{StoreError, Transaction, sources};

/// Puts one mail into the outbox that names every source whose condition
/// differs from what the admin was last told. Answers how many it names.
/// Without an admin nothing is mailed; `source list` shows the same.
pub async fn tell_admin(ctx: &Context, plan: &Arc<Plan>) -> Result<usize, PipelineError> {
    if plan.mail.admin.is_none() {
        return Ok(0);
    }
    let (ctx, plan) = (ctx.clone(), Arc::clone(plan));
    let store = ctx.store.clone();
    store.try_write(move |tx| tell(tx, &ctx, &plan)).await
}

fn tell(tx: &Transaction<'_>, ctx: &Context, plan: &Plan) -> Result<usize, PipelineError> {
    let Some(admin) = &plan.mail.admin else { return Ok(0) };
    let changed = changed(tx, plan)?;
    if changed.is_empty() {
        return Ok(0);
    }
    let now = ctx.clock.now();
    let mail = &plan.mail;
    let rendered = render::notice(&notice(&changed), &mail.face, &mail.templates)?;
    let what: Vec<String> =
        changed.iter().map(|(_, state, _)| format!("{} {}", state.id, state.condition)).collect();
    let envelope = Envelope {
        kind: MailKind::Notice,
        recipient: admin.clone(),
        sender: sender(mail, "admin"),
        from: mail.from.clone(),
        reply_to: mail.reply_to.clone(),
        message_id: ctx.tokens.message_id(
            MailKind::Notice,
            &format!("{}-{}", now.0, what.join(" ")),
            None,
            &mail.domain,
        ),
        date: now,
        date_offset_minutes: offset_minutes(now, mail.timezone),
        list: None,
    };
    let payload = ctx.channel.encode(&envelope, &rendered).map_err(PipelineError::Encode)?;
    outbox::insert(
        tx,
        &NewMessage {
            kind: MailKind::Notice,
            digest: None,
            subscriber: None,
            recipient: &envelope.recipient,
            sender: &envelope.sender,
            message_id: &envelope.message_id,
            payload: &payload,
            hash: &Sha256::digest(&payload.0),
            created: now,
        },
    )?;
    for (_, state, _) in &changed {
        sources::set_told(tx, &state.id, state.condition)?;
    }
    Ok(changed.len())
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
            (Condition::New, Condition::Ok) => sources::set_told(tx, id, Condition::Ok)?,
            (before, _) => changed.push((settings.name.clone(), state, before)),
        }
    }
    Ok(changed)
}

fn notice(changed: &[(String, SourceState, Condition)]) -> Notice {
    let subject = match changed {
        [(name, state, _)] => format!("source {name} is {}", state.condition),
        _ => format!("{} sources have changed their condition", changed.len()),
    };
    let items = changed
        .iter()
        .map(|(name, state, before)| {
            let reason = state.last_error.as_deref().unwrap_or("it can be read again");
            format!("{name} ({}): {before} → {}: {reason}", state.id, state.condition)
        })
        .collect();
    Notice {
        subject,
        paragraphs: vec!["You are told once of each change, not of each error.".to_owned()],
        items,
        hint: Some("amtsbote source list".to_owned()),
    }
}
