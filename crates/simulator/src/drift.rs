//! Change as it happens: one random change of any kind, and a whole working day of them. Both use the verbs, so that
//! whatever holds of an organization holds afterwards.

use jiff::SignedDuration;

use crate::key::secret;
use crate::organization::Organization;
use crate::person::AccountType;
use crate::resource::Role;
use crate::verbs::{ChangeError, NewUser};

impl Organization {
    /// Applies one plausible change of any kind and says which.
    pub fn random_change(&mut self, rng: &mut fastrand::Rng) -> String {
        for _ in 0..32 {
            if let Some(Ok(description)) = self.attempt(rng) {
                return description;
            }
        }
        let name = format!("group-{:08x}", rng.u32(..));
        let id = self.create_group(&name);
        format!("create group {name} as {id}")
    }

    /// A working day: the activity of 57 % of the active people changes, and 1 % of everything else.
    pub fn working_day(&mut self, rng: &mut fastrand::Rng) {
        let end = self.now.as_millisecond();
        for ordinal in 0..self.people.len() as u32 {
            let Some(person) = self.person(ordinal) else { continue };
            if person.status() != "active" || person.account_type != AccountType::Atlassian || rng.u32(0..100) >= 57 {
                continue;
            }
            let reach = self.reach(person);
            let Some(person) = self.person_mut(ordinal) else { continue };
            let opened: Vec<u8> = (0..128u8).filter(|resource| reach & (1 << resource) != 0).collect();
            for _ in 0..1 + rng.usize(0..2) {
                if let Some(resource) = rng.choice(&opened) {
                    person.set_activity(*resource, end - rng.i64(0..8 * 3_600_000));
                    person.email_verified = true;
                }
            }
        }
        let others = self.people.len() / 100;
        for _ in 0..others {
            self.random_change(rng);
        }
    }

    /// The key in use: the first that is neither revoked nor scoped.
    pub fn api_key(&self) -> String {
        self.keys
            .iter()
            .find(|key| !key.revoked && key.scopes.is_empty())
            .map(|key| key.secret.clone())
            .unwrap_or_default()
    }

    /// A key that has scopes.
    pub fn scoped_api_key(&self) -> String {
        self.keys.iter().find(|key| !key.scopes.is_empty()).map(|key| key.secret.clone()).unwrap_or_default()
    }

    /// Revokes the key in use, makes another, and returns it.
    pub fn rotate_api_key(&mut self) -> String {
        let Some(place) = self.keys.iter().position(|key| !key.revoked && key.scopes.is_empty()) else {
            return String::new();
        };
        let mut next = self.keys.get(place).cloned();
        if let Some(old) = self.keys.get_mut(place) {
            old.revoked = true;
        }
        if let Some(key) = &mut next {
            key.secret = secret(&mut self.ids);
            key.id = crate::key::uuid(&mut self.ids);
            key.created = self.now;
            key.expires = self.now.saturating_add(SignedDuration::from_hours(24 * 180)).unwrap_or(self.now);
            key.last_active = None;
            key.powerless = false;
        }
        // It takes the old one's place, so that it stays the key in use.
        if let Some(key) = next {
            self.keys.insert(place, key);
        }
        self.api_key()
    }

    /// Lets the key in use expire now.
    pub fn expire_api_key(&mut self) {
        let now = self.now;
        if let Some(key) = self.keys.iter_mut().find(|key| !key.revoked && key.scopes.is_empty()) {
            key.expires = now;
        }
    }

    /// Takes from the key in use what its maker was allowed, as when they administer the organization no longer.
    pub fn demote_api_key(&mut self) {
        if let Some(key) = self.keys.iter_mut().find(|key| !key.revoked && key.scopes.is_empty()) {
            key.powerless = true;
        }
    }

