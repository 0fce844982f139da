//! `rollcall contacts sync` and `scope`: how Jira User Syncing stands, what it would do, the switch, whom it takes in.

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::cli::contacts::{Doing, Done, Json};
use crate::cli::open::{failed, only, to_read};
use crate::cli::{Exit, Place};
use crate::contacts::scope::{self as scopes, Chosen};
use crate::contacts::syncing::{self, Switch};
use crate::contacts::trouble::NotDone;
use crate::nouns::refusal::Refusal;

/// `rollcall contacts sync`
#[derive(Args, Debug)]
pub struct Sync {
    /// What it would do, without doing it
    #[arg(long, group = "what")]
    pub preview: bool,
    /// Switch it on
    #[arg(long, group = "what")]
    pub on: bool,
    /// Switch it off: synced contacts become regular ones, none is removed
    #[arg(long, group = "what")]
    pub off: bool,
    /// Run it now
    #[arg(long, group = "what")]
    pub run: bool,
}

/// `rollcall contacts scope`
#[derive(Args, Debug)]
pub struct Scope {
    /// Leave out this site, by name or cloud id
    #[arg(long, value_name = "SITE")]
    pub without_site: Vec<String>,
    /// Only members of this group, by name or id
    #[arg(long, value_name = "GROUP")]
    pub only_group: Vec<String>,
    /// Leave out members of this group
    #[arg(long, value_name = "GROUP")]
    pub without_group: Vec<String>,
    /// Only addresses of this domain
    #[arg(long, value_name = "DOMAIN")]
    pub only_domain: Vec<String>,
    /// Leave out addresses of this domain
    #[arg(long, value_name = "DOMAIN")]
    pub without_domain: Vec<String>,
    /// Take everybody in
    #[arg(long, conflicts_with_all = ["without_site", "only_group", "without_group", "only_domain", "without_domain"])]
    pub everybody: bool,
    /// How it is printed.
    #[command(flatten)]
    pub json: Json,
}

/// What the switch is asked for.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum Switched {
    On,
    Off,
    Run,
}

/// A scope as it is handed over.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct WantedScope {
    sites_without: Vec<String>,
    groups_only: Vec<String>,
    groups_without: Vec<String>,
    domains_only: Vec<String>,
    domains_without: Vec<String>,
}

impl Sync {
    pub(super) fn switched(&self) -> Option<Switched> {
        match self {
            Sync { on: true, .. } => Some(Switched::On),
            Sync { off: true, .. } => Some(Switched::Off),
            Sync { run: true, .. } => Some(Switched::Run),
            Sync { .. } => None,
        }
    }
}

impl Scope {
    pub(super) fn wanted(&self) -> Option<WantedScope> {
        let lists =
            [&self.without_site, &self.only_group, &self.without_group, &self.only_domain, &self.without_domain];
        (self.everybody || lists.iter().any(|list| !list.is_empty())).then(|| WantedScope {
            sites_without: self.without_site.clone(),
            groups_only: self.only_group.clone(),
            groups_without: self.without_group.clone(),
            domains_only: self.only_domain.clone(),
            domains_without: self.without_domain.clone(),
        })
    }
}

pub(super) async fn switch(doing: &Doing<'_>, switched: Switched) -> Done {
    let (context, mirror, entropy) = (doing.context, doing.mirror, doing.entropy);
    match switched {
        Switched::On => {
            syncing::switch_on(context, mirror, entropy).await?;
            Ok("Jira User Syncing is on; `rollcall contacts sync` says how far it is.".to_owned())
        }
        Switched::Off => {
            syncing::switch_off(context, mirror, entropy).await?;
            Ok("Jira User Syncing is off: synced contacts become regular ones.".to_owned())
        }
        Switched::Run => {
            let run = syncing::run_now(context, mirror, entropy).await?;
            Ok(format!("Run {run} is asked for."))
        }
    }
}

pub(super) async fn choose(doing: &Doing<'_>, wanted: WantedScope) -> Done {
    let snapshot = doing.mirror.current();
    if snapshot.generation() == 0 {
        return Err(NotDone::NotRead);
    }
    let wanted = scopes::WantedScope {
        sites_without: wanted.sites_without,
        groups_only: wanted.groups_only,
        groups_without: wanted.groups_without,
        domains_only: wanted.domains_only,
        domains_without: wanted.domains_without,
    };
    syncing::choose_scope(doing.context, doing.mirror, wanted.scope(&snapshot)?, doing.entropy).await?;
    Ok("The scope is chosen.".to_owned())
}

pub(super) async fn standing(place: &Place) -> Result<Exit, Refusal> {
    let mirror = only(&to_read(place).await?)?;
    let standing = syncing::standing(&mirror).await.map_err(failed)?;
    let state = match standing.switch {
        Switch::Off => "off".to_owned(),
        Switch::TurningOn(done, total) => format!("turning on ({done} of {total})"),
        Switch::On => "on".to_owned(),
        Switch::TurningOff => "turning off".to_owned(),
    };
    println!("Jira User Syncing is {state}. {} contacts of {} accounts.", standing.synced, standing.accounts);
    if let Some(run) = standing.newest {
        let counts: Vec<String> = run
            .counts
            .named()
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(word, count)| format!("{count} {word}"))
            .collect();
        println!("Run {} is {}: {}.", run.number, run.state.as_str(), counts.join(", "));
    }
    Ok(Exit::Done)
}

pub(super) async fn preview(place: &Place) -> Result<Exit, Refusal> {
    let mirror = only(&to_read(place).await?)?;
    let outlook = syncing::outlook(&mirror, None).await;
    let outlook = outlook.map_err(|why| why.refusal("There is nothing to show."))?;
    let counts = &outlook.counts;
    println!("{} to create, {} to link, {} conflicts.", counts.creates, counts.links, counts.conflicts);
    if counts.unchanged + counts.unlinks > 0 {
        println!("{} stay as they are, {} are unlinked.", counts.unchanged, counts.unlinks);
    }
    for (why, count) in &counts.skipped {
        println!("{count} skipped: {}", why.sentence());
    }
    Ok(Exit::Done)
}

pub(super) async fn scope(place: &Place, wanted: &Scope) -> Result<Exit, Refusal> {
    let mirror = only(&to_read(place).await?)?;
    let Chosen { scope, chosen } = syncing::standing(&mirror).await.map_err(failed)?.scope;
    let lists = [
        ("sites_without", "Without the sites", &scope.sites_without),
        ("groups_only", "Only members of the groups", &scope.groups_only),
        ("groups_without", "Without members of the groups", &scope.groups_without),
        ("domains_only", "Only the domains", &scope.domains_only),
        ("domains_without", "Without the domains", &scope.domains_without),
    ];
    if wanted.json.json {
        let lists = lists.into_iter().map(|(name, _, list)| (name.to_owned(), json!(list)));
        println!("{}", serde_json::Value::Object(lists.collect()));
        return Ok(Exit::Done);
    }
    if lists.iter().all(|(_, _, list)| list.is_empty()) {
        println!("Everybody is taken in.");
    }
    for (_, words, list) in lists.into_iter().filter(|(_, _, list)| !list.is_empty()) {
        println!("{words}: {}", list.iter().cloned().collect::<Vec<_>>().join(", "));
    }
    if let Some((by, at)) = chosen {
        eprintln!("Chosen by {by}, {}.", at.strftime("%Y-%m-%d %H:%M"));
    }
    Ok(Exit::Done)
}
