//! Walking the chains: users and groups of each part page by page, and what each granting group grants.

use std::collections::BTreeSet;

use atlassian::call::Class;
use atlassian::chain::Chain as Pages;
use atlassian::cursor::Cursor;
use atlassian::error::Error;
use atlassian::groups::{self, GroupFilter};
use atlassian::organizations;
use atlassian::page::Page;
use atlassian::record::Record;
use atlassian::role_assignments;
use atlassian::scope::Scope;
use atlassian::user::{self, User};
use atlassian::users::{self, UserExpansion, UserFilter};
use directory::{DirectoryId, Noun, OUTSIDE, Observed, Ordinal, Reading, Seen, SeenAccount, Snapshot, compare_account};
use jiff::Timestamp;
use roaring::RoaringBitmap;

use crate::nouns::residue::Residue;
use crate::nouns::run::NoteKind;
use crate::store::passes::{Chain, ChainState};
use crate::sync::ended::Ended;
use crate::sync::explain;
use crate::sync::map;
use crate::sync::pass::Pass;

/// How often a chain begins anew because its cursor expired, before it is left incomplete.
pub(super) const RESTARTS: u32 = 3;
/// Smaller pages for a page that does not load, one after the other.
const SMALLER: [u16; 2] = [10, 1];
/// After so many small pages the chain goes back to full ones.
const SMALL_PAGES: u32 = 100;

/// A directory, or the accounts outside all of them, and how upstream is asked for it.
#[derive(Clone, Debug)]
pub struct WalkedPart {
    /// Which part.
    pub directory: DirectoryId,
    /// In which scope its users are searched.
    pub scope: Scope,
    /// Which of them belong to the part. The same filter is counted before and after.
    pub filter: UserFilter,
}

impl WalkedPart {
    /// A directory's part: everybody with a membership in it.
    pub fn directory(organization: &str, directory: DirectoryId) -> WalkedPart {
        let scope = Scope::directory(organization, directory.as_str());
        let membership_status = vec![user::MembershipStatus::Active, user::MembershipStatus::Suspended];
        WalkedPart { directory, scope, filter: UserFilter { membership_status, ..UserFilter::default() } }
    }

    /// The part of managed accounts outside every directory (reference, section 9, plan A).
    pub fn outside(organization: &str) -> Option<WalkedPart> {
        let filter = UserFilter {
            claim_status: Some(user::ClaimStatus::Managed),
            membership_status: vec![user::MembershipStatus::NoMembership],
            ..UserFilter::default()
        };
        let directory = DirectoryId::new(OUTSIDE).ok()?;
        Some(WalkedPart { directory, scope: Scope::every_directory(organization), filter })
    }

    /// Whether this is the part of accounts outside every directory.
    pub fn is_outside(&self) -> bool {
        self.directory.as_str() == OUTSIDE
    }

    /// The name of the chain of its users.
    pub fn users_chain(&self) -> String {
        format!("users:{}", self.directory)
    }

    /// The name of the chain of its groups.
    pub fn groups_chain(&self) -> String {
        format!("groups:{}", self.directory)
    }
}

/// Walks the users of a part from where the chain stands to its end.
pub async fn walk_users(pass: &Pass, part: &WalkedPart) -> Result<(), Ended> {
    let expansions = expansions(pass);
    let begin = || users::search(&pass.client, &part.scope, Class::Pass, &part.filter, &expansions);
    let restarted = Residue::RestartedAccounts { directory: part.directory.clone() };
    walk(pass, &part.users_chain(), begin, restarted, |page| Box::pin(take_users(pass, part, page))).await
}

/// What the pages of users shall hold: no more than the run is about.
fn expansions(pass: &Pass) -> Vec<UserExpansion> {
    let wanted = |expansion: &UserExpansion| match expansion {
        UserExpansion::Groups => pass.nouns.contains(Noun::Memberships),
        UserExpansion::ProductAccess => pass.nouns.contains(Noun::Activity) || pass.scope.only_with_activity(),
        UserExpansion::PlatformRoles => pass.nouns.contains(Noun::PlatformRoles),
        UserExpansion::Resources => pass.nouns.contains(Noun::DirectAccess),
    };
    UserExpansion::ALL.into_iter().filter(wanted).collect()
}

