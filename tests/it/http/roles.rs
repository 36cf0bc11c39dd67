//! Every route with every role: who is let in, who is led to the log-in page, who is refused.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::http::{Method, StatusCode};
use stoa::domain::accounts::token::Token;
use stoa::domain::accounts::user::{Name, Role, UserId};
use stoa::domain::items::item::ItemId;
use stoa::domain::limits::policy::Policy;
use stoa::domain::votes::flag::Reason;
use stoa::store::{ActionContext, NewComment, NewFlag, NewSignupRequest, NewStory};

use crate::support::app::{Browser, PASSWORD, Page, TestApp};
use crate::support::fixtures::shadow;

/// The one table of addresses, read so that a new one without an expectation here fails.
const ROUTES: &str = include_str!("../../../src/web/routes.rs");

/// Method, path, its parameters, the form (for a GET: the query), and the responses: one for all; or one for
/// visitors and one for members; or one for each column of [`Who`].
///
/// page 200, done 303 (not to the log-in), login 303 or, with input, 401, moved 308, bad 400, no 403, none
/// 404, gone 410, again 422, late 409 (already done).
const TABLE: &str = "
GET  /                          -         -                          page
GET  /new                       -         -                          page
GET  /best                      -         over=all                   page
GET  /active                    -         -                          page
GET  /ask                       -         -                          page
GET  /show                      -         -                          page
GET  /past                      -         day=2026-11-23             page
GET  /from/{*site}              site      -                          page
GET  /comments                  -         -                          page
GET  /comments/best             -         -                          page
GET  /leaders                   -         -                          page
GET  /search                    -         q=story                    page
#                                                                    nobody new  other shadowed author moderator admin
GET  /item/{id}                 story     -                          page
GET  /item/{id}                 comment   -                          page
GET  /item/{id}                 dead      -                          no    no    no    no       page   page      page
GET  /item/{id}                 shadowed  -                          no    no    no    page     no     page      page
GET  /item/{id}                 deleted   -                          gone
GET  /item/{id}                 missing   -                          none
GET  /item/{id}/count           story     -                          page
GET  /item/{id}/count           comment   -                          none
GET  /item/{id}/count           dead      -                          none
GET  /item/{id}/count           shadowed  -                          none
GET  /item/{id}/count           deleted   -                          none
GET  /item/{id}/count           missing   -                          none
POST /item/{id}/order           story     order=newest               login done
POST /item/{id}/vote            story     dir=up                     login done  done  done     no     done      done
POST /item/{id}/vote            story     dir=down                   login no
POST /item/{id}/vote            comment   dir=up                     login done  done  done     no     done      done
POST /item/{id}/vote            comment   dir=down                   login no    done  done     no     done      done
POST /item/{id}/vote            comment   dir=none                   login done  done  done     no     done      done
POST /item/{id}/vote            comment   dir=sideways               bad
POST /item/{id}/vote            dead      dir=up                     login none  none  none     no     no        no
POST /item/{id}/vote            shadowed  dir=up                     login none  none  no       none   no        no
POST /item/{id}/vote            deleted   dir=up                     login gone
POST /item/{id}/vote            missing   dir=up                     login none
POST /item/{id}/save            comment   on=true                    login done
POST /item/{id}/save            dead      on=true                    login none  none  none     done   done      done
POST /item/{id}/save            deleted   on=true                    login gone
POST /item/{id}/hide            story     on=true                    login done
POST /item/{id}/hide            comment   on=true                    login bad
POST /item/{id}/hide            dead      on=true                    login none  none  none     bad    bad       bad
GET  /item/{id}/flag            comment   -                          login no    page  page     no     page      page
GET  /item/{id}/flag            flagged   -                          login none  none  none     no     no        no
POST /item/{id}/flag            story     on=true&reason=spam        login no    done  done     no     done      done
POST /item/{id}/flag            comment   on=true&reason=rude        login no    done  done     no     done      done
POST /item/{id}/flag            comment   on=false                   login done
POST /item/{id}/flag            dead      on=true&reason=spam        login none  none  none     no     no        no
POST /item/{id}/flag            shadowed  on=true&reason=spam        login none  none  no       none   no        no
POST /item/{id}/flag            deleted   on=true&reason=spam        login gone
POST /item/{id}/flag            missing   on=true&reason=spam        login none
POST /item/{id}/vouch           flagged   on=true                    login none  none  none     no     done      done
POST /item/{id}/vouch           flagged   on=false                   login none  none  none     done   done      done
POST /item/{id}/vouch           dead      on=true                    login none  none  none     no     no        no
POST /item/{id}/vouch           shadowed  on=true                    login none  none  no       none   done      done
POST /item/{id}/vouch           comment   on=true                    login no
POST /item/{id}/vouch           missing   on=true                    login none
POST /item/{id}/kill            story     on=true&reason=spam        login no    no    no       no     done      done
POST /item/{id}/kill            comment   on=true                    login no    no    no       no     done      done
POST /item/{id}/kill            dead      on=false                   login no    no    no       no     done      done
POST /item/{id}/kill            flagged   on=true                    login no    no    no       no     done      done
POST /item/{id}/kill            flagged   on=false                   login no    no    no       no     done      done
POST /item/{id}/kill            admins    on=true                    login no    no    no       no     no        done
POST /item/{id}/clear           story     -                          login no    no    no       no     done      done
POST /item/{id}/clear           comment   reason=fine                login no    no    no       no     done      done
POST /item/{id}/clear           dead      -                          login no    no    no       no     late      late
POST /item/{id}/clear           admins    -                          login no    no    no       no     no        done
POST /item/{id}/clear           missing   -                          login no    no    no       no     none      none
POST /item/{id}/kill            missing   on=true                    login no    no    no       no     none      none
POST /item/{id}/lock            story     on=true&reason=heated      login no    no    no       no     done      done
POST /item/{id}/lock            comment   on=true&reason=heated      login no    no    no       no     done      done
POST /item/{id}/lock            comment   on=true&reason=            login no    no    no       no     again     again
POST /item/{id}/lock            admins    on=true&reason=heated      login no    no    no       no     no        done
POST /item/{id}/lock            missing   on=true&reason=heated      login no    no    no       no     none      none
POST /item/{id}/merge           story     on=true&into=1             login no    no    no       no     done      done
POST /item/{id}/merge           comment   on=true&into=1             login no    no    no       no     again     again
POST /item/{id}/merge           story     on=false                   login no    no    no       no     late      late
POST /item/{id}/detach          comment   on=true&reason=heated      login no    no    no       no     bad       bad
POST /item/{id}/second-chance   story     on=true                    login no    no    no       no     again     again
POST /item/{id}/second-chance   comment   on=true                    login no    no    no       no     bad       bad
POST /item/{id}/pin             story     on=true&text=words         login no    no    no       no     done      done
POST /item/{id}/pin             comment   on=true&text=words         login no    no    no       no     bad       bad
GET  /item/{id}/moderate        story     -                          login no    no    no       no     page      page
GET  /item/{id}/moderate        admins    -                          login no    no    no       no     no        page
GET  /item/{id}/history         story     -                          login no    no    no       no     page      page
GET  /item/{id}/history         missing   -                          login no    no    no       no     none      none
GET  /item/{id}/reply           story     -                          login page
GET  /item/{id}/reply           dead      -                          login none  none  none     no     no        no
GET  /item/{id}/reply           shadowed  -                          login none  none  page     none   no        no
POST /item/{id}/reply           story     text=words                 login done
POST /item/{id}/reply           comment   text=words                 login done
POST /item/{id}/reply           dead      text=words                 login none  none  none     no     no        no
POST /item/{id}/reply           deleted   text=words                 login gone
GET  /item/{id}/edit            comment   -                          login no    no    no       page   page      page
GET  /item/{id}/edit            admins    -                          login no    no    no       no     no        page
POST /item/{id}/edit            story     title=Other&text=words     login no    no    no       done   done      done
POST /item/{id}/edit            comment   text=other                 login no    no    no       done   done      done
POST /item/{id}/edit            dead      text=other                 login none  none  none     no     done      done
POST /item/{id}/edit            admins    text=other                 login no    no    no       no     no        done
POST /item/{id}/edit            deleted   text=other                 login gone
GET  /item/{id}/delete          comment   -                          login no    no    no       page   no        no
POST /item/{id}/delete          story     -                          login no    no    no       done   no        no
POST /item/{id}/delete          comment   -                          login no    no    no       done   no        no
POST /item/{id}/delete          dead      -                          login none  none  none     done   no        no
POST /item/{id}/delete          deleted   -                          login gone
GET  /user/{name}               author    -                          page
GET  /user/{name}               missing   -                          none
GET  /user/{name}/submissions   author    -                          page
GET  /user/{name}/comments      author    -                          page
GET  /user/{name}/moderate      author    -                          login no    no    no       no     page      page
GET  /user/{name}/moderate      admins    -                          login no    no    no       no     no        page
GET  /user/{name}/moderate      self      -                          login no
GET  /user/{name}/moderate      missing   -                          login no    no    no       no     none      none
POST /user/{name}/note          author    note=words&same_as=chief   login no    no    no       no     done      done
POST /user/{name}/note          author    note=                      login no    no    no       no     again     again
POST /user/{name}/note          admins    note=words                 login no    no    no       no     no        done
POST /user/{name}/warn          author    warning=Be+kind            login no    no    no       no     done      done
POST /user/{name}/warn          author    warning=                   login no    no    no       no     again     again
POST /user/{name}/warn          admins    warning=Be+kind            login no    no    no       no     no        done
POST /user/{name}/warn          self      warning=Be+kind            login no
POST /user/{name}/slow          author    on=true&slow_days=1&slow_reason=spam login no no no   no     done      done
POST /user/{name}/slow          author    on=true&slow_days=1        login no    no    no       no     again     again
POST /user/{name}/slow          author    on=false                   login no    no    no       no     late       late
POST /user/{name}/slow          slowed    on=false                   login no    no    no       no     done      done
POST /user/{name}/slow          admins    on=true&slow_days=1&slow_reason=spam login no no no   no     no        done
POST /user/{name}/slow          self      on=true&slow_days=1&slow_reason=spam login no
POST /user/{name}/ban           author    on=true&ban_days=3&ban_reason=spam   login no no no   no     done      done
POST /user/{name}/ban           author    on=true&ban_days=open&ban_reason=    login no no no   no     again     again
POST /user/{name}/ban           author    on=true&ban_days=0&ban_reason=spam   login no no no   no     again     again
POST /user/{name}/ban           author    on=false                   login no    no    no       no     late      late
POST /user/{name}/ban           author    on=true&ban_days=3&ban_reason=spam&take=true login no no no no done    done
POST /user/{name}/ban           banned    on=false                   login no    no    no       no     done      done
POST /user/{name}/ban           admins    on=true&ban_days=open&ban_reason=spam login no no no  no     no        done
POST /user/{name}/ban           self      on=true&ban_days=open&ban_reason=spam login no
POST /user/{name}/shadow        author    on=true&shadow_reason=spam login no    no    no       no     done      done
POST /user/{name}/shadow        author    on=true&shadow_reason=     login no    no    no       no     again     again
POST /user/{name}/shadow        unseen    on=true&shadow_reason=spam login no    no    no       no     late      late
POST /user/{name}/shadow        unseen    on=false&bring_back=true   login no    no    no       no     done      done
POST /user/{name}/shadow        admins    on=true&shadow_reason=spam login no    no    no       no     no        no
POST /user/{name}/shadow        self      on=true&shadow_reason=spam login no
POST /user/{name}/role          author    role=moderator&reason=help login no    no    no       no     no        done
POST /user/{name}/role          author    role=moderator&reason=     login no    no    no       no     no        again
POST /user/{name}/role          author    role=member&reason=help    login no    no    no       no     no        again
POST /user/{name}/role          admins    role=member&reason=help    login no    no    no       no     no        done
POST /user/{name}/role          banned    role=moderator&reason=help login no    no    no       no     no        again
POST /user/{name}/role          unseen    role=moderator&reason=help login no    no    no       no     no        again
POST /user/{name}/role          self      role=member&reason=help    login no    no    no       no     no        again
POST /user/{name}/role          self      role=member&reason=help&sure=true login no    no    no       no     no        done
POST /user/{name}/role          missing   role=moderator&reason=help login no    no    no       no     no        again
GET  /user/{name}/invited       author    -                          page
GET  /user/{name}/invited       missing   -                          none
GET  /invited                   -         -                          page
GET  /submit                    -         -                          login page
POST /submit                    -         title=A+title&text=words   login done
GET  /submit/title              -         url=nonsense               login page
GET  /replies                   -         -                          login page
GET  /saved                     -         -                          login page
GET  /hidden                    -         -                          login page
GET  /upvoted                   -         -                          login page
GET  /invitations               -         -                          login page
POST /invitations               -         -                          login no    no    no       no     page      page
POST /invitations/{id}/end      invited   -                          login done
POST /invitations/{id}/end      missing   -                          login none
GET  /flagged                   -         -                          login page
GET  /vouched                   -         -                          login page
GET  /settings                  -         -                          login page
POST /settings                  -         theme=dark&order=best      login done
GET  /settings/password         -         -                          login page
POST /settings/password         -         current={password}&password=other+unrelated+words login done
GET  /settings/sessions         -         -                          login page
POST /settings/sessions         -         end=others                 login done
GET  /log                       -         -                          page
GET  /log                       author    person={name}              page
GET  /mod/new                   -         -                          login no    no    no       no     page      page
GET  /mod                       -         -                          login no    no    no       no     page      page
GET  /mod/rules                 -         -                          login no    no    no       no     page      page
POST /mod/rules                 -         kind=word&pattern=unheard-of&effect=queue&reason=spam login no no no no page  page
POST /mod/rules                 -         kind=link&pattern=unheard-of.example&effect=queue&reason=spam login no no no no page page
POST /mod/rules                 -         kind=range&pattern=203.0.113.5&effect=queue&reason=spam login no no no no page page
POST /mod/rules                 -         kind=range&pattern=203.0.113.0/24&effect=queue&reason=spam login no no no no page page
POST /mod/rules                 -         kind=range&pattern=203.0.0.0/16&effect=queue&reason=spam login no no no no page page
POST /mod/rules                 -         kind=word&pattern={fresh}&effect=kill&reason=spam&add=true login no no no no done done
POST /mod/rules                 -         kind=word&pattern=...&effect=queue&reason=spam login no no no  no     again     again
POST /mod/rules/{id}/drop       -         -                          login no    no    no       no     none      none
GET  /mod/votes                 -         -                          login no    no    no       no     page      page
GET  /mod/sites                 -         -                          login no    no    no       no     page      page
POST /mod/sites                 -         name=example.org&stance=banned&reason=spam login no no no     no     page      page
POST /mod/sites                 -         name=github.com/spammer&stance=penalised&reason=spam login no no no no page   page
POST /mod/sites                 -         name={fresh}.example&stance=banned&reason=spam&sure=true login no no no no done done
POST /mod/sites                 -         name={fresh}.example&stance=penalised&reason=spam&sure=true login no no no no done done
POST /mod/sites                 -         name=github.com/{fresh}&stance=penalised&reason=spam&sure=true login no no no no done done
POST /mod/sites                 -         name=example.org&stance=banned&over=1&reason=spam&sure=true login no no no no late late
POST /mod/sites                 -         name=nowhere.example&stance=none&reason=mended login no no no no      late      late
POST /mod/sites                 -         name=github.io&stance=banned&reason=spam login no no no       no     again     page
GET  /mod/team                  author    name={name}&done={name}    login no    no    no       no     no        page
POST /mod/team                  author    name={name}&role=admin&reason=help login no no no     no     no        done
POST /mod/team                  missing   name={name}&role=admin&reason=help login no no no     no     no        again
GET  /mod/requests              -         -                          login no    no    no       no     page      page
POST /mod/requests/{id}         request   decision=approve           login no    no    no       no     done      done
POST /mod/requests/{id}         request   decision=decline&message=No. login no   no    no       no     done      done
POST /mod/requests/{id}         request   decision=sideways          login no    no    no       no     bad       bad
POST /mod/requests/{id}         missing   decision=approve           login no    no    no       no     late      late
GET  /signup                    -         -                          page  done
POST /signup                    -         name={fresh}&password={password} done
GET  /invitation/{token}        invited   -                          page  no
GET  /invitation/{token}        missing   -                          none
POST /invitation/{token}        invited   name={fresh}&password={password} done no
POST /invitation/{token}        missing   name={fresh}&password={password} none
GET  /login                     -         -                          page  done
POST /login                     author    name={name}&password={password} done
POST /logout                    -         -                          done
POST /theme                     -         theme=dark                 done
GET  /setup/{token}             link      -                          none
POST /setup/{token}             link      name={fresh}&password={password} none
GET  /guidelines                -         -                          page
GET  /privacy                   -         -                          page
GET  /contact                   -         -                          page
GET  /bookmarklet               -         -                          page
GET  /feed/top.atom             -         -                          page
GET  /feed/log.atom             -         -                          page
GET  /robots.txt                -         -                          page
GET  /healthz                   -         -                          page
GET  /readyz                    -         -                          page
GET  /favicon.ico               -         -                          page
GET  /static/{name}             asset     -                          page
GET  /news                      -         p=2                        moved
GET  /newest                    -         next=1                     moved
GET  /newcomments               -         -                          moved
GET  /front                     -         day=2026-11-22             moved
GET  /item                      story     id={id}                    moved
GET  /user                      author    id={name}                  moved
GET  /submitted                 author    id={name}                  moved
GET  /threads                   author    id={name}                  moved
GET  /from                      -         site=example.com           moved
GET  /submitlink                -         u=https://example.com/&t=T moved
GET  /rss                       -         -                          moved
# Somebody whom an import named and who has not come yet: the author of a comment, or the person.
GET  /item/{id}                 unclaimed -                          page
POST /item/{id}/vote            unclaimed dir=up                     login done  done  done     done   done      done
POST /item/{id}/flag            unclaimed on=true&reason=spam        login no    done  done     no     done      done
POST /item/{id}/vouch           unclaimed on=true                    login no
POST /item/{id}/kill            unclaimed on=true&reason=spam        login no    no    no       no     done      done
POST /item/{id}/clear           unclaimed reason=fine                login no    no    no       no     done      done
POST /item/{id}/lock            unclaimed on=true&reason=heated      login no    no    no       no     done      done
GET  /item/{id}/moderate        unclaimed -                          login no    no    no       no     page      page
POST /item/{id}/reply           unclaimed text=words                 login done
GET  /item/{id}/edit            unclaimed -                          login no    no    no       no     page      page
POST /item/{id}/edit            unclaimed text=other                 login no    no    no       no     done      done
POST /item/{id}/delete          unclaimed -                          login no
GET  /user/{name}               unclaimed -                          page
GET  /user/{name}/comments      unclaimed -                          page
GET  /user/{name}/invited       unclaimed -                          page
GET  /user/{name}/moderate      unclaimed -                          login no    no    no       no     page      page
POST /user/{name}/note          unclaimed note=words                 login no    no    no       no     done      done
POST /user/{name}/warn          unclaimed warning=Be+kind            login no    no    no       no     no        no
POST /user/{name}/slow          unclaimed on=true&slow_days=1&slow_reason=spam login no no no   no     no        no
POST /user/{name}/ban           unclaimed on=true&ban_days=3&ban_reason=spam   login no no no   no     no        no
POST /user/{name}/shadow        unclaimed on=true&shadow_reason=spam login no    no    no       no     no        no
POST /user/{name}/role          unclaimed role=moderator&reason=help login no    no    no       no     no        again
POST /mod/team                  unclaimed name={name}&role=moderator&reason=help login no no no no     no        again
GET  /log                       unclaimed person={name}              page
POST /signup                    unclaimed name={name}&password={password} again
POST /login                     unclaimed name={name}&password={password} again
";

