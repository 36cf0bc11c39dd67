// The frame of the pages and the rows of the lists: where they end, how much fits, and what opens in place.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { DESK, PHONE, accessible, fitsItsWidth, fixture, person, startForum, troubles, visitor } from "./forum.js";
import { button, comments, field, head, link, main, replyForm, stories, you } from "./page.js";

const LONG_NAME = "The Exceedingly Long Name of a Very Small Community";
const TITLES = [
  "A library of small sounds", "What a harbour pilot reads before breakfast, and why it matters", "Show: a clock that runs on rain",
  "Forty years of one spreadsheet, told by the people who kept it", "The second life of a lighthouse", "Ask: how do you mend a kettle?",
  "A map drawn from memory by everyone who ever left", "Why we went back to paper tickets after ten years of trying",
  "Bread", "Two engineers explain a bridge that nobody wanted", "The last shop on the quay", "A long reply to a short question about tides",
];
const HEBREW = "שלום עולם: מאמר על כתיבה מימין לשמאל ו-HTML";

let forum;
let named;
before(async () => {
  forum = await startForum();
  named = await startForum({ settings: { site_name: LONG_NAME } });
  await forum.run(["import", fixture("thread.json")]);
  const time = Math.floor(Date.now() / 1000) - 7_200;
  const rows = TITLES.map((title, n) => ({ id: 5001 + n, title, url: `https://site-${n}.example.com/`, score: 1_900 - n, time: time - n }));
  await forum.importItems([...rows, { id: 5100, title: HEBREW, url: "https://ivrit.example.com/", time, score: 2_500, by: "dov" }, { id: 5101, parent: 5100, text: "A remark.", time, by: "dov" }]);
});
after(() => forum?.stop());
after(() => named?.stop());

/** The pixel figures are for Liberation Sans, which every machine that runs the tests has. */
const inLiberation = (page) => page.route("**/static/style.*.css", async (route) => {
  const sheet = await route.fetch();
  await route.fulfill({ response: sheet, body: `${await sheet.text()} :root { --sans: "Liberation Sans"; }` });
});

/** The right edges of what a page is made of, rounded; what is no wider than its words has none. */
const rightEdges = (page, parts) => page.evaluate((parts) => {
  const padded = (it) => (it.matches("header, footer, main") ? parseFloat(getComputedStyle(it).paddingRight) : 0);
  const right = (it) => Math.round(it.getBoundingClientRect().right - padded(it));
  const all = [...document.querySelectorAll(parts)].filter((it) => it.checkVisibility());
  return [...new Set(all.map((it) => right(it)))];
}, parts);

const PARTS = "header.site, footer.site, main, .news > li, li > .talk, article.lead, #comments > .bar, .bar > .order, .box textarea, .write, .write > textarea, .notice, .rows, .figures";

for (const [role, come] of [
  ["visitor", () => visitor(forum)],
  ["member", () => person(forum, { name: "alva" })],
  ["moderator", () => person(forum, { name: "moderator-with-a-nam", role: "moderator" })],
]) {
  test(`everything a ${role} sees at a desk ends at one edge, under a header of one line`, async () => {
    const page = await come();
    for (const address of ["/", "/item/101", "/leaders", "/login", "/log", ...(role === "visitor" ? [] : ["/submit", "/settings/sessions", "/item/101/reply"])]) {
      await page.goto(address);
      const edges = await rightEdges(page, PARTS);
      assert.equal(edges.length, 1, `${address} ends at ${edges}`);
      const lines = await page.locator("header.site").evaluate((it) => new Set([...it.children].map((part) => Math.round(part.getBoundingClientRect().top / 12))).size);
      assert.equal(lines, 1, `the header of ${address} has ${lines} lines`);
      await fitsItsWidth(page);
      const foot = await page.locator("footer.site").evaluate((it) => it.getBoundingClientRect().height);
      assert.ok(foot < 80, `the footer is ${foot} px high`);
    }
  });
}

