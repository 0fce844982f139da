//! `rollcall feed link`, `unlink`, `unclear`, `groups` and `plans`: what follows from feeds at Atlassian. What changes
//! something is handed to a running server like every other command about feeds.

use clap::Subcommand;
use directory::GroupId;
use serde::{Deserialize, Serialize};

use crate::cli::table::table;
use crate::feeds::accounts::link::{self, To};
use crate::feeds::accounts::mapping::{self, Scope, Wanted};
use crate::feeds::accounts::{setting, shown};
use crate::feeds::keep;
use crate::feeds::look_up::unclear_words;
use crate::feeds::trouble::NotDone;
use crate::id::Entropy;
use crate::mirror::Mirror;
use crate::nouns::context::Context;
use crate::nouns::feed_account::{AccessMode, EVERY_FEED};

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Say which Atlassian account is somebody's, or that none is
    Link {
        /// The person's username
        username: String,
        /// The account's id or e-mail address
        #[arg(required_unless_present_any = ["nobody", "anew"])]
        account: Option<String>,
        /// No account is theirs
        #[arg(long, conflicts_with = "account")]
        nobody: bool,
        /// Forget what was decided by hand: they are matched by their address again
        #[arg(long, conflicts_with_all = ["account", "nobody"])]
        anew: bool,
    },
    /// List people whose Atlassian account is not clear
    Unclear,
    /// List, map or unmap the groups that a feed fills
    Groups {
        /// The feed, by its code
        feed: String,
        /// Fill a group: CODE=GROUP, with the managed group's code and the id or name of the group at Atlassian
        #[arg(long, value_name = "CODE=GROUP")]
        map: Option<String>,
        /// Take a mapping back
        #[arg(long, value_name = "CODE=GROUP", conflicts_with = "map")]
        unmap: Option<String>,
        /// The group belongs to the feed: whoever the feed does not have is taken out
        #[arg(long, requires = "map")]
        owned: bool,
        /// For every feed that manages a group of this code
        #[arg(long)]
        every_feed: bool,
    },
    /// List the plans that followed from a feed, or choose whether any do
    Plans {
        /// The feed, by its code
        feed: String,
        /// off, propose or automatic
        #[arg(long)]
        mode: Option<String>,
    },
}

/// What is handed to a running server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Asked {
    /// Link somebody.
    Link { username: String, account: Option<String>, anew: bool },
    /// Map a group.
    Map { feed: String, pair: String, owned: bool, every_feed: bool },
    /// Take a mapping back.
    Unmap { feed: String, pair: String, every_feed: bool },
    /// Choose whether plans follow.
    Mode { feed: String, mode: String },
}

impl Action {
    /// What has to be done, where something changes; a command that only reads has none.
    pub(crate) fn asked(&self) -> Option<Asked> {
        match self {
            Action::Link { username, account, anew, .. } => {
                Some(Asked::Link { username: username.clone(), account: account.clone(), anew: *anew })
            }
            Action::Groups { feed, map: Some(pair), owned, every_feed, .. } => {
                Some(Asked::Map { feed: feed.clone(), pair: pair.clone(), owned: *owned, every_feed: *every_feed })
            }
            Action::Groups { feed, unmap: Some(pair), every_feed, .. } => {
                Some(Asked::Unmap { feed: feed.clone(), pair: pair.clone(), every_feed: *every_feed })
            }
            Action::Plans { feed, mode: Some(mode) } => Some(Asked::Mode { feed: feed.clone(), mode: mode.clone() }),
            Action::Unclear | Action::Groups { .. } | Action::Plans { .. } => None,
        }
    }
}

/// Does what a command asks for, and says so in a sentence.
pub(crate) async fn answer(
    context: &Context,
    mirror: &Mirror,
    asked: Asked,
    entropy: &Entropy,
) -> Result<String, NotDone> {
    match asked {
        Asked::Link { username, account, anew } => {
            let to = match (account, anew) {
                (Some(account), _) => To::Account(account),
                (None, true) => To::Anew,
                (None, false) => To::Nobody,
            };
            link::by_hand(context, mirror, (&username, to), entropy).await?;
            Ok("Done.".to_owned())
        }
        Asked::Map { feed, pair, owned, every_feed } => {
            let feed = keep::find(mirror, &feed).await?;
            let (code, group) = parts(mirror, &pair).await?;
            let said = format!("{code} fills {}.", name(mirror, &group));
            let wanted = Wanted { code, group, scope: scope(every_feed), owned };
            mapping::map(context, mirror, (&feed, wanted), entropy).await?;
            Ok(said)
        }
        Asked::Unmap { feed, pair, every_feed } => {
            let feed = keep::find(mirror, &feed).await?;
            let (code, group) = parts(mirror, &pair).await?;
            mapping::unmap(context, mirror, (&feed, &code, &group, scope(every_feed)), entropy).await?;
            Ok(format!("{code} fills {} no more. Who is in it stays.", name(mirror, &group)))
        }
        Asked::Mode { feed, mode } => {
            let feed = keep::find(mirror, &feed).await?;
            let mode = AccessMode::parse(&mode)
                .ok_or_else(|| NotDone::Invalid("the mode is off, propose or automatic".to_owned()))?;
            let mut settings = setting::read(mirror, feed.number).await?.settings;
            settings.mode = mode;
            setting::choose(context, mirror, (&feed, settings), entropy).await?;
            Ok(format!("Plans of {}: {}.", feed.code.as_str(), mode.as_str()))
        }
    }
}