pub struct Row {
    pub method: Method,
    pub path: &'static str,
    pub on: &'static str,
    pub form: &'static str,
    answers: Vec<&'static str>,
}

pub fn table() -> Vec<Row> {
    let lines = TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let row = |line: &'static str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let answers = match &words[4..] {
            [all] => vec![*all; 7],
            [nobody, members] => [vec![*nobody], vec![*members; 6]].concat(),
            each => each.to_vec(),
        };
        assert_eq!(answers.len(), 7, "{line}");
        let form = if words[3] == "-" { "" } else { words[3] };
        Row { method: words[0].parse().expect("a method"), path: words[1], on: words[2], form, answers }
    };
    lines.map(row).collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Visitor,
    /// Has a session in a browser still, and was banned.
    Banned,
    New,
    /// With the karma to vote down.
    Other,
    Shadowed,
    Author,
    Moderator,
    Admin,
}

impl Who {
    pub const ALL: [Who; 8] = [
        Who::Visitor,
        Who::Banned,
        Who::New,
        Who::Other,
        Who::Shadowed,
        Who::Author,
        Who::Moderator,
        Who::Admin,
    ];

    /// The column of the table: for nobody in particular, a banned member's browser is a visitor's.
    fn column(self) -> usize {
        Who::ALL.iter().position(|who| *who == self).unwrap_or(0).saturating_sub(1)
    }

