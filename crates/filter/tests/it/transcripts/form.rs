//! Transcripts of what is said about the form of a text: text, what was understood of it, what is said.

pub(super) const CASES: &[(&str, &str, &str)] = &[
    (
        r#"name ~ """#,
        "",
        r#"
error: An empty text finds nothing.
  name ~ ""
         ^^
  Write IS EMPTY to find what has no value.
"#,
    ),
    (
        "(mfa OR status = active",
        "mfa = yes OR status = active",
        r#"
warning: This parenthesis is not closed and is read to the end.
  (mfa OR status = active
  ^
  Put a closing parenthesis where it ends.
"#,
    ),
    (
        "mfa) ines",
        "mfa = yes AND ines",
        r#"
error: This parenthesis closes nothing.
  mfa) ines
     ^
  Take it out, or open one before it.
"#,
    ),
    (
        "ines, okafor",
        "ines okafor",
        r#"
error: A comma stands only inside IN (...).
  ines, okafor
      ^
  Write AND or OR, or put quotation marks around a text with a comma.
"#,
    ),
    (
        "mfa AND ()",
        "mfa = yes",
        r#"
error: There is nothing in these parentheses.
  mfa AND ()
          ^^
  Take them out, or write a term into them.
"#,
    ),
    (
        "AND mfa",
        "mfa = yes",
        r#"
error: There is nothing before AND.
  AND mfa
  ^^^
  Write a term on both sides, or "AND" to search for the word.
"#,
    ),
    (
        "OR mfa",
        "mfa = yes",
        r#"
error: There is nothing before OR.
  OR mfa
  ^^
  Write a term on both sides, or "OR" to search for the word.
"#,
    ),
    (
        "mfa AND",
        "mfa = yes",
        r#"
error: There is nothing after AND.
  mfa AND
      ^^^
  Write a term after it, or "AND" to search for the word.
"#,
    ),
    (
        "mfa OR AND ines",
        "mfa = yes OR ines",
        r#"
error: There is nothing after OR.
  mfa OR AND ines
      ^^
  Write a term after it, or "OR" to search for the word.
"#,
    ),
    (
        "NOT",
        "",
        r#"
error: There is nothing after NOT.
  NOT
  ^^^
  Write a term after it, or "NOT" to search for the word.
"#,
    ),
    (
        "works in",
        r#"works "in""#,
        r#"
warning: in is a keyword; here it is searched for as a word.
  works in
        ^^
  Write "in" to search for it, or a field before it.
"#,
    ),
    (
        "-jira",
        r#""-jira""#,
        r#"
warning: -jira is searched for with its minus sign.
  -jira
  ^^^^^
  Write NOT jira to leave out what contains jira.
"#,
    ),
    (
        "status(jira) = active",
        "",
        r#"
error: status takes nothing in parentheses.
  status(jira) = active
        ^^^^^^
  Write status alone.
"#,
    ),
    (
        "mfa ORDER BY",
        "mfa = yes",
        r#"
error: ORDER BY names no field.
  mfa ORDER BY
      ^^^^^^^^
  Write for example ORDER BY name DESC.
"#,
    ),
    (
        "mfa ORDER BY group",
        "mfa = yes",
        r#"
error: Nothing can be ordered by group.
  mfa ORDER BY group
               ^^^^^
  Choose another field.
"#,
    ),
    (
        "ORDER BY name mfa",
        "ORDER BY name",
        r#"
error: ORDER BY comes last; what follows is not read.
  ORDER BY name mfa
                ^^^
  Put terms before ORDER BY and a comma between its fields.
"#,
    ),
];
