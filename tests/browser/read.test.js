// What somebody without an account reads.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { DESK, PHONE, fixture, startForum, troubles, visitor } from "./forum.js";
import { button, choose, comment, commentById, comments, fold, head, idOf, link, main, more, own, stories, text } from "./page.js";

let forum;
before(async () => {
  forum = await startForum();
  await forum.run(["import", fixture("thread.json"), fixture("firebase.jsonl")]);
});
after(() => forum?.stop());

/** The same with and without scripts, on a phone and at a desk. */
const WAYS = [
  ["on a phone without scripts", { viewport: PHONE, javaScript: false }],
  ["on a phone", { viewport: PHONE }],
  ["at a desk without scripts", { viewport: DESK, javaScript: false }],
  ["at a desk", { viewport: DESK }],
];

test("the front page has thirty stories, and the next page has the rest", async () => {
  const page = await visitor(forum);
  await page.goto("/");
  assert.equal(await stories(page).count(), 30);
  const first = await stories(page).first().locator("a.title").textContent();

  await link(main(page), "More stories").click();
  await page.waitForURL(/\/\?p=2&at=\d/);
  assert.equal(await stories(page).count(), 11);
  assert.equal(await main(page).getByRole("list").first().getAttribute("start"), "31");
  assert.ok(!(await stories(page).allTextContents()).some((row) => row.includes(first)), "a story stands on both pages");
  assert.deepEqual(troubles(page), []);
});

test("a row names the story, its site, points, author, age and comments", async () => {
  const page = await visitor(forum);
  await page.goto("/best?over=all");
  const row = stories(page).filter({ hasText: "tide tables" });
  assert.equal(await row.locator("a.title").getAttribute("href"), "https://harbour.example.com/tides");
  const said = (await row.textContent()).replace(/\s+/g, " ");
  for (const part of ["(example.com)", "128 points", "by ferry", /years? ago/, /1[23] comments/]) {
    assert.match(said, new RegExp(part), `the row says only: ${said}`);
  }
  assert.equal(await row.locator("time").first().getAttribute("datetime"), "2024-06-01T12:00:00Z");
});

for (const [section, title] of [["ask", "Ask: Which book taught you to measure?"], ["show", "Show: A tide clock made from a bicycle"]]) {
  test(`/${section} has the stories that say so, and no others`, async () => {
    const page = await visitor(forum);
    await page.goto(`/${section}`);
    assert.deepEqual(await stories(page).locator("a.title").allTextContents(), [title]);
  });
}

test("a site's page has its stories", async () => {
  const page = await visitor(forum);
  await page.goto("/best?over=all");
  await link(main(page), "example.com").first().click();
  await page.waitForURL("**/from/example.com");
  assert.equal(await stories(page).count(), 1);
});

for (const [way, how] of WAYS) {
  test(`a thread is read, folded and put in another order ${way}`, async () => {
    const page = await visitor(forum, how);
    await page.goto("/best?over=all");
    await stories(page).filter({ hasText: "tide tables" }).locator("a.talk").click();
    await page.waitForURL("**/item/101");
    assert.match(await head(page).textContent(), /A small harbour keeps its own tide tables/);
    assert.equal(await comments(main(page)).count(), 13);

    const above = commentById(page, 102);
    const below = commentById(page, 103);
    assert.equal(await above.locator("article#c106").count(), 1, "a reply's replies stand inside it");
    assert.ok(await text(below).isVisible());
    await fold(above).click();
    await text(below).waitFor({ state: "hidden" });
    assert.ok(await own(above).first().isVisible(), "the head line of a folded comment stays");
    await fold(above).click();
    await text(below).waitFor();

    await choose(page, main(page).locator("form.order"), "order", "newest");
    await page.waitForURL("**/item/101?order=newest");
    assert.equal(await idOf(comments(main(page)).first()), 114);
    assert.deepEqual(troubles(page), []);
  });
}

