// Where things are on the forum's pages, said once: by role, label and words, as a person finds them.

/** The page's own part, without header and footer. */
export const main = (page) => page.getByRole("main");

/** The links about the person in the header. */
export const you = (page) => page.getByRole("navigation", { name: "You", exact: true });

/** Opens the menu in `place`, which lies open already where there is room for it. */
export async function unfold(place) {
  const mark = place.locator("details.menu > summary");
  if (await mark.isVisible()) await mark.click();
}

/** A field of the page's form by its label; a note such as "optional" may follow the label. */
export const field = (page, label) => main(page).getByLabel(new RegExp(`^${label}( |$)`));

export const button = (place, name) => place.getByRole("button", { name, exact: typeof name === "string" });

export const link = (place, name) => place.getByRole("link", { name, exact: typeof name === "string" });

/** The rows of a list of stories. */
export const stories = (page) => main(page).locator("li.story");

/** The story at the head of its own page. */
export const head = (page) => main(page).locator("article.lead");

/** All comments of a thread, in the order of the page. */
export const comments = (place) => place.locator("article.c");

/** The comment that says `words`, with its replies: the innermost of those around the words. */
export const comment = (page, words) => comments(main(page)).filter({ hasText: words }).last();

/** The comment with this id. */
export const commentById = (page, id) => page.locator(`article#c${id}`);

/** A comment's own lines, without its replies. */
export const own = (place) => place.locator(":scope > header, :scope > details > footer");

/** A link behind the "more" of a comment's row, opened. */
export async function more(place, name) {
  const menu = place.locator(":scope > details > footer > details");
  if (!(await menu.evaluate((it) => it.open))) await menu.locator("summary").click();
  return link(menu, name);
}

/** A comment's own text, without its replies. */
export const text = (place) => place.locator(":scope > details > .t");

/** What folds and unfolds a comment. */
export const fold = (place) => place.locator(":scope > details > summary");

export const idOf = async (place) => Number((await place.getAttribute("id")).replace(/\D/g, ""));

/** The form for a comment: on its page, open under a story's head, or opened in place by the script, which then counts. */
export const replyForm = (page) => main(page).locator("form[action$='/reply']:visible").last();

/** Follows `opener` (a link), unless the form for a comment stands open instead, writes `words` and sends them. */
export async function say(page, opener, words) {
  if (!(await opener.isVisible())) return sayHere(page, words);
  const action = await opener.getAttribute("href");
  await opener.click();
  await sayHere(page, words, main(page).locator(`form[action="${action}"]:visible`).last());
}

/** Writes `words` into the form for a comment that the page has, and sends them. */
export async function sayHere(page, words, form = replyForm(page)) {
  await form.getByRole("textbox").fill(words);
  await Promise.all([
    page.waitForResponse((answer) => answer.request().method() === "POST" && answer.url().endsWith("/reply")),
    form.getByRole("button").first().click(),
  ]);
  await page.waitForLoadState();
}

/** The link under a thread's head that opens the form for a comment, where the form does not stand open. */
export const answerLink = (page) => main(page).locator("p.answer > a");

/** Fills the form on /submit and sends it. */
export async function submit(page, { title, url = "", text = "" }) {
  await page.goto("/submit");
  await field(page, "Address").fill(url);
  await field(page, "Title").fill(title);
  await field(page, "Text").fill(text);
  await button(main(page), "Submit story").click();
  await page.waitForLoadState();
}

/** Chooses from a select in `form` and sends it, where the script has not sent it already. */
export async function choose(page, form, label, option) {
  const send = form.getByRole("button");
  const byHand = await send.isVisible();
  await form.getByLabel(label).selectOption({ label: option });
  if (byHand) await send.click();
}
