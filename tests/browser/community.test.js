// The community's face: an admin gives the forum a name, a colour, a logo and guidelines of its own.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { DESK, PHONE, accessible, fitsItsWidth, fixture, person, startForum, troubles, valid, visitor } from "./forum.js";
import { button, field, link, main } from "./page.js";

const LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 24"><rect width="48" height="24" fill="#a00"/></svg>';
const PAGES = ["", "/people", "/posts", "/limits", "/images"].map((page) => `/mod/settings${page}`);

let forum;
before(async () => {
  forum = await startForum();
  await forum.run(["import", fixture("thread.json")]);
});
after(() => forum?.stop());

const save = (page) => button(main(page), "Save").click();

/** The colour of the first link of a text. */
const colour = (page) => main(page).getByRole("link").first().evaluate((link) => getComputedStyle(link).color);

/** Chooses a colour as the picker of a browser does. */
async function choose(page, accent) {
  await page.goto("/mod/settings");
  await field(page, "Accent").fill(accent);
  await save(page);
  await main(page).getByText("Saved.").waitFor();
}

test("without scripts, an admin renames the forum and changes its colour, logo and guidelines", async () => {
  const [admin, reader] = [await person(forum, { name: "ada", role: "admin", javaScript: false }), await visitor(forum)];
  await reader.goto("/guidelines");
  await admin.goto("/mod/settings");
  await field(admin, "Site name").fill("Looms");
  await field(admin, "Footer links").fill("Chat nowhere");
  await save(admin);
  assert.match(await main(admin).getByRole("alert").textContent(), /Footer links must lead to addresses/);
  assert.equal(await field(admin, "Site name").inputValue(), "Looms", "what was typed is kept");
  await field(admin, "Footer links").fill("Chat https://chat.example.org");
  await save(admin);
  await choose(admin, "#a8261c");

  await admin.goto("/mod/settings/images");
  await admin.getByLabel("File for the logo").setInputFiles({ name: "logo.txt", mimeType: "text/plain", buffer: Buffer.from("words") });
  await button(main(admin), "Upload the logo").click();
  assert.match(await main(admin).getByRole("alert").textContent(), /not an SVG, PNG, JPEG or WebP image/);
  await admin.getByLabel("File for the logo").setInputFiles({ name: "logo.svg", mimeType: "image/svg+xml", buffer: Buffer.from(LOGO) });
  await button(main(admin), "Upload the logo").click();
  await main(admin).getByRole("img", { name: "The logo of the site" }).waitFor();

  await admin.goto("/mod/pages");
  await link(main(admin), "Guidelines").click();
  await field(admin, "Text").fill("Be kind on {site}, as the [contact](/contact) page says.");
  await save(admin);
  await admin.waitForURL((url) => url.pathname === "/guidelines");

  await reader.goto("/guidelines");
  assert.equal(await reader.title(), "Guidelines | Looms");
  assert.match(await main(reader).textContent(), /Be kind on Looms/);
  assert.equal(await colour(reader), "rgb(168, 38, 28)");
  const logo = reader.locator("header .brand img");
  assert.ok(await logo.evaluate((image) => image.complete && image.naturalWidth > 0), "the logo is shown");
  assert.equal(await link(reader.locator("footer"), "Chat").getAttribute("href"), "https://chat.example.org");
  for (const page of [admin, reader]) assert.deepEqual(troubles(page), []);
});

test("an SVG that is opened by itself runs nothing", async () => {
  const admin = await person(forum, { name: "ada", role: "admin" });
  await admin.goto("/mod/settings/images");
  const script = LOGO.replace("</svg>", "<script>document.documentElement.id = 'ran'</script></svg>");
  await admin.getByLabel("File for the logo").setInputFiles({ name: "logo.svg", mimeType: "image/svg+xml", buffer: Buffer.from(script) });
  await button(main(admin), "Upload the logo").click();
  const address = await main(admin).getByRole("img", { name: "The logo of the site" }).getAttribute("src");
  const alone = await visitor(forum);
  await alone.goto(address);
  assert.equal(await alone.locator("#ran").count(), 0);
});

for (const accent of ["#d40000", "#ffd400", "#050505", "#fafafa"]) {
  test(`with the accent ${accent} every page can be read, in light and dark`, async () => {
    const admin = await person(forum, { name: "ada", role: "admin" });
    await choose(admin, accent);
    for (const colorScheme of ["light", "dark"]) {
      const page = await visitor(forum, { colorScheme });
      for (const path of ["/", "/item/101", "/login", "/guidelines"]) {
        await page.goto(path);
        await accessible(page);
      }
    }
  });
}

test("the admins' pages about the community are accessible, valid and fit every window", async () => {
  for (const [viewport, colorScheme] of [[{ width: 320, height: 640 }, "light"], [PHONE, "dark"], [DESK, "light"]]) {
    const page = await person(forum, { name: "ada", role: "admin", viewport, colorScheme });
    for (const path of [...PAGES, "/mod/pages", "/mod/pages/new", "/mod/pages/privacy", "/mod/pages/guidelines/delete", "/mod/start"]) {
      const answer = await page.goto(path);
      assert.equal(answer.status(), 200, path);
      await valid(await answer.text(), path);
      await accessible(page);
      await fitsItsWidth(page);
    }
    assert.deepEqual(troubles(page), []);
  }
});
