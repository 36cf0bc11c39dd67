//! Parts that many pages share: forms and what is typed in them, stories and comments, facts and messages.

use std::collections::BTreeMap;

use scraper::Node;

use crate::support::page::{Element, Page, fold, parsed};

/// The other stories of the same address that a story's page names, with their links.
pub const EARLIER: &str = "article > p > a[href^='/item/']";

/// The first number in a text; zero where there is none.
fn number_in(text: &str) -> i64 {
    let digits = text.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit);
    digits.collect::<String>().parse().unwrap_or_default()
}

impl Page {
    /// What the one field that `selector` finds holds.
    #[track_caller]
    pub fn value(&self, selector: &str) -> String {
        self.one(selector).value
    }

    /// What the one form that goes to `action` sends when no button of it is pressed.
    #[track_caller]
    pub fn fields(&self, action: &str) -> Vec<(String, String)> {
        let form = format!("form[action='{action}']");
        self.finds(1, &form);
        let is_sent = |field: &Element| field.attr("type") != "checkbox" || field.has_attr("checked");
        let sent =
            self.all(&format!("{form} :is(input, textarea, select)[name]")).into_iter().filter(is_sent);
        sent.map(|field| (field.attr("name").to_owned(), field.value)).collect()
    }

    /// What is wrong with what was sent, each with the id of the field that it is about.
    pub fn errors(&self) -> Vec<(String, String)> {
        let listed = self.all("[role=alert] li");
        let field = |links: &[Element]| {
            links.first().map_or("", |link| link.attr("href")).trim_start_matches('#').to_owned()
        };
        let listed = listed.into_iter().map(|item| (field(&item.all("a")), item.text));
        let single = self.all("p[role=alert][id$='-error']").into_iter();
        let single = single.map(|said| (said.attr("id").trim_end_matches("-error").to_owned(), said.text));
        listed.chain(single).collect()
    }

    /// The fields that what is wrong is about, of which each is marked and described by what is said of it.
    #[track_caller]
    pub fn wrong(&self) -> Vec<String> {
        let errors = self.errors();
        assert!(!errors.is_empty(), "nothing is said to be wrong in {}", self.text());
        for (field, sentence) in &errors {
            let marked = self.one(&format!("[id='{field}'][aria-invalid=true]"));
            let said =
                marked.attr("aria-describedby").split(' ').map(|id| self.one(&format!("[id='{id}']")).text);
            assert!(said.into_iter().any(|said| said == *sentence), "{sentence} stands beside {field}");
        }
        errors.into_iter().map(|(field, _)| field).collect()
    }

    /// What the page says was done.
    #[track_caller]
    pub fn message(&self) -> String {
        self.one("main [role=status]").text
    }

    /// What moderators, rules and others told a member, the latest first.
    pub fn notices(&self) -> Vec<String> {
        self.texts("article[id^='n'] > div > p:first-child")
    }

    /// What is said of somebody, by the name of the fact.
    pub fn facts(&self) -> BTreeMap<String, String> {
        self.texts("main dl > dt").into_iter().zip(self.texts("main dl > dd")).collect()
    }

    /// The first number in the text of the one element that `selector` finds; zero where none stands in it.
    #[track_caller]
    pub fn number(&self, selector: &str) -> i64 {
        number_in(&self.one(selector).text)
    }

    /// The stories of a list, in its order.
    pub fn stories(&self) -> Vec<i64> {
        self.ids("ol > li[id^='i']")
    }

    /// The comments of a thread or a list, in its order.
    pub fn comments(&self) -> Vec<i64> {
        self.ids("article[id^='c']")
    }

    fn ids(&self, selector: &str) -> Vec<i64> {
        let selector = parsed(selector);
        let posts = self.document().select(&selector);
        posts.filter_map(|post| post.attr("id")?.get(1..)?.parse().ok()).collect()
    }

    /// The titles of a list of stories, in its order.
    pub fn titles(&self) -> Vec<String> {
        self.texts("ol > li[id^='i'] > div:first-of-type > a:first-of-type")
    }

    /// The points that are shown of a story or a comment.
    pub fn points(&self, id: i64) -> Option<i64> {
        let text = self.one(&format!("#i{id}, #c{id} > header")).text;
        let words: Vec<&str> = text.split(' ').collect();
        words.windows(2).find(|pair| matches!(pair[1], "point" | "points"))?[0].parse().ok()
    }

    /// How many comments the page of a story says that it has.
    #[track_caller]
    pub fn comment_count(&self, story: i64) -> i64 {
        self.number(&format!("#i{story} a[href='#comments']"))
    }

    /// What a comment says.
    #[track_caller]
    pub fn comment(&self, id: i64) -> String {
        let found = self.texts(&format!("#c{id} div"));
        found.into_iter().next().unwrap_or_else(|| panic!("comment {id} is not in {}", self.text()))
    }

    /// The marks of a story or a comment: what sets it off from others, in words.
    pub fn marks(&self, id: i64) -> Vec<String> {
        self.texts(&format!("#i{id} b, #c{id} > header b, #c{id} > header em"))
    }

    /// Which way somebody sees that they voted on a post; nothing where no vote can be cast.
    pub fn vote_on(&self, id: i64) -> Option<String> {
        let form = self.all(&format!("form[action='/item/{id}/vote']")).pop()?;
        let shown = ["up", "down"].into_iter().find(|dir| form.text.contains(&format!("you {dir}voted")));
        Some(shown.unwrap_or("none").to_owned())
    }

    /// Whether the words appear anywhere in the HTML, head and attributes included; for what must not leak.
    pub fn mentions(&self, words: &str) -> bool {
        let (document, mut text) = (self.document(), String::new());
        for node in document.tree.nodes() {
            match node.value() {
                Node::Text(part) => text.push_str(part),
                Node::Comment(part) => text.push_str(part),
                Node::Element(element) if element.attrs().any(|(_, value)| value.contains(words)) => {
                    return true;
                }
                _ => {}
            }
        }
        fold(&text).contains(&fold(words))
    }

    /// Fails unless each of `words` is in one of the elements that `selector` finds, one after the other.
    #[track_caller]
    pub fn in_order(&self, selector: &str, words: &[&str]) {
        let texts = self.texts(selector);
        let place = |words: &&str| texts.iter().position(|text| text.contains(*words));
        let places: Vec<_> = words.iter().map(place).collect();
        let stand = places.iter().all(Option::is_some) && places.is_sorted_by(|one, other| one < other);
        assert!(stand, "{words:?} stand in this order in {texts:#?}: {places:?}");
    }
}
