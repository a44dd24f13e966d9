//! Mail that comes back: what each kind of server writes, and what it does to
//! the reader. The shapes are the servers', the words and names are ours.

use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use amtsbote::bounce::{Class, Verdict, of_message};
use amtsbote::clock::Stopwatch;
use amtsbote::model::{Budget, MailKind, Standing, SubscriberId};
use amtsbote::pipeline::{self, ReturnedMail, ReturnedOutcome};
use amtsbote::store::{outbox, subscribers};
use amtsbote::subscriber::token::bounce_sender;

use crate::queue::Room;
use crate::support::world::World;

/// A delivery report as Postfix writes them.
pub(crate) fn postfix(action: &str, status: &str, said: &str) -> String {
    report(
        "MAILER-DAEMON@mx.stadt.example (Mail Delivery System)",
        "Undelivered Mail Returned to Sender",
        "This is the mail system at host mx.stadt.example.\n\nI'm sorry to have to inform you that \
         your message could not be delivered to one or more recipients.",
        &format!(
            "Reporting-MTA: dns; mx.stadt.example\nX-Postfix-Queue-ID: 4AB\nArrival-Date: Mon, 8 Dec 2025 07:00:01 +0100\n\n\
             Final-Recipient: rfc822; leser0@stadt0.example\nAction: {action}\nStatus: {status}\n\
             Remote-MTA: dns; mail.stadt0.example\nDiagnostic-Code: {said}"
        ),
    )
}

fn report(from: &str, subject: &str, text: &str, fields: &str) -> String {
    format!(
        "Return-Path: <>\nFrom: {from}\nTo: r@probe.example\nSubject: {subject}\nAuto-Submitted: auto-replied\n\
         MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\n\n\
         --b\nContent-Type: text/plain; charset=utf-8\n\n{text}\n\n\
         --b\nContent-Type: message/delivery-status\n\n{fields}\n\n\
         --b\nContent-Type: text/rfc822-headers\n\nFrom: meldungen@probe.example\nSubject: Probe am Montag\n\n--b--\n"
    )
}

fn plain(head: &str, text: &str) -> String {
    format!("{head}\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n{text}\n")
}

fn classified(bytes: &[u8]) -> Verdict {
    of_message(bytes, &Budget::for_document(bytes.len()))
}

fn class(message: &str) -> &'static str {
    classified(message.replace('\n', "\r\n").as_bytes()).class.as_str()
}

const DAEMON: &str = "Return-Path: <>\nFrom: MAILER-DAEMON@mx.stadt.example\nTo: r@probe.example\nSubject: failure notice";

#[test]
fn reports_of_postfix_are_read_by_their_fields() {
    for (action, status, said, expected) in [
        (
            "failed",
            "5.1.1",
            "smtp; 550 5.1.1 <x>: Recipient address rejected: User unknown",
            "hard",
        ),
        ("failed", "5.4.4", "X-Postfix; Host or domain name not found", "hard"),
        ("failed", "5.2.2", "smtp; 552 5.2.2 Mailbox full", "soft"),
        (
            "failed",
            "4.4.1",
            "X-Postfix; connect to mail.stadt0.example: Connection timed out",
            "soft",
        ),
        ("failed", "4.4.7", "smtp; 450 4.1.1 unverified address", "soft"),
        ("failed", "5.7.1", "smtp; 554 5.7.1 Message rejected as spam", "block"),
        ("failed", "5.0.0", "smtp; 550 no such user here", "hard"),
        ("failed", "5.0.0", "smtp; 550 no", "soft"),
        ("failed", "5.1.1", "smtp; 550 5.1.1 blocked by our DNSBL", "block"),
        ("failed", "5.3.4", "smtp; 552 5.3.4 message size exceeds limit", "block"),
        ("delayed", "4.4.1", "X-Postfix; connection refused", "ignore"),
        ("delivered", "2.0.0", "smtp; 250 ok", "ignore"),
        ("relayed", "2.0.0", "smtp; 250 ok", "ignore"),
    ] {
        assert_eq!(class(&postfix(action, status, said)), expected, "{action} {status} {said}");
    }
}

