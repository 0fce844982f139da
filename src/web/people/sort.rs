//! What a list of people is sorted by, and the headings that say so. A column sorts by the order that the filter language
//! has for its field, so a heading and an ORDER BY are one order.

use directory::find::{self, Ranking};
use directory::{Ordinal, Snapshot};
use filter::{Direction, Order};
use maud::{Markup, html};
use roaring::RoaringBitmap;

use crate::web::listing::{Key, Slice, Turn, Walk};
use crate::web::people::Ask;
use crate::web::ui::address::Address;

/// What people are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    Name,
    Email,
    LastActive,
    Added,
    Status,
    Groups,
    Seats,
    JobTitle,
    Department,
}

impl Sort {
    const ALL: [Sort; 9] = [
        Sort::Name,
        Sort::Email,
        Sort::LastActive,
        Sort::Added,
        Sort::Status,
        Sort::Groups,
        Sort::Seats,
        Sort::JobTitle,
        Sort::Department,
    ];

    pub(crate) fn parse(text: &str) -> Option<Sort> {
        Sort::ALL.into_iter().find(|sort| sort.as_str() == text)
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Sort::Name => "name",
            Sort::Email => "email",
            Sort::LastActive => "last_active",
            Sort::Added => "added",
            Sort::Status => "status",
            Sort::Groups => "groups",
            Sort::Seats => "seats",
            Sort::JobTitle => "job_title",
            Sort::Department => "department",
        }
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Sort::Name => "Name",
            Sort::Email => "E-mail",
            Sort::LastActive => "Last active",
            Sort::Added => "Added",
            Sort::Status => "Status",
            Sort::Groups => "Groups",
            Sort::Seats => "Seats",
            Sort::JobTitle => "Job title",
            Sort::Department => "Department",
        }
    }

    /// Whether the greatest come first when somebody sorts by it: the latest days, the most groups.
    fn begins_with_the_greatest(self) -> bool {
        matches!(self, Sort::LastActive | Sort::Added | Sort::Groups | Sort::Seats)
    }

    /// The field of the filter language that orders so.
    fn field(self) -> &'static str {
        match self {
            Sort::Name => "name",
            Sort::Email => "email",
            Sort::LastActive => "lastActive",
            Sort::Added => "added",
            Sort::Status => "status",
            Sort::Groups => "groupCount",
            Sort::Seats => "seats",
            Sort::JobTitle => "jobTitle",
            Sort::Department => "department",
        }
    }
}

/// The order of last use, of an app or of any.
pub(crate) fn by_last_use(app: Option<&str>) -> Option<Order> {
    let field = find::catalogue().find(Sort::LastActive.field())?;
    Some(Order { field, argument: app.map(str::to_owned), direction: Direction::Ascending })
}

/// The rows of one page out of these people, in the order of a column; last use is of this app.
pub(crate) fn slice_of(ask: &Ask, snapshot: &Snapshot, matching: &RoaringBitmap, app: Option<&str>) -> Slice {
    let sort = ask.sort();
    let argument = app.filter(|_| sort == Sort::LastActive).map(str::to_owned);
    let direction = if ask.is_descending() { Direction::Descending } else { Direction::Ascending };
    let field = find::catalogue().find(sort.field());
    let order: Vec<Order> =
        field.into_iter().map(|field| Order { field, argument: argument.clone(), direction }).collect();
    ranked(ask, snapshot, matching, &order)
}

/// The rows of one page out of these people.
pub(crate) fn slice(ask: &Ask, snapshot: &Snapshot, matching: &RoaringBitmap) -> Slice {
    slice_of(ask, snapshot, matching, None)
}

/// The rows of one page in the order that a filter's text asks for.
pub(crate) fn ranked(ask: &Ask, snapshot: &Snapshot, matching: &RoaringBitmap, order: &[Order]) -> Slice {
    let ranking = Ranking::of(snapshot, order);
    let key = |account: Ordinal| Key::from(ranking.key(account));
    let order = ranking.order();
    let walk =
        Walk { order: &order, key: &key, descending: ranking.descending(), missing_last: ranking.missing_last() };
    walk.slice(matching, &Turn::parse(&ask.after, &ask.before), ask.limit())
}

/// A heading that sorts by its column; again, the other way round.
pub(crate) fn heading(ask: &Ask, sort: Sort, here: &Address, class: &str) -> Markup {
    titled(ask, (sort, sort.title()), here, class)
}

/// Such a heading with words of its own.
pub(crate) fn titled(ask: &Ask, (sort, title): (Sort, &str), here: &Address, class: &str) -> Markup {
    html! { th scope="col" class=[Some(class).filter(|class| !class.is_empty())] aria-sort=[sorted(ask, sort)] { (sorter(ask, (sort, title), here)) } }
}

/// One column holds name and e-mail, and sorts by either.
pub(crate) fn name_and_email(ask: &Ask, here: &Address) -> Markup {
    let sorted = sorted(ask, Sort::Name).or(sorted(ask, Sort::Email));
    html! {
        th scope="col" aria-sort=[sorted] {
            (sorter(ask, (Sort::Name, Sort::Name.title()), here)) span.sep { "·" }
            (sorter(ask, (Sort::Email, Sort::Email.title()), here))
        }
    }
}

fn sorted(ask: &Ask, sort: Sort) -> Option<&'static str> {
    (ask.sort() == sort).then_some(if ask.is_descending() { "descending" } else { "ascending" })
}

fn sorter(ask: &Ask, (sort, title): (Sort, &str), here: &Address) -> Markup {
    let (current, down) = (ask.sort() == sort, ask.is_descending());
    let descending = if current { !down } else { sort.begins_with_the_greatest() };
    html! {
        a href=(ask.sorted_by(here, sort, descending)) {
            (title)
            @if current { span aria-hidden="true" { (if down { " ↓" } else { " ↑" }) } }
        }
    }
}
