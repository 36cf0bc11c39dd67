use proptest::prelude::*;

use super::*;

fn rule(kind: RuleKind, typed: &str, effect: Effect) -> Rule {
    let pattern = Pattern::parse(kind, typed).unwrap_or_else(|e| panic!("{typed}: {e}"));
    Rule { pattern, effect, actor: None }
}

fn meets(kind: RuleKind, typed: &str, draft: &RuleInput<'_>) -> bool {
    RuleSet::new(vec![rule(kind, typed, Effect::Queue)]).judge(draft).expect("nothing is refused").is_some()
}

fn says(phrase: &str, text: &str) -> bool {
    meets(RuleKind::Word, phrase, &RuleInput { text, ..RuleInput::default() })
}

#[test]
fn a_word_is_found_whole_and_however_it_is_dressed_up() {
    for (phrase, text, found) in [
        ("viagra", "Buy viagra now", true),
        ("Viagra", "VIAGRA!", true),
        ("viagra", "(viagra),viagras", true),
        ("viagra", "viagras and xviagra", false),
        ("viagra", "now.viagra", true),
        ("viagra", "see https://viagra.example/x", true),
        ("viagra", "vi**agr**a", true),
        ("viagra", "v&#105;agra", true),
        ("viagra", "`viagra`", true),
        ("viagra", "v\u{200b}ia\u{ad}gra\u{feff}", true),
        ("viagra", "ｖｉａｇｒａ", true),
        ("viagra", "𝐯𝐢𝐚𝐠𝐫𝐚", true),
        ("viagra", "v\u{336}i\u{336}a\u{336}g\u{336}r\u{336}a\u{336}", true),
        ("viagra", "vïagra", false),
        ("v\u{200b}iagra", "viagra", true),
        ("straße", "STRASSE", true),
        ("café", "CAFE\u{301}", true),
        ("cafe", "café", false),
        ("οδος", "ΟΔΟΣ", true),
        ("İstanbul", "istanbul", true),
        ("can't", "I can’t", true),
        ("c++", "c", true),
        ("casino bonus", "The Casino—Bonus!", true),
        ("casino   bonus", "casino\nbonus", true),
        ("casino bonus", "casino **bonus**", true),
        ("casino bonus", "casino no bonus", false),
        ("casino bonus", "casino casino bonus", true),
        ("casino bonus", "bonus casino", false),
        ("便宜", "买便宜药", true),
        ("便药", "买便宜药", false),
        ("שלום", "אמר שלום!", true),
        ("مرحبا", "قال مرحبا بكم", true),
        ("naïve 3d", "Nai\u{308}ve 3D", true),
    ] {
        assert_eq!(says(phrase, text), found, "{phrase:?} in {text:?}");
    }
}

#[test]
fn a_phrase_stands_in_the_title_or_in_the_text_and_not_over_both() {
    let draft = RuleInput { title: "Win a casino", text: "bonus for all", ..RuleInput::default() };
    assert!(meets(RuleKind::Word, "a casino", &draft) && meets(RuleKind::Word, "bonus for", &draft));
    assert!(!meets(RuleKind::Word, "casino bonus", &draft));
}

#[test]
fn a_link_is_found_by_its_site_however_it_is_written() {
    for (site, text, found) in [
        ("example.com", "see https://example.com/x", true),
        ("example.com", "see HTTP://WWW.Example.COM./x", true),
        ("example.com", "[x](https://blog.example.com)", true),
        ("example.com", "[x](https&#58;//example.com)", true),
        ("example.com", "[x][1]\n\n[1]: https://example.com/", true),
        ("example.com", "<https://example.com/>", true),
        ("example.com", "![x](https://example.com/a.png)", true),
        ("example.com", "> * [x](https://example.com:8080/)", true),
        // An address with user information is not linked.
        ("example.com", "[x](https://user:pass@example.com/)", false),
        (
            "example.com",
            "https://notexample.com/ https://example.com.evil.org/ https://evil.org/?https://example.com",
            false,
        ),
        ("example.com", "https://evil.org/example.com#example.com", false),
        ("example.com", "`https://example.com/` and example.com", false),
        ("example.com", "mailto:a@example.com [x](/from/example.com)", false),
        ("github.com/spammer", "https://github.com/spammer/x", true),
        ("github.com/spammer", "https://github.com/spammers/x https://github.com/", false),
        ("github.com", "https://github.com/spammers/x", true),
        ("bücher.example", "https://BÜCHER.example/", true),
    ] {
        assert_eq!(
            meets(RuleKind::Link, site, &RuleInput { text, ..RuleInput::default() }),
            found,
            "{site} in {text}"
        );
    }
    let long = format!("https://example.com/{}", "a".repeat(3_000));
    assert!(meets(RuleKind::Link, "example.com", &RuleInput { text: &long, ..RuleInput::default() }));
    let url = StoryUrl::parse("https://example.com/").expect("an address");
    assert!(meets(RuleKind::Link, "example.com", &RuleInput { url: Some(&url), ..RuleInput::default() }));
}