#[test]
fn reports_of_exchange_are_read_by_their_fields() {
    for (status, said, expected) in [
        ("5.1.10", "smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found", "hard"),
        (
            "5.4.1",
            "smtp;550 5.4.1 Recipient address rejected: Access denied. [AM0.example]",
            "hard",
        ),
        (
            "5.2.2",
            "smtp;554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException",
            "soft",
        ),
        (
            "5.7.1",
            "smtp;550 5.7.1 TRANSPORT.RULES.RejectMessage; the message was rejected",
            "block",
        ),
        ("5.7.515", "smtp;550 5.7.515 Access denied, sending domain does not pass DMARC", "block"),
        ("5.3.4", "smtp;552 5.3.4 RESOLVER.RST.RecipSizeLimit; message too large", "block"),
    ] {
        let message = report(
            "Microsoft Outlook <postmaster@stadt0.example>",
            "=?utf-8?Q?Unzustellbar=3A_Probe_am_Montag?=",
            "Fehler bei der Nachrichtenzustellung.",
            &format!(
                "Reporting-MTA: dns;EX01.stadt0.example\nReceived-From-MTA: dns;relay.probe.example\n\n\
                 Final-Recipient: rfc822;leser0@stadt0.example\nAction: failed\nStatus: {status}\nDiagnostic-Code: {said}"
            ),
        );
        assert_eq!(class(&message), expected, "{status} {said}");
    }
}

#[test]
fn notices_of_exim_and_qmail_are_read_by_their_words() {
    let exim = |said: &str| {
        plain(
            "Return-Path: <>\nFrom: Mail Delivery System <Mailer-Daemon@mx.kreis.example>\nTo: r@probe.example\n\
             X-Failed-Recipients: leser0@stadt0.example\nAuto-Submitted: auto-replied\n\
             Subject: Mail delivery failed: returning message to sender",
            &format!(
                "This message was created automatically by mail delivery software.\n\nA message that you sent \
                 could not be delivered to one or more of its recipients. This is a permanent error.\n\n  \
                 leser0@stadt0.example\n    {said}\n\n------ This is a copy of the message, including all the headers. ------\n\n\
                 Subject: Spam und Policy der Woche\n"
            ),
        )
    };
    assert_eq!(class(&exim("Unrouteable address")), "hard");
    assert_eq!(class(&exim("host mx said: 550 5.1.1 no such user")), "hard");
    assert_eq!(class(&exim("mailbox is full: retry timeout exceeded")), "soft");
    assert_eq!(class(&exim("host mx said: 550 rejected because of its reputation")), "block");

    let qmail = |said: &str| {
        plain(
            DAEMON,
            &format!(
                "Hi. This is the qmail-send program at mx.stadt.example.\nI'm afraid I wasn't able to deliver your \
                 message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n\
                 <leser0@stadt0.example>:\n{said}\n\n--- Below this line is a copy of the message.\n\nSubject: spam\n"
            ),
        )
    };
    assert_eq!(class(&qmail("Sorry, no mailbox here by that name. (#5.1.1)")), "hard");
    assert_eq!(
        class(&qmail("192.0.2.7 does not like recipient.\nRemote host said: 550 user unknown")),
        "hard"
    );
    assert_eq!(class(&qmail("Sorry, the user is over quota. (#5.2.2)")), "soft");
    assert_eq!(class(&qmail("Remote host said: 554 5.7.1 listed in a blocklist")), "block");
}

#[test]
fn bare_texts_of_daemons_are_read_by_their_words_and_unclear_ones_are_soft() {
    for (text, expected) in [
        ("Ihre Nachricht konnte nicht zugestellt werden: Empfänger unbekannt.", "hard"),
        ("Ihre Nachricht konnte nicht zugestellt werden: Das Postfach ist voll.", "soft"),
        ("Your message could not be delivered. 550 5.1.1 unknown user", "hard"),
        ("Your message could not be delivered.", "soft"),
        (
            "Warning: your message is delayed and not yet been delivered. No action is needed.",
            "ignore",
        ),
        ("The message was rejected: policy violation", "block"),
    ] {
        assert_eq!(class(&plain(DAEMON, text)), expected, "{text}");
    }
}

