//! Bad files by the numbers of the matrix of faults: each is told where it is, and costs no more than it must.

use std::io::Cursor;

use super::*;

fn csv() -> FileSpec {
    spec(Format::Csv)
}

#[test]
fn d01_a_file_without_bytes_is_refused_and_one_without_records_is_read() {
    for format in Format::ALL {
        assert_eq!(refused(&spec(*format), b""), FileProblem::Empty, "{}", format.word());
    }
    assert_eq!(read(&csv(), b"id,mail\n"), Vec::<String>::new());
    assert_eq!(read(&spec(Format::Tsv), b"id\tmail"), Vec::<String>::new());
    assert_eq!(read(&spec(Format::XmlText), b"<r/>"), Vec::<String>::new());
}

#[test]
fn d05_a_bad_row_costs_itself_and_is_told_with_line_and_column() {
    let text = b"id,name\n1,a\"b\n2,\"x\"y\n3\n4,a,b\n5,a\x00\n6,a\rb\n7,ok\n8,\"open\n9,ok\n";
    let expected = [
        "a quotation mark stands inside a value that does not begin with one (record 0, line 2, column 4)",
        "something follows after a closing quotation mark (record 1, line 3, column 6)",
        "the row has 1 values and the name row has 2 (record 2, line 4, column 1)",
        "the row has 3 values and the name row has 2 (record 3, line 5, column 1)",
        "there is a NUL byte here (record 4, line 6, column 4)",
        "a carriage return stands here that ends no line (record 5, line 7, column 4)",
        r#"{"id":"7","name":"ok"}"#,
        "a quotation mark is opened here and not closed (record 7, line 9, column 3)",
        r#"{"id":"9","name":"ok"}"#,
    ];
    assert_eq!(read(&csv(), text), expected);
    assert_eq!(refused(&csv(), b"sep=;\nid;name\n"), FileProblem::SeparatorLine);
}

#[test]
fn d06_bad_json_costs_its_record_or_the_file_but_never_a_digit() {
    let json = spec(Format::Json);
    let deep = format!("[{{\"a\":{}1{}}},{{\"b\":2}}]", "[".repeat(10_000), "]".repeat(10_000));
    let found = read(&json, deep.as_bytes());
    assert!(found[0].contains("64 deep") && found[1] == "{\"b\":2}", "{found:?}");
    let text = b"[{\"a\":1,\"a\":2},{\"n\":1e400},{\"id\":9007199254740993},{\"s\":\"\xff\"}, 7]";
    assert_eq!(
        read(&json, text),
        [
            "the name \"a\" stands twice in one object (record 0, line 1, column 8)",
            "a number is out of range (record 1, line 1, column 6)",
            "{\"id\":9007199254740993}",
            "there are bytes here that the charset UTF-8 does not have (record 3, line 1, column 7)",
            "an object was expected, and this is a number (record 4, line 1, column 1)",
        ]
    );
    for text in ["[{\"a\":NaN}]", "[{\"a\":1}", "[{},]", "[{}] x", "[{} {}]", "{\"a\":1", "tru", "[{\"a\":1,}]"] {
        assert!(matches!(refused(&json, text.as_bytes()), FileProblem::Json(_)), "{text}");
    }
    assert_eq!(refused(&json, b"12"), FileProblem::NotRecords("a number"));
    let lines = read(&spec(Format::NdJson), b"{\"a\":NaN}\n{\"a\":1}\n");
    assert!(lines[0].starts_with("expected a value") && lines[1] == "{\"a\":1}", "{lines:?}");
}

#[test]
fn d07_xml_has_no_document_type_no_entities_and_bounds() {
    let text = spec(Format::XmlText);
    let laughs = b"<!DOCTYPE l [<!ENTITY a \"x\"><!ENTITY b \"&a;&a;\">]><r><v><a>&b;</a></v></r>";
    assert_eq!(refused(&text, laughs), FileProblem::DocumentType);
    let outside = b"<!DOCTYPE r SYSTEM \"file:///etc/passwd\"><r/>";
    assert_eq!(refused(&text, outside), FileProblem::DocumentType);
    let entity = read(&text, b"<r><v><a>&x;</a></v><v><a>1</a></v></r>");
    assert_eq!(entity, ["the entity \"x\" means nothing (record 0, line 1, column 1)", "{\"a\":\"1\"}"]);
    let deep = format!("<r>{}{}</r>", "<v>".repeat(100), "</v>".repeat(100));
    assert!(matches!(refused(&text, deep.as_bytes()), FileProblem::Xml(_)));
    let many: String = (0..5_000).map(|n| format!(" a{n}='1'")).collect();
    let found = read(&spec(Format::XmlAttributes), format!("<r><v{many}/><v a='1'/></r>").as_bytes());
    assert!(found[0].contains("more than 2000 values") && found[1] == "{\"a\":\"1\"}", "{found:?}");
    let millions = format!("<r><v{}/></r>", " a='1'".repeat(1_000_000));
    assert!(matches!(refused(&spec(Format::XmlAttributes), millions.as_bytes()), FileProblem::RecordTooLong(_)));
    for broken in ["<r>", "<r></v>", "<r/><r/>", "x", "<r/>x", "<r><v a=1></r>"] {
        let attributes = told(&spec(Format::XmlAttributes), Input::stream(broken.as_bytes()), Limits::default());
        assert!(attributes.1.is_some() || attributes.0.iter().any(|line| line.contains("attributes")), "{broken}");
    }
}

