//! `mail`: whether mail that we send arrives, and what to order from whom.

mod advice;
mod dns;

use serde_json::json;

use super::{Exit, Global, Output, Session, UsageError, session};
use crate::digest::{Notice, render};
use crate::model::{Envelope, MailKind};
use advice::Advice;
pub(super) use advice::Domains;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Send one mail by the configured way, and look up what receivers ask of its domains
    Test {
        /// Where it goes; else to `mail.admin`
        address: Option<String>,
    },
}

pub(super) async fn run(global: &Global, command: Command) -> anyhow::Result<Exit> {
    let Command::Test { address } = command;
    let config = session::load(global)?;
    let domains = Domains::of(&config);
    let admin = config.mail.admin.clone();
    let Some(recipient) = address.or(admin) else {
        let message = "name an address, or set `mail.admin`";
        return Err(UsageError::new(message).into());
    };
    let session = Session::of(config, global)?;
    let output = &session.output;
    let sent = send(&session, &recipient).await?;
    let (is_sent, text) = match &sent {
        Ok(()) => (true, "Der Mailserver hat die Testmail angenommen.".to_owned()),
        Err(error) => (false, format!("Der Mailserver hat die Testmail nicht angenommen: {error}")),
    };
    if output.json {
        output.object(&json!({ "check": "send", "ok": is_sent, "text": text }))?;
    } else {
        output.line(&format!("{} send: {text}", mark(is_sent)))?;
    }
    let looked = look_up(&domains, *output).await?;
    Ok(if is_sent { looked } else { Exit::Failure })
}

/// Looks up what stands in the DNS of our domains and prints what is to be ordered.
pub(super) async fn look_up(domains: &Domains, output: Output) -> anyhow::Result<Exit> {
    let records = dns::records(domains).await?;
    let advices = advice::judge(domains, &records);
    let mut exit = Exit::Done;
    for Advice { check, is_sound, text, order } in advices {
        if !is_sound {
            exit = Exit::Failure;
        }
        if output.json {
            let line = json!({ "check": check, "ok": is_sound, "text": text, "order": order });
            output.object(&line)?;
            continue;
        }
        output.line(&format!("{} {check}: {text}", mark(is_sound)))?;
        if let Some(order) = order {
            for line in order.lines() {
                output.line(&format!("       {line}"))?;
            }
        }
    }
    Ok(exit)
}

const fn mark(is_sound: bool) -> &'static str {
    if is_sound { "ok   " } else { "FEHLT" }
}

/// Sends one mail now, past the outbox: it is about the way, and nobody else's mail waits for it.
async fn send(
    session: &Session,
    recipient: &str,
) -> anyhow::Result<Result<(), crate::deliver::SendError>> {
    let (ctx, mail) = (&session.ctx, &session.plan.mail);
    let now = ctx.clock.now();
    let notice = Notice {
        subject: "Testmail".to_owned(),
        paragraphs: vec![
            "Diese Nachricht hat „amtsbote mail test“ verschickt. Kommt sie im Posteingang an und \
             nicht im Spam, so ist der Weg frei."
                .to_owned(),
            "Im Kopf der Nachricht sollte unter Authentication-Results stehen: spf=pass, dkim=pass \
             und dmarc=pass. Bei dkim muss hinter header.d die Domain der Absenderadresse stehen, und \
             im Feld DKIM-Signature unter h= auch List-Unsubscribe und List-Unsubscribe-Post, sobald \
             eine Ausgabe verschickt wird."
                .to_owned(),
        ],
        items: Vec::new(),
        hint: None,
    };
    let rendered = render::notice(&notice, &mail.face, &mail.templates)?;
    let from = &mail.settings.from;
    let sender = mail.settings.bounce_address.clone().unwrap_or_else(|| from.address.clone());
    let message_id =
        ctx.tokens.message_id(MailKind::Notice, &format!("{}-test", now.0), None, from.domain());
    let envelope = Envelope {
        kind: MailKind::Notice,
        recipient: recipient.to_owned(),
        sender: sender.clone(),
        from: from.to_string(),
        reply_to: mail.settings.reply_to.clone(),
        message_id: message_id.clone(),
        date: now,
        date_offset_minutes: 0,
        list: None,
    };
    let payload = ctx.channel.encode(&envelope, &rendered)?;
    Ok(ctx.channel.send(&sender, recipient, &message_id, &payload).await)
}
