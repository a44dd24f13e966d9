//! Every mail that readers and admins get, byte for byte as the mail server gets
//! it: made by the journeys that make it in service, with nothing left out of
//! the comparison. Only signatures are not here (`dkim.rs`).

#![expect(clippy::disallowed_methods, reason = "BLESS is for the one who runs the tests")]

mod office;

use std::path::Path;

use amtsbote::deliver::{SendError, Step};
use amtsbote::pipeline;
use amtsbote::store::subscribers;

use office::{ADMIN, Office, READER, Told};

/// Compares with the fixture; `BLESS=1` rewrites it.
#[track_caller]
fn golden(name: &str, found: &[u8]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/mails");
    let path = folder.join(format!("{name}.eml"));
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, found).unwrap();
    }
    let kept = std::fs::read(&path).unwrap_or_default();
    let found_text = String::from_utf8_lossy(found);
    assert!(
        kept == found,
        "{name}.eml is no longer what is sent (BLESS=1 rewrites it):\n{found_text}"
    );
}

/// What a field of the header says.
fn field<'a>(mail: &'a [u8], name: &str) -> &'a str {
    let header = std::str::from_utf8(mail).unwrap().split("\r\n\r\n").next().unwrap();
    let mut fields = header.lines().filter_map(|line| line.split_once(": "));
    fields.find(|(known, _)| *known == name).unwrap().1
}

/// The same release, as the state sent it and others printed it.
const RELEASE: &str = "Ab dem 1. Februar 2026 können Bürgerinnen und Bürger in allen kreisangehörigen Gemeinden des Landes ihren Wohnsitz über das OZG-Portal ummelden. Die Vorprüfung der Anträge übernimmt das Rechenzentrum, die Entscheidung bleibt in jedem Rathaus selbst. Das Land trägt die Kosten der Erprobung für achtzehn Monate. Gemeinden melden ihre Teilnahme bis zum 30. Januar 2026 an.";

const SERVICE: Told<'static> = Told {
    id: "servicekonto",
    title: "Servicekonto: neue Fassung der Basiskomponente ab März",
    text: "Die Anbindung der bestehenden Fachverfahren bleibt unverändert. Für Testläufe steht ab dem 2. Februar 2026 eine eigene Umgebung bereit.",
    document: Some("hinweise-servicekonto.pdf"),
};

const WARNING: Told<'static> = Told {
    id: "warnung-7",
    title: "Sicherheitslücke in verbreiteter Fernwartung",
    text: "Betroffen sind alle Fassungen vor 4.2. Der Hersteller stellt seit heute eine bereinigte Fassung bereit; sie sollte umgehend eingespielt werden.",
    document: None,
};

const WEEKLY: Told<'static> = Told {
    id: "sprechstunde",
    title: "Sprechstunde für Gemeinden: Fragen zum Onlinezugangsgesetz",
    text: "Jeden zweiten Donnerstag beantwortet die Geschäftsstelle Fragen zur Umsetzung. Eine Anmeldung ist nicht nötig.",
    document: None,
};

const GUIDE: Told<'static> = Told {
    id: "notfallplan",
    title: "Muster für den Notfallplan erschienen",
    text: "Das Muster lässt sich an Gemeinden jeder Größe anpassen. Es enthält Listen für die ersten Stunden nach einem Ausfall.",
    document: Some("muster-notfallplan.pdf"),
};

const fn release(text: &str) -> Told<'_> {
    Told {
        id: "wohnsitz",
        title: "Wohnsitz ummelden: Onlinedienst geht in die Fläche",
        text,
        document: None,
    }
}

/// The first morning: one story by three sources, and one entry of each topic.
async fn first_morning(office: &Office) {
    office.report("land", &[SERVICE, release(RELEASE)]).await;
    office.report("lage", &[WARNING]).await;
    let title = "Ummeldung des Wohnsitzes bald überall online";
    office.report("verband", &[WEEKLY, Told { title, ..release(RELEASE) }]).await;
    let title = "Land bringt Ummeldung online in alle Gemeinden";
    office.report("presse", &[Told { title, ..release(RELEASE) }]).await;
}

#[tokio::test(start_paused = true)]
async fn who_signs_up_gets_these_mails() {
    let office = Office::open().await;
    first_morning(&office).await;
    office.at(0, 9, 12).await;
    office.sign_up().await;
    let asked_at = office.ctx.clock.now();
    golden("confirm", &office.only_mail_to(READER).await);
    office.at(0, 9, 20).await;
    let all = office.ctx.store.read(subscribers::list).await.unwrap();
    let link = office.ctx.tokens.confirm(all[0].id, asked_at);
    pipeline::confirm(&office.ctx, &office.plan, &link, None).await.unwrap();
    let welcome = office.only_mail_to(READER).await;
    golden("welcome", &welcome);
    office.at(0, 10, 3).await;
    office.sign_up().await;
    let repeated = office.only_mail_to(READER).await;
    golden("welcome-repeated", &repeated);
    // Complaints can be counted over all mails of a kind.
    assert_eq!(field(&welcome, "Feedback-ID"), "taeglich:welcome:amtsbote");
    assert_eq!(field(&repeated, "Feedback-ID"), field(&welcome, "Feedback-ID"));
}