    fn role(self) -> Role {
        match self {
            Who::Moderator => Role::Moderator,
            Who::Admin => Role::Admin,
            _ => Role::Member,
        }
    }
}

impl Row {
    pub fn answer(&self, who: Who) -> &'static str {
        self.answers[who.column()]
    }

    /// Somebody for whom it is done, if it is done for anybody.
    pub fn doer(&self) -> Option<Who> {
        Who::ALL.into_iter().find(|who| self.answer(*who) == "done")
    }
}

/// One request of the table, on people and items of its own.
pub struct Case {
    pub browser: Browser,
    pub path: String,
    pub form: Vec<(String, String)>,
}

impl Case {
    pub async fn send(&mut self, method: Method, headers: &[(&str, &str)]) -> Page {
        let form: Vec<(&str, &str)> =
            self.form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        if method == Method::POST {
            return self.browser.send(method, &self.path, headers, Some(&form)).await;
        }
        let query: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let path = if query.is_empty() { self.path.clone() } else { format!("{}?{query}", self.path) };
        self.browser.send(method, &path, headers, None).await
    }
}

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A forum that has an admin already.
pub async fn forum() -> TestApp {
    let app = TestApp::new().await;
    app.account("chief", Role::Admin).await;
    app
}

async fn browser(app: &TestApp, who: Who, name: &str) -> Browser {
    match who {
        Who::Visitor => return app.visitor(),
        Who::Banned => app.ban(name).await,
        Who::Other | Who::Shadowed => app.set_karma(name, 600).await,
        Who::New | Who::Author | Who::Moderator | Who::Admin => {}
    }
    if who == Who::Shadowed {
        sqlx::query("update users set shadowed_at = 1 where name = $1")
            .bind(name)
            .execute(&mut app.connection().await)
            .await
            .expect("an account");
    }
    app.session(name).await
}

