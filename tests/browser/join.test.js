// Becoming and being a member: sign up, log in and out, sessions, theme, the first admin.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { DESK, PHONE, fixture, logIn, member, person, startForum, troubles, visitor } from "./forum.js";
import { button, choose, field, link, main, unfold, you } from "./page.js";

let forum;
before(async () => {
  forum = await startForum();
  await forum.run(["import", fixture("thread.json")]);
});
after(() => forum?.stop());

async function signUp(page, name, password = "seven quiet herons wade") {
  await page.goto("/signup");
  await field(page, "Name").fill(name);
  await field(page, "Password").fill(password);
  await button(main(page), "Create account").click();
  await page.waitForLoadState();
}

for (const [size, viewport] of [["phone", PHONE], ["desk", DESK]]) {
  for (const javaScript of [true, false]) {
    test(`a visitor signs up and is logged in (${size}, scripts ${javaScript ? "on" : "off"})`, async () => {
      const page = await visitor(forum, { viewport, javaScript });
      const name = `new-${size}-${javaScript ? "on" : "off"}`;
      await signUp(page, name);
      await page.waitForURL((url) => url.pathname === "/");
      assert.match(await you(page).textContent(), new RegExp(name));

      await unfold(you(page));
      await button(you(page), "log out").click();
      await link(you(page), "log in").waitFor();
      assert.deepEqual(troubles(page), []);
    });
  }
}

for (const [what, name, password, sentence] of [
  ["a name that is taken, in other letters", "HARRIET", "seven quiet herons wade", /taken/i],
  ["an imported name", "pilot", "seven quiet herons wade", /taken/i],
  ["a name with a blank", "two words", "seven quiet herons wade", /letters/i],
  ["a password that everybody guesses", "careful", "password1", /guess/i],
  ["a password that is short", "careful", "x9!k", /8/],
]) {
  test(`${what} is refused in words, and the name stays typed`, async () => {
    await member(forum, "harriet");
    const page = await visitor(forum, { javaScript: false });
    await signUp(page, name, password);
    assert.equal(new URL(page.url()).pathname, "/signup");
    assert.match(await main(page).getByRole("alert").textContent(), sentence);
    assert.equal(await field(page, "Name").inputValue(), name);
    assert.equal(await field(page, "Password").inputValue(), "", "a password never comes back in a page");
    assert.equal(await main(page).locator("[aria-invalid=true]").count(), 1);
    assert.equal(await link(you(page), "log in").count(), 1);
  });
}

test("a wrong password is refused in words; the right one leads back to where one was", async () => {
  await member(forum, "ingrid");
  const page = await visitor(forum, { javaScript: false });
  await page.goto("/item/101");
  await link(you(page), "log in").click();
  await field(page, "Name").fill("ingrid");
  await field(page, "Password").fill("not the password");
  await button(main(page), "Log in").click();
  assert.match(await main(page).getByRole("alert").textContent(), /password/i);
  assert.equal(await field(page, "Name").inputValue(), "ingrid");

  await field(page, "Name").fill("Ingrid");
  await field(page, "Password").fill("lantern river ninety crates");
  await button(main(page), "Log in").click();
  await page.waitForURL("**/item/101");
  assert.match(await you(page).textContent(), /ingrid/);
});

test("writing without an account leads through log-in to the form", async () => {
  await member(forum, "jonas");
  const page = await visitor(forum, { javaScript: false });
  await page.goto("/submit");
  await page.waitForURL("**/login?*");
  await field(page, "Name").fill("jonas");
  await field(page, "Password").fill("lantern river ninety crates");
  await button(main(page), "Log in").click();
  await page.waitForURL("**/submit");
});

test("a member ends a session in another browser", async () => {
  const here = await person(forum, { name: "katya" });
  const there = await person(forum, { name: "katya" });
  await here.goto("/settings/sessions");
  assert.match(await main(here).textContent(), /this browser/);
  await button(main(here), /^End all others/).click();
  await here.waitForLoadState();
  await there.goto("/");
  assert.equal(await link(you(there), "log in").count(), 1, "the other browser is logged out");
  await here.goto("/");
  assert.match(await you(here).textContent(), /katya/);
});

test("a new password ends the other sessions, and only the new one opens", async () => {
  const here = await person(forum, { name: "leonor", javaScript: false });
  const there = await person(forum, { name: "leonor" });
  await here.goto("/settings/password");
  await field(here, "Current password").fill("lantern river ninety crates");
  await field(here, "New password").fill("eleven copper kettles sing");
  await button(main(here), "Change password").click();
  await here.waitForLoadState();
  await there.goto("/");
  await link(you(there), "log in").waitFor();
  await logIn(there, "leonor", "eleven copper kettles sing");
  assert.match(await you(there).textContent(), /leonor/);
});

for (const javaScript of [true, false]) {
  test(`a visitor's theme is remembered (scripts ${javaScript ? "on" : "off"})`, async () => {
    const page = await visitor(forum, { javaScript });
    await page.goto("/item/101");
    const saved = page.waitForResponse((answer) => answer.url().endsWith("/theme"));
    await choose(page, page.getByRole("contentinfo").locator("form.theme"), "Theme", "dark");
    await saved;
    await page.goto("/new");
    assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
    const ground = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor
      .match(/[\d.]+/g).slice(0, 3).map(Number).reduce((sum, part) => sum + part));
    assert.ok(ground < 3 * 128, `the ground of a dark page is dark, not ${ground / 3}`);
  });
}

test("a member's theme comes along to another device", async () => {
  const here = await person(forum, { name: "mirko", javaScript: false });
  await here.goto("/settings");
  await main(here).getByLabel("Theme").selectOption({ label: "dark" });
  await button(main(here), "Save settings").click();
  await here.waitForLoadState();
  const there = await person(forum, { name: "mirko" });
  await there.goto("/item/101");
  assert.equal(await there.locator("html").getAttribute("data-theme"), "dark");
});

test("the first admin comes in by the link that the server printed, once", async () => {
  const fresh = await startForum();
  try {
    const first = await fresh.adminLink();
    const page = await visitor(fresh, { javaScript: false });
    await page.goto(first);
    await field(page, "Name").fill("olga");
    await field(page, "Password").fill("seven quiet herons wade");
    await main(page).getByRole("button").first().click();
    await page.waitForURL((url) => !url.pathname.startsWith("/setup/"));
    assert.match(await you(page).textContent(), /olga/);
    const late = await visitor(fresh);
    assert.ok([403, 404, 410].includes((await late.goto(first)).status()), "the link works once");
    assert.deepEqual(troubles(page), []);
  } finally {
    await fresh.stop();
  }
});
