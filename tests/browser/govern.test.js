// How a community governs itself, in the browsers of a member, a moderator and an admin; without scripts where nothing else is said.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { PHONE, accessible, fitsItsWidth, logIn, member, person, startForum, troubles, visitor } from "./forum.js";
import { answerLink, button, comment, commentById, field, head, idOf, link, main, own, replyForm, say, stories, submit, you } from "./page.js";

const SMALL = { width: 320, height: 640 };
const PASSWORD = "seven quiet herons wade";

let forum;
let mark;
let mona;
let ada;
before(async () => {
  forum = await startForum({
    settings: { signup_mode: "request", min_karma_to_flag: 1, min_karma_to_vouch: 1, flags_to_kill: 2, vouches_to_restore: 1 },
  });
  mark = await person(forum, { name: "mark", javaScript: false, viewport: SMALL });
  mona = await person(forum, { name: "mona", role: "moderator", javaScript: false });
  ada = await person(forum, { name: "ada", role: "admin", javaScript: false, viewport: PHONE });
});
after(() => forum?.stop());

/** Submits a story as the person of `page`, and answers its path. */
async function story(page, title, url = "") {
  await submit(page, { title, url, text: url ? "" : "Words about it." });
  return new URL(page.url()).pathname;
}

/** Opens a fold of the page's own part by its name. */
const open = (page, name) => main(page).locator("summary", { hasText: name }).first().click();

/** Flags what stands at `path` for a reason. */
async function flag(page, path, reason) {
  await page.goto(path);
  await open(page, /^flag$/);
  await field(page, "What is wrong").selectOption(reason);
  await button(main(page), /^Flag: /).click();
  await page.waitForLoadState();
}

/** Fills in the reason of a moderator's form and presses its button. */
async function act(page, name, fields) {
  const form = main(page).locator("form").filter({ has: page.getByRole("button", { name }) }).first();
  for (const [label, value] of Object.entries(fields)) await form.getByLabel(label).fill(value);
  await form.getByRole("button", { name }).first().click();
  await page.waitForLoadState();
}

/** What the log says first. */
async function lastActs(rows) {
  const page = await visitor(forum, { javaScript: false });
  await page.goto("/log");
  const all = await main(page).locator("ol.rows > li").allTextContents();
  return all.slice(0, rows).map((row) => row.replace(/\s+/g, " "));
}

const seen = async (path, who) => {
  const page = who ?? (await visitor(forum, { javaScript: false }));
  return (await page.goto(path)).status();
};

test("flags kill a spam story, its author reads why, and a vouch brings a good one back", async () => {
  const sam = await person(forum, { name: "sam", javaScript: false, viewport: SMALL });
  const spam = await story(sam, "Buy cheap watches", "https://watches.example.com/");
  const good = await story(sam, "How a watch is mended");
  const nina = await person(forum, { name: "nina", javaScript: false });
  for (const path of [spam, good]) {
    await flag(mark, path, "spam");
    await flag(nina, path, "spam");
  }
  assert.equal(await seen(spam), 403);
  await sam.goto(spam);
  const told = await main(sam).getByLabel("What became of your story").textContent();
  assert.match(told, /Members flagged your story as spam/);
  assert.match(told, /1 vouch restores it/);
  await fitsItsWidth(sam);
  await sam.goto("/inbox");
  assert.match(await main(sam).textContent(), /Members flagged your story as spam/);

  await mark.goto("/settings");
  await mark.getByLabel("Show dead stories and comments").check();
  await button(main(mark), "Save settings").click();
  await mark.goto(good);
  assert.equal(await button(main(mark), /^Vouch/).count(), 0, "who flagged it does not vouch for it");
  const vera = await person(forum, { name: "vera", javaScript: false, viewport: SMALL });
  await vera.goto("/settings");
  await vera.getByLabel("Show dead stories and comments").check();
  await button(main(vera), "Save settings").click();
  await vera.goto(good);
  await fitsItsWidth(vera);
  await button(main(vera), /^Vouch: How a watch/).click();
  assert.equal(await seen(good), 200);
  assert.equal(await seen(spam), 403);
  const [vouched, killed] = await lastActs(3);
  assert.match(vouched, /members’ vouches restored “How a watch is mended”/);
  assert.match(killed, /members’ flags killed/);

  // A moderator agrees about the spam, and the queue is empty.
  await mona.goto("/mod");
  const waiting = main(mona).locator("article.waiting").filter({ hasText: "Buy cheap watches" });
  assert.match(await waiting.textContent(), /flagged by mark: spam/);
  await button(waiting, /^Keep dead/).click();
  await sam.goto(spam);
  assert.match(await main(sam).getByLabel("What became of your story").textContent(), /mona reviewed your story and kept it dead/);
});

