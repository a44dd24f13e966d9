//! How much mail strangers may cause.

use super::*;

const CHOICE: &str = "thema=ozg&ausgabe=taeglich";
const CROWDED: &str = "ungewöhnlich viele Anfragen";

impl World {
    /// Another process over the same database: all that was in memory is gone.
    fn restarted(self, web: &str) -> Self {
        let settings = format!("[service]\npublic_url = '{PUBLIC}'\n[web]\n{web}\n");
        let config = Setup::new().settings(settings).series(SERIES).topics(TOPICS).config();
        let now = (self.ctx.clone(), Arc::clone(&self.plan));
        Self {
            router: web::router(Paths::Pages, Settings::of(&config), Arc::new(move || now.clone())),
            ..self
        }
    }

    /// The `n`th of many networks that have nothing in common.
    fn network(n: usize) -> String {
        format!("[2001:{:x}:{:x}::1]", 0xdb8 + n / 0xffff, n % 0xffff)
    }

    /// Makes somebody a reader who confirmed from `peer`.
    async fn reader_from(&self, peer: &str, address: &str) {
        self.sign_up_from(peer, address, CHOICE).await;
        let path = self.confirm_path().await;
        let reply = self.ask_from(peer, "POST", &path, &[FORM], "").await;
        assert!(reply.text.contains("Abonnement bestätigt"));
    }

    /// Strangers use up all that strangers may.
    async fn flood(&self) {
        for n in 0..200 {
            let address = format!("n{n}@fremd-{}.example", n % 20);
            let reply = self.sign_up_from(&Self::network(n), &address, CHOICE).await;
            assert_eq!(reply.status, StatusCode::OK, "{n}");
            // All within the hour.
            self.hands.0.fetch_sub(19_000, Ordering::Relaxed);
        }
    }

    async fn mails_to(&self, address: &str) -> usize {
        self.mails().await.iter().filter(|(_, recipient, _)| recipient == address).count()
    }
}

#[tokio::test]
async fn one_place_cannot_flood_others_with_mails() {
    let world = World::new().await;
    for i in 0..12 {
        let reply = world.sign_up(&format!("n{i}@x.example")).await;
        let expected = if i < 10 { StatusCode::OK } else { StatusCode::TOO_MANY_REQUESTS };
        assert_eq!(reply.status, expected, "{i}");
    }
    assert_eq!(world.kinds().await.len(), 10);
    assert!(
        world
            .sign_up_from("192.0.2.77", "z@x.example", "thema=ozg&ausgabe=taeglich")
            .await
            .status
            .is_success()
    );
}

#[tokio::test]
async fn a_mailbox_is_not_flooded_from_many_networks_by_many_spellings() {
    let world = World::new().await;
    for n in 0..200 {
        let address = match n % 3 {
            0 => format!("opfer+{n}@gmail.com"),
            1 => format!("o.pfer+{n}@googlemail.com"),
            _ => format!("OP.FE.R+{n}@Gmail.com"),
        };
        let reply = world.sign_up_from(&World::network(n), &address, CHOICE).await;
        assert!(reply.status.is_success() && !reply.text.contains(CROWDED), "{n}");
        world.pass(Duration::from_mins(4));
    }
    let kinds = world.kinds().await;
    assert_eq!(kinds.len(), 3, "one in ten minutes, three a day: {kinds:?}");
    assert_eq!(world.standings().await.len(), 1, "one mailbox is one reader");
    // The honest are served meanwhile.
    let honest = world.sign_up_from("198.51.100.9", "ehrlich@x.example", CHOICE).await;
    assert!(honest.status.is_success());
    assert_eq!(world.mails_to("ehrlich@x.example").await, 1);
}

#[tokio::test]
async fn another_spelling_of_a_readers_mailbox_is_that_reader() {
    let world = World::new().await;
    world.reader_from("198.51.100.9", "Petra.Mueller@gmail.com").await;
    world.pass(Duration::from_hours(25));
    let before = world.mails().await.len();
    world.sign_up("petramueller+zwei@googlemail.com").await;
    assert_eq!(world.standings().await, [("Petra.Mueller@gmail.com".into(), "active".into())]);
    let mails = world.mails().await;
    assert_eq!(mails.len(), before + 1);
    let (kind, recipient, _) = mails.last().unwrap();
    assert_eq!((kind.as_str(), recipient.as_str()), ("welcome", "Petra.Mueller@gmail.com"));
    // A list does not bring in the other spelling, either.
    let one = pipeline::Listed {
        address: "petra.mueller+liste@gmail.com".to_owned(),
        series: vec![SeriesId::new("taeglich")],
        topics: Vec::new(),
        keywords: Vec::new(),
        reason: "Liste".to_owned(),
    };
    let outcome = pipeline::import(&world.ctx, vec![one]).await.unwrap();
    assert!(matches!(outcome[..], [pipeline::Outcome::Known(_)]), "{outcome:?}");
}

