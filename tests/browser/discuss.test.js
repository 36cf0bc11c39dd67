// Submitting, voting and talking: one afternoon of two members, in every way the forum is used.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { DESK, PHONE, accessible, person, startForum, troubles, visitor } from "./forum.js";
import {
  answerLink, button, choose, comment, commentById, comments, field, fold, head, idOf, link, main, more, own, replyForm, say, sayHere, stories, submit, text, unfold, you,
} from "./page.js";

let forum;
before(async () => {
  forum = await startForum();
});
after(() => forum?.stop());

const points = (page) => head(page).locator(".points").textContent();

/** Clicks a vote's button and waits until `shown` points stand at the story's head. */
async function vote(page, name, shown) {
  await button(head(page), name).click();
  await head(page).locator(".points", { hasText: new RegExp(`^${shown} points?$`) }).waitFor();
}

async function theirTalk(way, how) {
  const alice = await person(forum, { name: `alice-${way}`, ...how });
  const bob = await person(forum, { name: `bob-${way}`, ...how });
  const title = `A question of wind and weather, ${way}`;
  const url = `https://weather.example.com/${way}`;

  // A story
  await submit(alice, { title, url });
  await alice.goto("/new");
  await stories(alice).filter({ hasText: title }).locator("a.talk").click();
  await alice.waitForURL("**/item/*");
  const thread = new URL(alice.url()).pathname;
  assert.equal(await points(alice), "1 point");
  assert.equal(await button(head(alice), /^Upvote/).count(), 0, "nobody votes for their own story");

  // The same address again is a vote
  await submit(bob, { title: "Wind and weather, again", url: `http://www.weather.example.com/${way}/?utm_source=mail#top` });
  await bob.waitForURL(`**${thread}?again=*`);
  await main(bob).getByRole("status").filter({ hasText: /counted as a vote/ }).waitFor();
  assert.equal(await points(bob), "2 points");
  await vote(bob, `Undo vote on ${title}`, 1);
  await vote(bob, `Upvote ${title}`, 2);
  await bob.reload();
  assert.equal(await points(bob), "2 points");

  // A comment with a list and code, a reply, and a reply to that
  await say(bob, answerLink(bob), "Two things help:\n\n* a barometer\n* patience\n\nThat is:\n\n    wait(tide, wind)\n\nIn that order.");
  await bob.goto(thread);
  const first = comment(bob, "Two things help");
  const bullets = await text(first).locator("ul > li").allTextContents();
  assert.deepEqual(bullets.map((said) => said.trim()), ["a barometer", "patience"]);
  assert.match(await text(first).locator("pre code").textContent(), /^wait\(tide, wind\)\n?$/);
  const id = await idOf(first);

  await alice.goto(thread);
  assert.equal(await link(own(commentById(alice, id)), "edit").count(), 0, "only its author edits a comment");
  await button(own(commentById(alice, id)), /^Upvote/).click();
  await button(own(commentById(alice, id)), /^Undo/).waitFor();
  await say(alice, link(own(commentById(alice, id)), "reply"), "> a barometer\n\nMine fell off the wall.");
  await bob.goto("/");
  assert.match(await link(you(bob), /^inbox/).textContent(), /1/);
  await link(you(bob), /^inbox/).click();
  await bob.waitForURL("**/inbox");
  assert.match(await main(bob).textContent(), /fell off the wall/);

  await bob.goto(thread);
  await say(bob, link(own(comment(bob, "fell off the wall")), "reply"), "Then it told you of a storm.");
  await bob.goto(thread);
  const deep = comment(bob, "told you of a storm");
  const deepId = await idOf(deep);
  assert.equal(await bob.locator(`article#c${id} article article#c${deepId}`).count(), 1, "the reply stands two deep");
  assert.match(await text(comment(bob, "fell off the wall")).locator("blockquote").textContent(), /a barometer/);

  // Fold and order
  await fold(commentById(bob, id)).click();
  await text(commentById(bob, deepId)).waitFor({ state: "hidden" });
  await fold(commentById(bob, id)).click();
  await text(commentById(bob, deepId)).waitFor();
  await say(alice, answerLink(await at(alice, thread)), "Later, and on another matter.");
  await choose(alice, main(await at(alice, thread)).locator("form.order"), "order", "newest");
  await comments(main(alice)).first().filter({ hasText: "on another matter" }).waitFor();
  await alice.goto(thread);
  assert.match(await comments(main(alice)).first().textContent(), /on another matter/, "a member's order is remembered");

  // Edit
  await (await more(commentById(bob, deepId), "edit")).click();
  const editor = main(bob).locator(`form[action="/item/${deepId}/edit"]`);
  await editor.waitFor();
  assert.equal(new URL(bob.url()).pathname, how.javaScript ? thread : `/item/${deepId}/edit`, "scripts open the form in place");
  assert.equal(await editor.getByLabel("Text").inputValue(), "Then it told you of a storm.");
  await editor.getByLabel("Text").fill("Then it told you of a gale.");
  await button(editor, "Save changes").click();
  await text(commentById(bob, deepId)).filter({ hasText: "of a gale" }).waitFor();
  assert.equal(new URL(bob.url()).pathname, thread);

  // Delete: what has replies keeps its place at most; what has none goes
  await (await more(commentById(bob, deepId), "delete")).click();
  await bob.waitForURL(`**/item/${deepId}/delete`);
  assert.match(await main(bob).textContent(), /of a gale/, "one sees what one is about to delete");
  await main(bob).getByRole("button", { name: /delete/i }).click();
  await bob.waitForURL((to) => !to.pathname.endsWith("/delete"));
  await bob.goto(thread);
  assert.equal(await commentById(bob, deepId).count(), 0);
  assert.equal((await bob.request.get(`/item/${deepId}`)).status(), 410);

  assert.deepEqual(troubles(alice), []);
  assert.deepEqual(troubles(bob), []);
}

