// Writing: forms in place, previews, drafts, quotations and counters. One script with script.js and thread.js.

const opened = { form: null, link: null };

function closeForm() {
  opened.form?.remove();
  opened.link?.focus();
  opened.form = opened.link = null;
  waitingDrafts.tell();
}

/** Where a page has its own links to reply and to edit: never within what somebody wrote, which stands in `.t`, `.title` or deeper. */
const CONTROLS =
  ".c > details > footer > a, .c > details > footer > details > a, .c.flat > footer > a, .answer > a, .story.lead > .meta > a";

const isControl = (link, what) => link.matches(CONTROLS) && new RegExp(`^/item/\\d+/(${what})$`).test(link.pathname);

const parsed = (text) => new DOMParser().parseFromString(text, "text/html");

/** A part of another page, with ids that none of this one has. */
function inPlace(part) {
  const node = document.adoptNode(part);
  for (const name of ["id", "for", "aria-describedby", "aria-labelledby"]) {
    for (const element of [node, ...$$(`[${name}]`, node)]) {
      const ids = element.getAttribute(name);
      if (ids) element.setAttribute(name, ids.replace(/\S+/g, "$&-in-place"));
    }
  }
  return node;
}

/** Opens the form of a reply or edit link's page under what it is about. */
async function openFormAt(link, quote = "") {
  const again = opened.link === link;
  if (opened.form) closeForm();
  if (again) return;
  opened.link = link;
  try {
    const answer = await fetch(link.href);
    const found = $(`form.write[action="${link.pathname}"]`, parsed(await answer.text()));
    if (!answer.ok || !found) throw new Error("no form");
    // Another may have been asked for meanwhile.
    if (opened.link !== link) return;
    const form = inPlace(found);
    link.closest(".c > details > footer, .c > footer, p, .meta").after(form);
    opened.form = form;
    attend(form);
    waitingDrafts.tell();
    $("textarea", form).focus({ preventScroll: true });
    if (quote) append($("textarea", form), quote);
    form.scrollIntoView({ block: "nearest" });
  } catch {
    location.assign(link.href);
  }
}

function writeInPlace() {
  // Pressing a link takes the selection away, so it is looked at before.
  let selected = "";
  document.addEventListener("pointerdown", () => (selected = quotation()), true);
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("main a");
    if (!link || !plainClick(event)) return;
    if (opened.form?.contains(link) && link.matches(".acts .button")) {
      event.preventDefault();
      return closeForm();
    }
    if (!isControl(link, "reply|edit")) return;
    event.preventDefault();
    const isReply = link.pathname.endsWith("/reply");
    // A link that was pressed by a key leaves the selection as it is.
    openFormAt(link, isReply ? (event.detail === 0 ? quotation() : selected) : "");
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

/** What every form for a text gets. */
function attend(form) {
  keepDraft(form);
  countIn(form);
  offerQuote(form);
}

// Quotations

/** What is selected in somebody's text, as a quotation in Markdown; empty where nothing is. */
function quotation() {
  const selection = getSelection();
  const at = selection.isCollapsed ? null : selection.getRangeAt(0).commonAncestorContainer;
  const element = at?.nodeType === Node.TEXT_NODE ? at.parentElement : at;
  if (!element?.closest("main .t") || element.closest(".preview")) return "";
  const lines = selection.toString().trim().split(/\r?\n/);
  return lines.some((line) => line.trim()) ? `${lines.map((line) => `> ${line}`.trimEnd()).join("\n")}\n\n` : "";
}

/** Adds words at the end of a field, as a paragraph of their own. */
function append(field, words) {
  const before = field.value.trimEnd();
  field.value = (before ? `${before}\n\n` : "") + words;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
  field.setSelectionRange(field.value.length, field.value.length);
}

/** A button beside the others that quotes what is selected in the thread meanwhile; a form that was opened has it alone. */
function offerQuote(form) {
  if (!form.action.endsWith("/reply")) return;
  const button = make("button", { type: "button", class: "quiet" }, "Quote selection");
  let words = "";
  const look = () => {
    if (!form.isConnected) return document.removeEventListener("selectionchange", look);
    // Moving into the form ends a selection: the last one still counts.
    if (form.contains(document.activeElement) && !quotation()) return;
    words = quotation();
    button.hidden = !words || (opened.form ?? form) !== form;
  };
  button.hidden = true;
  button.addEventListener("pointerdown", (event) => event.preventDefault());
  button.addEventListener("click", () => {
    append($("textarea", form), words);
    button.hidden = true;
  });
  $(".acts", form).append(button);
  document.addEventListener("selectionchange", look);
}

// Counters

/** Characters as the server counts them: those that a reader sees in a title, code points in a text. */
function length(text, most) {
  const isTitle = most < 1000 && "Segmenter" in Intl;
  return [...(isTitle ? new Intl.Segmenter().segment(text) : text)].length;
}

/** Says how much of a field's limit is used, from four fifths on. */
function countIn(form) {
  for (const field of $$("[data-most]", form)) {
    const most = Number(field.dataset.most);
    const left = make("span", { class: "left", role: "status" });
    let waiting = 0;
    const count = () => {
      const used = length(field.value.trim(), most);
      const words = used < most * 0.8 ? "" : `${used.toLocaleString("en")} of ${counted(most, "character")}`;
      if (words !== left.textContent) left.textContent = words;
      left.classList.toggle("over", used > most);
    };
    $(`label[for="${field.id}"]`, form).before(left);
    field.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(count, 300);
    });
    count();
  }
}