test("a duplicate is merged, and its old address leads to the discussion", async () => {
  const better = await story(mark, "A bridge opens", "https://bridges.example.com/opens");
  const nina = await person(forum, { name: "nina", javaScript: false });
  const duplicate = await story(nina, "A new bridge", "https://rivers.example.com/bridge");
  await say(nina, answerLink(nina), "I walked over it.");
  await mona.goto(duplicate);
  await open(mona, "Moderate");
  await open(mona, "Merge into another story");
  await act(mona, "Merge", { "Merge into": better, "Reason": "the same news" });
  assert.equal(new URL(mona.url()).pathname, better);
  const reader = await visitor(forum, { javaScript: false });
  await reader.goto(duplicate);
  assert.equal(new URL(reader.url()).pathname, better);
  assert.ok(await comment(reader, "I walked over it.").isVisible());
  await nina.goto("/inbox");
  assert.match(await main(nina).textContent(), /A moderator merged your story .* Reason: the same news/);
  assert.match((await lastActs(1))[0], /mona merged .*reason: the same news/);
});

test("a locked comment says so, and a flag is found from a comment in its thread", async () => {
  const thread = await story(mark, "A heated question");
  await say(mark, answerLink(mark), "Everybody is wrong.");
  await mona.goto(thread);
  const id = await idOf(comment(mona, "Everybody is wrong."));
  await own(commentById(mona, id)).getByRole("link", { name: /ago$|now$/ }).click();
  assert.equal(new URL(mona.url()).pathname, `/item/${id}`, "a comment's age leads to its page");
  assert.ok(await main(mona).locator("summary", { hasText: /^flag$/ }).isVisible(), "where it can be flagged");
  await open(mona, "Moderate");
  await open(mona, "Lock this and its replies");
  await act(mona, "Lock", { "Reason": "it went in circles" });
  const reader = await visitor(forum, { javaScript: false, viewport: SMALL });
  await reader.goto(thread);
  assert.match(await own(commentById(reader, id)).first().textContent(), /locked/);
  await fitsItsWidth(reader);
  await mark.goto(`/item/${id}`);
  assert.match(await main(mark).getByLabel("What became of your comment").textContent(), /mona locked your comment.*it went in circles/);
  await fitsItsWidth(mark);
  await mona.goto(thread);
  await open(mona, "Moderate");
  await open(mona, "Pin a notice above the thread");
  await act(mona, "Pin the notice", { "Notice": `Stay with the question: https://example.com/${"a-long-address/".repeat(8)}` });
  await open(mona, "Moderate");
  await open(mona, "Lock the thread");
  await act(mona, "Lock", { "Reason": "enough" });
  await reader.goto(thread);
  assert.match(await head(reader).textContent(), /locked/);
  assert.match(await main(reader).getByLabel("From the moderators").textContent(), /Stay with the question/);
  await fitsItsWidth(reader);
});

