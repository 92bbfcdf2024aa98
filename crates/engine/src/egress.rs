//! The egress guard: which addresses a CRM may have.
//!
//! Documents, and with some of them the users' own input, choose the hosts that this server calls.
//! Without a guard they could reach what only this server can see: its own ports, the network
//! behind it, the cloud's metadata service. Names are judged by the addresses that a connection is
//! about to use, so a name that changes its answer between a check and the connection (rebinding)
//! gains nothing; literal addresses never reach a resolver and are judged before each request.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use super::exchange::HostPattern;

/// Where requests may go.
#[derive(Debug, Clone)]
pub enum EgressPolicy {
    /// Public addresses, and whatever address the listed hosts have.
    PublicOnly {
        /// Hosts that the operator trusts by name (`--allow-host`); a pattern with a port frees
        /// that port only.
        allowed: Arc<[HostPattern]>,
    },
    /// Any address (`--allow-private-network`).
    AllowPrivate,
}

impl Default for EgressPolicy {
    /// Public addresses only.
    fn default() -> Self {
        Self::PublicOnly { allowed: Arc::new([]) }
    }
}

impl EgressPolicy {
    /// Whether a request to this URL is free of the guard.
    pub fn trusts(&self, url: &Url) -> bool {
        match self {
            Self::AllowPrivate => true,
            Self::PublicOnly { allowed } => allowed.iter().any(|pattern| pattern.matches(url)),
        }
    }
}

/// The kind of non-public address that the URL spells out, if it does. [`Url`] has already read
/// the decimal, octal, hexadecimal and shortened spellings that resolvers accept.
pub(super) fn forbidden_literal(url: &Url) -> Option<&'static str> {
    match url.host()? {
        Host::Ipv4(address) => not_public(address.into()),
        Host::Ipv6(address) => not_public(address.into()),
        Host::Domain(_) => None,
    }
}

/// What keeps an address from being a public one, or `None` for a public address.
///
/// From IANA's special-purpose registries, stricter where a range has no use for a CRM. IPv6 is a
/// list of what is allowed (global unicast, and the forms that carry a public IPv4 address), so
/// that ranges assigned later are closed until they are looked at.
pub fn not_public(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => v4_not_public(address),
        IpAddr::V6(address) => v6_not_public(address),
    }
}

fn v4_not_public(address: Ipv4Addr) -> Option<&'static str> {
    match address.octets() {
        [0, ..] => Some("an unspecified address"),
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Some("a private address"),
        [100, 64..=127, ..] => Some("a carrier-grade NAT address"),
        [127, ..] => Some("a loopback address"),
        [169, 254, 169, 254] => Some("a cloud metadata address"),
        // Azure's host agent: public by number, answered only inside a virtual machine.
        [168, 63, 129, 16] => Some("a cloud metadata address"),
        [169, 254, ..] => Some("a link-local address"),
        [192, 0, 0, _] | [192, 88, 99, _] => Some("a reserved address"),
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Some("a documentation address"),
        [198, 18..=19, ..] => Some("a benchmark address"),
        [224..=239, ..] => Some("a multicast address"),
        [255, 255, 255, 255] => Some("the broadcast address"),
        [240..=255, ..] => Some("a reserved address"),
        _ => None,
    }
}

fn v6_not_public(address: Ipv6Addr) -> Option<&'static str> {
    let embedded = |high: u16, low: u16| {
        let [[a, b], [c, d]] = [high.to_be_bytes(), low.to_be_bytes()];
        v4_not_public(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => Some("an unspecified address"),
        [0, 0, 0, 0, 0, 0, 0, 1] => Some("a loopback address"),
        // IPv4-mapped, and NAT64's well-known prefix (a network without IPv4 reaches all of the
        // public IPv4 internet through it).
        [0, 0, 0, 0, 0, 0xffff, high, low] => embedded(high, low),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254] => Some("a cloud metadata address"),
        [0xfc00..=0xfdff, ..] => Some("a private address"),
        [0xfe80..=0xfebf, ..] => Some("a link-local address"),
        [0xff00..=0xffff, ..] => Some("a multicast address"),
        // 6to4.
        [0x2002, high, low, ..] => embedded(high, low),
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0x0fff, ..] => Some("a documentation address"),
        // 2001::/23: Teredo, benchmarking, ORCHID and other protocol assignments.
        [0x2001, 0..=0x1ff, ..] => Some("a reserved address"),
        [0x2000..=0x3fff, ..] => None,
        // Everything else is unassigned or deprecated: IPv4-compatible, site-local, local NAT64.
        _ => Some("a reserved address"),
    }
}

