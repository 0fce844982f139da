-- status = active
p.status = 'active'

-- okafor
{both okafor}

-- "ines okafor"
{both ines okafor}

-- email ~ "ines.okafor"
{email ines.okafor}

-- bots AND status != active
{both bots} AND p.status <> 'active'

-- inactiveFor >= 90d
(p.last_active <= {-90d} OR (p.last_active IS NULL AND p.activity_read = 1 AND p.added_at <= {-90d}))

-- inactiveFor(confluence) >= 90d
(EXISTS (SELECT 1 FROM last_used u WHERE u.app = 'confluence' AND u.account = p.ordinal AND u.at <= {-90d})
 OR (p.activity_read = 1 AND p.added_at <= {-90d}
     AND EXISTS (SELECT 1 FROM access a WHERE a.account = p.ordinal AND a.app = 'confluence')
     AND NOT EXISTS (SELECT 1 FROM last_used u WHERE u.app = 'confluence' AND u.account = p.ordinal)))

-- seat = confluence AND inactiveFor(confluence) >= 90d
EXISTS (SELECT 1 FROM seats s WHERE s.account = p.ordinal AND s.app = 'confluence')
AND (EXISTS (SELECT 1 FROM last_used u WHERE u.app = 'confluence' AND u.account = p.ordinal AND u.at <= {-90d})
     OR (p.activity_read = 1 AND p.added_at <= {-90d}
         AND NOT EXISTS (SELECT 1 FROM last_used u WHERE u.app = 'confluence' AND u.account = p.ordinal)))

-- seat = jira AND inactiveFor(jira) >= 6M AND NOT group = keepers
EXISTS (SELECT 1 FROM seats s WHERE s.account = p.ordinal AND s.app = 'jira-software')
AND (EXISTS (SELECT 1 FROM last_used u WHERE u.app = 'jira-software' AND u.account = p.ordinal AND u.at <= {-6M})
     OR (p.activity_read = 1 AND p.added_at <= {-6M}
         AND NOT EXISTS (SELECT 1 FROM last_used u WHERE u.app = 'jira-software' AND u.account = p.ordinal)))
AND NOT EXISTS (SELECT 1 FROM memberships m JOIN teams g ON g.ordinal = m.team
                WHERE m.account = p.ordinal AND g.folded_name = 'keepers')

-- seat = confluence@acme AND neverActive(confluence@acme) = yes
EXISTS (SELECT 1 FROM seats s WHERE s.account = p.ordinal AND s.app = 'confluence' AND s.site = 'acme')
AND p.activity_read = 1
AND NOT EXISTS (SELECT 1 FROM activity c WHERE c.account = p.ordinal AND c.app = 'confluence' AND c.site = 'acme')

-- neverActive = yes AND seats > 0 AND added < -30d
p.last_active IS NULL AND p.activity_read = 1 AND p.seats > 0 AND p.added_at < {-30d}

-- app = jira AND app != confluence ORDER BY lastActive(jira) DESC, name
EXISTS (SELECT 1 FROM access a WHERE a.account = p.ordinal AND a.app = 'jira-software')
AND NOT EXISTS (SELECT 1 FROM access a WHERE a.account = p.ordinal AND a.app = 'confluence')
LEFT JOIN last_used o ON o.app = 'jira-software' AND o.account = p.ordinal
ORDER BY o.at DESC NULLS LAST, p.folded_name, p.ordinal

-- app IN (jira, confluence) AND site = acme AND claim = external
p.claim = 'unmanaged'
AND EXISTS (SELECT 1 FROM access a WHERE a.account = p.ordinal AND a.app IN ('jira-software', 'confluence'))
AND EXISTS (SELECT 1 FROM access a WHERE a.account = p.ordinal AND a.site = 'acme')

-- domain = partner-7.example AND status = active
p.domain = 'partner-7.example' AND p.status = 'active'

-- domain NOT IN (acme.example, acme-group.example) AND seats >= 2
p.domain NOT IN ('acme.example', 'acme-group.example') AND p.seats >= 2

-- group = jira-users AND group != confluence-users
EXISTS (SELECT 1 FROM memberships m JOIN teams g ON g.ordinal = m.team
        WHERE m.account = p.ordinal AND g.folded_name = 'jira-users')
AND NOT EXISTS (SELECT 1 FROM memberships m JOIN teams g ON g.ordinal = m.team
                WHERE m.account = p.ordinal AND g.folded_name = 'confluence-users')

-- group ~ admin
p.ordinal IN (SELECT m.account FROM teams g JOIN memberships m ON m.team = g.ordinal WHERE g.folded_name LIKE '%admin%')

-- group IN (team-1, team-2, team-3, team-5, team-8) AND status = active
p.ordinal IN (SELECT m.account FROM teams g JOIN memberships m ON m.team = g.ordinal
              WHERE g.folded_name IN ('team-1', 'team-2', 'team-3', 'team-5', 'team-8'))
AND p.status = 'active'

-- groupCount = 0
p.team_count = 0

-- groupCount > 10 AND seats = 0
p.team_count > 10 AND p.seats = 0

-- platformRole IS NOT EMPTY AND mfa = no
p.ordinal IN (SELECT r.account FROM platform_roles r) AND p.mfa = 0

-- role(jira-service-management) = customer
p.ordinal IN (SELECT a.account FROM access a WHERE a.app = 'jira-servicedesk' AND a.role = 'atlassian/customer')

-- accessVia(confluence) = direct
p.ordinal IN (SELECT a.account FROM access a WHERE a.app = 'confluence' AND a.way = 'direct')

-- lastActive < -180d OR neverActive = yes ORDER BY lastActive(confluence) DESC
(p.last_active < {-180d} OR (p.last_active IS NULL AND p.activity_read = 1))
LEFT JOIN last_used o ON o.app = 'confluence' AND o.account = p.ordinal
ORDER BY o.at DESC NULLS LAST, p.ordinal DESC

-- lastActive(jira) >= startOfMonth() AND lastActive(confluence) IS EMPTY
p.ordinal IN (SELECT u.account FROM last_used u WHERE u.app = 'jira-software' AND u.at >= {startOfMonth})
AND NOT EXISTS (SELECT 1 FROM last_used u WHERE u.app = 'confluence' AND u.account = p.ordinal)

-- activityKnown = no
p.activity_read = 0

-- added >= -30d AND neverSignedIn = yes
p.added_at >= {-30d} AND p.verified = 0 AND p.activity_read = 1 AND p.last_active IS NULL

-- jobTitle ~ engineer AND department IN (Finance, Legal) AND status = active
p.job_title LIKE '%engineer%' AND p.department IN ('finance', 'legal') AND p.status = 'active'

-- claim = managed AND accountStatus = inactive AND seats > 0
p.claim = 'managed' AND p.account_status = 'inactive' AND p.seats > 0

-- NOT (status = active OR status = suspended) AND (group ~ contractors OR domain ~ partner) AND lastActive < 2026-01-01
p.status NOT IN ('active', 'suspended')
AND (p.domain LIKE '%partner%'
     OR EXISTS (SELECT 1 FROM memberships m JOIN teams g ON g.ordinal = m.team
                WHERE m.account = p.ordinal AND g.folded_name LIKE '%contractors%'))
AND p.last_active < {2026-01-01}
