//! Jira's user webhooks, as a site sends them: a user event as JSON, signed with the webhook's secret, with an identifier that
//! stays the same when it is repeated. It is sent to this machine only.

use std::io;
use std::net::SocketAddr;

use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::server::Simulator;

/// The block of SHA-256, which HMAC pads its key to.
const BLOCK: usize = 64;

/// A webhook that somebody has set up on a site.
#[derive(Clone, Debug)]
pub struct UserHook {
    /// The number of the site, from 0 on.
    pub site: usize,
    /// Where it is sent, on this machine.
    pub to: SocketAddr,
    /// The path there.
    pub path: String,
    /// With what it is signed.
    pub secret: String,
}

/// What happened to a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserEvent {
    /// Came to be.
    Created,
    /// Changed.
    Updated,
    /// Is gone.
    Deleted,
}

impl UserEvent {
    /// The word for it on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            UserEvent::Created => "user_created",
            UserEvent::Updated => "user_updated",
            UserEvent::Deleted => "user_deleted",
        }
    }
}

impl Simulator {
    /// The message about a user as it is sent: the body and its signature.
    pub fn user_message(&self, hook: &UserHook, event: UserEvent, account_id: &str) -> (String, String) {
        let user = self.read(|organization| {
            let customer = organization.customers().iter().find(|customer| customer.account_id == account_id);
            let truth = organization.truth();
            let person = truth.users.iter().find(|user| user.account_id == account_id);
            let name = customer.map(|customer| customer.name.clone()).or(person.map(|person| person.name.clone()));
            let kind = if account_id.starts_with("qm:") { "customer" } else { "atlassian" };
            json!({ "accountId": account_id, "accountType": kind, "displayName": name, "active": name.is_some() })
        });
        let body =
            json!({ "timestamp": 1_763_629_200_000_i64, "webhookEvent": event.as_str(), "user": user }).to_string();
        let signature = format!("sha256={}", hexadecimal(&mac(hook.secret.as_bytes(), body.as_bytes())));
        (body, signature)
    }

    /// Sends the message about a user, with this identifier. Gives the status that came back.
    ///
    /// # Errors
    /// Nobody listens there, or what came back is no HTTP.
    pub async fn send_user_message(
        &self,
        hook: &UserHook,
        (event, account_id): (UserEvent, &str),
        identifier: &str,
    ) -> io::Result<u16> {
        let (body, signature) = self.user_message(hook, event, account_id);
        let request = format!(
            "POST {} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
             x-hub-signature: {signature}\r\nx-atlassian-webhook-identifier: {identifier}\r\n\
             x-atlassian-webhook-flow: Primary\r\nconnection: close\r\n\r\n{body}",
            hook.path,
            hook.to,
            body.len(),
        );
        let mut stream = TcpStream::connect(hook.to).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        let answer = String::from_utf8_lossy(&answer);
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        status.ok_or_else(|| io::Error::other("what came back is no HTTP"))
    }
}

/// HMAC-SHA256 (RFC 2104).
fn mac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut block = [0; BLOCK];
    let hashed: [u8; 32] = Sha256::digest(key).into();
    let key = if key.len() > BLOCK { &hashed[..] } else { key };
    block.iter_mut().zip(key).for_each(|(padded, byte)| *padded = *byte);
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(text).finalize();
    Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().into()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_signed_as_the_standard_says() {
        // RFC 4231, test cases 2 and 6.
        let short = mac(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(hexadecimal(&short), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        let long = mac(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First");
        assert_eq!(hexadecimal(&long), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    }
}
