// Every kind of page: usable by everyone, valid, no wider than its window, with nothing to complain about in the console.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { DESK, PHONE, accessible, fitsItsWidth, fixture, person, startForum, troubles, valid, visitor } from "./forum.js";
import { governed } from "./desk.js";
import { answerLink, button, comment, commentById, field, head, idOf, link, main, own, say, sayHere, stories, submit, you } from "./page.js";

const SMALL = { width: 320, height: 640 };

/** What strains a page: long words and lines, depth, a poll, the dead, the deleted and the downvoted. */
const ODD = [
  { id: 3001, title: "Unbreakable".repeat(7), url: `https://${"subdomain.".repeat(5)}example.com/`, score: 9 },
  { id: 3002, parent: 3001, text: `${"L".repeat(300)} <a href="https://example.com/${"p".repeat(200)}">https://example.com/${"p".repeat(200)}</a>` },
  { id: 3003, parent: 3001, text: `<pre><code>let line = ${"1234567890".repeat(20)};\n</code></pre>` },
  { id: 3004, parent: 3001, deleted: true, by: undefined },
  { id: 3005, parent: 3004, text: "Below one that is deleted." },
  { id: 3006, parent: 3001, dead: true, text: "A dead comment." },
  { id: 3007, parent: 3001, score: -3, text: "A comment that people voted down, with <code>code</code> in it." },
  { id: 3010, type: "poll", title: "Poll: Oars or sails?", text: "Choose one.", score: 4, parts: [3011, 3012] },
  { id: 3011, type: "pollopt", poll: 3010, parent: 3010, text: "Oars", score: 3 },
  { id: 3012, type: "pollopt", poll: 3010, parent: 3010, text: `Sails, or ${"something else that catches the wind and ".repeat(4)} so on`, score: 1 },
  { id: 3020, title: "A story that was killed", url: "https://dead.example.com/", dead: true },
  { id: 3030, title: "A talk that goes deep", text: "Go on." },
  ...Array.from({ length: 55 }, (_, depth) => ({ id: 3031 + depth, parent: 3030 + depth, text: `At depth ${depth + 1}.` })),
];

let forum;
/** A forum whose moderators had much to do, with the paths of posts that they acted on. */
let ruled;
/** Addresses of what the members wrote, and of the first admin's form. */
const at = {};

before(async () => {
  forum = await startForum();
  await forum.run(["import", fixture("thread.json"), fixture("firebase.jsonl")]);
  await forum.importItems(ODD);
  at.setup = new URL(await forum.adminLink()).pathname;
  const member = await person(forum, { name: "wanda" });
  await submit(member, { title: "A story of one's own, with a text", text: "With *words*, `code` and\n\n> a quote\n\n    and a long line of code that is wider than any phone and so must scroll in its own box, not the page\n" });
  await member.goto("/user/wanda/submissions");
  at.story = await main(member).locator("a.talk").getAttribute("href");
  await member.goto("/item/101");
  await say(member, answerLink(member), "A comment that can be edited and deleted.");
  await member.goto("/item/101");
  at.comment = `/item/${await idOf(comment(member, "can be edited and deleted"))}`;
  await button(head(member), /^Upvote/).click();
  await button(head(member), /^Undo/).waitFor();
  await button(head(member), /^save/).click();
  await button(head(member), /^unsave/).waitFor();
  const other = await person(forum, { name: "xaver" });
  await other.goto(at.comment);
  await sayHere(other, "An answer to it.");
  await other.goto("/item/103");
  await sayHere(other, "Something to take back.");
  await other.goto("/item/103");
  at.deleted = `/item/${await idOf(comment(other, "Something to take back"))}`;
  await other.goto(`${at.deleted}/delete`);
  await button(main(other), /^Delete/).click();
  await other.waitForURL((to) => !to.pathname.endsWith("/delete"));
});
before(async () => {
  ruled = await governed();
});
after(() => forum?.stop());
after(() => ruled?.forum.stop());

