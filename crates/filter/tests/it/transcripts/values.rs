//! Transcripts of what is said about values: text, what was understood of it, what is said.

pub(super) const CASES: &[(&str, &str, &str)] = &[
    (
        "lastActive IN (-90d, -30d)",
        "",
        r#"
error: lastActive is a date and cannot be asked with IN.
  lastActive IN (-90d, -30d)
             ^^
  lastActive takes >=, <, <=, >, =, !=, IS EMPTY, IS NOT EMPTY.
"#,
    ),
    (
        r#"group:"jira users" mfa"#,
        r#"group = "jira users" AND mfa = yes"#,
        r#"
warning: There is no group jira users here.
  group:"jira users" mfa
  ^^^^^^^^^^^^^^^^^^
  Did you mean jira-users?
warning: group: is read as group = "jira users".
  group:"jira users" mfa
  ^^^^^^^^^^^^^^^^^^
  Write group = "jira users".
"#,
    ),
    (
        "status: mfa",
        "mfa = yes",
        r#"
error: status: has no value.
  status: mfa
  ^^^^^^^
  Write for example status = active.
"#,
    ),
    (
        "status = AND mfa",
        "mfa = yes",
        r#"
error: status = has no value.
  status = AND mfa
         ^
  Write for example status = active.
"#,
    ),
    (
        "groupCount > 2.5",
        "",
        r#"
error: 2.5 is no whole number.
  groupCount > 2.5
               ^^^
  Write digits alone, as in 12.
"#,
    ),
    (
        "inactiveFor >= long",
        "",
        r#"
error: long is no length of time.
  inactiveFor >= long
                 ^^^^
  Write a number and a unit: 12h, 90d, 3w, 6M or 1y.
"#,
    ),
    (
        "inactiveFor >= 90",
        "inactiveFor >= 90d",
        r#"
warning: 90 has no unit and is read as days.
  inactiveFor >= 90
                 ^^
  Write 90d.
"#,
    ),
    (
        "inactiveFor >= 6m",
        "inactiveFor >= 6M",
        r#"
warning: 6m is read as months; minutes are not counted.
  inactiveFor >= 6m
                 ^^
  Write 6M.
"#,
    ),
    (
        "lastActive < -6m",
        "lastActive < -6M",
        r#"
warning: -6m is read as months; minutes are not counted.
  lastActive < -6m
               ^^^
  Write -6M.
"#,
    ),
    (
        "added >= -200y",
        "",
        r#"
error: 200y is more than a hundred years.
  added >= -200y
           ^^^^^
  Write a shorter time, or IS NOT EMPTY for any date.
"#,
    ),
    (
        "added >= yesterday",
        "",
        r#"
error: yesterday is no date.
  added >= yesterday
           ^^^^^^^^^
  Did you mean startOfDay(-1d)?
"#,
    ),
    (
        "added >= 01.03.2026",
        "",
        r#"
error: 01.03.2026 is no date.
  added >= 01.03.2026
           ^^^^^^^^^^
  Write 2026-03-01, 2026-03, 2026-03-01T10:30, -90d for 90 days ago, now() or startOfMonth().
"#,
    ),
    (
        "added >= 90d",
        "",
        r#"
error: 90d is a length of time, not a date.
  added >= 90d
           ^^^
  Write -90d for so long ago, or +90d for so long from now.
"#,
    ),
    (
        "added >= 2026-02-30",
        "",
        r#"
error: There is no 2026-02-30 in the calendar.
  added >= 2026-02-30
           ^^^^^^^^^^
  Write year, month and day, as in 2026-03-01.
"#,
    ),
    (
        "added >= startOfMoth()",
        "",
        r#"
error: There is no function startOfMoth().
  added >= startOfMoth()
           ^^^^^^^^^^^^^
  Did you mean startOfMonth()?
"#,
    ),
    (
        "added >= today()",
        "",
        r#"
error: There is no function today().
  added >= today()
           ^^^^^^^
  There are now(), and startOf...() and endOf...() of Day, Week, Month and Year. Put quotation marks around a text with parentheses.
"#,
    ),
    (
        "added >= startOfMonth(soon)",
        "",
        r#"
error: soon does not say how far.
  added >= startOfMonth(soon)
                       ^^^^^^
  In the parentheses may stand one way forward or back, as in startOfMonth(-1M); nothing in now().
"#,
    ),
    (
        "added >= now(-1d)",
        "",
        r#"
error: -1d does not say how far.
  added >= now(-1d)
              ^^^^^
  In the parentheses may stand one way forward or back, as in startOfMonth(-1M); nothing in now().
"#,
    ),
    (
        "mfa = maybe",
        "",
        r#"
error: mfa is yes or no, not maybe.
  mfa = maybe
        ^^^^^
  Write mfa = yes or mfa = no.
"#,
    ),
    (
        "status = actve",
        "",
        r#"
error: status is never actve.
  status = actve
           ^^^^^
  Did you mean active?
"#,
    ),
    (
        "status IN (active, gone)",
        "status IN (active)",
        r#"
error: status is never gone.
  status IN (active, gone)
                     ^^^^
  It can be active, suspended, deactivated, not_invited.
"#,
    ),
    (
        "group = jira-usres",
        "group = jira-usres",
        r#"
warning: There is no group jira-usres here.
  group = jira-usres
          ^^^^^^^^^^
  Did you mean jira-users?
"#,
    ),
    (
        "group = marketing",
        "group = marketing",
        r#"
warning: There is no group marketing here.
  group = marketing
          ^^^^^^^^^
  Look the group up, or write ~ to find names that contain the text.
"#,
    ),
    (
        "lastActive(jria) < -90d",
        "lastActive(jria) < -90d",
        r#"
warning: There is no app jria here.
  lastActive(jria) < -90d
             ^^^^
  Did you mean jira?
"#,
    ),
    (
        "role(jira) = admin",
        "",
        r#"
error: role is never admin.
  role(jira) = admin
               ^^^^^
  It can be user, org-admin.
"#,
    ),
    (
        "name = foo(bar)",
        "",
        r#"
error: foo(bar) cannot stand here as it is.
  name = foo(bar)
         ^^^^^^^^
  Put quotation marks around a value that holds signs or parentheses.
"#,
    ),
    (
        "name = <b>",
        "",
        r#"
error: < cannot stand here as it is.
  name = <b>
         ^
  Put quotation marks around a value that holds signs or parentheses.
error: There is no field before >.
  name = <b>
           ^
  Write the field first, as in name ~ ines, or put quotation marks around the text.
"#,
    ),
    (
        "group = jira users",
        "group = jira AND users",
        r#"
warning: There is no group jira here.
  group = jira users
          ^^^^
  Look the group up, or write ~ to find names that contain the text.
warning: users is searched for as a word of its own.
  group = jira users
               ^^^^^
  Write "jira users" if both are one value, or AND before users.
"#,
    ),
    (
        r#"name ~ "ines"#,
        "name ~ ines",
        r#"
warning: This quotation is not closed and is read to the end.
  name ~ "ines
         ^^^^^
  Put a closing quotation mark behind it.
"#,
    ),
    (
        "status IS",
        "",
        r#"
error: IS asks only whether there is a value.
  status IS
         ^^
  Write status IS EMPTY or status IS NOT EMPTY.
"#,
    ),
    (
        "lastActive IS -90d",
        "lastActive = -90d",
        r#"
warning: IS asks only whether there is a value; read as lastActive = -90d.
  lastActive IS -90d
             ^^^^^^^
  Write = for a value, IS EMPTY for none.
"#,
    ),
    (
        "status IS NOT active",
        "status != active",
        r#"
warning: IS asks only whether there is a value; read as status != active.
  status IS NOT active
         ^^^^^^^^^^^^^
  Write = for a value, IS EMPTY for none.
"#,
    ),
    (
        "group IN jira-users",
        "group IN (jira-users)",
        r#"
warning: IN is read with this value alone.
  group IN jira-users
        ^^
  Write IN (a, b).
"#,
    ),
    (
        r#"group IN (jira-users "jira admins")"#,
        r#"group IN (jira-users, "jira admins")"#,
        r#"
warning: "jira admins" is read as a value of its own.
  group IN (jira-users "jira admins")
                       ^^^^^^^^^^^^^
  Put a comma between values, or quotation marks around a value of several words.
"#,
    ),
    (
        "group IN ()",
        "",
        r#"
error: IN has no values.
  group IN ()
        ^^
  Write IN (a, b).
"#,
    ),
    (
        "group IN",
        "",
        r#"
error: IN has no values.
  group IN
        ^^
  Write IN (a, b).
"#,
    ),
];
