// The thread: folding, and the ways through it. One script with script.js and write.js.

/** Threads whose folds are kept, and folds over all of them: about 250 KB of the 5 MB that a browser gives. */
const THREADS = 100;
const FOLDS = 25_000;
const detailsOf = (comment) => $(":scope > details", comment);

/** Opens every branch around a comment, so that it can be seen. */
function reveal(comment) {
  for (let up = comment?.parentElement.closest("details"); up; up = up.parentElement.closest("details")) up.open = true;
}

/** The newest threads whose folds fit together; of one thread, all or none, but always those of the newest. */
function boundedFolds(folds) {
  let room = FOLDS;
  const fits = ([, { ids }], nth) => (room -= ids?.length ?? 0) >= 0 || nth === 0;
  return Object.fromEntries(byAge(folds).slice(0, THREADS).filter(fits));
}

function keepFolds() {
  const thread = $(".thread[data-thread]");
  if (!thread) return;
  const name = thread.dataset.thread;
  const asServed = new Map($$(".c > details", thread).map((details) => [details, details.open]));
  thread.addEventListener("grown", () => {
    for (const details of $$(".c > details", thread)) if (!asServed.has(details)) asServed.set(details, details.open);
  });
  const ids = kept.read("folds", {})[name]?.ids;
  for (const id of Array.isArray(ids) ? ids : []) {
    const details = $(`#c${Number(id)} > details`, thread);
    if (details) details.open = !details.open;
  }
  let waiting = 0;
  const save = () => {
    const ids = [...asServed].filter(([details, open]) => details.open !== open).map(([details]) => details.parentElement.id.slice(1));
    const folds = kept.read("folds", {});
    delete folds[name];
    if (ids.length > 0) folds[name] = { ids, at: Date.now() };
    kept.write("folds", boundedFolds(folds));
  };
  thread.addEventListener("toggle", (event) => {
    const details = event.target;
    if (!asServed.has(details)) return;
    const summary = $("summary", details);
    summary.setAttribute("aria-label", summary.getAttribute("aria-label").replace(/^\w+/, details.open ? "Fold" : "Unfold"));
    clearTimeout(waiting);
    waiting = setTimeout(save, 200);
  }, true);
}

/** The rail beside a comment folds it, and its head line comes back into sight. */
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
  const roots = () => $$(".thread[data-thread] > .c > details");
  const bar = $("#comments > .bar");
  if (!bar || roots().length < 2) return;
  const button = make("button", { type: "button", class: "folds" });
  const isAnyOpen = () => roots().some((details) => details.open);
  const tell = () => (button.textContent = isAnyOpen() ? "fold all" : "unfold all");
  tell();
  $(".thread[data-thread]").addEventListener("toggle", tell, true);
  button.addEventListener("click", () => {
    const open = !isAnyOpen();
    for (const details of roots()) details.open = open;
    tell();
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

// What is new

/** The box in the corner that holds ways through the page. */
function corner() {
  const box = $(".corner") ?? make("nav", { class: "corner", "aria-label": $("ol.news") ? "In this list" : "In this thread" });
  if (!box.isConnected) $("main").append(box);
  return box;
}

/** Shows the corner while anything is in it. */
function showCorner() {
  const box = corner();
  box.hidden = $$(":scope > :not([hidden])", box).length === 0;
}

const news = { all: [], at: -1, button: null, watch: null, tell: () => {} };

/** Goes to the next new comment, and after the last one to the first. */
function nextNew() {
  if (news.all.length === 0) return;
  // From the one with the focus, while it is in sight; else from the last that was.
  const focused = news.all.indexOf(here());
  const { top, bottom } = (news.all[focused] ?? document.body).getBoundingClientRect();
  const from = focused >= 0 && bottom > 0 && top < innerHeight ? focused : news.at;
  news.at = (from + 1) % news.all.length;
  goTo(news.all[news.at]);
  news.tell();
}

/** Says in the corner how many of the new comments one has come by. */
function countNew() {
  const current = news.all[news.at];
  news.all = $$(".thread[data-thread] .c.new");
  news.at = news.all.indexOf(current);
  const most = news.all.length;
  if (most === 0) return;
  if (!news.button) {
    news.button = make("button", { type: "button" });
    news.button.addEventListener("click", nextNew);
    corner().prepend(news.button);
  }
  news.tell = () => (news.button.textContent = `${news.at < 0 ? "" : `${news.at + 1} of `}${most} new ${news.at + 1 < most ? "↓" : "↑"}`);
  const order = new Map(news.all.map((comment, at) => [$(":scope > header", comment), at]));
  news.watch?.disconnect();
  news.watch = new IntersectionObserver((changes) => {
    const seen = changes.filter((change) => change.isIntersecting).map((change) => order.get(change.target));
    if (seen.length === 0) return;
    news.at = Math.max(...seen);
    news.tell();
  }, { rootMargin: "0px 0px -25% 0px" });
  for (const header of order.keys()) news.watch.observe(header);
  news.tell();
  showCorner();
}
