//! `stoa admin send-test-mail`, against a real server.

use crate::support::program::{Folder, Said};
use crate::support::smtp::SmtpServer;

fn send(folder: &Folder, smtp: &str) -> Said {
    folder.run(&format!("admin send-test-mail ada@example.org --smtp-url {smtp}"))
}

#[test]
fn a_test_mail_tells_what_the_server_answered() {
    let (folder, smtp) = (Folder::with_database(), SmtpServer::start());
    let url = smtp.url().as_given().to_owned();
    let said = send(&folder, &url);
    assert!(said.code == Some(0) && said.out.contains(": 250 2.0.0 Accepted\n"), "{said:?}");
    let mails = smtp.mails();
    assert_eq!((mails.len(), mails[0].to.as_slice()), (1, &["ada@example.org".to_owned()][..]));
    assert_eq!(mails[0].subject(), "Test mail from Stoa");
    smtp.answers("*", "550 5.7.1 Relaying denied");
    let said = send(&folder, &url);
    assert!(said.code == Some(1) && said.err.contains("550 5.7.1 Relaying denied. Check "), "{said:?}");
}

#[test]
fn without_a_server_a_test_mail_says_what_to_check() {
    let folder = Folder::with_database();
    let said = folder.run("admin send-test-mail ada@example.org");
    assert!(said.code == Some(1) && said.err.contains("smtp_url is not set"), "{said:?}");
    // Nothing listens there.
    let said = send(&folder, "smtp://127.0.0.1:1");
    assert!(said.code == Some(1) && said.err.contains("Check the host and the port"), "{said:?}");
    for wrong in ["smtp://stoa:secret@mail.example.org", "smtps://stoa:secret@mail:port", "mail.example.org"]
    {
        let said = send(&folder, wrong);
        assert!(said.code == Some(2) && said.err.contains("--smtp-url"), "{said:?}");
        assert!(!said.err.contains("secret"), "{said:?}");
    }
}
