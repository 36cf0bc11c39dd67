// Every kind of page: usable by everyone, valid, no wider than its window, with nothing to complain about in the console.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { DESK, PHONE, accessible, fitsItsWidth, fixture, person, startForum, troubles, valid, visitor } from "./forum.js";
import { answerLink, button, comment, field, idOf, link, main, own, say, stories, submit, you } from "./page.js";

let forum;
/** Addresses of what the member wrote. */
const wrote = {};

before(async () => {
  forum = await startForum();
  await forum.run(["import", fixture("thread.json"), fixture("firebase.jsonl")]);
  const member = await person(forum, { name: "wanda" });
  await submit(member, { title: "A story of one's own, with a text", text: "With *words*, `code` and\n\n> a quote\n\n    and a long line of code that is wider than any phone and so must scroll in its own box, not the page\n" });
  await member.goto("/user/wanda/submissions");
  wrote.story = await main(member).locator("a.talk").getAttribute("href");
  await member.goto("/item/101");
  await say(member, answerLink(member), "A comment that can be edited and deleted.");
  await member.goto("/item/101");
  wrote.comment = `/item/${await idOf(comment(member, "can be edited and deleted"))}`;
  const other = await person(forum, { name: "xaver" });
  await other.goto(wrote.comment);
  await say(other, answerLink(other), "An answer to it.");
});
after(() => forum?.stop());

const VISITOR = {
  "top": "/", "second page": "/?p=2", "new": "/new", "best": "/best", "active": "/active", "ask": "/ask", "show": "/show",
  "a day of the past": "/past?day=2024-06-01", "comments": "/comments", "leaders": "/leaders", "a thread": "/item/101",
  "a thread in another order": "/item/101?order=oldest", "a comment": "/item/103", "a user": "/user/pilot",
  "a user's submissions": "/user/ferry/submissions", "a user's comments": "/user/pilot/comments", "a site": "/from/example.com",
  "an empty search": "/search", "a search": "/search?q=gauge", "a search without results": "/search?q=xylophone", "log in": "/login",
  "sign up": "/signup", "guidelines": "/guidelines", "privacy": "/privacy", "contact": "/contact", "bookmarklet": "/bookmarklet",
  "not found": "/nothing-here",
};

const MEMBER = {
  "top": "/", "a thread": "/item/101", "own story": () => wrote.story, "submit": "/submit", "reply to a story": "/item/101/reply",
  "reply to a comment": "/item/103/reply", "edit a story": () => `${wrote.story}/edit`, "edit a comment": () => `${wrote.comment}/edit`,
  "delete": () => `${wrote.story}/delete`, "replies": "/replies", "saved (empty)": "/saved", "upvoted": "/upvoted", "hidden (empty)": "/hidden",
  "own page": "/user/wanda", "settings": "/settings", "password": "/settings/password", "sessions": "/settings/sessions",
  "refused": `/item/102/edit`,
};

const MODERATOR = { "a thread": "/item/101", "own page": "/user/yusuf", "a user": "/user/wanda" };

const ROLES = [
  ["visitor", VISITOR, (how) => visitor(forum, how)],
  ["member", MEMBER, (how) => person(forum, { name: "wanda", ...how })],
  ["moderator", MODERATOR, (how) => person(forum, { name: "yusuf", role: "moderator", ...how })],
];

/** Opens what the page keeps folded, so that it is judged too, but for menus, which would lie over one another. */
const openFolds = (page) =>
  page.evaluate(() => document.querySelectorAll("details:not([open], .fold)").forEach((fold) => (fold.open = true)));

for (const [role, pages, come] of ROLES) {
  describe(`as a ${role}`, () => {
    for (const colorScheme of ["light", "dark"]) {
      for (const viewport of [PHONE, DESK]) {
        test(`every page is usable by everyone, ${colorScheme}, ${viewport.width} px wide`, async (t) => {
          const page = await come({ colorScheme, viewport });
          for (const [kind, address] of Object.entries(pages)) {
            await t.test(kind, async () => {
              await page.goto(typeof address === "function" ? address() : address);
              await openFolds(page);
              await accessible(page);
              await fitsItsWidth(page);
            });
          }
          assert.deepEqual(troubles(page), [], "the console has nothing to say");
        });
      }
    }

    test("every page is valid HTML with one heading of the first level and a title of its own", async (t) => {
      const page = await come({ javaScript: false });
      const titles = new Map();
      for (const [kind, address] of Object.entries(pages)) {
        await t.test(kind, async () => {
          const answer = await page.goto(typeof address === "function" ? address() : address);
          await valid(await answer.text(), kind);
          assert.equal(await page.getByRole("heading", { level: 1 }).count(), 1);
          titles.set(kind, await page.title());
        });
      }
      for (const title of titles.values()) assert.match(title, /\S/);
    });

    test("no page is wider than a window of 320 px", async (t) => {
      const page = await come({ viewport: { width: 320, height: 640 } });
      for (const [kind, address] of Object.entries(pages)) {
        await t.test(kind, async () => {
          await page.goto(typeof address === "function" ? address() : address);
          await openFolds(page);
          await fitsItsWidth(page);
        });
      }
    });
  });
}

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
  const size = () => page.locator("article.c .t").first().evaluate((it) => parseFloat(getComputedStyle(it).fontSize));
  const plain = await size();
  await page.locator("html").evaluate((html) => (html.style.fontSize = "200%"));
  assert.ok((await size()) > 1.8 * plain, "text grows with the letters that the browser is set to");
  await fitsItsWidth(page);
});