#[test]
fn complaints_receipts_machines_and_people_are_told_apart() {
    let arf = |kind: &str| {
        format!(
            "From: fbl@mailer.example\nTo: r@probe.example\nSubject: complaint\nMIME-Version: 1.0\n\
             Content-Type: multipart/report; report-type=feedback-report; boundary=\"b\"\n\n--b\n\
             Content-Type: text/plain\n\nThis is an abuse report.\n\n--b\nContent-Type: message/feedback-report\n\n\
             Feedback-Type: {kind}\nUser-Agent: x/1\nVersion: 1\n\n--b\nContent-Type: message/rfc822\n\nSubject: x\n\ny\n--b--\n"
        )
    };
    assert_eq!(class(&arf("abuse")), "complaint");
    assert_eq!(class(&arf("opt-out")), "complaint");
    assert_eq!(class(&arf("not-spam")), "ignore");
    let receipt = "From: Petra <p@stadt.example>\nSubject: Gelesen: Probe\nMIME-Version: 1.0\n\
        Content-Type: multipart/report; report-type=disposition-notification; boundary=\"b\"\n\n--b\n\
        Content-Type: text/plain\n\nGelesen.\n\n--b\nContent-Type: message/disposition-notification\n\n\
        Final-Recipient: rfc822;p@stadt.example\nDisposition: manual-action/MDN-sent-manually; displayed\n\n--b--\n";
    assert_eq!(class(receipt), "ignore");
    let human = plain(
        "From: Petra Muster <p@stadt.example>\nTo: r@probe.example\nSubject: AW: Probe am Montag",
        "Guten Tag,\nkönnen Sie das Urteil nachreichen?\n> alt",
    );
    let Class::Human(letter) = classified(human.as_bytes()).class else { panic!("not a person") };
    assert_eq!(letter.subject, "AW: Probe am Montag");
    assert!(letter.text.contains("Urteil"));
}

/// Absence notes as they come, with and without the fields that say so.
fn absence_notes() -> Vec<String> {
    let subjects = [
        "Automatische Antwort: Probe am Montag",
        "Abwesenheitsnotiz",
        "Out of Office: Probe",
        "Ich bin im Urlaub",
        "Automatic reply: Probe",
        "Abwesend bis 3. Januar",
        "Autoreply: Probe",
        "[Ticket #4711] Ihre Anfrage",
        "Eingangsbestätigung",
        "Re: Probe am Montag",
    ];
    let fields = [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated\nX-Auto-Response-Suppress: All",
        "Precedence: auto_reply",
        "X-Autoreply: yes",
        "Precedence: bulk",
    ];
    let returns = ["Return-Path: <>", "Return-Path: <p@stadt.example>"];
    let mut notes = Vec::new();
    for subject in subjects {
        for field in fields {
            for back in returns {
                notes.push(plain(
                    &format!("{back}\nFrom: Petra <p@stadt.example>\nTo: r@probe.example\n{field}\nSubject: {subject}"),
                    "Ich bin nicht im Haus. Ihre Nachricht wird nicht weitergeleitet. Mein Postfach ist voll.",
                ));
            }
        }
    }
    notes
}

#[test]
fn what_no_program_should_write_is_taken_in_quickly_and_concerns_nobody() {
    let nested = (0..50).fold("Subject: x\n\ny\n".to_owned(), |inner, n| {
        format!(
            "From: a@b.example\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"b{n}\"\n\n--b{n}\n\
             Content-Type: message/rfc822\n\n{inner}\n--b{n}--\n"
        )
    });
    let mut hostile: Vec<Vec<u8>> = vec![
        nested.into_bytes(),
        Vec::new(),
        (0..=255).cycle().take(10 << 20).collect(),
        b"\0".repeat(1 << 20),
        b"Content-Type: multipart/report; boundary=\"".to_vec(),
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n".to_vec(),
        b"--b\r\n".repeat(100_000),
        [b"Subject: ".to_vec(), b"x".repeat(1 << 20)].concat(),
    ];
    let whole = postfix("failed", "5.1.1", "smtp; 550").into_bytes();
    // Taken down by recursion, each of these would overflow the stack.
    for container in ["message/rfc822", "Multipart/Digest; boundary=a\n\n--a"] {
        hostile.push(format!("Content-Type: {container}\n\n").repeat(22_000).into_bytes());
    }
    hostile.extend((0..whole.len()).step_by(37).map(|end| whole[..end].to_vec()));
    for bytes in hostile {
        let _ = classified(&bytes);
    }
}

