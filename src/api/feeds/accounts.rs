//! Feeds and Atlassian: who is linked, which managed groups fill which groups, whether plans follow, and the plans that did.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use directory::GroupId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::Api;
use crate::api::feed_entry::FeedAsked;
use crate::api::feeds::problem;
use crate::api::page;
use crate::api::parameters::{Id, None as NoParameters, Parameters, Sent};
use crate::api::problem::{Kind, Problem};
use crate::feeds::accounts::link::{self, To};
use crate::feeds::accounts::mapping::{self, Scope, Wanted};
use crate::feeds::accounts::{setting, shown};
use crate::nouns::feed::Threshold;
use crate::nouns::feed_account::{AccessMode, AccessSettings, EVERY_FEED, FeedPlan, LinkCase, Mapping};
use crate::nouns::feed_person::FeedPerson;
use crate::nouns::operation_row::RowState;

/// A feed and Atlassian.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct FeedAccounts {
    /// Whether plans follow from what the feed says: `off`, `propose` or `automatic`.
    mode: String,
    /// From how many people on who are given something a plan waits.
    giving: FeedThreshold,
    /// From how many people on who lose something a plan waits.
    taking: FeedThreshold,
    /// How many people are in the latest delivery.
    people: u64,
    /// How many of them are linked to an Atlassian account.
    linked: u64,
    /// Of how many it is not clear which account is theirs.
    unclear: u64,
    /// Which managed groups fill which groups.
    mappings: Vec<FeedMapping>,
    /// The newest plans, the newest first.
    plans: Vec<FeedPlanBody>,
    /// Whom the last look left alone.
    left_alone: Vec<LeftAloneBody>,
    /// Why no plan could be made at the last look.
    reason: Option<String>,
    /// To how much of what the feed wants a person has said no.
    declined: u64,
}

/// More than so many percent, and at least so many people.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeedThreshold {
    /// At least so many people.
    #[schema(minimum = 1)]
    people: u64,
    /// More than this share, in percent.
    #[schema(maximum = 100)]
    percent: u64,
}

/// A managed group that fills a group at Atlassian.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeedMapping {
    /// The code of the managed group.
    code: String,
    /// The id of the group at Atlassian.
    group: String,
    /// Whether it holds for every feed that manages a group of this code.
    #[serde(default)]
    every_feed: bool,
    /// Whether whoever the feed does not have in its group is taken out.
    #[serde(default)]
    owned: bool,
}

/// A mapping to be taken back.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct MappingWanted {
    /// The code of the managed group.
    code: String,
    /// The id of the group at Atlassian.
    group: String,
    /// Whether it holds for every feed.
    every_feed: Option<bool>,
}

/// A plan of a feed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct FeedPlanBody {
    /// The operation's id.
    operation: String,
    /// Its number.
    number: u64,
    /// Where the operation stands.
    state: String,
    /// The number of the run applied last when it was made.
    run: Option<i64>,
    /// How many people it concerns.
    people: u64,
    /// How many changes are to be made yet.
    planned: u64,
    /// How many were refused.
    refused: u64,
    /// Why it waits, or how it ended.
    reason: Option<String>,
    /// When it was made.
    created_at: String,
}

/// Whom the last look left alone.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct LeftAloneBody {
    /// Why.
    #[schema(example = "unverified")]
    reason: String,
    /// How many.
    count: u64,
}

/// Whether plans follow, and from when on they wait.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedAccess {
    /// `off`, `propose` or `automatic`.
    #[schema(example = "propose")]
    mode: String,
    /// Left as it is when it is missing.
    giving: Option<FeedThreshold>,
    /// Left as it is when it is missing.
    taking: Option<FeedThreshold>,
}

/// Which account is somebody's.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedLink {
    /// The person's username.
    username: String,
    /// The id or the e-mail address of an account; null says that none is theirs.
    account: Option<String>,
    /// Forget what was decided by hand: they are matched by their address again.
    #[serde(default)]
    anew: bool,
}

/// A page of a list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CasesWanted {
    /// How many at the most; 100 when it is left out.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// From where on: `next` of the page before.
    cursor: Option<String>,
}

/// People whose account is not clear, by username.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct UnclearAccounts {
    /// The people.
    people: Vec<UnclearAccount>,
    /// The cursor of the page after this one; null on the last.
    next: Option<String>,
}

/// Somebody whose account is not clear.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct UnclearAccount {
    /// The username.
    username: String,
    /// `two_accounts`, `two_people` or `taken`.
    reason: String,
    /// The accounts it may be.
    accounts: Vec<String>,
}

