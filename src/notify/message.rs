//! The messages that webhooks get: bodies and headers, of Automation for Jira and of Standard Webhooks.
//!
//! The same notice makes the same body under the same id, however often it is sent.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::id::Entropy;
use crate::nouns::endpoint::Style;
use crate::nouns::notice::EventKind;
use crate::store::outbox::Leased;

/// How a secret of Standard Webhooks begins.
const PREFIX: &str = "whsec_";

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
    (secret, body): (&str, &str),
    now: Timestamp,
) -> Vec<(&'static str, String)> {
    match style {
        Style::Automation => vec![("x-automation-webhook-token", secret.to_owned())],
        Style::Generic => {
            let (id, seconds) = (leased.notice.as_str(), now.as_second());
            vec![
                ("webhook-id", id.to_owned()),
                ("webhook-timestamp", seconds.to_string()),
                ("webhook-signature", format!("v1,{}", signature(secret, &format!("{id}.{seconds}.{body}")))),
            ]
        }
    }
}

/// A new secret as Standard Webhooks writes them.
pub fn new_secret(entropy: &Entropy) -> String {
    format!("{PREFIX}{}", STANDARD.encode(entropy.bytes::<32>()))
}

/// HMAC-SHA256 of a text, in base 64. A secret that begins with `whsec_` is the bytes that follow in base 64, any other
/// its own bytes.
fn signature(secret: &str, text: &str) -> String {
    let decoded = secret.strip_prefix(PREFIX).and_then(|encoded| STANDARD.decode(encoded).ok());
    let key = decoded.unwrap_or_else(|| secret.as_bytes().to_vec());
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&key).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks specification.
    #[test]
    fn a_signature_is_what_the_specification_says() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let text = r#"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}"#;
        assert_eq!(signature(secret, text), "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
