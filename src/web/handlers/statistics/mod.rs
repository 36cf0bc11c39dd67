//! The page of statistics.

mod chart;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::domain::text::plural::Grouped;
use crate::domain::time::month::Month;
use crate::domain::time::relative_time;
use crate::store::MonthStatistics;
use crate::web::error::Error;
use crate::web::extract::session::MaybeMember;
use crate::web::handlers::statistics::chart::{Chart, Series};
use crate::web::state::App;
use crate::web::view::layout::{Page, html};

/// Months that the charts show.
const MONTHS: usize = 24;

#[derive(Template)]
#[template(path = "statistics.html")]
struct StatisticsPage<'a> {
    page: Page<'a>,
    totals: Vec<(&'static str, Grouped<i64>)>,
    charts: Vec<Chart>,
}

fn number(value: i64) -> String {
    Grouped(value).to_string()
}

fn percent(value: i64) -> String {
    format!("{value} %")
}

/// To the minute, or to the hour from a day on.
fn duration(seconds: i64) -> String {
    relative_time::left(seconds)
}

fn stayed_percent(month: &MonthStatistics) -> Option<i64> {
    let stayed = month.stayed.filter(|_| month.joined > 0)?;
    stayed.saturating_mul(100).checked_div(month.joined)
}

fn totals(months: &[MonthStatistics]) -> Vec<(&'static str, Grouped<i64>)> {
    let sum = |of: fn(&MonthStatistics) -> i64| Grouped(months.iter().map(of).sum());
    vec![
        ("Accounts", sum(|month| month.joined)),
        ("Stories", sum(|month| month.stories)),
        ("Comments", sum(|month| month.comments)),
        ("Votes", sum(|month| month.votes)),
    ]
}

fn charts(months: &[MonthStatistics]) -> Vec<Chart> {
    let names: Vec<String> = months.iter().map(|row| Month::of(row.month).to_string()).collect();
    let series = |name, of: fn(&MonthStatistics) -> Option<i64>| Series {
        name,
        values: months.iter().map(of).collect(),
    };
    let chart = |title, note, shown: fn(i64) -> String, series: Vec<Series>| {
        Chart::new(title, note, &names, shown, &series)
    };
    let all = vec![
        chart(
            "Posts",
            "Stories and comments that can be read.",
            number,
            vec![
                series("Stories", |month| Some(month.stories)),
                series("Comments", |month| Some(month.comments)),
            ],
        ),
        chart(
            "People who posted",
            "Authors of at least one story or comment.",
            number,
            vec![series("People", |month| Some(month.authors))],
        ),
        chart("Votes", "Votes on posts of others.", number, vec![series("Votes", |month| Some(month.votes))]),
        chart(
            "New members",
            "Accounts that were created here.",
            number,
            vec![series("Accounts", |month| Some(month.joined))],
        ),
        chart(
            "Members who came",
            "Members who were logged in and opened a page.",
            number,
            vec![series("Members", |month| Some(month.visited).filter(|visited| *visited > 0))],
        ),
        chart(
            "Members who stayed",
            "The share of those who joined in a month who posted or voted in their second month.",
            percent,
            vec![series("Stayed", stayed_percent)],
        ),
        chart(
            "Time to decide a report",
            "Moderators decided on half of the flagged and reported posts within this time.",
            duration,
            vec![series("Time", |month| month.took)],
        ),
    ];
    all.into_iter().filter(|chart| !chart.is_empty()).collect()
}

/// `/statistics`
pub async fn show(State(app): State<App>, viewer: MaybeMember) -> Result<Response, Error> {
    let months = app.store.statistics().await?;
    let (_, latest) = months.split_at(months.len().saturating_sub(MONTHS));
    let page = Page::new(&app, &viewer, "statistics", "Statistics")
        .described(format!("People, posts and votes of {}, month by month", viewer.settings.site_name));
    Ok(html(&StatisticsPage { page, totals: totals(&months), charts: charts(latest) }))
}
