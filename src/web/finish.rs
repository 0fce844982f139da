//! Set-up's last page: which Jira site is the home site, and the offer of mail. Nothing has to be answered here; all of it
//! stands in *Settings* as well.

use axum::Form;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;

use crate::mirror::Mirror;
use crate::store::error::StoreError;
use crate::store::mail_server;
use crate::sync::edition;
use crate::web::Served;
use crate::web::dashboard;
use crate::web::failure::Failure;
use crate::web::guard::see;
use crate::web::settings_edition::home_choice;
use crate::web::settings_notifications;
use crate::web::ui::frame::Page;
use crate::web::visit::Visit;

/// The page's address.
pub(crate) const HERE: &str = "/setup/finish";

/// The form.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    home: String,
    /// `mail` to set it up next.
    next: String,
}

/// Whether something of it is still to be asked: nobody has chosen a home site, and mail goes through no server.
pub(crate) async fn is_open(mirror: &Mirror) -> Result<bool, StoreError> {
    let read = mirror.store().read(|tx| Ok((edition::read(tx)?.home.is_none(), mail_server::find(tx)?.is_none())));
    let (homeless, silent) = read.await?;
    Ok(homeless && silent)
}

/// GET /setup/finish
pub(crate) async fn show(visit: Visit) -> Result<Response, Failure> {
    if visit.snapshot.generation() == 0 {
        return Ok(see("/setup/progress"));
    }
    let held = visit.mirror.store().read(edition::read).await?;
    let homes = edition::homes(&visit.mirror.current());
    let home = held.home.or_else(|| homes.first().map(|home| home.id.clone())).unwrap_or_default();
    Ok(page(&visit.mirror.organization().name, home_choice(&homes, &home)).into_response())
}

/// POST /setup/finish
pub(crate) async fn finish(
    State(served): State<Served>,
    visit: Visit,
    Form(entry): Form<Entry>,
) -> Result<Response, Failure> {
    let homes = edition::homes(&visit.mirror.current());
    if let Some(home) = homes.into_iter().find(|home| home.id == entry.home) {
        let held = visit.mirror.store().read(edition::read).await?;
        let chosen = (held.edition, Some(home.id));
        edition::choose(&visit.entered.context, &visit.mirror, chosen, &served.entropy).await?;
    }
    Ok(see(if entry.next == "mail" { settings_notifications::HERE } else { dashboard::HERE }))
}

fn page(organization: &str, home: Markup) -> Page {
    Page::sheet(
        "The last step",
        html! {
            p.step { "Step 4 of 4" }
            h1 { bdi { (organization) } " was read" }
            form.fields method="post" action=(HERE) {
                p { "Editions with a limit are measured by the billable people of one Jira site. There is no limit until somebody chooses one in Settings, Edition." }
                (home)
                h2 { "Who should be told?" }
                p { "Rollcall can write a mail when the API key is about to expire, a sync is held or fails, an operation ends, or a task needs somebody; and it can tell programs by webhooks. It needs an SMTP server and the addresses." }
                div.row {
                    button.primary type="submit" name="next" value="mail" { "Save and set up mail" }
                    button type="submit" name="next" value="dashboard" { "Save, and no mail for now" }
                }
                p.hint { "Both can be changed at any time in Settings." }
            }
        },
    )
}