/// Walks the groups of a directory, then asks what those grant that grant anything.
pub async fn walk_groups(pass: &Pass, part: &WalkedPart) -> Result<(), Ended> {
    let begin = || groups::search(&pass.client, &part.scope, Class::Pass, &GroupFilter::default());
    let restarted = Residue::RestartedGroups { directory: part.directory.clone() };
    walk(pass, &part.groups_chain(), begin, restarted, |page| Box::pin(take_groups(pass, part, page))).await?;
    read_grants(pass, part).await
}

/// What a page left behind, and how many of its records no earlier page of the chain has shown.
pub(super) struct Taken {
    pub(super) residue: Residue,
    pub(super) fresh: u64,
}

pub(super) type Taking<'a> = std::pin::Pin<Box<dyn Future<Output = Taken> + Send + 'a>>;

/// Walks a chain from where it stands to its end, or to where it cannot be read any further.
pub(super) async fn walk<'a, T: Record>(
    pass: &'a Pass,
    name: &str,
    begin: impl Fn() -> Pages<T>,
    restarted: Residue,
    take: impl Fn(Page<T>) -> Taking<'a>,
) -> Result<(), Ended> {
    let mut chain = pass.chain(name).await;
    if chain.state != ChainState::Walking {
        return Ok(());
    }
    let mut pages = begin();
    if let Some(cursor) = &chain.next_cursor {
        pages = pages.resume(Cursor::new(cursor.as_str()), chain.pages as u32);
    }
    let (mut restarts, mut smaller, mut small_pages) = (0, SMALLER.iter(), 0);
    while let Some(page) = pages.next().await {
        let busy = pass.clock.busy();
        let page = match page {
            Ok(page) => page,
            Err(error) => match verdict(&error) {
                Verdict::Restart if restarts < RESTARTS => {
                    restarts += 1;
                    chain = Chain { next_cursor: None, pages: 0, seen: 0, asked_from: None, reason: None, ..chain };
                    pass.record(Some(chain.clone()), vec![restarted.clone()]).await?;
                    pages = begin();
                    continue;
                }
                Verdict::TrySmaller => match smaller.next() {
                    Some(limit) => {
                        pages.set_limit(*limit);
                        continue;
                    }
                    None => {
                        // From here on upstream is waited for again.
                        drop(busy);
                        unread_unless_ended(pass, error.clone()).await?;
                        return leave(pass, chain, &error).await;
                    }
                },
                Verdict::End => return Err(Ended::from(error)),
                Verdict::Restart | Verdict::Leave => return leave(pass, chain, &error).await,
            },
        };
        if smaller.len() < SMALLER.len() {
            small_pages += 1;
            if small_pages >= SMALL_PAGES {
                (smaller, small_pages) = (SMALLER.iter(), 0);
                pages.set_limit(100);
            }
        }
        chain.pages = u64::from(page.number) + 1;
        chain.seen += page.quarantined.len() as u64;
        chain.asked_from = chain.asked_from.or(Some(page.asked_at));
        chain.asked_to = Some(page.asked_at);
        chain.next_cursor = page.next.as_ref().map(|next| next.as_str().to_owned());
        if page.next.is_none() {
            chain.state = ChainState::Complete;
        }
        if !page.quarantined.is_empty() {
            chain.reason = Some(format!("{} records could not be read", page.quarantined.len()));
        }
        note_oddities(pass, &page).await;
        let taken = take(page).await;
        chain.seen += taken.fresh;
        pass.record(Some(chain.clone()), vec![taken.residue]).await?;
    }
    Ok(())
}

/// What an error means for a chain.
enum Verdict {
    /// The cursor is void: the chain begins anew.
    Restart,
    /// This page does not load: perhaps a smaller one does.
    TrySmaller,
    /// The part cannot be read: the chain ends here, others go on.
    Leave,
    /// The whole pass pauses or ends.
    End,
}

fn verdict(error: &Error) -> Verdict {
    match error {
        Error::CursorExpired { .. } => Verdict::Restart,
        Error::ServerFault { .. }
        | Error::Malformed { .. }
        | Error::UnexpectedContent { .. }
        | Error::Truncated { .. }
        | Error::TooLarge { .. } => Verdict::TrySmaller,
        _ if error.is_unauthorized() => Verdict::End,
        Error::Refused { .. } => Verdict::Leave,
        _ => Verdict::End,
    }
}

/// Whether everything fails, not this request alone: then the pass waits, instead of leaving a gap.
async fn is_outage(pass: &Pass, error: &Error) -> bool {
    if !error.is_transient() {
        return false;
    }
    let probe = organizations::one(&pass.client, Class::Pass, &pass.organization).await;
    probe.is_err_and(|error| error.is_transient())
}

