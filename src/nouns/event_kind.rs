//! What can happen: the closed list of kinds, each with its sentence, its outcome, and whose its personal part is. A test
//! compares it with the sources and with docs/audit.md.

/// A kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Its name: `session.started`.
    pub name: &'static str,
    /// What somebody did, to be read behind their name.
    pub sentence: &'static str,
    /// How it came out.
    pub outcome: Outcome,
    /// Whose its personal part is, besides name and address of whoever did it.
    pub holder: Holder,
}

/// How what an event tells came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Done,
    /// Work has begun; a later event about the same subject tells its end.
    Begun,
    /// It was refused.
    Refused,
    /// It failed.
    Failed,
}

/// Whose a personal part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// Whoever did it: they wrote the text.
    Actor,
    /// Whom or what it happened to.
    Subject,
}

impl Outcome {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Done => "done",
            Outcome::Begun => "begun",
            Outcome::Refused => "refused",
            Outcome::Failed => "failed",
        }
    }
}

/// Every kind, by name.
pub const KINDS: &[Kind] = &[
    done("administrator.admitted", "came in by an invitation", Holder::Subject),
    done("administrator.created", "became the administrator by the set-up link", Holder::Subject),
    done("audit.erased", "erased what the chain says of a person", Holder::Actor),
    done("audit_stream.gap", "lost the place in Atlassian's audit log", Holder::Actor),
    done("bundle.made", "packed a support bundle", Holder::Actor),
    done("change.already", "found a change to hold already", Holder::Actor),
    Kind { name: "change.begun", sentence: "began a change", outcome: Outcome::Begun, holder: Holder::Actor },
    done("change.done", "sent a change, which Atlassian took", Holder::Actor),
    Kind {
        name: "change.failed",
        sentence: "made no change, because Atlassian said no",
        outcome: Outcome::Failed,
        holder: Holder::Actor,
    },
    done("change.put_back", "put a change back, to be made later", Holder::Actor),
    Kind {
        name: "change.refused",
        sentence: "did not make a change, because its plan refuses it",
        outcome: Outcome::Refused,
        holder: Holder::Actor,
    },
    done("change.reverted", "read a change back and found it undone", Holder::Actor),
    done("change.skipped", "left a change out", Holder::Actor),
    Kind {
        name: "change.unknown",
        sentence: "does not know what became of a change",
        outcome: Outcome::Failed,
        holder: Holder::Actor,
    },
    done("change.verified", "read a change back and found it made", Holder::Actor),
    done("clock.confirmed", "confirmed that the clock is right", Holder::Actor),
    done("clock.jumped", "found that the clock has jumped", Holder::Actor),
    done("company.changed", "changed a company", Holder::Subject),
    done("company.created", "made a company", Holder::Subject),
    done("company.deleted", "deleted a company", Holder::Subject),
    done("company.merged", "merged two companies", Holder::Subject),
    done("company_source.decided", "decided what a service desk's organization is to the companies", Holder::Actor),
    done("contact.changed", "changed a contact", Holder::Subject),
    done("contact.created", "made a contact", Holder::Subject),
    done("contact.deleted", "deleted a contact", Holder::Subject),
    done("contact.linked", "linked an account to a contact", Holder::Subject),
    done("contact.merged", "merged two contacts", Holder::Subject),
    done("contact_conflict.dismissed", "dismissed a conflict of contacts", Holder::Actor),
    done("contact_conflict.reopened", "opened a dismissed conflict of contacts again", Holder::Actor),
    done("contact_field.changed", "changed a field of contacts or companies", Holder::Actor),
    done("contact_field.defined", "defined a field of contacts or companies", Holder::Actor),
    done("contact_field.removed", "removed a field of contacts or companies", Holder::Actor),
    Kind {
        name: "contact_run.asked",
        sentence: "asked for a run over contacts",
        outcome: Outcome::Begun,
        holder: Holder::Actor,
    },
    done("contact_run.cancelled", "cancelled a run over contacts", Holder::Actor),
    done("contact_run.completed", "completed a run over contacts", Holder::Actor),
    Kind {
        name: "contact_run.failed",
        sentence: "gave up a run over contacts",
        outcome: Outcome::Failed,
        holder: Holder::Actor,
    },
    done("contact_syncing.scope_changed", "changed whom user syncing takes in", Holder::Actor),
    done("contact_syncing.switched_off", "switched Jira User Syncing off", Holder::Actor),
    done("contact_syncing.switched_on", "switched Jira User Syncing on", Holder::Actor),
    done("edition.exceeded", "found more people than the edition holds", Holder::Actor),
    done("edition.within", "found no more people than the edition holds", Holder::Actor),
    done("entry.ended", "ended somebody's entry", Holder::Subject),
    done("entry.invited", "invited somebody", Holder::Subject),
    done("everything.released", "released what was stopped", Holder::Actor),
    done("everything.stopped", "stopped everything", Holder::Actor),
    done("export.made", "exported rows", Holder::Actor),
    done("feed.access_chosen", "chose whether plans follow from what a feed says", Holder::Actor),
    Kind {
        name: "feed.blocked",
        sentence: "refused a delivery, because a run of the feed waits",
        outcome: Outcome::Refused,
        holder: Holder::Actor,
    },
    done("feed.configured", "changed a feed's settings", Holder::Actor),
    done("feed.control_changed", "put a control file in force", Holder::Actor),
    done("feed.created", "made a feed", Holder::Actor),
    done("feed.group_declared", "declared a group of a feed", Holder::Actor),
    done("feed.group_dropped", "took the declaration of a feed's group back", Holder::Actor),
    done("feed.group_mapped", "mapped a managed group to a group at Atlassian", Holder::Actor),
    done("feed.group_unmapped", "took the mapping of a managed group back", Holder::Actor),
    done("feed.late", "found that a feed's delivery is late", Holder::Actor),
    done("feed.proposed_again", "lets a feed propose again what was declined", Holder::Actor),
    done("feed.uploaded", "uploaded a file to a feed", Holder::Actor),
    done("feed_key.created", "made a feed key", Holder::Subject),
    Kind {
        name: "feed_key.refused",
        sentence: "was refused: the feed key is not known",
        outcome: Outcome::Refused,
        holder: Holder::Subject,
    },
    done("feed_key.revoked", "revoked a feed key", Holder::Subject),
    done("feed_key.used", "used a feed key, for the first time that day", Holder::Actor),
    done("feed_people.matched", "linked people of the feeds to their Atlassian accounts", Holder::Actor),
    done("feed_person.held", "put a person of the feeds on hold", Holder::Subject),
    done("feed_person.linked", "linked a person of the feeds to an Atlassian account", Holder::Subject),
    done("feed_person.merged", "merged two people of the feeds", Holder::Subject),
    done("feed_person.released", "ended the hold of a person of the feeds", Holder::Subject),
    done("feed_person.renamed", "gave a person of the feeds another username", Holder::Subject),
    done("feed_person.try_again", "lets the next run look at a person of the feeds again", Holder::Subject),
    done("feed_person.unlinked", "parted a person of the feeds from an Atlassian account", Holder::Subject),
    Kind {
        name: "feed_run.approved",
        sentence: "let a feed's run be applied",
        outcome: Outcome::Begun,
        holder: Holder::Actor,
    },
    done("feed_run.cancelled", "cancelled a feed's run", Holder::Actor),
    done("feed_run.commented", "wrote a comment on a feed's run", Holder::Actor),
    done("feed_run.completed", "applied a feed's run", Holder::Actor),
    Kind { name: "feed_run.failed", sentence: "gave up a feed's run", outcome: Outcome::Failed, holder: Holder::Actor },
    done("feed_run.held", "holds a feed's run until a person looks at it", Holder::Actor),
    done("feed_run.marked_cancelled", "marked a feed's run as cancelled, whose worker was silent", Holder::Actor),
    Kind {
        name: "feed_run.reapply_asked",
        sentence: "asked to apply a feed's run again",
        outcome: Outcome::Begun,
        holder: Holder::Actor,
    },
    done("feed_run.removed", "removed a feed's run, its log and its files", Holder::Actor),
    Kind { name: "feed_run.started", sentence: "started a feed's run", outcome: Outcome::Begun, holder: Holder::Actor },
    done("feed_run.used_again", "put a file of a run into a new upload", Holder::Actor),
    done("filter.changed", "changed a saved filter", Holder::Actor),
    done("filter.deleted", "deleted a saved filter", Holder::Actor),
    done("filter.saved", "saved a filter", Holder::Actor),
    done("mail.changed", "changed the mail server", Holder::Actor),
    done("mail.removed", "removed the mail server", Holder::Actor),
    done("operation.approval_void", "voided an approval, because too much had changed", Holder::Actor),
    done("operation.approved", "approved an operation", Holder::Actor),
    Kind {
        name: "operation.begun",
        sentence: "began to carry out an operation",
        outcome: Outcome::Begun,
        holder: Holder::Actor,
    },
    done("operation.cancel_asked", "asked to cancel an operation", Holder::Actor),
    done("operation.ended", "ended an operation", Holder::Actor),
    done("operation.pause_asked", "asked to pause an operation", Holder::Actor),
    done("operation.paused", "paused an operation", Holder::Actor),
    done("operation.planned", "planned an operation", Holder::Actor),
    done("operation.planned_again", "planned an operation again", Holder::Actor),
    done("operation.rejected", "rejected an operation", Holder::Actor),
    done("operation.resumed", "let an operation go on", Holder::Actor),
    done("operation.tried", "tried an operation on its first rows", Holder::Actor),
    done("organization_key.saved", "saved the organization API key", Holder::Actor),
    done("person.erased", "erased a person's data", Holder::Actor),
    done("person.exported", "exported everything about a person", Holder::Actor),
    done("protection.added", "protected a person or group", Holder::Subject),
    done("protection.removed", "took a protection away", Holder::Subject),
    done("report.changed", "changed a scheduled report", Holder::Actor),
    done("report.created", "made a scheduled report", Holder::Actor),
    done("report.deleted", "deleted a scheduled report", Holder::Actor),
    done("report.sent", "sent a scheduled report", Holder::Actor),
    done("seat_price.entered", "entered a seat price", Holder::Actor),
    done("seat_price.removed", "removed a seat price", Holder::Actor),
    done("selection.deleted", "deleted a kept selection", Holder::Actor),
    done("selection.kept", "kept a selection", Holder::Actor),
    done("session.ended", "signed out", Holder::Subject),
    Kind {
        name: "session.refused",
        sentence: "was not signed in: username and password do not match",
        outcome: Outcome::Refused,
        holder: Holder::Subject,
    },
    done("session.started", "signed in", Holder::Subject),
    done("setting.changed", "changed a setting", Holder::Actor),
    done("site_credential.removed", "removed a site's API token", Holder::Subject),
    done("site_credential.replaced", "replaced a site's API token", Holder::Subject),
    done("site_credential.saved", "saved a site's API token", Holder::Subject),
    done("site_hook.made", "made an address for Jira's user webhooks", Holder::Actor),
    done("site_hook.removed", "removed the address of Jira's user webhooks", Holder::Actor),
    Kind { name: "sync.asked", sentence: "asked for a sync", outcome: Outcome::Begun, holder: Holder::Actor },
    done("sync.cancelled", "cancelled a sync", Holder::Actor),
    Kind { name: "sync.failed", sentence: "gave up a sync", outcome: Outcome::Failed, holder: Holder::Actor },
    done("sync.sealed", "sealed a sync", Holder::Actor),
    done("sync.tried_again", "let a waiting sync try at once", Holder::Actor),
    done("task.asked", "asked for an automated task to run now", Holder::Actor),
    Kind {
        name: "task.began",
        sentence: "began a run of an automated task",
        outcome: Outcome::Begun,
        holder: Holder::Actor,
    },
    done("task.created", "made an automated task", Holder::Actor),
    done("task.deleted", "deleted an automated task", Holder::Actor),
    done("task.edited", "changed an automated task", Holder::Actor),
    Kind {
        name: "task.failed",
        sentence: "could not carry out an automated task",
        outcome: Outcome::Failed,
        holder: Holder::Actor,
    },
    done("task.held", "holds a run of an automated task until a person looks at it", Holder::Actor),
    done("task.partial", "carried out an automated task in part", Holder::Actor),
    done("task.skipped", "left a start of an automated task out", Holder::Actor),
    done("task.succeeded", "carried out an automated task", Holder::Actor),
    done("task.switched_off", "switched an automated task off", Holder::Actor),
    done("task.switched_on", "switched an automated task on", Holder::Actor),
    done("task.warned", "wrote the warnings of an automated task", Holder::Actor),
    done("task.warnings_dropped", "let a held run of an automated task go without its warnings", Holder::Actor),
    done("token.created", "made an access token", Holder::Subject),
    Kind {
        name: "token.refused",
        sentence: "was refused: the access token is not known",
        outcome: Outcome::Refused,
        holder: Holder::Subject,
    },
    done("token.revoked", "revoked an access token", Holder::Subject),
    done("token.used", "used an access token, for the first time that day", Holder::Actor),
    done("webhook.changed", "changed a webhook", Holder::Actor),
    done("webhook.made", "made a webhook", Holder::Actor),
    done("webhook.removed", "removed a webhook", Holder::Actor),
    done("webhook.switched_off", "switched a webhook off", Holder::Actor),
    done("withheld.approved", "approved withheld rows", Holder::Actor),
    done("withheld.dismissed", "dismissed withheld rows", Holder::Actor),
];

/// A kind by its name.
pub fn find(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

const fn done(name: &'static str, sentence: &'static str, holder: Holder) -> Kind {
    Kind { name, sentence, outcome: Outcome::Done, holder }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_stand_in_order_and_none_twice() {
        assert!(KINDS.is_sorted_by(|a, b| a.name < b.name));
    }
}
