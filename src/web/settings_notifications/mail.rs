//! The mail part of *Notifications*: server, sender, who gets which mail, *Send test*; and Rollcall's public address.
//! The password is never written into a page.

use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;

use crate::notify::endpoints::NotDone;
use crate::notify::mail::{self, Entered};
use crate::nouns::mail::{MailKind, MailServer, Security};
use crate::store::settings::Setting;
use crate::web::Served;
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::settings_notifications::{HERE, deliveries, section};
use crate::web::ui::moment::Reader;
use crate::web::ui::notice;
use crate::web::visit::Visit;

/// Where the mail server is saved.
pub(crate) const SAVE: &str = "/settings/notifications/mail";
/// Where it is removed.
pub(crate) const REMOVE: &str = "/settings/notifications/mail/remove";
/// Where a test is sent.
pub(crate) const TEST: &str = "/settings/notifications/mail/test";
/// Where the public address is saved.
pub(crate) const PUBLIC_ADDRESS: &str = "/settings/notifications/public-address";

/// The form of the mail server.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    host: String,
    port: String,
    security: String,
    username: String,
    password: String,
    sender: String,
    key: String,
    sync: String,
    task: String,
    operation: String,
    limit: String,
}

/// A form of one text.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct One {
    address: String,
}

/// POST /settings/notifications/mail
pub(crate) async fn save(
    State(served): State<Served>,
    visit: Visit,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    let recipients = MailKind::ALL.into_iter().map(|kind| (kind, addresses(entry.of(kind)))).collect();
    let entered = Entered {
        host: entry.host.clone(),
        port: entry.port.trim().parse().unwrap_or(0),
        security: Security::parse(&entry.security).unwrap_or(Security::Tls),
        username: entry.username.clone(),
        password: entry.password.clone(),
        sender: entry.sender.clone(),
        recipients,
    };
    let saved = mail::save(&visit.entered.context, &visit.mirror, &served.notifier, entered).await;
    ended(saved, &visit, (HERE, Some(&entry))).await
}

/// POST /settings/notifications/mail/remove
pub(crate) async fn remove(State(served): State<Served>, visit: Visit) -> Result<Response, Failure> {
    let removed = mail::remove(&visit.entered.context, &visit.mirror, &served.notifier).await;
    ended(removed, &visit, (HERE, None)).await
}

/// POST /settings/notifications/mail/test: *Send test*
pub(crate) async fn test(
    State(served): State<Served>,
    visit: Visit,
    Form(one): Form<One>,
) -> Result<Response, Failure> {
    let sent = mail::test(&visit.entered.context, &visit.mirror, &served.notifier, &one.address).await;
    ended(sent, &visit, (deliveries::HERE, None)).await
}

/// POST /settings/notifications/public-address
pub(crate) async fn public_address(
    State(served): State<Served>,
    visit: Visit,
    Form(one): Form<One>,
) -> Result<Response, Failure> {
    let context = &visit.entered.context;
    let saved = mail::set_public_address(context, &visit.mirror, &served.notifier, &one.address).await;
    ended(saved, &visit, (HERE, None)).await
}

