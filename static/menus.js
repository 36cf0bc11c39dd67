// What opens over a page: the search, the menus; and the theme. A part of the one script, after script.js.

/** Asks for words where the reader is; the answer is the search page. */
function search() {
  const field = $("main #q");
  if (field) return field.focus();
  let dialog = $("dialog.search");
  if (!dialog) {
    dialog = make("dialog", { class: "search", "aria-label": "Search" });
    const form = make("form", { class: "find", role: "search", action: "/search" });
    form.append(make("label", { for: "find" }, "Search stories and comments"), make("input", { type: "search", id: "find", name: "q", maxlength: "1000", required: "" }), make("button", {}, "Search"));
    dialog.append(form);
    document.body.append(dialog);
  }
  dialog.showModal();
  $("input", dialog).select();
}

/** A menu closes with Escape, and where something else is clicked. */
function closeMenus() {
  const opened = () => $$("details.menu[open]");
  document.addEventListener("click", (event) => {
    for (const menu of opened()) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of opened()) {
      menu.open = false;
      if (menu.contains(document.activeElement)) $("summary", menu).focus();
    }
  });
}

// Cards on names

/** Milliseconds that the mouse rests on a name before its card opens, or is elsewhere before that closes. */
const REST = 350;

/** What a person's page says of them, in a card; nothing if there is no such page. */
async function drawCard(address) {
  const answer = await fetch(address);
  if (!answer.ok) return null;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const parts = [$("main > dl.facts", page), $("main > .t", page)].filter(Boolean);
  const card = make("aside", { class: "card", "aria-label": "About this person" });
  card.append(make("strong", {}, $("main > h1", page).textContent), ...parts);
  return card;
}

function cardsOnNames() {
  const drawn = new Map();
  let [on, card, timer] = [null, null, 0];
  const close = () => {
    clearTimeout(timer);
    card?.remove();
    on = card = null;
  };
  const open = async (link) => {
    const address = link.getAttribute("href");
    if (drawn.size > 50) drawn.clear();
    if (!drawn.has(address)) drawn.set(address, drawCard(address).catch(() => null));
    const now = await drawn.get(address);
    if (!now || on !== link) return;
    card = now;
    const { left, bottom } = link.getBoundingClientRect();
    document.body.append(card);
    card.style.left = `${Math.max(8, Math.min(left, innerWidth - card.offsetWidth - 8)) + scrollX}px`;
    card.style.top = `${bottom + scrollY}px`;
  };
  document.addEventListener("pointerover", (event) => {
    if (event.pointerType !== "mouse") return;
    const link = event.target.closest?.("main a[href^='/user/']");
    if (link ? link === on : card?.contains(event.target)) return clearTimeout(timer);
    clearTimeout(timer);
    if (!link || link.getAttribute("href").split("/").length > 3 || link.href === location.href) {
      if (on) timer = setTimeout(close, REST);
      return;
    }
    timer = setTimeout(() => {
      close();
      open((on = link));
    }, REST);
  });
  document.addEventListener("keydown", (event) => event.key === "Escape" && close());
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
