//! Content rules, and a dry run of new ones.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use crate::clock::{DAY, Timestamp};
use crate::domain::accounts::user::Role;
use crate::domain::items::item::ItemId;
use crate::domain::limits::policy::Policy;
use crate::domain::moderation::permissions;
use crate::domain::moderation::rules::{
    Effect, MAX_RULES, Pattern, Rule, RuleError, RuleInput, RuleKind, RuleSet, is_past_ranges,
};
use crate::domain::moderation::site_restriction::SiteNameError;
use crate::domain::text;
use crate::domain::time::relative_time;
use crate::domain::url::StoryUrl;
use crate::store::{self, ActionContext, RuleRow, RuleSubject};
use crate::web::admission::run_blocking;
use crate::web::error::Error;
use crate::web::extract::form::FormErrors;
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::path::Path;
use crate::web::extract::recovered_form::RecoverableForm;
use crate::web::extract::session::{MaybeMember, Moderator};
use crate::web::handlers::moderation;
use crate::web::state::App;
use crate::web::view::items::TimeView;
use crate::web::view::layout::{Page, html_with};
use crate::web::view::pagination::Tab;

/// Period of the dry run in seconds: as long as IP hashes are stored.
const TRIED: i64 = 30 * DAY;
/// Stories, comments, and posts per network that a dry run reads.
const LOOKED_AT: i64 = 2_000;
const LISTED: usize = 50;
/// Characters of a comment shown as its name.
const EXCERPT: usize = 80;

#[derive(Template)]
#[template(path = "moderation/rules.html")]
struct RulesPage<'a> {
    page: Page<'a>,
    desk: Vec<Tab>,
    errors: FormErrors,
    typed: &'a RuleForm,
    trial: Option<RuleDryRun>,
    rules: Vec<RuleView>,
    /// Karma that exempts a member from network rules.
    past_ranges: i64,
}

struct RuleView {
    id: i64,
    kind: &'static str,
    pattern: String,
    effect: &'static str,
    reason: String,
    actor: String,
    when: TimeView,
}

impl RuleView {
    fn new(rule: RuleRow, now: Timestamp) -> RuleView {
        RuleView {
            id: rule.id,
            kind: rule.kind.label(),
            pattern: rule.pattern,
            effect: rule.effect.as_str(),
            reason: rule.reason,
            actor: rule.actor.unwrap_or_else(|| "the operator".to_owned()),
            when: TimeView::new(rule.created_at, now),
        }
    }
}

struct RuleDryRun {
    /// The normalised pattern.
    pattern: String,
    kind: &'static str,
    count: usize,
    what: &'static str,
    listed: Vec<RuleHit>,
    /// The start of the period, if the limit shortened it.
    since: Option<String>,
}

struct RuleHit {
    item: Option<ItemId>,
    name: String,
    author: String,
    when: TimeView,
}

