//! Mail: the server and who gets which mail, Rollcall's public address for links, and *Send test*.

use reqwest::Url;

use crate::mirror::Mirror;
use crate::notify::Notifier;
use crate::notify::endpoints::{NotDone, append, refused};
use crate::notify::letter;
use crate::nouns::context::Context;
use crate::nouns::mail::{MailKind, MailServer, Security};
use crate::nouns::notice::{Notice, What};
use crate::store::error::StoreError;
use crate::store::mail_server;
use crate::store::outbox::{self, Receiver};
use crate::store::settings::{self, Setting};
use crate::store::tx::Tx;

/// The setting's name.
const PUBLIC_ADDRESS: &str = "public_address";
/// More recipients of one kind of mail are a list of their own, kept by the mail server.
const MOST_RECIPIENTS: usize = 20;

/// A mail server as it was entered.
#[derive(Clone, Debug)]
pub struct Entered {
    /// The server's name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// Who signs in there; empty for nobody.
    pub username: String,
    /// The password; empty to keep the stored one.
    pub password: String,
    /// The address that mails come from.
    pub sender: String,
    /// The addresses for each kind of mail.
    pub recipients: Vec<(MailKind, Vec<String>)>,
}

/// Rollcall's public address, without its last slash; `None` while nobody has said it.
pub fn public_address(tx: &mut Tx) -> Result<Option<Setting>, StoreError> {
    Ok(settings::find(tx, PUBLIC_ADDRESS)?.filter(|setting| !setting.value.is_empty()))
}

/// Says at which address people reach Rollcall; empty for none.
///
/// # Errors
/// It is no address.
pub async fn set_public_address(
    context: &Context,
    mirror: &Mirror,
    notifier: &Notifier,
    text: &str,
) -> Result<(), NotDone> {
    let text = text.trim().trim_end_matches('/').to_owned();
    let good = |url: &Url| {
        matches!(url.scheme(), "http" | "https") && url.has_host() && url.query().is_none() && url.username().is_empty()
    };
    if !text.is_empty() && !Url::parse(&text).is_ok_and(|url| good(&url)) {
        return Err(refused(
            "This is no address of a web page.",
            "Enter it as people do: https://rollcall.example.com",
        ));
    }
    let (context, entropy) = (context.clone(), notifier.entropy.clone());
    let saved = mirror.store().write(move |tx| {
        let detail = serde_json::json!({ "value": text }).to_string();
        let setting = Setting { value: text, changed_by: context.actor.as_text(), changed_at: context.now };
        settings::put(tx, PUBLIC_ADDRESS, &setting)?;
        append(tx, &context, ("setting.changed", PUBLIC_ADDRESS), (&detail, &entropy))
    });
    Ok(saved.await?)
}

/// Stores the mail server in place of the one before.
///
/// # Errors
/// Something that was entered cannot be.
pub async fn save(context: &Context, mirror: &Mirror, notifier: &Notifier, entered: Entered) -> Result<(), NotDone> {
    let host = entered.host.trim().to_owned();
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | ':' | '[' | ']');
    if host.is_empty() || host.len() > 253 || !host.chars().all(plain) || entered.port == 0 {
        return Err(refused(
            "This is no mail server.",
            "Enter its name alone, such as smtp.example.com, and its port.",
        ));
    }
    if [&entered.username, &entered.password]
        .into_iter()
        .any(|text| text.len() > 500 || text.chars().any(char::is_control))
    {
        return Err(refused("The user or the password is too long.", "Enter them again."));
    }
    if entered.security == Security::Plain && !entered.username.trim().is_empty() {
        let next = "Choose TLS or STARTTLS, or leave the user empty.";
        return Err(refused("A password is not sent over a connection that is not encrypted.", next));
    }
    letter::mailbox(&entered.sender).map_err(|why| refused(&why.to_string(), "Correct the sender."))?;
    for (_, addresses) in &entered.recipients {
        if addresses.len() > MOST_RECIPIENTS {
            return Err(refused("There are more than 20 recipients.", "Use the address of a mailing list."));
        }
        for address in addresses {
            letter::mailbox(address).map_err(|why| refused(&why.to_string(), "Correct the recipients."))?;
        }
    }
    let (context, organization) = (context.clone(), mirror.organization().id.clone());
    let (sealing, entropy) = (notifier.sealing.clone(), notifier.entropy.clone());
    let saved = mirror.store().write(move |tx| {
        let server = MailServer {
            host,
            port: entered.port,
            security: entered.security,
            username: entered.username.trim().to_owned(),
            sender: entered.sender.trim().to_owned(),
            recipients: entered.recipients,
            changed_by: context.actor.as_text(),
            changed_at: context.now,
        };
        let mut password = entered.password;
        // The stored password goes to the server it was entered for, and to no other.
        let before = mail_server::find(tx)?.filter(|was| was.host == server.host && was.username == server.username);
        if password.is_empty() && before.is_some() {
            password = mail_server::password(tx, &organization, &sealing)?.and_then(Result::ok).unwrap_or_default();
        }
        if password.is_empty() && !server.username.is_empty() {
            return Ok(false);
        }
        mail_server::put(tx, &organization, &server, &password, (&sealing, &entropy))?;
        let detail = serde_json::json!({ "port": server.port, "security": server.security.as_str() });
        append(tx, &context, ("mail.changed", "mail"), (&detail.to_string(), &entropy))?;
        Ok(true)
    });
    if saved.await? {
        return Ok(());
    }
    Err(refused("The password is missing.", "Enter it: the stored one belongs to another server or user."))
}

/// Removes the mail server and its password.
pub async fn remove(context: &Context, mirror: &Mirror, notifier: &Notifier) -> Result<(), NotDone> {
    let (context, entropy) = (context.clone(), notifier.entropy.clone());
    let removed = mirror.store().write(move |tx| {
        if mail_server::remove(tx)? {
            append(tx, &context, ("mail.removed", "mail"), ("{}", &entropy))?;
        }
        Ok(())
    });
    Ok(removed.await?)
}

/// Puts a test out for one address.
///
/// # Errors
/// There is no mail server, or this is no address.
pub async fn test(context: &Context, mirror: &Mirror, notifier: &Notifier, address: &str) -> Result<(), NotDone> {
    let address = address.trim().to_owned();
    letter::mailbox(&address).map_err(|why| refused(&why.to_string(), "Correct the address."))?;
    let (now, entropy) = (context.now, notifier.entropy.clone());
    let sent = mirror.store().write(move |tx| {
        let known = mail_server::find(tx)?.is_some();
        if known {
            let notice = Notice { at: now, what: What::Test };
            outbox::put_for(tx, &notice, &[Receiver::Mail(address)], &entropy)?;
        }
        Ok(known)
    });
    if sent.await? { Ok(()) } else { Err(refused("No mail server is stored.", "Save one first.")) }
}