async fn item(app: &TestApp, on: &str, author: UserId, own: UserId) -> ItemId {
    let now = app.now();
    let story = NewStory {
        author,
        title: "A story",
        url: None,
        section: None,
        text: "Words.",
        origin: None,
        stopped: None,
    };
    let policy = &app.policy();
    let stoa::store::Submission::New(story) = app.store.submit(story, policy, now).await.expect("a story")
    else {
        panic!("a new story")
    };
    let comment = |author| {
        let comment =
            NewComment { author, parent: story, text: "Some words.", origin: None, stopped: None, policy };
        async move { app.store.comment(comment, now).await.expect("a comment").id }
    };
    let act = ActionContext { actor: None, reason: "", at: now };
    match on {
        "comment" | "unclaimed" => comment(author).await,
        "admins" => comment(app.id_of("chief").await).await,
        "shadowed" => {
            app.sql(&format!("update users set shadowed_at = 1 where id = {}", own.0)).await;
            let shadowed = comment(own).await;
            app.sql(&format!("update users set shadowed_at = null where id = {}", own.0)).await;
            shadowed
        }
        "dead" => {
            let dead = comment(author).await;
            app.store.kill(dead, true, act).await.expect("killed");
            dead
        }
        "flagged" => {
            let flagged = comment(author).await;
            let flag = NewFlag { user: own, item: flagged, reason: Reason::Rude, note: "" };
            let policy = Policy { flags_to_kill: 1, ..policy.clone() };
            assert!(app.store.flag(flag, &policy, now).await.expect("flagged"), "killed");
            flagged
        }
        "deleted" => {
            let deleted = comment(author).await;
            app.store.delete(deleted, author, now).await.expect("deleted");
            deleted
        }
        "missing" => ItemId(9_999_999),
        _ => story,
    }
}