#[tokio::test]
async fn a_provider_of_many_networks_is_counted_in_steps() {
    let world = World::new().await;
    let mut taken = [0; 3];
    // Each request from another /64: of one /56, of one /48, of one /24.
    for n in 0..60 {
        let peers = [
            format!("[2001:db8:1:{n:x}::1]"),
            format!("[2001:db8:2:{:x}::1]", n * 0x100),
            format!("192.0.2.{n}"),
        ];
        for (step, peer) in peers.iter().enumerate() {
            let address = format!("n{n}@s{step}-{}.example", n / 20);
            let reply = world.sign_up_from(peer, &address, CHOICE).await;
            taken[step] += usize::from(reply.status.is_success());
            world.hands.0.fetch_sub(19_990, Ordering::Relaxed);
        }
    }
    assert_eq!(taken, [20, 40, 40]);
}

#[tokio::test]
async fn a_flood_of_strangers_keeps_no_honest_reader_out() {
    let world = World::new().await;
    world.reader_from("198.51.100.9", "eine@stadt.example").await;
    world.flood().await;
    let made = world.mails().await.len();
    let stranger = world.sign_up_from("203.0.113.1", "neu@dorf.example", CHOICE).await;
    assert!(stranger.status.is_success() && stranger.text.contains(CROWDED));
    assert_eq!(world.mails().await.len(), made, "there are 200 already");

    // From the network where somebody confirmed, for whomever.
    let colleague = world.sign_up_from("198.51.100.9", "neu@kreis.example", CHOICE).await;
    assert!(colleague.status.is_success() && !colleague.text.contains(CROWDED));
    assert_eq!(world.mails_to("neu@kreis.example").await, 1);
    // At the domain of a reader, from anywhere; the answer does not tell.
    let at_home = world.sign_up_from("203.0.113.2", "zwei@stadt.example", CHOICE).await;
    assert_eq!(at_home.text, stranger.text);
    assert_eq!(world.mails_to("zwei@stadt.example").await, 1);
    // A reader.
    world.pass(Duration::from_mins(11));
    let reader = world.sign_up_from("203.0.113.3", "eine@stadt.example", CHOICE).await;
    assert_eq!(reader.status, StatusCode::OK);
    assert_eq!(world.mails_to("eine@stadt.example").await, 3, "request, welcome, this");
    // And within the hour everyone again.
    world.pass(Duration::from_mins(51));
    world.sign_up_from("203.0.113.1", "neu@dorf.example", CHOICE).await;
    assert_eq!(world.mails_to("neu@dorf.example").await, 1);
}

#[tokio::test]
async fn the_limits_outlive_a_restart_and_know_no_address_and_no_network() {
    let world = World::new().await;
    for n in 0..10 {
        world.sign_up(&format!("n{n}@x{n}.example")).await;
    }
    let world = world.restarted("");
    assert_eq!(world.sign_up("elf@x.example").await.status, StatusCode::TOO_MANY_REQUESTS);
    let path = world.confirm_path().await;
    world.post(&path, "").await;
    let kept: String = world
        .dump()
        .await
        .lines()
        .filter(|line| {
            ["rate_limits:", "known_networks:"].iter().any(|name| line.starts_with(name))
        })
        .collect();
    assert!(kept.contains("known_networks:"));
    assert!(!kept.contains("192.0.2") && !kept.contains("example"), "{kept}");
    world.pass(Duration::from_hours(31 * 24));
    pipeline::prune(&world.ctx, &world.plan).await.unwrap();
    let dump = world.dump().await;
    assert!(!dump.contains("rate_limits:") && !dump.contains("known_networks:"), "{dump}");
}

#[tokio::test]
async fn behind_a_proxy_that_names_nobody_all_are_one_unknown_network() {
    let world = World::with("trusted_proxies = [\"10.0.0.0/24\"]").await;
    let mut taken = 0;
    for n in 0..45 {
        let peer = format!("10.0.0.{}", n % 5);
        let reply = world.sign_up_from(&peer, &format!("n{n}@x{n}.example"), CHOICE).await;
        taken += usize::from(reply.status.is_success());
    }
    assert_eq!(taken, 40);
    // Nobody becomes known by it.
    let path = world.confirm_path().await;
    world.ask_from("10.0.0.1", "POST", &path, &[FORM], "").await;
    let reply = world.sign_up_from("10.0.0.1", "neu@x.example", CHOICE).await;
    assert_eq!(reply.status, StatusCode::TOO_MANY_REQUESTS);
}
