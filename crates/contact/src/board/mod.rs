//! Contacts and companies in memory, on which they are found, counted and sorted. A table is immutable; going forward is
//! [`Tables::apply`], which copies what the changes touch. What is shown of a row comes from elsewhere.

mod ask;
mod fields;
mod labels;
mod ranking;
mod vocabulary;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use columns::{NumberColumn, Order, Ordinal, Relation, TextColumn};
use directory::{email_key, fold_text};
use filter::Catalogue;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use roaring::RoaringBitmap;

pub use self::ask::evaluate;
pub use self::ranking::Ranking;
pub use self::vocabulary::Vocabulary;

use self::fields::Asked;
use self::labels::Labels;
use crate::field::{Entity, Field, FieldKind, Values};
use crate::sync::Mark;

/// A contact or company as it is put into its table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its number.
    pub ordinal: Ordinal,
    /// Whether it is there: neither deleted nor merged into another one.
    pub live: bool,
    /// Its name.
    pub name: String,
    /// The e-mail address of a contact, or the domains of a company.
    pub addresses: Vec<String>,
    /// Tags that people gave.
    pub tags: Vec<String>,
    /// The companies of a contact, each with the contact's role there; none of a company.
    pub companies: Vec<(Ordinal, String)>,
    /// Values of the fields that people defined.
    pub values: Values,
    /// What the accounts of a contact make of it.
    pub mark: Option<Mark>,
    /// When it was made, in microseconds since 1970.
    pub created: i64,
    /// When it was last changed.
    pub changed: i64,
}

/// Both tables, of one version.
#[derive(Clone, Debug)]
pub struct Tables {
    /// The version of everything in them.
    pub version: i64,
    /// Contacts.
    pub contacts: Board,
    /// Companies.
    pub companies: Board,
}

/// One table.
#[derive(Clone, Debug)]
pub struct Board {
    entity: Entity,
    zone: TimeZone,
    fields: Arc<Vec<Field>>,
    asked: Arc<Vec<Asked>>,
    catalogue: Arc<Catalogue>,
    live: RoaringBitmap,
    names: TextColumn,
    addresses: TextColumn,
    domains: Labels,
    tags: Labels,
    roles: Labels,
    statuses: Labels,
    companies: Relation,
    synced: RoaringBitmap,
    users: RoaringBitmap,
    customers: RoaringBitmap,
    created: NumberColumn,
    changed: NumberColumn,
    custom: Vec<Custom>,
    by_name: Order,
    /// Orders that questions have asked for so far.
    orders: Arc<Mutex<BTreeMap<Asked, Arc<Order>>>>,
}

/// The values of a field that people defined.
#[derive(Clone, Debug)]
enum Custom {
    Text(TextColumn),
    Number(NumberColumn),
}

/// The system tag of every contact that an account keeps (rulings, Contacts).
pub const JIRA_USER: &str = "Jira User";
/// The system tag of contacts that a customer keeps.
pub const CUSTOMER: &str = "Customer";

/// Whether a tag is one that only syncing gives.
pub fn is_system_tag(tag: &str) -> bool {
    let tag = fold_text(tag);
    [JIRA_USER, CUSTOMER].iter().any(|system| fold_text(system) == tag)
}

/// The system tags of a contact.
pub fn system_tags(mark: Option<&Mark>) -> Vec<&'static str> {
    match mark {
        None => Vec::new(),
        Some(mark) if mark.customer => vec![JIRA_USER, CUSTOMER],
        Some(_) => vec![JIRA_USER],
    }
}

impl Tables {
    /// Empty tables with these fields. Days are days of the zone.
    pub fn new(fields: &[Field], zone: &TimeZone) -> Tables {
        let of = |entity: Entity| Board::new(entity, fields, zone);
        Tables { version: 0, contacts: of(Entity::Contact), companies: of(Entity::Company) }
    }

    /// The tables with these rows instead of what they had for them.
    #[must_use]
    pub fn apply(&self, version: i64, contacts: Vec<Row>, companies: Vec<Row>) -> Tables {
        Tables { version, contacts: self.contacts.apply(contacts), companies: self.companies.apply(companies) }
    }

    /// The table of contacts, or of companies.
    pub fn of(&self, entity: Entity) -> &Board {
        match entity {
            Entity::Contact => &self.contacts,
            Entity::Company => &self.companies,
        }
    }

    /// How many contacts a company has.
    pub fn contacts_of(&self, company: Ordinal) -> u64 {
        self.contacts.companies.members(company).len()
    }
}