/// Freezes a mail for everybody and answers the address that its bounces go to.
async fn mailed(room: &Room, subscriber: i64) -> String {
    room.freeze(usize::try_from(room.ctx.clock.now().0 % 1_000_000_007).unwrap()).await;
    bounce_sender("r@probe.example", &room.ctx.tokens.bounce(SubscriberId(subscriber)))
}

pub(crate) async fn take(room: &Room, recipient: &str, message: &str) -> pipeline::Taken {
    let folder = tempfile::tempdir().unwrap();
    let mail = ReturnedMail::in_folder(folder.path());
    mail.add(Some(recipient), message.as_bytes()).unwrap();
    let outcome = pipeline::take_returned(&room.ctx, &room.plan, &mail).await.unwrap();
    let Some(ReturnedOutcome::Taken(taken)) = outcome else { panic!("{outcome:?}") };
    assert!(files(folder.path()).is_empty(), "what was taken in stays on disk");
    taken
}

/// The messages that wait in a data folder, by their place in its Maildir.
fn files(data_dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for part in ["new", "cur", "tmp"] {
        let Ok(entries) = std::fs::read_dir(data_dir.join("returned").join(part)) else { continue };
        let name = |entry: std::fs::DirEntry| entry.file_name().into_string().unwrap();
        found.extend(entries.map(|entry| format!("{part}/{}", name(entry.unwrap()))));
    }
    found
}

pub(crate) async fn standing(room: &Room, id: i64) -> Standing {
    let id = SubscriberId(id);
    room.ctx.store.read(move |tx| subscribers::get(tx, id)).await.unwrap().unwrap().standing
}

#[tokio::test(start_paused = true)]
async fn a_mailbox_that_is_gone_for_three_days_is_suspended_and_a_replay_counts_once() {
    let room = Room::new(2, 1).await;
    let address = mailed(&room, 1).await;
    for day in 0..3 {
        assert_eq!(standing(&room, 1).await, Standing::Active);
        let message = postfix("failed", "5.1.1", &format!("smtp; 550 5.1.1 unknown {day}"));
        let taken = take(&room, &address.to_uppercase(), &message).await;
        assert_eq!((taken.what, taken.changed), ("hard", day == 2));
        assert!(!take(&room, &address, &message).await.changed, "replayed");
        tokio::time::advance(Duration::from_hours(24)).await;
        assert!(!take(&room, &address, &message).await.changed, "replayed a day later");
    }
    assert_eq!(standing(&room, 1).await, Standing::Suspended);
    assert_eq!(standing(&room, 2).await, Standing::Active);
}

