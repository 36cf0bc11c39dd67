// What opens over a page: the search, the menus; and the theme. A part of the one script, after script.js.

/** Asks for words where the reader is; the answer is the search page. */
function search() {
  const field = $("main #q");
  if (field) return field.focus();
  let dialog = $("dialog.search");
  if (!dialog) {
    dialog = make("dialog", { class: "search", "aria-label": "Search" });
    const form = make("form", { class: "find", role: "search", action: "/search" });
    form.append(make("label", { for: "find" }, "Search titles"), make("input", { type: "search", id: "find", name: "q", maxlength: "200", required: "" }), make("button", {}, "Search"));
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