impl Board {
    fn new(entity: Entity, fields: &[Field], zone: &TimeZone) -> Board {
        let own: Vec<Field> = fields.iter().filter(|field| field.entity == entity).cloned().collect();
        let (asked, catalogue) = fields::catalogue(entity, &own);
        let custom = own.iter().map(|field| match field.kind {
            FieldKind::Number | FieldKind::Date => Custom::Number(NumberColumn::default()),
            _ => Custom::Text(TextColumn::default()),
        });
        Board {
            entity,
            zone: zone.clone(),
            custom: custom.collect(),
            fields: Arc::new(own),
            asked: Arc::new(asked),
            catalogue: Arc::new(catalogue),
            live: RoaringBitmap::new(),
            names: TextColumn::default(),
            addresses: TextColumn::default(),
            domains: Labels::default(),
            tags: Labels::default(),
            roles: Labels::default(),
            statuses: Labels::default(),
            companies: Relation::default(),
            synced: RoaringBitmap::new(),
            users: RoaringBitmap::new(),
            customers: RoaringBitmap::new(),
            created: NumberColumn::default(),
            changed: NumberColumn::default(),
            by_name: Order::default(),
            orders: Arc::default(),
        }
    }

    /// The fields that can be asked about.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The fields that people defined, in their order.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Everything that is there.
    pub fn live(&self) -> &RoaringBitmap {
        &self.live
    }

    /// Contacts that an account keeps.
    pub fn synced(&self) -> &RoaringBitmap {
        &self.synced
    }

    /// Tags that people gave, each with how many have it, by name.
    pub fn tags(&self) -> Vec<(&str, u64)> {
        self.tags.counted(&self.live)
    }

    /// The companies of a contact, by number.
    pub fn companies_of(&self, contact: Ordinal) -> &[Ordinal] {
        self.companies.of(contact)
    }

    /// What is called so, in any case and with or without accents.
    pub fn named(&self, name: &str) -> RoaringBitmap {
        let wanted = fold_text(name);
        let found = self.names.contains(&wanted);
        found.into_iter().filter(|row| self.names.get(*row) == Some(wanted.as_str())).collect()
    }

    /// Whom this address may mean: contacts with it, or companies with this domain.
    pub fn with_address(&self, address: &str) -> RoaringBitmap {
        let key = self.key_of(address);
        let found = self.addresses.contains(&key);
        found.into_iter().filter(|row| self.keys(*row).any(|known| known == key)).collect()
    }

    fn key_of(&self, address: &str) -> String {
        match self.entity {
            Entity::Contact => email_key(address),
            Entity::Company => domain_key(address),
        }
    }

    fn keys(&self, row: Ordinal) -> impl Iterator<Item = &str> {
        self.addresses.get(row).into_iter().flat_map(|keys| keys.split('\n'))
    }

    fn apply(&self, mut rows: Vec<Row>) -> Board {
        if rows.is_empty() {
            return self.clone();
        }
        rows.sort_by_key(|row| row.ordinal);
        rows.dedup_by_key(|row| row.ordinal);
        let mut board = self.clone();
        board.orders = Arc::default();
        for row in &rows {
            let mark = row.mark.as_ref().filter(|_| row.live);
            put(&mut board.live, row.ordinal, row.live);
            put(&mut board.synced, row.ordinal, mark.is_some());
            put(&mut board.users, row.ordinal, mark.is_some_and(|mark| mark.user));
            put(&mut board.customers, row.ordinal, mark.is_some_and(|mark| mark.customer));
        }
        let names: Vec<(Ordinal, Option<String>)> =
            rows.iter().map(|row| (row.ordinal, row.live.then(|| fold_text(&row.name)))).collect();
        board.names = self.names.apply(&texts(&names));
        let keys = |row: &Row| row.addresses.iter().map(|address| self.key_of(address)).collect::<Vec<_>>();
        let addresses: Vec<(Ordinal, Option<String>)> = rows
            .iter()
            .map(|row| (row.ordinal, Some(keys(row).join("\n")).filter(|keys| row.live && !keys.is_empty())))
            .collect();
        board.addresses = self.addresses.apply(&texts(&addresses));
        let number = |of: fn(&Row) -> i64| -> Vec<(Ordinal, Option<i64>)> {
            rows.iter().map(|row| (row.ordinal, row.live.then(|| of(row)))).collect()
        };
        board.created = self.created.apply(&number(|row| row.created));
        board.changed = self.changed.apply(&number(|row| row.changed));
        board.label(&rows);
        board.relate(self, &rows);
        for (place, field) in self.fields.iter().enumerate() {
            board.custom[place] = self.custom[place].apply((field, &self.zone), &rows);
        }
        let changed: Vec<Ordinal> = rows.iter().map(|row| row.ordinal).collect();
        let name = |row: Ordinal| board.names.get(row).unwrap_or("");
        let by_name = self.by_name.apply(&changed, |row| board.live.contains(row), |a, b| name(a).cmp(name(b)));
        board.by_name = by_name;
        board
    }