/// What a failed request for one subject means: an error that pauses or ends the pass comes back, any other leaves only
/// that subject unread, with the reason.
pub(super) async fn unread_unless_ended(pass: &Pass, error: Error) -> Result<String, Ended> {
    if matches!(verdict(&error), Verdict::End) || is_outage(pass, &error).await {
        return Err(Ended::from(error));
    }
    Ok(explain::sentence(&error))
}

async fn leave(pass: &Pass, chain: Chain, error: &Error) -> Result<(), Ended> {
    let reason = explain::sentence(error);
    pass.note(NoteKind::Gap, chain.name.as_str(), reason.as_str()).await;
    pass.record(Some(Chain { state: ChainState::Partial, reason: Some(reason), ..chain }), Vec::new()).await
}

async fn note_oddities<T>(pass: &Pass, page: &Page<T>) {
    for quarantined in &page.quarantined {
        let subject = quarantined.subject.clone().unwrap_or_else(|| "a record without an id".to_owned());
        pass.note(NoteKind::Quarantined, subject, quarantined.reason.as_str()).await;
    }
    for drift in &page.drift {
        pass.note(NoteKind::Drift, drift.as_str(), "Atlassian sent a field or word that Rollcall does not know.").await;
    }
}

async fn take_users(pass: &Pass, part: &WalkedPart, page: Page<User>) -> Taken {
    let ids: BTreeSet<String> = page.records.iter().map(|user| user.account_id.clone()).collect();
    let TakenAccounts { residue, odd, left_out } = page_of_accounts(pass, part, page.records, page.asked_at).await;
    let mut recorder = pass.recorder.lock().await;
    let walked = recorder.seen.part(&part.directory);
    let shown = |id: &String| match pass.base.account(id) {
        Some(account) => walked.listed.contains(account),
        None => walked.accounts.get(id).is_some(),
    };
    let fresh = ids.iter().filter(|id| !shown(id)).count() as u64;
    recorder.progress.people_seen += fresh;
    recorder.progress.people_left_out += left_out;
    for (subject, detail) in odd {
        recorder.note(NoteKind::Warning, subject, detail);
    }
    Taken { residue, fresh }
}

/// What is left of a page of users once it was compared with the snapshot.
pub(super) struct TakenAccounts {
    pub(super) residue: Residue,
    /// What was odd, as subject and sentence.
    pub(super) odd: Vec<(String, String)>,
    /// People who are out of the run's scope.
    pub(super) left_out: u64,
}

/// Compares a page's users with the snapshot.
pub(super) async fn page_of_accounts(
    pass: &Pass,
    part: &WalkedPart,
    users: Vec<User>,
    asked_at: Timestamp,
) -> TakenAccounts {
    let directory = pass.base.directory(part.directory.as_str());
    let mut listed = RoaringBitmap::new();
    let (mut records, mut odd, mut left_out) = (Vec::new(), Vec::new(), 0);
    let mut names = pass.names.lock().await;
    for user in users {
        let subject = user.account_id.clone();
        let mut strange = Vec::new();
        match map::account(user, asked_at, &mut names, &mut strange) {
            Err(invalid) => odd.push((subject.chars().take(80).collect(), invalid.to_string())),
            Ok(record) if pass.scope.only_with_activity() && !is_active(&record) => {
                listed.extend(pass.base.account(record.id.as_str()));
                left_out += 1;
            }
            Ok(mut record) => {
                odd.extend(strange.into_iter().map(|detail| (subject.clone(), detail)));
                record.keep_only(pass.nouns);
                let known = compare_account(&pass.base, directory, pass.references, &mut record);
                listed.extend(known);
                if known.is_none() || !record.is_unchanged(pass.nouns) {
                    records.push(record);
                }
            }
        }
    }
    listed.optimize();
    TakenAccounts { residue: Residue::Accounts { directory: part.directory.clone(), listed, records }, odd, left_out }
}

/// Whether Atlassian shows any activity of somebody.
fn is_active(record: &SeenAccount) -> bool {
    matches!(&record.activity, Some(Observed { value: Reading::Now(entries), .. }) if !entries.is_empty())
}

