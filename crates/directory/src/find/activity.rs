//! Tests of activity. Read and without an entry is *never used*, which is known; not read is *unknown*, and unknown is
//! never inactive.

use columns::Ordinal;
use filter::{Condition, Test};
use roaring::RoaringBitmap;

use crate::account::AccountType;
use crate::find::Question;
use crate::find::choice::flag;
use crate::find::index::{LastUse, with};
use crate::find::name::app_resources;
use crate::find::truth::Truth;
use crate::fold::email_key;
use crate::snapshot::Snapshot;

/// The domain under which Atlassian itself gives service accounts their addresses.
pub(crate) const SERVICE_DOMAIN: &str = "serviceaccount.atlassian.com";

/// Whether an address is one that Atlassian gives service accounts.
pub fn is_service_address(email: &str) -> bool {
    email_key(email).rsplit_once('@').is_some_and(|(_, domain)| domain == SERVICE_DOMAIN)
}

/// Who used something, who never did, and of whom neither can be told.
struct Used {
    last: LastUse,
    /// Whoever could have used it, was read, and has no entry.
    never: RoaringBitmap,
}

impl Question<'_> {
    /// `lastActive`
    pub(crate) fn last_active(&self, test: &Test, within: &RoaringBitmap) -> Truth {
        let resources = self.argument(test);
        let last = self.snapshot.index.last_use(self.snapshot, resources.as_deref());
        let known = self.snapshot.people.activity.read() | &*last.used;
        self.instant(&test.condition, (&last.at, &known), within)
    }

    /// `inactiveFor`: counts from the last use, or from the day somebody was added who never used it.
    pub(crate) fn inactive_for(&self, test: &Test, within: &RoaringBitmap) -> Truth {
        let Used { last, never } = self.used(test);
        let added = &self.snapshot.people.added;
        let mut known = &*last.used | (&never & added.present());
        if !self.with_services {
            known -= self.services();
        }
        match &test.condition {
            Condition::Empty => Truth::known(within - known),
            Condition::NotEmpty => Truth::known(within & known),
            Condition::Compare(comparison, value) => {
                let Some((from, to)) = self.ended(*comparison, value) else { return Truth::unknown(within) };
                let used = last.at.range_among(from, to, within);
                let unused = added.range_among(from, to, &(never & within));
                Truth::of(used | unused, &known, within)
            }
            Condition::In(_) | Condition::NotIn(_) => Truth::unknown(within),
        }
    }

    /// `neverActive`
    pub(crate) fn never_active(&self, test: &Test, within: &RoaringBitmap) -> Truth {
        let Used { last, never } = self.used(test);
        let mut known = &*last.used | &never;
        if !self.with_services {
            known -= self.services();
        }
        flag(&test.condition, &never, &known, within)
    }

    /// `neverSignedIn`: in a directory, address not verified, read and without any activity.
    pub(crate) fn never_signed_in(&self, condition: &Condition, within: &RoaringBitmap) -> Truth {
        let index = &self.snapshot.index;
        let standing = index.standing(self.snapshot);
        let last = index.last_use(self.snapshot, None);
        // Whoever has used a site that is left out has signed in all the same.
        let used = &*last.used | &self.snapshot.marked.used;
        let read = self.snapshot.people.activity.read() | &used;
        let verified = index.verified(self.snapshot);
        let inside = Truth::known(within & &standing.inside);
        let unverified = Truth::of(within - &verified.yes, &verified.known, within);
        let unused = Truth::of(within - used, &read, within);
        let truth = inside.and(&unverified).and(&unused);
        let known = within - &truth.unknown;
        flag(condition, &truth.yes, &known, within)
    }

    /// `serviceAccount`
    pub(crate) fn service_account(&self, condition: &Condition, within: &RoaringBitmap) -> Truth {
        let types = self.snapshot.index.types(self.snapshot);
        let services = self.services();
        let known = with(types, |_| true) | &services;
        flag(condition, &services, &known, within)
    }

    /// The resources of the app in parentheses; `None` without one.
    pub(crate) fn argument(&self, test: &Test) -> Option<Vec<Ordinal>> {
        test.argument.as_deref().map(|app| app_resources(self.snapshot, app))
    }

    fn used(&self, test: &Test) -> Used {
        let index = &self.snapshot.index;
        let resources = self.argument(test);
        let last = index.last_use(self.snapshot, resources.as_deref());
        let mut never = self.snapshot.people.activity.read() - &*last.used;
        if let Some(resources) = &resources {
            never &= self.reaching(resources);
        }
        Used { last, never }
    }

    fn services(&self) -> RoaringBitmap {
        service_accounts(self.snapshot)
    }
}

/// Whose activity says nothing, because Atlassian does not tell of activity through tokens.
pub(crate) fn service_accounts(snapshot: &Snapshot) -> RoaringBitmap {
    let apps = with(snapshot.index.types(snapshot), |kind| *kind == AccountType::App);
    match snapshot.index.domains(snapshot).of(SERVICE_DOMAIN) {
        Some(service) => apps | service,
        None => apps,
    }
}