/// Prints what a command shows.
pub(crate) async fn show(mirror: &Mirror, action: &Action) -> Result<(), NotDone> {
    match action {
        Action::Link { .. } => {}
        Action::Unclear => {
            let cases = link::cases(mirror, "", 1_000).await?;
            if cases.is_empty() {
                eprintln!("Everybody's account is clear.");
                return Ok(());
            }
            let cells = |(person, case): &(_, crate::nouns::feed_account::LinkCase)| {
                let person: &crate::nouns::feed_person::FeedPerson = person;
                let accounts: Vec<&str> = case.accounts.iter().map(directory::AccountId::as_str).collect();
                vec![person.username.clone(), unclear_words(case.unclear).to_owned(), accounts.join(", ")]
            };
            let rows: Vec<Vec<String>> = cases.iter().map(cells).collect();
            print!("{}", table(&["username", "why", "accounts"], &rows));
        }
        Action::Groups { feed, .. } => {
            let feed = keep::find(mirror, feed).await?;
            let of = shown::of_feed(mirror, feed.number).await?;
            let mut rows: Vec<Vec<String>> = Vec::new();
            for group in &of.groups {
                let filled: Vec<_> = of.mappings.iter().filter(|mapping| mapping.code == group.code).collect();
                for mapping in &filled {
                    let belongs = if mapping.owned { "belongs to the feed" } else { "" };
                    let whose = if mapping.feed == EVERY_FEED { "every feed" } else { "this feed" };
                    let cells = [group.code.as_str(), &name(mirror, &mapping.group), whose, belongs];
                    rows.push(cells.map(str::to_owned).to_vec());
                }
                if filled.is_empty() {
                    rows.push(vec![group.code.clone(), String::new(), String::new(), String::new()]);
                }
            }
            print!("{}", table(&["managed group", "fills", "for", ""], &rows));
        }
        Action::Plans { feed, .. } => {
            let feed = keep::find(mirror, feed).await?;
            let of = shown::of_feed(mirror, feed.number).await?;
            println!(
                "Plans: {}. {} of {} people are linked, {} are not clear.",
                of.access.settings.mode.as_str(),
                of.linked.linked,
                of.linked.people,
                of.linked.unclear
            );
            let cells = |(plan, run): &(crate::nouns::feed_account::FeedPlan, Option<_>)| {
                let run: &Option<crate::nouns::feed_run::FeedRun> = run;
                vec![
                    plan.number.to_string(),
                    plan.state.as_str().to_owned(),
                    plan.people.to_string(),
                    run.as_ref().map(|run| run.number.to_string()).unwrap_or_default(),
                    plan.operation.to_string(),
                ]
            };
            let rows: Vec<Vec<String>> = of.plans.iter().map(cells).collect();
            print!("{}", table(&["operation", "state", "people", "after run", "id"], &rows));
            for why in [of.access.why, of.plans.first().and_then(|(plan, _)| plan.waits.clone())].into_iter().flatten()
            {
                println!("{why}");
            }
        }
    }
    Ok(())
}

fn scope(every_feed: bool) -> Scope {
    if every_feed { Scope::EveryFeed } else { Scope::ThisFeed }
}

/// The code and the group of `CODE=GROUP`: a group by its id, or by a name that only one has.
async fn parts(mirror: &Mirror, pair: &str) -> Result<(String, GroupId), NotDone> {
    let invalid = |why: String| NotDone::Invalid(why);
    let (code, text) = pair.split_once('=').ok_or_else(|| invalid("a mapping is written CODE=GROUP".to_owned()))?;
    let snapshot = mirror.newest().await?;
    let wanted = directory::fold_text(text);
    let named = |group: &directory::Ordinal| {
        snapshot.group_row(*group).is_some_and(|row| row.id.as_str() == text || *row.folded_name == *wanted)
    };
    let found: Vec<directory::Ordinal> = snapshot.groups_by_name().iter().filter(named).collect();
    match found.as_slice() {
        [one] => {
            let row = snapshot.group_row(*one).ok_or_else(|| invalid("the group is gone".to_owned()))?;
            Ok((code.trim().to_owned(), row.id.clone()))
        }
        [] => Err(invalid(format!("no group has the id or the name “{text}”"))),
        _ => Err(invalid(format!("several groups are named “{text}”: name one by its id"))),
    }
}

fn name(mirror: &Mirror, group: &GroupId) -> String {
    let snapshot = mirror.current();
    let row = snapshot.group(group.as_str()).and_then(|group| snapshot.group_row(group));
    row.and_then(|row| row.group.as_ref()).map_or_else(|| group.to_string(), |known| known.name.to_string())
}