const VISITOR = {
  "top": "/", "second page": "/?p=2", "new": "/new", "best": "/best", "best of all time": "/best?over=all", "active": "/active", "ask": "/ask",
  "show": "/show", "past": "/past", "a day of the past": "/past?day=2024-06-01", "comments": "/comments", "best comments": "/comments/best",
  "leaders": "/leaders", "a thread": "/item/101", "a thread in another order": "/item/101?order=oldest", "long words and lines": "/item/3001",
  "a deep thread": "/item/3030", "a comment": "/item/103", "a deep comment": "/item/3045", "a poll": "/item/3010", "a user": "/user/pilot",
  "a user's submissions": "/user/ferry/submissions", "a user's comments": "/user/pilot/comments", "a user without any": "/user/pilot/submissions",
  "a site": "/from/example.com", "a site without stories": "/from/nowhere.example.com", "an empty search": "/search", "a search": "/search?q=repair",
  "a search without results": "/search?q=xylophone", "log in": "/login", "sign up": "/signup", "guidelines": "/guidelines", "privacy": "/privacy",
  "contact": "/contact", "bookmarklet": "/bookmarklet", "setup": () => at.setup, "not found": "/nothing-here", "gone": () => at.deleted,
  "dead": "/item/3020",
};

const MEMBER = {
  "top": "/", "a thread": "/item/101", "long words and lines": "/item/3001", "a deep thread": "/item/3030", "a comment": "/item/103",
  "a poll": "/item/3010", "comments": "/comments", "a search": "/search?q=repair", "own story": () => at.story, "own comment": () => at.comment,
  "submit": "/submit", "submit from a bookmarklet": "/submit?u=https%3A%2F%2Fexample.com%2F&t=A%20page", "reply to a story": "/item/101/reply",
  "reply to a comment": "/item/103/reply", "edit a story": () => `${at.story}/edit`, "edit a comment": () => `${at.comment}/edit`,
  "delete a story": () => `${at.story}/delete`, "delete a comment": () => `${at.comment}/delete`, "inbox": "/inbox", "following": "/following", "saved": "/saved",
  "upvoted": "/upvoted", "hidden (empty)": "/hidden", "own page": "/user/wanda", "settings": "/settings", "saved settings": "/settings?saved=yes",
  "password": "/settings/password", "changed password": "/settings/password?saved=yes", "sessions": "/settings/sessions", "refused": "/item/102/edit",
};

const MODERATOR = {
  "a thread": "/item/101", "the dead in a thread": "/item/3001", "a comment": "/item/103", "a dead story": "/item/3020", "own page": "/user/yusuf",
  "a user": "/user/wanda", "inbox (empty)": "/inbox", "following (empty)": "/following",
};

/** The moderators' pages, of which admins see all. */
const ADMIN = {
  "the queue": "/mod", "new accounts": "/mod/new", "requests": "/mod/requests", "sites": "/mod/sites", "rules": "/mod/rules", "uncounted votes": "/mod/votes", "the team": "/mod/team",
  "a changed role": "/mod/team?name=gus&done=mia", "the log": "/log", "the log, narrowed": "/log?act=lock&moderator=mona", "a history": () => `${ruled.edited}/history`,
  "acts on a story": () => `${ruled.thread}/moderate`, "acts on a comment": () => `${ruled.locked}/moderate`, "a person": "/user/gus/moderate",
  "a locked thread": () => ruled.thread, "a dead story of theirs": () => ruled.killed,
};

/** What became of one's own posts. */
const AUTHOR = {
  "a killed story": () => ruled.killed, "a flagged story": () => ruled.flagged, "an edited story": () => ruled.edited, "a locked comment": () => ruled.locked,
  "a comment moved up": () => ruled.moved, "a locked thread": () => ruled.thread, "what one was told": "/inbox", "all of it dead": "/flagged",
};

/** Every other page answers with 200. */
const STATUS = { "not found": 404, "gone": 410, "dead": 403, "refused": 403 };

const ROLES = [
  ["visitor", VISITOR, (how) => visitor(forum, how)],
  ["member", MEMBER, (how) => person(forum, { name: "wanda", ...how })],
  ["moderator", MODERATOR, (how) => person(forum, { name: "yusuf", role: "moderator", ...how })],
  ["admin at the desk", ADMIN, (how) => person(ruled.forum, { name: "ada", ...how })],
  ["author of what was moderated", AUTHOR, (how) => person(ruled.forum, { name: "walter", ...how })],
];