impl RuleHit {
    fn new(posted: RuleSubject, now: Timestamp) -> RuleHit {
        let name = match (posted.item, posted.title) {
            (None, _) => "a new account".to_owned(),
            (Some(_), Some(title)) => title,
            (Some(_), None) => text::excerpt(&posted.text, EXCERPT),
        };
        let name = if name.is_empty() { "[deleted]".to_owned() } else { name };
        RuleHit {
            item: posted.item,
            name,
            author: posted.author,
            when: TimeView::new(posted.created_at, now),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
pub struct RuleForm {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    pattern: String,
    #[serde(default)]
    effect: String,
    #[serde(default)]
    reason: String,
    /// Add the rule; otherwise only try it.
    add: Option<String>,
}

async fn page(
    app: &App,
    Moderator { viewer, member }: &Moderator,
    typed: &RuleForm,
    trial: Option<RuleDryRun>,
    errors: FormErrors,
) -> Result<Response, Error> {
    let rules =
        app.store.rules().await?.into_iter().rev().map(|rule| RuleView::new(rule, viewer.now)).collect();
    let mut page = Page::new(app, viewer, "mod", "Rules");
    page.robots = false;
    let (desk, past_ranges) =
        (moderation::tabs::bar(member, "rules"), viewer.settings.policy.ip_rules_exempt_karma);
    Ok(html_with(errors.status(), &RulesPage { page, desk, errors, typed, trial, rules, past_ranges }))
}

/// `GET /mod/rules`
pub async fn list(State(app): State<App>, moderator: Moderator) -> Result<Response, Error> {
    page(&app, &moderator, &RuleForm::default(), None, FormErrors::default()).await
}

fn check<'a>(typed: &'a RuleForm, moderator: &Moderator) -> Result<(Rule, &'a str), FormErrors> {
    let mut mistakes = FormErrors::default();
    let kind = mistakes.check("kind", RuleKind::parse(&typed.kind).ok_or("Choose a rule type."));
    let effect = mistakes.check("effect", Effect::parse(&typed.effect).ok_or("Choose what the rule does."));
    let pattern = kind.and_then(|kind| mistakes.check("pattern", Pattern::parse(kind, &typed.pattern)));
    let reason = mistakes.check("reason", permissions::reason(&typed.reason, true));
    if let Some(Pattern::Link(site)) = &pattern
        && site.is_host_of_many()
        && moderator.member.role < Role::Admin
    {
        mistakes.add("pattern", SiteNameError::AdminsOnly(site.to_string()));
    }
    match (pattern, effect, reason) {
        (Some(pattern), Some(effect), Some(reason)) if mistakes.is_empty() => {
            Ok((Rule { pattern, effect, actor: Some(moderator.member.id) }, reason))
        }
        _ => Err(mistakes),
    }
}

/// `POST /mod/rules`: tries a rule on earlier posts, or adds it.
pub async fn create(
    State(app): State<App>,
    RecoverableForm { asking: moderator, typed }: RecoverableForm<RuleForm, Moderator>,
) -> Result<Response, Error> {
    let (rule, reason) = match check(&typed, &moderator) {
        Ok(checked) => checked,
        Err(mistakes) => return page(&app, &moderator, &typed, None, mistakes).await,
    };
    let refuse = |error| page(&app, &moderator, &typed, None, FormErrors::one("pattern", error));
    if app.store.rules().await?.len() >= MAX_RULES {
        return refuse(RuleError::Full).await;
    }
    if typed.add.is_none() {
        let trial = try_out(&app, &rule, &moderator.viewer).await?;
        return page(&app, &moderator, &typed, Some(trial), FormErrors::default()).await;
    }
    let act = ActionContext { actor: Some(moderator.member.id), reason, at: moderator.viewer.now };
    match app.store.add_rule(&rule.pattern, rule.effect, act).await {
        Ok(()) => Ok(LocalRedirect::new("/mod/rules").redirect()),
        Err(store::Error::Conflict) => refuse(RuleError::There).await,
        Err(error) => Err(error.into()),
    }
}

/// The earlier posts that the rule matches, evaluated as for new posts.
async fn try_out(app: &App, rule: &Rule, viewer: &MaybeMember) -> Result<RuleDryRun, Error> {
    let permit = app.admission.slow_pages.acquire(viewer.from).await?;
    let since = viewer.now.minus(TRIED);
    let (posted, cut) = match &rule.pattern {
        Pattern::Range(range) => {
            let network = app.store.ip_hash_key().network(*range);
            let (prefix, hash) = network.ok_or_else(|| Error::bad(RuleError::Width))?;
            let posted = app.store.posted_from(prefix, hash, since, LOOKED_AT).await?;
            let cut = full(&posted);
            (posted, cut)
        }
        Pattern::Word(_) | Pattern::Link(_) => {
            let (mut posted, comments) = app.store.posted_since(since, LOOKED_AT).await?;
            let cut = full(&posted).max(full(&comments));
            posted.extend(comments);
            (posted, cut)
        }
    };
    let (tried, policy) = (rule.clone(), viewer.settings.policy.clone());
    // Matching thousands of texts would block other requests.
    let mut met = run_blocking(permit, move || would_meet(&tried, posted, &policy)).await?;
    met.sort_by_key(|posted| std::cmp::Reverse(posted.created_at));
    let (pattern, kind, count) = (rule.pattern.to_string(), rule.pattern.kind().label(), met.len());
    let what = match count {
        _ if met.iter().any(|posted| posted.item.is_none()) => "posts and new accounts",
        1 => "post",
        _ => "posts",
    };
    let listed = met.into_iter().take(LISTED).map(|posted| RuleHit::new(posted, viewer.now)).collect();
    Ok(RuleDryRun { pattern, kind, count, what, listed, since: cut.map(relative_time::day) })
}

/// The start of the period, if the row limit was reached.
fn full(posted: &[RuleSubject]) -> Option<Timestamp> {
    let last = posted.last().map(|posted| posted.created_at)?;
    (i64::try_from(posted.len()).ok()? >= LOOKED_AT).then_some(last)
}

/// The posts that the rule matches, with its exemptions.
fn would_meet(rule: &Rule, mut posted: Vec<RuleSubject>, policy: &Policy) -> Vec<RuleSubject> {
    let rules = RuleSet::new(vec![rule.clone()]);
    posted.retain(|posted| match (rule.pattern.range(), posted.item) {
        (Some(_), None) => rule.effect == Effect::Refuse,
        (Some(_), Some(_)) => !is_past_ranges(posted.role, posted.karma, policy),
        (None, _) if posted.role >= Role::Moderator => false,
        (None, _) => {
            let url = posted.url.as_deref().and_then(|url| StoryUrl::parse(url).ok());
            let title = posted.title.as_deref().unwrap_or_default();
            let draft = RuleInput { title, url: url.as_ref(), text: &posted.text, from: None };
            !matches!(rules.judge(&draft), Ok(None))
        }
    });
    posted
}

/// `POST /mod/rules/{id}/drop`
pub async fn drop(
    State(app): State<App>,
    moderator: Moderator,
    Path(id): Path<i64>,
) -> Result<Response, Error> {
    let act = ActionContext { actor: Some(moderator.member.id), reason: "", at: moderator.viewer.now };
    app.store.drop_rule(id, act).await?;
    Ok(LocalRedirect::new("/mod/rules").redirect())
}
