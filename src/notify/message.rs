//! The messages that webhooks get: bodies and headers, of Automation for Jira and of Standard Webhooks.
//!
//! The same notice makes the same body under the same id, however often it is sent.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::id::Entropy;
use crate::nouns::endpoint::Style;
use crate::nouns::notice::EventKind;
use crate::store::endpoints::Secrets;
use crate::store::outbox::Leased;

/// How a secret of Standard Webhooks begins.
const PREFIX: &str = "whsec_";
/// How far a message's timestamp may be from the receiver's clock (Standard Webhooks).
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// What a message of Standard Webhooks brings to prove where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof<'a> {
    /// `webhook-id`
    pub id: &'a str,
    /// `webhook-timestamp`
    pub timestamp: &'a str,
    /// `webhook-signature`: one or several, with blanks between them.
    pub signature: &'a str,
}

/// Why a receiver does not take a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotProven {
    /// A header is missing, or is none.
    #[error("the headers are not those of Standard Webhooks")]
    Headers,
    /// It was signed more than five minutes ago, or ahead: somebody may be sending a message of old again.
    #[error("the timestamp is more than five minutes off")]
    Timestamp,
    /// No signature is by this secret over this id, timestamp and body.
    #[error("the signature is not by this secret")]
    Signature,
}

/// The body of a message. `base` is Rollcall's public address without its last slash; without one, links are paths.
pub fn body(leased: &Leased, style: Style, base: &str) -> String {
    let mut data = leased.data.clone();
    let link = if leased.event == EventKind::KeyExpiring { "settingsUrl" } else { "deepLink" };
    data[link] = json!(format!("{base}{}", leased.page));
    let message = match (style, leased.event.trigger()) {
        (Style::Automation, Some(trigger)) => {
            data["trigger"] = json!(trigger.as_str());
            data
        }
        _ => json!({ "type": leased.event.as_str(), "timestamp": leased.at.to_string(), "data": data }),
    };
    Value::to_string(&message)
}

/// The headers that prove who sends: the token of an Automation rule, or the three of Standard Webhooks.
pub fn headers(
    leased: &Leased,
    style: Style,
    (secrets, body): (&Secrets, &str),
    now: Timestamp,
) -> Vec<(&'static str, String)> {
    match style {
        Style::Automation => vec![("x-automation-webhook-token", secrets.present.clone())],
        Style::Generic => {
            let (id, seconds) = (leased.notice.as_str(), now.as_second());
            let text = format!("{id}.{seconds}.{body}");
            let all = std::iter::once(&secrets.present).chain(&secrets.before);
            let signatures: Vec<String> = all.map(|secret| format!("v1,{}", signature(secret, &text))).collect();
            vec![
                ("webhook-id", id.to_owned()),
                ("webhook-timestamp", seconds.to_string()),
                ("webhook-signature", signatures.join(" ")),
            ]
        }
    }
}

/// What a receiver does with a message before it believes it, as docs/webhooks.md describes it.
///
/// # Errors
/// Why it is not to be believed.
pub fn prove(secret: &str, proof: Proof<'_>, body: &str, now: Timestamp) -> Result<(), NotProven> {
    let seconds: i64 = proof.timestamp.parse().map_err(|_| NotProven::Headers)?;
    let sent = Timestamp::from_second(seconds).map_err(|_| NotProven::Headers)?;
    if proof.id.is_empty() {
        return Err(NotProven::Headers);
    }
    if now.duration_since(sent).abs() > TOLERANCE {
        return Err(NotProven::Timestamp);
    }
    let signed = keyed(secret, &format!("{}.{seconds}.{body}", proof.id));
    let mut given = proof.signature.split(' ').filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok());
    // Compared in constant time.
    if given.any(|given| signed.clone().verify_slice(&given).is_ok()) { Ok(()) } else { Err(NotProven::Signature) }
}

/// A new secret as Standard Webhooks writes them.
pub fn new_secret(entropy: &Entropy) -> String {
    format!("{PREFIX}{}", STANDARD.encode(entropy.bytes::<32>()))
}

/// HMAC-SHA256 of a text, in base 64. A secret that begins with `whsec_` is the bytes that follow in base 64, any other
/// its own bytes.
fn signature(secret: &str, text: &str) -> String {
    STANDARD.encode(keyed(secret, text).finalize().into_bytes())
}

fn keyed(secret: &str, text: &str) -> Hmac<Sha256> {
    let decoded = secret.strip_prefix(PREFIX).and_then(|encoded| STANDARD.decode(encoded).ok());
    let key = decoded.unwrap_or_else(|| secret.as_bytes().to_vec());
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&key).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_believes_what_was_signed_for_it_and_within_five_minutes_alone() {
        let (secret, body) = ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", r#"{"test": 2432232314}"#);
        let good = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        let proof = Proof { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: "1614265330", signature: good };
        let at = |seconds: i64| Timestamp::from_second(1_614_265_330 + seconds).unwrap();
        assert_eq!(prove(secret, proof, body, at(300)), Ok(()));
        assert_eq!(prove(secret, proof, body, at(301)), Err(NotProven::Timestamp));
        assert_eq!(prove(secret, proof, body, at(-301)), Err(NotProven::Timestamp));
        let rotated = format!("v1,AAAA v2,x {good}");
        assert_eq!(prove(secret, Proof { signature: &rotated, ..proof }, body, at(0)), Ok(()));
        let forged = |proof, secret, body| prove(secret, proof, body, at(0));
        assert_eq!(forged(proof, secret, r#"{"test": 1}"#), Err(NotProven::Signature));
        assert_eq!(forged(proof, "whsec_AAAA", body), Err(NotProven::Signature));
        assert_eq!(forged(Proof { id: "msg_other", ..proof }, secret, body), Err(NotProven::Signature));
        assert_eq!(forged(Proof { timestamp: "1614265331", ..proof }, secret, body), Err(NotProven::Signature));
        assert_eq!(forged(Proof { signature: "", ..proof }, secret, body), Err(NotProven::Signature));
        assert_eq!(forged(Proof { timestamp: "soon", ..proof }, secret, body), Err(NotProven::Headers));
    }

    /// The example of the Standard Webhooks specification.
    #[test]
    fn a_signature_is_what_the_specification_says() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let text = r#"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}"#;
        assert_eq!(signature(secret, text), "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
