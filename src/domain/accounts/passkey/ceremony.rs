//! The ceremonies of WebAuthn: creating a passkey, and answering a challenge with one.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::{Host, Url};
use webauthn_rs::prelude::{
    AuthenticationResult, DiscoverableAuthentication, PasskeyAuthentication, PasskeyRegistration,
    PublicKeyCredential, RegisterPublicKeyCredential, Uuid, Webauthn, WebauthnBuilder, WebauthnError,
};

use crate::domain::accounts::passkey::{CHALLENGE_TTL, Passkey, PasskeyError, PasskeysOff};
use crate::domain::accounts::token;
use crate::domain::accounts::user::Member;

/// What an authenticator was asked to sign, as it is stored until the answer comes.
#[derive(Debug, Serialize, Deserialize)]
pub enum Challenge {
    /// By a visitor: the answer says whose passkey it is.
    LogIn(DiscoverableAuthentication),
    /// Where others enter their password.
    Confirm(PasskeyAuthentication),
    Create {
        name: String,
        user_handle: Uuid,
        registration: PasskeyRegistration,
    },
}

/// A challenge, and the options by which the browser asks an authenticator: `publicKey` of
/// `navigator.credentials`, with bytes in base64url.
pub struct NewChallenge {
    pub challenge: Challenge,
    pub options: Value,
}

impl NewChallenge {
    fn new(challenge: Challenge, options: impl Serialize) -> Result<NewChallenge, WebauthnError> {
        let options = serde_json::to_value(options).map_err(WebauthnError::ParseJSONFailure)?;
        Ok(NewChallenge { challenge, options })
    }
}

/// What a browser answers to a challenge, with the token by which the challenge is stored.
#[derive(Deserialize)]
pub struct Answer<T> {
    token: String,
    response: T,
}

/// The answer to [`RelyingParty::log_in`] or [`RelyingParty::confirm`].
pub type PasskeyAnswer = Answer<PublicKeyCredential>;
/// The answer to [`RelyingParty::create`].
pub type CreationAnswer = Answer<RegisterPublicKeyCredential>;

impl<T: DeserializeOwned> Answer<T> {
    /// Reads the JSON that the script sends.
    pub fn parse(json: &str) -> Result<Answer<T>, PasskeyError> {
        serde_json::from_str(json).map_err(|_| PasskeyError::Unverified)
    }

    pub fn token_hash(&self) -> Vec<u8> {
        token::hash(&self.token)
    }
}

impl PasskeyAnswer {
    pub fn credential_id(&self) -> &[u8] {
        self.response.get_credential_id()
    }

    /// What the authenticator knows the account by, if it says so.
    pub fn user_handle(&self) -> Option<&[u8]> {
        self.response.get_user_unique_id()
    }
}

/// The site as authenticators know it: by its host.
pub struct RelyingParty(Webauthn);

impl RelyingParty {
    /// `base_url` is the only origin that answers may come from.
    pub fn new(base_url: &str, site_name: &str) -> Result<RelyingParty, PasskeysOff> {
        let origin = Url::parse(base_url).map_err(|_| PasskeysOff::IpAddress)?;
        let Some(Host::Domain(host)) = origin.host() else { return Err(PasskeysOff::IpAddress) };
        let is_local = host == "localhost" || host.ends_with(".localhost");
        if origin.scheme() != "https" && !is_local {
            return Err(PasskeysOff::Insecure);
        }
        let timeout = Duration::from_secs(CHALLENGE_TTL.unsigned_abs());
        WebauthnBuilder::new(host, &origin)
            .and_then(|builder| builder.rp_name(site_name).timeout(timeout).build())
            .map(RelyingParty)
            .map_err(|_| PasskeysOff::IpAddress)
    }

    /// Asks for any passkey of this site.
    pub fn log_in(&self) -> Result<NewChallenge, WebauthnError> {
        let (asked, state) = self.0.start_discoverable_authentication()?;
        NewChallenge::new(Challenge::LogIn(state), asked.public_key)
    }

    /// Asks for one of an account's own.
    pub fn confirm(&self, passkeys: &[Passkey]) -> Result<NewChallenge, WebauthnError> {
        let (asked, state) = self.0.start_passkey_authentication(passkeys)?;
        NewChallenge::new(Challenge::Confirm(state), asked.public_key)
    }

