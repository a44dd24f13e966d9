//! Robots files as they are met, and what is remembered of each answer.

use super::*;

fn response(status: u16, body: &str) -> Response {
    Response {
        status,
        final_url: "https://a.test/robots.txt".to_owned(),
        is_redirected: false,
        moved: None,
        headers: crate::model::Headers::new(),
        body: body.as_bytes().to_vec(),
        truncated: false,
    }
}

#[test]
fn sitemaps_are_named_anywhere_in_the_file() {
    let text = "SITEMAP: https://a.example/s.xml # ours\nUser-agent: *\nDisallow: /x\nSitemap:/relative\nsitemap: http://a.example/t.xml";
    let named = ["https://a.example/s.xml", "http://a.example/t.xml"];
    assert_eq!(sitemaps_of(&response(200, text)), named);
    assert_eq!(sitemaps_of(&response(404, text)), [""; 0], "no page is a file");
}

#[test]
fn the_longest_match_decides_and_allow_wins_a_tie() {
    let robots = "User-agent: *\nDisallow: /a\nAllow: /a/b\nDisallow: /a/b/c\n\
                      Allow: /page\nDisallow: /page\nDisallow: /*.htm\nAllow: /x";
    for (path, allowed) in [
        ("/", true),
        ("/a", false),
        ("/abc", false),
        ("/a/b", true),
        ("/a/b/c/d", false),
        ("/page", true),
        ("/page.htm", false),
        ("/x.htm", false),
        ("/b", true),
    ] {
        assert_eq!(allows(robots, "amtsbote", path), allowed, "{path}");
    }
}

#[test]
fn our_own_group_replaces_the_one_for_everybody() {
    let robots = "User-agent: *\nDisallow: /\n\nUser-agent: AmtsBote/1.0\nDisallow: /intern\n\n\
                      User-agent: other\nUser-agent: amtsbote\nDisallow: /suche";
    assert!(allows(robots, "amtsbote", "/news"));
    assert!(!allows(robots, "amtsbote", "/intern"));
    assert!(!allows(robots, "amtsbote", "/suche"), "all our groups count together");
    assert!(!allows(robots, "stranger", "/news"));
    assert!(allows("User-agent: *\nDisallow: /\nUser-agent: amtsbote", "amtsbote", "/"));
}

#[test]
fn wildcards_and_the_end_mark_match_as_written() {
    for (pattern, path, found) in [
        ("/fish", "/fish.html", true),
        ("/fish", "/Fish", false),
        ("/fish*", "/fishheads?id=1", true),
        ("/*.php", "/folder/x.php?y", true),
        ("/*.php$", "/x.php", true),
        ("/*.php$", "/x.php?y", false),
        ("/*.php$", "/x.php.php", true),
        ("/a*b*c", "/a-c-b", false),
        ("/a*b*c", "/a-b-c-d", true),
        ("/$", "/", true),
        ("/$", "/x", false),
        ("*", "/x", true),
        ("/a**b$", "/ab", true),
        ("/ab*b$", "/ab", false),
    ] {
        assert_eq!(matches(pattern, path), found, "{pattern} {path}");
    }
}

#[test]
fn both_spellings_of_a_path_are_the_same() {
    let robots = "User-agent: *\nDisallow: /m%C3%BCll\nDisallow: /%7Ebob\nDisallow: /straße";
    assert!(!allows(robots, "amtsbote", "/müll"));
    assert!(!allows(robots, "amtsbote", "/m%c3%bcll"));
    assert!(!allows(robots, "amtsbote", "/~bob"));
    assert!(!allows(robots, "amtsbote", "/stra%C3%9Fe"));
    assert!(allows("User-agent: *\nDisallow: /a%2Fb", "amtsbote", "/a/b"));
}

#[test]
fn a_file_that_says_nothing_to_us_allows_everything() {
    for robots in [
        "",
        "<html>not found</html>",
        "Disallow: /",
        "User-agent: *\nDisallow:",
        "User-agent: other\nDisallow: /",
        "Sitemap: https://a.test/s.xml",
    ] {
        assert!(allows(robots, "amtsbote", "/x"), "{robots}");
    }
    assert!(allows("User-agent: *\nDisallow: /", "amtsbote", "/robots.txt"));
}

#[test]
fn comments_case_blanks_and_line_ends_do_not_matter() {
    let robots = "\u{feff}# hello\r\nUSER-AGENT : * # all\r\nSitemap: x\r\n\r\ndisallow :/x # y\r";
    assert!(!allows(robots, "amtsbote", "/x"));
    assert!(allows(robots, "amtsbote", "/y"));
}

#[test]
fn what_is_kept_of_a_file_says_the_same_to_us() {
    let robots = "User-agent: *\nDisallow: /\n\nUser-agent: amtsbote\nDisallow: /%7Ebob\n\
                      Allow: /m\u{fc}ll # yes\nDisallow: /*.htm$\n\nUser-agent: x\nDisallow: /y";
    let kept = ours(robots, "amtsbote");
    assert_eq!(kept, "user-agent:*\ndisallow:/~bob\nallow:/m%C3%BCll\ndisallow:/*.htm$\n");
    assert_eq!(ours(&kept, "amtsbote"), kept);
    assert_eq!(ours("Sitemap: /s.xml", "amtsbote"), "");
}

