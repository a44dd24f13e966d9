//! `mail`: whether mail that we send arrives, and what to order from whom.

mod advice;
mod certificate;
mod dns;
mod received;
mod server;

use std::path::PathBuf;

use serde_json::json;

use super::{Exit, Global, Output, Session, UsageError, input, session};
use crate::clock::{Clock as _, SystemClock};
use crate::deliver::{Outgoing, SendError};
use crate::digest::{Notice, render};
use crate::model::{Envelope, ListFields, MailKind};
use advice::Advice;
pub(super) use advice::Domains;
use dns::System;

/// Most bytes of a received mail: its head is what matters.
const MOST: u64 = 4 << 20;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Send one mail by the configured way, look at the mail server, and look up what receivers ask
    /// of our domains
    Test {
        /// Where it goes; else to `mail.admin`
        address: Option<String>,
    },
    /// Judge the test mail as it arrived: who signed it, which fields, what the receiver made of it
    Received {
        /// The mail with its whole head, saved as a file; `-` reads stdin
        file: PathBuf,
    },
}

pub(super) async fn run(global: &Global, command: Command) -> anyhow::Result<Exit> {
    let config = session::load(global)?;
    let address = match command {
        Command::Test { address } => address,
        Command::Received { file } => {
            let output =
                Output { json: global.json, quiet: global.quiet, zone: config.service.timezone };
            let (message, _) = input::read(&file, MOST)?;
            return print(received::judge(&message, &Domains::of(&config).from), output);
        }
    };
    let admin = config.mail.admin.clone();
    let Some(recipient) = address.or(admin) else {
        let message = "name an address, or set `mail.admin`";
        return Err(UsageError::new(message).into());
    };
    let (domains, channel) = (Domains::of(&config), std::sync::Arc::clone(&config.channel));
    let session = Session::of(config, global)?;
    let output = session.output;
    let taken = if channel.is_mail() {
        "der Mailserver hat die Testmail angenommen; was daraus wurde, sagt „amtsbote mail received DATEI“"
    } else {
        "der Empfänger hat die Nachricht angenommen"
    };
    let sent = match send(&session, &recipient).await? {
        Ok(()) => advice::sound("send", taken.to_owned()),
        Err(error) => server::refused("send", &error),
    };
    let is_sent = print(vec![sent], output)?;
    let looked = look_up(&domains, channel.as_ref(), output).await?;
    Ok(if is_sent == Exit::Done { looked } else { is_sent })
}

/// Looks at the mail server and at what stands in the DNS of our domains, and prints what is to be
/// ordered.
pub(super) async fn look_up(
    domains: &Domains,
    channel: &dyn crate::deliver::Channel,
    output: Output,
) -> anyhow::Result<Exit> {
    if !channel.is_mail() {
        return Ok(Exit::Done);
    }
    let mut advices = match channel.examine() {
        Some(examined) => server::judge(&examined.await, SystemClock.now()),
        None => Vec::new(),
    };
    let records = dns::records(&System::new()?, domains).await;
    // What was found before stands, whatever the name servers do.
    if let Ok(records) = &records {
        advices.extend(advice::judge(domains, records));
    }
    let exit = print(advices, output)?;
    records.map(|_| exit)
}

fn print(advices: Vec<Advice>, output: Output) -> anyhow::Result<Exit> {
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
async fn send(session: &Session, recipient: &str) -> anyhow::Result<Result<(), SendError>> {
    let (ctx, mail) = (&session.ctx, &session.plan.mail);
    let now = ctx.clock.now();
    let notice = Notice {
        subject: "Testmail".to_owned(),
        paragraphs: vec![
            "Diese Nachricht hat „amtsbote mail test“ verschickt. Kommt sie im Posteingang an und \
             nicht im Spam, so ist der Weg frei."
                .to_owned(),
            "Was die Server unterwegs aus ihr gemacht haben, sagt „amtsbote mail received DATEI“ zu der \
             Nachricht, wenn sie mit ganzem Kopf als Datei gespeichert ist: wer sie unterschrieben hat, ob \
             das Abmelden mit einem Druck angeboten wird, und was der Empfänger von SPF, DKIM und DMARC hält."
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
        sender,
        from: from.to_string(),
        reply_to: mail.settings.reply_to.clone(),
        message_id,
        date: now,
        date_offset_minutes: 0,
        // As a digest has them, so that it shows whether they arrive signed.
        list: Some(ListFields {
            id: (format!("{} test", mail.face.name), format!("test.meldungen.{}", from.domain())),
            unsubscribe_url: mail.link("hilfe"),
            unsubscribe_mailto: mail.settings.unsubscribe_address.clone(),
            help_url: mail.link("hilfe"),
            archive_url: mail.link("archiv"),
            owner: mail.face.contact.clone(),
            feedback_id: format!("test:{}", from.domain()),
        }),
    };
    let payload = ctx.channel.encode(&envelope, &rendered)?;
    Ok(ctx.channel.send(Outgoing::new(&envelope, &payload)).await)
}
