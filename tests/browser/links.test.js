// Links that somebody wrote: the script leaves them alone, whatever address they have.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { person, startForum, troubles } from "./forum.js";
import { commentById, comments, head, idOf, link, main, more, own, replyForm, sayHere, submit, text } from "./page.js";

let forum;
let other;
let thread;
let comment;
before(async () => {
  forum = await startForum();
  const alice = await person(forum, { name: "alice" });
  await submit(alice, { title: "What the links lead to", text: "Nothing more." });
  other = new URL(alice.url()).pathname;
  const words = `See [the form](${other}/reply), [the editor](${other}/edit) and [the word](/user/alice).`;
  await submit(alice, { title: "Where the links are", text: words });
  thread = new URL(alice.url()).pathname;
  const form = replyForm(alice);
  await form.getByRole("textbox").fill(words);
  await Promise.all([alice.waitForURL(/#c\d+$/), form.getByRole("button").first().click()]);
  comment = new URL(alice.url()).hash.slice(2);
  await alice.goto("/settings");
  await main(alice).getByLabel(/^About/).fill(words);
  await main(alice).getByRole("button", { name: "Save" }).click();
  await alice.waitForLoadState();
});
after(() => forum?.stop());

/** Each place where the words with the links stand, and the text there. */
const places = {
  "a comment in its thread": [() => thread, (page) => text(commentById(page, comment))],
  "a story's text": [() => thread, (page) => head(page).locator(":scope > .t")],
  "a comment's own page": [() => `/item/${comment}`, (page) => main(page).locator("article.flat > .t")],
  "a list of comments": [() => "/comments", (page) => commentById(page, comment).locator(":scope > .t")],
  "a profile": [() => "/user/alice", (page) => main(page).locator(":scope > .t")],
};

for (const [where, [path, place]] of Object.entries(places)) {
  test(`a link to a form within ${where} is followed, and opens nothing in place`, async () => {
    const page = await person(forum, { name: "bob" });
    for (const [name, what] of [["the form", "reply"], ["the editor", "edit"]]) {
      await page.goto(path());
      await link(place(page), name).click();
      await page.waitForURL((url) => url.pathname === `${other}/${what}`);
    }
    assert.deepEqual(troubles(page), []);
  });
}

test("the key for a reply opens the form of the comment itself, though its text links to another", async () => {
  const page = await person(forum, { name: "bob" });
  await page.goto(thread);
  await link(text(commentById(page, comment)), "the form").focus();
  await page.keyboard.press("r");
  await commentById(page, comment).locator(`form[action="/item/${comment}/reply"]`).waitFor();
  assert.equal(new URL(page.url()).pathname, thread);
  assert.deepEqual(troubles(page), []);
});

test("the page's own links still open their forms in place", async () => {
  const page = await person(forum, { name: "alice" });
  await page.goto(thread);
  assert.equal(await idOf(commentById(page, comment)), Number(comment));
  for (const [opener, action] of [
    [link(own(commentById(page, comment)), "reply"), `/item/${comment}/reply`],
    [await more(commentById(page, comment), "edit"), `/item/${comment}/edit`],
    [head(page).locator(".meta > a").filter({ hasText: /^edit$/ }), `${thread}/edit`],
  ]) {
    await opener.click();
    await main(page).locator(`form[action="${action}"]`).waitFor();
    assert.equal(new URL(page.url()).pathname, thread);
  }
  await page.goto("/comments");
  await link(commentById(page, comment).locator(":scope > footer"), "reply").click();
  await main(page).locator(`form[action="/item/${comment}/reply"]`).waitFor();
  assert.equal(new URL(page.url()).pathname, "/comments");
  assert.deepEqual(troubles(page), []);
});

test("on a comment's own page the form stands there, and one opened in place beside it is labelled by itself", async () => {
  const page = await person(forum, { name: "dora" });
  await page.goto(`/item/${comment}`);
  await sayHere(page, "An answer from the page itself.");
  await page.goto(`/item/${comment}`);
  const answer = commentById(page, await idOf(comments(main(page)).last()));
  await (await more(answer, "edit")).click();
  const texts = main(page).getByRole("textbox");
  await texts.nth(1).waitFor();
  const ids = await texts.evaluateAll((all) => all.map((field) => [field.id, field.labels.length]));
  assert.equal(new Set(ids.map(([id]) => id)).size, ids.length, `ids stand once: ${ids}`);
  assert.ok(ids.every(([, labels]) => labels === 1), `each has its label: ${ids}`);
  await page.keyboard.press("Escape");
  await texts.nth(1).waitFor({ state: "detached" });
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("r");
  assert.equal(await page.evaluate(() => document.activeElement.closest("form")?.getAttribute("action")), `/item/${comment}/reply`);
  assert.deepEqual(troubles(page), []);
});
