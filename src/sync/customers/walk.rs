//! The walk over the lists of a site: page by page, each kept under the reading's fence together with where the next one
//! begins. A list that fails costs its own part and not the others.

use std::collections::BTreeMap;

use atlassian::call::Class;
use atlassian::error::Error;
use atlassian::site::SiteClient;
use atlassian::{customer_organizations, service_desks, site_users};

use crate::mirror::Mirror;
use crate::nouns::site_reading::{PartState, Parts, ReadingCounts};
use crate::store::error::StoreError;
use crate::store::site_accounts::{self, CustomersOf, OfReading};
use crate::store::site_readings::{self, Held, ListState, Outcome, SiteList};
use crate::sync::connect::Connector;
use crate::sync::customers::list::List;
use crate::sync::customers::page::Page;
use crate::sync::explain;

const CLASS: Class = Class::Pass;
/// No site has so many accounts: a longer list goes round in circles.
const LONGEST_LIST: u64 = 10_000_000;
/// So many sentences say why a reading is not complete.
const MOST_REASONS: usize = 3;

/// Why a reading is not carried out to its end here.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stop {
    /// Somebody else has taken it up.
    #[error("somebody else has taken the reading up")]
    TakenOver,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A reading under way.
pub(super) struct Reading<'a> {
    pub(super) connector: &'a Connector,
    pub(super) mirror: &'a Mirror,
    pub(super) client: SiteClient,
    pub(super) held: Held,
    lists: BTreeMap<String, SiteList>,
    has_desks: bool,
    refused: bool,
    /// Requests that are kept already.
    counted: u64,
}