// Previews

/** Shows the preview above the fields; the button that was pressed stays where it is on the screen. */
function showPreview(form, button, preview) {
  const before = button.getBoundingClientRect().top;
  $(".preview", form)?.remove();
  form.prepend(inPlace(preview));
  scrollBy({ top: button.getBoundingClientRect().top - before, behavior: "instant" });
}

function previewInPlace() {
  document.addEventListener("submit", async (event) => {
    const [form, button] = [event.target, event.submitter];
    if (!form.matches("form.write[data-draft]") || button?.name !== "preview" || "native" in form.dataset) return;
    event.preventDefault();
    if ("busy" in form.dataset) return;
    form.dataset.busy = "";
    try {
      const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form, button)) });
      const preview = $("section.preview", parsed(await answer.text()));
      if (!answer.ok || !preview) throw new Error(`status ${answer.status}`);
      showPreview(form, button, preview);
    } catch {
      // What is wrong is said by the form's own page.
      form.dataset.native = "";
      form.requestSubmit(button);
    } finally {
      delete form.dataset.busy;
    }
  });
}

// Drafts

const DRAFTS = 50;

/** The drafts of whoever is logged in; others who use this browser do not see them. */
const drafts = {
  name: () => `drafts ${$("main").dataset.viewer ?? ""}`,
  read() {
    const found = Object.entries(kept.read(drafts.name(), {}));
    return Object.fromEntries(found.filter(([, draft]) => typeof (draft?.text ?? 0) === "object"));
  },
  write: (all) => kept.write(drafts.name(), Object.fromEntries(byAge(all).slice(0, DRAFTS))),
};

