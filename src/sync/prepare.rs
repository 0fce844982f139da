//! The beginning of a run: the organization, its directories and workspaces, and the counts that its lists are held
//! against.

use atlassian::call::Class;
use atlassian::error::Error;
use atlassian::{directories, groups, organizations, users, workspaces};
use directory::{Directory, DirectoryId, Resource, ResourceId};

use crate::nouns::residue::Residue;
use crate::nouns::run::NoteKind;
use crate::sync::ended::Ended;
use crate::sync::pass::Pass;
use crate::sync::walk::{self, WalkedPart};

/// The parts of the organization, with the counts of those lists that this run walks.
pub(super) async fn prepare(pass: &Pass) -> Result<Vec<WalkedPart>, Ended> {
    let known = pass.recorder.lock().await.seen.directories.clone();
    if known.is_empty() {
        ask_for_directories(pass).await?;
    }
    let parts = pass.parts().await;
    let mut floor = if pass.walks_groups() { 3 } else { 2 };
    let (mut people, mut groups_expected) = (None, None);
    for part in &parts {
        if pass.walks_users_of(part) {
            let mut chain = pass.chain(&part.users_chain()).await;
            if chain.expected_before.is_none() && chain.pages == 0 {
                let counted = users::count(&pass.client, &part.scope, Class::Pass, &part.filter).await;
                chain.expected_before = usable(pass, counted.map(|counted| counted.value)).await?;
                pass.record(Some(chain.clone()), Vec::new()).await?;
            }
            people = Some(people.unwrap_or(0) + chain.expected_before.unwrap_or(0));
            floor += chain.expected_before.unwrap_or(0).div_ceil(100).max(1);
        }
        if part.is_outside() || !pass.walks_groups() {
            continue;
        }
        let mut chain = pass.chain(&part.groups_chain()).await;
        if chain.expected_before.is_none() && chain.pages == 0 {
            let counted = groups::count(&pass.client, &part.scope, Class::Pass, &groups::GroupFilter::default()).await;
            chain.expected_before = usable(pass, counted.map(|counted| counted.value)).await?;
            pass.record(Some(chain.clone()), Vec::new()).await?;
        }
        groups_expected = Some(groups_expected.unwrap_or(0) + chain.expected_before.unwrap_or(0));
        floor += chain.expected_before.unwrap_or(0).div_ceil(100).max(1);
    }
    pass.expect_lists(floor).await;
    let mut recorder = pass.recorder.lock().await;
    recorder.progress.people_expected = people;
    recorder.progress.groups_expected = groups_expected;
    Ok(parts)
}

/// A count is a check: when upstream does not give it, nothing is concluded, and the pass goes on.
pub(super) async fn usable(pass: &Pass, counted: Result<u64, Error>) -> Result<Option<u64>, Ended> {
    match counted {
        Ok(count) => Ok(Some(count)),
        Err(error) => walk::unread_unless_ended(pass, error).await.map(|_| None),
    }
}

async fn ask_for_directories(pass: &Pass) -> Result<(), Ended> {
    let organization = organizations::one(&pass.client, Class::Pass, &pass.organization).await?;
    if organization.value.id != pass.organization {
        return Err(Ended::Failed(
            "The key answers for another organization than the one that was connected. Replace the key.".to_owned(),
        ));
    }
    let listed = directories::list(&pass.client, Class::Pass, &pass.organization).all().await?;
    let found: Vec<Directory> = (listed.records.iter())
        .filter_map(|directory| {
            let id = DirectoryId::new(&directory.directory_id).ok()?;
            Some(Directory { id, name: directory.name.as_deref().unwrap_or("").into() })
        })
        .collect();
    if found.is_empty() {
        return Err(Ended::Failed(
            "Atlassian lists no directory that this key may read. Make the key as an organization admin.".to_owned(),
        ));
    }
    let residues = vec![Residue::Directories(found), Residue::Resources(workspaces_of(pass).await?)];
    pass.record(None, residues).await
}

/// What the list of workspaces describes; nothing when the run is not about what groups grant.
async fn workspaces_of(pass: &Pass) -> Result<Vec<Resource>, Ended> {
    if !pass.walks_groups() {
        return Ok(Vec::new());
    }
    let listed = workspaces::list(&pass.client, Class::Pass, &pass.organization).all().await;
    let resources = match listed {
        Ok(listed) => listed.records,
        Err(error) => {
            let reason = walk::unread_unless_ended(pass, error).await?;
            pass.note(NoteKind::Gap, "workspaces", reason).await;
            Vec::new()
        }
    };
    Ok((resources.iter())
        .filter_map(|workspace| {
            let attributes = &workspace.attributes;
            Some(Resource {
                id: ResourceId::new(&workspace.id).ok()?,
                name: attributes.name.as_deref().map(Into::into),
                host_url: attributes.host_url.as_deref().map(Into::into),
                status: attributes.status.as_ref().map(|status| status.as_str().into()),
                capacity: attributes.capacity.and_then(|capacity| i64::try_from(capacity).ok()),
            })
        })
        .collect())
}
