//! Importing what is longer than any text or title that is kept.

use stoa::cli::import::{Import, Report, import};
use stoa::domain::items::item::ItemId;
use stoa::domain::text::MAX_TEXT_BYTES;

use crate::support::app::TestApp;

/// Imports a file, and answers what was said on the way.
async fn import_file(app: &TestApp, content: &str) -> (Report, String) {
    let file = app.dir.path().join("long.json");
    std::fs::write(&file, content).unwrap();
    let args = Import { files: vec![file], strict: false };
    let mut said = Vec::new();
    let report = import(&args, &app.store, &app.app.clock, &mut said, false).await.unwrap();
    (report, String::from_utf8(said).unwrap().replace(&format!("{}/", app.dir.path().display()), ""))
}

fn comment(id: i64, parent: i64, text: &str) -> String {
    format!(
        r#"{{"id":{id},"type":"comment","by":"bob","time":1600000001,"parent":{parent},"text":"{text}"}}"#
    )
}

#[tokio::test]
async fn a_text_and_a_title_that_are_too_long_are_cut_and_named_and_cost_nothing_else() {
    let app = TestApp::new().await;
    let title = "word ".repeat(61);
    let story =
        format!(r#"{{"id":1,"type":"story","by":"ada","time":1600000000,"title":"{title}","score":3}}"#);
    let long = format!("begin<p>{}", "some words<p>".repeat(40_000));
    let lines = [
        story,
        comment(2, 1, "before"),
        comment(3, 1, &long),
        comment(4, 3, "below"),
        comment(5, 1, "after"),
    ];
    let (report, said) = import_file(&app, &lines.join("\n")).await;
    assert_eq!((report.new, report.bad, report.skipped, report.cut), (5, 0, 0, 2));
    assert_eq!(
        said,
        "long.json:1: item 1: its title has more than 300 characters and was cut\n\
         long.json:3: item 3: its text has 468 KB, more than 256, and was cut\n"
    );
    assert!(report.to_string().contains("2 overlong fields were cut and listed above."), "{report}");
    let title = app.store.item(ItemId(1)).await.unwrap().title.unwrap();
    assert!(title.chars().count() <= 300 && title.ends_with("word…"), "{title}");
    let text = app.store.item(ItemId(3)).await.unwrap().text;
    assert!(
        (MAX_TEXT_BYTES / 4 * 3..=MAX_TEXT_BYTES).contains(&text.len()) && text.starts_with("begin\n\n"),
        "{}",
        text.len()
    );
    assert!(text.ends_with("some words\n\n…"));
    let page = app.visitor().get("/item/3").await;
    assert!(page.says("begin some words") && page.says("below"));
    let (again, said) = import_file(&app, &lines.join("\n")).await;
    assert_eq!((again.new, again.known, said.as_str()), (0, 5, ""));
}

#[tokio::test]
async fn a_text_of_an_older_import_that_is_longer_is_shown_up_to_there() {
    let app = TestApp::new().await;
    app.import(
        &[r#"{"id":1,"type":"story","by":"ada","time":1600000000,"title":"A story"}"#, &comment(2, 1, "x")]
            .join("\n"),
    )
    .await;
    app.sql(&format!("update items set text = '{}' where id = 2", "words ".repeat(1_000_000))).await;
    let page = app.visitor().get("/item/2").await;
    let text = page.one(".t").text;
    assert!(
        text.len() < MAX_TEXT_BYTES + 10 && text.starts_with("words words") && text.ends_with("…"),
        "{}",
        text.len()
    );
    let page = app.visitor().get("/item/1").await;
    assert!(page.body.len() < 20_000, "{}", page.body.len());
}
