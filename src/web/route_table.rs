//! The routes with their patterns, so that the route of any path is known, also of one that a cache answers.

use axum::Router;
use axum::routing::MethodRouter;

use crate::web::state::App;

/// Routes that remember their patterns.
pub struct Routes {
    pub router: Router<App>,
    patterns: Vec<&'static str>,
}

impl Routes {
    pub fn new() -> Routes {
        Routes { router: Router::new(), patterns: Vec::new() }
    }

    pub fn route(mut self, pattern: &'static str, methods: MethodRouter<App>) -> Routes {
        self.patterns.push(pattern);
        Routes { router: self.router.route(pattern, methods), ..self }
    }

    pub fn merge(mut self, other: Routes) -> Routes {
        self.patterns.extend(other.patterns);
        Routes { router: self.router.merge(other.router), ..self }
    }
}

/// Finds the pattern of a path, as the router does.
pub struct RoutePatterns(matchit::Router<&'static str>);

impl RoutePatterns {
    const OTHER: &'static str = "other";

    /// Fails if two patterns are for the same paths.
    pub fn of(tables: &[&Routes]) -> Result<RoutePatterns, matchit::InsertError> {
        let mut known = matchit::Router::new();
        for pattern in tables.iter().flat_map(|table| &table.patterns) {
            known.insert(*pattern, *pattern)?;
        }
        Ok(RoutePatterns(known))
    }

    pub fn pattern(&self, path: &str) -> &'static str {
        self.0.at(path).map_or(RoutePatterns::OTHER, |found| *found.value)
    }
}
