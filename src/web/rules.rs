//! Holding posts against the moderators' rules: the one place where a story, a comment, an edit, a sign-up or a profile meets them.

use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::rule::{Draft, Pattern, Refused, Rule, Rules, Stopped, is_past_ranges};
use crate::domain::user::{Member, Role};
use crate::store::{KnownRule, Store};
use crate::web::error::Error;
use crate::web::state::App;

/// The rules as they were when the store had last been written to.
#[derive(Default)]
pub struct KeptRules(Mutex<Option<(u64, Arc<Rules>)>>);

impl KeptRules {
    async fn get(&self, store: &Store) -> Result<Arc<Rules>, Error> {
        let generation = store.said();
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, rules)) = kept.filter(|(of, _)| *of == generation) {
            return Ok(rules);
        }
        let rules = Arc::new(Rules::new(store.rules().await?.into_iter().filter_map(read).collect()));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((generation, Arc::clone(&rules)));
        Ok(rules)
    }
}

fn read(known: KnownRule) -> Option<Rule> {
    let pattern = Pattern::parse(known.kind, &known.pattern)
        .map_err(|error| tracing::warn!(id = known.id, %error, "a rule cannot be read"))
        .ok()?;
    Some(Rule { pattern, effect: known.effect, actor: known.actor_id })
}

/// What the rules do about what a member is about to post. Moderators may quote what they stop.
pub async fn judge(app: &App, member: &Member, draft: Draft<'_>) -> Result<Result<Option<Stopped>, Refused>, Error> {
    if member.role >= Role::Moderator {
        return Ok(Ok(None));
    }
    let from = draft.from.filter(|_| !is_past_ranges(member.role, member.karma, &app.settings().policy));
    Ok(app.rules.get(&app.store).await?.judge(&Draft { from, ..draft }))
}

/// Whether somebody may become a member, by their name and where they come from: what can be neither queued nor killed is refused by
/// rules that refuse, and by no others.
pub async fn judge_newcomer(app: &App, draft: Draft<'_>) -> Result<Result<(), Refused>, Error> {
    Ok(app.rules.get(&app.store).await?.judge(&draft).map(|_| ()))
}