/** Keeps what is typed into `form`, and puts it back when the form comes up again. */
function keepDraft(form) {
  const name = form.dataset.draft;
  const fields = $$("textarea:not([readonly]), input[type=text]:not([readonly]), input[type=url], input[name=version]", form);
  const typed = fields.filter((field) => field.type !== "hidden");
  const draft = drafts.read()[name];
  const asServed = fields.map((field) => field.value);
  const isServedEmpty = typed.every((field) => field.value === "");
  // The version that an edit began from comes back with it, so that the server sees where two edits cross.
  const isBack = draft && (isServedEmpty || name.startsWith("edit-") && !$(".preview, [aria-invalid], #crossed", form.parentElement));
  if (isBack) {
    for (const field of fields) field.value = draft.text[field.name] ?? field.value;
  }
  const isChanged = () => typed.some((field) => field.value !== "" && field.value !== asServed[fields.indexOf(field)]);
  const save = (sent) => {
    const text = Object.fromEntries(fields.map((field) => [field.name, field.value]));
    const all = drafts.read();
    delete all[name];
    if (isChanged() || sent) all[name] = { text, at: Date.now(), sent };
    drafts.write(all);
  };
  form.addEventListener("input", () => save(false));
  form.addEventListener("submit", (event) => save(event.submitter?.name !== "preview"));
  if (isBack && isChanged()) tellOfDraft(form, () => {
    fields.forEach((field, at) => (field.value = asServed[at]));
    save(false);
  });
}

/** Says that what stands in the form is a draft, and offers to discard it. */
function tellOfDraft(form, discard) {
  const note = make("span", { class: "kept" }, "Your draft. ");
  const button = make("button", { type: "button" }, "Discard draft");
  button.addEventListener("click", () => {
    discard();
    note.remove();
    $("textarea", form).focus();
    waitingDrafts.forget(form.dataset.draft);
  });
  note.append(button);
  $(".acts", form).append(note);
}

function keepDrafts() {
  // A draft that was sent has arrived when the next page is not its form again; going back may mean that it was not.
  const all = Object.entries(drafts.read());
  const back = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  const isAgain = (name) => $(`form[data-draft="${CSS.escape(name)}"][action="${CSS.escape(location.pathname)}"]`);
  const waiting = all.filter(([name, draft]) => back || !draft.sent || isAgain(name));
  if (waiting.length < all.length) drafts.write(Object.fromEntries(waiting));
  $$("form[data-draft]").forEach(attend);
  // Whoever logs out leaves nothing unsent to the next person at this browser.
  $("form[action='/logout']")?.addEventListener("submit", () => localStorage.removeItem(drafts.name()));
}

/** The links behind which a draft waits, and the button in the corner that leads to them. */
const waitingDrafts = {
  links: new Map(),
  button: null,
  at: 0,
  /** Those whose form is not open. */
  get closed() {
    return [...this.links.values()].filter((link) => link !== opened.link);
  },
  tell() {
    if (!this.button) return;
    const { length } = this.closed;
    this.button.textContent = `${counted(length, "draft")} ↓`;
    this.button.hidden = length === 0;
    showCorner();
  },
  forget(name) {
    this.links.delete(name);
    $(`.draft[data-of="${name}"]`)?.remove();
    this.tell();
  },
  goToNext() {
    const { closed } = this;
    const link = closed[this.at++ % closed.length];
    reveal(link.closest(".c"));
    const menu = link.closest("footer details");
    if (menu) menu.open = true;
    link.scrollIntoView({ block: "center" });
    openFormAt(link);
  },
};

/** Marks the links behind which a draft waits, and leads to them from the corner. */
function showDrafts() {
  for (const name of Object.keys(drafts.read())) {
    const [, what, id] = name.match(/^(reply|edit)-(\d+)$/) ?? [];
    const links = what ? $$(`main a[href="/item/${id}/${what}"]`) : [];
    const link = links.find((link) => isControl(link, what));
    if (!link || $(`form[data-draft="${name}"]`)?.checkVisibility()) continue;
    link.after(" ", make("small", { class: "draft", "data-of": name }, "draft"));
    waitingDrafts.links.set(name, link);
  }
  if (waitingDrafts.links.size === 0) return;
  waitingDrafts.button = make("button", { type: "button" });
  waitingDrafts.button.addEventListener("click", () => waitingDrafts.goToNext());
  corner().append(waitingDrafts.button);
  waitingDrafts.tell();
}
