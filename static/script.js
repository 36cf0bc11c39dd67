// Progressive enhancement: every feature also works without this script.

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

function make(tag, attributes = {}, text = "") {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.textContent = text;
  return element;
}

const counted = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

/** What this browser keeps under `name`; storage may be full, forbidden or spoilt by hand. */
const kept = {
  read(name, otherwise) {
    try {
      return JSON.parse(localStorage.getItem(name)) ?? otherwise;
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

/** The newest `most` entries of an object whose values carry `at`, in milliseconds. */
function newest(entries, most) {
  return Object.fromEntries(Object.entries(entries).sort((a, b) => b[1].at - a[1].at).slice(0, most));
}

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
  for (const part of ["main > article:not(.above)", "#panel"]) $(part)?.replaceWith(document.adoptNode($(part, page)));
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

// Writing

const opened = { form: null, link: null };

function closeForm() {
  opened.form?.remove();
  opened.link?.focus();
  opened.form = opened.link = null;
}

/** Where a page has its own links to reply and to edit: never within what somebody wrote, which stands in `.t`, `.title` or deeper. */
const CONTROLS = ".c > details > p > a, .c.flat > p > a, .answer > a, .story.lead > .meta > a";

const isControl = (link, what) => link.matches(CONTROLS) && new RegExp(`^/item/\\d+/(${what})$`).test(link.pathname);

/** A form of another page, with ids that none of this one has. */
function inPlace(form) {
  for (const name of ["id", "for", "aria-describedby"]) {
    for (const element of $$(`[${name}]`, form)) {
      element.setAttribute(name, element.getAttribute(name).replace(/\S+/g, "$&-in-place"));
    }
  }
  return form;
}

/** Opens the form of a reply or edit link's page under what it is about. */
async function openFormAt(link) {
  const again = opened.link === link;
  if (opened.form) closeForm();
  if (again) return;
  try {
    const answer = await fetch(link.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const form = $(`form.write[action="${link.pathname}"]`, page);
    if (!answer.ok || !form) throw new Error("no form");
    link.closest("p, .meta").after(inPlace(document.adoptNode(form)));
    Object.assign(opened, { form, link });
    keepDraft(form);
    $("textarea", form).focus({ preventScroll: true });
    form.scrollIntoView({ block: "nearest" });
  } catch {
    location.assign(link.href);
  }
}

function writeInPlace() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("main a");
    if (!link || !plainClick(event) || !isControl(link, "reply|edit")) return;
    event.preventDefault();
    openFormAt(link);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && opened.form?.contains(document.activeElement)) closeForm();
  });
}

function submitByKey() {
  document.addEventListener("keydown", (event) => {
    const form = event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.closest?.("form.write");
    if (form && event.target.matches("textarea")) form.requestSubmit();
  });
}

const DRAFTS = 50;

/** Keeps what is typed into `form`, and puts it back where the form comes up empty. */
function keepDraft(form) {
  const name = form.dataset.draft;
  const fields = $$("textarea, input[type=text], input[type=url]", form);
  const draft = kept.read("drafts", {})[name];
  for (const field of fields) {
    if (field.value === "" && draft?.text[field.name]) field.value = draft.text[field.name];
  }
  const save = (sent) => {
    const text = Object.fromEntries(fields.map((field) => [field.name, field.value]));
    const drafts = kept.read("drafts", {});
    delete drafts[name];
    const changed = fields.some((field) => field.value !== "" && field.value !== field.defaultValue);
    if (changed || sent) drafts[name] = { text, at: Date.now(), sent };
    kept.write("drafts", newest(drafts, DRAFTS));
  };
  form.addEventListener("input", () => save(false));
  form.addEventListener("submit", (event) => save(event.submitter?.name !== "preview"));
}

function keepDrafts() {
  // A draft that was sent has arrived when the next page is not its form again; going back may mean that it was not.
  const drafts = Object.entries(kept.read("drafts", {}));
  const back = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  const waiting = drafts.filter(([name, draft]) => back || !draft.sent || $(`form[data-draft="${CSS.escape(name)}"]`));
  if (waiting.length < drafts.length) kept.write("drafts", Object.fromEntries(waiting));
  $$("form[data-draft]").forEach(keepDraft);
}

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

// The thread

const THREADS = 100;
const FOLDS = 300;
const detailsOf = (comment) => $(":scope > details", comment);

/** Opens every branch around a comment, so that it can be seen. */
function reveal(comment) {
  for (let up = comment?.parentElement.closest("details"); up; up = up.parentElement.closest("details")) up.open = true;
}

function keepFolds() {
  const thread = $(".thread[data-thread]");
  if (!thread) return;
  const name = thread.dataset.thread;
  const asServed = new Map($$(".c > details", thread).map((details) => [details, details.open]));
  for (const id of kept.read("folds", {})[name]?.ids ?? []) {
    const details = $(`#c${Number(id)} > details`, thread);
    if (details) details.open = !details.open;
  }
  let waiting = 0;
  const save = () => {
    const ids = [...asServed].filter(([details, open]) => details.open !== open).map(([details]) => details.parentElement.id.slice(1));
    const folds = kept.read("folds", {});
    delete folds[name];
    if (ids.length > 0) folds[name] = { ids: ids.slice(0, FOLDS), at: Date.now() };
    kept.write("folds", newest(folds, THREADS));
  };
  thread.addEventListener("toggle", (event) => {
    const details = event.target;
    if (!asServed.has(details)) return;
    const summary = $("summary", details);
    summary.setAttribute("aria-label", summary.getAttribute("aria-label").replace(/^\w+/, details.open ? "Collapse" : "Expand"));
    clearTimeout(waiting);
    waiting = setTimeout(save, 200);
  }, true);
}

