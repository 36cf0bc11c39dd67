// Passkeys, with an authenticator that Chromium makes: adding, logging in, logging in with nothing else, removing.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, test } from "node:test";

import { PHONE, accessible, fitsItsWidth, fixture, logIn, member, person, startForum, troubles, valid, visitor } from "./forum.js";
import { button, field, link, main, unfold, you } from "./page.js";

const PASSWORD = "lantern river ninety crates";

let forum;
before(async () => {
  forum = await startForum({ host: "localhost" });
  await forum.run(["import", fixture("thread.json")]);
});
after(() => forum?.stop());

/** Gives the page's browser an authenticator that verifies its owner and keeps passkeys. */
async function withAuthenticator(page) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("WebAuthn.enable");
  const options = {
    protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true,
    automaticPresenceSimulation: true,
  };
  const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", { options });
  return {
    verifies: (isUserVerified) => cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified }),
    credentials: async () => (await cdp.send("WebAuthn.getCredentials", { authenticatorId })).credentials,
    /** Replaces a passkey by a copy from an earlier time. */
    async restore(credential) {
      await cdp.send("WebAuthn.removeCredential", { authenticatorId, credentialId: credential.credentialId });
      await cdp.send("WebAuthn.addCredential", { authenticatorId, credential });
    },
  };
}

/** Adds a passkey in the settings, which the password confirms unless `password` is null. */
async function add(page, name, password = PASSWORD) {
  await page.goto("/settings/account");
  await link(main(page), "Passkeys").click();
  await field(page, "Name").fill(name);
  if (password) await field(page, "Your password").fill(password);
  await button(main(page), "Continue").click();
  await button(main(page), "Create passkey").click();
  await main(page).getByRole("listitem").filter({ hasText: name }).waitFor();
}

async function logOut(page) {
  await unfold(you(page));
  await button(you(page), "log out").click();
  await link(you(page), "log in").waitFor();
}

async function logInWithPasskey(page, address = "/login") {
  await page.goto(address);
  await button(main(page), "Log in with a passkey").click();
}

const isIn = async (page, name) => {
  await page.waitForURL((url) => !url.pathname.startsWith("/login"));
  assert.match(await you(page).textContent(), new RegExp(name));
};

test("a member adds a passkey and logs in with it alone, to the page that they came from", async () => {
  const page = await person(forum, { name: "ana", viewport: PHONE });
  await withAuthenticator(page);
  await add(page, "Ana’s phone");
  assert.match(await main(page).textContent(), /never used/);
  await accessible(page);
  await fitsItsWidth(page);
  await logOut(page);
  await logInWithPasskey(page, "/login?goto=%2Fnew");
  await isIn(page, "ana");
  assert.equal(new URL(page.url()).pathname, "/new");
  await page.goto("/settings/passkeys");
  assert.match(await main(page).textContent(), /last used/);
  assert.deepEqual(troubles(page), []);
});

