//! What editing a saved filter means for the automated tasks that use it: which they are, and whom it finds before and
//! after. Shown once before the edit is kept.

use maud::{Markup, html};

use crate::mirror::answer::answer;
use crate::mirror::filters;
use crate::nouns::saved_filter::{Kept, SavedFilter};
use crate::store::reports as stored;
use crate::web::failure::Failure;
use crate::web::settings_notifications::reports;
use crate::web::tasks;
use crate::web::ui::amount::{counted, number};
use crate::web::ui::notice::{Weight, notice};
use crate::web::visit::Visit;

/// That tasks use a filter, on the page where it is edited.
pub(super) async fn told(visit: &Visit, filter: &SavedFilter) -> Result<Markup, Failure> {
    let (names, reports) = (users(visit, filter).await?, reports_of(visit, filter).await?);
    Ok(html! { (of_tasks(visit, filter, &names)) (of_reports(&reports)) })
}

fn of_reports(names: &[String]) -> Markup {
    if names.is_empty() {
        return html! {};
    }
    notice(
        Weight::Info,
        &format!("{} this filter.", counted(names.len() as u64, "scheduled report uses", "scheduled reports use")),
        html! {
            p { @for (place, name) in names.iter().enumerate() { @if place > 0 { ", " } bdi { (name) } } ". " a href=(reports::HERE) { "Scheduled reports" } }
            p { "While it is in use it cannot be deleted. The next report says that it was edited." }
        },
    )
}

fn of_tasks(visit: &Visit, filter: &SavedFilter, names: &[String]) -> Markup {
    if names.is_empty() {
        return html! {};
    }
    let headline =
        format!("{} this filter.", counted(names.len() as u64, "automated task uses", "automated tasks use"));
    notice(
        Weight::Info,
        &headline,
        html! {
            (list(names))
            p { "It finds " (counted(found(visit, &filter.kept.text), "person", "people")) " now. When its text is changed, the next run of each task is held once for an approval. While it is in use it cannot be deleted." }
        },
    )
}

/// Whether an edit changes whom tasks act on.
pub(super) async fn matters(visit: &Visit, filter: &SavedFilter, kept: &Kept) -> Result<bool, Failure> {
    Ok(filter.kept.text != kept.text && !users(visit, filter).await?.is_empty())
}

/// What an edit means, before it is kept.
pub(super) async fn asked(visit: &Visit, filter: &SavedFilter, kept: &Kept) -> Result<Markup, Failure> {
    let names = users(visit, filter).await?;
    let (before, after) = (found(visit, &filter.kept.text), found(visit, &kept.text));
    Ok(notice(
        Weight::Warning,
        "Automated tasks use this filter. Save it again to keep the edit.",
        html! {
            (list(&names))
            p { "It found " strong { (number(before)) } (if before == 1 { " person" } else { " people" }) ", and would find " strong { (number(after)) } "." }
            p { "The next run of each of these tasks is held once for an approval." }
        },
    ))
}

async fn reports_of(visit: &Visit, filter: &SavedFilter) -> Result<Vec<String>, Failure> {
    let id = filter.id.clone();
    Ok(visit.mirror.store().read(move |tx| stored::of_filter(tx, &id)).await?)
}

async fn users(visit: &Visit, filter: &SavedFilter) -> Result<Vec<String>, Failure> {
    let id = filter.id.clone();
    Ok(visit.mirror.store().read(move |tx| filters::users(tx, &id)).await?)
}

fn list(names: &[String]) -> Markup {
    html! { p { @for (place, name) in names.iter().enumerate() { @if place > 0 { ", " } bdi { (name) } } ". " a href=(tasks::HERE) { "Automated Tasks" } } }
}

fn found(visit: &Visit, text: &str) -> u64 {
    answer(&visit.snapshot, text, (visit.reader.now, &visit.mirror.zone())).found.matching.len()
}