#[test]
fn a_range_holds_the_addresses_of_its_network() {
    for (range, kept, address, found) in [
        ("203.0.113.5", "203.0.113.5/32", "203.0.113.5", true),
        ("203.0.113.5", "203.0.113.5/32", "203.0.113.6", false),
        ("203.0.113.99/24", "203.0.113.0/24", "203.0.113.5", true),
        ("203.0.113.0/24", "203.0.113.0/24", "::ffff:203.0.113.5", true),
        ("::ffff:203.0.113.5", "203.0.113.5/32", "203.0.113.5", true),
        ("203.0.0.0/16", "203.0.0.0/16", "203.0.113.5", true),
        ("203.0.0.0/16", "203.0.0.0/16", "203.1.0.1", false),
        ("2001:db8:1:2::5", "2001:db8:1:2::/64", "2001:db8:1:2:3::", true),
        ("2001:DB8:1::/48", "2001:db8:1::/48", "2001:db8:1:2::", true),
        ("2001:db8::/32", "2001:db8::/32", "2001:db9::1", false),
        ("2001:db8::/32", "2001:db8::/32", "203.0.113.5", false),
    ] {
        let pattern = Pattern::parse(RuleKind::Range, range).expect("a range");
        assert_eq!(pattern.to_string(), kept, "{range}");
        let from = Some(address.parse().expect("an address"));
        assert_eq!(
            meets(RuleKind::Range, range, &RuleInput { from, ..RuleInput::default() }),
            found,
            "{range} {address}"
        );
    }
    assert!(
        !meets(RuleKind::Range, "203.0.113.5", &RuleInput::default()),
        "where it comes from does not matter"
    );
}

#[test]
fn what_cannot_be_a_rule_is_refused_in_a_sentence() {
    let long = "a".repeat(101);
    for (kind, typed, error) in [
        (RuleKind::Word, " ", RuleError::Empty),
        (RuleKind::Word, long.as_str(), RuleError::Long),
        (RuleKind::Word, "?!… — “”", RuleError::NoWord),
        (RuleKind::Word, "🎰🎰", RuleError::NoWord),
        (RuleKind::Word, "\u{301}\u{200b}\u{202e}", RuleError::NoWord),
        (RuleKind::Link, "co.uk", RuleError::Site(SiteNameError::Suffix("co.uk".into()))),
        (RuleKind::Link, "two words", RuleError::Site(SiteNameError::Nonsense)),
        (RuleKind::Range, "example.com", RuleError::NotANetwork),
        (RuleKind::Range, "203.0.113", RuleError::NotANetwork),
        (RuleKind::Range, "203.0.113.0/33", RuleError::NotANetwork),
        (RuleKind::Range, "203.0.112.0/20", RuleError::Width),
        (RuleKind::Range, "0.0.0.0/0", RuleError::Width),
        (RuleKind::Range, "2001:db8::5/128", RuleError::Width),
        (RuleKind::Range, "::ffff:203.0.113.0/120", RuleError::Width),
    ] {
        assert_eq!(Pattern::parse(kind, typed), Err(error), "{typed:?}");
    }
}

#[test]
fn of_several_rules_the_gravest_decides_and_of_equals_the_first() {
    let judge = |rules: &[(RuleKind, &str, Effect)]| {
        let rules = rules.iter().map(|(kind, typed, effect)| rule(*kind, typed, *effect)).collect();
        let text = "a spam from https://example.com/";
        RuleSet::new(rules).judge(&RuleInput { title: "Eggs", text, ..RuleInput::default() })
    };
    let (queue, kill, refuse) = (Effect::Queue, Effect::Kill, Effect::Refuse);
    let why = |verdict: Result<Option<RuleMatch>, RuleRejection>| {
        verdict.expect("not refused").map(|s| (s.effect, s.why))
    };
    assert_eq!(why(judge(&[])), None);
    assert_eq!(
        why(judge(&[(RuleKind::Word, "eggs", queue), (RuleKind::Word, "spam", queue)])),
        Some((Effect::Queue, "rule: it says “eggs”".to_owned()))
    );
    assert_eq!(
        why(judge(&[(RuleKind::Word, "eggs", queue), (RuleKind::Link, "example.com", kill)])),
        Some((Effect::Kill, "rule: it links to example.com".to_owned()))
    );
    assert_eq!(
        judge(&[
            (RuleKind::Link, "example.com", kill),
            (RuleKind::Word, "a spam", refuse),
            (RuleKind::Word, "ham", refuse)
        ]),
        Err(RuleRejection::Words("a spam".to_owned()))
    );
}

proptest! {
    #[test]
    fn a_pattern_is_read_again_as_it_is_kept(typed in "\\PC{0,60}", address in any::<[u8; 4]>()) {
        for kind in RuleKind::ALL {
            if let Ok(pattern) = Pattern::parse(kind, &typed) {
                prop_assert_eq!(Pattern::parse(kind, &pattern.to_string()), Ok(pattern));
            }
        }
        for width in [32, 24, 16] {
            let range = format!("{}/{width}", IpAddr::from(address));
            let pattern = Pattern::parse(RuleKind::Range, &range).expect("a range");
            prop_assert_eq!(Pattern::parse(RuleKind::Range, &pattern.to_string()), Ok(pattern));
        }
    }

    #[test]
    fn a_phrase_is_found_among_other_words(before in "[a-z ]{0,20}", phrase in "[\\p{L}\\p{N}][\\p{L}\\p{N} \
        ]{0,20}", after in "[a-z ]{0,20}") {
        if Pattern::parse(RuleKind::Word, &phrase).is_ok() {
            let title = format!("{before} {phrase} {after}");
            let draft = RuleInput { title: &title, ..RuleInput::default() };
            prop_assert!(meets(RuleKind::Word, &phrase, &draft), "{}", phrase);
        }
    }

    #[test]
    fn no_text_takes_long_or_panics(title in "\\PC{0,200}", text in "\\PC{0,400}") {
        let (word, link) = ((RuleKind::Word, "a"), (RuleKind::Link, "example.com"));
        let rules = [word, link].map(|(kind, pattern)| rule(kind, pattern, Effect::Kill)).to_vec();
        let _ = RuleSet::new(rules).judge(&RuleInput { title: &title, text: &text, ..RuleInput::default() });
    }
}
