//! The rows of a sheet: cells by their letters, shared texts, and numbers that stand for days. Every value is a text, as in
//! any table; a day is written 2026-03-01, a moment 2026-03-01T09:30:00.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::ToSpan;
use jiff::civil::date;

use super::columns::{Wanted, header};
use super::limits::Limits;
use super::problem::{FileError, FileProblem, RecordProblem, Remark};
use super::reader::{Bad, Step};
use super::xml_stream::{Element, XmlEvent, XmlStream};
use crate::json::Number;
use crate::record::{Body, Header, Record, RecordRemark, Row};

/// Texts that cells share: one after the other, and where each ends.
#[derive(Default)]
pub(super) struct Shared {
    text: String,
    ends: Vec<usize>,
}

impl Shared {
    pub(super) fn read(mut stream: XmlStream<'_>, most: usize) -> Result<Shared, FileProblem> {
        let mut shared = Shared::default();
        let (mut depth, mut item, mut told, mut spoken) = (0, 0, 0, 0);
        loop {
            match stream.next().map_err(|error| error.problem)? {
                XmlEvent::Open(element) => {
                    depth += 1;
                    match element.name.as_str() {
                        "si" => item = depth,
                        "t" => told = depth,
                        // How a name is spoken is no part of it.
                        "rPh" => spoken = depth,
                        _ => {}
                    }
                }
                XmlEvent::Text(text) if told > 0 && spoken == 0 && item > 0 => {
                    shared.text.push_str(&text);
                    if shared.text.len() + shared.ends.len() * size_of::<usize>() > most {
                        return Err(FileProblem::Workbook(format!("its shared texts are longer than {most} bytes")));
                    }
                }
                XmlEvent::Close => {
                    if depth == item {
                        shared.ends.push(shared.text.len());
                        item = 0;
                        stream.renew();
                    }
                    told = if depth == told { 0 } else { told };
                    spoken = if depth == spoken { 0 } else { spoken };
                    depth -= 1;
                }
                XmlEvent::End => return Ok(shared),
                XmlEvent::Text(_) | XmlEvent::Wrong(_) => {}
            }
        }
    }

    fn get(&self, at: usize) -> Option<&str> {
        let begin = if at == 0 { 0 } else { *self.ends.get(at - 1)? };
        self.text.get(begin..*self.ends.get(at)?)
    }
}

/// Which formats of cells show days.
#[derive(Default)]
pub(super) struct Formats {
    days: Vec<bool>,
    from_1904: bool,
}

impl Formats {
    pub(super) fn read(mut stream: XmlStream<'_>, from_1904: bool) -> Result<Formats, FileProblem> {
        let mut own: BTreeMap<u32, bool> = BTreeMap::new();
        let mut formats = Formats { days: Vec::new(), from_1904 };
        let (mut depth, mut list) = (0, 0);
        loop {
            stream.renew();
            match stream.next().map_err(|error| error.problem)? {
                XmlEvent::Open(Element { name, attributes }) => {
                    depth += 1;
                    let attributes = attributes.unwrap_or_default();
                    let of = |name: &str| {
                        attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
                    };
                    let number = of("numFmtId").and_then(|number| number.parse().ok()).unwrap_or(0);
                    match name.as_str() {
                        "numFmt" => drop(own.insert(number, shows_day(of("formatCode").unwrap_or_default()))),
                        "cellXfs" => list = depth,
                        "xf" if list > 0 && formats.days.len() < 100_000 => {
                            let built_in = matches!(number, 14..=22 | 27..=36 | 45..=47 | 50..=58);
                            formats.days.push(own.get(&number).copied().unwrap_or(built_in));
                        }
                        _ => {}
                    }
                }
                XmlEvent::Close => {
                    list = if depth == list { 0 } else { list };
                    depth -= 1;
                }
                XmlEvent::End => return Ok(formats),
                XmlEvent::Text(_) | XmlEvent::Wrong(_) => {}
            }
        }
    }

