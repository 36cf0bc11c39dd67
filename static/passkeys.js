// Passkeys: the browser asks an authenticator, and the form is sent with the answer in its field `[data-answer]`.

const bytesOf = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));

const base64urlOf = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** The server's options as `navigator.credentials` takes them, with bytes where JSON has text. */
function optionsOf({ challenge, user, allowCredentials, excludeCredentials, ...others }) {
  const known = (list) => list?.map((credential) => ({ ...credential, id: bytesOf(credential.id) }));
  return {
    ...others,
    challenge: bytesOf(challenge),
    user: user && { ...user, id: bytesOf(user.id) },
    allowCredentials: known(allowCredentials),
    excludeCredentials: known(excludeCredentials),
  };
}

/** What the authenticator signed, as the server reads it. */
function answerOf({ id, rawId, type, response }, token) {
  const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]
    .filter((part) => part in response)
    .map((part) => [part, response[part] && base64urlOf(response[part])]);
  return JSON.stringify({ token, response: { id, rawId: base64urlOf(rawId), type, response: Object.fromEntries(parts) } });
}

/** A sentence for whoever reads the page. */
class PasskeyRefusal extends Error {}

/** The challenge on the button itself, for a new passkey, or of the address that it names. */
async function challengeFor({ dataset }) {
  if (dataset.challenge) return JSON.parse(dataset.challenge);
  const answer = await fetch(dataset.passkey, { method: "POST", headers: { Accept: "application/json" }, redirect: "error" });
  const challenge = answer.headers.get("Content-Type") === "application/json" ? await answer.json() : {};
  if (!challenge.token) throw new PasskeyRefusal(challenge.error ?? "The site could not be asked. Please try again.");
  return challenge;
}

async function answerTo(button) {
  const { token, publicKey } = await challengeFor(button);
  const options = { publicKey: optionsOf(publicKey) };
  const credential = await (button.dataset.challenge ? navigator.credentials.create(options) : navigator.credentials.get(options));
  return answerOf(credential, token);
}

function sayInForm(form, sentence) {
  $(".error.of-passkey", form)?.remove();
  $(".acts", form).before(make("p", { class: "error of-passkey", role: "alert" }, sentence));
}

function sentenceOf(error) {
  if (error instanceof PasskeyRefusal) return error.message;
  if (error.name === "InvalidStateError") return "This device has a passkey for your account already.";
  return "No passkey was used: your device was not asked, or you cancelled, or it took too long. Please try again.";
}

function askForPasskeys() {
  const canAsk = "PublicKeyCredential" in globalThis && Boolean(navigator.credentials);
  for (const part of $$("[data-needs-passkeys]")) {
    part.hidden = !canAsk;
    part.classList.remove("unready");
  }
  for (const part of $$("[data-without-passkeys]")) part.hidden = canAsk;
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    const button = event.submitter;
    const field = $("[data-answer]", form);
    if (!button?.matches("[data-passkey]") || field.value) return;
    event.preventDefault();
    if ("busy" in form.dataset) return;
    form.dataset.busy = "";
    try {
      field.value = await answerTo(button);
      form.requestSubmit(button);
    } catch (error) {
      sayInForm(form, sentenceOf(error));
    } finally {
      delete form.dataset.busy;
    }
  });
}
