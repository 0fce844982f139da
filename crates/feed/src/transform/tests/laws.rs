//! The laws of the transformation: any JSON is a record, nothing panics, and the same record gives the same person.

use proptest::prelude::*;

use super::*;
use crate::control::tests::many;
use crate::json::Object;
use crate::json::tests::any_value;

const SOURCES: [&str; 14] =
    ["id", "first", "last", "mail", "class", "unit", "title", "from", "a", "n", "l", "t", "y", "q"];

fn any_record() -> impl Strategy<Value = Value> {
    let member = (prop::sample::select(&SOURCES[..]), any_value());
    let members = prop::collection::vec(member, 0..10);
    let known = prop::bool::weighted(0.8);
    (members, known, any_value(), prop::bool::weighted(0.1)).prop_map(|(members, known, other, plain)| {
        if plain {
            return other;
        }
        let mut object: Object = members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        if known {
            for (name, text) in [("id", "jb"), ("first", "J"), ("last", "B"), ("mail", "a@b.c")] {
                object.set(name, Value::text(text));
            }
        }
        Value::Object(object)
    })
}

proptest! {
    #[test]
    fn any_json_makes_a_person_or_says_why_not(value in any_record(), file in 0..4usize) {
        let control = good(&many()[file]);
        let groups: BTreeSet<String> = control.producible_groups().into_iter().collect();
        let mut transformer = Transformer::new(&control, &groups);
        let record = Record::of_value(3, 9, value);
        let once = transformer.transform(&record);
        prop_assert_eq!(&transformer.transform(&record), &once);
        match &once.person {
            Ok(person) => {
                let kept = Person::of_text(&person.to_text());
                prop_assert_eq!(kept.as_ref(), Some(person));
                prop_assert_eq!(&directory::username_key(&person.username), &person.key);
                prop_assert!(person.left.iter().all(|key| !person.fields.contains_key(key)));
                prop_assert!(person.email().contains('@') && !person.name().is_empty());
            }
            Err(Failure) => prop_assert!(once.in_error()),
        }
        for finding in &once.findings {
            prop_assert!(finding.sentence().ends_with("(record 3)") && !finding.advice().is_empty());
        }
    }
}