async function at(page, path) {
  await page.goto(path);
  return page;
}

for (const [size, viewport] of [["phone", PHONE], ["desk", DESK]]) {
  for (const javaScript of [true, false]) {
    test(`two members talk (${size}, scripts ${javaScript ? "on" : "off"})`, () =>
      theirTalk(`${size}-${javaScript ? "on" : "off"}`, { viewport, javaScript }));
  }
}

test("a story may be a text, seen before it is sent", async () => {
  const page = await person(forum, { name: "carol", javaScript: false });
  await page.goto("/submit");
  await field(page, "Title").fill("Ask: Who reads by candle light?");
  await field(page, "Text").fill("I *do*, and `burn(wax)`.");
  await button(main(page), "Preview").click();
  const preview = main(page).getByRole("region", { name: "Preview" });
  assert.equal(await preview.locator("em").textContent(), "do");
  assert.equal(await field(page, "Title").inputValue(), "Ask: Who reads by candle light?");
  await button(main(page), "Submit story").click();
  await page.waitForLoadState();
  await page.goto("/ask");
  assert.match(await main(page).textContent(), /Who reads by candle light/);
});

for (const [what, typed, where] of [
  ["a title of two letters", { title: "Hm", url: "https://example.com/hm" }, "Title"],
  ["a title of 81 letters", { title: "a".repeat(81), url: "https://example.com/long" }, "Title"],
  ["a story with neither address nor text", { title: "Nothing at all" }, null],
]) {
  test(`${what} is refused in words, and nothing typed is lost`, async () => {
    const page = await person(forum, { name: "dora", javaScript: false });
    await submit(page, typed);
    assert.equal(new URL(page.url()).pathname, "/submit");
    const alert = main(page).getByRole("alert");
    assert.ok(await alert.isVisible());
    assert.doesNotMatch(await alert.textContent(), /!/);
    assert.equal(await field(page, "Title").inputValue(), typed.title);
    if (where) assert.equal(await field(page, where).getAttribute("aria-invalid"), "true");
  });
}

test("what people write stays text: no script, no element, no address of theirs runs", async () => {
  const page = await person(forum, { name: "eve" });
  const nasty = "<script>document.title='x'</script> <img src=x onerror=alert(1)> [go](javascript:alert(1))";
  await submit(page, { title: "<b>Bold</b> & <script>alert(1)</script>", text: nasty });
  const asked = [];
  page.on("dialog", (dialog) => asked.push(dialog.message()) && dialog.dismiss());
  await page.goto("/new");
  await stories(page).filter({ hasText: "<b>Bold</b>" }).locator("a.talk").click();
  await page.waitForURL("**/item/*");
  assert.match(await head(page).textContent(), /<b>Bold<\/b> & <script>/);
  assert.equal(await main(page).locator("script, img, b:text('Bold'), a[href^='javascript']").count(), 0);
  assert.deepEqual(asked, []);
  assert.deepEqual(troubles(page), []);
});

test("a reply that was begun is still there after a reload, where scripts run", async () => {
  const page = await person(forum, { name: "frida" });
  await submit(page, { title: "A story to be interrupted at", url: "https://example.com/interrupted" });
  await page.goto("/new");
  await stories(page).filter({ hasText: "interrupted at" }).locator("a.talk").click();
  await page.waitForURL("**/item/*");
  await main(page).getByRole("textbox").fill("Half a thought");
  await page.reload();
  await main(page).getByRole("textbox").waitFor();
  assert.equal(await main(page).getByRole("textbox").inputValue(), "Half a thought");
  await sayHere(page, "A whole thought");
  await comment(page, "A whole thought").waitFor();
  assert.equal(await replyForm(page).getByRole("textbox").inputValue(), "", "what was sent is not offered again");
});