test("a banned member's session stops at once, and a shadow-banned one notices nothing", async () => {
  const ben = await person(forum, { name: "ben", javaScript: false });
  await mona.goto("/user/ben/moderate");
  await open(mona, /^Ban$/);
  await act(mona, "Ban ben", { "Reason": "threats" });
  await ben.goto("/settings");
  assert.equal(new URL(ben.url()).pathname, "/login");
  await field(ben, "Name").fill("ben");
  await field(ben, "Password").fill("lantern river ninety crates");
  await button(main(ben), "Log in").click();
  assert.match(await main(ben).getByRole("status").textContent(), /This account is banned until .*: threats/);
  assert.match((await lastActs(1))[0], /mona banned ben/);

  const sly = await person(forum, { name: "sly", javaScript: false });
  await mona.goto("/user/sly/moderate");
  await open(mona, /^Shadow-ban$/);
  await act(mona, "Shadow-ban sly", { "Reason": "spam" });
  const unseen = await story(sly, "Nobody will see this");
  await say(sly, answerLink(sly), "Nor this.");
  await sly.goto(unseen);
  assert.ok(await comment(sly, "Nor this.").isVisible());
  assert.equal(await main(sly).getByLabel("What became of your story").count(), 0);
  assert.doesNotMatch(await main(sly).textContent(), /dead|ban/);
  await sly.goto("/new");
  assert.equal(await stories(sly).filter({ hasText: "Nobody will see this" }).count(), 1);
  const reader = await visitor(forum, { javaScript: false });
  assert.notEqual(await seen(unseen, reader), 200);
  assert.doesNotMatch((await lastActs(1))[0], /sly/, "the public log does not tell");
});

test("an invited person stands in the tree, and a request is approved", async () => {
  await mona.goto("/invitations");
  await button(main(mona), "Make an invitation").click();
  const address = await field(mona, "Link").inputValue();
  const join = async (page, name, why) => {
    await field(page, "Name").fill(name);
    await field(page, "Password").fill(PASSWORD);
    if (why) await field(page, "Why would you like to join\\?").fill(why);
    await main(page).getByRole("button").click();
    await page.waitForLoadState();
  };
  const ida = await visitor(forum, { javaScript: false });
  await ida.goto(address);
  await join(ida, "ida");
  await ida.goto("/user/mona/invited");
  assert.ok(await main(ida).getByRole("listitem").getByRole("link", { name: "ida" }).isVisible());
  const olga = await visitor(forum, { javaScript: false });
  await olga.goto("/signup");
  await join(olga, "olga", "I mend looms.");
  await ada.goto("/mod/requests");
  await button(main(ada), "Approve olga").click();
  await logIn(olga, "olga", PASSWORD);
  assert.match(await you(olga).textContent(), /olga/);
  assert.match((await lastActs(1))[0], /ada approved the request of olga/);
});

test("a ban of example.com leaves notexample.com alone", async () => {
  await mona.goto("/mod/sites");
  await field(mona, "Site").fill("example.com");
  await main(mona).getByLabel("Reason", { exact: true }).first().fill("nothing but spam");
  await button(main(mona), "Ban").click();
  assert.match(await main(mona).getByRole("region").textContent(), /example\.com: 1 story in the last 30 days/);
  await button(main(mona), "Ban example.com").click();
  await mona.waitForLoadState();
  await submit(mark, { title: "From the banned site", url: "https://sub.example.com/page" });
  assert.match(await main(mark).getByRole("alert").textContent(), /example\.com are not accepted here: nothing but spam/);
  assert.equal(await field(mark, "Title").inputValue(), "From the banned site");
  const other = await story(mark, "From another site", "https://notexample.com/page");
  assert.equal(await seen(other), 200);
  assert.match((await lastActs(1))[0], /mona banned the site .*reason: nothing but spam/);
  await mona.goto("/mod/sites");
  await open(mona, "Lift");
  await act(mona, "Lift", { "Reason": "it was sold" });
});

