//! One document: its page, its sections, and where its links lead. Nothing of a document is markup but what Markdown
//! makes; links lead to other pages of help or out, and paths of the source are text.

use std::ops::Range;

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

/// A document as a page.
#[derive(Clone, Debug)]
pub(super) struct Document {
    /// Its name in addresses.
    pub(super) name: &'static str,
    /// Its first heading.
    pub(super) title: String,
    /// The page, escaped.
    pub(super) html: String,
    /// Its sections in order.
    pub(super) sections: Vec<Section>,
}

/// What stands below one heading.
#[derive(Clone, Debug, Default)]
pub(super) struct Section {
    /// The heading.
    pub(super) heading: String,
    /// Its anchor.
    pub(super) id: String,
    /// The words below it.
    pub(super) text: String,
}

impl Document {
    pub(super) fn read(name: &'static str, text: &'static str) -> Document {
        let mut events: Vec<Event<'static>> = Parser::new_ext(text, Options::ENABLE_TABLES).collect();
        let mut sections: Vec<Section> = Vec::new();
        for range in headings(&events) {
            let heading = text_of(&events[range.clone()]);
            let id = anchor(&heading, &sections);
            if let Some(Event::Start(Tag::Heading { id: place, .. })) = events.get_mut(range.start) {
                *place = Some(CowStr::from(id.clone()));
            }
            sections.push(Section { heading, id, text: String::new() });
        }
        let ends: Vec<usize> =
            headings(&events).iter().map(|range| range.start).skip(1).chain([events.len()]).collect();
        for ((range, end), section) in headings(&events).into_iter().zip(ends).zip(&mut sections) {
            section.text = text_of(&events[range.end..end]);
        }
        let mut page = String::with_capacity(text.len() * 2);
        html::push_html(&mut page, events.into_iter().flat_map(shown));
        let title = sections.first().map_or_else(|| name.to_owned(), |section| section.heading.clone());
        Document { name, title, html: page, sections }
    }

    /// The first words of the document.
    pub(super) fn beginning(&self) -> String {
        let text = self.sections.iter().map(|section| section.text.trim()).find(|text| !text.is_empty());
        let mut words: String = text.unwrap_or_default().chars().take(160).collect();
        if let Some(end) = words.find(". ") {
            words.truncate(end + 1);
        }
        words
    }
}

/// Where the headings of sections are: those of the first three levels.
fn headings(events: &[Event<'_>]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = None;
    for (at, event) in events.iter().enumerate() {
        match event {
            Event::Start(Tag::Heading { level, .. }) if *level <= HeadingLevel::H3 => start = Some(at),
            Event::End(TagEnd::Heading(_)) => found.extend(start.take().map(|start| start..at + 1)),
            _ => {}
        }
    }
    found
}

fn text_of(events: &[Event<'_>]) -> String {
    let mut text = String::new();
    for event in events {
        match event {
            Event::Text(part) | Event::Code(part) => text.push_str(part),
            Event::SoftBreak | Event::HardBreak | Event::End(TagEnd::Paragraph | TagEnd::TableCell | TagEnd::Item) => {
                text.push(' ');
            }
            _ => {}
        }
    }
    text
}

/// An anchor as Markdown's readers make them, told from those before.
fn anchor(heading: &str, before: &[Section]) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    let plain: String = kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect();
    let taken = |id: &str| before.iter().any(|section| section.id == id);
    let numbered = (1..).map(|number| format!("{plain}-{number}"));
    std::iter::once(plain.clone()).chain(numbered).find(|id| !taken(id)).unwrap_or_default()
}

/// An event as it is shown: raw HTML is text, tables may be wider than the page, links lead somewhere.
fn shown(event: Event<'static>) -> Vec<Event<'static>> {
    match event {
        Event::Html(raw) | Event::InlineHtml(raw) => vec![Event::Text(raw)],
        // Alignment is written as a style, which our policy forbids.
        Event::Start(Tag::Table(columns)) => vec![
            Event::Html("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table\">".into()),
            Event::Start(Tag::Table(vec![pulldown_cmark::Alignment::None; columns.len()])),
        ],
        Event::End(TagEnd::Table) => vec![Event::End(TagEnd::Table), Event::Html("</div>".into())],
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            vec![Event::Start(Tag::Link { link_type, dest_url: address(&dest_url).into(), title, id })]
        }
        event => vec![event],
    }
}

/// Where a link of a document leads on these pages.
fn address(link: &str) -> String {
    if link.contains("://") || link.starts_with('#') {
        return link.to_owned();
    }
    let (path, place) = link.split_once('#').map_or((link, String::new()), |(path, place)| (path, format!("#{place}")));
    match path.strip_suffix(".md") {
        Some("../CHANGELOG") => "/about#changes".to_owned(),
        Some(name) if !name.contains('/') => format!("/help/{name}{place}"),
        // What concerns those who change Rollcall stands in its source.
        _ => "/about#source".to_owned(),
    }
}
