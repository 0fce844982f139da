//! Where notices may go: public addresses, and what the configuration allows by name. Every address that a name stands
//! for is looked at when the connection is made, so that a name cannot change its meaning in between.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::Url;

use crate::nouns::endpoint::Style;

/// How every incoming webhook of Automation for Jira begins.
pub const AUTOMATION: &str = "https://api-private.atlassian.com/automation/webhooks/";
/// The longest address that is stored.
pub const LONGEST: usize = 2_000;

/// Hosts and networks that notices may go to although they are internal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    hosts: Vec<String>,
    networks: Vec<(IpAddr, u8)>,
}

/// How names are looked up: by the machine, or from a given list.
#[derive(Clone, Debug, Default)]
pub enum Lookup {
    /// As the machine does.
    #[default]
    Machine,
    /// From this list alone.
    Given(Arc<BTreeMap<String, Vec<IpAddr>>>),
}

/// Why an address cannot be used. One sentence for everything internal, so that it tells nothing about the network.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Unusable {
    /// It is no address.
    #[error("This is no address of a web server.")]
    NoAddress,
    /// It is not encrypted.
    #[error("The address must begin with https://.")]
    NotEncrypted,
    /// It holds a username or a password.
    #[error("The address holds a username or a password.")]
    Userinfo,
    /// It is not one of Automation for Jira.
    #[error("The address of an Automation rule begins with {AUTOMATION}")]
    NotAutomation,
    /// It is too long.
    #[error("The address is too long.")]
    TooLong,
    /// It lies in an internal network, or there is no such name.
    #[error("The address lies in an internal network, or nobody knows its name.")]
    Internal,
}

impl Allowed {
    /// Reads the configuration's list: names of hosts, addresses and networks (`10.1.0.0/16`), with commas between them.
    ///
    /// # Errors
    /// What is neither.
    pub fn parse(text: &str) -> Result<Allowed, String> {
        let mut allowed = Allowed::default();
        for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            let (address, length) = entry.split_once('/').map_or((entry, None), |(ip, length)| (ip, Some(length)));
            match (address.parse::<IpAddr>(), length) {
                (Ok(ip), None) => allowed.networks.push((ip, if ip.is_ipv4() { 32 } else { 128 })),
                (Ok(ip), Some(length)) => {
                    let most = if ip.is_ipv4() { 32 } else { 128 };
                    let length = length.parse().ok().filter(|length| *length <= most);
                    allowed.networks.push((ip, length.ok_or_else(|| entry.to_owned())?));
                }
                (Err(_), None) => allowed.hosts.push(entry.to_ascii_lowercase()),
                (Err(_), Some(_)) => return Err(entry.to_owned()),
            }
        }
        Ok(allowed)
    }

    /// Whether a host may be reached by whatever address it has.
    pub fn names(&self, host: &str) -> bool {
        match host.trim_matches(['[', ']']).parse() {
            Ok(ip) => self.covers(ip),
            Err(_) => self.hosts.iter().any(|known| known.eq_ignore_ascii_case(host)),
        }
    }

    /// Allows one more host.
    pub(super) fn and_host(mut self, host: &str) -> Allowed {
        match host.trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(ip) => self.networks.push((ip, if ip.is_ipv4() { 32 } else { 128 })),
            Err(_) => self.hosts.push(host.to_ascii_lowercase()),
        }
        self
    }

    /// Whether an address may be connected to.
    pub fn admits(&self, ip: IpAddr) -> bool {
        !is_internal(ip) || self.covers(ip)
    }

    fn covers(&self, ip: IpAddr) -> bool {
        self.networks.iter().any(|(network, length)| match (network, ip) {
            (IpAddr::V4(network), IpAddr::V4(ip)) => same_start(&network.octets(), &ip.octets(), *length),
            (IpAddr::V6(network), IpAddr::V6(ip)) => same_start(&network.octets(), &ip.octets(), *length),
            _ => false,
        })
    }
}

/// The addresses of a host, when all of them may be connected to.
///
/// # Errors
/// One of them is internal, or there is none.
pub async fn admitted(host: &str, allowed: &Allowed, lookup: &Lookup) -> Result<Vec<SocketAddr>, Unusable> {
    let found = looked_up(host, lookup).await;
    let good = !found.is_empty() && (allowed.names(host) || found.iter().all(|ip| allowed.admits(*ip)));
    if good { Ok(found.into_iter().map(|ip| SocketAddr::new(ip, 0)).collect()) } else { Err(Unusable::Internal) }
}

/// The addresses that a name stands for; none when nobody knows it.
pub(super) async fn looked_up(host: &str, lookup: &Lookup) -> Vec<IpAddr> {
    let bare = host.trim_matches(['[', ']']);
    match (bare.parse::<IpAddr>(), lookup) {
        (Ok(ip), _) => vec![ip],
        (Err(_), Lookup::Given(names)) => names.get(host).cloned().unwrap_or_default(),
        (Err(_), Lookup::Machine) => match tokio::net::lookup_host((host, 0)).await {
            Ok(found) => found.map(|address| address.ip()).collect(),
            Err(_) => Vec::new(),
        },
    }
}

