//! Transcripts of what is said about fields and operators: text, what was understood of it, what is said.

pub(super) const CASES: &[(&str, &str, &str)] = &[
    (
        "nmae ~ ines",
        "",
        r#"
error: There is no field nmae.
  nmae ~ ines
  ^^^^
  Did you mean name?
"#,
    ),
    (
        "colour = red",
        "",
        r#"
error: There is no field colour.
  colour = red
  ^^^^^^
  Put quotation marks around it to search for it in name and e-mail address.
"#,
    ),
    (
        "email",
        r#""email""#,
        r#"
warning: email is a field; without an operator it is searched for as a word.
  email
  ^^^^^
  Write for example email ~ "@example.test", or "email" to search for the word.
"#,
    ),
    (
        "lastActive(jira) AND mfa",
        "mfa = yes",
        r#"
error: lastActive has no operator.
  lastActive(jira) AND mfa
  ^^^^^^^^^^
  Write for example lastActive(jira) < -90d.
"#,
    ),
    (
        "status % active",
        r#""status" "%" active"#,
        r#"
warning: status is a field; without an operator it is searched for as a word.
  status % active
  ^^^^^^
  Write for example status = active, or "status" to search for the word.
"#,
    ),
    (
        "status >> active",
        "",
        r#"
error: >> is no operator.
  status >> active
         ^^
  status takes =, !=, IN, NOT IN, IS EMPTY, IS NOT EMPTY.
"#,
    ),
    (
        "status == active",
        "status = active",
        r#"
warning: == is read as =.
  status == active
         ^^
  Write =.
"#,
    ),
    (
        "name like ines",
        "name ~ ines",
        r#"
warning: like is read as ~.
  name like ines
       ^^^^
  Write ~.
"#,
    ),
    (
        "name >= ines",
        "",
        r#"
error: name is a text and cannot be asked with >=.
  name >= ines
       ^^
  name takes ~, !~, =, !=, IN, NOT IN, IS EMPTY, IS NOT EMPTY.
"#,
    ),
    (
        "= active",
        "active",
        r#"
error: There is no field before =.
  = active
  ^
  Write the field first, as in name ~ ines, or put quotation marks around the text.
"#,
    ),
    (
        "status:active",
        "status = active",
        r#"
warning: status: is read as status = active.
  status:active
  ^^^^^^^^^^^^^
  Write status = active.
"#,
    ),
    (
        "role = user",
        "",
        r#"
error: role needs its app in parentheses.
  role = user
  ^^^^
  Write role(...) with the app between the parentheses.
"#,
    ),
    (
        "lastActive(jira confluence) < -90d",
        "",
        r#"
error: The parentheses behind lastActive hold one app.
  lastActive(jira confluence) < -90d
            ^^^^^^^^^^^^^^^^^
  Put quotation marks around a name of several words, and write a test for each of several.
"#,
    ),
    (
        "role() = user",
        "",
        r#"
error: role needs its app in parentheses.
  role() = user
  ^^^^
  Write role(...) with the app between the parentheses.
"#,
    ),
    (
        "status NOT = active",
        "",
        r#"
error: NOT behind status goes only with IN.
  status NOT = active
         ^^^
  Write status NOT IN (...), status != ..., or NOT before status.
"#,
    ),
    (
        "mfa ORDER BY nmae DESC",
        "mfa = yes",
        r#"
error: There is no field nmae.
  mfa ORDER BY nmae DESC
               ^^^^
  Did you mean name?
"#,
    ),
    (
        "王秀英 nmae ~ 王",
        "王秀英",
        r#"
error: There is no field nmae.
  王秀英 nmae ~ 王
         ^^^^
  Did you mean name?
"#,
    ),
    (
        "mfa = yes\n  AND nmae ~ ines",
        "mfa = yes",
        r#"
error: There is no field nmae.
    AND nmae ~ ines
        ^^^^
  Did you mean name?
"#,
    ),
    (
        "status = (active, suspended)",
        "status IN (active, suspended)",
        r#"
warning: = is read as IN.
  status = (active, suspended)
         ^
  Write IN.
"#,
    ),
];
