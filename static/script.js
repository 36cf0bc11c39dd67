// Progressive enhancement: every feature also works without this script.

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

function make(tag, attributes = {}, text = "") {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.textContent = text;
  return element;
}

const counted = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

/** What this browser keeps under `name`; storage may be full, forbidden or spoilt by hand. */
const kept = {
  read(name, otherwise) {
    try {
      const value = JSON.parse(localStorage.getItem(name)) ?? otherwise;
      return typeof value === typeof otherwise && !Array.isArray(value) ? value : otherwise;
    } catch {
      return otherwise;
    }
  },
  write(name, value) {
    try {
      localStorage.setItem(name, JSON.stringify(value));
    } catch {
      // Nothing is lost that the page needs.
    }
  },
};

/** The entries of an object whose values carry `at`, in milliseconds, the newest first. */
const byAge = (entries) => Object.entries(entries).sort((a, b) => b[1].at - a[1].at);

const plainClick = (event) =>
  event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey && !event.defaultPrevented;

// Votes, save, hide, flag

/** The same form, sent without leaving the page; resolves to the server's JSON. */
async function send(form, button) {
  const body = new URLSearchParams(new FormData(form, button));
  const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" }, redirect: "error" });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return answer.json();
}

/** Draws the arrows as the server would for a vote in direction `dir`. */
function drawVote(form, dir) {
  const named = $("[aria-label]", form)?.getAttribute("aria-label") ?? "";
  const what = named.replace(/^(Upvote|Downvote|Undo vote on) /, "");
  const mayDown = "down" in form.dataset || $("button.down", form) !== null;
  if (mayDown) form.dataset.down = "";
  const arrow = (name, sign, label) =>
    make("button", { class: name, name: "dir", value: name, "aria-label": `${label} ${what}` }, sign);
  const drawn = [];
  if (dir === "none") {
    drawn.push(arrow("up", "▲", "Upvote"));
    if (mayDown) drawn.push(arrow("down", "▼", "Downvote"));
  } else {
    const mark = make("b", { class: `${dir} on` });
    mark.append(make("span", { class: "visually-hidden" }, `you ${dir}voted `), dir === "up" ? "▲" : "▼");
    drawn.push(mark, make("button", { class: "undo", name: "dir", value: "none", "aria-label": `Undo vote on ${what}` }, "undo"));
  }
  form.dataset.dir = dir;
  form.replaceChildren(...$$("input", form), ...drawn);
}

function drawMark(form, button, on) {
  const [word, undo] = button.dataset.words.split("/");
  const now = on ? undo : word;
  button.value = String(!on);
  button.textContent = now;
  button.setAttribute("aria-label", button.getAttribute("aria-label").replace(/^[^:]+/, now));
  if (word === "hide") form.closest("li.story")?.classList.toggle("gone", on);
}

function actInPlace() {
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    const button = event.submitter;
    if (!form.matches(".v, .m") || !button || "native" in form.dataset) return;
    event.preventDefault();
    if ("busy" in form.dataset) return;
    form.dataset.busy = "";
    try {
      const answer = await send(form, button);
      if (form.matches(".m")) return drawMark(form, button, answer.on);
      const focused = form.contains(document.activeElement);
      drawVote(form, answer.dir);
      if (focused) $("button", form)?.focus();
      const points = answer.points !== null && $(".points", form.closest("li, .story") ?? form);
      if (points) points.textContent = counted(answer.points, "point");
    } catch {
      // The whole page can say what is wrong better than a script can.
      form.dataset.native = "";
      form.requestSubmit(button);
    } finally {
      delete form.dataset.busy;
    }
  });
}

/** Shows what a flag or a vouch made of the item's head and of the panel under it; a page that has become another is gone to. */
function drawPanel(answer, page) {
  const same = (selector) => ($(selector, page) === null) === ($(selector) === null);
  if (new URL(answer.url).pathname !== location.pathname || !same(".answer") || !same("#panel")) return location.assign(answer.url);
  for (const part of ["main > article:not(.above)", "main > #panel"]) {
    const now = $(part, page);
    if (now) $(part)?.replaceWith(document.adoptNode(now));
  }
  // Focus the button, whose description announces the new state to screen readers.
  $("#panel :is(button, summary)").focus();
}

function flagInPlace() {
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.closest("#panel") || "native" in form.dataset) return;
    event.preventDefault();
    if ("busy" in form.dataset) return;
    form.dataset.busy = "";
    try {
      const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form, event.submitter)) });
      if (!answer.ok && answer.redirected) return location.assign(answer.url);
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      drawPanel(answer, new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch {
      form.dataset.native = "";
      form.requestSubmit(event.submitter);
    } finally {
      delete form.dataset.busy;
    }
  });
}

// Submitting

