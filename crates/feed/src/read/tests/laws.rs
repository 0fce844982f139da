//! The laws of readers: pieces do not matter, nothing panics, and what others write is what is read.

use proptest::prelude::*;

use super::*;
use crate::json::tests::any_value;
use crate::json::{Object, Value};

fn any_format() -> impl Strategy<Value = Format> {
    prop::sample::select(Format::ALL)
}

/// Texts in which every reader finds something to read and something to stumble over.
fn any_text() -> impl Strategy<Value = Vec<u8>> {
    let of = |texts: &'static [&'static [u8]]| prop::sample::select(texts);
    let piece = of(&[
        b"\"",
        b",",
        b"\n",
        b"\r\n",
        b"\r",
        b"\t",
        b"a",
        b"{\"a\":",
        b"1}",
        b"[",
        b"]",
        b"<v>",
        b"</v>",
        b"<v a='1'/>",
        b"&amp;",
        b"&x;",
        b"\xff",
        b"\xc3\xa4",
        b"\\",
        b"\0",
        b"<![CDATA[",
        b"]]>",
        b" ",
        b"\xef\xbb\xbf",
    ]);
    let start = of(&[b"", b"a,b\n", b"a\tb\n", b"[", b"<r>", b"<?xml encoding='latin1'?><r>"]);
    let end = of(&[b"", b"]", b"</r>", b"\n"]);
    (start, prop::collection::vec(piece, 0..40), end)
        .prop_map(|(start, pieces, end)| [start, &pieces.concat(), end].concat())
}

proptest! {
    #[test]
    fn the_pieces_in_which_a_file_comes_do_not_matter(format in any_format(), text in any_text(), size in 1..9usize) {
        let spec = spec(format);
        let limits = Limits { record_bytes: 256, ..Limits::default() };
        let whole = told(&spec, Input::stream(&text[..]), limits);
        prop_assert_eq!(&told(&spec, Input::stream(Pieces(&text[..], size)), limits), &whole);
    }

    #[test]
    fn json_that_is_written_is_read(values in prop::collection::vec(prop::collection::vec(("[a-d]{1,2}", any_value()), 0..4), 0..6), size in 1..30usize) {
        let records: Vec<Value> = values.into_iter().map(|members| Value::Object(members.into_iter().collect::<Object>())).collect();
        let expected: Vec<String> = records.iter().map(write).collect();
        let list = write(&Value::List(records));
        let read = told(&spec(Format::Json), Input::stream(Pieces(list.as_bytes(), size)), Limits::default());
        prop_assert_eq!(read, (expected.clone(), None));
        let lines = told(&spec(Format::NdJson), Input::stream(Pieces(expected.join("\n").as_bytes(), size)), Limits::default());
        if !expected.is_empty() {
            prop_assert_eq!(lines, (expected, None));
        }
    }

    #[test]
    fn what_the_csv_crate_writes_is_read(rows in prop::collection::vec(prop::collection::vec("[ab\",;\r\nä]{0,6}", 3), 0..8), size in 1..30usize) {
        let mut writer = ::csv::Writer::from_writer(Vec::new());
        writer.write_record(["x", "y", "z"]).unwrap();
        rows.iter().for_each(|row| writer.write_record(row).unwrap());
        let text = writer.into_inner().unwrap();
        let record = |row: &Vec<String>| {
            let members = ["x", "y", "z"].into_iter().zip(row).filter(|(_, value)| !value.is_empty());
            write(&Value::Object(members.map(|(name, value)| (name.to_owned(), Value::text(value))).collect()))
        };
        // A row without any value is no record.
        let expected: Vec<String> = rows.iter().filter(|row| row.iter().any(|value| !value.is_empty())).map(record).collect();
        let read = told(&spec(Format::Csv), Input::stream(Pieces(&text[..], size)), Limits::default());
        prop_assert_eq!(read, (expected, None));
    }

    #[test]
    fn a_table_and_the_same_as_json_have_one_digest(rows in prop::collection::vec(prop::collection::vec("[a-zä]{0,3}", 3), 1..4), order in Just([0, 1, 2]).prop_shuffle()) {
        let names = ["x", "y", "z"];
        let line = |values: [&str; 3]| values.join("\t");
        let table: Vec<String> = std::iter::once(line(order.map(|at| names[at])))
            .chain(rows.iter().map(|row| line(order.map(|at| row[at].as_str())))).collect();
        let control = crate::digest::Digest::of(b"control");
        let table = table.join("\n");
        let tsv = spec(Format::Tsv);
        let mut reader = Reader::sample(&tsv, Input::stream(table.as_bytes()), Limits::default()).unwrap();
        while let Some(record) = reader.next().unwrap() {
            let record = record.unwrap();
            let same = crate::record::Record::of_value(9, 9, parse(write(&record.to_value()).as_bytes()).unwrap());
            let (one, other) = (record.digest(control, &mut Vec::new()), same.digest(control, &mut Vec::new()));
            prop_assert_eq!(one, other);
        }
    }
}
