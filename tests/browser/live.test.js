// Live pages: an open thread and an open list say what is new and show it in place.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { accessible, fitsItsWidth, person, PHONE, startForum, troubles, visitor } from "./forum.js";
import { commentById, main, submit } from "./page.js";

let forum;
before(async () => {
  forum = await startForum();
  await forum.importItems([
    { id: 9000, title: "A long thread", url: "https://example.com/long" },
    ...Array.from({ length: 40 }, (_, nth) => ({ id: 9001 + nth, parent: 9000, text: `Comment ${nth}. `.repeat(20) })),
    { id: 9100, title: "Nobody has commented here", url: "https://example.com/quiet" },
  ]);
});
after(() => forum?.stop());

/** Comments on an item by its own page, and resolves to the comment's id. */
async function comment(writer, item, text) {
  await writer.goto(`/item/${item}`);
  await main(writer).getByRole("textbox").fill(text);
  await Promise.all([writer.waitForURL(/#c\d+$/), main(writer).getByRole("button", { name: /^(Reply|Add comment)$/ }).click()]);
  return Number(writer.url().match(/\d+$/)[0]);
}

const listening = (page) => page.waitForResponse((answer) => new URL(answer.url()).pathname === "/events");
const offer = (page, name) => page.getByRole("navigation", { name: /^In this/ }).getByRole("button", { name });

async function openPage(page, path) {
  await Promise.all([listening(page), page.goto(path)]);
}

test("an open thread says that there are new comments and shows them where they belong", async () => {
  const writer = await person(forum, { name: "ada" });
  const reader = await visitor(forum, { viewport: PHONE });
  await openPage(reader, "/item/9000");
  await commentById(reader, 9020).scrollIntoViewIfNeeded();
  const placeOf = () => reader.locator("#c9020 > header").evaluate((header) => header.getBoundingClientRect().top);
  const before = await placeOf();
  const tops = [await comment(writer, 9000, "New at the top."), await comment(writer, 9000, "Another at the top.")];
  const reply = await comment(writer, 9003, "New below the third.");
  await offer(reader, "Show 3 new comments").waitFor();
  assert.equal(await reader.getByRole("status").filter({ hasText: "3 new comments." }).count(), 1, "it is announced");
  assert.ok(Math.abs((await placeOf()) - before) < 1, "nothing has moved");
  assert.equal(await reader.locator(`#c${tops[0]}`).count(), 0, "nothing is shown before it is asked for");
  await accessible(reader);
  await fitsItsWidth(reader);
  await offer(reader, "Show 3 new comments").click();
  await reader.locator(`#c9003 #c${reply}`).waitFor();
  for (const top of tops) await reader.locator(`.thread > #c${top}`).waitFor({ state: "attached" });
  assert.ok(Math.abs((await placeOf()) - before) < 2, `what is read has not moved: ${before}, ${await placeOf()}`);
  await reader.getByRole("status").filter({ hasText: "3 new comments shown." }).waitFor();
  assert.equal(await offer(reader, /^Show/).count(), 0);
  // The page is as the server would make it now, and leads from one new comment to the next.
  const order = () => reader.locator(".c").evaluateAll((all) => all.map((one) => `${one.parentElement.closest(".c")?.id} ${one.id}`));
  const inPlace = await order();
  await offer(reader, /3 new/).click();
  assert.equal(await reader.evaluate(() => document.activeElement.closest(".c.new") !== null), true);
  await accessible(reader);
  await reader.reload();
  assert.deepEqual(inPlace, await order());
  assert.deepEqual(troubles(reader), []);
});

test("the keyboard shows what is new, and keeps its place", async () => {
  const writer = await person(forum, { name: "ada" });
  const reader = await person(forum, { name: "ben" });
  await openPage(reader, "/item/9000");
  const id = await comment(writer, 9010, "For the keyboard.");
  const show = offer(reader, "Show 1 new comment");
  await show.focus();
  await reader.keyboard.press("Enter");
  await reader.locator(`#c${id}`).waitFor({ state: "attached" });
  await reader.waitForFunction(() => document.activeElement.matches(".corner button"));
  await reader.keyboard.press("n");
  await reader.waitForFunction((id) => document.activeElement.closest(".c")?.id === `c${id}`, id);
  // It can be folded and voted on as any other.
  await reader.keyboard.press("u");
  await commentById(reader, id).getByRole("button", { name: /^Undo vote/ }).waitFor();
  await reader.keyboard.press("o");
  await commentById(reader, id).getByText("For the keyboard.").waitFor({ state: "hidden" });
  assert.deepEqual(troubles(reader), []);
});

test("the first comments of a thread appear in it", async () => {
  const writer = await person(forum, { name: "ada" });
  const reader = await visitor(forum);
  await openPage(reader, "/item/9100");
  const id = await comment(writer, 9100, "The first.");
  await offer(reader, "Show 1 new comment").click();
  await commentById(reader, id).getByText("The first.").waitFor();
  await reader.getByRole("heading", { name: "1 comment", exact: true }).waitFor();
  assert.deepEqual(troubles(reader), []);
});

test("an open list says that there are new stories and shows them in place", async () => {
  const writer = await person(forum, { name: "ada" });
  const reader = await visitor(forum);
  await openPage(reader, "/new");
  for (const title of ["A new loom", "A newer loom"]) {
    await submit(writer, { title, text: "Words." });
  }
  await offer(reader, "Show 2 new stories").click();
  await reader.getByRole("link", { name: "A newer loom", exact: true }).waitFor();
  assert.equal(await reader.locator("ol.news > li").first().getByRole("link", { name: "A newer loom", exact: true }).count(), 1);
  await reader.getByRole("status").filter({ hasText: "2 new stories shown." }).waitFor();
  await accessible(reader);
  assert.deepEqual(troubles(reader), []);
});

test("the number of the inbox follows on any open page", async () => {
  const ben = await person(forum, { name: "ben" });
  await openPage(ben, "/item/9100");
  const own = await comment(ben, 9100, "Who answers?");
  await openPage(ben, "/guidelines");
  const writer = await person(forum, { name: "ada" });
  await comment(writer, own, "I do.");
  const inbox = ben.getByRole("navigation", { name: "You" }).getByRole("link", { name: /^inbox/ });
  await inbox.filter({ hasText: "1 unread" }).waitFor();
  assert.match(await ben.title(), /^\(1\) /);
  // Read elsewhere.
  const other = await ben.context().newPage();
  await other.goto(`/item/${own}`);
  await other.goto("/item/9100");
  await inbox.filter({ hasNotText: "unread" }).waitFor();
  assert.doesNotMatch(await ben.title(), /^\(/);
});

test("without a script a page stays as it is", async () => {
  const writer = await person(forum, { name: "ada" });
  const reader = await visitor(forum, { javaScript: false });
  await reader.goto("/item/9100");
  const html = await reader.content();
  await comment(writer, 9100, "Unheard.");
  await reader.waitForTimeout(1_500);
  assert.equal(await reader.content(), html);
});
