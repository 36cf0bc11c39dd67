// Live pages: what is new on an open page, told by the server's event stream. One script with thread.js and script.js.

/** Milliseconds that a page is in sight before it listens, and out of sight before it stops. Over HTTP/1 a browser has six connections to a site for all of its tabs. */
const SETTLED = 1_000;
const LEFT = 4_000;
const LEFT_WITH_MANY_STREAMS = 600_000;
/** Milliseconds until a refused page asks again: longer each time, up to a quarter of an hour. */
const ASK_AGAIN = 60_000;
const ASK_AGAIN_AT_MOST = 900_000;

const live = { fresh: new Set(), button: null, status: null };

const rowOf = (id) => document.getElementById(`c${id}`) ?? document.getElementById(`i${id}`);

function listenForNews() {
  const { events } = $("main").dataset;
  if (!events || !("EventSource" in window)) return;
  const address = new URL(events, location.href);
  const isList = address.searchParams.has("list");
  if (isList) address.searchParams.set("after", Math.max(0, ...$$("ol.news > .story time").map((time) => Date.parse(time.dateTime) / 1_000)));
  if (isList || address.searchParams.has("thread")) prepareToTell(isList);
  const hasManyStreams = /^h[23]/.test(performance.getEntriesByType("navigation")[0]?.nextHopProtocol);
  let source = null;
  let waiting = 0;
  let refusals = 0;
  const later = (act, wait) => {
    clearTimeout(waiting);
    waiting = setTimeout(act, wait);
  };
  const close = () => {
    clearTimeout(waiting);
    source?.close();
    source = null;
  };
  const tell = (event) => {
    address.searchParams.set("after", event.lastEventId);
    tellOfNew(event.data.split(" "), isList);
  };
  const open = () => {
    if (source || document.hidden) return;
    source = new EventSource(address);
    source.addEventListener("open", () => (refusals = 0));
    source.addEventListener("comments", tell);
    source.addEventListener("stories", tell);
    source.addEventListener("inbox", (event) => countInbox(Number(event.data)));
    source.addEventListener("error", () => {
      // A lost connection is made again by the browser, a refusal is not.
      if (source?.readyState !== EventSource.CLOSED) return;
      close();
      later(open, Math.min(ASK_AGAIN * 2 ** refusals++, ASK_AGAIN_AT_MOST) * (1 + Math.random() / 2));
    });
  };
  const look = () => (document.hidden ? later(close, hasManyStreams ? LEFT_WITH_MANY_STREAMS : LEFT) : later(open, SETTLED));
  document.addEventListener("visibilitychange", look);
  addEventListener("pagehide", close);
  addEventListener("pageshow", look);
  look();
}

const stories = (number) => (number === 1 ? "1 new story" : `${number.toLocaleString("en")} new stories`);

/** A live region speaks only of what changes in it after it was there. */
function prepareToTell(isList) {
  live.status = make("p", { role: "status", class: "visually-hidden" });
  live.button = make("button", { type: "button" });
  live.button.addEventListener("click", isList ? showStories : showComments);
  $("main").append(live.status);
}

function tellOfNew(ids, isList) {
  for (const id of ids) if (!rowOf(id)) live.fresh.add(id);
  if (live.fresh.size === 0) return;
  const what = isList ? stories(live.fresh.size) : counted(live.fresh.size, "new comment");
  live.button.textContent = `Show ${what}`;
  live.status.textContent = `${what}.`;
  if (!live.button.isConnected) corner().append(live.button);
  showCorner();
}

/** The page as it is now, and what is new on it is no longer told. */
async function pageNow() {
  live.button.disabled = true;
  try {
    const answer = await fetch(location.pathname + location.search);
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    return parsed(await answer.text());
  } catch {
    // The whole page can say what is wrong better than a script can.
    location.reload();
    return null;
  } finally {
    live.button.disabled = false;
  }
}

function shown(what) {
  const hadFocus = document.activeElement === live.button;
  live.fresh.clear();
  live.button.remove();
  showCorner();
  live.status.textContent = what;
  return hadFocus;
}