function suggestTitle() {
  const url = $("form[action='/submit'] #url");
  const title = $("form[action='/submit'] #title");
  const help = $("#title-help");
  const button = $("form[action='/submit'] button[name=suggest]");
  if (!url || !title || !help || !button) return;
  button.addEventListener("click", async (event) => {
    event.preventDefault();
    if (!url.value.trim()) {
      help.textContent = "Enter an address first.";
      return url.focus();
    }
    button.disabled = true;
    help.textContent = "Fetching the title…";
    try {
      const answer = await fetch(`/submit/title?url=${encodeURIComponent(url.value.trim())}`, { headers: { Accept: "application/json" } });
      const said = await answer.json();
      if (said.title) {
        title.value = said.title;
        title.dispatchEvent(new Event("input", { bubbles: true }));
      }
      help.textContent = said.title ? "Taken from the page. Change it if it misleads." : said.error;
    } catch {
      help.textContent = "The page did not respond. Please type its title.";
    }
    button.disabled = false;
  });
}

// Keys

const KEYS = [
  ["j", "next", () => step(1)],
  ["k", "previous", () => step(-1)],
  ["o", "open the story, or fold the comment", () => open()],
  ["c", "comments of the story", () => $(":scope > .talk, :scope > .meta > .talk", here() ?? nowhere)?.click()],
  ["u", "upvote, or undo", () => $(":scope > .v button, :scope > footer .v button, :scope > details > footer .v button", here() ?? nowhere)?.click()],
  ["r", "reply", reply],
  ["n", "next new comment", () => nextNew()],
  ["/", "search", () => search()],
  ["?", "this help", () => help()],
];

const here = () => document.activeElement?.closest(".story, .c") ?? null;
const nowhere = make("p");
const places = (selector) => $$(selector).filter((place) => place.checkVisibility());
const handle = (place) => $(":scope > .head > .title, :scope > h1 > .title, :scope > h1, :scope > header a", place) ?? place;

function goTo(place) {
  if (!place) return;
  reveal(place);
  const target = handle(place);
  if (!target.matches("a")) target.tabIndex = -1;
  target.focus({ preventScroll: true, focusVisible: true });
  // A comment whose head is near the end of the screen is brought up, so that it can be read.
  const { top, bottom } = target.getBoundingClientRect();
  const isComment = place.matches(".c");
  if (top < 0 || bottom > innerHeight * (isComment ? 0.7 : 1)) (isComment ? place : target).scrollIntoView({ block: isComment ? "start" : "nearest" });
}

/** The place `by` steps from the focus, or the first one in sight. */
function step(by) {
  const all = places("main .story, main .c");
  const at = all.indexOf(here());
  goTo(at < 0 ? all.find((place) => place.getBoundingClientRect().top >= 0) : all[at + by]);
}

function open() {
  const place = here();
  const details = place?.matches(".c") && detailsOf(place);
  if (details) details.open = !details.open;
  else $(":scope > .head > .title, :scope > h1 > .title", place ?? nowhere)?.click();
}

function replyHere() {
  const place = here();
  if (!place || place.matches(".lead")) return $("main > .answer > a");
  return $$(":scope > details > footer > a, :scope > footer > a", place).find((link) => isControl(link, "reply"));
}

/** Opens the form for a reply; where the page has it already, it takes the focus. */
function reply() {
  const link = replyHere();
  if (link?.checkVisibility()) link.click();
  else $("main > form.write textarea, main > .box textarea")?.focus();
}

function help() {
  let dialog = $("dialog.keys");
  if (!dialog) {
    dialog = make("dialog", { class: "keys", "aria-labelledby": "keys-title" });
    const list = make("dl");
    for (const [key, what] of KEYS) list.append(make("dt", {}, key), make("dd", {}, what));
    list.append(make("dt", {}, "Ctrl+Enter"), make("dd", {}, "send what you are writing"), make("dt", {}, "Esc"), make("dd", {}, "close the form"));
    const tick = make("input", { type: "checkbox", id: "keys-on" });
    tick.checked = kept.read("keys", true);
    tick.addEventListener("change", () => kept.write("keys", tick.checked));
    const line = make("p");
    line.append(tick, " ", make("label", { for: "keys-on" }, "Keyboard shortcuts (? always works)"));
    const form = make("form", { method: "dialog" });
    form.append(make("button", {}, "Close"));
    dialog.append(make("h2", { id: "keys-title" }, "Keys"), list, line, form);
    document.body.append(dialog);
  }
  dialog.showModal();
}

function listenToKeys() {
  document.addEventListener("keydown", (event) => {
    // A dialog that was just closed may still have the focus.
    const typing = event.target.closest?.("input, textarea, select, dialog, [contenteditable]")?.checkVisibility();
    if (typing || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    if (event.key !== "?" && !kept.read("keys", true)) return;
    const act = KEYS.find(([key]) => key === event.key)?.[2];
    if (!act) return;
    event.preventDefault();
    act();
  });
}

for (const attach of [
  actInPlace, flagInPlace, writeInPlace, submitByKey, previewInPlace, keepDrafts, suggestTitle, keepFolds, foldByLine, foldAll, followHash, orderAtOnce, themeAtOnce, listenToKeys, closeMenus, cardsOnNames,
  countNew, showDrafts, listenForNews, askForPasskeys,
]) {
  // One feature that fails must not take the others with it.
  try {
    attach();
  } catch (error) {
    console.error(attach.name, error);
  }
}