/// Reads the address of a webhook, as far as it can be judged without looking its name up.
///
/// # Errors
/// Why it cannot be used.
pub fn check(text: &str, style: Style, allowed: &Allowed) -> Result<Url, Unusable> {
    if text.len() > LONGEST {
        return Err(Unusable::TooLong);
    }
    let url = Url::parse(text).map_err(|_| Unusable::NoAddress)?;
    let host = url.host_str().ok_or(Unusable::NoAddress)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Unusable::NoAddress);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Unusable::Userinfo);
    }
    if allowed.names(host) {
        return Ok(url);
    }
    if url.scheme() != "https" {
        return Err(Unusable::NotEncrypted);
    }
    // The parsed form counts: a host that only looks like Atlassian's, or a way back up the path, does not.
    if style == Style::Automation && !url.as_str().starts_with(AUTOMATION) {
        return Err(Unusable::NotAutomation);
    }
    match host.trim_matches(['[', ']']).parse() {
        Ok(ip) if !allowed.admits(ip) => Err(Unusable::Internal),
        _ => Ok(url),
    }
}

/// Whether an address is not one of the public internet: private, local, reserved, or one of those inside another.
pub fn is_internal(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_internal_v4(ip),
        IpAddr::V6(ip) => is_internal_v6(ip),
    }
}

fn is_internal_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19))
}

fn is_internal_v6(ip: Ipv6Addr) -> bool {
    let s = ip.segments();
    let inner = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_internal_v4(Ipv4Addr::new(a, b, c, d))
    };
    match s {
        // IPv4 inside IPv6: mapped, compatible, translated (RFC 6052), 6to4.
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] => inner(high, low),
        [0, 0, 0, 0, 0xffff, 0, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => inner(high, low),
        [0x2002, high, low, ..] => inner(high, low),
        // Everything public is in 2000::/3; of that, tunnels and documentation are not.
        [0x2001, second, ..] => second < 0x0200 || second == 0x0db8,
        [first, ..] => first & 0xe000 != 0x2000 || first & 0xfff0 == 0x3ff0,
    }
}

fn same_start(one: &[u8], other: &[u8], bits: u8) -> bool {
    let (whole, rest) = (usize::from(bits / 8), bits % 8);
    let mask = !(0xffu16 >> rest) as u8;
    one.get(..whole) == other.get(..whole)
        && (rest == 0 || one.get(whole).map(|byte| byte & mask) == other.get(whole).map(|byte| byte & mask))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_an_internal_address_is_refused() {
        for text in [
            "https://127.0.0.1/x",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://017700000001/",
            "https://0/",
            "https://169.254.169.254/latest/meta-data",
            "https://10.0.0.1/",
            "https://172.16.9.9/",
            "https://192.168.1.1/",
            "https://100.64.0.1/",
            "https://[::1]/",
            "https://[::]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:a9fe:a9fe]/",
            "https://[64:ff9b::10.0.0.1]/",
            "https://[2002:7f00:1::]/",
            "https://[fe80::1]/",
            "https://[fd00::1]/",
            "https://[2001:db8::1]/",
            "https://255.255.255.255/",
            "https://224.0.0.1/",
            "https://127.1/",
        ] {
            assert_eq!(check(text, Style::Generic, &Allowed::default()), Err(Unusable::Internal), "{text}");
        }
        for text in ["https://hooks.example.com/x", "https://93.184.216.34/", "https://[2606:2800:220:1::1]/"] {
            assert!(check(text, Style::Generic, &Allowed::default()).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_is_no_plain_https_address_is_refused_with_its_reason() {
        let refused = |text: &str| check(text, Style::Generic, &Allowed::default()).unwrap_err();
        assert_eq!(refused("http://hooks.example.com/"), Unusable::NotEncrypted);
        assert_eq!(refused("file:///etc/passwd"), Unusable::NoAddress);
        assert_eq!(refused("ftp://hooks.example.com/"), Unusable::NoAddress);
        assert_eq!(refused("https://a:b@hooks.example.com/"), Unusable::Userinfo);
        assert_eq!(refused("hooks"), Unusable::NoAddress);
        assert_eq!(refused(&format!("https://a.example/{}", "x".repeat(LONGEST))), Unusable::TooLong);
    }

    #[test]
    fn an_automation_address_is_atlassians() {
        let style = |text: &str| check(text, Style::Automation, &Allowed::default());
        assert!(style("https://api-private.atlassian.com/automation/webhooks/jira/a/1/2").is_ok());
        for text in [
            "https://api-private.atlassian.com/automation/webhooks/../../other",
            "https://api-private.atlassian.com.example.com/automation/webhooks/",
            "https://api-private.atlassian.com:8443/automation/webhooks/",
            "https://example.com/automation/webhooks/",
        ] {
            assert_eq!(style(text), Err(Unusable::NotAutomation), "{text}");
        }
    }

    #[test]
    fn what_is_allowed_by_name_may_be_reached_and_nothing_beside_it() {
        let allowed = Allowed::parse("hooks.internal, 10.1.0.0/17,::1").unwrap();
        let good = |text: &str| check(text, Style::Generic, &allowed).is_ok();
        assert!(good("http://hooks.internal:8080/") && good("https://10.1.127.9/") && good("https://[::1]/"));
        assert!(!good("https://10.1.128.1/") && !good("http://other.internal/") && !good("https://127.0.0.1/"));
        assert_eq!(Allowed::parse("10.0.0.0/33"), Err("10.0.0.0/33".to_owned()));
        assert_eq!(Allowed::parse("host/8"), Err("host/8".to_owned()));
    }
}
