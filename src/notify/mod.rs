//! Telling the world outside: webhooks and mail. What is told stands in the outbox, written by whoever knows it; here it
//! is composed, sent, tried again and given up.
//!
//! Nothing here decides what is told, and nothing is sent to an address of an internal network that the configuration
//! does not allow by name.

pub mod address;
pub mod endpoints;
pub mod key_expiry;
pub mod letter;
pub mod mail;
pub mod message;
pub mod outgoing;
pub mod post;
mod report;
pub mod worker;

use clock::Clock;

use crate::id::Entropy;
use crate::notify::address::{Allowed, Lookup};
use crate::notify::outgoing::Outgoing;
use crate::store::organization_keys::SealingKey;

/// What notices are sent with. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Notifier {
    /// The source of time.
    pub clock: Clock,
    /// The source of chance.
    pub entropy: Entropy,
    sealing: SealingKey,
    allowed: Allowed,
    lookup: Lookup,
    outgoing: Outgoing,
    certificates: Vec<u8>,
}

impl Notifier {
    /// A notifier that may reach public addresses, and what is allowed besides.
    ///
    /// # Errors
    /// The proxy or the certificates cannot be used; the reason as a sentence.
    pub fn new(
        (clock, entropy): (Clock, Entropy),
        sealing: SealingKey,
        (allowed, lookup): (Allowed, Lookup),
        (proxy, certificates): (Option<&str>, &[u8]),
    ) -> Result<Notifier, String> {
        let outgoing = Outgoing::new((&allowed, &lookup), (proxy, certificates))?;
        Ok(Notifier { clock, entropy, sealing, allowed, lookup, outgoing, certificates: certificates.to_vec() })
    }
}

/// Chooses the library's cryptography for this process, once; whoever makes a client asks for it first.
pub fn tls() {
    // Fails only when the process has chosen a provider already, which is then used.
    drop(rustls::crypto::ring::default_provider().install_default());
}