/// An invitation that is good; its token and its number.
async fn invitation(app: &TestApp, inviter: &str) -> (String, String) {
    let token = Token::random().expect("randomness");
    let inviter = app.id_of(inviter).await;
    let made = app.store.invite(inviter, &token.hash(), app.now().plus(60), 9, app.now()).await;
    (token.as_str().to_owned(), made.expect("an invitation").to_string())
}

/// Somebody who waits for an account; the number of their request.
async fn request(app: &TestApp, name: &str) -> String {
    let parsed = Name::parse(name).expect("a name");
    let new = NewSignupRequest { name: &parsed, password: "hash", text: "Let me in.", invitation: None };
    app.store.request_account(new, 1_000, app.now()).await.expect("a request");
    let requests = app.store.requests((app.now(), 0), 1_000).await.expect("listed");
    requests.iter().find(|waiting| waiting.name == name).expect("it waits").id.to_string()
}

/// Makes of an account one that an import made, into which nobody can log in yet.
async fn unclaimed(app: &TestApp, name: &str) -> UserId {
    app.sql(&format!("update users set source = 'hn', password = null where name = '{name}'")).await;
    app.id_of(name).await
}

pub async fn case(app: &TestApp, row: &Row, who: Who) -> Case {
    let n = COUNT.fetch_add(1, Ordering::Relaxed);
    let (author, name, ghost) = (format!("author{n}"), format!("{who:?}{n}"), format!("ghost{n}"));
    let author_id = app.account(&author, if who == Who::Author { who.role() } else { Role::Member }).await;
    let ghost_id = app.account(&ghost, Role::Member).await;
    let name = if who == Who::Author { author.clone() } else { name };
    if who != Who::Author {
        app.account(&name, who.role()).await;
    }
    let own = if who == Who::Shadowed { app.id_of(&name).await } else { ghost_id };
    let writer = if row.on == "unclaimed" { unclaimed(app, &ghost).await } else { author_id };
    let id = item(app, row.on, writer, own).await.to_string();
    let person = match row.on {
        "admins" => {
            app.account(&format!("chief{n}"), Role::Admin).await;
            format!("chief{n}")
        }
        "banned" => {
            app.ban(&ghost).await;
            ghost
        }
        "slowed" => {
            app.sql(&format!("update users set slowed_until = {} where name = '{ghost}'", i64::MAX)).await;
            ghost
        }
        "unseen" => {
            shadow(app, &ghost).await;
            ghost
        }
        "unclaimed" => ghost,
        "self" => name.clone(),
        "missing" => "nobody-of-that-name".to_owned(),
        "asset" => app.app.assets.style.trim_start_matches("/static/").to_owned(),
        _ => author.clone(),
    };
    let link = app.app.setup.path().expect("a link");
    let (token, id) = match row.on {
        "invited" => invitation(app, if row.path.contains("{token}") { &author } else { &name }).await,
        _ => ("guessed".to_owned(), id),
    };
    let id = if row.on == "request" { request(app, &format!("asks{n}")).await } else { id };
    let fill = |text: &str| {
        text.replace("{*site}", "example.com")
            .replace("{id}", &id)
            .replace("{name}", &person)
            .replace("{fresh}", &format!("fresh{n}"))
            .replace("{password}", PASSWORD)
            .replace("/setup/{token}", &link)
            .replace("{token}", &token)
    };
    let form = url::form_urlencoded::parse(row.form.as_bytes());
    let form = form.map(|(field, value)| (field.into_owned(), fill(&value))).collect();
    Case { browser: browser(app, who, &name).await, path: fill(row.path), form }
}