    /// One try at a change; none when the dice named somebody or something that does not exist.
    fn attempt(&mut self, rng: &mut fastrand::Rng) -> Option<Result<String, ChangeError>> {
        let account = self.any_account(rng)?;
        let group = self.any_group(rng)?;
        let resource = rng.choice(&self.resources).map(|resource| resource.ari.clone())?;
        let domain = rng.choice(&self.domains).cloned()?;
        let number = rng.u32(..);
        Some(match rng.u32(0..100) {
            0..8 => {
                let email = if rng.u32(0..10) == 0 {
                    format!("guest.{number}@contractors.example")
                } else {
                    format!("new.{number}@{domain}")
                };
                let directory = rng.choice(&self.directories).map(|directory| directory.id.clone());
                let user = NewUser { name: format!("New Person {number}"), email, directory };
                let added = self.add_user(&user);
                if let Ok(id) = &added
                    && let Err(error) = self.add_member(&group, id)
                    && !matches!(error, ChangeError::OtherDirectory { .. })
                {
                    return Some(Err(error));
                }
                added.map(|id| format!("add user {id}"))
            }
            8..12 => self.remove_user(&account).map(|()| format!("remove user {account}")),
            12..13 => self.delete_account(&account).map(|()| format!("delete account {account}")),
            13..18 => self.suspend(&account).map(|()| format!("suspend {account}")),
            18..22 => self.restore(&account).map(|()| format!("restore {account}")),
            22..25 => {
                if !self.find_account(&account).and_then(|ordinal| self.person(ordinal))?.managed {
                    return None;
                }
                self.deactivate(&account).map(|()| format!("deactivate {account}"))
            }
            25..27 => self.reactivate(&account).map(|()| format!("reactivate {account}")),
            27..31 => self.rename(&account, &format!("Renamed Пερson {number}")).map(|()| format!("rename {account}")),
            31..34 => self
                .change_email(&account, &format!("changed.{number}@{domain}"))
                .map(|()| format!("change address of {account}")),
            34..37 => self.set_job_title(&account, "Principal Engineer").map(|()| format!("promote {account}")),
            37..54 => self.add_member(&group, &account).map(|_| format!("add {account} to {group}")),
            54..68 => {
                let person = self.find_account(&account).and_then(|ordinal| self.person(ordinal))?;
                let group =
                    rng.choice(&person.groups).and_then(|group| self.group(*group)).map(|group| group.id.clone())?;
                self.remove_member(&group, &account).map(|_| format!("take {account} out of {group}"))
            }
            68..70 => {
                let id = self.create_group(&format!("group-{number:08x}"));
                Ok(format!("create group {id}"))
            }
            70..71 => self.delete_group(&group).map(|()| format!("delete group {group}")),
            71..74 => {
                self.rename_group(&group, &format!("renamed-{number:08x}")).map(|()| format!("rename group {group}"))
            }
            74..76 => {
                // The number of granting groups stays what it is: only those that grant something get more.
                self.grants_something(&group)?;
                self.grant(&group, &resource, Role::User).map(|_| format!("grant {resource} to {group}"))
            }
            76..77 => {
                self.grants_something(&group)?;
                self.revoke(&group, &resource, Role::User).map(|_| format!("revoke {resource} from {group}"))
            }
            77..80 => {
                self.set_direct_role(&account, &resource, Role::User).map(|_| format!("direct role for {account}"))
            }
            80..82 => {
                self.clear_direct_role(&account, &resource, Role::User).map(|_| format!("no direct role for {account}"))
            }
            82..84 => self.set_platform_role(&account, Role::OrgAdmin).map(|_| format!("{account} administers")),
            84..85 => {
                if self.holders_of(Role::OrgAdmin).len() < 2 {
                    return None;
                }
                self.clear_platform_role(&account, Role::OrgAdmin).map(|_| format!("{account} administers no more"))
            }
            85..87 => self.enable_mfa(&account).map(|()| format!("two-step verification for {account}")),
            _ => {
                let at = self.now.saturating_sub(SignedDuration::from_mins(rng.i64(0..1_000))).unwrap_or(self.now);
                self.set_last_active(&account, &resource, at).map(|()| format!("{account} opened {resource}"))
            }
        })
    }

    fn grants_something(&self, group: &str) -> Option<()> {
        let group = self.find_group(group).and_then(|ordinal| self.group(ordinal))?;
        (group.granted != 0).then_some(())
    }

    /// Some account that is in a directory; apps are left alone.
    fn any_account(&self, rng: &mut fastrand::Rng) -> Option<String> {
        let ordinal = rng.u32(0..(self.people.len() as u32).max(1));
        let person = self.person(ordinal)?;
        let chosen = person.present != 0 && person.account_type == AccountType::Atlassian;
        chosen.then(|| person.texts.account_id().to_owned())
    }

    fn any_group(&self, rng: &mut fastrand::Rng) -> Option<String> {
        self.group(rng.u32(0..(self.groups.len() as u32).max(1))).map(|group| group.id.clone())
    }
}
