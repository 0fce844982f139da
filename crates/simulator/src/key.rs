//! Organization API keys as upstream lists them, with the secret that opens the door. Secrets leave only through the
//! accessors that tests and the demo use; no answer ever carries one.

use jiff::Timestamp;

/// One key of the organization.
#[derive(Clone, Debug)]
pub(crate) struct ApiKey {
    pub(crate) secret: String,
    pub(crate) id: String,
    pub(crate) label: String,
    pub(crate) created: Timestamp,
    pub(crate) expires: Timestamp,
    pub(crate) last_active: Option<Timestamp>,
    pub(crate) created_by: u32,
    /// Empty for a key without scopes, which may do everything.
    pub(crate) scopes: Vec<&'static str>,
    pub(crate) revoked: bool,
    /// Whoever made it administers the organization no longer.
    pub(crate) powerless: bool,
}

/// Every scope that upstream documents for organization keys.
pub(crate) const SCOPES: [&str; 8] = [
    "read:orgs:admin",
    "read:accounts:admin",
    "read:directories:admin",
    "read:groups:admin",
    "read:domains:admin",
    "read:events:admin",
    "read:workspaces:admin",
    "read:tokens:admin",
];

/// A new secret in upstream's form: a fixed beginning, URL-safe text, and a checksum.
pub(crate) fn secret(rng: &mut fastrand::Rng) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut secret = String::from("ATCTT3xFfGN0");
    secret.extend((0..174).filter_map(|_| rng.choice(LETTERS)).map(|letter| char::from(*letter)));
    secret.push('=');
    secret.push_str(&format!("{:08X}", rng.u32(..)));
    secret
}

/// A user's API token in upstream's form.
pub(crate) fn site_token(rng: &mut fastrand::Rng) -> String {
    let rest = secret(rng);
    format!("ATATT3xFfGF0{}", rest.trim_start_matches("ATCTT3xFfGN0"))
}

/// A version 4 UUID from the given generator.
pub(crate) fn uuid(rng: &mut fastrand::Rng) -> String {
    let bits = rng.u128(..);
    let bits = bits & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        bits >> 96,
        bits >> 80 & 0xffff,
        bits >> 64 & 0xffff,
        bits >> 48 & 0xffff,
        bits & 0xffff_ffff_ffff
    )
}
