//! Speaking to the mail server: one connection for each mail, to an address that was looked up and checked, within
//! bounded time.

use std::error::Error as _;
use std::net::IpAddr;
use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use rustls::CertificateError;

use crate::notify::address::{self, Lookup};
use crate::notify::outgoing::{Answer, excerpt};
use crate::nouns::mail::{MailServer, Security};

/// How long each step of the conversation may take, and the whole of it.
const STEP: Duration = Duration::from_secs(15);
const WHOLE: Duration = Duration::from_secs(60);

/// Sends a mail once. A mail server may stand in an internal network, as most do; only addresses that answer for a
/// cloud machine itself are refused.
pub async fn send(
    message: Message,
    (server, password): (&MailServer, &str),
    lookup: &Lookup,
    certificates: &[u8],
) -> Answer {
    let Some(found) = reachable(&server.host, lookup).await else {
        return Answer::Again { after: None, said: "Nobody knows the mail server's name.".to_owned() };
    };
    let tls = match tls(server, certificates) {
        Ok(tls) => tls,
        Err(_) => return Answer::Refused("The connection to the mail server cannot be protected.".to_owned()),
    };
    let mut builder =
        AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(found).port(server.port).tls(tls).timeout(Some(STEP));
    if !server.username.is_empty() {
        builder = builder.credentials(Credentials::new(server.username.clone(), password.to_owned()));
    }
    match tokio::time::timeout(WHOLE, builder.build().send(message)).await {
        Ok(Ok(response)) => {
            let said: Vec<&str> = response.message().collect();
            Answer::Accepted(excerpt(&format!("{} {}", response.code(), said.join(" "))))
        }
        Ok(Err(error)) => refusal(&error),
        Err(_) => Answer::Again { after: None, said: "The mail server took too long.".to_owned() },
    }
}

fn refusal(error: &Error) -> Answer {
    let said = said(error);
    if error.is_permanent() { Answer::Refused(said) } else { Answer::Again { after: None, said } }
}

/// What became of it, as a sentence.
fn said(error: &Error) -> String {
    if let Some(why) = not_trusted(error) {
        return format!("The mail server's certificate is not trusted: {why} Nothing was sent.");
    }
    let reason = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    let reason = excerpt(&reason);
    match error.status() {
        Some(code) => format!("The mail server said: {code} {reason}"),
        None if error.is_timeout() => "The mail server took too long.".to_owned(),
        None => format!("The mail server could not be spoken to: {reason}."),
    }
}

/// Why a certificate was refused, when that is what went wrong.
fn not_trusted(error: &Error) -> Option<&'static str> {
    let mut source = error.source();
    while let Some(inner) = source {
        // An error of reading hides what it wraps from `source`.
        let wrapped = inner.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let wrapped = wrapped.and_then(|wrapped| wrapped.downcast_ref::<rustls::Error>());
        if let Some(rustls::Error::InvalidCertificate(why)) = wrapped.or_else(|| inner.downcast_ref()) {
            return Some(match why {
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => "it has expired.",
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => "it is not valid yet.",
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                    "it is for another name than the server's."
                }
                CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                    "nobody whom this machine trusts has issued it. ROLLCALL_CA_FILE names others."
                }
                CertificateError::Revoked => "it was revoked.",
                _ => "it is not as it should be.",
            });
        }
        source = inner.source();
    }
    None
}

fn tls(server: &MailServer, certificates: &[u8]) -> Result<Tls, Error> {
    let parameters = || {
        let mut builder = TlsParameters::builder(server.host.clone());
        if !certificates.is_empty() {
            builder = builder.add_root_certificate(Certificate::from_pem(certificates)?);
        }
        builder.build_rustls()
    };
    Ok(match server.security {
        Security::Tls => Tls::Wrapper(parameters()?),
        Security::StartTls => Tls::Required(parameters()?),
        Security::Plain => Tls::None,
    })
}

async fn reachable(host: &str, lookup: &Lookup) -> Option<String> {
    let found = address::looked_up(host, lookup).await;
    let is_local_to_the_link = |ip: &IpAddr| match ip.to_canonical() {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    };
    let refused = found.iter().any(is_local_to_the_link);
    found.first().filter(|_| !refused).map(ToString::to_string)
}
