// A forum that has been moderated for a while: its desk is full, with what strains a page.

import { member, person, startForum } from "./forum.js";

const LONG = "Unbreakable".repeat(7);

/** Sends a form as the person of `page` would, and answers the path that it leads to. */
async function send(page, path, form) {
  const answer = await page.request.post(path, { form, headers: { "sec-fetch-site": "same-origin" } });
  if (!answer.ok()) throw new Error(`${path}: ${answer.status()} ${await answer.text()}`);
  return new URL(answer.url()).pathname;
}

async function ask(page, name, text) {
  await send(page, "/signup", { name, password: "seven quiet herons wade", text });
}

/**
 * Starts the forum, with an admin "ada", a moderator "mona" and a member "walter" whose posts were acted on. Answers it with the paths of
 * his posts: `killed`, `flagged`, `edited`, `locked` (a comment), and `thread`, which is locked and has a notice.
 */
export async function governed() {
  const forum = await startForum({ settings: { signup_mode: "request", min_karma_to_flag: 1, flags_to_kill: 2, max_open_invitations: 5 } });
  await member(forum, "ada", "admin");
  for (const name of ["mia", "a-name-of-20-letters"]) await member(forum, name, "moderator");
  const mona = await person(forum, { name: "mona", role: "moderator" });
  const walter = await person(forum, { name: "walter" });
  const fay = await person(forum, { name: "fay" });
  const gus = await person(forum, { name: "gus" });
  const story = (page, title, url = "", text = "") => send(page, "/submit", { title, url, text });

  const at = { forum };
  at.thread = await story(walter, "A thread that became heated, and whose title is long enough for two lines", "https://example.com/heated");
  const comment = async (page, to, text) => {
    const answer = await page.request.post(`${to}/reply`, { form: { text }, maxRedirects: 0 });
    return `/item/${answer.headers().location.split("#c")[1]}`;
  };
  at.locked = await comment(walter, at.thread, "A hot word, and many more of them. ".repeat(12));
  const below = await comment(fay, at.locked, "An answer below it.");
  at.moved = await comment(walter, below, "Something else altogether.");
  at.killed = await story(walter, "Buy my things, they are cheap", "", "Cheap.");
  at.edited = await story(walter, "You will never believe this", `https://${"subdomain.".repeat(5)}example.com/`);
  at.flagged = await story(walter, LONG, `https://${"another.".repeat(6)}example.com/${"path/".repeat(30)}`, "Words");
  const dead = await story(gus, "What two members flagged is dead and waits for a moderator", "https://watches.example.com/");

  const because = { on: "true", reason: "It went in circles, and the rest was about people rather than what they said." };
  await send(mona, `${at.killed}/kill`, { on: "true", reason: "spam" });
  await send(mona, `${at.locked}/lock`, because);
  await send(mona, `${at.moved}/detach`, because);
  await send(mona, `${at.edited}/edit`, { title: "A plain title", url: "https://example.com/plain", text: "", reason: "bait" });
  await send(mona, `${at.edited}/edit`, { title: LONG, url: `https://example.com/${"a".repeat(200)}`, text: `${"w".repeat(200)}\n\nMore.`, reason: "" });
  await send(mona, `${at.thread}/pin`, { on: "true", text: `Please stay with the question: https://example.com/${"guidelines/".repeat(9)}` });
  await send(mona, `${at.thread}/lock`, because);
  await send(fay, `${at.flagged}/flag`, { on: "true", reason: "other", note: `Says nothing. ${"x".repeat(120)}` });
  for (const page of [fay, walter]) await send(page, `${dead}/flag`, { on: "true", reason: "spam", note: "" });

  for (const [name, restriction] of [["spam.example.com", "banned"], [`${"long-".repeat(10)}name.example.org`, "penalised"], ["github.com/somebody", "penalised"]]) {
    await send(mona, "/mod/sites", { name, restriction, reason: "Nothing but advertisements came from there for a month.", sure: "true" });
  }
  for (const [kind, pattern, effect] of [["word", "cheap watches", "kill"], ["link", "casino.example.com", "refuse"], ["range", "2001:db8:1::/48", "queue"]]) {
    await send(mona, "/mod/rules", { kind, pattern, effect, reason: "A wave of it came in May.", add: "true" });
  }
  await send(mona, "/user/gus/note", { note: `The same phrases as fay. ${"y".repeat(90)}`, same_as: "fay" });
  await send(mona, "/user/gus/warn", { warning: "Please do not submit advertisements." });
  await send(mona, "/user/gus/limit", { on: "true", limit_days: "7", limit_reason: "a flood" });
  await send(mona, "/user/gus/shadow", { on: "true", shadow_reason: "spam" });
  for (const name of ["olga", "another-long-name-20"]) await ask(await (await forum.browser()).newPage({ baseURL: forum.url }), name, `I mend looms. ${"z".repeat(120)}\n\n* and\n* so on`);
  return at;
}
