//! Plain tables for a terminal: columns as wide as their widest cell, by what is seen and not by bytes.

use unicode_width::UnicodeWidthStr;

/// The widest a cell gets; longer texts end in an ellipsis.
const WIDEST: usize = 44;

/// Rows under headings, as text.
pub fn table(headings: &[&str], rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| fit(cell)).collect()).collect();
    let widths: Vec<usize> = (0..headings.len())
        .map(|column| {
            let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width());
            cells.chain([headings[column].width()]).max().unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    let headings: Vec<String> = headings.iter().map(|heading| (*heading).to_owned()).collect();
    for row in std::iter::once(&headings).chain(&rows) {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.push_str(&" ".repeat(width - cell.width() + 2));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Prints a list: as JSON, one object per line, or as a table; or says that there is nothing in it.
pub fn print<T>(
    json: bool,
    items: &[T],
    (nothing, heads): (&str, &[&str]),
    (cells, object): (impl Fn(&T) -> Vec<String>, impl Fn(&T) -> serde_json::Value),
) {
    if json {
        items.iter().for_each(|item| println!("{}", object(item)));
    } else if items.is_empty() {
        eprintln!("{nothing}");
    } else {
        print!("{}", table(heads, &items.iter().map(cells).collect::<Vec<_>>()));
    }
}

/// A text from outside as one line without control characters, cut to what a cell holds.
fn fit(cell: &str) -> String {
    let clean: String = cell.chars().map(|c| if c.is_control() || is_direction(c) { ' ' } else { c }).collect();
    let clean = clean.trim_end();
    if clean.width() <= WIDEST {
        return clean.to_owned();
    }
    let mut cut = String::new();
    for c in clean.chars() {
        if cut.width() + 1 >= WIDEST {
            break;
        }
        cut.push(c);
    }
    cut.push('…');
    cut
}

/// Characters that turn the direction of what follows.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_in_any_script_and_hostile_text_stays_in_its_cell() {
        let rows =
            [vec!["王秀英".to_owned(), "a@b".to_owned()], vec!["Ines\u{1b}[31m\u{202e}x\n".to_owned(), "c".to_owned()]];
        let text = table(&["name", "email"], &rows);
        assert_eq!(text, "name         email\n王秀英       a@b\nInes [31m x  c\n");
    }

    #[test]
    fn a_long_cell_is_cut_where_it_can_be_seen() {
        let text = table(&["name"], &[vec!["x".repeat(100)]]);
        assert!(text.lines().nth(1).unwrap().ends_with('…'));
        assert!(text.lines().all(|line| line.width() <= WIDEST));
    }
}
