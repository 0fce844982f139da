//! Effects: everything Rollcall can change at Atlassian, one request each. Each states a state to be reached, so that
//! sending it again reaches the same state. Nothing here decides whether to send.

use jiff::Timestamp;
use serde_json::json;

use crate::call::{Answer, Call, Class, Departure, Endpoint};
use crate::client::Client;
use crate::error::{Error, Unreachable};
use crate::open::Role;

/// Takes a user's access in a directory away until it is restored.
pub const SUSPEND: Endpoint =
    Endpoint::post("/admin/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}/suspend");
/// Gives a suspended user the access of before.
pub const RESTORE: Endpoint =
    Endpoint::post("/admin/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}/restore");
/// Takes a user out of a directory; queued upstream.
pub const REMOVE_USER: Endpoint =
    Endpoint::delete("/admin/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}");
/// Makes a group.
pub const CREATE_GROUP: Endpoint = Endpoint::post("/admin/v2/orgs/{orgId}/directories/{directoryId}/groups");
/// Deletes a group.
pub const DELETE_GROUP: Endpoint =
    Endpoint::delete("/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}");
/// Puts a user into a group.
pub const ADD_MEMBER: Endpoint =
    Endpoint::post("/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/memberships");
/// Takes a user out of a group.
pub const REMOVE_MEMBER: Endpoint =
    Endpoint::delete("/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/memberships/{accountId}");
/// Makes a group grant a role.
pub const GRANT_TO_GROUP: Endpoint =
    Endpoint::post("/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/role-assignments/assign");
/// Ends a group's grant.
pub const REVOKE_FROM_GROUP: Endpoint =
    Endpoint::post("/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/role-assignments/revoke");
/// Gives a user a role on one app, without a group.
pub const ASSIGN_ROLE: Endpoint = Endpoint::post("/admin/v1/orgs/{orgId}/users/{accountId}/roles/assign");
/// Takes such a role.
pub const REVOKE_ROLE: Endpoint = Endpoint::post("/admin/v1/orgs/{orgId}/users/{accountId}/roles/revoke");
/// Gives a user an administrative role in the organization.
pub const ASSIGN_PLATFORM_ROLE: Endpoint =
    Endpoint::post("/admin/v1/orgs/{orgId}/users/{accountId}/role-assignments/assign");
/// Takes such a role.
pub const REVOKE_PLATFORM_ROLE: Endpoint =
    Endpoint::post("/admin/v1/orgs/{orgId}/users/{accountId}/role-assignments/revoke");
/// Invites people by their addresses.
pub const INVITE: Endpoint = Endpoint::post("/admin/v2/orgs/{orgId}/users/invite");
/// Deactivates a managed account.
pub const DEACTIVATE: Endpoint = Endpoint::post("/users/{accountId}/manage/lifecycle/disable");
/// Activates a deactivated managed account.
pub const ACTIVATE: Endpoint = Endpoint::post("/users/{accountId}/manage/lifecycle/enable");