/** The line beside a comment collapses it, and its head line comes back into sight. */
function foldByLine() {
  const thread = $(".thread[data-thread]");
  if (!thread) return;
  thread.classList.add("lined");
  thread.addEventListener("click", (event) => {
    const comment = event.target;
    const details = comment.matches(".c") && detailsOf(comment);
    const fromEdge = event.clientX - comment.getBoundingClientRect().left;
    if (!details?.open || fromEdge > parseFloat(getComputedStyle(comment).paddingInlineStart)) return;
    details.open = false;
    if (comment.getBoundingClientRect().top < 0) comment.scrollIntoView({ block: "start" });
  });
}

function foldAll() {
  const roots = $$(".thread[data-thread] > .c > details");
  const bar = $("#comments > .bar");
  if (!bar || roots.length < 2) return;
  const button = make("button", { type: "button", class: "folds" }, "collapse all");
  button.addEventListener("click", () => {
    const open = !roots.some((details) => details.open);
    for (const details of roots) details.open = open;
    button.textContent = open ? "collapse all" : "expand all";
  });
  bar.insertBefore(button, $(".order", bar));
}

function followHash() {
  const go = () => {
    const comment = /^#c\d+$/.test(location.hash) && document.getElementById(location.hash.slice(1));
    if (!comment) return;
    reveal(comment);
    comment.scrollIntoView({ block: "start" });
  };
  addEventListener("hashchange", go);
  if (document.readyState !== "complete") addEventListener("load", go, { once: true });
}

function orderAtOnce() {
  const form = $("form.order");
  if (!form) return;
  $("button", form).hidden = true;
  $("select", form).addEventListener("change", () => form.requestSubmit());
}

// Theme

function themeAtOnce() {
  const show = (theme) => {
    if (theme === "system") document.documentElement.removeAttribute("data-theme");
    else document.documentElement.dataset.theme = theme;
  };
  const form = $("form.theme");
  if (form) {
    $("button", form).hidden = true;
    $("select", form).addEventListener("change", async (event) => {
      show(event.target.value);
      try {
        await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "manual" });
      } catch {
        form.requestSubmit();
      }
    });
  }
  $("form[action='/settings'] #theme")?.addEventListener("change", (event) => show(event.target.value));
}

// Keys

const KEYS = [
  ["j", "next", () => step(1)],
  ["k", "previous", () => step(-1)],
  ["o", "open the story, or fold the comment", () => open()],
  ["c", "comments of the story", () => $(":scope > .meta > .talk", here() ?? nowhere)?.click()],
  ["u", "upvote, or undo", () => $(":scope > .v button, :scope > header .v button", here() ?? nowhere)?.click()],
  ["r", "reply", reply],
  ["n", "next new comment", () => nextNew()],
  ["/", "search", () => ($("#q") ?? $("#find"))?.focus()],
  ["?", "this help", () => help()],
];

const here = () => document.activeElement?.closest(".story, .c") ?? null;
const nowhere = make("p");
const places = (selector) => $$(selector).filter((place) => place.checkVisibility());
const handle = (place) => $(":scope > .head > .title, :scope > h1 > .title, :scope > h1, :scope > header > a", place) ?? place;

function goTo(place) {
  if (!place) return;
  reveal(place);
  const target = handle(place);
  if (!target.matches("a")) target.tabIndex = -1;
  target.focus({ preventScroll: true, focusVisible: true });
  target.scrollIntoView({ block: "nearest" });
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
  return $$(":scope > details > p > a, :scope > p > a", place).find((link) => isControl(link, "reply"));
}

/** Opens the form for a reply; on a comment's own page it stands there already. */
function reply() {
  const link = replyHere();
  if (link) link.click();
  else $("main > form.write textarea")?.focus();
}

function nextNew() {
  const all = $$(".c.new");
  const from = here();
  const after = (place) =>
    from ? from.compareDocumentPosition(place) & Node.DOCUMENT_POSITION_FOLLOWING : place.getBoundingClientRect().top > 0;
  goTo(all.find(after) ?? all[0]);
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
    const typing = event.target.closest?.("input, textarea, select, dialog, [contenteditable]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    if (event.key !== "?" && !kept.read("keys", true)) return;
    const act = KEYS.find(([key]) => key === event.key)?.[2];
    if (!act) return;
    event.preventDefault();
    act();
  });
}

// News

const LOOK_EVERY = 45_000;

/** Says when an open thread has new comments; the request is cheap: the server has the count in memory. */
function tellOfNew() {
  const section = $("[data-live]");
  if (!section) return;
  const known = Number(section.dataset.comments);
  let told = null;
  setInterval(async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(section.dataset.live, { headers: { Accept: "application/json" } });
      const fresh = answer.ok ? (await answer.json()).comments - known : 0;
      if (fresh <= 0) return;
      if (!told) {
        told = make("a", { href: location.pathname + location.search, class: "jump" });
        const status = make("span", { role: "status" });
        status.append(told);
        $(".bar", section).append(status);
      }
      told.textContent = `${counted(fresh, "new comment")}: reload`;
    } catch {
      // Retry at the next interval.
    }
  }, LOOK_EVERY);
}

for (const attach of [
  actInPlace, flagInPlace, writeInPlace, submitByKey, keepDrafts, suggestTitle, keepFolds, foldByLine, foldAll, followHash, orderAtOnce, themeAtOnce, listenToKeys, tellOfNew,
]) {
  // One feature that fails must not take the others with it.
  try {
    attach();
  } catch (error) {
    console.error(attach.name, error);
  }
}
