//! `subscriber proof` and `subscriber forget`: what somebody may ask for.

use data_encoding::HEXLOWER;
use serde_json::json;

use crate::cli::output::{json_time, names_or_all};
use crate::cli::{Exit, Session, UsageError, named};
use crate::model::{State, counted};
use crate::pipeline::{self, Proof};
use crate::subscriber::address;

const NOTHING: &str = "nothing is stored about this address";

pub(super) async fn proof(session: &Session, text: &str) -> anyhow::Result<Exit> {
    let address = address::parse(text).map_err(|_| named::no_address(text))?;
    let found = pipeline::proofs(&session.ctx, &address).await?;
    if found.subscriptions.is_empty() && found.forgotten.is_none() {
        return Err(UsageError::new(NOTHING).into());
    }
    let output = &session.output;
    for proof in &found.subscriptions {
        if output.json { output.object(&object(proof))? } else { print(session, proof)? }
    }
    if let Some(at) = found.forgotten {
        if output.json {
            output.object(&json!({ "state": "forgotten", "at": at.rfc3339() }))?;
        } else {
            let at = output.time(Some(at));
            output.line(&format!("forgotten    {at}, at their wish; of before nothing is kept"))?;
        }
    }
    Ok(Exit::Done)
}

fn object(proof: &Proof) -> serde_json::Value {
    let s = &proof.subscriber;
    let mails: Vec<_> = proof
        .mails
        .iter()
        .map(|(mail, hash)| {
            json!({
                "kind": mail.kind.as_str(), "message_id": mail.message_id,
                "created": mail.created.rfc3339(), "state": mail.state.as_str(),
                "sent": json_time(sent(mail.state)), "sha256": HEXLOWER.encode(hash),
            })
        })
        .collect();
    json!({
        "id": s.id.to_string(), "address": s.address, "state": s.standing.as_str(),
        "series": s.series, "topics": s.topics, "keywords": s.keywords, "since": s.since.rfc3339(),
        "origin": s.consent.origin, "reason": s.consent.reason,
        "requested_at": s.consent.requested_at.rfc3339(),
        "confirmed_at": json_time(s.consent.confirmed_at),
        "left_at": json_time(proof.left.as_ref().map(|(at, _)| *at)),
        "left_by": proof.left.as_ref().map(|(_, by)| by), "mails": mails,
        "changes": proof.changes.iter().map(|change| json!({
            "at": change.at.rfc3339(), "words": change.words, "reason": change.reason,
        })).collect::<Vec<_>>(),
    })
}

fn print(session: &Session, proof: &Proof) -> anyhow::Result<()> {
    let (output, s) = (&session.output, &proof.subscriber);
    let line = |name: &str, text: &str| output.line(&format!("{name:<13}{text}"));
    line("subscriber", &s.id.to_string())?;
    let erased = "(erased; found by its keyed hash)";
    line("address", if s.address.is_empty() { erased } else { &s.address })?;
    line("state", s.standing.as_str())?;
    line("series", &names_or_all(&s.series))?;
    line("topics", &names_or_all(&s.topics))?;
    if !s.keywords.is_empty() {
        line("keywords", &s.keywords.join(", "))?;
    }
    line("origin", &s.consent.origin)?;
    line("reason", &s.consent.reason)?;
    let time = |at| output.time(Some(at));
    line("requested", &time(s.consent.requested_at))?;
    line("confirmed", &s.consent.confirmed_at.map_or_else(|| "never".to_owned(), time))?;
    for change in &proof.changes {
        line("changed", &format!("{} {} ({})", time(change.at), change.words, change.reason))?;
    }
    if let Some((at, by)) = &proof.left {
        line("left", &format!("{} ({by})", time(*at)))?;
    }
    for (mail, hash) in &proof.mails {
        let sent = sent(mail.state).map(|at| format!(", sent {}", time(at)));
        line(
            mail.kind.as_str(),
            &format!(
                "<{}>{}, SHA-256 {}",
                mail.message_id,
                sent.unwrap_or_default(),
                HEXLOWER.encode(hash)
            ),
        )?;
    }
    output.line("")
}

fn sent(state: State) -> Option<crate::model::Timestamp> {
    if let State::Sent { at } = state { Some(at) } else { None }
}

pub(super) async fn forget(session: &Session, text: &str) -> anyhow::Result<Exit> {
    let address = address::parse(text).map_err(|_| named::no_address(text))?;
    let done = pipeline::forget(&session.ctx, &address).await?;
    if done.subscriptions == 0 {
        return Err(UsageError::new(NOTHING).into());
    }
    let output = &session.output;
    if output.json {
        output.object(&json!({
            "subscriptions": done.subscriptions, "mails": done.mails, "bounces": done.bounces,
        }))?;
        return Ok(Exit::Done);
    }
    output.line(&format!(
        "erased: address, choice and proof of {}, the bytes of {}, {}",
        counted(done.subscriptions as u64, "subscription", "subscriptions"),
        counted(done.mails as u64, "mail", "mails"),
        counted(done.bounces as u64, "returned mail", "returned mails"),
    ))?;
    output.say(
        "a keyed hash of the address stays, so that `subscriber import` does not bring it back",
    );
    output.say("mails that were delivered, and backups, are not touched by this");
    Ok(Exit::Done)
}