test("the page's own title is suggested where scripts run", async () => {
  const page = await person(forum, { name: "gustav" });
  const answers = [{ title: "What the page calls itself" }, { error: "That address did not answer." }];
  await page.route("**/submit/title?*", (route) => route.fulfill({ json: answers.shift() }));
  await page.goto("/submit");
  await button(main(page), "Suggest title").click();
  await main(page).getByText("Enter an address first.").waitFor();
  await field(page, "Address").fill("https://example.com/page");
  await button(main(page), "Suggest title").click();
  await main(page).getByText("Taken from the page.").waitFor();
  assert.equal(await field(page, "Title").inputValue(), "What the page calls itself");
  await button(main(page), "Suggest title").click();
  await main(page).getByText("That address did not answer.").waitFor();
  assert.equal(await field(page, "Title").inputValue(), "What the page calls itself", "a failure takes nothing away");
  assert.deepEqual(troubles(page), []);
});

test("without scripts a title is asked for by the form, which says why there is none and keeps what was typed", async () => {
  const page = await person(forum, { name: "gustav", javaScript: false });
  await page.goto("/submit");
  await field(page, "Address").fill(`${forum.url}/guidelines`);
  await field(page, "Text").fill("Why I think so.");
  await button(main(page), "Suggest title").click();
  // The forum asks no address of its own network for anything.
  assert.ok(await main(page).getByRole("alert").isVisible());
  assert.equal(await field(page, "Address").getAttribute("aria-invalid"), "true");
  assert.equal(await field(page, "Text").inputValue(), "Why I think so.");
});

test("the Enter key in a field submits the story rather than asking for its title", async () => {
  const page = await person(forum, { name: "gustav", javaScript: false });
  await page.goto("/submit");
  await field(page, "Address").fill("https://example.com/entered");
  await field(page, "Title").fill("A story sent by the Enter key");
  await field(page, "Title").press("Enter");
  await page.waitForURL("**/item/*");
  assert.match(await head(page).textContent(), /sent by the Enter key/);
});

for (const javaScript of [true, false]) {
  test(`a vote for a poll's option counts for that option (scripts ${javaScript ? "on" : "off"})`, async () => {
    const poll = javaScript ? 5000 : 5010;
    await forum.importItems([
      { id: poll, type: "poll", title: "Poll: Tea or coffee?", score: 7, parts: [poll + 1, poll + 2] },
      { id: poll + 1, type: "pollopt", poll, parent: poll, text: "Tea", score: 3 },
      { id: poll + 2, type: "pollopt", poll, parent: poll, text: "Coffee", score: 2 },
    ]);
    const page = await person(forum, { name: "gustav", javaScript });
    await page.goto(`/item/${poll}`);
    const option = main(page).getByRole("listitem").filter({ hasText: "Tea" });
    await button(option, "Upvote Tea").click();
    await button(option, "Undo vote on Tea").waitFor();
    const shown = async () => (await main(page).locator(".points").allTextContents()).join(", ");
    assert.equal(await shown(), "7 points, 4 points, 2 points");
    await page.reload();
    assert.equal(await shown(), "7 points, 4 points, 2 points");
  });
}

test("single keys vote, reply, search and help, and do nothing while one types", async () => {
  const page = await person(forum, { name: "heidi" });
  await submit(await person(forum, { name: "gustav" }), { title: "A story for the keyboard", url: "https://example.com/keyboard" });
  await page.goto("/new");
  const row = stories(page).filter({ hasText: "for the keyboard" });
  await row.locator("a.title").focus();
  await page.keyboard.press("u");
  await button(row, /^Undo vote/).waitFor();
  await row.locator("a.title").focus();
  await page.keyboard.press("u");
  await button(row, /^Upvote/).waitFor();
  await row.locator("a.title").focus();
  await page.keyboard.press("c");
  await page.waitForURL("**/item/*");
  const thread = page.url();
  await say(page, answerLink(page), "A comment for the keyboard.");
  await page.goto(thread);

  await page.keyboard.press("j");
  await page.keyboard.press("j");
  assert.equal(await page.evaluate(() => document.activeElement.closest(".c") !== null), true, "j goes from the story to its comments");
  const words = text(comment(page, "A comment for the keyboard."));
  await page.keyboard.press("o");
  await words.waitFor({ state: "hidden" });
  await page.keyboard.press("o");
  await words.waitFor();
  await page.keyboard.press("k");
  await page.keyboard.press("r");
  const box = main(page).getByRole("textbox");
  await box.waitFor();
  await box.pressSequentially("jkocurn/?");
  assert.equal(await box.inputValue(), "jkocurn/?");
  assert.equal(page.url(), thread);
  assert.equal(await page.getByRole("dialog").count(), 0);
  await box.blur();

  await page.keyboard.press("/");
  assert.equal(await page.evaluate(() => document.activeElement.name), "q");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  // The browser moves the focus out of a closed dialog with its next frame.
  await page.waitForFunction(() => document.activeElement.closest("dialog") === null);
  await page.keyboard.press("?");
  await page.getByRole("dialog").waitFor();
  await page.getByLabel(/Keyboard shortcuts/).uncheck();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("/");
  assert.notEqual(await page.evaluate(() => document.activeElement.name), "q", "single keys can be turned off");
  assert.deepEqual(troubles(page), []);
});

