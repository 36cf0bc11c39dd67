//! Applies the moderators' content rules to stories, comments, edits, sign-ups and profiles.

use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::accounts::user::{Member, Role};
use crate::domain::limits::policy::Policy;
use crate::domain::moderation::rules::{
    Pattern, Rule, RuleInput, RuleMatch, RuleRejection, RuleSet, is_past_ranges,
};
use crate::store::{RuleRow, Store};
use crate::web::error::Error;

/// The rules, cached by the store's generation.
#[derive(Default)]
pub struct CachedRules(Mutex<Option<(u64, Arc<RuleSet>)>>);

impl CachedRules {
    pub async fn for_member(
        &self,
        store: &Store,
        policy: &Policy,
        member: &Member,
    ) -> Result<RulesFor, Error> {
        let rules = if member.role >= Role::Moderator { None } else { Some(self.get(store).await?) };
        Ok(RulesFor { rules, is_past_ranges: is_past_ranges(member.role, member.karma, policy) })
    }

    /// Rules for a sign-up: an account can be neither queued nor killed, so only refusing rules apply.
    pub async fn for_newcomer(&self, store: &Store) -> Result<RulesFor, Error> {
        Ok(RulesFor { rules: Some(self.get(store).await?), is_past_ranges: false })
    }

    async fn get(&self, store: &Store) -> Result<Arc<RuleSet>, Error> {
        let generation = store.content_generation();
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, rules)) = kept.filter(|(of, _)| *of == generation) {
            return Ok(rules);
        }
        let rules = Arc::new(RuleSet::new(store.rules().await?.into_iter().filter_map(read).collect()));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((generation, Arc::clone(&rules)));
        Ok(rules)
    }
}

fn read(known: RuleRow) -> Option<Rule> {
    let pattern = Pattern::parse(known.kind, &known.pattern)
        .map_err(|error| tracing::warn!(id = known.id, %error, "a rule cannot be read"))
        .ok()?;
    Some(Rule { pattern, effect: known.effect, actor: known.actor_id })
}

pub struct RulesFor {
    /// `None` for moderators, who may quote what the rules match.
    rules: Option<Arc<RuleSet>>,
    is_past_ranges: bool,
}

impl RulesFor {
    pub fn judge(&self, draft: RuleInput<'_>) -> Result<Option<RuleMatch>, RuleRejection> {
        let from = draft.from.filter(|_| !self.is_past_ranges);
        self.rules.as_ref().map_or(Ok(None), |rules| rules.judge(&RuleInput { from, ..draft }))
    }
}