/// One effect, by Atlassian's ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it: ids as upstream gives them, groups by the bare id")]
pub enum Effect<'a> {
    /// The user is suspended in the directory.
    Suspend { directory: &'a str, account: &'a str },
    /// The user is active in the directory.
    Restore { directory: &'a str, account: &'a str },
    /// The user is not in the directory.
    RemoveUser { directory: &'a str, account: &'a str },
    /// There is a group of this name; its id is learned by looking the name up.
    CreateGroup { directory: &'a str, name: &'a str, description: Option<&'a str> },
    /// The group is not there.
    DeleteGroup { directory: &'a str, group: &'a str },
    /// The user is in the group.
    AddMember { directory: &'a str, group: &'a str, account: &'a str },
    /// The user is not in the group.
    RemoveMember { directory: &'a str, group: &'a str, account: &'a str },
    /// The group grants the role on the resource.
    GrantToGroup { directory: &'a str, group: &'a str, resource: &'a str, role: &'a Role },
    /// The group does not grant it.
    RevokeFromGroup { directory: &'a str, group: &'a str, resource: &'a str, role: &'a Role },
    /// The user has the role on the resource directly.
    AssignRole { account: &'a str, resource: &'a str, role: &'a Role },
    /// The user does not have it directly.
    RevokeRole { account: &'a str, resource: &'a str, role: &'a Role },
    /// The user has the administrative role.
    AssignPlatformRole { account: &'a str, role: &'a Role },
    /// The user does not have it.
    RevokePlatformRole { account: &'a str, role: &'a Role },
    /// Whoever has the address is in the groups; they are told by mail.
    Invite { email: &'a str, groups: &'a [String] },
    /// The managed account is deactivated.
    Deactivate { account: &'a str },
    /// The managed account is active.
    Activate { account: &'a str },
}

/// What came of sending an effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// How it ended.
    pub outcome: Outcome,
    /// When the last request left.
    pub asked_at: Timestamp,
}

/// How an effect ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Upstream says that it is done (for removals: queued).
    Done,
    /// The state was so before.
    AlreadySo,
    /// Upstream understood and said no; sending it again unchanged would not help.
    Refused(Refusal, Error),
    /// Nothing was changed, and another attempt may succeed.
    NotSent(Error),
    /// It may have happened: only reading can tell.
    Unknown(Error),
}

/// Why upstream says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// 409 or 402: no seat is left, or nothing is subscribed.
    NoSeat,
    /// 403 on a group that is not managed here (an identity provider keeps it, a default group, administrators).
    NotManageable,
    /// The key may not, or is not taken.
    KeyNotAllowed,
    /// User, group or resource is not there.
    NotFound,
    /// Anything else: the error tells.
    Other,
}

impl Effect<'_> {
    /// The endpoint that brings it about.
    pub fn endpoint(&self) -> Endpoint {
        match self {
            Effect::Suspend { .. } => SUSPEND,
            Effect::Restore { .. } => RESTORE,
            Effect::RemoveUser { .. } => REMOVE_USER,
            Effect::CreateGroup { .. } => CREATE_GROUP,
            Effect::DeleteGroup { .. } => DELETE_GROUP,
            Effect::AddMember { .. } => ADD_MEMBER,
            Effect::RemoveMember { .. } => REMOVE_MEMBER,
            Effect::GrantToGroup { .. } => GRANT_TO_GROUP,
            Effect::RevokeFromGroup { .. } => REVOKE_FROM_GROUP,
            Effect::AssignRole { .. } => ASSIGN_ROLE,
            Effect::RevokeRole { .. } => REVOKE_ROLE,
            Effect::AssignPlatformRole { .. } => ASSIGN_PLATFORM_ROLE,
            Effect::RevokePlatformRole { .. } => REVOKE_PLATFORM_ROLE,
            Effect::Invite { .. } => INVITE,
            Effect::Deactivate { .. } => DEACTIVATE,
            Effect::Activate { .. } => ACTIVATE,
        }
    }

    fn call(&self, organization: &str) -> Call {
        let endpoint = self.endpoint();
        let to = |segments: &[&str]| Call::new(endpoint, Class::Effect, segments);
        let with = |segments: &[&str], body: serde_json::Value| to(segments).json(body.to_string().into_bytes());
        match *self {
            // An empty body is answered 415 (reference 2, note 9).
            Effect::Suspend { directory, account } | Effect::Restore { directory, account } => {
                with(&[organization, directory, account], json!({}))
            }
            Effect::RemoveUser { directory, account } => to(&[organization, directory, account]),
            Effect::CreateGroup { directory, name, description } => {
                with(&[organization, directory], json!({"name": name, "description": description.unwrap_or_default()}))
            }
            Effect::DeleteGroup { directory, group } => to(&[organization, directory, group]),
            Effect::AddMember { directory, group, account } => {
                with(&[organization, directory, group], json!({"accountId": account}))
            }
            Effect::RemoveMember { directory, group, account } => to(&[organization, directory, group, account]),
            Effect::GrantToGroup { directory, group, resource, role }
            | Effect::RevokeFromGroup { directory, group, resource, role } => {
                with(&[organization, directory, group], json!({"resourceId": resource, "roleId": role}))
            }
            Effect::AssignRole { account, resource, role } | Effect::RevokeRole { account, resource, role } => {
                with(&[organization, account], json!({"role": role, "resource": resource}))
            }
            Effect::AssignPlatformRole { account, role } | Effect::RevokePlatformRole { account, role } => {
                with(&[organization, account], json!({"role": role}))
            }
            Effect::Invite { email, groups } => {
                let body = json!({"emails": [email], "additionalGroups": groups, "sendNotification": true});
                with(&[organization], body)
            }
            Effect::Deactivate { account } | Effect::Activate { account } => with(&[account], json!({})),
        }
    }

    /// Whether the state that it takes something out of may be gone already: then 404 means that it holds.
    fn takes_out(&self) -> bool {
        matches!(self, Effect::RemoveUser { .. } | Effect::DeleteGroup { .. } | Effect::RemoveMember { .. })
    }
}

/// Sends one effect and says what came of it. Waits for quota as long as the client's limits allow; never repeats a
/// request that may have taken effect.
///
/// Idempotent reading (reference, section 10): 409 "already" and 404 on a removal are success.
pub async fn send(client: &Client, organization: &str, effect: &Effect<'_>) -> Sent {
    send_unless(client, organization, effect, &Departure::default()).await
}

/// The same, for an effect that may be taken back until it has left.
pub async fn send_unless(client: &Client, organization: &str, effect: &Effect<'_>, departure: &Departure) -> Sent {
    let asked = client.clock().now();
    match client.send(effect.call(organization).departing(departure)).await {
        Ok(answer) => {
            let outcome = match effect {
                Effect::Invite { .. } => invited(&answer),
                _ => Outcome::Done,
            };
            Sent { outcome, asked_at: answer.asked_at }
        }
        Err(error) => Sent { outcome: judge(effect, error), asked_at: asked },
    }
}

/// An invitation is answered line by line (reference, section 2.4): one line that failed is a refusal of it.
fn invited(answer: &Answer) -> Outcome {
    let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let results = body["data"].as_array().into_iter().flatten().flat_map(|one| one["results"].as_array());
    let lines = results.flatten().flat_map(|result| {
        let of = |name: &str| result[name].as_array().cloned().unwrap_or_default();
        [of("roleAssignmentResult"), of("groupAssignmentResult")].concat()
    });
    let mut failed = lines.filter(|line| line["status"] == "ERROR").peekable();
    if failed.peek().is_none() {
        return Outcome::Done;
    }
    let reasons: Vec<String> = failed.filter_map(|line| line["statusReason"].as_str().map(str::to_owned)).collect();
    let (endpoint, status) = (answer.endpoint, answer.status);
    let detail = Some(reasons.join("; "));
    let refusal = if reasons.iter().any(|reason| reason.to_ascii_lowercase().contains("limit")) {
        Refusal::NoSeat
    } else {
        Refusal::Other
    };
    Outcome::Refused(refusal, Error::Refused { endpoint, status, code: None, title: None, detail })
}

fn judge(effect: &Effect<'_>, error: Error) -> Outcome {
    let Error::Refused { status, code, title, detail, .. } = &error else {
        return match &error {
            Error::Throttled { .. } | Error::CircuitOpen { .. } | Error::TakenBack { .. } => Outcome::NotSent(error),
            Error::Unreachable { kind: Unreachable::Dns | Unreachable::Connect | Unreachable::Tls, .. } => {
                Outcome::NotSent(error)
            }
            _ if error.leaves_effect_unknown() => Outcome::Unknown(error),
            _ => Outcome::Refused(Refusal::Other, error),
        };
    };
    let says = |words: &[&str]| {
        let texts = [title, detail].map(|text| text.as_deref().unwrap_or_default().to_ascii_lowercase());
        words.iter().any(|word| texts.iter().any(|text| text.contains(word)))
    };
    let code = code.as_deref().unwrap_or_default();
    match status {
        401 => Outcome::Refused(Refusal::KeyNotAllowed, error),
        402 => Outcome::Refused(Refusal::NoSeat, error),
        403 if matches!(code, "ADMIN-403-5" | "ADMIN-403-6" | "ADMIN-403-7") => {
            Outcome::Refused(Refusal::NotManageable, error)
        }
        403 => Outcome::Refused(Refusal::KeyNotAllowed, error),
        // ADMIN-404-2 is the organization itself.
        404 if effect.takes_out() && code != "ADMIN-404-2" => Outcome::AlreadySo,
        404 => Outcome::Refused(Refusal::NotFound, error),
        // Codes and texts of a 409 are not promised (reference, section 12.9): a limit is told by either.
        409 if code == "ADMIN-409-3" || says(&["limit", "licen", "seat"]) => Outcome::Refused(Refusal::NoSeat, error),
        409 if says(&["already"]) => Outcome::AlreadySo,
        // A conflict of which nobody says what it is: the state decides.
        409 => Outcome::Unknown(error),
        _ => Outcome::Refused(Refusal::Other, error),
    }
}
