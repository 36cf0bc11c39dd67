//! Every statement about mail, for tests of what statements cost.

use stoa::clock::{DAY, MINUTE};
use stoa::domain::accounts::user::Role;
use stoa::domain::mail::address::EmailAddress;
use stoa::domain::mail::choices::{InboxMail, MailList};
use stoa::domain::mail::delivery::MailRefusal;

use crate::support::app::TestApp;

/// The hashes of the tokens in mail that waits, latest first.
async fn tokens(app: &TestApp) -> Vec<Vec<u8>> {
    let contents = app.rows::<(String,)>("select content from mails order by id desc").await;
    let token = |(content,): &(String,)| {
        let content: serde_json::Value = serde_json::from_str(content).ok()?;
        let token = content.as_object()?.values().next()?.get("token")?.as_str()?.to_owned();
        Some(stoa::domain::accounts::token::hash(&token))
    };
    contents.iter().filter_map(token).collect()
}

pub async fn use_mail(app: &TestApp) {
    let (pat, now) = (app.account("pat", Role::Member).await, app.now());
    let address = |text: &str| EmailAddress::parse(text).expect("an address");
    app.store.ask_to_confirm(pat, &address("pat@example.org"), now).await.expect("asked");
    let confirm = tokens(app).await.remove(0);
    app.store.mail_link(&confirm, now).await.expect("read").expect("a link");
    app.store.confirm_address(&confirm, now).await.expect("confirmed");
    app.store.choose_mail(pat, InboxMail::AtOnce, true, now).await.expect("chosen");
    app.store.mail_password_reset("pat", now).await.expect("mailed");
    app.store.ask_to_confirm(pat, &address("other@example.org"), now).await.expect("asked");
    for token in tokens(app).await.iter().take(2) {
        app.store.confirm_address(token, now).await.expect("confirmed");
    }
    let not_me = tokens(app).await.remove(0);
    app.store.was_not_me(&not_me, b"reset", now).await.expect("undone");
    let mut mia = app.member("mia").await;
    let story = mia.text_story("A story for pat", "For @pat.").await;
    mia.reply(story, "And again for @pat.").await;
    app.store
        .mute(pat, &stoa::domain::accounts::mutes::Mute::Word("silk".to_owned()), now)
        .await
        .expect("muted");
    let away = format!(
        "update mailboxes set best_of_due_at = 1, verified_at = {} where user_id = {}",
        now.minus(8 * DAY).0,
        pat.0
    );
    app.sql(&away).await;
    for now in [now.plus(5 * MINUTE), now.plus(8 * DAY)] {
        stoa::mail::digests::prepare(&app.store, now).await.expect("prepared");
    }
    let claimed = app.store.claim_mails(50, now.plus(9 * DAY)).await.expect("claimed");
    for (nth, mail) in claimed.iter().enumerate() {
        let refusal = if nth == 0 { MailRefusal::Temporary } else { MailRefusal::NoSuchRecipient };
        if nth > 1 {
            app.store.mail_was_sent(mail.id, now).await.expect("sent");
        } else {
            app.store.mail_was_refused(mail, refusal, "451 Later", now).await.expect("refused");
        }
    }
    app.store.queue_length().await.expect("counted");
    app.store.refused_mails().await.expect("read");
    app.store.retry_mail(claimed[0].id, now).await.expect("tried again");
    app.store.drop_mail(claimed[0].id).await.expect("dropped");
    let key = app
        .rows::<(String,)>(&format!("select key from mailboxes where user_id = {}", pat.0))
        .await
        .remove(0)
        .0;
    app.store.subscriber(&key).await.expect("read");
    for list in [MailList::Inbox, MailList::BestOf] {
        app.store.unsubscribe(&key, list, now).await.expect("ended");
    }
    app.store.ask_to_confirm(pat, &address("third@example.org"), now.plus(DAY)).await.expect("asked");
    app.store.make_unanswered_changes(now.plus(9 * DAY)).await.expect("made");
    app.sql(&format!("update inbox set mail_at = 1 where user_id = {}", pat.0)).await;
    app.sql(&format!("update mails set created_at = {}, kind = 'inbox' where user_id = {}", now.0, pat.0))
        .await;
    app.store.remove_address(pat, now).await.expect("removed");
}
