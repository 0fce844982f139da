//! `rollcall users --why`: says where somebody is, or why a filter does not find them, in a few lines.

use clock::Clock;
use directory::Snapshot;

use crate::cli::{Exit, Place};
use crate::config::Config;
use crate::id::Entropy;
use crate::mirror::Mirror;
use crate::mirror::mirrors::Mirrors;
use crate::mirror::why::{Sought, Standing};
use crate::nouns::refusal::Refusal;
use crate::store::timeline::Sealed;
use crate::sync::connect::Connector;
use crate::sync::schedule;
use crate::sync::why::{Answer, why};

/// Says it. Without the key file Atlassian is not asked.
pub(super) async fn say(
    place: &Place,
    (mirrors, mirror): (&Mirrors, &Mirror),
    who: &str,
    (filter, status): (Option<&str>, Option<&str>),
) -> Result<Exit, Refusal> {
    let config = Config::read(place.flags())?;
    let sealing = if config.key_file.exists() { config.sealing_key(&Entropy::machine()).ok() } else { None };
    let connector = sealing.map(|sealing| {
        let (clock, entropy) = (Clock::system(), Entropy::machine());
        Connector::new(mirrors.clone(), (clock, entropy), sealing, config.network.clone(), config.time_zone.clone())
    });
    let sought = Sought {
        who: who.to_owned(),
        filter: filter.unwrap_or_default().to_owned(),
        status: status.unwrap_or_default().to_owned(),
    };
    let at = (Clock::system().now(), &schedule::zone(mirror));
    let answer = why(mirror, connector.as_ref(), &sought, at).await.map_err(|error| {
        Refusal::new("Nobody was looked for.", format!("The database failed: {error}."), "Run `rollcall doctor`.")
    })?;
    println!("{}", sentence(&answer, &sought, &mirror.current()));
    Ok(Exit::Done)
}

fn sentence(answer: &Answer, sought: &Sought, snapshot: &Snapshot) -> String {
    let who = &sought.who;
    let name = |account| match snapshot.account_row(account) {
        Some(row) if !row.name.is_empty() => format!("{} ({})", row.name, row.id),
        _ => who.clone(),
    };
    match answer {
        Answer::Known { account, standing: Standing::Shown { row, of } } => {
            format!("Shown: {} is row {row} of {of}.", name(*account))
        }
        Answer::Known { account, standing: Standing::Hidden(terms) } => {
            let lines = terms.iter().map(|hiding| {
                let why = if hiding.is_unknown { "is not known of them" } else { "does not hold" };
                let without = match (hiding.without.filter.as_str(), hiding.without.status.as_str()) {
                    ("", "") => "everybody".to_owned(),
                    (filter, "") => filter.to_owned(),
                    (filter, status) => format!("{filter} --status {status}"),
                };
                format!("  {} {why}; without it: {without}", hiding.term)
            });
            format!("Hidden: the filter leaves {} out.\n{}", name(*account), lines.collect::<Vec<_>>().join("\n"))
        }
        Answer::Known { account, standing: Standing::LeftOut { sites } } => format!(
            "On a site that is left out: the filter finds {} only by what they have on {}.",
            name(*account),
            sites.join(", ")
        ),
        Answer::Known { account, standing: Standing::Removed { seen } } => {
            format!("Removed: {} is in no directory any more{}.", name(*account), when(seen.as_ref()))
        }
        Answer::Known { account, standing: Standing::OnlyNamed } => {
            format!("Only named: a group names {}, and no directory that could be read has them.", name(*account))
        }
        Answer::Several(accounts) => {
            let lines: Vec<String> = accounts.iter().map(|account| format!("  {}", name(*account))).collect();
            format!("Several people are named so; give an id:\n{}", lines.join("\n"))
        }
        Answer::NotYetSynced { account_id, name, removed } => format!(
            "Not yet synced: Atlassian has {} ({account_id}){}. Run `rollcall sync`, or press Sync this person on the \
             page.",
            name.as_deref().unwrap_or(who),
            removed
                .as_ref()
                .map(|removed| format!(", seen to be gone before{}", when(Some(removed))))
                .unwrap_or_default(),
        ),
        Answer::PortalCustomer { site } => {
            format!("Portal customer only: {who} is a customer on {site} and in no directory of the organization.")
        }
        Answer::Unreadable(directories) => {
            let lines = directories.iter().map(|unread| format!("  {}: {}", unread.directory, unread.reason));
            let lines = lines.collect::<Vec<_>>().join("\n");
            format!(
                "Maybe in a directory the key may not read: {who} is in none that could be read. These could not:\n{lines}"
            )
        }
        Answer::NotInOrganization => {
            format!("Not in this organization: Atlassian, asked just now, has {who} in no directory.")
        }
        Answer::NotAsked { reason } => format!("Not in the mirror, and Atlassian could not be asked. {reason}"),
    }
}

fn when(seen: Option<&Sealed>) -> String {
    seen.map(|seen| format!(", on {}, seen by run {}", seen.at.strftime("%Y-%m-%d %H:%M UTC"), seen.number))
        .unwrap_or_default()
}
