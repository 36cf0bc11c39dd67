//! What is open to those whom most of the forum is closed to.

/// What a visitor can open where only members read: the ways to an account, what the site says of itself, and
/// what machines ask. Everything else is closed, so that a new route is closed unless it is named here.
pub fn is_always_open(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    matches!(
        parts[..],
        ["login" | "signup" | "reset" | "guidelines" | "privacy" | "contact"]
            | ["login", "code" | "passkey"]
            | ["login", "passkey", "challenge"]
            | ["contact", _]
            // Whoever has its secret address reads it.
            | ["feed", "inbox", _]
            | ["invitation" | "setup" | "reset" | "email" | "unsubscribe" | "static" | "icons", _]
            | [".well-known", "change-password" | "security.txt"]
            | ["favicon.ico" | "site.webmanifest" | "robots.txt" | "healthz" | "readyz"]
    )
}

/// What somebody can open while they are banned, of what is for members: why and until when, their appeal,
/// their own data, and the end of their account. Everything else is closed to them, so that a new route is
/// closed unless it is named here.
pub fn is_open_to_banned(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    matches!(
        parts[..],
        ["banned"]
            | ["settings", "export" | "delete"]
            | ["settings", "export", "file"]
            // An answer, or the decision on a report.
            | ["messages", _]
            // The end of an account that has no password is confirmed with a passkey.
            | ["settings", "passkeys", "challenge"]
    )
}
