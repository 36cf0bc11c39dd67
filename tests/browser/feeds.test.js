// Feeds, read by other people's programs: feedparser, feedsmith and newsboat.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { parseFeed } from "feedsmith";

import { fixture, person, startForum, visitor } from "./forum.js";
import { commentById, main, replyForm, submit } from "./page.js";

const PYTHON = process.env.STOA_READERS ?? fileURLToPath(new URL("../../target/readers/bin/python", import.meta.url));
const READER = fileURLToPath(new URL("../readers/read_feeds.py", import.meta.url));
const FORMATS = { "application/atom+xml": "atom", "application/rss+xml": "rss", "application/feed+json": "json" };
const TITLE = "Ask: & <b>quoted</b> \u05e9\u05dc\u05d5\u05dd, 検索?";

let forum;
let feeds;
let story;

/** The addresses of a page's feeds by format, as a feed reader finds them. */
async function feedsOf(page, path) {
  await page.goto(path);
  const found = await page.locator("head > link[rel=alternate]").evaluateAll((links) => links.map(({ type, href }) => [type, href]));
  return Object.fromEntries(found.map(([type, href]) => [FORMATS[type], href]));
}

before(async () => {
  forum = await startForum();
  await forum.run(["import", fixture("thread.json")]);
  const alice = await person(forum, { name: "alice" });
  await submit(alice, { title: TITLE, text: "Words & *marks*, <script>alert(1)</script> and `a < b`.\n\n> A quotation.\n\n\u200e\ufffe" });
  story = new URL(alice.url()).pathname;
  const form = replyForm(alice);
  await form.getByRole("textbox").fill("As @alice said: 1 < 2 && 3 > 2.");
  await Promise.all([alice.waitForURL(/#c\d+$/), form.getByRole("button").first().click()]);
  const bob = await person(forum, { name: "bob" });
  await bob.goto(story);
  await replyForm(bob).getByRole("textbox").fill("An answer to *alice*.");
  await Promise.all([bob.waitForURL(/#c\d+$/), replyForm(bob).getByRole("button").first().click()]);
  await commentById(bob, new URL(bob.url()).hash.slice(2)).waitFor();
  const reader = await visitor(forum, { javaScript: false });
  feeds = [];
  const pages = [
    "/", "/new", "/best", "/active", "/ask", "/show", "/past", "/comments", "/comments/best", "/from/harbour.example.com", "/log",
    "/user/alice", "/user/alice/submissions", "/user/alice/comments", "/item/101", "/item/102", story, "/search?q=quoted",
  ];
  for (const path of pages) feeds.push(...Object.entries(await feedsOf(reader, path)));
  feeds.push(...Object.values(FORMATS).map((format) => [format, `${forum.url}/feed/user/alice/replies.${format}`]));
  await alice.goto("/inbox/feed");
  await main(alice).getByRole("button", { name: "Make an address" }).click();
  for (const [label, format] of [["Atom", "atom"], ["RSS", "rss"], ["JSON Feed", "json"]]) {
    feeds.push([format, await main(alice).getByLabel(label).inputValue()]);
  }
  feeds = [...new Map(feeds.map(([format, address]) => [address, format]))];
});
after(() => forum?.stop());

/** What feedparser reads at each of these addresses. */
function feedparser(addresses) {
  const child = spawn(PYTHON, [READER], { stdio: ["pipe", "pipe", "inherit"] });
  let out = "";
  child.stdout.on("data", (data) => (out += data));
  child.stdin.end(addresses.join("\n"));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(out.trim().split("\n").map((line) => JSON.parse(line)));
      else reject(new Error(`feedparser ended with ${code}`));
    });
  });
}

test("feedparser reads every feed that a page names, and asks again only for what is new", async () => {
  // It does not read JSON Feed.
  const known = feeds.filter(([, format]) => format !== "json").map(([address]) => address);
  const found = await feedparser(known);
  assert.equal(found.length, known.length);
  for (const { address, wrong, version, title, self, unchanged, entries } of found) {
    assert.equal(wrong, "", address);
    assert.match(version, /^(atom10|rss20)$/, address);
    assert.ok(title && unchanged, `${address}: ${title}, ${unchanged}`);
    assert.deepEqual(self, [address]);
    assert.equal(new Set(entries.map(({ id }) => id)).size, entries.length, `${address} names each entry once`);
    for (const { id, title: name, link, dated } of entries) {
      assert.ok(id.startsWith("tag:") && name && URL.canParse(link) && dated, `${address}: ${JSON.stringify({ id, name, link, dated })}`);
    }
  }
  const newest = found.find(({ address }) => address === `${forum.url}/feed/new.atom`);
  assert.equal(newest.entries[0].title, TITLE);
  assert.match(newest.entries[0].text, /<em>marks<\/em>/);
  assert.doesNotMatch(newest.entries[0].text, /<script/);
});

test("feedsmith reads the same entries in each format", async () => {
  const lists = new Map();
  for (const [address, format] of feeds) {
    const { format: kind, feed } = parseFeed(await fetch(address).then((answer) => answer.text()));
    assert.equal(kind, format, address);
    const ids = (feed.entries ?? feed.items ?? []).map(({ id, guid }) => id ?? guid.value);
    const stem = address.replace(/\.(atom|rss|json)(\?|$)/, "$2");
    assert.deepEqual(ids, lists.get(stem) ?? ids, address);
    lists.set(stem, ids);
  }
  assert.ok(lists.size >= 18 && [...lists.values()].filter((ids) => ids.length > 0).length >= 15, `${lists.size} feeds`);
});

test("newsboat subscribes, and shows nothing twice after another look", async () => {
  const home = await mkdtemp(join(tmpdir(), "stoa-newsboat-"));
  try {
    const addresses = ["/feed/new.atom", "/feed/comments.rss", `/feed${story}.atom`].map((path) => forum.url + path);
    await writeFile(join(home, "urls"), addresses.map((address) => `${address}\n`).join(""));
    await writeFile(join(home, "config"), "");
    const newsboat = async (command) => {
      const files = [`--url-file=${join(home, "urls")}`, `--cache-file=${join(home, "cache.db")}`, `--config-file=${join(home, "config")}`];
      const { stdout } = await promisify(execFile)("newsboat", [...files, "-x", ...command], { env: { ...process.env, HOME: home } });
      return stdout;
    };
    await newsboat(["reload"]);
    const unread = await newsboat(["print-unread"]);
    // What several feeds tell is shown once, by its lasting id.
    const ids = (await feedparser(addresses)).flatMap(({ entries }) => entries.map(({ id }) => id));
    assert.equal(Number.parseInt(unread, 10), new Set(ids).size, unread);
    await newsboat(["reload"]);
    assert.equal(await newsboat(["print-unread"]), unread);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});
