// Ways in: by invitation and by request, on a small phone without scripts; and the judges' look at each of their pages.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { accessible, logIn, member, person, startForum, troubles, valid, visitor } from "./forum.js";
import { button, field, link, main, you } from "./page.js";

const SMALL = { width: 320, height: 640 };
const PASSWORD = "seven quiet herons wade";

let forum;
before(async () => {
  forum = await startForum({ settings: { signup_mode: "request" } });
  await member(forum, "marta", "moderator");
});
after(() => forum?.stop());

/** Fails where the page is wider than the screen. */
async function fits(page) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(over <= 0, `${page.url()} is ${over} px wider than the screen`);
}

async function fill(page, name, why) {
  await field(page, "Name").fill(name);
  await field(page, "Password").fill(PASSWORD);
  if (why) await field(page, "Why would you like to join\\?").fill(why);
  await main(page).getByRole("button").click();
  await page.waitForLoadState();
}

test("an invited person comes in by the link and stands in the tree", async () => {
  const marta = await person(forum, { name: "marta", viewport: SMALL, javaScript: false });
  await marta.goto("/user/marta");
  await link(main(marta), "invitations").click();
  await button(main(marta), "Make an invitation").click();
  const address = await field(marta, "Link").inputValue();
  await fits(marta);

  const nora = await visitor(forum, { viewport: SMALL, javaScript: false });
  await nora.goto(address);
  assert.match(await main(nora).textContent(), /marta invites you/);
  await fits(nora);
  await fill(nora, "nora");
  assert.equal(new URL(nora.url()).pathname, "/");
  await nora.goto("/user/nora");
  assert.match(await main(nora).locator("dl").textContent(), /invited by\s*marta/);
  await link(main(nora), "who invited whom").click();
  const branch = main(nora).getByRole("listitem").filter({ hasText: "nora" }).first();
  assert.ok(await link(branch, "marta").isVisible(), "nora stands under marta");
  await nora.goto("/invited");
  await link(main(nora), /^invited 1/).click();
  assert.ok(await main(nora).getByRole("listitem").getByRole("link", { name: "nora" }).isVisible());
  await fits(nora);

  await marta.goto("/invitations");
  assert.ok(await link(main(marta), "nora").isVisible());
  const late = await visitor(forum, { javaScript: false });
  assert.equal((await late.goto(address)).status(), 404);
  assert.deepEqual([...troubles(marta), ...troubles(nora)], []);
});

test("whoever asks is approved by a moderator and logs in", async () => {
  const olga = await visitor(forum, { viewport: SMALL, javaScript: false });
  await olga.goto("/login");
  await link(main(olga), "Request an account").click();
  await fits(olga);
  await fill(olga, "olga", "I mend looms, and would like to hear how others do.");
  assert.match(await main(olga).textContent(), /Your request is sent/);
  await olga.goto("/login");
  await field(olga, "Name").fill("olga");
  await field(olga, "Password").fill(PASSWORD);
  await button(main(olga), "Log in").click();
  assert.match(await main(olga).textContent(), /Awaiting a moderator/);
  await fits(olga);

  const marta = await person(forum, { name: "marta", viewport: SMALL, javaScript: false });
  await marta.goto("/mod");
  await link(main(marta), /^requests/).click();
  assert.match(await main(marta).textContent(), /I mend looms/);
  await fits(marta);
  await button(main(marta), "Approve olga").click();
  await main(marta).getByText("No pending requests.").waitFor();

  await logIn(olga, "olga", PASSWORD);
  assert.match(await you(olga).textContent(), /olga/);
  await olga.goto("/inbox");
  assert.match(await main(olga).textContent(), /approved your request/);
  assert.deepEqual([...troubles(marta), ...troubles(olga)], []);
});

test("every page about ways in can be used by everybody and is valid", async () => {
  const marta = await person(forum, { name: "marta", viewport: SMALL });
  const stranger = await visitor(forum, { viewport: SMALL });
  // As the server sent it: a browser writes a page's attributes in its own way.
  const sent = new Map();
  for (const page of [marta, stranger]) {
    page.on("response", (answer) => answer.request().isNavigationRequest() && sent.set(page, answer));
  }
  const judge = async (page) => {
    await accessible(page);
    await valid(await sent.get(page).text(), page.url());
  };
  await marta.goto("/invitations");
  await judge(marta);
  await button(main(marta), "Make an invitation").click();
  await judge(marta);
  const address = await field(marta, "Link").inputValue();
  await stranger.goto(address);
  await judge(stranger);
  await stranger.goto(`${address}x`);
  await judge(stranger);
  await stranger.goto("/signup");
  await judge(stranger);
  await fill(stranger, "pia", "x".repeat(2_000));
  await judge(stranger);
  for (const name of ["quirin", "rosa"]) {
    const other = await visitor(forum, { javaScript: false });
    await other.goto("/signup");
    await fill(other, name, "Words\n\n* and a list");
  }
  await marta.goto("/mod/requests");
  await judge(marta);
  await main(marta).locator("article").filter({ hasText: "pia" }).locator("summary").click();
  await main(marta).getByLabel(/^Message to pia/).fill("Not now: *sorry*.");
  await button(main(marta), "Decline pia").click();
  await button(main(marta), "Approve rosa").click();
  await stranger.goto("/login");
  await field(stranger, "Name").fill("pia");
  await field(stranger, "Password").fill(PASSWORD);
  await button(main(stranger), "Log in").click();
  await main(stranger).getByText("Not now").waitFor();
  await judge(stranger);
  for (const path of ["/invited", "/user/marta/invited", "/user/nora/invited"]) {
    await stranger.goto(path);
    await judge(stranger);
  }
});