#[tokio::test(start_paused = true)]
async fn a_hundred_absence_notes_change_nothing() {
    let room = Room::new(1, 1).await;
    let address = mailed(&room, 1).await;
    let notes = absence_notes();
    assert_eq!(notes.len(), 100);
    for note in notes {
        let taken = take(&room, &address, &note).await;
        assert_eq!((taken.what, taken.changed), ("autoreply", false), "{note}");
        tokio::time::advance(Duration::from_hours(7)).await;
    }
    assert_eq!(standing(&room, 1).await, Standing::Active);
    // Nobody is answered either.
    let waiting = room.ctx.store.read(|tx| outbox::list(tx, None, None, 9)).await.unwrap();
    assert_eq!(waiting.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_complaint_unsubscribes_at_once_and_erases_the_address() {
    let room = Room::new(1, 1).await;
    let address = mailed(&room, 1).await;
    let message = "From: f@m.example\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\n\n\
        --b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n\n--b--\n";
    let taken = take(&room, &address, message).await;
    assert_eq!((taken.what, taken.changed), ("complaint", true));
    assert_eq!(standing(&room, 1).await, Standing::Left);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_none_of_ours_is_dropped() {
    let room = Room::new(1, 1).await;
    let known = mailed(&room, 1).await;
    let message = postfix("failed", "5.1.1", "smtp; 550 5.1.1 unknown");
    for recipient in ["r+aaaaaaaaaaaaaaaaaaaaaaaaaa@probe.example", "r@probe.example", "", "r+x@y"]
    {
        assert_eq!(take(&room, recipient, &message).await.what, "unknown");
    }
    tokio::time::advance(Duration::from_hours(36 * 24)).await;
    assert_eq!(take(&room, &known, &message).await.what, "unknown", "after 35 days");
}

#[tokio::test(start_paused = true)]
async fn an_unsubscribe_by_mail_needs_its_token_and_a_person() {
    let room = Room::new(2, 1).await;
    let token = room.ctx.tokens.unsubscribe(SubscriberId(2));
    let address = bounce_sender("abmelden@probe.example", &token);
    let note = plain("From: P <p@x.example>\nAuto-Submitted: auto-replied\nSubject: weg", "weg");
    assert!(!take(&room, &address, &note).await.changed);
    let mail = plain("From: P <p@x.example>\nSubject: abmelden", "");
    let elsewhere = bounce_sender("r@probe.example", &token);
    assert!(!take(&room, &elsewhere, &mail).await.changed);
    let taken = take(&room, &address, &mail).await;
    assert_eq!((taken.what, taken.changed), ("unsubscribe", true));
    assert!(!take(&room, &address, &mail).await.changed, "twice is no error");
    assert_eq!(standing(&room, 2).await, Standing::Left);
}

#[tokio::test(start_paused = true)]
async fn what_a_person_writes_is_passed_on_once_without_their_address() {
    let room = Room::new(1, 1).await;
    let mail = plain(
        "From: Petra Muster <petra@stadt.example>\nSubject: Frage zur Ausgabe",
        "Wo steht das Rundschreiben?",
    );
    for _ in 0..2 {
        assert_eq!(take(&room, "r@probe.example", &mail).await.what, "human");
    }
    let waiting = room.ctx.store.read(|tx| outbox::list(tx, None, None, 9)).await.unwrap();
    assert_eq!(waiting.len(), 1);
    let entry = &waiting[0];
    assert_eq!(
        (entry.kind, entry.recipient.as_str()),
        (MailKind::Notice, "redaktion@probe.example")
    );
    let text = String::from_utf8_lossy(&entry.payload.0).into_owned();
    assert!(text.contains("Rundschreiben") && !text.contains("petra@"), "{text}");
}

#[tokio::test]
async fn the_pipe_takes_anything_from_many_processes_at_once_and_each_message_waits_once() {
    let world = World::new("täglich 07:00").await;
    // As a mail server calls it: the credential is the service's alone.
    std::fs::create_dir(world.config().join("conf.d")).unwrap();
    world.write(
        "conf.d/mail.toml",
        "[mail]\nchannel = \"smtp\"\n[mail.smtp]\nhost = \"mail.stadt.example\"\nusername = \"x\"\n\
         password_file = \"%d/smtp-password\"\n",
    );
    let said = world.run(&["check"]).await;
    assert!(said.code == 2 && said.err.contains("no such credential"), "{said:?}");
    let letter = plain("From: Petra <p@stadt.example>\nSubject: Frage", "Wo steht das?");
    let inputs: Vec<Vec<u8>> = vec![
        letter.clone().into_bytes(),
        (0..=255).cycle().take(10 << 20).collect(),
        letter.into_bytes(),
        postfix("failed", "5.1.1", "smtp; 550 5.1.1 unknown").into_bytes(),
        b"--b\r\n".repeat(100_000),
        b"\0".repeat(1 << 20),
    ];
    let offer = |bytes: &[u8]| {
        let mut command = world.command(&["mail-in", "--recipient", "r@probe.example"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let bytes = bytes.to_vec();
        std::thread::spawn(move || {
            let mut child = command.spawn().unwrap();
            let mut pipe = child.stdin.take().unwrap();
            // It may stop reading where it has seen enough.
            let _ = pipe.write_all(&bytes);
            drop(pipe);
            child.wait_with_output().unwrap()
        })
    };
    // The data folder is the service's to make.
    let output = offer(&inputs[0]).join().unwrap();
    assert_eq!(output.status.code(), Some(75), "{output:?}");
    assert!(!world.var().exists());
    std::fs::create_dir(world.var()).unwrap();
    let watch = Stopwatch::start();
    let running: Vec<_> = inputs.iter().map(|bytes| offer(bytes)).collect();
    for process in running {
        let output = process.join().unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert!(output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
    }
    // Generous: unoptimised, six at once, on a busy machine.
    assert!(watch.elapsed() < Duration::from_secs(20), "{:?}", watch.elapsed());
    let waiting = files(&world.var());
    assert_eq!(waiting.len(), 5, "the letter, once: {waiting:?}");
    assert!(waiting.iter().all(|file| file.starts_with("new/")), "{waiting:?}");
    let mode = std::fs::metadata(world.var().join("returned").join(&waiting[0])).unwrap().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn a_maildir_is_emptied_and_its_messages_wait_for_the_service() {
    let world = World::new("täglich 07:00").await;
    std::fs::create_dir(world.var()).unwrap();
    let maildir = world.folder.path().join("ruecklauf");
    std::fs::create_dir_all(maildir.join("new")).unwrap();
    std::fs::write(maildir.join("new/1"), plain("Delivered-To: r@probe.example", "x")).unwrap();
    world.run(&["mail-in", "--maildir", maildir.to_str().unwrap()]).await.ok();
    assert!(maildir.join("cur/1:2,S").exists() && !maildir.join("new/1").exists());
    assert_eq!(files(&world.var()).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_ends_the_process_twice_is_set_aside_and_the_others_are_taken_in() {
    let room = Room::new(1, 1).await;
    let folder = tempfile::tempdir().unwrap();
    let mail = ReturnedMail::in_folder(folder.path());
    let (new, cur) = (folder.path().join("returned/new"), folder.path().join("returned/cur"));
    // A process that goes down leaves what it had in hand.
    let crash = || {
        let file = std::fs::read_dir(&new).unwrap().next().unwrap().unwrap();
        std::fs::rename(file.path(), cur.join(file.file_name())).unwrap();
    };
    let address = mailed(&room, 1).await;
    mail.add(Some(&address), postfix("failed", "5.1.1", "smtp; 550 5.1.1").as_bytes()).unwrap();
    crash();
    assert_eq!(mail.recover().unwrap(), [] as [&Path; 0], "once may be chance");
    crash();
    let staying = mail.recover().unwrap();
    assert_eq!(staying.len(), 1, "twice is none");
    mail.add(Some(&address), postfix("failed", "5.2.2", "smtp; 552 5.2.2").as_bytes()).unwrap();
    let outcome = pipeline::take_returned(&room.ctx, &room.plan, &mail).await.unwrap();
    assert!(matches!(outcome, Some(ReturnedOutcome::Taken(taken)) if taken.what == "soft"));
    assert!(pipeline::take_returned(&room.ctx, &room.plan, &mail).await.unwrap().is_none());
    assert!(staying[0].exists());
}

#[test]
fn the_mail_server_keeps_what_is_too_much_for_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let mail = ReturnedMail::in_folder(folder.path());
    mail.add(None, b"Subject: x\n\ny").unwrap();
    for n in 1..1000 {
        std::fs::write(folder.path().join(format!("returned/new/{n}")), "x").unwrap();
    }
    let error = mail.add(None, b"Subject: z\n\ny").unwrap_err();
    assert!(error.to_string().contains("1000 messages wait"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn strangers_cannot_fill_the_editors_mailbox_and_what_was_held_back_is_told_once() {
    let room = Room::new(1, 1).await;
    let write = async |from: &str, n: usize| {
        let letter = plain(&format!("From: X <{from}>\nSubject: Frage {n}"), "Wo steht das?");
        take(&room, "r@probe.example", &letter).await
    };
    let letters = async || {
        let list = room.ctx.store.read(|tx| outbox::list(tx, None, None, 2000)).await.unwrap();
        list.into_iter().filter(|mail| mail.kind == MailKind::Notice).count()
    };
    for n in 0..1000 {
        let taken = write(&format!("x{n}@fremd.example"), n).await;
        assert_eq!((taken.what, taken.is_held), ("human", n >= 20), "{n}");
    }
    assert_eq!(letters().await, 20);
    // The same letter again is neither passed on nor counted again.
    assert!(!write("x3@fremd.example", 3).await.is_held);
    // A reader is heard, however many strangers wrote.
    let reader = room.ctx.store.read(subscribers::list).await.unwrap().remove(0).address;
    assert!(!write(&reader, 2000).await.is_held);
    assert_eq!(letters().await, 21);

    let tell = async || pipeline::tell_of_letters(&room.ctx, &room.plan).await.unwrap();
    assert_eq!(tell().await, 0, "not before the day is over");
    tokio::time::advance(Duration::from_hours(24)).await;
    assert_eq!([tell().await, tell().await], [980, 0]);
    assert_eq!(letters().await, 22);
    assert!(!write("x@fremd.example", 3000).await.is_held, "the next day they may write again");
}
