//! What a site shows of the organization: the people of the directory that the site draws on, and the site's own
//! customers. Numbers of pages are offsets here, and unknown parameters are ignored, as sites do.

use serde_json::{Value, json};

use crate::call::{Call, Query};
use crate::customers::Customer;
use crate::group::Group;
use crate::organization::hash_of;
use crate::person::{AccountType, Person};
use crate::reply::Refusal;

/// Somebody whom a site knows.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Member<'a> {
    Person(&'a Person),
    Customer(&'a Customer),
}

impl Member<'_> {
    pub(crate) fn account_id(&self) -> &str {
        match self {
            Member::Person(person) => person.texts.account_id(),
            Member::Customer(customer) => &customer.account_id,
        }
    }

    pub(crate) fn name(&self) -> &str {
        match self {
            Member::Person(person) => person.texts.name(),
            Member::Customer(customer) => &customer.name,
        }
    }

    /// The address as the site shows it: some people whom nobody manages hide theirs, and some customers.
    pub(crate) fn email(&self) -> Option<&str> {
        match self {
            Member::Person(person) => {
                let hidden = !person.managed && hash_of(person.texts.account_id()).is_multiple_of(3);
                Some(person.texts.email()).filter(|email| !email.is_empty() && !hidden)
            }
            Member::Customer(customer) => {
                Some(customer.email.as_str()).filter(|email| !email.is_empty() && !customer.hidden)
            }
        }
    }

    pub(crate) fn account_type(&self) -> &'static str {
        match self {
            Member::Person(person) if person.account_type == AccountType::App => "app",
            Member::Person(_) => "atlassian",
            Member::Customer(_) => "customer",
        }
    }

    /// Whether the account can sign in to the site with that directory.
    pub(crate) fn is_active(&self, directory: u8) -> bool {
        match self {
            Member::Person(person) => person.status() == "active" && person.suspended & directory == 0,
            Member::Customer(customer) => customer.active,
        }
    }
}

/// Which part of a list is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offset {
    pub(crate) start: usize,
    pub(crate) size: usize,
}

impl Offset {
    /// A size over the most is cut down without a word.
    pub(crate) fn read(query: &Query, names: (&str, &str), standard: usize, most: usize) -> Result<Offset, Refusal> {
        let number = |name: &str, standard: usize| match query.one(name) {
            None => Ok(standard),
            Some(text) => text
                .parse::<usize>()
                .map_err(|_| Refusal::new(400, "", "", format!("{name} must be a number that is not negative."))),
        };
        Ok(Offset { start: number(names.0, 0)?, size: number(names.1, standard)?.clamp(1, most) })
    }

    pub(crate) fn jira(query: &Query, standard: usize, most: usize) -> Result<Offset, Refusal> {
        Offset::read(query, ("startAt", "maxResults"), standard, most)
    }

    /// The part of the list, and how long the whole is.
    pub(crate) fn of<T>(&self, list: impl Iterator<Item = T>) -> (Vec<T>, usize) {
        let mut page = Vec::new();
        let mut total = 0;
        for item in list {
            if total >= self.start && page.len() < self.size {
                page.push(item);
            }
            total += 1;
        }
        (page, total)
    }
}

impl<'a> Call<'a> {
    /// The directory that the site draws on, as a mask.
    pub(crate) fn site_directory(&self) -> u8 {
        1 << (self.site % self.organization.directories.len().max(1))
    }

    /// Where this server stands for the site.
    pub(crate) fn site_url(&self) -> String {
        let name = self.organization.sites.get(self.site).map_or("", |site| site.name.as_str());
        format!("{}/site/{name}", self.base_url)
    }

    /// Everybody whom the site knows, people first.
    pub(crate) fn members(&self) -> impl Iterator<Item = Member<'a>> + use<'a> {
        let (organization, directory, site) = (self.organization, self.site_directory(), self.site);
        let people = organization.people.iter().flatten().filter(move |person| person.present & directory != 0);
        people.map(Member::Person).chain(organization.customers.on_site(site).map(Member::Customer))
    }

    pub(crate) fn member(&self, account_id: &str) -> Option<Member<'a>> {
        let organization = self.organization;
        let person = organization
            .find_account(account_id)
            .and_then(|ordinal| organization.person(ordinal))
            .filter(|person| person.present & self.site_directory() != 0);
        person.map(Member::Person).or_else(|| organization.customers.find(self.site, account_id).map(Member::Customer))
    }

    /// The groups of the site's directory.
    pub(crate) fn site_groups(&self) -> impl Iterator<Item = &'a Group> + use<'a> {
        let (organization, directory) = (self.organization, self.site_directory());
        organization.groups.iter().flatten().filter(move |group| directory & (1 << group.directory) != 0)
    }

    /// The group that the query names by id or by name.
    pub(crate) fn site_group(&self, query: &Query) -> Result<&'a Group, Refusal> {
        let organization = self.organization;
        let found = match (query.one("groupId"), query.one("groupname")) {
            (Some(id), None) => organization
                .find_group(id)
                .and_then(|ordinal| organization.group(ordinal))
                .filter(|group| self.site_directory() & (1 << group.directory) != 0),
            (None, Some(name)) => self.site_groups().find(|group| group.name == name),
            _ => return Err(Refusal::new(400, "", "", "Exactly one of groupname and groupId must be given.")),
        };
        found.ok_or_else(|| Refusal::new(404, "", "", "The group was not found."))
    }

    /// A user as Jira shows one.
    pub(crate) fn site_user(&self, member: &Member<'_>) -> Value {
        let id = member.account_id();
        let picture = |size: u32| format!("https://avatars.example/{id}.png?size={size}");
        let mut user = json!({
            "self": format!("{}/rest/api/3/user?accountId={id}", self.site_url()),
            "accountId": id,
            "accountType": member.account_type(),
            "avatarUrls": { "16x16": picture(16), "24x24": picture(24), "32x32": picture(32), "48x48": picture(48) },
            "displayName": member.name(),
            "active": member.is_active(self.site_directory()),
        });
        if let Some(email) = member.email() {
            user["emailAddress"] = json!(email);
        }
        if let Member::Person(person) = member
            && let Some(zone) = self.organization.word(person.time_zone)
        {
            user["timeZone"] = json!(zone);
        }
        user
    }

    /// A group as Jira names one.
    pub(crate) fn group_name(&self, group: &Group) -> Value {
        let address = format!("{}/rest/api/3/group?groupId={}", self.site_url(), group.id);
        json!({ "name": group.name, "groupId": group.id, "self": address })
    }

    /// A page with a total, as most of Jira's newer lists are.
    pub(crate) fn offset_page(&self, offset: Offset, values: Vec<Value>, total: usize) -> Value {
        let mut pairs: Vec<(String, String)> = form_urlencoded::parse(self.query.as_bytes())
            .into_owned()
            .filter(|(key, _)| key != "startAt" && key != "maxResults")
            .collect();
        pairs.push(("maxResults".to_owned(), offset.size.to_string()));
        let address = |start: usize| {
            let query = form_urlencoded::Serializer::new(String::new())
                .extend_pairs(&pairs)
                .append_pair("startAt", &start.to_string())
                .finish();
            format!("{}{}?{query}", self.base_url, self.path)
        };
        let end = offset.start + values.len();
        let mut page = json!({
            "self": address(offset.start), "maxResults": offset.size, "startAt": offset.start, "total": total,
            "isLast": end >= total, "values": values,
        });
        if end < total {
            page["nextPage"] = json!(address(end));
        }
        page
    }
}
