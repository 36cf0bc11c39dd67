//! A real SMTP server on the loopback, and a forum that hands its mail in there.

use std::cell::Cell;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::str::FromStr;

use axum::http::StatusCode;
use serde::Deserialize;
use stoa::config::Settings;
use stoa::smtp_url::SmtpUrl;
use tempfile::TempDir;

use crate::support::app::{Browser, PASSWORD, Page, TestApp};

/// `tests/smtp/server.py`, as long as this lives.
pub struct SmtpServer {
    folder: TempDir,
    program: Child,
    port: u16,
}

/// A mail as it arrived.
#[derive(Debug, Clone, Deserialize)]
pub struct SentMail {
    pub from: String,
    pub to: Vec<String>,
    headers: Vec<(String, String)>,
    pub raw: String,
    pub text: String,
    pub html: String,
}

impl SentMail {
    pub fn header(&self, name: &str) -> &str {
        let named: Vec<_> =
            self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name)).collect();
        assert!(named.len() < 2, "{name} twice");
        named.first().map_or("", |(_, value)| value)
    }

    pub fn subject(&self) -> &str {
        self.header("subject")
    }

    /// The path of its link that begins with this, once in each part.
    pub fn link(&self, path: &str) -> String {
        let is_it = |line: &&str| line.contains("://") && line.contains(path);
        let lines: Vec<&str> = self.text.lines().filter(is_it).collect();
        assert_eq!(lines.len(), 1, "{}", self.text);
        assert!(self.html.contains(lines[0]), "{}", self.html);
        lines[0][lines[0].find(path).expect("a path")..].to_owned()
    }
}

impl SmtpServer {
    pub fn start() -> SmtpServer {
        let folder = tempfile::tempdir().expect("a folder");
        let target = std::env::current_exe().expect("a test").ancestors().nth(3).expect("target").to_owned();
        let python = target.join("smtp/bin/python");
        assert!(python.exists(), "bin/test installs {}", python.display());
        let mut program = Command::new(python)
            .arg(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/smtp/server.py"))
            .arg(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("an SMTP server");
        let mut line = String::new();
        BufReader::new(program.stdout.take().expect("an output")).read_line(&mut line).expect("a port");
        let port = line.trim().parse().expect("a port");
        SmtpServer { folder, program, port }
    }

    pub fn url(&self) -> SmtpUrl {
        SmtpUrl::from_str(&format!("smtp://127.0.0.1:{}", self.port)).expect("a URL")
    }

    /// What the server does with an address, or with `*`: a reply, `hang` or `drop`.
    pub fn answers(&self, address: &str, what: &str) {
        std::fs::write(self.folder.path().join("rules"), format!("{address} {what}\n")).expect("written");
    }

    pub fn accepts_all(&self) {
        std::fs::write(self.folder.path().join("rules"), "").expect("written");
    }

    fn lines(&self, file: &str) -> Vec<String> {
        let text = std::fs::read_to_string(self.folder.path().join(file)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    pub fn mails(&self) -> Vec<SentMail> {
        self.lines("mails.jsonl").iter().map(|line| serde_json::from_str(line).expect("a mail")).collect()
    }

    /// How often somebody tried to send something to an address.
    pub fn attempts(&self, address: &str) -> usize {
        self.lines("attempts").iter().filter(|line| *line == address).count()
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// A forum with mail.
pub struct MailingApp {
    pub app: TestApp,
    pub smtp: SmtpServer,
    seen: Cell<usize>,
}

impl std::ops::Deref for MailingApp {
    type Target = TestApp;

    fn deref(&self) -> &TestApp {
        &self.app
    }
}

impl MailingApp {
    pub async fn new() -> MailingApp {
        MailingApp::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut Settings)) -> MailingApp {
        let smtp = SmtpServer::start();
        let app = TestApp::with(|settings| {
            settings.smtp_url = Some(smtp.url());
            settings.site_name = Some("Looms".to_owned());
            change(settings);
        })
        .await;
        MailingApp { app, smtp, seen: Cell::new(0) }
    }

    /// Does what the jobs do, and returns what arrived since this was called last.
    pub async fn deliver(&self) -> Vec<SentMail> {
        // A digest is prepared at most every 20 seconds.
        self.app.pass(30);
        stoa::jobs::prepare_mail_if_due(&self.app.app).await.expect("prepared");
        stoa::jobs::send_mail(&self.app.app).await.expect("sent");
        let mails = self.smtp.mails();
        mails[self.seen.replace(mails.len())..].to_vec()
    }

    /// The only mail that arrived since.
    pub async fn one_mail(&self) -> SentMail {
        let mut mails = self.deliver().await;
        let errors = self.app.rows::<(String,)>("select last_error from mails").await;
        assert_eq!(mails.len(), 1, "{mails:#?} {errors:?}");
        mails.remove(0)
    }

    /// A new member with a confirmed address, logged in.
    pub async fn member_at(&self, name: &str, address: &str) -> Browser {
        self.app.account(name, stoa::domain::accounts::user::Role::Member).await;
        let mut browser = self.app.session(name).await;
        self.confirm(&mut browser, address).await;
        browser
    }

    /// Gives a member an address.
    pub async fn confirm(&self, browser: &mut Browser, address: &str) {
        enter(browser, address).await;
        let mail = self.one_mail().await;
        assert_eq!(mail.to, [address]);
        let page = browser.post(&mail.link("/email/"), &[]).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    }
}

/// Enters an address on the settings page.
pub async fn enter(browser: &mut Browser, address: &str) -> Page {
    let page = browser.post("/settings/email", &[("email", address), ("password", PASSWORD)]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
    page
}

/// Chooses when mail about the inbox comes.
pub async fn choose(browser: &mut Browser, inbox: &str) {
    let page = browser.post("/settings/email/choices", &[("inbox", inbox)]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
}