impl<'a> Reading<'a> {
    /// A reading that was taken up, with its lists as they stand.
    pub(super) fn new(
        connector: &'a Connector,
        mirror: &'a Mirror,
        (client, has_desks): (SiteClient, bool),
        (held, lists): (Held, Vec<SiteList>),
    ) -> Reading<'a> {
        let lists = lists.into_iter().map(|list| (list.name.clone(), list)).collect();
        Reading { connector, mirror, client, held, lists, has_desks, refused: false, counted: 0 }
    }

    /// Whether the site did not take the token at all.
    pub(super) fn was_refused(&self) -> bool {
        self.refused
    }

    /// Reads every list, asks for whom none names, and ends the reading.
    pub(super) async fn carry_out(&mut self) -> Result<(), Stop> {
        self.walk(List::Users).await?;
        if self.has_desks {
            self.walk(List::Desks).await?;
            self.walk(List::Organizations).await?;
            let of_customers: Vec<List> = (self.lists.values())
                .filter_map(|list| List::parse(&list.name))
                .filter(|list| matches!(list, List::Desk(_) | List::Organization(_)))
                .collect();
            for list in of_customers {
                self.walk(list).await?;
            }
        }
        let (mut parts, mut reasons) = (self.parts(), self.reasons());
        if let Some(doubt) = self.confirm(&parts).await? {
            // Who could not be asked for is not missed: no part takes anybody away.
            let less = |part: PartState| if part == PartState::Complete { PartState::Partial } else { part };
            parts =
                Parts { users: less(parts.users), desks: less(parts.desks), organizations: less(parts.organizations) };
            reasons.push(doubt);
        }
        reasons.truncate(MOST_REASONS);
        self.end(parts, (!reasons.is_empty()).then(|| reasons.join(" "))).await
    }

    pub(super) fn of(&self) -> OfReading {
        OfReading { site: self.held.site.clone(), number: self.held.number, at: self.connector.now() }
    }

    /// Requests that were sent since this was last asked.
    pub(super) fn new_requests(&mut self) -> u64 {
        let sent: u64 = self.client.client().requests().iter().map(|(_, requests)| requests.sent).sum();
        let new = sent.saturating_sub(self.counted);
        self.counted = sent;
        new
    }

    /// Reads a list from where it stands to its end, or until it fails.
    async fn walk(&mut self, list: List) -> Result<(), Stop> {
        let mut stands = self.lists.get(&list.name()).cloned().unwrap_or_else(|| list.begun());
        while stands.state == ListState::Walking {
            let page = match self.page(&list, stands.next_start).await {
                Ok(page) => {
                    stands.found += u64::from(page.records);
                    match page.next {
                        None => stands.state = ListState::Complete,
                        Some(next) if next > stands.next_start && stands.found < LONGEST_LIST => {
                            stands.next_start = next;
                        }
                        Some(_) => {
                            stands.state = ListState::Failed;
                            stands.reason = Some(format!("The site's list of {} has no end.", list.title()));
                        }
                    }
                    page
                }
                Err(error) => {
                    self.refused |= error.is_unauthorized();
                    stands.state = ListState::Failed;
                    stands.reason = Some(explain::site_list(&error, list.title()));
                    Page::default()
                }
            };
            self.keep(&list, &stands, page).await?;
        }
        Ok(())
    }

    async fn page(&self, list: &List, start: u32) -> Result<Page, Error> {
        let site = &self.client;
        Ok(match list {
            List::Users => {
                let users = site_users::page(site, CLASS, start, site_users::FULL_PAGE).await?;
                Page::of_users(users.value, start)
            }
            List::Desks => {
                let desks = service_desks::page(site, CLASS, start).await?;
                Page::of_named(desks.value, start, |desk| (desk.id, desk.project_name))
            }
            List::Organizations => {
                let organizations = customer_organizations::page(site, CLASS, start).await?;
                Page::of_named(organizations.value, start, |organization| (organization.id, organization.name))
            }
            List::Desk(id) => Page::of_customers(service_desks::customers(site, CLASS, id, start).await?.value, start),
            List::Organization(id) => {
                Page::of_customers(customer_organizations::customers(site, CLASS, id, start).await?.value, start)
            }
        })
    }

    /// Keeps a page, and where its list stands after it.
    async fn keep(&mut self, list: &List, stands: &SiteList, page: Page) -> Result<(), Stop> {
        let (of, held, requests) = (self.of(), self.held.clone(), self.new_requests());
        // Desks and organizations bring lists of their own.
        let below: Vec<SiteList> = (page.named.iter())
            .filter_map(|(id, _)| match list {
                List::Desks => Some(List::Desk(id.clone()).begun()),
                List::Organizations => Some(List::Organization(id.clone()).begun()),
                _ => None,
            })
            .filter(|list| !self.lists.contains_key(&list.name))
            .collect();
        for kept in below.iter().chain([stands]) {
            self.lists.insert(kept.name.clone(), kept.clone());
        }
        let (list, stands) = (list.clone(), stands.clone());
        let kept = self.mirror.store().write_relaxed(move |tx| {
            if !site_readings::is_held(tx, &held)? {
                return Ok(false);
            }
            match &list {
                List::Users => site_accounts::put_users(tx, &of, &page.accounts)?,
                List::Desks => {}
                List::Organizations => site_accounts::put_organizations(tx, &of, &page.named)?,
                List::Desk(_) => site_accounts::put_customers(tx, &of, &CustomersOf::ServiceDesk, &page.accounts)?,
                List::Organization(id) => {
                    let members = CustomersOf::Organization(id.clone());
                    site_accounts::put_customers(tx, &of, &members, &page.accounts)?;
                    if stands.state == ListState::Complete {
                        site_accounts::end_members(tx, &of, id)?;
                    }
                }
            }
            site_accounts::put_former(tx, &of, &page.former)?;
            for list in below.iter().chain([&stands]) {
                site_readings::put_list(tx, &of.site, list)?;
            }
            site_readings::count_up(tx, &held, (requests, u64::from(page.unreadable)))?;
            Ok(true)
        });
        if kept.await? { Ok(()) } else { Err(Stop::TakenOver) }
    }

    /// What the lists say of each part.
    fn parts(&self) -> Parts {
        let part = |belongs: &dyn Fn(&List) -> bool| {
            let lists = self.lists.values().filter(|list| List::parse(&list.name).is_some_and(|list| belongs(&list)));
            let lists: Vec<&SiteList> = lists.collect();
            if !lists.is_empty() && lists.iter().all(|list| list.state == ListState::Complete) {
                PartState::Complete
            } else if lists.iter().any(|list| list.found > 0) {
                PartState::Partial
            } else {
                PartState::Unread
            }
        };
        let users = part(&|list| *list == List::Users);
        if !self.has_desks {
            return Parts { users, desks: PartState::Complete, organizations: PartState::Complete };
        }
        Parts {
            users,
            desks: part(&|list| matches!(list, List::Desks | List::Desk(_))),
            organizations: part(&|list| matches!(list, List::Organizations | List::Organization(_))),
        }
    }

    /// Why lists failed, each reason once.
    fn reasons(&self) -> Vec<String> {
        let mut reasons: Vec<String> = self.lists.values().filter_map(|list| list.reason.clone()).collect();
        reasons.sort();
        reasons.dedup();
        reasons
    }

    async fn end(&mut self, parts: Parts, reason: Option<String>) -> Result<(), Stop> {
        let (of, held, requests) = (self.of(), self.held.clone(), self.new_requests());
        let ended = self.mirror.store().write(move |tx| {
            if !site_readings::is_held(tx, &held)? {
                return Ok(false);
            }
            site_readings::count_up(tx, &held, (requests, 0))?;
            site_accounts::end(tx, &of, &parts)?;
            let gone = site_accounts::gone_since(tx, &of.site, held.begun_at)?;
            let (users, customers, organizations) = site_accounts::count(tx, &of.site)?;
            let counts = ReadingCounts { users, customers, organizations, gone, unreadable: 0 };
            site_readings::end(tx, &held, &Outcome { parts, counts, reason }, of.at)?;
            Ok(true)
        });
        if ended.await? { Ok(()) } else { Err(Stop::TakenOver) }
    }
}