#[test]
fn d08_archives_are_refused_by_name_and_never_unpacked() {
    for (bytes, name) in [
        (&b"PK\x03\x04rest"[..], "zip"),
        (b"\x1f\x8b\x08rest", "gzip"),
        (b"7z\xbc\xaf\x27\x1crest", "7z"),
        (b"Rar!\x1a\x07\x00", "rar"),
        (b"\xfd7zXZ\x00", "xz"),
        (b"\x28\xb5\x2f\xfdrest", "zstd"),
    ] {
        for format in [Format::Csv, Format::Json, Format::XmlText, Format::Tsv] {
            assert_eq!(refused(&spec(format), bytes), FileProblem::Archive(name));
        }
    }
}

#[test]
fn d09_bytes_that_mean_nothing_fail_their_record_and_are_never_replaced() {
    let invalid = read(&csv(), b"id,name\n1,J\xfcrgen\n2,ok\n3,\xc0\xaf\n");
    assert_eq!(
        invalid,
        [
            "there are bytes here that the charset UTF-8 does not have (record 0, line 2, column 4)",
            r#"{"id":"2","name":"ok"}"#,
            "there are bytes here that the charset UTF-8 does not have (record 2, line 4, column 3)",
        ]
    );
    let latin = FileSpec { charset: charset_name("Cp1252"), ..spec(Format::Tsv) };
    assert_eq!(read(&latin, b"id\tname\n1\tJ\xfcrgen \x80\n"), [r#"{"id":"1","name":"Jürgen €"}"#]);
    assert_eq!(read(&csv(), "\u{feff}id\n1\n".as_bytes()), [r#"{"id":"1"}"#]);
    let wide: Vec<u8> = "\u{feff}id\nä\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let found = FileProblem::OtherCharset { declared: "UTF-8", found: "UTF-16LE" };
    assert_eq!(refused(&csv(), &wide), found);
    let declared = FileSpec { charset: charset_name("utf-16"), ..csv() };
    assert_eq!(read(&declared, &wide), [r#"{"id":"ä"}"#]);
    let mut broken = wide;
    broken.extend([0x00, 0xd8, b'x', 0, b'\n', 0]);
    let found = read(&declared, &broken);
    assert!(found[1].contains("charset UTF-16LE does not have"), "{found:?}");
    let multibyte = FileSpec { charset: charset_name("Shift_JIS"), ..csv() };
    let found = read(&multibyte, b"id,name\n1,\x83\x65\n2,\xfd\n");
    assert!(found[0].contains("テ") && found[1].contains("Shift_JIS does not have"), "{found:?}");
}

#[test]
fn d15_a_line_without_end_and_a_file_without_end_meet_a_typed_limit() {
    let endless = |first: &'static [u8]| Input::stream(Read::chain(first, std::io::repeat(b'x')));
    let limits = Limits { file_bytes: 8 << 20, ..Limits::default() };
    for (format, first) in [
        (Format::Tsv, &b"id\n1\n"[..]),
        (Format::Csv, b"id\n1\n"),
        (Format::Json, b"[{\"a\":\""),
        (Format::NdJson, b"{}\n{\"a\":\""),
        (Format::XmlText, b"<r><v><a>"),
        (Format::XmlAttributes, b"<r><v a='"),
    ] {
        let error = told(&spec(format), endless(first), limits).1.expect("there is no end");
        assert_eq!(error.problem, FileProblem::RecordTooLong(1 << 20), "{}", format.word());
    }
    // A quotation mark that is never closed costs its record, however much follows.
    let mut text = b"id,name\n1,\"".to_vec();
    text.extend(b"x,y\n".repeat(1 << 16));
    let held = Limits { record_bytes: 64 << 10, ..limits };
    let (found, error) = told(&csv(), Input::stream(Cursor::new(text)), held);
    assert_eq!((found.len(), error), (1 << 16, None));
    let many = Limits { records: 2, ..Limits::default() };
    assert_eq!(
        told(&csv(), Input::stream(&b"a\n1\n2\n3\n"[..]), many).1.unwrap().problem,
        FileProblem::TooManyRecords(2)
    );
    let short = Limits { file_bytes: 4, ..Limits::default() };
    assert_eq!(told(&csv(), Input::stream(&b"a\n1\n2\n3\n"[..]), short).1.unwrap().problem, FileProblem::TooLong(4));
}

#[test]
fn d18_long_values_fail_their_record_and_null_is_a_word_like_any_other() {
    let long = format!("id,name\n1,{}\n2,NULL\n", "x".repeat(300 << 10));
    let found = read(&csv(), long.as_bytes());
    assert!(found[0].contains("longer than 262144 bytes"), "{}", &found[0][..80]);
    assert_eq!(found[1], r#"{"id":"2","name":"NULL"}"#);
}
