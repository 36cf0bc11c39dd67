//! The style sheet with the community's own colour.

use crate::domain::accent::Accent;
use crate::web::view::assets::{Asset, STYLE};

/// `None` for the colour that the style sheet has.
pub fn style_of(accent: Accent) -> Option<Asset> {
    if accent == Accent::default() {
        return None;
    }
    let (light, dark) = (accent.on_light(), accent.on_dark());
    let (more_light, more_dark) = accent.with_more_contrast();
    let tokens = format!(
        "@layer tokens {{\n  :root {{ --accent: light-dark({light}, {dark}); }}\n  \
         @media (prefers-contrast: more) {{\n    \
         :root {{ --accent: light-dark({more_light}, {more_dark}); }}\n  }}\n}}\n"
    );
    Some(Asset::new("style", "css", "text/css; charset=utf-8", format!("{STYLE}{tokens}")))
}
