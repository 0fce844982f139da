//! Claims: what a walk may say about each noun of a part, and why not more.

use std::collections::BTreeMap;

use directory::{Claim, ClaimState, Noun, Part, Seen, SeenAccount, SeenPart};
use jiff::Timestamp;

use crate::store::passes::{Chain, ChainState};
use crate::sync::pass::Pass;
use crate::sync::walk::{WalkedPart, unread_grants};

/// Why a chain's end proves nothing about who is missing; `None` when it does.
pub(super) fn unproven(chain: &Chain) -> Option<String> {
    unproven_but_for(chain, 0)
}

/// Likewise, where upstream is known to count so many more than it lists.
pub(super) fn unproven_but_for(chain: &Chain, offset: i64) -> Option<String> {
    if chain.state != ChainState::Complete {
        return Some(chain.reason.clone().unwrap_or_else(|| "The list was not read to its end.".to_owned()));
    }
    if let Some(reason) = &chain.reason {
        return Some(reason.clone());
    }
    let (Some(before), Some(after)) = (chain.expected_before, chain.expected_after) else {
        return Some("Atlassian gave no count to hold the list against.".to_owned());
    };
    let (least, most) = (before.min(after) as i64, before.max(after) as i64);
    if (least..=most).contains(&(chain.seen as i64 + offset)) {
        return None;
    }
    Some(format!("The list showed {}, while Atlassian counted {before} before and {after} after.", chain.seen))
}

/// What a walk could not prove, beside what its chains say.
#[derive(Debug, Default)]
pub(super) struct Doubts {
    /// Why nobody may be taken out of a chain's list, by chain.
    pub(super) withheld: BTreeMap<String, String>,
    /// People of whom upstream gave no count of resources.
    pub(super) uncounted: u64,
}

/// The claims of a part, as far as the run is about them.
pub(super) fn earn(
    pass: &Pass,
    (seen, chains): (&Seen, &BTreeMap<String, Chain>),
    part: &WalkedPart,
    doubts: &Doubts,
) -> Vec<Claim> {
    let mut claims = all((pass, seen), part, chains, doubts);
    let only_some = pass.scope.only_with_activity();
    claims.retain(|claim| {
        pass.nouns.contains(claim.noun) && !(only_some && matches!(claim.noun, Noun::Accounts | Noun::Presence))
    });
    claims
}

fn all(
    (pass, seen): (&Pass, &Seen),
    part: &WalkedPart,
    chains: &BTreeMap<String, Chain>,
    Doubts { withheld, uncounted }: &Doubts,
) -> Vec<Claim> {
    let (base, uncounted) = (&*pass.base, *uncounted);
    let empty = SeenPart::new(part.directory.clone());
    let walked = seen.parts.iter().find(|walked| walked.directory == part.directory).unwrap_or(&empty);
    let claim = |noun, chain: Option<&Chain>, gap: Option<String>| {
        let never = chain.is_none_or(|chain| chain.pages == 0);
        Claim {
            noun,
            part: Part::Directory(part.directory.clone()),
            state: match (never, &gap) {
                (true, _) => ClaimState::Unread,
                (false, Some(_)) => ClaimState::Partial,
                (false, None) => ClaimState::Complete,
            },
            asked_from: chain.and_then(|chain| chain.asked_from).unwrap_or(Timestamp::UNIX_EPOCH),
            asked_to: chain.and_then(|chain| chain.asked_to).unwrap_or(Timestamp::UNIX_EPOCH),
            expected: chain.and_then(|chain| chain.expected_after),
            seen: chain.map_or(0, |chain| chain.seen),
            reason: gap.map(Into::into),
        }
    };
    let users = chains.get(&part.users_chain());
    let users_gap = users.and_then(unproven);
    let held = withheld.get(&part.users_chain()).cloned();
    let missing = |is_missing: &dyn Fn(&SeenAccount) -> bool, what: &str| {
        let missing = walked.accounts.iter().filter(|record| is_missing(record)).count();
        (missing > 0).then(|| format!("{what} of {missing} people could not be read."))
    };
    let mut claims = vec![
        claim(Noun::Accounts, users, users_gap.clone()),
        claim(Noun::Presence, users, users_gap.clone().or(held)),
        claim(
            Noun::Activity,
            users,
            users_gap.clone().or(missing(&|record| record.activity.is_none(), "The activity")),
        ),
        claim(
            Noun::PlatformRoles,
            users,
            users_gap.clone().or(missing(&|record| record.roles.is_none(), "The administrative roles")),
        ),
    ];
    if part.is_outside() {
        return claims;
    }
    let groups = chains.get(&part.groups_chain());
    let groups_gap = groups.and_then(unproven);
    let distrusted = seen.distrusted.len();
    let stranger = |record: &SeenAccount| !record.introduces() && base.account(record.id.as_str()).is_none();
    let strangers = walked.accounts.iter().filter(|record| stranger(record)).count();
    let memberships_gap = users_gap
        .clone()
        .or((strangers > 0).then(|| unknown_members(strangers)))
        .or(missing(&|record| record.groups.is_none(), "The groups"))
        .or((distrusted > 0).then(|| format!("The counts of {distrusted} groups do not agree with their members.")));
    let ungranted = unread_grants(base, seen, &part.directory).len();
    let grants_gap =
        groups_gap.clone().or((ungranted > 0).then(|| format!("What {ungranted} groups grant could not be read.")));
    let unread = seen.direct_unread.len();
    let direct_gap = users_gap
        .or((unread > 0).then(|| format!("The direct roles of {unread} people could not be read.")))
        .or((uncounted > 0).then(|| format!("Atlassian gave no count of apps for {uncounted} people.")));
    let held = withheld.get(&part.groups_chain()).cloned();
    claims.extend([
        claim(Noun::Groups, groups, groups_gap.or(held)),
        claim(Noun::Memberships, users, memberships_gap),
        claim(Noun::Grants, groups, grants_gap),
        claim(Noun::DirectAccess, users, direct_gap),
    ]);
    claims
}

/// Members who are no people of the mirror yet.
pub(super) fn unknown_members(members: usize) -> String {
    format!("{members} members are not known yet: they come with the next sync of all users.")
}
