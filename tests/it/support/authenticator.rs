//! An authenticator in software: one passkey, which answers challenges as a phone or a security key does.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use stoa::config::Settings;

use crate::support::app::{Browser, PASSWORD, Page};

pub const ORIGIN: &str = "http://localhost:8000";

/// Settings of a forum that has passkeys.
pub fn with_passkeys(settings: &mut Settings) {
    settings.base_url = Some(ORIGIN.to_owned());
}

const USER_PRESENT: u8 = 1;
const USER_VERIFIED: u8 = 4;
const HAS_CREDENTIAL: u8 = 64;

pub struct Authenticator {
    key: EcdsaKeyPair,
    pub id: Vec<u8>,
    pub user_handle: Vec<u8>,
    /// Rises with each answer, if there is one.
    pub counter: Option<u32>,
    /// Whether its owner shows that it is them.
    pub verifies: bool,
    /// The site that it is made to believe it is at.
    pub origin: &'static str,
    type_: &'static str,
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Authenticator {
    /// One that has not been to the site yet.
    pub fn new() -> Authenticator {
        let random = SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).expect("a key");
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, made.as_ref(), &random);
        let key = key.expect("a key");
        let id = Sha256::digest(key.public_key().as_ref())[..16].to_vec();
        Authenticator {
            key,
            id,
            user_handle: Vec::new(),
            counter: Some(1),
            verifies: true,
            origin: ORIGIN,
            type_: "webauthn.get",
        }
    }

    fn client_data(&self, challenge: &Value) -> Vec<u8> {
        let asked = challenge.pointer("/publicKey/challenge").expect("a challenge");
        json!({ "type": self.type_, "challenge": asked, "origin": self.origin }).to_string().into_bytes()
    }

    fn data(&self, host: &Value, flags: u8) -> Vec<u8> {
        let verified = if self.verifies { USER_VERIFIED } else { 0 };
        let mut data = Sha256::digest(host.as_str().expect("a host")).to_vec();
        data.push(USER_PRESENT | verified | flags);
        data.extend(self.counter.unwrap_or(0).to_be_bytes());
        data
    }

    /// The answer to the challenge that asks for a new passkey.
    pub fn create(&mut self, challenge: &Value) -> String {
        let asked = &challenge["publicKey"];
        self.user_handle =
            URL_SAFE_NO_PAD.decode(asked["user"]["id"].as_str().expect("an id")).expect("base64url");
        self.type_ = "webauthn.create";
        let client_data = self.client_data(challenge);
        self.type_ = "webauthn.get";
        let point = self.key.public_key().as_ref();
        let mut data = self.data(&asked["rp"]["id"], HAS_CREDENTIAL);
        data.extend([0; 16]);
        data.extend([0, 16]);
        data.extend(&self.id);
        // A COSE key in CBOR: {1: 2, 3: -7, -1: 1, -2: x, -3: y}.
        data.extend([0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32]);
        data.extend(&point[1..33]);
        data.extend([0x22, 0x58, 32]);
        data.extend(&point[33..]);
        // {"fmt": "none", "attStmt": {}, "authData": data}
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
        object.push(u8::try_from(data.len()).expect("a short one"));
        object.extend(data);
        json!({ "token": challenge["token"], "response": {
            "id": text(&self.id), "rawId": text(&self.id), "type": "public-key",
            "response": { "clientDataJSON": text(&client_data), "attestationObject": text(&object) },
        }})
        .to_string()
    }

    /// The answer to another challenge.
    pub fn answer(&mut self, challenge: &Value) -> String {
        self.counter = self.counter.map(|counter| counter + 1);
        let client_data = self.client_data(challenge);
        let data = self.data(&challenge["publicKey"]["rpId"], 0);
        let signed = [&data[..], &Sha256::digest(&client_data)].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).expect("signed");
        json!({ "token": challenge["token"], "response": {
            "id": text(&self.id), "rawId": text(&self.id), "type": "public-key",
            "response": {
                "clientDataJSON": text(&client_data), "authenticatorData": text(&data),
                "signature": text(signature.as_ref()), "userHandle": text(&self.user_handle),
            },
        }})
        .to_string()
    }

    /// A new passkey of a member, who confirms with a password.
    pub async fn of(member: &mut Browser, name: &str) -> Authenticator {
        let mut authenticator = Authenticator::new();
        let page = member.post("/settings/passkeys", &[("name", name), ("password", PASSWORD)]).await;
        let answer = authenticator.create(&challenge_on(&page));
        let added = member.post("/settings/passkeys/create", &[("passkey", &answer)]).await;
        assert_eq!(added.location().as_deref(), Some("/settings/passkeys"), "{}", added.text());
        authenticator
    }

    /// Sends the answer to a new challenge of a log-in.
    pub async fn log_in(&mut self, browser: &mut Browser) -> Page {
        let challenge = browser.post_json("/login/passkey/challenge", &[]).await;
        browser.post("/login/passkey", &[("passkey", &self.answer(&challenge))]).await
    }

    /// What a form of a member who has no password sends in place of one.
    pub async fn confirmation(&mut self, member: &mut Browser) -> String {
        let challenge = member.post_json("/settings/passkeys/challenge", &[]).await;
        self.answer(&challenge)
    }
}

/// The challenge of the page that creates a passkey.
pub fn challenge_on(page: &Page) -> Value {
    serde_json::from_str(page.one("main button[data-challenge]").attr("data-challenge")).expect("JSON")
}
