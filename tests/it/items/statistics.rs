//! The page of statistics: counted by a job, shown as charts with their tables.

use axum::http::StatusCode;
use stoa::clock::DAY;
use stoa::domain::accounts::user::Role;
use stoa::jobs;

use crate::support::app::{Page, TestApp};
use crate::support::fixtures::flag;

/// The rows of a chart's table: the month and its figures.
fn table(page: &Page, title: &str) -> Vec<String> {
    let at = page.texts("section.chart h2").iter().position(|heading| heading == title);
    let at = at.unwrap_or_else(|| panic!("no chart of {title}")) + 1;
    page.texts(&format!("section[aria-labelledby='chart-{at}'] tbody tr"))
}

async fn count(app: &TestApp) {
    app.pass(DAY + 120);
    jobs::count_statistics_if_due(&app.app).await.expect("counted");
}

#[tokio::test]
async fn a_forum_where_nothing_was_counted_says_so() {
    let app = TestApp::new().await;
    let page = app.visitor().get("/statistics").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.texts("main .empty p")[0].starts_with("There is nothing to count yet"));
    page.finds(0, "section.chart");
    count(&app).await;
    app.visitor().get("/statistics").await.finds(0, "section.chart");
}

#[tokio::test]
async fn posts_people_and_votes_are_counted_by_the_month() {
    let app = TestApp::new().await;
    let (mut ann, mut ben) = (app.member("ann").await, app.member("ben").await);
    let story = ann.text_story("Of the first month", "Words.").await;
    ben.reply(story, "A comment.").await;
    ben.vote(story, "up").await;
    let removed = ann.text_story("That is deleted", "Words.").await;
    ann.post(&format!("/item/{removed}/delete"), &[]).await;
    app.pass(20 * DAY);
    let mut ann = app.log_in("ann").await;
    ann.text_story("Of the second month", "Words.").await;
    count(&app).await;
    let page = app.visitor().get("/statistics").await;
    assert_eq!(page.texts("main .totals dd"), ["2", "2", "1", "1"]);
    page.finds(5, "section.chart");
    let months = page.texts("section[aria-labelledby='chart-1'] tbody th");
    assert_eq!(months.len(), 2, "{months:?}");
    let [late, early] = [&months[0], &months[1]];
    assert_eq!(table(&page, "Posts"), [format!("{late} 1 0"), format!("{early} 1 1")]);
    assert_eq!(table(&page, "People who posted"), [format!("{late} 1"), format!("{early} 2")]);
    assert_eq!(table(&page, "Votes"), [format!("{late} 0"), format!("{early} 1")]);
    assert_eq!(table(&page, "New members"), [format!("{late} 0"), format!("{early} 2")]);
    assert_eq!(table(&page, "Members who came"), [format!("{late} 1"), format!("{early} –")]);
    assert_eq!(page.texts("section[aria-labelledby='chart-1'] g title").len(), 2);
}

#[tokio::test]
async fn whoever_posts_or_votes_in_the_second_month_has_stayed() {
    let app = TestApp::new().await;
    let (mut ann, mut ben) = (app.member("ann").await, app.member("ben").await);
    app.member("cas").await;
    app.member("dot").await;
    let story = ann.text_story("Of the first day", "Words.").await;
    app.pass(29 * DAY);
    ben.reply(story, "Too early to count.").await;
    app.pass(2 * DAY);
    app.log_in("cas").await.vote(story, "up").await;
    app.pass(30 * DAY);
    app.log_in("dot").await.reply(story, "Too late to count.").await;
    count(&app).await;
    let page = app.visitor().get("/statistics").await;
    assert!(!page.texts("section.chart h2").contains(&"Members who stayed".to_owned()), "not known yet");
    app.pass(31 * DAY);
    count(&app).await;
    let stayed = table(&app.visitor().get("/statistics").await, "Members who stayed");
    assert!(stayed.last().expect("a month").ends_with(" 25 %"), "{stayed:?}");
}

#[tokio::test]
async fn the_time_until_a_moderator_decides_runs_from_the_first_flag() {
    let app = TestApp::new().await;
    let (mut ann, mut mia) = (app.member("ann").await, app.person("mia", Role::Moderator).await);
    app.set_karma("ann", 31).await;
    let mut sam = app.member("sam").await;
    for hours in [1, 2, 30] {
        let story = sam.text_story(&format!("Decided after {hours} hours"), "Words.").await;
        flag(&mut ann, story, "spam", "").await;
        app.pass(hours * 3_600);
        mia.post(&format!("/item/{story}/clear"), &[]).await;
    }
    sam.text_story("Nobody flags this", "Words.").await;
    count(&app).await;
    let took = table(&app.visitor().get("/statistics").await, "Time to decide a report");
    assert!(took.iter().any(|row| row.ends_with(" 2 hours")), "{took:?}");
}

#[tokio::test]
async fn one_count_a_day_is_enough_and_changes_what_visitors_read() {
    let app = TestApp::new().await;
    let mut ann = app.member("ann").await;
    ann.text_story("The first", "Words.").await;
    count(&app).await;
    let stories = async || app.visitor().get("/statistics").await.texts("main .totals dd")[1].clone();
    assert_eq!(stories().await, "1");
    ann.text_story("The next", "Words.").await;
    jobs::count_statistics_if_due(&app.app).await.expect("not due");
    assert_eq!(stories().await, "1");
    count(&app).await;
    assert_eq!(stories().await, "2");
}
