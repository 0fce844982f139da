//! The part of an account that its administrators may edit, and the days of grace before an account is deleted.

use jiff::SignedDuration;
use serde::Deserialize;

use crate::effect::Effect;
use crate::organization::Organization;
use crate::person::{AccountStatus, Texts};
use crate::resource::Role;
use crate::verbs::ChangeError;

/// Days between the wish to delete an account and its end.
const GRACE_DAYS: i64 = 14;

/// New values of the editable fields; what is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    pub(crate) name: Option<String>,
    pub(crate) nickname: Option<String>,
    pub(crate) locale: Option<String>,
    pub(crate) zoneinfo: Option<String>,
    #[serde(default)]
    pub(crate) extended_profile: ExtendedProfile,
}

/// The work-related fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExtendedProfile {
    pub(crate) job_title: Option<String>,
    pub(crate) organization: Option<String>,
    pub(crate) department: Option<String>,
    pub(crate) location: Option<String>,
}

impl Organization {
    /// Changes the fields that have a new value.
    pub(crate) fn change_profile(&mut self, account_id: &str, profile: &Profile) -> Result<(), ChangeError> {
        let extended = &profile.extended_profile;
        let mut word = |text: &Option<String>| text.as_deref().map(|text| self.intern(text));
        let (job_title, organization) = (word(&extended.job_title), word(&extended.organization));
        let (department, location) = (word(&extended.department), word(&extended.location));
        let time_zone = word(&profile.zoneinfo);
        if let Some(locale) = &profile.locale {
            self.locales.insert(account_id.to_owned(), locale.clone());
        }
        let unknown = || ChangeError::UnknownAccount(account_id.to_owned());
        let ordinal = self.find_account(account_id).ok_or_else(unknown)?;
        let person = self.person_mut(ordinal).ok_or_else(unknown)?;
        let name = profile.name.as_deref().unwrap_or(person.texts.name());
        let nickname = profile.nickname.as_deref().unwrap_or(person.texts.nickname());
        person.texts = Texts::new(account_id, name, nickname, person.texts.email());
        person.job_title = job_title.unwrap_or(person.job_title);
        person.organization = organization.unwrap_or(person.organization);
        person.department = department.unwrap_or(person.department);
        person.location = location.unwrap_or(person.location);
        person.time_zone = time_zone.unwrap_or(person.time_zone);
        self.note("user_profile_updated", &[("users", account_id)]);
        Ok(())
    }

    /// Makes the account inactive, and ends it when the days of grace are over.
    pub(crate) fn schedule_deletion(&mut self, account_id: &str) -> Result<(), ChangeError> {
        self.deactivate(account_id)?;
        if let Some(person) = self.find_account(account_id).and_then(|ordinal| self.person_mut(ordinal)) {
            person.for_deletion = true;
        }
        let due = self.now.saturating_add(SignedDuration::from_hours(24 * GRACE_DAYS)).unwrap_or(self.now);
        self.queue.push((due.as_millisecond(), Effect::DeleteAccount { account: account_id.to_owned() }));
        Ok(())
    }

    /// Makes an account that was to be deleted active again.
    pub(crate) fn cancel_deletion(&mut self, account_id: &str) -> Result<(), ChangeError> {
        let end = Effect::DeleteAccount { account: account_id.to_owned() };
        self.queue.retain(|(_, effect)| *effect != end);
        self.reactivate(account_id)
    }

    /// True when the person is the only active administrator of the organization.
    pub(crate) fn is_last_administrator(&self, account_id: &str) -> bool {
        let mut administrators = self.people.iter().flatten().filter(|person| {
            person.account_status == AccountStatus::Active && person.platform_roles.contains(Role::OrgAdmin)
        });
        administrators.next().is_some_and(|person| person.texts.account_id() == account_id)
            && administrators.next().is_none()
    }
}