async fn take_groups(pass: &Pass, part: &WalkedPart, page: Page<groups::Group>) -> Taken {
    let mut names = pass.names.lock().await;
    let mut on_page = RoaringBitmap::new();
    let mut listed = RoaringBitmap::new();
    let mut changed = Vec::new();
    for wire in &page.records {
        let Some(reference) = names.group(&wire.id) else { continue };
        on_page.insert(reference);
        let (group, counts) = map::group(wire);
        // Above the base it is a name of this pass, whatever a later state has under that number.
        let known = pass.base.group_row(reference).filter(|_| reference < pass.references.groups);
        if known.is_some() {
            listed.insert(reference);
        }
        if known.is_none_or(|row| row.group.as_ref() != Some(&group) || row.counts != counts) {
            changed.push((reference, group, counts));
        }
    }
    drop(names);
    let mut recorder = pass.recorder.lock().await;
    let seen = &recorder.seen;
    let walked = seen.parts.iter().find(|walked| walked.directory == part.directory);
    let shown = |group: &Ordinal| {
        walked.is_some_and(|walked| walked.listed_groups.contains(*group)) || seen.groups.contains_key(group)
    };
    let fresh = on_page.iter().filter(|group| !shown(group)).count() as u64;
    recorder.progress.groups_seen += fresh;
    Taken { residue: Residue::Groups { directory: part.directory.clone(), listed, groups: changed }, fresh }
}

/// Asks every listed group that grants anything, or of which that is not known, what it grants; a few side by side.
async fn read_grants(pass: &Pass, part: &WalkedPart) -> Result<(), Ended> {
    let granting = granting(pass, part).await;
    pass.expect_grants(granting.len() as u64).await;
    let queue = tokio::sync::Mutex::new(granting.into_iter());
    let work = async || {
        loop {
            let Some(group) = queue.lock().await.next() else { return Ok(()) };
            read_grant(pass, part, group).await?;
        }
    };
    let (a, b, c, d) = tokio::join!(work(), work(), work(), work());
    a.and(b).and(c).and(d)
}

pub(super) async fn read_grant(pass: &Pass, part: &WalkedPart, group: Ordinal) -> Result<(), Ended> {
    let Some(id) = pass.names.lock().await.group_id(group).cloned() else { return Ok(()) };
    let assignments = role_assignments::of_group(&pass.client, &part.scope, Class::Pass, id.as_str()).all().await;
    let busy = pass.clock.busy();
    match assignments {
        Ok(page) => {
            note_oddities(pass, &page).await;
            let mut names = pass.names.lock().await;
            let grants: Option<Vec<_>> = page.records.iter().map(|record| map::grants(record, &mut names)).collect();
            drop(names);
            match grants.filter(|_| page.quarantined.is_empty()) {
                Some(grants) => pass.record(None, vec![Residue::Grants { group, grants: grants.concat() }]).await,
                None => {
                    pass.note(NoteKind::Gap, id.as_str(), "What this group grants could not be read whole.").await;
                    Ok(())
                }
            }
        }
        // A group that was listed a moment ago and is gone now grants nothing worth keeping; the next pass settles it.
        Err(error) if error.is_not_found() => {
            pass.note(NoteKind::Gap, id.as_str(), "This group vanished while it was read.").await;
            Ok(())
        }
        Err(error) => {
            drop(busy);
            let reason = unread_unless_ended(pass, error).await?;
            pass.note(NoteKind::Gap, id.as_str(), reason).await;
            Ok(())
        }
    }
}

/// References of listed groups whose grants have to be asked for and were not yet.
async fn granting(pass: &Pass, part: &WalkedPart) -> Vec<Ordinal> {
    let recorder = pass.recorder.lock().await;
    unread_grants(&pass.base, &recorder.seen, &part.directory).iter().collect()
}

/// References of a directory's listed groups that grant something, or may, or did, and of which it was not read what.
pub fn unread_grants(base: &Snapshot, seen: &Seen, directory: &DirectoryId) -> RoaringBitmap {
    let Some(walked) = seen.parts.iter().find(|walked| walked.directory == *directory) else {
        return RoaringBitmap::new();
    };
    let changed = seen.groups.iter().filter(|(_, group)| group.directory == *directory);
    let mut all: RoaringBitmap = walked.listed_groups.clone();
    all.extend(changed.map(|(reference, _)| *reference));
    let grants_something = |reference: &Ordinal| {
        let counts = match seen.groups.get(reference) {
            Some(group) => Some(group.counts),
            None => base.group_row(*reference).map(|row| row.counts),
        };
        let granted = *reference < seen.base_groups && !base.grants(*reference).is_empty();
        counts.is_none_or(|counts| counts.resources != Some(0)) || granted
    };
    all.iter().filter(grants_something).filter(|group| !seen.grants.contains_key(group)).collect()
}
