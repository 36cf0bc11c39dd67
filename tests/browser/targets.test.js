// What is pressed: large enough for a finger, in sight, near to what it belongs to, and where it was before.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { DESK, PHONE, fixture, person, startForum, troubles, visitor } from "./forum.js";
import { button, commentById, head, link, main, own, stories } from "./page.js";

const TABLET = { width: 820, height: 1180 };
const SECTIONS = ["/", "/new", "/best", "/active", "/ask", "/show", "/past", "/comments"];

let forum;
before(async () => {
  forum = await startForum();
  await forum.run(["import", fixture("thread.json")]);
  const time = Math.floor(Date.now() / 1000) - 600;
  await forum.importItems([
    { id: 6001, title: "A story of this hour", url: "https://example.com/hour", time, by: "pg" },
    { id: 6002, parent: 6001, text: "A comment of this hour.", time, by: "pg" },
    { id: 6003, parent: 6002, text: "An answer to it.", time, by: "al" },
  ]);
});
after(() => forum?.stop());

const PRESSED = ".meta, .out, .c > header, .c > footer, .c > details > footer";

/** What is pressed in rows, with its size, and whether its middle is its own. */
const targets = (page) => page.locator(PRESSED).locator("a, button, summary").evaluateAll((all) => all.filter((it) => it.checkVisibility()).map((it) => {
  it.scrollIntoView({ block: "center" });
  const { x, y, width, height } = it.getBoundingClientRect();
  const hit = document.elementFromPoint(x + width / 2, y + height / 2);
  return { what: `${it.closest("[id]")?.id} ${it.getAttribute("aria-label") ?? it.textContent}`, width, height, isHit: it.contains(hit) };
}));

for (const [device, how, least] of [
  ["a phone", { viewport: PHONE, touch: true }, 40],
  ["a tablet", { viewport: TABLET, touch: true }, 40],
  ["a desk", { viewport: DESK }, 24],
]) {
  test(`what is pressed in a row is at least ${least} px high and wide on ${device}`, async () => {
    const page = await person(forum, { name: "tara", ...how });
    for (const address of ["/", "/item/101", "/item/6001", "/comments"]) {
      await page.goto(address);
      await page.locator("details.menu, .c footer details").evaluateAll((all) => all.slice(0, 2).forEach((it) => (it.open = true)));
      const found = await targets(page);
      assert.ok(found.length > 5, address);
      const small = found.filter(({ width, height }) => Math.min(width, height) < least - 0.5);
      assert.deepEqual(small, [], `too small on ${address}`);
    }
    await page.goto("/item/101");
    assert.deepEqual((await targets(page)).filter(({ isHit }) => !isHit), [], "nothing lies over another's middle");
  });
}

for (const javaScript of [true, false]) {
  test(`the current section is in sight on a phone (scripts ${javaScript ? "on" : "off"})`, async () => {
    const page = await visitor(forum, { viewport: PHONE, javaScript });
    for (const address of SECTIONS) {
      await page.goto(address);
      const place = await page.locator("nav.sections [aria-current]").evaluate((it) => {
        const { left, right, top, bottom } = it.getBoundingClientRect();
        const isOnTop = [left + 1, right - 1].every((x) => it.contains(document.elementFromPoint(x, (top + bottom) / 2)));
        return { left, right, isOnTop, scrolled: scrollY };
      });
      assert.ok(place.left >= 0 && place.right <= PHONE.width && place.isOnTop, `${address}: ${JSON.stringify(place)}`);
      assert.equal(place.scrolled, 0);
    }
  });
}

test("the way to reply stands beside the arrow, and undoing a vote takes the arrow's place", async () => {
  for (const viewport of [PHONE, DESK]) {
    const page = await person(forum, { name: "ulla", viewport });
    await page.goto("/item/6001");
    const row = own(commentById(page, 6002));
    const before = await link(row, "reply").boundingBox();
    const arrow = await button(row, /^Upvote/).boundingBox();
    assert.ok(before.x - arrow.x - arrow.width < 20, `${before.x - arrow.x - arrow.width} px between them`);
    await button(row, /^Upvote/).click();
    const undo = await button(row, /^Undo/).boundingBox();
    assert.ok(undo.x <= arrow.x + 1 && undo.x + undo.width < before.x + 1, "it reaches no further than the arrow's place");
    assert.deepEqual(await link(row, "reply").boundingBox(), before);
    await button(row, /^Undo/).click();
    await button(row, /^Upvote/).waitFor();
    assert.deepEqual(troubles(page), []);
  }
});

test("the menu of a row opens without hiding its own line", async () => {
  const page = await person(forum, { name: "ulla", viewport: PHONE, touch: true });
  await page.goto("/");
  const story = stories(page).first();
  await story.locator("details.menu > summary").click();
  const [line, box] = [await story.locator(".meta .points").boundingBox(), await button(story, /^save/).boundingBox()];
  assert.ok(box.y >= line.y + line.height - 2, "it is under the line");
  assert.ok(box.x > 0 && box.x + box.width < PHONE.width);
  await button(story, /^save/).click();
  await button(story, /^unsave/).waitFor();
});

test("the head of a story on a phone says all about it in one line", async () => {
  for (const page of [await visitor(forum, { viewport: PHONE }), await person(forum, { name: "ulla", viewport: PHONE })]) {
    await page.goto("/item/6001");
    const tops = await head(page).locator(".meta > :is(.points, .by, .talk)").evaluateAll((all) => all.map((it) => Math.round((it.getBoundingClientRect().top + it.getBoundingClientRect().bottom) / 2)));
    assert.equal(tops.length, 3);
    assert.ok(Math.max(...tops) - Math.min(...tops) < 4, `${tops}`);
  }
});

test("what is behind a comment's mark is named after its author", async () => {
  const page = await visitor(forum);
  await page.goto("/item/101");
  const marks = page.locator(".c > details > footer summary");
  const names = await marks.evaluateAll((all) => all.map((it) => [it.getAttribute("aria-label"), it.closest(".c").querySelector(":scope > header > :is(h3, h4, h5, h6) > a")?.textContent ?? "a removed comment"]));
  assert.ok(names.length > 3);
  for (const [label, author] of names) assert.equal(label, `More on ${author}`);
});

test("a story that is hidden without scripts is named by its list, which brings it back", async () => {
  const page = await person(forum, { name: "vera", javaScript: false, viewport: PHONE });
  await page.goto("/");
  const row = stories(page).filter({ hasText: "A story of this hour" });
  await row.locator("details.menu > summary").click();
  await button(row, /^hide/).click();
  await main(page).getByRole("status").getByText("You hid “A story of this hour”.").waitFor();
  assert.equal(await row.count(), 0);
  await button(main(page), "Undo").click();
  await row.waitFor();
  assert.equal(new URL(page.url()).search, "");
});
