// E-mail, as a member meets it: an address, a lost password, a mention, and an end to it with one click.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { PHONE, accessible, fitsItsWidth, logIn, person, startForum, troubles, visitor } from "./forum.js";
import { linkIn, startSmtp } from "./mail.js";
import { button, field, link, main, submit } from "./page.js";

const PASSWORD = "lantern river ninety crates";

let forum, smtp;
before(async () => {
  smtp = await startSmtp();
  forum = await startForum({ settings: { smtp_url: smtp.url } });
});
after(async () => {
  await forum?.stop();
  await smtp?.stop();
});

/** Enters an address, follows the link that is mailed, and looks at each page on the way. */
async function confirm(page, address) {
  await page.goto("/settings/email");
  await accessible(page);
  await fitsItsWidth(page);
  await field(page, "E-mail").fill(address);
  await field(page, "Password").fill(PASSWORD);
  await button(main(page), "Save address").click();
  await main(page).getByRole("status").waitFor();
  await page.goto(linkIn(await smtp.mail(address), "/email/"));
  await accessible(page);
  await button(main(page), "Confirm the address").click();
  await main(page).getByRole("heading", { name: "The address is confirmed" }).waitFor();
}

test("a lost password is set by mail on a phone", async () => {
  const page = await person(forum, { name: "nora", viewport: PHONE });
  await confirm(page, "nora@example.org");
  const lost = await visitor(forum, { viewport: PHONE });
  await lost.goto("/login");
  await link(main(lost), "Set a new one").click();
  await accessible(lost);
  await field(lost, "Name or e-mail address").fill("nora");
  await button(main(lost), "Send the link").click();
  await main(lost).getByRole("status").waitFor();
  await lost.goto(linkIn(await smtp.mail("nora@example.org", 1), "/reset/"));
  await field(lost, "New password").fill("seven quiet herons wade");
  await button(main(lost), "Set password").click();
  await lost.waitForURL((url) => url.pathname === "/");
  await logIn(await visitor(forum), "nora", "seven quiet herons wade");
  assert.deepEqual([...troubles(page), ...troubles(lost)], []);
});

test("a mention is an unread count and one mail, which one click ends", async () => {
  const page = await person(forum, { name: "olga" });
  await confirm(page, "olga@example.org");
  await page.goto("/settings/email");
  await field(page, "Replies, mentions and what you follow").selectOption({ label: "at once" });
  await button(main(page), "Save choices").click();
  const other = await person(forum, { name: "pavel" });
  await submit(other, { title: "Looms", text: "What does @olga say?" });
  await page.goto("/");
  assert.match(await page.getByRole("link", { name: /inbox/ }).textContent(), /1/);

  // It waits for two minutes, in which an edit may follow.
  const mail = await smtp.mail("olga@example.org", 1, 180);
  assert.match(mail.text, /pavel mentioned you/);
  const [, unsubscribe] = mail.headers.find(([name]) => name === "List-Unsubscribe");
  const answer = await fetch(unsubscribe.slice(1, -1), {
    method: "POST", body: "List-Unsubscribe=One-Click",
    headers: { "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "cross-site" },
  });
  assert.equal(answer.status, 200);
  await page.goto("/settings/email");
  assert.equal(await field(page, "Replies, mentions and what you follow").inputValue(), "never");
  await page.goto(linkIn(mail, "/unsubscribe/"));
  await accessible(page);
  assert.equal((await smtp.mails()).filter(({ to }) => to.includes("olga@example.org")).length, 2);
  assert.deepEqual([...troubles(page), ...troubles(other)], []);
});
