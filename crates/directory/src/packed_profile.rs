//! A profile in one piece of memory: what a pass holds by the hundred thousand between a page and its seal.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::account::{AccountStatus, AccountType, Claimed, Management, Profile};

/// A packed profile with its digest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PackedProfile {
    digest: i64,
    bytes: Box<[u8]>,
}

impl PackedProfile {
    /// Packs a profile.
    pub fn new(profile: &Profile) -> PackedProfile {
        let mut bytes = Vec::with_capacity(256);
        for text in texts(profile) {
            put_text(&mut bytes, text);
        }
        for flag in [profile.email_verified, profile.mfa_enabled] {
            bytes.push(flag.map_or(2, u8::from));
        }
        for instant in [profile.added_at, profile.deactivated_at] {
            bytes.extend(instant.map_or(i64::MIN, Timestamp::as_microsecond).to_le_bytes());
        }
        PackedProfile::of(bytes.into())
    }

    /// Takes bytes that [`PackedProfile::as_bytes`] gave; `None` when they are not such.
    pub fn from_bytes(bytes: &[u8]) -> Option<PackedProfile> {
        unpack(bytes)?;
        Some(PackedProfile::of(bytes.into()))
    }

    /// Its bytes, for keeping.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Sixty-four bits of SHA-256 over every field: two profiles are taken for the same when these agree, so that a
    /// snapshot can tell "unchanged" without holding every text.
    pub fn digest(&self) -> i64 {
        self.digest
    }

    /// The profile.
    pub fn unpack(&self) -> Profile {
        // The bytes were made by `new` or have been unpacked once in `from_bytes`.
        unpack(&self.bytes).unwrap_or_else(|| Profile::named(""))
    }

    fn of(bytes: Box<[u8]>) -> PackedProfile {
        let digest = Sha256::digest(&bytes);
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        // i64::MIN marks an empty cell in a number column.
        PackedProfile { digest: i64::from_le_bytes(first).max(i64::MIN + 1), bytes }
    }
}

fn texts(profile: &Profile) -> [Option<&str>; 14] {
    [
        Some(profile.account_type.as_str()),
        profile.account_status.as_ref().map(AccountStatus::as_str),
        profile.claimed.as_ref().map(Claimed::as_str),
        profile.management.as_ref().map(Management::as_str),
        Some(&profile.name),
        profile.nickname.as_deref(),
        profile.email.as_deref(),
        profile.job_title.as_deref(),
        profile.department.as_deref(),
        profile.organization.as_deref(),
        profile.location.as_deref(),
        profile.time_zone.as_deref(),
        profile.picture.as_deref(),
        profile.unknown.as_deref(),
    ]
}

fn unpack(bytes: &[u8]) -> Option<Profile> {
    let mut rest = bytes;
    let mut text = || take_text(&mut rest);
    let profile = Profile {
        account_type: AccountType::parse(text()??),
        account_status: text()?.map(AccountStatus::parse),
        claimed: text()?.map(Claimed::parse),
        management: text()?.map(Management::parse),
        name: text()??.into(),
        nickname: text()?.map(Into::into),
        email: text()?.map(Into::into),
        job_title: text()?.map(Into::into),
        department: text()?.map(Into::into),
        organization: text()?.map(Into::into),
        location: text()?.map(Into::into),
        time_zone: text()?.map(Into::into),
        picture: text()?.map(Into::into),
        unknown: text()?.map(Into::into),
        email_verified: None,
        mfa_enabled: None,
        added_at: None,
        deactivated_at: None,
    };
    let (flags, instants) = rest.split_first_chunk::<2>()?;
    let (added, rest) = instants.split_first_chunk::<8>()?;
    let (deactivated, rest) = rest.split_first_chunk::<8>()?;
    let flag = |flag: u8| match flag {
        0 => Some(Some(false)),
        1 => Some(Some(true)),
        2 => Some(None),
        _ => None,
    };
    let instant = |bytes: &[u8; 8]| match i64::from_le_bytes(*bytes) {
        i64::MIN => Some(None),
        at => Timestamp::from_microsecond(at).ok().map(Some),
    };
    rest.is_empty().then_some(Profile {
        email_verified: flag(flags[0])?,
        mfa_enabled: flag(flags[1])?,
        added_at: instant(added)?,
        deactivated_at: instant(deactivated)?,
        ..profile
    })
}

/// A missing text is 0; one that is there, its length and one, in sevens of bits, and its bytes.
fn put_text(bytes: &mut Vec<u8>, text: Option<&str>) {
    let mut number = text.map_or(0, |text| text.len() + 1);
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes.extend_from_slice(text.unwrap_or("").as_bytes());
}

fn take_text<'a>(rest: &mut &'a [u8]) -> Option<Option<&'a str>> {
    let mut number = 0usize;
    for shift in (0..usize::BITS).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        number |= usize::from(byte & 0x7f).checked_shl(shift)?;
        if *byte < 0x80 {
            let Some(len) = number.checked_sub(1) else { return Some(None) };
            let (text, after) = rest.split_at_checked(len)?;
            *rest = after;
            return std::str::from_utf8(text).ok().map(Some);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn profile() -> impl Strategy<Value = Profile> {
        let text = || proptest::option::of("\\PC{0,12}");
        let instant = || proptest::option::of(-1_000_000_000_000i64..4_000_000_000_000_000);
        let flags = (proptest::option::of(any::<bool>()), proptest::option::of(any::<bool>()));
        ("\\PC{0,200}", [text(), text(), text(), text(), text()], flags, [instant(), instant()]).prop_map(
            |(name, [email, status, title, nickname, unknown], (email_verified, mfa_enabled), [added, gone])| Profile {
                email: email.map(Into::into),
                account_status: status.as_deref().map(AccountStatus::parse),
                job_title: title.map(Into::into),
                nickname: nickname.map(Into::into),
                unknown: unknown.map(Into::into),
                email_verified,
                mfa_enabled,
                added_at: added.and_then(|at| Timestamp::from_microsecond(at).ok()),
                deactivated_at: gone.and_then(|at| Timestamp::from_microsecond(at).ok()),
                ..Profile::named(&name)
            },
        )
    }

    proptest! {
        #[test]
        fn a_packed_profile_unpacks_to_what_it_was(profile in profile()) {
            let packed = PackedProfile::new(&profile);
            prop_assert_eq!(packed.unpack(), profile);
            prop_assert_eq!(PackedProfile::from_bytes(packed.as_bytes()), Some(packed));
        }

        #[test]
        fn damaged_bytes_are_refused(profile in profile(), cut in any::<prop::sample::Index>()) {
            let packed = PackedProfile::new(&profile);
            let cut = cut.index(packed.as_bytes().len());
            prop_assert_eq!(PackedProfile::from_bytes(&packed.as_bytes()[..cut]), None);
        }
    }
}