/// Show a feed and Atlassian
///
/// Who is linked, which managed groups fill which groups, whether plans follow, and the plans that did.
#[utoipa::path(get, path = "/feeds/{feed}/accounts", tag = "feeds", operation_id = "show_feed_accounts",
    params(("feed" = String, Path, description = "The feed's code or id")),
    responses((status = 200, description = "The feed and Atlassian", body = FeedAccounts)))]
pub(crate) async fn show(
    asked: FeedAsked,
    Id(feed): Id,
    Parameters(_): Parameters<NoParameters>,
) -> Result<Json<FeedAccounts>, Problem> {
    let feed = asked.feed(&feed).await?;
    answer(&asked, feed.number).await
}

/// Choose what follows from a feed at Atlassian
///
/// `off`, `propose` or `automatic`: whoever chooses `automatic` approves with it whatever stays within the thresholds.
#[utoipa::path(put, path = "/feeds/{feed}/accounts", tag = "feeds", operation_id = "choose_feed_accounts",
    params(("feed" = String, Path, description = "The feed's code or id")), request_body = WantedAccess,
    responses((status = 200, description = "The feed and Atlassian", body = FeedAccounts)))]
pub(crate) async fn choose(
    State(api): State<Api>,
    asked: FeedAsked,
    Id(feed): Id,
    Parameters(_): Parameters<NoParameters>,
    Sent(wanted): Sent<WantedAccess>,
) -> Result<Json<FeedAccounts>, Problem> {
    let feed = asked.feed(&feed).await?;
    let mode = AccessMode::parse(&wanted.mode).ok_or_else(|| {
        Problem::new(Kind::Invalid, "There is no such mode.", "Send `off`, `propose` or `automatic`.")
    })?;
    let now = setting::read(&asked.mirror, feed.number).await?.settings;
    let settings = AccessSettings {
        mode,
        giving: wanted.giving.map_or(now.giving, FeedThreshold::threshold),
        taking: wanted.taking.map_or(now.taking, FeedThreshold::threshold),
    };
    let chosen = setting::choose(&asked.context, &asked.mirror, (&feed, settings), &api.entropy).await;
    chosen.map_err(|why| problem("Nothing was saved.", why))?;
    answer(&asked, feed.number).await
}

/// Map a managed group
///
/// Whom the feed has in its group is put into the group at Atlassian, by a plan. Groups that an identity provider keeps
/// and protected groups are refused.
#[utoipa::path(post, path = "/feeds/{feed}/accounts/mappings", tag = "feeds", operation_id = "map_feed_group",
    params(("feed" = String, Path, description = "The feed's code or id")), request_body = FeedMapping,
    responses((status = 201, description = "The feed and Atlassian", body = FeedAccounts)))]
pub(crate) async fn map(
    State(api): State<Api>,
    asked: FeedAsked,
    Id(feed): Id,
    Parameters(_): Parameters<NoParameters>,
    Sent(wanted): Sent<FeedMapping>,
) -> Result<(StatusCode, Json<FeedAccounts>), Problem> {
    let feed = asked.feed(&feed).await?;
    let scope = scope(wanted.every_feed);
    let wanted = Wanted { code: wanted.code, group: group(&wanted.group)?, scope, owned: wanted.owned };
    let mapped = mapping::map(&asked.context, &asked.mirror, (&feed, wanted), &api.entropy).await;
    mapped.map_err(|why| problem("The group was not mapped.", why))?;
    Ok((StatusCode::CREATED, answer(&asked, feed.number).await?))
}

/// Take a mapping back
///
/// Who is in the group stays in it.
#[utoipa::path(delete, path = "/feeds/{feed}/accounts/mappings", tag = "feeds", operation_id = "unmap_feed_group",
    params(("feed" = String, Path, description = "The feed's code or id"), MappingWanted),
    responses((status = 200, description = "The feed and Atlassian", body = FeedAccounts)))]
pub(crate) async fn unmap(
    State(api): State<Api>,
    asked: FeedAsked,
    Id(feed): Id,
    Parameters(wanted): Parameters<MappingWanted>,
) -> Result<Json<FeedAccounts>, Problem> {
    let feed = asked.feed(&feed).await?;
    let (group, scope) = (group(&wanted.group)?, scope(wanted.every_feed.unwrap_or_default()));
    let gone = mapping::unmap(&asked.context, &asked.mirror, (&feed, &wanted.code, &group, scope), &api.entropy).await;
    gone.map_err(|why| problem("The mapping was not taken back.", why))?;
    answer(&asked, feed.number).await
}