    /// A number as its cell's format shows it.
    fn show(&self, number: &str, format: Option<&str>) -> String {
        let value = number.trim().parse::<f64>().ok();
        let day =
            format.and_then(|format| format.parse::<usize>().ok()).is_some_and(|at| self.days.get(at) == Some(&true));
        let shown = value.and_then(|value| if day { self.moment(value) } else { None });
        shown
            .or_else(|| value.and_then(Number::of).map(|number| number.text().to_owned()))
            .unwrap_or_else(|| number.to_owned())
    }

    /// The day, or moment, that a number of days stands for.
    fn moment(&self, days: f64) -> Option<String> {
        if !(0.0..3_000_000.0).contains(&days) {
            return None;
        }
        // The first spreadsheet took 1900 for a leap year; from its March on this is the day before counting began.
        let begin = if self.from_1904 { date(1904, 1, 1) } else { date(1899, 12, 30) };
        let seconds = (days * 86_400.0).round() as i64;
        let moment = begin.at(0, 0, 0, 0).checked_add(seconds.seconds()).ok()?;
        Some(if seconds % 86_400 == 0 { moment.date().to_string() } else { moment.to_string() })
    }
}

/// Whether a format shows a day or a time: it has such a letter outside quotation marks and brackets.
fn shows_day(code: &str) -> bool {
    let (mut quoted, mut bracket, mut escaped) = (false, false, false);
    code.chars().any(|c| {
        if std::mem::take(&mut escaped) {
            return false;
        }
        match c {
            '\\' | '_' | '*' => escaped = true,
            '"' => quoted = !quoted,
            '[' if !quoted => bracket = true,
            ']' => bracket = false,
            'y' | 'Y' | 'm' | 'M' | 'd' | 'D' | 'h' | 'H' if !quoted && !bracket => return true,
            _ => {}
        }
        false
    })
}