/// A response in a word of the table.
fn word(page: &Page) -> String {
    match page.status {
        StatusCode::OK => "page".to_owned(),
        StatusCode::SEE_OTHER if page.location().is_some_and(|to| to.starts_with("/login?goto=")) => {
            "login".to_owned()
        }
        StatusCode::UNAUTHORIZED if page.all("form[action='/login']").len() == 1 => "login".to_owned(),
        StatusCode::SEE_OTHER => "done".to_owned(),
        StatusCode::PERMANENT_REDIRECT => "moved".to_owned(),
        StatusCode::BAD_REQUEST => "bad".to_owned(),
        StatusCode::FORBIDDEN => "no".to_owned(),
        StatusCode::NOT_FOUND => "none".to_owned(),
        StatusCode::GONE => "gone".to_owned(),
        StatusCode::UNPROCESSABLE_ENTITY => "again".to_owned(),
        StatusCode::CONFLICT => "late".to_owned(),
        other => other.to_string(),
    }
}

/// Each route with its methods, as `routes.rs` has them.
fn routes() -> BTreeSet<(String, String)> {
    let mut routes = BTreeSet::new();
    for part in ROUTES.split(".route(").skip(1) {
        let part = part.split(".fallback(").next().unwrap_or(part);
        let path = part.split('"').nth(1).expect("a path");
        let handlers = part.split_once(',').expect("handlers").1;
        for other in ["put(", "patch(", "delete(", "any(", "on("] {
            let named = handlers.split(other).next().is_some_and(|before| before.len() < handlers.len());
            assert!(!named, "{path}: this test does not know the method of {handlers}");
        }
        for (call, method) in [("get(", "GET"), ("::list(", "GET"), ("plain(", "GET"), ("post(", "POST")] {
            if handlers.contains(call) {
                routes.insert((path.to_owned(), method.to_owned()));
            }
        }
    }
    routes
}