test("saved stories are kept for their member; hidden ones leave the lists", async () => {
  const page = await person(forum, { name: "greta", javaScript: false });
  await submit(page, { title: "A story to save and to hide", url: "https://example.com/save-and-hide" });
  const row = () => stories(page).filter({ hasText: "to save and to hide" });
  for (const [word, list] of [["save", "/saved"], ["hide", "/hidden"]]) {
    await page.goto("/new");
    await unfold(row());
    await button(row(), new RegExp(`^${word}`)).click();
    await page.waitForLoadState();
    await page.goto(list);
    assert.equal(await row().count(), 1, `it stands in ${list}`);
  }
  await page.goto("/new");
  assert.equal(await row().count(), 0, "what is hidden is gone from the list");
});

test("comments that came since one's last visit are marked", async () => {
  const hanna = await person(forum, { name: "hanna" });
  const ivo = await person(forum, { name: "ivo" });
  await submit(hanna, { title: "A story to come back to", url: "https://example.com/come-back" });
  await hanna.goto("/new");
  await stories(hanna).filter({ hasText: "come back to" }).locator("a.talk").click();
  await hanna.waitForURL("**/item/*");
  const thread = new URL(hanna.url()).pathname;
  assert.equal(await main(hanna).locator(".new").count(), 0, "at first there is nothing to compare with");
  // The forum's clock counts whole seconds: what comes within the second of a visit counts as seen.
  await hanna.waitForTimeout(1100);
  await ivo.goto(thread);
  await say(ivo, answerLink(ivo), "Something new.");
  await hanna.goto("/new");
  assert.match(await stories(hanna).filter({ hasText: "come back to" }).locator("a.talk").textContent(), /1 comment\s+1 new/);
  await hanna.goto(thread);
  const mark = main(hanna).getByRole("link", { name: /1 new/ });
  assert.ok(await mark.isVisible());
  await mark.click();
  await hanna.waitForURL(/#c\d+$/);
  assert.match(await own(comment(hanna, "Something new.")).first().textContent(), /new/);
  await hanna.reload();
  assert.ok(await main(hanna).getByRole("link", { name: /1 new/ }).isVisible(), "a reload keeps the marks");
  await hanna.evaluate(() => document.activeElement.blur());
  await hanna.keyboard.press("n");
  assert.equal(await hanna.evaluate(() => document.activeElement.closest(".c")?.matches(".new")), true, "n goes to what is new");
});

test("a moderator kills a story, and visitors no longer find it", async () => {
  const author = await person(forum, { name: "judith" });
  await submit(author, { title: "Buy my excellent umbrellas", url: "https://umbrellas.example.com/" });
  const moderator = await person(forum, { name: "konrad", role: "moderator", javaScript: false });
  await moderator.goto("/new");
  await stories(moderator).filter({ hasText: "umbrellas" }).locator("a.talk").click();
  await main(moderator).locator("summary", { hasText: /^moderate$/ }).click();
  await button(main(moderator), "Kill").click();
  await moderator.waitForLoadState();
  const page = await visitor(forum);
  await page.goto("/new");
  assert.equal(await stories(page).filter({ hasText: "umbrellas" }).count(), 0);
});

test("an open thread tells of comments that came meanwhile, and its edit form is usable by everyone", async () => {
  const [nina, olaf] = [await person(forum, { name: "nina" }), await person(forum, { name: "olaf" })];
  await submit(nina, { title: "A thread left open", text: "Who comes by?" });
  await nina.waitForURL("**/item/*");
  const thread = new URL(nina.url()).pathname;
  await olaf.goto(thread);
  await say(nina, answerLink(await at(nina, thread)), "I do.");
  await button(main(olaf), "Show 1 new comment").click();
  await comment(olaf, "I do.").waitFor();

  await nina.goto(thread);
  await (await more(comment(nina, "I do."), "edit")).click();
  await main(nina).getByLabel("Text").waitFor();
  await accessible(nina);
  assert.deepEqual([...troubles(nina), ...troubles(olaf)], []);
});