    /// Asks for a new one beside those that an account has. The authenticator has to be able to find it by
    /// the site alone, as nobody types a name where it is used.
    pub fn create(
        &self,
        member: &Member,
        name: &str,
        user_handle: Option<&[u8]>,
        passkeys: &[Passkey],
    ) -> Result<NewChallenge, WebauthnError> {
        let user_handle =
            user_handle.and_then(|handle| Uuid::from_slice(handle).ok()).unwrap_or_else(Uuid::new_v4);
        let known = passkeys.iter().map(|passkey| passkey.cred_id().clone()).collect();
        let (asked, registration) =
            self.0.start_passkey_registration(user_handle, &member.name, &member.name, Some(known))?;
        let challenge = Challenge::Create { name: name.to_owned(), user_handle, registration };
        let mut new = NewChallenge::new(challenge, asked.public_key)?;
        if let Some(selection) =
            new.options.pointer_mut("/authenticatorSelection").and_then(Value::as_object_mut)
        {
            selection.insert("residentKey".to_owned(), "required".into());
            selection.insert("requireResidentKey".to_owned(), true.into());
        }
        Ok(new)
    }

    /// Checks what was created.
    pub fn created(
        &self,
        answer: &CreationAnswer,
        registration: &PasskeyRegistration,
    ) -> Result<Passkey, PasskeyError> {
        Ok(self.0.finish_passkey_registration(&answer.response, registration)?)
    }

    /// Checks that a passkey signed this challenge here, after its owner was verified, and notes its use:
    /// counters only rise.
    pub fn verify(
        &self,
        answer: &PasskeyAnswer,
        challenge: Challenge,
        passkey: &mut Passkey,
    ) -> Result<(), PasskeyError> {
        let used: AuthenticationResult = match challenge {
            Challenge::LogIn(state) => {
                self.0.finish_discoverable_authentication_v2(&answer.response, state, &*passkey)?
            }
            Challenge::Confirm(state) => self.0.finish_passkey_authentication(&answer.response, &state)?,
            Challenge::Create { .. } => return Err(PasskeyError::Unverified),
        };
        match passkey.update_credential(&used) {
            Some(_) if used.user_verified() => Ok(()),
            _ => Err(PasskeyError::Unverified),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::accounts::user::sample;

    #[test]
    fn passkeys_need_a_host_name_and_a_secure_address() {
        let at = |base_url| RelyingParty::new(base_url, "Stoa").map(drop);
        for works in ["https://forum.example.org", "https://forum.example.org:8443", "http://localhost:8000"]
        {
            assert_eq!(at(works), Ok(()), "{works}");
        }
        for (off, why) in [
            ("https://192.0.2.7", PasskeysOff::IpAddress),
            ("http://127.0.0.1:8000", PasskeysOff::IpAddress),
            ("https://[2001:db8::1]", PasskeysOff::IpAddress),
            ("http://forum.example.org", PasskeysOff::Insecure),
            ("http://notlocalhost", PasskeysOff::Insecure),
        ] {
            assert_eq!(at(off), Err(why), "{off}");
        }
    }

    #[test]
    fn a_new_passkey_is_found_without_a_name_verifies_its_owner_and_says_nothing_of_its_maker() {
        let here = RelyingParty::new("https://forum.example.org", "Stoa").expect("a host name");
        let new = here.create(&sample(), "phone", Some(&[7; 16]), &[]).expect("a challenge");
        let at = |path: &str| new.options.pointer(path).cloned().unwrap_or_default();
        assert_eq!(at("/rp/id"), "forum.example.org");
        assert_eq!(at("/authenticatorSelection/residentKey"), "required");
        assert_eq!(at("/authenticatorSelection/userVerification"), "required");
        assert_eq!(at("/attestation"), "none");
        assert_eq!(at("/timeout"), 300_000);
        assert_eq!(at("/user/id"), "BwcHBwcHBwcHBwcHBwcHBw");
        let log_in = here.log_in().expect("a challenge");
        assert_eq!(log_in.options.pointer("/userVerification"), Some(&"required".into()));
    }

    #[test]
    fn no_two_challenges_are_alike() {
        let here = RelyingParty::new("https://forum.example.org", "Stoa").expect("a host name");
        let asked = || here.log_in().expect("a challenge").options.pointer("/challenge").cloned();
        assert_ne!(asked(), asked());
    }
}
