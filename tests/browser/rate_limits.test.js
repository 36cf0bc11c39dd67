// A burst from one network meets the rate limits, while an ordinary member goes on undisturbed.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { fitsItsWidth, startForum, troubles, visitor } from "./forum.js";
import { button, field, main, stories, submit } from "./page.js";

const SMALL = { width: 320, height: 640 };
const PASSWORD = "seven quiet herons wade";
const NAME = "The Community of Weavers and Spinners in the Northern Valleys";

let forum;
before(async () => {
  forum = await startForum({
    settings: { site_name: NAME, limits: "on", trusted_proxies: "127.0.0.1", signups_per_hour_per_subnet: 2, posts_per_hour_per_subnet: 3, new_account_days: 1 },
  });
});
after(() => forum?.stop());

/** Lets a browser come from an address, as a proxy in front of the forum would say. */
const from = (page, address) => page.context().setExtraHTTPHeaders({ "x-forwarded-for": address });

/** Signs up in a browser of its own, from an address. */
async function signUp(name, address) {
  const page = await visitor(forum, { javaScript: false, viewport: SMALL });
  await from(page, address);
  await page.goto("/signup");
  await field(page, "Name").fill(name);
  await field(page, "Password").fill(PASSWORD);
  await button(main(page), "Create account").click();
  await page.waitForLoadState();
  return page;
}

test("a long name of the forum does not widen a small phone's page", async () => {
  const page = await visitor(forum, { javaScript: false, viewport: SMALL });
  await from(page, "192.0.2.9");
  await page.goto("/");
  const brand = page.getByRole("banner").getByRole("link", { name: NAME });
  assert.ok(await brand.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "the page is as wide as the screen");
  assert.ok((await brand.locator("svg").boundingBox()).width > 8, "the sign before it is not squeezed");
});

test("a burst of sign-ups and posts from one network is held up, and an ordinary member is not", async () => {
  // Somebody who has been here for long: their account comes with karma from before.
  await forum.importItems([
    { id: 1, title: "The lighthouse keeper’s log", url: "https://example.org/log", by: "orla", score: 40 },
    { id: 2, title: "Harbour lights", url: "https://example.org/lights", by: "orla", score: 30 },
  ]);
  await forum.run(["admin", "claim", "orla"], PASSWORD);
  const orla = await visitor(forum, { javaScript: false });
  await from(orla, "203.0.113.77");
  await orla.goto("/login");
  await field(orla, "Name").fill("orla");
  await field(orla, "Password").fill(PASSWORD);
  await button(main(orla), "Log in").click();
  await orla.waitForLoadState();

  const [one, two] = [await signUp("sock1", "203.0.113.1"), await signUp("sock2", "203.0.113.2")];
  const third = await signUp("sock3", "203.0.113.3");
  assert.match(await main(third).textContent(), /Many accounts were created from your network in a short time\. Please wait \d+ minutes/);
  assert.equal(await field(third, "Name").inputValue(), "sock3", "the name is kept");
  await fitsItsWidth(third);

  for (const [page, title] of [[one, "Cheap one"], [two, "Cheap two"], [one, "Cheap three"]]) {
    await submit(page, { title, text: "Words." });
    assert.match(page.url(), /\/item\/\d+$/, title);
  }
  await submit(two, { title: "Cheap four", text: "What I typed." });
  assert.match(await main(two).textContent(), /There has been a lot of activity from new accounts on your network/);
  assert.equal(await field(two, "Text").inputValue(), "What I typed.");
  await fitsItsWidth(two);

  await submit(orla, { title: "An ordinary story", text: "From the same network." });
  assert.match(orla.url(), /\/item\/\d+$/, "an ordinary member goes on");
  const elsewhere = await signUp("newcomer", "198.51.100.7");
  await submit(elsewhere, { title: "From elsewhere", text: "Words." });
  assert.match(elsewhere.url(), /\/item\/\d+$/, "and so does a new one elsewhere");
  await orla.goto("/new");
  const titles = await stories(orla).allTextContents();
  assert.ok(!titles.some((title) => title.includes("Cheap four")), titles.join());
  for (const page of [one, two, third, orla, elsewhere]) assert.deepEqual(troubles(page), []);
});