proptest::proptest! {
    #[test]
    fn no_file_and_no_path_makes_it_panic(robots in "(?s).{0,200}", path in "(?s).{0,80}") {
        let rules = format!("User-agent: *\nDisallow: {path}\n{robots}\nallow:{robots}");
        allows(&rules, "amtsbote", &path);
        allows(&robots, "amtsbote", &path);
    }

    #[test]
    fn a_path_is_matched_by_itself_as_a_pattern(path in "/[a-zäöü%0-9/?=]{0,40}") {
        let robots = format!("User-agent: *\nDisallow: {path}");
        proptest::prop_assert!(!allows(&robots, "amtsbote", &path));
    }
}

#[test]
fn what_stands_behind_500_kibibytes_is_not_read() {
    let mut robots = String::from("User-agent: *\nDisallow: /first\n");
    while robots.len() < MOST_BYTES {
        robots.push_str("# ü filler of some length\n");
    }
    robots.push_str("Disallow: /last\n");
    assert!(!allows(&robots, "amtsbote", "/first"));
    assert!(allows(&robots, "amtsbote", "/last"));
}

#[test]
fn what_is_kept_is_no_longer_than_what_is_read_however_it_is_spelt() {
    let robots = format!("User-agent: *\n{}", "Disallow: /üüüüüüüü\n".repeat(20_000));
    let kept = ours(&robots, TOKEN);
    let rules = kept.len() - "user-agent:*\n".len();
    assert!(rules <= MOST_BYTES && rules > MOST_BYTES - 100, "{rules}");
}

const DAY: Duration = Duration::from_hours(24);
const NOW: Timestamp = Timestamp::from_seconds(1_765_000_000);

fn file(status: Option<u16>, rules: &str, readable: Option<Duration>) -> Robots {
    Robots {
        rules: ours(rules, TOKEN),
        readable: readable.map(|age| NOW.before(age)),
        asked: NOW,
        status,
    }
}

fn is_allowed(robots: &Robots) -> bool {
    robots.permit(&Place::of("https://a.test/news?page=1").unwrap(), NOW).is_ok()
}

#[test]
fn what_the_file_says_holds_and_no_file_allows_all() {
    let fence = "User-agent: *\nDisallow: /news";
    assert!(!is_allowed(&file(Some(200), fence, Some(Duration::ZERO))));
    assert!(is_allowed(&file(Some(200), "User-agent: *\nDisallow: /x", Some(Duration::ZERO))));
    for status in [401, 403, 404, 410] {
        assert!(is_allowed(&file(Some(status), "", Some(Duration::ZERO))), "{status}");
    }
}

#[test]
fn an_unreadable_file_allows_what_it_did_and_nothing_if_it_never_was_read() {
    let fence = "User-agent: *\nDisallow: /news";
    for status in [Some(500), Some(503), Some(429), None] {
        assert!(!is_allowed(&file(status, "", None)), "{status:?}");
        assert!(is_allowed(&file(status, "", Some(DAY))), "{status:?}");
        assert!(!is_allowed(&file(status, fence, Some(DAY))), "{status:?}");
        assert!(is_allowed(&file(status, fence, Some(31 * DAY))), "{status:?}");
    }
}

#[test]
fn each_answer_is_remembered_as_the_rfc_reads_it() {
    let answer = |status, body: &str| Ok(response(status, body));
    let failed = |kind| Err(Failure::new(kind, "no"));
    let fence = "User-agent: *\nDisallow: /news";
    let kept = file(Some(200), fence, Some(DAY));
    let told = |answer: &Result<Response, Failure>| {
        let after = Robots::after(Some(kept.clone()), answer, NOW).unwrap();
        assert_eq!(after.asked, NOW);
        (after.status, after.rules == kept.rules, after.readable == Some(NOW))
    };
    assert_eq!(told(&answer(200, fence)), (Some(200), true, true));
    assert_eq!(told(&answer(200, "")), (Some(200), false, true));
    assert_eq!(told(&answer(404, fence)), (Some(404), false, true), "no page is a file");
    assert_eq!(told(&answer(503, "")), (Some(503), true, false), "what was read holds");
    assert_eq!(told(&answer(429, "")), (Some(429), true, false));
    assert_eq!(told(&failed(FailureKind::Redirect)), (Some(404), false, true));
    assert_eq!(told(&failed(FailureKind::Unreachable)), (None, true, false));
    let first = |answer: &Result<_, _>| Robots::after(None, answer, NOW);
    assert_eq!(
        first(&failed(FailureKind::Unreachable)).unwrap_err().kind,
        FailureKind::Unreachable
    );
    assert!(first(&failed(FailureKind::Redirect)).is_ok());
    assert_eq!(first(&answer(503, "")).unwrap().readable, None);
}

#[test]
fn a_file_of_just_the_limit_is_not_taken_for_a_cut_one() {
    let request = Place::of("https://a.test:8443/x?y").unwrap().robots_request(DAY);
    assert_eq!(request.url, "https://a.test:8443/robots.txt");
    assert_eq!(request.max_bytes, 500 * 1024 + 1);
}

#[test]
fn an_answer_holds_for_a_day_and_a_failure_for_an_hour() {
    let aged = |status, age| Robots { asked: NOW.before(age), ..file(status, "", None) };
    let hours = Duration::from_hours;
    assert!(aged(Some(404), hours(23)).is_fresh(NOW));
    assert!(!aged(Some(200), hours(24)).is_fresh(NOW));
    assert!(aged(Some(503), Duration::from_mins(59)).is_fresh(NOW));
    assert!(!aged(None, hours(1)).is_fresh(NOW));
    let ahead = Robots { asked: NOW.after(DAY), ..file(Some(200), "", None) };
    assert!(!ahead.is_fresh(NOW));
}