/** The code that an authenticator app with this key shows (RFC 6238). */
function codeOf(key) {
  const bits = [...key.replaceAll(" ", "")].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0"));
  const secret = Buffer.from(bits.join("").match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const mac = createHmac("sha1", secret).update(step).digest();
  const number = mac.readUInt32BE(mac.at(-1) & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

test("a passkey needs no code where the password needs one", async () => {
  const page = await person(forum, { name: "bea" });
  await withAuthenticator(page);
  await add(page, "laptop");
  await page.goto("/settings/two-factor");
  await field(page, "Your password").fill(PASSWORD);
  await button(main(page), "Set up").click();
  await field(page, "Code").fill(codeOf(await field(page, "Key").inputValue()));
  await button(main(page), "Turn on").click();
  await main(page).getByRole("status").filter({ hasText: "Two-factor log-in is on" }).waitFor();
  await logOut(page);
  await page.goto("/login");
  await field(page, "Name").fill("bea");
  await field(page, "Password").fill(PASSWORD);
  await button(main(page), "Log in").click();
  await main(page).getByRole("heading", { name: "Log in: second step" }).waitFor();
  await logInWithPasskey(page);
  await isIn(page, "bea");
});

test("a vote that led to the log-in is cast after a passkey", async () => {
  const page = await person(forum, { name: "cleo" });
  await withAuthenticator(page);
  await add(page, "phone");
  await logOut(page);
  await page.goto("/item/101");
  const vote = main(page).locator("article.lead");
  await link(vote, /^Upvote/).click();
  await button(main(page), "Log in with a passkey").click();
  await isIn(page, "cleo");
  await button(vote, /^Undo vote/).waitFor();
});

test("a member logs in with passkeys only, confirms with one, and comes back to a password", async () => {
  const page = await person(forum, { name: "dina" });
  await withAuthenticator(page);
  await add(page, "phone");
  await link(main(page), "log in with passkeys only").click();
  await main(page).getByText("Make recovery codes or add a second passkey first").waitFor();
  await page.goto("/settings/recovery");
  await field(page, "Your password").fill(PASSWORD);
  await button(main(page), "Make recovery codes").click();
  await page.goto("/settings/passkeys/only");
  await accessible(page);
  await field(page, "Your password").fill(PASSWORD);
  await button(main(page), "Log in with passkeys only").click();
  await main(page).getByText("You log in with passkeys only, and confirm with one").waitFor();

  const other = await visitor(forum);
  await other.goto("/login");
  await field(other, "Name").fill("dina");
  await field(other, "Password").fill(PASSWORD);
  await button(main(other), "Log in").click();
  await main(other).getByText("You chose to log in with passkeys only.").waitFor();

  await page.goto("/settings/name");
  assert.equal(await main(page).locator("input[type=password]").count(), 0);
  await accessible(page);
  await valid(await (await page.request.get("/settings/name")).text());
  await field(page, "New name").fill("dina2");
  await button(main(page), "Change name").click();
  await main(page).getByRole("status").filter({ hasText: "Your name is dina2 now" }).waitFor();

  await page.goto("/settings/password");
  await field(page, "New password").fill("seven quiet herons wade");
  await button(main(page), "Change password").click();
  await main(page).getByRole("status").filter({ hasText: "Your password is changed" }).waitFor();
  await logIn(other, "dina2", "seven quiet herons wade");
  assert.deepEqual(troubles(page), []);
});

test("a passkey that was removed, or copied, logs in no longer", async () => {
  const page = await person(forum, { name: "ella" });
  const authenticator = await withAuthenticator(page);
  await add(page, "phone");
  const [before] = await authenticator.credentials();
  await logOut(page);
  await logInWithPasskey(page);
  await isIn(page, "ella");
  await logOut(page);
  await authenticator.restore(before);
  await logInWithPasskey(page);
  await main(page).getByText("This passkey may have been copied").waitFor();
  await logIn(page, "ella");
  await page.goto("/settings/passkeys");
  await link(main(page), "Remove phone").click();
  await accessible(page);
  await field(page, "Your password").fill(PASSWORD);
  await button(main(page), "Remove").click();
  await page.waitForURL((url) => url.pathname === "/settings/passkeys");
  await logOut(page);
  await logInWithPasskey(page);
  await main(page).getByText("That passkey opens no account here").waitFor();
});

test("whoever is not verified reads at the form what happened, and the form works again", async () => {
  const page = await person(forum, { name: "fay" });
  const authenticator = await withAuthenticator(page);
  await add(page, "phone");
  await logOut(page);
  await authenticator.verifies(false);
  await logInWithPasskey(page);
  await main(page).getByRole("alert").filter({ hasText: "No passkey was used" }).waitFor();
  await accessible(page);
  await authenticator.verifies(true);
  await button(main(page), "Log in with a passkey").click();
  await isIn(page, "fay");
});

test("a device is not added twice", async () => {
  const page = await person(forum, { name: "gil" });
  await withAuthenticator(page);
  await add(page, "phone");
  await field(page, "Name").fill("again");
  await field(page, "Your password").fill(PASSWORD);
  await button(main(page), "Continue").click();
  await button(main(page), "Create passkey").click();
  await main(page).getByRole("alert").filter({ hasText: "This device has a passkey for your account already." }).waitFor();
});

test("without scripts the pages say what passkeys need, and show no button that does nothing", async () => {
  await member(forum, "hana");
  const page = await visitor(forum, { javaScript: false });
  await page.goto("/login");
  assert.equal(await button(main(page), "Log in with a passkey").count(), 0);
  await logIn(page, "hana");
  await page.goto("/settings/passkeys");
  await main(page).locator("noscript").filter({ visible: true }).locator("p").waitFor();
  assert.equal(await button(main(page), "Continue").count(), 0);
});

test("the button appears in its place", async () => {
  const scripted = await visitor(forum, { viewport: PHONE });
  const plain = await visitor(forum, { viewport: PHONE, javaScript: false });
  const heights = [];
  for (const page of [scripted, plain]) {
    await page.goto("/login");
    heights.push((await main(page).locator("form.entry").boundingBox()).height);
  }
  await button(main(scripted), "Log in with a passkey").waitFor();
  assert.equal(heights[0], heights[1]);
  await accessible(scripted);
  await valid(await (await scripted.request.get("/login")).text());
});