#[tokio::test(start_paused = true)]
async fn readers_of_every_series_get_these_digests() {
    let office = Office::open().await;
    office.subscribe(&["taeglich", "woechentlich"]).await;
    office.at(0, 7, 0).await;
    office.compose().await;
    assert_eq!(office.drain().await, [], "there is nothing to tell");
    office.at(1, 6, 30).await;
    first_morning(&office).await;
    office.at(1, 7, 0).await;
    office.compose().await;
    golden("digest-daily", &office.only_mail_to(READER).await);

    // The deadline of what was told is another one now.
    office.at(2, 6, 30).await;
    let later = RELEASE.replace("30. Januar", "13. Februar");
    office.report("land", &[SERVICE, release(&later)]).await;
    office.at(2, 7, 0).await;
    office.compose().await;
    golden("digest-update", &office.only_mail_to(READER).await);

    // Two sources could not be read, one of them only for a while.
    office.at(3, 5, 30).await;
    office.answer("presse", 503, b"").await;
    office.answer("verband", 503, b"").await;
    office.at(3, 6, 30).await;
    office.answer("presse", 503, b"").await;
    office.report("verband", &[GUIDE, WEEKLY]).await;
    office.at(3, 7, 0).await;
    office.compose().await;
    golden("digest-unread", &office.only_mail_to(READER).await);

    office.at(4, 12, 0).await;
    office.compose().await;
    golden("digest-weekly", &office.only_mail_to(READER).await);

    // Nothing was composed from the weekend on.
    office.at(7, 6, 30).await;
    let news = Told {
        id: "portal",
        title: "OZG-Portal zieht am Wochenende um",
        text: "Von Samstag, 18 Uhr, bis Sonntag, 12 Uhr, sind Anträge nicht möglich.",
        document: None,
    };
    office.report("land", &[news, SERVICE]).await;
    office.at(9, 10, 30).await;
    let again = Told {
        id: "warnung-8",
        title: "Sicherheitslücke in Mailprogramm wird ausgenutzt",
        text: "Bis eine bereinigte Fassung vorliegt, hilft es, die Vorschau abzuschalten.",
        document: None,
    };
    office.report("lage", &[again, WARNING]).await;
    office.compose().await;
    golden("digest-catch-up", &office.only_mail_to(READER).await);
}

#[tokio::test(start_paused = true)]
async fn who_is_suspended_is_asked_by_this_mail() {
    let office = Office::open().await;
    let reader = office.subscribe(&["taeglich"]).await;
    let now = office.ctx.clock.now();
    office.ctx.store.write(move |tx| subscribers::suspend(tx, reader, now)).await.unwrap();
    office.at(14, 6, 0).await;
    pipeline::probe(&office.ctx, &office.plan).await.unwrap();
    golden("probe", &office.only_mail_to(READER).await);
}

#[tokio::test(start_paused = true)]
async fn the_admin_is_told_of_sources_by_these_mails() {
    let office = Office::open().await;
    first_morning(&office).await;
    for hour in 7..12 {
        office.at(0, hour, 0).await;
        office.answer("presse", 503, b"").await;
        office.answer("verband", 410, b"").await;
    }
    assert_eq!(pipeline::tell_admin(&office.ctx, &office.plan).await.unwrap(), 2);
    golden("notice-sources", &office.only_mail_to(ADMIN).await);
    office.at(0, 13, 0).await;
    office.report("presse", &[release(RELEASE)]).await;
    assert_eq!(pipeline::tell_admin(&office.ctx, &office.plan).await.unwrap(), 1);
    golden("notice-source-mended", &office.only_mail_to(ADMIN).await);
}

#[tokio::test(start_paused = true)]
async fn the_admin_is_told_of_sending_by_these_mails() {
    let office = Office::open().await;
    office.subscribe(&["taeglich"]).await;
    office.at(0, 6, 30).await;
    first_morning(&office).await;
    office.at(0, 7, 0).await;
    office.compose().await;
    office.let_mail(Err(SendError::Misconfigured {
        step: Step::Login,
        code: Some(535),
        reason: "535 5.7.8 authentication failed".to_owned(),
    }));
    assert_eq!(office.drain().await, []);
    assert_eq!(pipeline::tell_of_sending(&office.ctx, &office.plan).await.unwrap(), 0);
    office.at(0, 14, 30).await;
    office.let_mail(Ok(()));
    assert_eq!(office.drain().await.len(), 1);
    assert_eq!(pipeline::tell_of_sending(&office.ctx, &office.plan).await.unwrap(), 1);
    golden("notice-rest", &office.only_mail_to(ADMIN).await);

    office.at(1, 6, 30).await;
    office.report("verband", &[GUIDE, WEEKLY]).await;
    office.at(1, 7, 0).await;
    office.compose().await;
    office.let_mail(Err(SendError::Transient {
        step: Step::Recipient,
        code: Some(451),
        reason: "451 4.7.1 try again later".to_owned(),
    }));
    for hour in 7..72 {
        office.at(1, hour, 1).await;
        office.drain().await;
    }
    office.let_mail(Ok(()));
    assert_eq!(pipeline::tell_of_sending(&office.ctx, &office.plan).await.unwrap(), 1);
    golden("notice-given-up", &office.only_mail_to(ADMIN).await);
}
