// A thread as one reads it and writes in it: heads, rows, rails, what is new, previews, drafts, quotations and paper.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { DESK, PHONE, accessible, fitsItsWidth, person, startForum, troubles, visitor } from "./forum.js";
import { answerLink, button, commentById, fold, link, main, more, own, text } from "./page.js";

const MARKS = Array.from({ length: 50 }, (_, nth) => String.fromCodePoint(0x300 + nth)).join("");

const ITEMS = [
  { id: 7000, title: "A long talk", text: "Go on." },
  ...Array.from({ length: 20 }, (_, depth) => ({ id: 7001 + depth, parent: 7000 + depth, by: `speaker-${depth + 1}`, text: `At depth ${depth + 1}.` })),
  { id: 7040, parent: 7000, text: "Another root." },
  { id: 7100, title: "Words of every kind", text: "Go on." },
  { id: 7101, parent: 7100, text: "שלום עולם, וגם English באמצע.<p>And a paragraph in English." },
  { id: 7102, parent: 7100, text: `Z${MARKS} with many marks.` },
  { id: 7103, parent: 7102, text: "Below the marks." },
  { id: 7200, title: "A talk of many", text: "Go on." },
  ...Array.from({ length: 340 }, (_, nth) => ({ id: 7201 + nth, parent: 7200, text: `Remark ${nth + 1}.` })),
];

let forum;
before(async () => {
  forum = await startForum();
  await forum.importItems(ITEMS);
});
after(() => forum?.stop());

const row = (place) => place.locator(":scope > details > footer");
const header = (place) => place.locator(":scope > header");
const box = (place) => place.evaluate((it) => it.getBoundingClientRect().toJSON());