test("a phone's first screen has nine stories, for visitors and members alike", async () => {
  for (const page of [await visitor(forum, { viewport: PHONE }), await person(forum, { name: "alva", viewport: PHONE })]) {
    await inLiberation(page);
    await page.goto("/");
    const whole = await stories(page).evaluateAll((rows) => rows.filter((row) => row.getBoundingClientRect().bottom <= innerHeight).length);
    assert.ok(whole >= 9, `${whole} stories`);
    const meta = await stories(page).locator(".meta").evaluateAll((lines) => Math.max(...lines.map((line) => line.getBoundingClientRect().height)));
    assert.ok(meta < 41, `the line under a title is never wrapped: ${meta} px`);
    const talk = await stories(page).locator("a.talk").first().boundingBox();
    assert.ok(talk.width >= 44 && talk.height >= 44, `${talk.width} × ${talk.height} for the comments`);
    const header = await page.locator("header.site").boundingBox();
    assert.ok(header.height < 100, "a header of two lines");
  }
});

test("a long name of the site is shortened, on every screen", async () => {
  for (const viewport of [DESK, PHONE, { width: 320, height: 640 }]) {
    const page = await person(named, { name: "a-member-with-a-name", role: "moderator", viewport });
    for (const address of ["/", "/mod", "/nothing-here"]) {
      await page.goto(address);
      await fitsItsWidth(page);
      const brand = await page.locator("header.site .brand").boundingBox();
      assert.ok(brand.height < 50 && brand.width >= 40, `${brand.width} × ${brand.height}`);
    }
  }
});

test("a title from right to left begins at the right, and a name beside it stays in its place", async () => {
  const page = await visitor(forum);
  await page.goto("/");
  const row = stories(page).filter({ hasText: HEBREW });
  const [title, meta, cell] = [await row.locator(".title").boundingBox(), await row.locator(".meta > .from").boundingBox(), await row.locator(".head").boundingBox()];
  assert.ok(Math.abs(title.x + title.width - cell.x - cell.width) < 2, "the title begins at the right of its cell");
  assert.ok(Math.abs(meta.x - cell.x) < 2, "the line under it begins at the left");
  assert.equal(await row.locator(".points").textContent(), "2,500 points");
});

/** Where the line of `place` that says the title begins and ends, from the edges of the block that it is in. */
const gaps = (place) => place.evaluate((it) => {
  let block = it;
  while (!/^(block|list-item|flex)$/.test(getComputedStyle(block).display)) block = block.parentElement;
  const range = document.createRange();
  range.selectNodeContents(it);
  const [words, room] = [range.getBoundingClientRect(), block.getBoundingClientRect()];
  return { left: Math.round(words.left - room.left), right: Math.round(room.right - words.right) };
});

test("a title from right to left begins at the right wherever it stands alone, and keeps to itself in a sentence", async () => {
  const page = await person(forum, { name: "moderator-with-a-nam", role: "moderator" });
  await page.goto("/item/5100/moderate");
  await page.locator("form[action='/item/5100/lock']").evaluate((form) => {
    form.elements.reason.value = "Enough";
    form.requestSubmit(form.querySelector("button"));
  });
  await page.waitForURL("**/item/5100");
  for (const address of ["/", "/user/dov/moderate", "/user/dov/submissions", "/search?q=HTML", "/item/5100", "/item/5100/flag", "/item/5100/moderate"]) {
    await page.goto(address);
    const { left, right } = await gaps(main(page).getByText(HEBREW, { exact: true }).first());
    assert.ok(right <= 2 && left > 2, `${address}: ${left} px left of it, ${right} px right of it`);
  }
  for (const address of ["/comments", "/item/5101", "/log", "/mod", "/item/5101/moderate"]) {
    await page.goto(address);
    const title = main(page).locator("bdi").filter({ hasText: HEBREW }).first();
    assert.equal(await title.evaluate((it) => getComputedStyle(it).unicodeBidi), "isolate", address);
  }
});

test("the search opens where the reader is by its key, and the page of the search answers", async () => {
  const page = await visitor(forum);
  await page.goto("/new");
  await page.keyboard.press("/");
  const words = page.getByRole("dialog", { name: "Search" }).getByRole("searchbox");
  await words.waitFor();
  assert.equal(new URL(page.url()).pathname, "/new");
  assert.ok(await words.evaluate((it) => it === document.activeElement));
  await accessible(page);
  await page.keyboard.press("Escape");
  await words.waitFor({ state: "hidden" });
  await page.keyboard.press("/");
  await words.fill("lighthouse");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/search?q=lighthouse");
  assert.equal(await stories(page).count(), 1);
  await page.keyboard.press("/");
  assert.ok(await main(page).getByRole("searchbox").evaluate((it) => it === document.activeElement), "the page has its own field");
  assert.deepEqual(troubles(page), []);
});