/// Link a person of the feeds
///
/// To an Atlassian account, or to none; what is decided by hand stays, whatever addresses become.
#[utoipa::path(put, path = "/feeds/{feed}/accounts/links", tag = "feeds", operation_id = "link_feed_person",
    params(("feed" = String, Path, description = "The feed's code or id")), request_body = WantedLink,
    responses((status = 200, description = "The feed and Atlassian", body = FeedAccounts)))]
pub(crate) async fn link(
    State(api): State<Api>,
    asked: FeedAsked,
    Id(feed): Id,
    Parameters(_): Parameters<NoParameters>,
    Sent(wanted): Sent<WantedLink>,
) -> Result<Json<FeedAccounts>, Problem> {
    let feed = asked.feed(&feed).await?;
    let to = match (wanted.anew, wanted.account) {
        (true, _) => To::Anew,
        (false, Some(account)) => To::Account(account),
        (false, None) => To::Nobody,
    };
    let linked = link::by_hand(&asked.context, &asked.mirror, (&wanted.username, to), &api.entropy).await;
    linked.map_err(|why| problem("Nobody was linked.", why))?;
    answer(&asked, feed.number).await
}

/// List people whose account is not clear
///
/// Of all feeds: an address that is several people's or several accounts' links nobody; a person decides.
#[utoipa::path(get, path = "/feeds/unclear-accounts", tag = "feeds", operation_id = "list_unclear_accounts",
    params(CasesWanted), responses((status = 200, description = "A page of people", body = UnclearAccounts)))]
pub(crate) async fn unclear(
    asked: FeedAsked,
    Parameters(wanted): Parameters<CasesWanted>,
) -> Result<Json<UnclearAccounts>, Problem> {
    let limit = page::limit(wanted.limit)?;
    let question = "unclear accounts";
    let after = match wanted.cursor.as_deref() {
        Some(cursor) => page::read(question, cursor)?,
        None => String::new(),
    };
    let found = link::cases(&asked.mirror, &after, limit as u32).await?;
    let next = (found.len() == limit).then(|| found.last()).flatten();
    let next = next.map(|(person, _)| page::write(question, &person.username_key));
    Ok(Json(UnclearAccounts { people: found.iter().map(UnclearAccount::of).collect(), next }))
}

async fn answer(asked: &FeedAsked, feed: i64) -> Result<Json<FeedAccounts>, Problem> {
    let of = shown::of_feed(&asked.mirror, feed).await?;
    let left = of.access.left_alone.iter();
    Ok(Json(FeedAccounts {
        mode: of.access.settings.mode.as_str().to_owned(),
        giving: FeedThreshold::of(of.access.settings.giving),
        taking: FeedThreshold::of(of.access.settings.taking),
        people: of.linked.people,
        linked: of.linked.linked,
        unclear: of.linked.unclear,
        mappings: of.mappings.iter().map(FeedMapping::of).collect(),
        plans: of.plans.iter().map(|(plan, _)| FeedPlanBody::of(plan)).collect(),
        left_alone: left.map(|(why, count)| LeftAloneBody { reason: why.as_str().to_owned(), count: *count }).collect(),
        reason: of.access.why,
        declined: of.declined,
    }))
}

fn scope(every_feed: bool) -> Scope {
    if every_feed { Scope::EveryFeed } else { Scope::ThisFeed }
}

fn group(text: &str) -> Result<GroupId, Problem> {
    GroupId::new(text).map_err(|_| Problem::new(Kind::Invalid, "This is no group's id.", "Send the id of a group."))
}

impl FeedThreshold {
    fn of(of: Threshold) -> FeedThreshold {
        FeedThreshold { people: of.people, percent: of.percent }
    }

    fn threshold(self) -> Threshold {
        Threshold { people: self.people, percent: self.percent }
    }
}

impl FeedMapping {
    fn of(of: &Mapping) -> FeedMapping {
        let every_feed = of.feed == EVERY_FEED;
        FeedMapping { code: of.code.clone(), group: of.group.to_string(), every_feed, owned: of.owned }
    }
}

impl FeedPlanBody {
    fn of(of: &FeedPlan) -> FeedPlanBody {
        FeedPlanBody {
            operation: of.operation.to_string(),
            number: of.number,
            state: of.state.as_str().to_owned(),
            run: of.run,
            people: of.people,
            planned: of.tally.of(RowState::Planned),
            refused: of.tally.of(RowState::Refused),
            reason: of.failure.clone().or_else(|| of.waits.clone()),
            created_at: of.at.to_string(),
        }
    }
}

impl UnclearAccount {
    fn of((person, case): &(FeedPerson, LinkCase)) -> UnclearAccount {
        UnclearAccount {
            username: person.username.clone(),
            reason: case.unclear.as_str().to_owned(),
            accounts: case.accounts.iter().map(ToString::to_string).collect(),
        }
    }
}