pub(super) struct Sheet<'a> {
    stream: XmlStream<'a>,
    shared: Shared,
    formats: Formats,
    header: Arc<Header>,
    most: usize,
    value_bytes: usize,
    /// The number of the row read last.
    row: u64,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(stream: XmlStream<'a>, shared: Shared, formats: Formats, limits: &Limits) -> Sheet<'a> {
        let (most, value_bytes) = (limits.columns, limits.value_bytes);
        Sheet { stream, shared, formats, header: Arc::default(), most, value_bytes, row: 0 }
    }

    /// Reads the name row.
    pub(super) fn name_row(&mut self, wanted: &Wanted) -> Result<Vec<Remark>, FileError> {
        let at = |problem| FileError { line: 1, problem };
        let names = loop {
            match self.cells()? {
                Some(Ok(cells)) if cells.iter().all(String::is_empty) => {}
                Some(Ok(cells)) => break cells,
                Some(Err(_)) | None => return Err(at(FileProblem::NoNameRow)),
            }
        };
        let (header, remarks) = header(names, wanted, self.most).map_err(at)?;
        self.header = Arc::new(header);
        Ok(remarks)
    }

    pub(super) fn next(&mut self, record: &mut Record) -> Result<Step, FileError> {
        loop {
            let cells = match self.cells()? {
                None => return Ok(Step::End),
                Some(Ok(cells)) if cells.iter().all(String::is_empty) => continue,
                Some(cells) => cells,
            };
            record.line = self.row;
            record.remark = None;
            let mut row = Row::below(Arc::clone(&self.header));
            return Ok(match cells {
                Err(problem) => Step::Bad(Bad { line: self.row, column: 1, excerpt: String::new(), problem }),
                Ok(cells) => {
                    for (column, cell) in cells.iter().enumerate() {
                        if column < self.header.names.len() {
                            row.push(cell);
                            row.end_value();
                        } else if !cell.is_empty() {
                            record.remark = Some(RecordRemark::MoreValues);
                        }
                    }
                    record.body = Body::Row(row);
                    Step::Record
                }
            });
        }
    }

    /// The cells of the next row; none at the end.
    fn cells(&mut self) -> Result<Option<Result<Vec<String>, RecordProblem>>, FileError> {
        loop {
            self.stream.renew();
            match self.stream.next()? {
                XmlEvent::Open(element) if element.name == "row" => {
                    let number = attribute(&element, "r").and_then(|number| number.parse().ok());
                    self.row = number.unwrap_or(self.row + 1);
                    return self.row_cells().map(Some);
                }
                XmlEvent::End => return Ok(None),
                _ => {}
            }
        }
    }

    fn row_cells(&mut self) -> Result<Result<Vec<String>, RecordProblem>, FileError> {
        let mut cells: Vec<String> = Vec::new();
        let mut problem = None;
        loop {
            match self.stream.next()? {
                XmlEvent::Open(element) => {
                    let column = attribute(&element, "r").and_then(column_of).unwrap_or(cells.len());
                    match self.cell(&element)? {
                        Ok(value) if value.len() > self.value_bytes => {
                            problem = problem.or(Some(RecordProblem::ValueTooLong(self.value_bytes)));
                        }
                        Ok(_) if column >= self.most => {
                            problem = problem.or(Some(RecordProblem::TooManyValues(self.most)))
                        }
                        Ok(value) => {
                            if cells.len() <= column {
                                cells.resize(column + 1, String::new());
                            }
                            cells[column] = value;
                        }
                        Err(wrong) => problem = problem.or(Some(wrong)),
                    }
                }
                XmlEvent::Close | XmlEvent::End => return Ok(problem.map_or(Ok(cells), Err)),
                XmlEvent::Text(_) | XmlEvent::Wrong(_) => {}
            }
        }
    }

    /// The value of a cell whose element was opened, up to its end.
    fn cell(&mut self, cell: &Element) -> Result<Result<String, RecordProblem>, FileError> {
        let kind = attribute(cell, "t").unwrap_or("n").to_owned();
        let format = attribute(cell, "s").map(str::to_owned);
        let mut text = String::new();
        let mut wrong = None;
        let (mut depth, mut told, mut spoken) = (1, 0, 0);
        while depth > 0 {
            match self.stream.next()? {
                XmlEvent::Open(element) => {
                    depth += 1;
                    match element.name.as_str() {
                        "v" | "t" => told = depth,
                        "rPh" => spoken = depth,
                        _ => {}
                    }
                }
                XmlEvent::Text(piece) if told > 0 && spoken == 0 => text.push_str(&piece),
                XmlEvent::Text(_) => {}
                XmlEvent::Wrong(problem) => wrong = Some(problem),
                XmlEvent::Close => {
                    told = if depth == told { 0 } else { told };
                    spoken = if depth == spoken { 0 } else { spoken };
                    depth -= 1;
                }
                XmlEvent::End => break,
            }
        }
        if let Some(problem) = wrong {
            return Ok(Err(problem));
        }
        Ok(match kind.as_str() {
            _ if text.is_empty() => Ok(text),
            "s" => match text.trim().parse().ok().and_then(|at| self.shared.get(at)) {
                Some(shared) => Ok(shared.to_owned()),
                None => Err(RecordProblem::CellError("of a text that is not in the workbook".to_owned())),
            },
            "b" => Ok(if text.trim() == "1" { "true" } else { "false" }.to_owned()),
            "e" => Err(RecordProblem::CellError(text.chars().take(40).collect())),
            "n" => Ok(self.formats.show(&text, format.as_deref())),
            _ => Ok(text),
        })
    }
}

fn attribute<'e>(element: &'e Element, name: &str) -> Option<&'e str> {
    let attributes = element.attributes.as_ref().ok()?;
    attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// The column of a place such as `AB12`, from 0.
fn column_of(place: &str) -> Option<usize> {
    let letters = place.bytes().take_while(u8::is_ascii_uppercase);
    let column = letters.take(4).fold(0, |column, letter| column * 26 + usize::from(letter - b'A') + 1);
    column.checked_sub(1)
}