#[test]
fn every_route_has_its_expectation() {
    let expected: BTreeSet<_> =
        table().iter().map(|row| (row.path.to_owned(), row.method.to_string())).collect();
    assert!(expected.len() > 60, "the table is read");
    assert_eq!(expected, routes());
}

#[tokio::test]
async fn every_role_gets_its_answer_from_every_route() {
    let app = forum().await;
    let mut watch = app.watch().await;
    let mut wrong = Vec::new();
    for row in table() {
        for who in Who::ALL {
            let mut case = case(&app, &row, who).await;
            watch.changed().await;
            let page = case.send(row.method.clone(), &[("sec-fetch-site", "same-origin")]).await;
            let (found, expected) = (word(&page), row.answer(who));
            let refused = matches!(expected, "login" | "bad" | "no" | "none" | "gone" | "again" | "late");
            if found != expected {
                wrong.push(format!(
                    "{} {} on {} {}, {who:?}: {found}, not {expected}",
                    row.method, row.path, row.on, row.form
                ));
            } else if row.method == Method::POST && refused && watch.changed().await {
                wrong.push(format!(
                    "{} {} on {}, {who:?}: refused, yet something was written",
                    row.method, row.path, row.on
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn an_address_takes_only_its_own_methods() {
    let app = TestApp::new().await;
    let routes = routes();
    for (path, _) in &routes {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let concrete = path
                .replace("{id}", "1")
                .replace("{name}", "a")
                .replace("{token}", "a")
                .replace("{*site}", "a.b");
            let headers = [("sec-fetch-site", "same-origin")];
            let page = app.visitor().send(method.parse().expect("a method"), &concrete, &headers, None).await;
            let is_route = routes.contains(&(path.clone(), method.to_owned()));
            assert_eq!(
                page.status == StatusCode::METHOD_NOT_ALLOWED,
                !is_route,
                "{method} {path}: {}",
                page.status
            );
        }
    }
}
