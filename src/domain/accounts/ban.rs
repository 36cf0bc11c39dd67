use crate::clock::Timestamp;
use crate::domain::text::with_reason;
use crate::domain::time::relative_time;

#[derive(Debug, Clone, PartialEq, Eq, Default, sqlx::FromRow)]
pub struct Ban {
    pub banned_at: Option<Timestamp>,
    /// `None`: permanent.
    pub banned_until: Option<Timestamp>,
    pub ban_reason: Option<String>,
}

impl Ban {
    pub fn holds(&self, now: Timestamp) -> bool {
        self.banned_at.is_some() && self.banned_until.is_none_or(|until| until > now)
    }

    /// Start of the ban, if it is active.
    pub fn since(&self, now: Timestamp) -> Option<Timestamp> {
        self.banned_at.filter(|_| self.holds(now))
    }

    pub fn sentence(&self, now: Timestamp) -> Option<String> {
        let end = self
            .banned_until
            .map_or_else(String::new, |until| format!(" until {}", relative_time::minute(until)));
        self.holds(now)
            .then(|| with_reason(&format!("This account is banned{end}"), self.ban_reason.as_deref()))
    }
}
