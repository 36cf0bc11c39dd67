//! What an admin chooses on one node, on another.

use std::time::Duration;

use stoa::domain::accounts::user::Role;
use tokio::time::Instant;

use crate::nodes::two_nodes;

#[tokio::test]
async fn a_new_name_colour_and_guidelines_are_on_every_node_within_a_second() {
    let Some((one, other)) = two_nodes().await else { return };
    stoa::jobs::start(&other.app);
    let mut ada = one.person("ada", Role::Admin).await;
    let sheet = "link[rel=stylesheet]";
    let before = other.visitor().get("/").await.one(sheet).attr("href").to_owned();
    for path in ["/new", "/guidelines"] {
        other.visitor().get(path).await;
    }
    ada.post("/mod/settings", &[("site_name", "Looms"), ("accent", "#a8261c")]).await;
    ada.post("/mod/pages/guidelines", &[("text", "Be kind on {site}.")]).await;
    // The admin sees it on the next page of any node, and everybody a moment later.
    let page = ada.at(&other).get("/new").await;
    assert_eq!(page.one("header .brand bdi").text, "Looms");
    let began = Instant::now();
    loop {
        let (page, rules) = (other.visitor().get("/new").await, other.visitor().get("/guidelines").await);
        let style = page.one(sheet).attr("href").to_owned();
        if page.one("header .brand bdi").text == "Looms" && style != before && rules.says("Be kind on Looms.")
        {
            assert!(other.visitor().get(&style).await.text().contains("light-dark(#a8261c,"));
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(1), "it takes too long: {}", page.words());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