    fn label(&mut self, rows: &[Row]) {
        let of = |labels: &Labels, of: &dyn Fn(&Row) -> Vec<String>| {
            labels.apply(rows.iter().map(|row| (row.ordinal, if row.live { of(row) } else { Vec::new() })))
        };
        let domain =
            |address: &String| address.rsplit_once('@').map_or(address.as_str(), |(_, domain)| domain).to_owned();
        self.domains = of(&self.domains, &|row| {
            row.addresses.iter().map(|address| domain_key(&domain(&email_key(address)))).collect()
        });
        self.tags = of(&self.tags, &|row| row.tags.clone());
        self.roles = of(&self.roles, &|row| {
            row.companies.iter().map(|(_, role)| role.clone()).filter(|role| !role.is_empty()).collect()
        });
        self.statuses = of(&self.statuses, &|row| row.mark.iter().map(|mark| mark.status.clone()).collect());
    }

    fn relate(&mut self, before: &Board, rows: &[Row]) {
        let (mut added, mut removed) = (Vec::new(), Vec::new());
        for row in rows {
            removed.extend(before.companies.of(row.ordinal).iter().map(|company| (row.ordinal, *company)));
            if row.live {
                let mut now: Vec<Ordinal> = row.companies.iter().map(|(company, _)| *company).collect();
                now.sort_unstable();
                now.dedup();
                added.extend(now.into_iter().map(|company| (row.ordinal, company)));
            }
        }
        self.companies = before.companies.apply(0, 0, &added, &removed);
    }

    fn remembered(&self, by: Asked, make: impl FnOnce() -> Order) -> Arc<Order> {
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(orders.entry(by).or_insert_with(|| Arc::new(make())))
    }
}

impl Custom {
    fn apply(&self, (field, zone): (&Field, &TimeZone), rows: &[Row]) -> Custom {
        let value = |row: &Row| row.values.get(&field.number).filter(|_| row.live).cloned();
        match self {
            Custom::Text(column) => {
                let folded: Vec<(Ordinal, Option<String>)> =
                    rows.iter().map(|row| (row.ordinal, value(row).map(|text| fold_text(&text)))).collect();
                Custom::Text(column.apply(&texts(&folded)))
            }
            Custom::Number(column) => {
                let read = |text: String| match field.kind {
                    FieldKind::Date => begin(&text, zone),
                    _ => text.parse().ok(),
                };
                let numbers: Vec<(Ordinal, Option<i64>)> =
                    rows.iter().map(|row| (row.ordinal, value(row).and_then(read))).collect();
                Custom::Number(column.apply(&numbers))
            }
        }
    }
}

/// When a day begins, in microseconds since 1970.
fn begin(day: &str, zone: &TimeZone) -> Option<i64> {
    let day: Date = day.parse().ok()?;
    Some(day.to_zoned(zone.clone()).ok()?.timestamp().as_microsecond())
}

/// The key under which a domain is matched: lower case, in ASCII, without `www.` and whatever stands around it.
pub fn domain_key(domain: &str) -> String {
    let host = domain.trim().trim_start_matches("https://").trim_start_matches("http://");
    let host = host.split(['/', '?', '#']).next().unwrap_or_default();
    // The domain of an address that is in its normal form.
    let key = email_key(&format!("a@{host}"));
    let key = key.rsplit_once('@').map_or("", |(_, host)| host).trim_end_matches('.');
    key.strip_prefix("www.").unwrap_or(key).to_owned()
}

fn put(bitmap: &mut RoaringBitmap, row: Ordinal, there: bool) {
    if there {
        bitmap.insert(row);
    } else {
        bitmap.remove(row);
    }
}

fn texts(owned: &[(Ordinal, Option<String>)]) -> Vec<(Ordinal, Option<&str>)> {
    owned.iter().map(|(row, text)| (*row, text.as_deref())).collect()
}
