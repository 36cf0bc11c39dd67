//! Every statement that requests run on PostgreSQL reads little of a large site, and by an index.

use std::collections::BTreeMap;

use serde_json::Value;
use stoa::cli::generate::{Generate, make};

use crate::http::roles::forum;
use crate::store::prepared_statements::alone;
use crate::store::query_plans::use_everything;
use crate::support::database::cluster;

/// How often a statement may look at a page of the database: enough for 2,000 items with their authors, as a
/// moderator's trial of a rule reads, and a fraction of what each item of the site would take.
const MAX_BUFFERS: i64 = 8_000;
const COMMENTS: u32 = 20_000;

struct Plan {
    query: String,
    /// Tables that are read whole.
    scanned: Vec<String>,
    /// How many pages of the database were looked at.
    buffers: i64,
}

impl Plan {
    fn of(plan: &Value) -> Plan {
        let root = &plan["Plan"];
        let mut scanned = Vec::new();
        sequential_scans(root, &mut scanned);
        let number = |name: &str| root[name].as_i64().unwrap_or(0);
        let query =
            plan["Query Text"].as_str().unwrap_or("").split_whitespace().collect::<Vec<_>>().join(" ");
        Plan { query, scanned, buffers: number("Shared Hit Blocks") + number("Shared Read Blocks") }
    }

    fn refusal(&self) -> Option<String> {
        let wrong = !self.scanned.is_empty() || self.buffers > MAX_BUFFERS;
        wrong.then(|| format!("{} pages, whole tables {:?}\n  {}", self.buffers, self.scanned, self.query))
    }
}

fn sequential_scans(node: &Value, scanned: &mut Vec<String>) {
    let text = |name: &str| node[name].as_str().unwrap_or("");
    // A sequence has one row; of settings there are as many as the forum has, and of the others two.
    let small = ["items_id_seq", "settings", "chosen_settings", "images", "first_steps"];
    if text("Node Type") == "Seq Scan" && !small.contains(&text("Relation Name")) {
        scanned.push(text("Relation Name").to_owned());
    }
    for inner in node["Plans"].as_array().into_iter().flatten() {
        sequential_scans(inner, scanned);
    }
}

#[test]
fn every_statement_reads_little_of_a_large_site() {
    if cluster().is_none() {
        return;
    }
    let name = "store::postgres_plans::every_statement_reads_little_of_a_large_site";
    alone(name, |statements| async move {
        let app = forum().await;
        let site = Generate { users: 1_000, stories: 2_000, comments: COMMENTS, long: vec![400], seed: 1 };
        make(&site, &app.store, app.now()).await.expect("a site");
        app.sql("vacuum analyze").await;
        // Connections from now on report the plan of each statement, and read a table whole only if no index
        // would do.
        app.sql(
            "do 'declare setting text; begin foreach setting in array array[\
             ''session_preload_libraries = auto_explain'', ''auto_explain.log_min_duration = 0'', \
             ''auto_explain.log_analyze = on'', ''auto_explain.log_timing = off'', \
             ''auto_explain.log_buffers = on'', ''auto_explain.log_format = json'', \
             ''auto_explain.log_level = notice'', ''auto_explain.log_nested_statements = off'', \
             ''enable_seqscan = off'', ''jit = off''] loop \
             execute format(''alter database %I set %s'', current_database(), setting); end loop; end'",
        )
        .await;
        let node = app.another_node().await;
        statements.plans().await;
        Box::pin(use_everything(&node)).await;
        let mut worst: BTreeMap<String, Plan> = BTreeMap::new();
        for plan in statements.plans().await.iter().map(Plan::of) {
            let known = worst.get(&plan.query);
            if known.is_none_or(|known| known.buffers < plan.buffers) {
                worst.insert(plan.query.clone(), plan);
            }
        }
        assert!(worst.len() > 150, "only {} statements were explained", worst.len());
        let refused: Vec<String> = worst.values().filter_map(Plan::refusal).collect();
        assert!(refused.is_empty(), "{}", refused.join("\n\n"));
    });
}
