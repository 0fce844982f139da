//! Deliveries of a feed: a table of twenty columns whose people change from night to night, the same people as JSON, and
//! the control file that reads either. Everything follows from a person's number, so that a night needs no memory.

use std::fmt::Write as _;
use std::io::{BufWriter, Write};
use std::path::Path;

use serde_json::{Value, json};

/// The columns of a table, the username first and the group's code fifth.
pub(crate) const COLUMNS: [&str; 20] = [
    "id",
    "first",
    "last",
    "mail",
    "class",
    "title",
    "department",
    "room",
    "phone",
    "building",
    "manager",
    "grade",
    "contract",
    "begin",
    "cost",
    "campus",
    "employer",
    "card",
    "language",
    "note",
];

/// What the files of one feed hold, night by night.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nights {
    /// People of the first night.
    pub(crate) people: u32,
}

/// What a night has brought, against the night before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) new: u64,
    pub(crate) gone: u64,
    pub(crate) changed: u64,
}

impl Nights {
    /// Who is there: in the second night 0.5 % are gone and 0.5 % are new, in the third they stay.
    fn present(self, night: u32) -> impl Iterator<Item = u32> {
        let new = if night == 0 { 0 } else { self.people / 200 };
        (0..self.people + new).filter(move |person| night == 0 || *person >= self.people || person % 200 != 7)
    }

    /// Values of a person. In the second night 1 % have another department, in the third others have another room.
    fn values(night: u32, person: u32, values: &mut Vec<String>) {
        // Usernames come in no order, as keys of other systems do; the factor has no divisor in common with the bound.
        let id = u64::from(person) * 7_368_787 % 100_000_007;
        let moved = u32::from(night >= 1 && person % 100 == 3);
        let another = u32::from(night >= 2 && person % 100 == 5);
        values.clear();
        values.extend([
            format!("u{id:08}"),
            format!("First{}", person % 5_000),
            format!("Last{}", person % 70_001),
            format!("U{id:08}@example.org"),
            ["teaching", "office", "research"][person as usize % 3].to_owned(),
            ["Dr", "Prof", "", ""][person as usize % 4].to_owned(),
            format!("Department of Subject {}", person % 240 + moved),
            format!("{}.{:03}", person % 9, person % 411 + another),
            format!("+44 20 7946 {:04}", person % 10_000),
            format!("Building {}", person % 61),
            format!("u{:08}", u64::from(person / 12) * 7_368_787 % 100_000_007),
            format!("Grade {}", person % 11),
            ["permanent", "fixed term", "casual"][person as usize % 3].to_owned(),
            format!("20{:02}-{:02}-{:02}", person % 26, person % 12 + 1, person % 28 + 1),
            format!("C{:05}", person % 3_001),
            ["North", "South", "Harbour"][person as usize % 3].to_owned(),
            "The University".to_owned(),
            format!("{:012}", u64::from(person) * 48_271 % 999_999_999_989),
            ["en", "de", "cy", "fr"][person as usize % 4].to_owned(),
            format!("Note {} on the person", person % 17),
        ]);
    }

    /// Writes a night as comma-separated values; its bytes.
    pub(crate) fn table(self, night: u32, to: &Path) -> u64 {
        let mut file = BufWriter::with_capacity(1 << 20, std::fs::File::create(to).unwrap());
        let (mut line, mut values) = (COLUMNS.join(","), Vec::new());
        line.push('\n');
        file.write_all(line.as_bytes()).unwrap();
        for person in self.present(night) {
            Nights::values(night, person, &mut values);
            line.clear();
            for (place, value) in values.iter().enumerate() {
                write!(line, "{}{value}", if place > 0 { "," } else { "" }).unwrap();
            }
            line.push('\n');
            file.write_all(line.as_bytes()).unwrap();
        }
        file.flush().unwrap();
        std::fs::metadata(to).unwrap().len()
    }

    /// Writes a night as a list of objects; its bytes.
    pub(crate) fn list(self, night: u32, to: &Path) -> u64 {
        let mut file = BufWriter::with_capacity(1 << 20, std::fs::File::create(to).unwrap());
        let (mut before, mut values) = ("[", Vec::new());
        for person in self.present(night) {
            Nights::values(night, person, &mut values);
            let members = COLUMNS.iter().zip(&values).map(|(name, value)| ((*name).to_owned(), value.as_str().into()));
            write!(file, "{before}{}", Value::Object(members.collect())).unwrap();
            before = ",\n";
        }
        file.write_all(b"]\n").unwrap();
        file.flush().unwrap();
        std::fs::metadata(to).unwrap().len()
    }

    /// What a night brings.
    pub(crate) fn difference(self, night: u32) -> Difference {
        let among = |every: u32, place: u32| {
            let gone = |person: &u32| person % 200 != 7;
            (0..self.people).filter(gone).filter(|person| person % every == place).count() as u64
        };
        let newcomers =
            (self.people..self.people + self.people / 200).filter(|person| person % 100 == 5).count() as u64;
        match night {
            1 => Difference {
                new: u64::from(self.people / 200),
                gone: (0..self.people).filter(|person| person % 200 == 7).count() as u64,
                changed: among(100, 3),
            },
            2 => Difference { changed: among(100, 5) + newcomers, ..Difference::default() },
            _ => Difference { new: u64::from(self.people), ..Difference::default() },
        }
    }
}

/// The control file of a feed whose only file is read like this.
pub(crate) fn control(read: &str) -> String {
    let field = |source: &str, destination: &str, name: &str| json!({ "action": "field", "source": source, "destination": destination, "name": name });
    let mut instructions = vec![
        field("id", "user", "username"),
        field("first", "user", "nameFirst"),
        field("last", "user", "nameLast"),
        json!({
            "action": "field", "source": "mail", "destination": "user", "name": "email",
            "filters": ["haplo:to-lower-case"]
        }),
        json!({
            "action": "field", "source": "class", "destination": "user", "name": "groups",
            "mapInputValue": { "teaching": "group:teaching", "office": "group:office" },
            "mapInputValueDefault": "group:others"
        }),
    ];
    instructions.extend(COLUMNS[5..].iter().map(|column| field(column, "profile", &format!("std:{column}"))));
    json!({
        "dataImportControlFileVersion": 0,
        "model": "haplo:user-sync",
        "files": { "users": { "read": read } },
        "instructions": instructions
    })
    .to_string()
}