test("imported text keeps its quotes, lists, emphasis, code, links and signs", async () => {
  const page = await visitor(forum);
  await page.goto("/item/101");
  assert.match(await text(commentById(page, 102)).textContent(), /worth a look & the method/);
  assert.equal(await text(commentById(page, 102)).locator("ul > li").count(), 3);
  assert.equal(await text(commentById(page, 102)).locator("em").textContent(), "never");
  assert.match(await text(commentById(page, 103)).locator("blockquote").textContent(), /^\s*the clock is never set forward\s*$/);
  const code = await text(commentById(page, 109)).locator("pre code").textContent();
  assert.match(code, /height = mean \+ sum\(a \* cos\(w \* t \+ p\)\n/);
  assert.match(code, /if height < 0 && dry:\n {2,}wait\(\)/);
  const outward = text(commentById(page, 104)).getByRole("link");
  assert.equal(await outward.getAttribute("href"), "https://logbook.example.org/entries/1987/how-the-gauge-was-moved-and-why");
  assert.match(await outward.getAttribute("rel"), /nofollow/);
  assert.match(await text(commentById(page, 111)).textContent(), /a year \/ twelve months/);
});

test("a comment whose author is gone keeps its place and its replies", async () => {
  const page = await visitor(forum);
  await page.goto("/item/101");
  assert.match(await own(commentById(page, 112)).first().textContent(), /\[deleted\]/);
  assert.ok(await text(commentById(page, 113)).isVisible());
});

test("a comment's own page has it, what it hangs on, and its replies alone", async () => {
  const page = await visitor(forum);
  await page.goto("/item/101");
  await own(commentById(page, 103)).locator("time").click();
  await page.waitForURL("**/item/103");
  const said = await main(page).textContent();
  assert.match(said, /That is the part that I would copy/);
  assert.match(said, /copy the logbook too/);
  assert.match(said, /A small harbour/);
  assert.doesNotMatch(said, /poured tea on it/);
});

test("the way between comments is by links in the page", async () => {
  const page = await visitor(forum, { javaScript: false });
  await page.goto("/item/101");
  await (await more(commentById(page, 104), "parent")).click();
  await page.waitForURL("**/item/101#c103");
  await (await more(commentById(page, 103), "next")).click();
  await page.waitForURL("**/item/101#c107");
});

test("a fold is remembered where scripts run", async () => {
  const page = await visitor(forum);
  await page.goto("/item/101");
  await fold(commentById(page, 107)).click();
  await page.waitForFunction(() => (localStorage.getItem("folds") ?? "").includes("107"));
  await page.reload();
  await text(commentById(page, 108)).waitFor({ state: "hidden" });
  assert.ok(await text(commentById(page, 103)).isVisible());
});

test("a keyboard is enough to read a thread", async () => {
  const page = await visitor(forum, { javaScript: false });
  await page.goto("/item/101");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to content");
  await fold(commentById(page, 102)).focus();
  await page.keyboard.press("Enter");
  await text(commentById(page, 103)).waitFor({ state: "hidden" });
});

test("single keys move through a list where scripts run", async () => {
  const page = await visitor(forum);
  await page.goto("/");
  const focused = () => page.evaluate(() => document.activeElement.closest(".story")?.id);
  const ids = await stories(page).evaluateAll((rows) => rows.map((row) => row.id));
  await page.keyboard.press("j");
  assert.equal(await focused(), ids[0]);
  await page.keyboard.press("j");
  assert.equal(await focused(), ids[1]);
  await page.keyboard.press("k");
  assert.equal(await focused(), ids[0]);
  await page.keyboard.press("c");
  await page.waitForURL(`**/item/${ids[0].slice(1)}`);
});

test("a search finds stories by the words of their titles", async () => {
  const page = await visitor(forum, { javaScript: false });
  await page.goto("/search");
  await main(page).getByRole("searchbox").fill("tables TIDE");
  await button(main(page), "Search").click();
  await page.waitForURL("**/search?q=tables+TIDE");
  assert.deepEqual(await stories(page).locator("a.title").allTextContents(), ["A small harbour keeps its own tide tables"]);
  assert.match(await main(page).textContent(), /stories and comments/, "the page says what it looks through");
});

test("a search for what nobody wrote says so", async () => {
  const page = await visitor(forum);
  await page.goto("/search?q=xylophone");
  assert.match(await main(page).textContent(), /Nothing matches .xylophone./);
});

for (const [old, now] of [
  ["/news", "/"], ["/newest", "/new"], ["/item?id=101", "/item/101"], ["/user?id=pilot", "/user/pilot"],
  ["/submitted?id=ferry", "/user/ferry/submissions"], ["/threads?id=pilot", "/user/pilot/comments"],
  ["/from?site=example.com", "/from/example.com"], ["/newcomments", "/comments"],
]) {
  test(`Hacker News's address ${old} leads to ${now}`, async () => {
    const answer = await fetch(forum.url + old, { redirect: "manual" });
    assert.ok([301, 308].includes(answer.status), `status ${answer.status}`);
    assert.equal(new URL(answer.headers.get("location"), forum.url).href, forum.url + now);
    assert.equal((await fetch(forum.url + now)).status, 200);
  });
}

test("an address that leads nowhere says so and leads back", async () => {
  const page = await visitor(forum);
  const answer = await page.goto("/item/999999");
  assert.equal(answer.status(), 404);
  assert.ok(await link(main(page), /./).first().isVisible(), "there is a way on");
});

test("an import that runs again changes nothing", async () => {
  await forum.run(["import", fixture("thread.json"), fixture("firebase.jsonl")]);
  const page = await visitor(forum);
  await page.goto("/item/101");
  assert.equal(await comments(main(page)).count(), 13);
});
