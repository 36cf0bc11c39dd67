//! What follows from settings.

use std::path::PathBuf;

use tracing_subscriber::EnvFilter;

use super::{ConfigError, ServerSettings, SiteSettings};

impl SiteSettings {
    /// The name in titles such as “Ask XY: ...”.
    pub fn short_name(&self) -> &str {
        if self.short_name.is_empty() { &self.site_name } else { &self.short_name }
    }
}

impl ServerSettings {
    /// Cannot fail after validation at start.
    pub fn log_filter(&self) -> Result<EnvFilter, ConfigError> {
        crate::config::log_filter::filter(&self.log_filter)
            .map_err(|wrong| ConfigError::value("log_filter", &self.log_filter, wrong))
    }

    /// Where the search index is.
    pub fn search_directory(&self) -> PathBuf {
        match self.database.file() {
            _ if !self.search_dir.as_os_str().is_empty() => self.search_dir.clone(),
            Some(file) => file.with_added_extension("search"),
            None => PathBuf::from("stoa-search"),
        }
    }

    /// Whether the public address is HTTPS, for cookies and headers.
    pub fn is_https(&self) -> bool {
        self.base_url.starts_with("https://")
    }
}