async fn ended(
    done: Result<(), NotDone>,
    visit: &Visit,
    (next, entry): (&str, Option<&Entry>),
) -> Result<Response, Failure> {
    match done {
        Ok(()) => Ok(see(next)),
        Err(NotDone::Store(error)) => Err(error.into()),
        Err(NotDone::Refused(refusal)) => {
            let page = section(visit, notice::refusal(&refusal), entry).await?;
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
    }
}

impl Entry {
    fn from_stored(server: Option<&MailServer>) -> Entry {
        let Some(server) = server else {
            return Entry { port: "465".to_owned(), security: Security::Tls.as_str().to_owned(), ..Entry::default() };
        };
        let of = |kind| server.recipients_of(kind).join(", ");
        Entry {
            host: server.host.clone(),
            port: server.port.to_string(),
            security: server.security.as_str().to_owned(),
            username: server.username.clone(),
            password: String::new(),
            sender: server.sender.clone(),
            key: of(MailKind::KeyExpiring),
            sync: of(MailKind::Sync),
            task: of(MailKind::Task),
            operation: of(MailKind::Operation),
            limit: of(MailKind::Limit),
        }
    }

    fn of(&self, kind: MailKind) -> &str {
        match kind {
            MailKind::KeyExpiring => &self.key,
            MailKind::Sync => &self.sync,
            MailKind::Task => &self.task,
            MailKind::Operation => &self.operation,
            MailKind::Limit => &self.limit,
        }
    }
}

/// Addresses with commas, semicolons or line breaks between them.
fn addresses(text: &str) -> Vec<String> {
    text.split([',', ';', '\n']).map(str::trim).filter(|address| !address.is_empty()).map(str::to_owned).collect()
}

/// The part of the page.
pub(super) fn content(
    server: Option<&MailServer>,
    public: Option<&Setting>,
    entry: Option<&Entry>,
    reader: &Reader,
) -> Markup {
    let entry = entry.cloned().unwrap_or_else(|| Entry::from_stored(server));
    html! {
        h2 id="mail" { "Mail" }
        @match server {
            None => p.hint { "No mail is sent: no server is stored." }
            Some(server) => p.hint { "Mail goes through " bdi { (server.host) } ". Last changed " (reader.relative(server.changed_at)) " by " bdi { (server.changed_by) } "." }
        }
        form.fields method="post" action=(SAVE) {
            label { "SMTP server" input type="text" name="host" value=(entry.host) required maxlength="253" autocomplete="off" placeholder="smtp.example.com"; }
            label { "Port" input type="number" name="port" value=(entry.port) required min="1" max="65535"; }
            label { "Encryption"
                select name="security" {
                    @for security in Security::ALL {
                        option value=(security.as_str()) selected[entry.security == security.as_str()] { (in_words(security)) }
                    }
                }
            }
            label { "User" span.hint id="user" { "Empty when the server asks for none." }
                input type="text" name="username" value=(entry.username) maxlength="500" autocomplete="off" aria-describedby="user"; }
            label { "Password"
                span.hint id="password" { @if server.is_some() { "Empty to keep the stored one. It is kept for this server and user only." } @else { "It is stored encrypted and never shown." } }
                input type="password" name="password" maxlength="500" autocomplete="new-password" aria-describedby="password"; }
            label { "Sender" input type="text" name="sender" value=(entry.sender) required maxlength="320" placeholder="Rollcall <rollcall@example.com>"; }
            fieldset {
                legend { "Who gets which mail" }
                p.hint { "Addresses, with commas between them." }
                @for kind in MailKind::ALL {
                    label { (kind.in_words()) input type="text" name=(kind.as_str()) value=(entry.of(kind)) maxlength="4000" autocomplete="off"; }
                }
            }
            button.primary type="submit" { "Save" }
        }
        @if server.is_some() {
            form.fields method="post" action=(TEST) {
                label { "Send a test to" input type="email" name="address" required maxlength="254"; }
                button type="submit" { "Send test" }
            }
            form method="post" action=(REMOVE) { button.quiet type="submit" { "Remove mail server" } }
        }
        h3 { "Public address of Rollcall" }
        form.fields method="post" action=(PUBLIC_ADDRESS) {
            label { "Address"
                span.hint id="public" {
                    "How people reach Rollcall, for the links in mails and webhooks. Without one, links are paths."
                    @if let Some(public) = public { " Last changed " (reader.relative(public.changed_at)) " by " bdi { (public.changed_by) } "." }
                }
                input type="url" name="address" value=[public.map(|public| public.value.as_str())] maxlength="500" placeholder="https://rollcall.example.com" aria-describedby="public";
            }
            button type="submit" { "Save address" }
        }
    }
}

fn in_words(security: Security) -> &'static str {
    match security {
        Security::Tls => "TLS (usually port 465)",
        Security::StartTls => "STARTTLS (usually port 587)",
        Security::Plain => "None: a relay that asks for no password",
    }
}
