// Writing to the moderators, as people meet it without scripts: an appeal against a ban, and a report of illegal content.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { PHONE, accessible, fitsItsWidth, logIn, person, startForum, troubles, visitor } from "./forum.js";
import { linkIn, startSmtp } from "./mail.js";
import { button, field, link, main, say, submit, answerLink, idOf, comments, you } from "./page.js";

const PASSWORD = "lantern river ninety crates";

let forum, smtp, mona, max;
before(async () => {
  smtp = await startSmtp();
  forum = await startForum({ settings: { smtp_url: smtp.url } });
  mona = await person(forum, { name: "mona", role: "moderator", javaScript: false });
  max = await person(forum, { name: "max", role: "moderator", javaScript: false, viewport: PHONE });
});
after(async () => {
  await forum?.stop();
  await smtp?.stop();
});

/** Opens what waits longest for a moderator, from the header on. */
async function openFirst(page) {
  await page.goto("/mod/messages");
  await fitsItsWidth(page);
  await main(page).locator("ul.rows a").first().click();
  await fitsItsWidth(page);
}

test("a banned person appeals and is answered", async () => {
  await person(forum, { name: "sam", javaScript: false });
  await mona.goto("/user/sam/moderate");
  await main(mona).locator("summary", { hasText: /^Ban$/ }).click();
  const form = main(mona).locator("form[action$='/ban']");
  await form.getByLabel("Reason").fill("spam");
  await button(form, "Ban sam").click();
  const sam = await visitor(forum, { viewport: PHONE, javaScript: false });
  await sam.goto("/login");
  await field(sam, "Name").fill("sam");
  await field(sam, "Password").fill(PASSWORD);
  await button(main(sam), "Log in").click();
  await main(sam).getByRole("heading", { name: "Your account is banned" }).waitFor();
  assert.match(await main(sam).getByRole("status").textContent(), /banned until .*: spam\./);
  await fitsItsWidth(sam);
  await field(sam, "Why the ban should be lifted").fill("My cat did it.");
  await button(main(sam), "Appeal").click();
  await openFirst(mona);
  assert.match(await main(mona).textContent(), /You set this ban/);
  await openFirst(max);
  await field(max, "Message").fill("Keep her away from the keyboard.");
  await button(main(max), "Send the answer").click();
  await sam.reload();
  await fitsItsWidth(sam);
  assert.match(await main(sam).getByRole("article").last().textContent(), /a moderator.*Keep her away/s);
  await link(main(sam), "download your data").click();
  await fitsItsWidth(sam);
  await sam.goto("/submit");
  assert.equal(new URL(sam.url()).pathname, "/banned");
  await button(you(sam), "log out").click();
  assert.deepEqual([mona, max, sam].flatMap(troubles), []);
});

test("somebody without an account reports a comment as illegal and gets a decision", async () => {
  const bob = await person(forum, { name: "bob", javaScript: false });
  await submit(bob, { title: "A story about looms", text: "Words." });
  await say(bob, answerLink(bob), "Hateful words.");
  const id = await idOf(comments(main(bob)).filter({ hasText: "Hateful words." }).first());
  const ann = await visitor(forum, { viewport: PHONE, javaScript: false });
  await ann.goto(`/item/${id}`);
  await link(main(ann), "report").click();
  await fitsItsWidth(ann);
  await field(ann, "What is illegal about it").selectOption({ label: "hate speech" });
  await field(ann, "Why it is illegal").fill("It calls for hatred.");
  await field(ann, "Your name").fill("Ann Other");
  await field(ann, "E-mail address").fill("ann@example.org");
  await main(ann).getByLabel("I believe in good faith").check();
  await button(main(ann), "Report this comment").click();
  await main(ann).getByRole("heading", { name: /^Report / }).waitFor();
  assert.match(await main(ann).getByRole("status").textContent(), /Your report has arrived/);
  await fitsItsWidth(ann);
  await mona.goto(`/item/${id}/moderate`);
  await link(main(mona), /^report /).click();
  await fitsItsWidth(mona);
  await field(mona, "Decision").selectOption({ label: "Remove the post" });
  await field(mona, "Reasons").fill("It incites to hatred.");
  await button(main(mona), "Decide").click();
  assert.equal((await ann.goto(`/item/${id}`)).status(), 403);
  await ann.goto(linkIn(await smtp.mail("ann@example.org", 1), "/contact/"));
  assert.match(await main(ann).textContent(), /the post was removed.*It incites to hatred\..*no automated means/s);
  await field(ann, "Why the decision is wrong").fill("I meant another comment.");
  await button(main(ann), "Object").click();
  await openFirst(max);
  assert.match(await main(max).textContent(), /Objection to the decision/);
  assert.deepEqual([mona, max, ann, bob].flatMap(troubles).filter((trouble) => !/403/.test(trouble)), []);
});

test("a member writes to the moderators and finds the answer in the inbox", async () => {
  const tim = await person(forum, { name: "tim", viewport: PHONE });
  await tim.goto("/contact");
  await accessible(tim);
  await field(tim, "Message").fill("Who may edit a title?");
  await button(main(tim), "Send").click();
  await main(tim).getByRole("heading", { name: /^Message / }).waitFor();
  await accessible(tim);
  await mona.goto("/mod/messages");
  await main(mona).locator("ul.rows li", { hasText: "tim" }).getByRole("link").first().click();
  await field(mona, "Message").fill("Moderators.");
  await button(main(mona), "Send the answer").click();
  await tim.goto("/inbox");
  await link(main(tim), "Read and answer").click();
  assert.match(await main(tim).getByRole("article").last().textContent(), /Moderators\./);
  assert.deepEqual([tim, mona].flatMap(troubles), []);
});

test("each page of it can be used by everybody", async () => {
  const keeper = await person(forum, { name: "keeper", role: "moderator" });
  await forum.run(["admin", "create", "zoe"], `${PASSWORD}\n`);
  await forum.run(["admin", "ban", "zoe", "--reason", "spam"], "");
  const zoe = await visitor(forum, { viewport: PHONE });
  await logIn(zoe, "zoe");
  const ann = await visitor(forum, { viewport: PHONE });
  await submit(keeper, { title: "A story of the keeper", text: "Words." });
  const { pathname } = new URL(keeper.url());
  await zoe.goto("/banned");
  await field(zoe, "Why the ban should be lifted").fill("It was a mistake.");
  await button(main(zoe), "Appeal").click();
  await ann.goto("/contact");
  await field(ann, "Message").fill("I cannot log in.");
  await button(main(ann), "Send").click();
  await main(ann).getByRole("status").waitFor();
  await keeper.goto("/mod/messages");
  const conversation = await main(keeper).locator("ul.rows a").last().getAttribute("href");
  for (const [page, path] of [[zoe, "/banned"], [ann, new URL(ann.url()).pathname], [ann, "/contact"], [ann, `${pathname}/report`],
    [keeper, "/mod/messages"], [keeper, conversation], [keeper, "/user/zoe/moderate"], [zoe, "/settings/export"]]) {
    await page.goto(path);
    await accessible(page);
    await fitsItsWidth(page);
  }
  assert.deepEqual([keeper, zoe, ann].flatMap(troubles), []);
});
