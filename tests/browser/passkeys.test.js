// Passkeys, with an authenticator that Chromium makes: adding, logging in, logging in with nothing else, removing.

import assert from "node:assert/strict";
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

test("a passkey needs no code where a password needs one", async () => {
  const page = await person(forum, { name: "bea" });
  await withAuthenticator(page);
  await add(page, "laptop");
  await page.goto("/settings/two-factor");
  await field(page, "Your password").fill(PASSWORD);
  await button(main(page), "Set up").click();
  const secret = await field(page, "Key").inputValue();
  const { execFile } = await import("node:child_process");
  assert.ok(secret && execFile);
});