/** Opens what the page keeps folded, so that it is judged too, but for menus, which would lie over one another. */
const openFolds = (page) =>
  page.evaluate(() => document.querySelectorAll("details:not([open], .menu)").forEach((fold) => (fold.open = true)));

/** Opens each page and has `judge` look at it, given its answer. */
async function each(t, page, pages, judge) {
  for (const [kind, address] of Object.entries(pages)) {
    await t.test(kind, async () => {
      const answer = await page.goto(typeof address === "function" ? address() : address);
      assert.equal(answer.status(), STATUS[kind] ?? 200);
      await openFolds(page);
      await judge(answer);
    });
  }
  assert.deepEqual(troubles(page), [], "the console has nothing to say");
}

// Light on the phone and dark at the desk: colours do not depend on the width, nor places on the colours.
for (const [role, pages, come] of ROLES) {
  describe(`as a ${role}`, { concurrency: 2 }, () => {
    test("every page is usable by everyone on a phone, and fits the smallest one", async (t) => {
      const page = await come({ colorScheme: "light", viewport: PHONE });
      await each(t, page, pages, async () => {
        await accessible(page);
        await fitsItsWidth(page);
        await page.setViewportSize(SMALL);
        await fitsItsWidth(page);
        await page.setViewportSize(PHONE);
      });
    });

    test("every page is usable by everyone at a desk, in the dark, and is valid HTML with one main heading and a title", async (t) => {
      const page = await come({ colorScheme: "dark", viewport: DESK });
      await each(t, page, pages, async (answer) => {
        await accessible(page);
        await fitsItsWidth(page);
        await valid(await answer.text(), page.url());
        assert.equal(await page.getByRole("heading", { level: 1 }).count(), 1);
        assert.match(await page.title(), /\S+ \| Stoa$/);
      });
    });
  });
}

test("a new and closed forum's pages, and the form of one who submits too often, are usable by everyone", async () => {
  const fresh = await startForum({ settings: { limits: "on", stories_per_hour: 1, signup_mode: "closed" } });
  try {
    const nobody = await visitor(fresh, { viewport: PHONE });
    for (const address of ["/", "/comments", "/leaders", "/signup"]) {
      const answer = await nobody.goto(address);
      await valid(await answer.text(), address);
      await accessible(nobody);
      await fitsItsWidth(nobody);
    }
    const page = await person(fresh, { name: "wanda", viewport: PHONE });
    await submit(page, { title: "The first of this hour", url: "https://example.com/first" });
    await page.goto("/submit");
    await field(page, "Title").fill("The second of this hour");
    await field(page, "Address").fill("https://example.com/second");
    const [answer] = await Promise.all([
      page.waitForResponse((it) => it.request().method() === "POST"),
      button(main(page), "Submit story").click(),
    ]);
    assert.equal(answer.status(), 429);
    assert.match(await main(page).getByRole("alert").textContent(), /wait/i);
    assert.equal(await field(page, "Title").inputValue(), "The second of this hour");
    await valid(await answer.text(), "a form that was sent too often");
    await accessible(page);
  } finally {
    await fresh.stop();
  }
});

test("the desk of a new forum, a refused role and the form kept through a log-in are usable by everyone", async () => {
  const fresh = await startForum({ settings: { signup_mode: "request" } });
  try {
    const page = await person(fresh, { name: "ada", role: "admin", viewport: SMALL });
    const judge = async (answer) => {
      await valid(await answer.text(), page.url());
      await accessible(page);
      await fitsItsWidth(page);
    };
    for (const address of ["/mod", "/mod/new", "/mod/requests", "/mod/sites", "/mod/rules", "/mod/votes", "/mod/team", "/log"]) await judge(await page.goto(address));
    const press = async (name) => {
      const [answer] = await Promise.all([
        page.waitForResponse((it) => it.request().method() === "POST"),
        button(main(page), name).last().click(),
      ]);
      await page.waitForLoadState();
      return answer;
    };
    await page.goto("/mod/team?name=nobody-at-all");
    await field(page, "Role").selectOption("moderator");
    await field(page, "Reason").first().fill("w".repeat(300));
    await judge(await press("Give the role"));
    await page.goto("/submit");
    await field(page, "Title").fill("A title that is kept");
    await field(page, "Text").fill(`${"w".repeat(300)}\n\nMore.`);
    await page.context().clearCookies();
    await judge(await press("Submit story"));
    await field(page, "Name").fill("ada");
    await field(page, "Password").fill("lantern river ninety crates");
    await judge(await press("Log in"));
    assert.equal(await field(page, "Title").inputValue(), "A title that is kept");
  } finally {
    await fresh.stop();
  }
});