test("the box for a comment stands open at a desk, and is a button on a phone", async () => {
  const page = await person(forum, { name: "alva" });
  await page.goto("/item/101");
  const box = replyForm(page).getByRole("textbox");
  const { height } = await box.boundingBox();
  assert.ok(height < 90, `two lines high, not ${height} px`);
  await box.fill("One.\n\nTwo.\n\nThree.\n\nFour.");
  assert.ok((await box.boundingBox()).height > height, "it grows");
  assert.equal(await link(main(page), "add a comment").count(), 0);
  await page.setViewportSize(PHONE);
  assert.ok(await link(main(page), "add a comment").isVisible());
  assert.ok(!(await box.isVisible()));
  const nobody = await visitor(forum);
  await nobody.goto("/item/101");
  assert.equal(await main(nobody).getByRole("textbox").count(), 0);
  assert.ok(await link(main(nobody), "log in to comment").isVisible());
});

test("the menus of the header and of a row open and close by keys and elsewhere", async () => {
  const page = await person(forum, { name: "alva" });
  for (const [menu, inside] of [[you(page), "settings"], [stories(page).first(), null]]) {
    await page.goto("/");
    const mark = menu.locator("details.menu > summary");
    const content = inside ? link(menu, inside) : button(menu, /^save/);
    await mark.focus();
    await page.keyboard.press("Enter");
    await content.waitFor();
    await page.keyboard.press("Escape");
    await content.waitFor({ state: "hidden" });
    assert.ok(await mark.evaluate((it) => it === document.activeElement));
    await mark.click();
    await content.waitFor();
    await page.locator("footer.site").click({ position: { x: 2, y: 2 } });
    await content.waitFor({ state: "hidden" });
  }
});

test("a day is chosen by its date", async () => {
  const page = await visitor(forum, { javaScript: false });
  await page.goto("/past");
  await field(page, "Day").fill("2001-02-03");
  await button(main(page), "Show").click();
  await page.waitForURL("**/past?day=2001-02-03");
  await link(main(page), /^Nearest day with stories/).click();
  assert.ok((await stories(page).count()) > 0);
});

test("a mistake is told once, at its field, which has the focus", async () => {
  const page = await person(forum, { name: "alva" });
  await page.goto("/submit");
  await field(page, "Address").fill("https://example.com/mistaken");
  await field(page, "Title").fill("Hm");
  await button(main(page), "Submit story").click();
  await main(page).getByRole("alert").waitFor();
  assert.equal(await main(page).getByRole("alert").count(), 1);
  assert.ok(await field(page, "Title").evaluate((it) => it === document.activeElement));
});

test("a story's head shows where it leads, on one edge with all else about it", async () => {
  const page = await visitor(forum);
  await page.goto("/item/5001");
  const out = link(head(page), /^(site-0\.)?example\.com/);
  assert.equal(await out.getAttribute("href"), "https://site-0.example.com/");
  const lefts = await head(page).locator("h1, .out, .meta").evaluateAll((parts) => parts.map((part) => Math.round(part.getBoundingClientRect().left)));
  assert.equal(new Set(lefts).size, 1, `${lefts}`);
});

test("a mouse that rests on a name sees a card of that person; keys and fingers are not in its way", async () => {
  const page = await visitor(forum);
  await page.goto("/item/101");
  const name = comments(main(page)).first().locator(":scope > header h3 a");
  const card = page.getByRole("complementary", { name: "About this person" });
  await name.hover();
  await card.waitFor();
  assert.match(await card.innerText(), /karma\s+[\d,-]+\s+joined/);
  assert.ok((await card.innerText()).startsWith(await name.innerText()));
  await accessible(page);
  await card.hover();
  await page.waitForTimeout(600);
  assert.ok(await card.isVisible(), "the mouse may go onto it");
  await page.keyboard.press("Escape");
  await card.waitFor({ state: "hidden" });
  await name.hover({ position: { x: 2, y: 2 } });
  await card.waitFor();
  await page.getByRole("contentinfo").hover();
  await card.waitFor({ state: "hidden" });
  await name.focus();
  await page.waitForTimeout(600);
  assert.ok(!(await card.isVisible()), "the focus opens none");
  assert.deepEqual(troubles(page), []);
});