test("an admin makes a moderator, who may act in the session that was there before", async () => {
  assert.equal(await seen("/mod", mark), 403);
  await ada.goto("/user/mark/moderate");
  await link(main(ada), "change").click();
  await field(ada, "Role").selectOption("moderator");
  await field(ada, "Reason").first().fill("a steady hand");
  await fitsItsWidth(ada);
  await button(main(ada), "Give the role").click();
  assert.match(await main(ada).getByRole("status").textContent(), /mark is a moderator now/);
  assert.equal(await seen("/mod", mark), 200);
  assert.equal(await seen("/mod/team", mark), 403);
  await mark.goto("/inbox");
  assert.match(await main(mark).textContent(), /An admin made you a moderator: a steady hand/);
  assert.match((await lastActs(1))[0], /ada made mark a moderator/);
  const row = main(ada).locator("ul.rows > li").filter({ hasText: "mark" });
  await row.locator("summary").click();
  await row.getByLabel("Reason").fill("thank you");
  await button(row, "Make a member: mark").click();
  assert.equal(await seen("/mod", mark), 403);
});

test("what was written before the session ended is sent after the next log-in", async () => {
  const thread = await story(mona, "A patient question");
  const tom = await person(forum, { name: "tom", javaScript: false, viewport: SMALL });
  await tom.goto(`${thread}/reply`);
  await main(tom).getByRole("textbox").fill("A long thought,\n\nwritten slowly.");
  await tom.context().clearCookies();
  await button(main(tom), "Add comment").click();
  assert.match(await main(tom).textContent(), /Your session has ended/);
  await fitsItsWidth(tom);
  await field(tom, "Name").fill("tom");
  await field(tom, "Password").fill("lantern river ninety crates");
  await button(main(tom), "Log in").click();
  assert.equal(await field(tom, "Text").inputValue(), "A long thought,\n\nwritten slowly.");
  await fitsItsWidth(tom);
  await button(main(tom), "Send again").click();
  await comment(tom, "written slowly.").waitFor();
});

test("with scripts, a flag is cast, taken back and a vouch given without leaving the page", async () => {
  const thread = await story(mona, "A story to be flagged in place");
  const uma = await person(forum, { name: "uma", viewport: PHONE });
  await uma.goto(thread);
  let loads = 0;
  uma.on("framenavigated", () => (loads += 1));
  await uma.keyboard.press("Tab");
  await main(uma).locator("summary", { hasText: /^flag$/ }).focus();
  await uma.keyboard.press("Enter");
  await field(uma, "What is wrong").selectOption("rude");
  await button(main(uma), /^Flag: /).press("Enter");
  const back = button(main(uma), /^Undo: A story to be flagged/);
  await back.waitFor();
  assert.ok(await back.evaluate((it) => it === document.activeElement), "the focus goes on to what comes next");
  assert.match(await main(uma).locator("#flagged").textContent(), /You flagged this as rude/);
  await accessible(uma);
  await uma.keyboard.press("Enter");
  await main(uma).locator("summary", { hasText: /^flag$/ }).waitFor();
  assert.equal(loads, 0, "all on one page");
  assert.deepEqual(troubles(uma), []);

  // A form that lacks something is answered by the page itself.
  await open(uma, /^flag$/);
  await field(uma, "What is wrong").selectOption("other");
  await button(main(uma), /^Flag: /).click();
  await main(uma).getByRole("alert").waitFor();
  assert.equal(new URL(uma.url()).pathname, `${thread}/flag`);

  // The flag that kills leads away from what is gone.
  await flag(uma, thread, "spam");
  const wim = await person(forum, { name: "wim" });
  await flag(wim, thread, "spam");
  await wim.waitForURL((url) => url.pathname === "/");
  assert.equal(await seen(thread), 403);
  await wim.goto("/settings");
  await wim.getByLabel("Show dead stories and comments").check();
  await button(main(wim), "Save settings").click();
  await wim.goto(thread);
  await button(main(wim), /^Undo:/).click();
  await button(main(wim), /^Vouch: /).waitFor();
  await button(main(wim), /^Vouch: /).click();
  await replyForm(wim).waitFor();
  assert.equal(await seen(thread), 200);
  assert.deepEqual(troubles(wim), []);
});
