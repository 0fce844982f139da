//! `rollcall reports`: the scheduled reports, and one of them sent at once. They are made and changed on their page.

use clap::{Args, Subcommand};

use crate::cli::open::{failed, only, to_read};
use crate::cli::sending::{self, Sent};
use crate::cli::table::print;
use crate::cli::{Exit, Place};
use crate::id::Entropy;
use crate::mirror::Mirror;
use crate::nouns::context::Context;
use crate::nouns::refusal::Refusal;
use crate::nouns::report::{About, Report};
use crate::reports::send::send_now;
use crate::store::reports;

/// `rollcall reports`
#[derive(Args, Debug)]
pub struct Reports {
    /// Where the installation is.
    #[command(flatten)]
    pub place: Place,
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// List the reports
    List {
        /// As JSON, one object per line
        #[arg(long)]
        json: bool,
    },
    /// Send a report at once; its next start stays
    Send {
        /// Its name or id
        report: String,
    },
}

/// Runs the command.
pub async fn run(asked: &Reports) -> Result<Exit, Refusal> {
    match &asked.action {
        Action::List { json } => {
            let known = only(&to_read(&asked.place).await?)?.store().read(reports::list).await.map_err(failed)?;
            let heads = ["name", "about", "goes to", "when", "sent last", "due", "id"];
            print(*json, &known, ("There is no report.", &heads), (cells, object));
        }
        Action::Send { report } => {
            sending::hand_over(&asked.place, Sent::Report(report.clone())).await?;
            eprintln!("The report is on its way. `rollcall webhooks deliveries` says what was answered.");
        }
    }
    Ok(Exit::Done)
}

/// Puts the report of this name or id out.
pub(crate) async fn put(context: &Context, mirror: &Mirror, report: &str, entropy: &Entropy) -> Result<(), Refusal> {
    let known = mirror.store().read(reports::list).await.map_err(failed)?;
    let is_meant = |known: &&Report| known.id.as_str() == report || known.draft.name.as_str() == report;
    let Some(meant) = known.iter().find(is_meant) else {
        let why = format!("There is no report called {report}.");
        return Err(Refusal::new("The report was not sent.", why, "See `rollcall reports list`."));
    };
    send_now(context, mirror, &meant.id, entropy).await.map_err(|why| why.refusal())
}

fn about(report: &Report) -> &str {
    match &report.draft.about {
        About::Filter(id) => id.as_str(),
        About::Dashboard => "dashboard",
    }
}

fn cells(report: &Report) -> Vec<String> {
    let told = |at: jiff::Timestamp| at.strftime("%Y-%m-%d %H:%M").to_string();
    vec![
        report.draft.name.as_str().to_owned(),
        about(report).to_owned(),
        report.draft.recipients.join(" "),
        report.draft.when(),
        report.last.as_ref().map_or_else(|| "never".to_owned(), |last| told(last.at)),
        report.next().map_or_else(|| "not active".to_owned(), told),
        report.id.to_string(),
    ]
}

fn object(report: &Report) -> serde_json::Value {
    let draft = &report.draft;
    serde_json::json!({
        "id": report.id.as_str(), "name": draft.name.as_str(), "about": about(report), "recipients": draft.recipients,
        "rhythm": draft.rhythm.to_text(), "time": draft.time.strftime("%H:%M").to_string(), "zone": draft.zone,
        "active": draft.active, "sent_at": report.last.as_ref().map(|last| last.at.to_string()),
        "due_at": report.next().map(|at| at.to_string()), "changed_by": report.changed_by,
        "changed_at": report.changed_at.to_string(),
    })
}
