//! Whom no list names any more is asked for by id, because a list can leave somebody out. Only the site's own word that it
//! does not know them makes them gone.

use atlassian::call::Class;
use atlassian::error::Error;
use atlassian::{myself, site_users};

use crate::nouns::site_reading::Parts;
use crate::store::site_accounts;
use crate::store::site_readings;
use crate::sync::customers::page::{Sorted, sorted};
use crate::sync::customers::walk::{Reading, Stop};
use crate::sync::explain;

/// Missing accounts that are asked for in one request, beside whoever asks.
const AT_ONCE: u32 = site_users::MOST_IDS as u32 - 1;

impl Reading<'_> {
    /// Asks for everybody who would be on no list any more if the reading ended with these parts, and keeps who is still
    /// there. Why that could not be done, when it could not.
    pub(super) async fn confirm(&mut self, parts: &Parts) -> Result<Option<String>, Stop> {
        let doubt = |why: &str| Ok(Some(format!("Who is on no list any more could not be asked for by id: {why}")));
        let (mut after, mut me) = (String::new(), None);
        loop {
            let (of, parts, from) = (self.of(), *parts, after.clone());
            let missing = self.mirror.store().read(move |tx| site_accounts::missing(tx, &of, &parts, (&from, AT_ONCE)));
            let missing = missing.await?;
            let Some(last) = missing.last() else { return Ok(None) };
            after.clone_from(last);
            let whoever_asks = match &me {
                Some(id) => id,
                None => match self.whoever_asks().await {
                    Ok(id) => me.insert(id),
                    Err(error) => return doubt(&explain::site_sentence(&error)),
                },
            };
            let ids: Vec<&str> = missing.iter().map(String::as_str).chain([whoever_asks.as_str()]).collect();
            let found = match site_users::by_ids(&self.client, Class::Pass, &ids).await {
                Ok(found) => found.value,
                Err(error) => return doubt(&explain::site_sentence(&error)),
            };
            // A site that does not even know whoever asks is not believed about others.
            if !found.records.iter().any(|user| user.account_id == *whoever_asks) {
                return doubt("the site's answer left out even the owner of the token.");
            }
            if found.unreadable > 0 {
                return doubt("the site's answer could not be read as a whole.");
            }
            self.keep_found(sorted(found.records.into_iter().filter(|user| missing.contains(&user.account_id))))
                .await?;
        }
    }

    async fn whoever_asks(&self) -> Result<String, Error> {
        Ok(myself::read(&self.client, Class::Pass).await?.value.account_id)
    }

    async fn keep_found(&mut self, Sorted { accounts, former }: Sorted) -> Result<(), Stop> {
        let (of, held, requests) = (self.of(), self.held.clone(), self.new_requests());
        let kept = self.mirror.store().write_relaxed(move |tx| {
            if !site_readings::is_held(tx, &held)? {
                return Ok(false);
            }
            site_accounts::put_users(tx, &of, &accounts)?;
            site_accounts::put_former(tx, &of, &former)?;
            site_readings::count_up(tx, &held, (requests, 0))?;
            Ok(true)
        });
        if kept.await? { Ok(()) } else { Err(Stop::TakenOver) }
    }
}