async function showStories() {
  const page = await pageNow();
  if (!page) return;
  const before = new Set($$("ol.news > .story").map((row) => row.id));
  const list = $("ol.news", page);
  if (list) $("ol.news, main > .empty")?.replaceWith(document.adoptNode(list));
  const next = $("main > .next", page);
  if (next) $("main > .next")?.replaceWith(document.adoptNode(next));
  const added = $$("ol.news > .story").filter((row) => !before.has(row.id));
  const hadFocus = shown(added.length > 0 ? `${stories(added.length)} shown.` : "The list is up to date.");
  scrollTo({ top: 0 });
  if (hadFocus || document.activeElement === document.body) goTo(added[0] ?? $("ol.news > .story"));
}

/** Does what makes a page grow without moving what is being read. */
function inPeace(act) {
  const read = $$("main .c > header, main > article").find((place) => place.getBoundingClientRect().bottom > 0);
  const before = read?.getBoundingClientRect().top ?? 0;
  const { style } = document.documentElement;
  // Browsers that keep the place themselves would move it twice.
  style.overflowAnchor = "none";
  act();
  // What is at the top of the page is where one sees all of it.
  if (read && scrollY > 0) scrollBy({ top: read.getBoundingClientRect().top - before, behavior: "instant" });
  requestAnimationFrame(() => (style.overflowAnchor = ""));
}

/** Puts a comment of the page as it is now where it belongs on this one, after those that are before it there. */
function adopt(comment) {
  const above = comment.parentElement.closest(".c");
  const parent = above ? detailsOf(document.getElementById(above.id)) : $(".thread[data-thread]");
  let before = comment.previousElementSibling;
  while (before && !(before.matches(".c") && document.getElementById(before.id))) before = before.previousElementSibling;
  const first = $(":scope > .c", parent);
  const node = document.adoptNode(comment);
  if (before) document.getElementById(before.id).after(node);
  else if (first) first.before(node);
  else parent.append(node);
}

/** The counts of a comment to which replies have come. */
function countReplies(comment) {
  const here = document.getElementById(comment.id);
  const { n } = $(":scope > header", comment).dataset;
  if (n) $(":scope > header", here).dataset.n = n;
  const label = $(":scope > details > summary", comment).getAttribute("aria-label");
  const isOpen = detailsOf(here).open;
  $(":scope > details > summary", here).setAttribute("aria-label", label.replace(/^\w+/, isOpen ? "Fold" : "Unfold"));
}

async function showComments() {
  const page = await pageNow();
  if (!page) return;
  const all = $$(".thread[data-thread] .c", page).filter((comment) => !document.getElementById(comment.id));
  const isNew = new Set(all);
  const tops = all.filter((comment) => !isNew.has(comment.parentElement.closest(".c")));
  const grown = new Set(tops.flatMap((comment) => ancestors(comment)));
  const isFirst = !$(".thread[data-thread]");
  inPeace(() => {
    for (const comment of all) comment.classList.add("new");
    for (const comment of grown) countReplies(comment);
    if (isFirst) {
      const thread = $(".thread[data-thread]", page);
      if (thread) $("#comments > .empty")?.replaceWith(document.adoptNode(thread));
    } else {
      // From the last on, as each goes right after what is before it there.
      tops.reverse().forEach(adopt);
    }
    for (const number of ["#count", ".lead .talk"]) {
      const [here, there] = [$(number), $(number, page)];
      if (here && there) here.textContent = there.textContent;
    }
  });
  if (isFirst) for (const attach of [keepFolds, foldByLine, foldAll]) attach();
  $(".thread[data-thread]")?.dispatchEvent(new Event("grown"));
  const hadFocus = shown(all.length > 0 ? `${counted(all.length, "new comment")} shown.` : "There are no new comments any more.");
  countNew();
  if (hadFocus || document.activeElement === document.body) news.button?.focus({ preventScroll: true });
}

function ancestors(comment) {
  const all = [];
  for (let up = comment.parentElement.closest(".c"); up; up = up.parentElement.closest(".c")) all.push(up);
  return all;
}

/** The number in the header, and before the page's title. */
function countInbox(unread) {
  const link = $("header.site nav.account a[href='/inbox']");
  if (!link) return;
  $(".count", link)?.remove();
  document.title = document.title.replace(/^\(\d+\) /, "");
  if (unread === 0) return;
  const count = make("b", { class: "count" }, String(unread));
  count.append(make("span", { class: "visually-hidden" }, " unread"));
  link.append(" ", count);
  document.title = `(${unread}) ${document.title}`;
}