/// A name that has addresses, none of them public. Found in the error chain of a failed connection.
#[derive(Debug)]
pub(super) struct NotPublic(pub &'static str);

impl fmt::Display for NotPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the name resolves to {}", self.0)
    }
}

impl std::error::Error for NotPublic {}

/// The system's resolver (`getaddrinfo` on a blocking thread).
pub(super) struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            // Port 0 stands for the URL's port.
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Judges another resolver's answer: fails where it has no address, and with `public_only` drops the
/// addresses that are not public and fails where none is left.
///
/// A mixed answer keeps its public part: only addresses that passed are ever connected to, so
/// refusing the name as a whole would cost networks that publish internal addresses beside public
/// ones and protect nothing.
pub(super) struct Judged {
    pub names: Arc<dyn Resolve>,
    pub public_only: bool,
}

impl Resolve for Judged {
    fn resolve(&self, name: Name) -> Resolving {
        let answer = self.names.resolve(name);
        let public_only = self.public_only;
        Box::pin(async move {
            let mut refused = None;
            let mut kept = Vec::new();
            for address in answer.await? {
                match not_public(address.ip()).filter(|_| public_only) {
                    Some(kind) => refused = Some(kind),
                    None => kept.push(address),
                }
            }
            match refused {
                _ if !kept.is_empty() => Ok(Box::new(kept.into_iter()) as Addrs),
                Some(kind) => Err(NotPublic(kind).into()),
                None => Err("the name has no address".into()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_classified() {
        let table: &[(&str, Option<&str>)] = &[
            ("0.0.0.0", Some("unspecified")),
            ("0.1.2.3", Some("unspecified")),
            ("9.255.255.255", None),
            ("10.0.0.0", Some("private")),
            ("10.255.255.255", Some("private")),
            ("11.0.0.0", None),
            ("100.63.255.255", None),
            ("100.64.0.0", Some("carrier-grade")),
            ("100.100.100.200", Some("carrier-grade")),
            ("100.127.255.255", Some("carrier-grade")),
            ("100.128.0.0", None),
            ("127.0.0.1", Some("loopback")),
            ("127.255.255.254", Some("loopback")),
            ("168.63.129.15", None),
            ("168.63.129.16", Some("metadata")),
            ("169.253.255.255", None),
            ("169.254.0.1", Some("link-local")),
            ("169.254.169.254", Some("metadata")),
            ("172.15.255.255", None),
            ("172.16.0.0", Some("private")),
            ("172.31.255.255", Some("private")),
            ("172.32.0.0", None),
            ("192.0.0.192", Some("reserved")),
            ("192.0.1.0", None),
            ("192.0.2.1", Some("documentation")),
            ("192.88.99.1", Some("reserved")),
            ("192.167.255.255", None),
            ("192.168.0.1", Some("private")),
            ("198.17.255.255", None),
            ("198.18.0.0", Some("benchmark")),
            ("198.19.255.255", Some("benchmark")),
            ("198.20.0.0", None),
            ("198.51.100.7", Some("documentation")),
            ("203.0.113.7", Some("documentation")),
            ("223.255.255.255", None),
            ("224.0.0.1", Some("multicast")),
            ("239.255.255.255", Some("multicast")),
            ("240.0.0.1", Some("reserved")),
            ("255.255.255.255", Some("broadcast")),
            ("1.1.1.1", None),
            ("::", Some("unspecified")),
            ("::1", Some("loopback")),
            ("::2", Some("reserved")),
            ("::127.0.0.1", Some("reserved")),
            ("::8.8.8.8", Some("reserved")),
            ("::ffff:127.0.0.1", Some("loopback")),
            ("::ffff:10.1.2.3", Some("private")),
            ("::ffff:169.254.169.254", Some("metadata")),
            ("::ffff:8.8.8.8", None),
            ("::ffff:0:8.8.8.8", Some("reserved")),
            ("64:ff9b::10.0.0.1", Some("private")),
            ("64:ff9b::169.254.169.254", Some("metadata")),
            ("64:ff9b::8.8.8.8", None),
            ("64:ff9b:1::8.8.8.8", Some("reserved")),
            ("100::1", Some("reserved")),
            ("2001::1", Some("reserved")),
            ("2001:0:4136:e378:8000:63bf:3fff:fdd2", Some("reserved")),
            ("2001:2::1", Some("reserved")),
            ("2001:10::1", Some("reserved")),
            ("2001:1ff:ffff::1", Some("reserved")),
            ("2001:200::1", None),
            ("2001:db7::1", None),
            ("2001:db8::1", Some("documentation")),
            ("2001:4860:4860::8888", None),
            ("2002:a00:1::", Some("private")),
            ("2002:7f00:1::1", Some("loopback")),
            ("2002:a9fe:a9fe::", Some("metadata")),
            ("2002:808:808::", None),
            ("2606:4700:4700::1111", None),
            ("3fff:fff::1", Some("documentation")),
            ("3fff:1000::1", None),
            ("4000::1", Some("reserved")),
            ("5f00::1", Some("reserved")),
            ("fc00::1", Some("private")),
            ("fd00:ec2::254", Some("metadata")),
            ("fdff::1", Some("private")),
            ("fe80::1", Some("link-local")),
            ("febf::1", Some("link-local")),
            ("fec0::1", Some("reserved")),
            ("ff02::1", Some("multicast")),
        ];
        for (text, expected) in table {
            let found = not_public(text.parse().unwrap());
            match (found, expected) {
                (None, None) => {}
                (Some(found), Some(word)) => assert!(found.contains(word), "{text}: {found}"),
                _ => panic!("{text}: {found:?}, expected {expected:?}"),
            }
        }
    }

    #[test]
    fn literal_hosts_are_judged_in_every_spelling() {
        let forbidden = [
            "http://127.0.0.1/",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0177.0.0.1/",
            "http://127.0.0.1./",
            "http://%31%32%37.0.0.1/",
            "http://127。0。0。1/",
            "http://[::1]/",
            "http://[::ffff:7f00:1]/",
            "http://0/",
            "http://169.254.169.254/latest",
            "http://0xa9fea9fe/",
        ];
        for text in forbidden {
            assert!(forbidden_literal(&Url::parse(text).unwrap()).is_some(), "{text}");
        }
        for text in ["http://1.1.1.1/", "https://[2606:4700:4700::1111]/", "https://localhost/"] {
            assert_eq!(forbidden_literal(&Url::parse(text).unwrap()), None, "{text}");
        }
    }

    #[test]
    fn trusted_hosts_are_free_of_the_guard() {
        let allowed = ["crm.corp", "*.intra.corp", "localhost:8080"];
        let allowed = allowed.iter().map(|text| HostPattern::parse(text).unwrap()).collect();
        let policy = EgressPolicy::PublicOnly { allowed };
        let trusts = |text: &str| policy.trusts(&Url::parse(text).unwrap());
        assert!(trusts("https://crm.corp/a") && trusts("http://crm.corp:81/"));
        assert!(trusts("https://a.intra.corp/") && !trusts("https://intra.corp/"));
        assert!(trusts("http://localhost:8080/") && !trusts("http://localhost:8081/"));
        assert!(!trusts("https://crm.corp.example.com/"));
        assert!(EgressPolicy::AllowPrivate.trusts(&Url::parse("http://127.0.0.1/").unwrap()));
        assert!(!EgressPolicy::default().trusts(&Url::parse("http://127.0.0.1/").unwrap()));
    }
}