for (const colorScheme of ["light", "dark"]) {
  test(`a form that was refused is usable by everyone, ${colorScheme}`, async () => {
    const page = await person(forum, { name: "wanda", colorScheme, viewport: PHONE });
    await page.goto("/submit");
    await field(page, "Title").fill("Hm");
    const [answer] = await Promise.all([
      page.waitForResponse((it) => it.request().method() === "POST"),
      button(main(page), "Submit story").click(),
    ]);
    await main(page).getByRole("alert").waitFor();
    await valid(await answer.text(), "a refused form");
    await accessible(page);
  });
}

test("a reply opened in place and a cast vote are usable by everyone", async () => {
  const page = await person(forum, { name: "zoe", viewport: PHONE });
  await page.goto("/item/101");
  await button(main(page), /^Upvote A small harbour/).click();
  await button(main(page), /^Undo vote/).waitFor();
  await link(own(page.locator("article#c103")), "reply").click();
  await main(page).getByRole("textbox").waitFor();
  await accessible(page);
  await fitsItsWidth(page);
});

test("the menus of the header and of a row are usable by everyone", async () => {
  const page = await person(forum, { name: "zoe", viewport: PHONE });
  for (const menu of [you(page).locator("summary"), stories(page).first().locator("summary")]) {
    await page.goto("/");
    await menu.click();
    await accessible(page);
    await fitsItsWidth(page);
  }
});

test("nothing on a page moves while it loads", async () => {
  const page = await visitor(forum, { viewport: PHONE });
  for (const address of ["/", "/item/101"]) {
    await page.goto(address, { waitUntil: "networkidle" });
    const moved = await page.evaluate(() => new Promise((resolve) => {
      new PerformanceObserver((list) => resolve(list.getEntries().reduce((sum, entry) => sum + entry.value, 0)))
        .observe({ type: "layout-shift", buffered: true });
      setTimeout(resolve, 500, 0);
    }));
    assert.ok(moved < 0.02, `${address} moved by ${moved}`);
  }
});

test("the reader's larger letters are honoured", async () => {
  const page = await visitor(forum, { viewport: PHONE });
  await page.goto("/item/101");
  const larger = () => page.locator("html").evaluate((html) => (html.style.fontSize = "200%"));
  const size = () => page.locator("article.c .t").first().evaluate((it) => parseFloat(getComputedStyle(it).fontSize));
  const plain = await size();
  await larger();
  assert.ok((await size()) > 1.8 * plain, "text grows with the letters that the browser is set to");
  await fitsItsWidth(page);
  for (const address of ["/", "/comments", "/search?q=repair", "/signup", "/leaders"]) {
    await page.goto(address);
    await larger();
    await fitsItsWidth(page);
  }
});

for (const javaScript of [true, false]) {
  test(`nothing moves when a vote is cast and undone (scripts ${javaScript ? "on" : "off"})`, async () => {
    const page = await person(forum, { name: `mover-${javaScript}`, javaScript, viewport: PHONE });
    for (const [address, place] of [["/", stories(page).first()], ["/item/101", head(page)], ["/item/3010", page.locator(".options li").first()], ["/item/101", commentById(page, 102)]]) {
      await page.goto(address);
      const places = () => page.locator(".title, h1, .meta, .t, .c > header a, .c > details > footer > a").evaluateAll((all) => all.map((it) => {
        const { x, y } = it.getBoundingClientRect();
        return [Math.round(x), Math.round(y + scrollY)];
      }));
      const before = await places();
      const form = place.locator("form.v").first();
      await form.getByRole("button", { name: /^Upvote/ }).click();
      await form.getByRole("button", { name: /^Undo/ }).waitFor();
      assert.deepEqual(await places(), before, `a vote moves things on ${address}`);
      await form.getByRole("button", { name: /^Undo/ }).click();
      await form.getByRole("button", { name: /^Upvote/ }).waitFor();
      assert.deepEqual(await places(), before, `undoing a vote moves things on ${address}`);
    }
  });
}