describe("the head and the row of a comment", () => {
  for (const width of [320, 390, 1280]) {
    test(`the head is one line at any depth, and nothing is wider than the window (${width} px)`, async () => {
      const page = await visitor(forum, { viewport: { width, height: 844 } });
      await page.goto("/item/7000");
      const heights = await page.locator(".c > header").evaluateAll((all) => all.map((it) => it.getBoundingClientRect().height));
      assert.equal(new Set(heights).size, 1, `heads of one height: ${heights}`);
      assert.ok(heights[0] <= 40, `one line: ${heights[0]} px`);
      await fitsItsWidth(page);
    });
  }

  test("a phone indents to depth 5, then names whom a comment answers, and draws four rails", async () => {
    const page = await visitor(forum, { viewport: PHONE });
    await page.goto("/item/7000");
    const left = async (id) => (await box(text(commentById(page, id)))).x;
    const lefts = await Promise.all([7001, 7002, 7006, 7007, 7020].map(left));
    assert.deepEqual(lefts.map((x) => Math.round(x - lefts[0])), [0, 10, 50, 50, 50]);
    const to = link(header(commentById(page, 7010)), /^in reply to/);
    assert.equal(await to.textContent(), "in reply to speaker-9");
    assert.ok(await to.isVisible());
    assert.equal(await to.getAttribute("href"), "#c7009");
    const rails = await page.locator(".c").evaluateAll((all) => all.filter((it) => getComputedStyle(it, "::before").display !== "none").length);
    // Four of the deep branch, and the one of the other root.
    assert.equal(rails, 5);
  });

  test("name, text, row and the form for a reply share one left edge", async () => {
    for (const viewport of [PHONE, DESK]) {
      const page = await person(forum, { name: "edgar", viewport });
      await page.goto("/item/7000");
      const comment = commentById(page, 7003);
      await link(row(comment), "reply").click();
      await comment.locator("form.write").waitFor();
      const parts = [header(comment).getByRole("heading"), text(comment), row(comment), comment.locator("form.write textarea")];
      const lefts = (await Promise.all(parts.map(box))).map(({ x }) => Math.round(x));
      assert.equal(new Set(lefts).size, 1, `left edges: ${lefts}`);
      const [above, form] = [await box(row(comment)), await box(comment.locator("form.write"))];
      assert.ok(form.y - above.bottom < 24 && form.y >= above.bottom - 8, "the form stands right under the row");
      await button(comment.locator("form.write"), "Reply").waitFor();
      await link(comment.locator("form.write"), "Cancel").click();
      await comment.locator("form.write").waitFor({ state: "detached" });
    }
  });

  test("roots are set apart by a line and more room than replies", async () => {
    const page = await visitor(forum);
    await page.goto("/item/7100");
    const top = (id) => commentById(page, id).evaluate((it) => {
      const { borderBlockStartWidth, marginBlockStart, paddingBlockStart } = getComputedStyle(it);
      return [borderBlockStartWidth, parseFloat(marginBlockStart) + parseFloat(paddingBlockStart)];
    });
    assert.deepEqual(await top(7102), ["1px", 36]);
    assert.deepEqual(await top(7103), ["0px", 16]);
  });

  test("a folded branch says how much is in it", async () => {
    const page = await visitor(forum, { javaScript: false });
    await page.goto("/item/7000");
    await fold(commentById(page, 7009)).click();
    const [said, number] = await header(commentById(page, 7009)).evaluate((it) => [getComputedStyle(it, "::after").content, it.dataset.n]);
    assert.equal(said.replace(/"/g, "").replace(/attr\(data-n\)/, number).replace(/\s+/g, " ").trim(), "[12 more]");
    assert.ok(!(await text(commentById(page, 7010)).isVisible()));
  });

  test("the rail folds its branch", async () => {
    const page = await visitor(forum);
    await page.goto("/item/7000");
    const { x, y } = await box(commentById(page, 7002));
    await page.mouse.click(x + 12, y + 60);
    await text(commentById(page, 7002)).waitFor({ state: "hidden" });
    assert.ok(await text(commentById(page, 7001)).isVisible());
  });

  test("the comment that a link leads to is marked as a whole, and so is the one with the focus", async () => {
    const page = await visitor(forum);
    const grounds = (id) => commentById(page, id).evaluate((it) => [...it.querySelectorAll(":scope > header, :scope > details > .t, :scope > details > footer")].map((part) => getComputedStyle(part).backgroundColor));
    await page.goto("/item/7000#c7004");
    const marked = await grounds(7004);
    const plain = await grounds(7005);
    assert.equal(marked.length, 3);
    assert.equal(new Set(marked).size, 1, "its head, text and row have one ground");
    assert.notEqual(marked[0], plain[0]);
    await page.goto("/item/7100");
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    assert.deepEqual(await grounds(7101), marked);
  });
});

test("each paragraph finds its own direction", async () => {
  const page = await visitor(forum, { viewport: PHONE });
  await page.goto("/item/7100");
  const sides = await text(commentById(page, 7101)).locator("p").evaluateAll((all) => all.map((p) => {
    const range = document.createRange();
    range.selectNodeContents(p);
    const [line, room] = [range.getBoundingClientRect(), p.getBoundingClientRect()];
    return [Math.round(line.left - room.left) < 3, Math.round(room.right - line.right) < 3];
  }));
  assert.deepEqual(sides, [[false, true], [true, false]]);
});

test("fifty marks on one letter draw over no other comment and no head", async () => {
  const page = await visitor(forum);
  await page.goto("/item/7100");
  const others = [header(commentById(page, 7102)), text(commentById(page, 7101)), header(commentById(page, 7103)), text(commentById(page, 7103))];
  // Without the last pixels before the next line, into which a link's focus ring may reach as well.
  const clip = ({ x, y, width, height }) => ({ x, y, width, height: height - 4 });
  const look = () => Promise.all(others.map(async (it) => (await page.screenshot({ clip: clip(await it.boundingBox()) })).toString("base64")));
  const marked = await look();
  await text(commentById(page, 7102)).locator("p").evaluate((p) => (p.textContent = "Z with many marks."));
  assert.deepEqual(await look(), marked);
});

test("every fold of a long thread is remembered, beside those of others", async () => {
  const page = await visitor(forum);
  await page.goto("/item/7100");
  await fold(commentById(page, 7102)).click();
  await page.waitForFunction(() => (localStorage.getItem("folds") ?? "").includes("7102"));
  await page.goto("/item/7200");
  await button(main(page), "fold all").click();
  await page.waitForFunction(() => JSON.parse(localStorage.getItem("folds") ?? "{}")[7200]?.ids.length === 340);
  await page.reload();
  await button(main(page), "unfold all").waitFor();
  assert.equal(await page.locator(".c > details[open]").count(), 0);
  await page.goto("/item/7100");
  await text(commentById(page, 7102)).waitFor({ state: "hidden" });
  // What is kept has a bound, and the thread that was folded last keeps its own.
  await page.goto("/new");
  await page.evaluate(() => localStorage.setItem("folds", JSON.stringify({ 1: { ids: Array(30_000).fill(1), at: 1 }, 2: { ids: [3], at: 2 } })));
  await page.goto("/item/7200");
  await button(main(page), "fold all").click();
  await page.waitForFunction(() => Object.keys(JSON.parse(localStorage.getItem("folds"))).join() === "2,7200");
});

test("what is new is counted in the corner, which leads from one to the next", async () => {
  const reader = await person(forum, { name: "hilda", viewport: PHONE });
  await reader.goto("/item/7040");
  await reader.goto("/item/7000");
  await reader.waitForTimeout(1100);
  const writer = await person(forum, { name: "ida" });
  for (const id of [7001, 7040]) {
    await writer.goto(`/item/${id}`);
    await main(writer).getByRole("textbox").fill(`News below ${id}.`);
    await Promise.all([writer.waitForURL("**/item/7000#c*"), button(main(writer), "Reply").click()]);
  }
  await reader.goto("/item/7000");
  const corner = reader.getByRole("navigation", { name: "In this thread" }).getByRole("button");
  await corner.filter({ hasText: /2 new/ }).waitFor();
  const focused = () => reader.evaluate(() => document.activeElement.closest(".c.new")?.id);
  const reached = [];
  for (let press = 0; press < 2; press += 1) {
    await corner.click();
    reached.push(await focused());
    assert.match(await corner.textContent(), /^[12] of 2 new [↓↑]$/);
  }
  assert.ok(reached.every(Boolean) && reached[0] !== reached[1], `it leads to both: ${reached}`);
  await accessible(reader);
  await fitsItsWidth(reader);
});

describe("writing", () => {
  const open = async (page, id) => {
    await page.goto("/item/7000");
    await link(row(commentById(page, id)), "reply").click();
    const form = commentById(page, id).locator("form.write").first();
    await form.waitFor();
    return form;
  };

  test("a preview comes up above the field in the thread, and the button stays where it is", async () => {
    const page = await person(forum, { name: "jana" });
    const form = await open(page, 7005);
    await form.getByRole("textbox").fill("I *do*.");
    const before = (await box(button(form, "Preview"))).y;
    await button(form, "Preview").click();
    const preview = form.getByRole("region", { name: "Preview" });
    assert.equal(await preview.locator("em").textContent(), "do");
    assert.match(await preview.textContent(), /jana/);
    assert.ok((await box(preview)).bottom <= (await box(form.getByRole("textbox"))).y);
    assert.ok(Math.abs((await box(button(form, "Preview"))).y - before) < 2);
    assert.equal(new URL(page.url()).pathname, "/item/7000");
    await accessible(page);
    assert.deepEqual(troubles(page), []);
  });

  test("a story's preview has its title and site", async () => {
    const page = await person(forum, { name: "jana", javaScript: false });
    await page.goto("/submit");
    await main(page).getByLabel(/^Address/).fill("https://www.example.com/page");
    await main(page).getByLabel(/^Title/).fill("A title to look at");
    await button(main(page), "Preview").click();
    const said = await main(page).getByRole("region", { name: "Preview" }).textContent();
    assert.match(said.replace(/\s+/g, " "), /A title to look at \(example\.com\).*by jana/);
  });

  test("how much of the limit is used is said from four fifths on", async () => {
    const page = await person(forum, { name: "jana" });
    const form = await open(page, 7006);
    const field = form.getByRole("textbox");
    await field.fill("a".repeat(15_999));
    await page.waitForTimeout(400);
    assert.equal(await form.getByRole("status").textContent(), "");
    await field.fill("a".repeat(16_000));
    await form.getByText("16,000 of 20,000 characters").waitFor();
    await field.fill("");
  });

  test("a selection in the thread is quoted into the reply", async () => {
    const page = await person(forum, { name: "kuno" });
    await page.goto("/item/7000");
    await text(commentById(page, 7002)).locator("p").selectText();
    await link(row(commentById(page, 7002)), "reply").click();
    const form = commentById(page, 7002).locator("form.write").first();
    await form.waitFor();
    assert.equal(await form.getByRole("textbox").inputValue(), "> At depth 2.\n\n");
    await text(commentById(page, 7001)).locator("p").selectText();
    await button(form, "Quote selection").click();
    assert.equal(await form.getByRole("textbox").inputValue(), "> At depth 2.\n\n> At depth 1.\n\n");
  });

  test("a selection is offered to one form alone, the one that was opened", async () => {
    const page = await person(forum, { name: "kuno" });
    await page.goto("/item/7000");
    const offered = () => button(main(page), "Quote selection").filter({ visible: true });
    await text(commentById(page, 7002)).locator("p").selectText();
    await offered().waitFor();
    await link(row(commentById(page, 7003)), "reply").click();
    await commentById(page, 7003).locator("form.write").first().waitFor();
    await text(commentById(page, 7001)).locator("p").selectText();
    await offered().first().waitFor();
    assert.equal(await offered().count(), 1);
    await offered().click();
    assert.match(await commentById(page, 7003).getByRole("textbox").inputValue(), /> At depth 1\.\n\n$/);
  });

  test("the corner offers a draft only while its form is closed", async () => {
    const page = await person(forum, { name: "lore" });
    await (await open(page, 7004)).getByRole("textbox").fill("Half a thought");
    await page.goto("/item/7000");
    const corner = page.getByRole("navigation", { name: "In this thread" });
    await button(corner, "1 draft ↓").click();
    const form = commentById(page, 7004).locator("form.write").first();
    await form.waitFor();
    await corner.waitFor({ state: "hidden" });
    await page.keyboard.press("Escape");
    await button(corner, "1 draft ↓").click();
    await button(form, "Discard draft").click();
    await link(form, "Cancel").click();
    await form.waitFor({ state: "detached" });
    assert.ok(!(await corner.isVisible()), "there is none any more");
    assert.deepEqual(troubles(page), []);
  });

  test("drafts of a reply and of an edit are shown unasked, come back, and can be discarded", async () => {
    const page = await person(forum, { name: "lena" });
    let form = await open(page, 7003);
    await form.getByRole("textbox").fill("Written first.");
    await Promise.all([page.waitForEvent("load"), button(form, "Reply").click()]);
    const id = Number(page.url().match(/#c(\d+)$/)[1]);
    await (await more(commentById(page, id), "edit")).click();
    await commentById(page, id).getByRole("textbox").fill("Written otherwise.");
    form = await open(page, 7004);
    await form.getByRole("textbox").fill("Half a thought");
    await page.goto("/item/7000");
    const corner = page.getByRole("navigation", { name: "In this thread" });
    assert.ok(await row(commentById(page, 7004)).getByText("draft", { exact: true }).isVisible());
    for (const [offer, words] of [["2 drafts ↓", "Half a thought"], ["1 draft ↓", "Written otherwise."]]) {
      await button(corner, offer).click();
      await page.waitForFunction((words) => [...document.querySelectorAll("form.write textarea")].some((it) => it.value === words), words);
    }
    await button(main(page), "Discard draft").click();
    assert.equal(await commentById(page, id).getByRole("textbox").inputValue(), "Written first.");
    assert.deepEqual(troubles(page), []);
  });
});

/** The words of a page as a reader is given them, those that the sheet adds among them. */
async function words(page) {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send("Accessibility.getFullAXTree");
  return nodes.filter(({ ignored, role }) => !ignored && role.value === "StaticText").map(({ name }) => name.value);
}

test("on paper a thread has its address and exact times, and nothing to press", async () => {
  const page = await visitor(forum);
  await page.goto("/item/7000");
  assert.ok(!(await words(page)).includes(`${forum.url}/item/7000`), "a screen has its own line for it");
  await page.emulateMedia({ media: "print" });
  const printed = await words(page);
  assert.equal(printed.filter((words) => words === `${forum.url}/item/7000`).length, 1);
  // The story and its 21 comments.
  assert.equal(printed.filter((words) => words === "2024-06-01T12:00:00Z").length, 22);
  const times = await main(page).locator("time").evaluateAll((all) => all.filter((it) => it.getBoundingClientRect().width < 100).length);
  assert.equal(times, 0, "each takes its room");
  assert.ok(await text(commentById(page, 7020)).isVisible());
  assert.equal(await page.locator("footer:visible, summary:visible, button:visible, form:visible, header.site nav:visible").count(), 0);
});

test("two edits that cross are shown beside one another, and combined they are saved", async () => {
  const page = await person(forum, { name: "judy" });
  await page.goto("/item/7040");
  await main(page).getByRole("textbox").fill("As first written.");
  await Promise.all([page.waitForURL("**/item/7000#c*"), button(main(page), "Reply").click()]);
  const id = new URL(page.url()).hash.slice(2);
  const other = await page.context().newPage();
  for (const tab of [page, other]) await tab.goto(`/item/${id}/edit`);
  const save = async (tab, words) => {
    await main(tab).getByLabel("Text", { exact: true }).fill(words);
    await button(main(tab), "Save changes").click();
  };
  await save(page, "As changed first.");
  await page.waitForURL(`**/item/7000#c${id}`);
  await save(other, "As changed meanwhile.");
  await main(other).getByRole("heading", { name: "It was changed while you were writing" }).waitFor();
  await save(other, "As combined.");
  await other.waitForURL(`**/item/7000#c${id}`);
  assert.match(await text(commentById(other, id)).textContent(), /As combined\./);
});

test("on a phone the form for a comment opens under its button, and Escape closes it", async () => {
  const page = await person(forum, { name: "karl", viewport: PHONE });
  await page.goto("/item/7000");
  await answerLink(page).click();
  const form = main(page).locator('form[action="/item/7000/reply"]:visible');
  await form.waitFor();
  assert.equal(new URL(page.url()).pathname, "/item/7000");
  await page.keyboard.press("Escape");
  await form.waitFor({ state: "hidden" });
  assert.deepEqual(troubles(page), []);
});

test("a draft waits for its writer on a phone, and is gone with who logs out", async () => {
  const page = await person(forum, { name: "lena", viewport: PHONE });
  await page.goto("/item/7000");
  await answerLink(page).click();
  await main(page).locator('form[action="/item/7000/reply"]:visible').getByRole("textbox").fill("Not sent yet.");
  await page.reload();
  await button(page, /1 draft/).waitFor();
  const stored = () => page.evaluate(() => JSON.stringify(localStorage).includes("Not sent yet."));
  assert.ok(await stored());
  await page.locator("form[action='/logout']").evaluate((form) => form.requestSubmit());
  await link(page, "log in").first().waitFor();
  assert.ok(!(await stored()), "whoever uses the browser next finds nothing of it");
});

test("what was spoilt in the browser's storage is no trouble", async () => {
  const page = await person(forum, { name: "mila" });
  for (const spoilt of ["5", '"x"', "[]", '{"reply-7000":null}', '{"reply-7000":{"text":null}}']) {
    await page.goto("/item/7000");
    await page.evaluate((drafts) => {
      localStorage.setItem("drafts mila", drafts);
      localStorage.setItem("folds", '{"7000":{"ids":5}}');
    }, spoilt);
    await page.reload();
    await main(page).getByRole("textbox").fill("Still kept.");
    await page.reload();
    assert.equal(await main(page).getByRole("textbox").inputValue(), "Still kept.", spoilt);
    await button(main(page), "Discard draft").click();
  }
  assert.deepEqual(troubles(page), []);
});
