//! The page in every state, without a database.

use super::*;

fn known() -> Known {
    Known {
        asked: "ann@x.test".to_owned(),
        account_ids: ["a-1", "qm:<2>"].map(str::to_owned).into(),
        emails: ["ann@x.test".to_owned()].into(),
        names: ["Ann <b>Lee</b>".to_owned()].into(),
        ..Known::default()
    }
}

#[test]
fn it_says_who_is_meant_what_goes_and_what_stays_before_it_asks() {
    let preview = Preview {
        goes: vec![("Versions of the profile".to_owned(), 1_234)],
        stays: vec!["The person ann of the feeds: Staff delivers them.".to_owned()],
    };
    let page = about(&known(), &preview, html! {}).0;
    for text in [
        "qm:&lt;2&gt;",
        "Ann &lt;b&gt;Lee",
        "1,234",
        "Staff delivers them",
        "Type <strong><bdi>ann@x.test",
        "ask by account id",
    ] {
        assert!(page.to_lowercase().contains(&text.to_lowercase()), "{text}: {page}");
    }
    let nothing = about(&known(), &Preview::default(), html! {}).0;
    assert!(nothing.contains("Nothing of this person can go.") && !nothing.contains(ERASE), "{nothing}");
}
