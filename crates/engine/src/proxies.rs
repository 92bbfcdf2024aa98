//! The proxies through which requests leave, as the environment names them.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use url::Url;

use super::host::host_label;
use super::redirect::is_local;

/// The variables that [`Proxies::read`] asks for, in capitals; each may stand in small letters too,
/// which count first.
pub const VARIABLES: [&str; 4] = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"];

/// Which requests leave through which proxy. Never shows a credential.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    http: Option<Proxy>,
    https: Option<Proxy>,
    exempt: Arc<[Exempt]>,
}

/// One proxy.
#[derive(Clone)]
pub struct Proxy {
    /// Its address, with credentials where it needs them.
    pub(super) url: Url,
    variable: &'static str,
}

/// The host, and the variable that names it.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", host_label(&self.url), self.variable)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({self})")
    }
}

/// A variable that names no proxy that can be used. Never quotes it: it may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{variable} {problem}; write an address such as http://proxy.example.com:3128, or start with --no-proxy"
)]
pub struct ProxyError {
    variable: &'static str,
    problem: &'static str,
}

/// What `NO_PROXY` leaves out.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Exempt {
    /// Everything.
    All,
    /// A host and all below it, on any port or one.
    Host(String, Option<u16>),
    /// Addresses that begin with so many bits.
    Network(IpAddr, u8),
}

impl Proxies {
    /// Reads the [`VARIABLES`] by `get`, which gives none if one is not set or empty.
    ///
    /// As other clients do: `HTTPS_PROXY` is for https addresses and `HTTP_PROXY` for http, `ALL_PROXY`
    /// stands in for either, and `NO_PROXY` lists hosts, domains, addresses and networks that are called
    /// directly. This machine itself (`localhost`, loopback addresses) always is.
    ///
    /// # Errors
    /// If a variable that counts names no http or https proxy.
    pub fn read(get: &dyn Fn(&str) -> Option<String>) -> Result<Self, ProxyError> {
        let either = |name: &str| get(&name.to_ascii_lowercase()).or_else(|| get(name));
        let proxy = |names: [&'static str; 2]| {
            let found = names.into_iter().find_map(|name| Some((name, either(name)?)));
            found.map(|(name, text)| Proxy::parse(name, &text)).transpose()
        };
        let exempt = either("NO_PROXY").unwrap_or_default();
        let exempt = exempt.split([',', ' ', '\t', '\n', ';']).filter_map(Exempt::parse).collect();
        Ok(Self {
            http: proxy(["HTTP_PROXY", "ALL_PROXY"])?,
            https: proxy(["HTTPS_PROXY", "ALL_PROXY"])?,
            exempt,
        })
    }

    /// Whether every request leaves directly.
    pub fn is_empty(&self) -> bool {
        self.http.is_none() && self.https.is_none()
    }

    /// The proxy for a URL.
    pub fn of(&self, url: &Url) -> Option<&Proxy> {
        let proxy = if url.scheme() == "https" { &self.https } else { &self.http }.as_ref()?;
        (!is_local(url) && !self.exempt.iter().any(|exempt| exempt.holds(url))).then_some(proxy)
    }

    /// The proxies as the HTTP client takes them.
    pub(super) fn for_client(&self) -> Result<Vec<reqwest::Proxy>, reqwest::Error> {
        let http = self.http.as_ref().map(|proxy| reqwest::Proxy::http(proxy.url.clone()));
        let https = self.https.as_ref().map(|proxy| reqwest::Proxy::https(proxy.url.clone()));
        http.into_iter().chain(https).collect()
    }
}

/// The proxies, for the operator: hosts and variables.
impl fmt::Display for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.https, &self.http) {
            (Some(https), Some(http)) if https.to_string() == http.to_string() => https.fmt(f),
            (Some(https), Some(http)) => write!(f, "{https} for https and {http} for http"),
            (Some(https), None) => write!(f, "{https} for https"),
            (None, Some(http)) => write!(f, "{http} for http"),
            (None, None) => f.write_str("none"),
        }
    }
}

impl Proxy {
    fn parse(variable: &'static str, text: &str) -> Result<Self, ProxyError> {
        let wrong = |problem| ProxyError { variable, problem };
        let text = text.trim();
        let url = if text.contains("://") { Url::parse(text) } else { Url::parse(&format!("http://{text}")) };
        let url = url.map_err(|_| wrong("is not the address of a proxy"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong(
                "names a proxy that is neither http nor https, which are the kinds that are used",
            ));
        }
        if !url.has_host() || !matches!(url.path(), "" | "/") || url.query().is_some() {
            return Err(wrong("is more than the address of a proxy: it holds a path or a query"));
        }
        Ok(Self { url, variable })
    }
}

impl Exempt {
    /// Reads `host`, `.domain`, `*.domain`, `host:port`, an address, a network such as `10.0.0.0/8`, or
    /// `*`. What cannot be read is left out, as other clients do.
    fn parse(text: &str) -> Option<Self> {
        let text =
            text.trim().trim_start_matches("http://").trim_start_matches("https://").trim_end_matches('/');
        if text == "*" {
            return Some(Self::All);
        }
        if let Some((address, bits)) = text.split_once('/') {
            return Some(Self::Network(address.parse().ok()?, bits.parse().ok()?));
        }
        if let Ok(address) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
            return Some(Self::Network(address, if address.is_ipv4() { 32 } else { 128 }));
        }
        let name = text.strip_prefix('*').unwrap_or(text).trim_start_matches('.');
        let url = Url::parse(&format!("http://{name}/")).ok()?;
        let port = name.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        Some(Self::Host(url.host_str()?.to_owned(), port))
    }

    fn holds(&self, url: &Url) -> bool {
        let Some(host) = url.host_str() else { return false };
        match self {
            Self::All => true,
            Self::Host(name, port) => {
                let below = host.strip_suffix(name.as_str());
                below.is_some_and(|below| below.is_empty() || below.ends_with('.'))
                    && port.is_none_or(|port| url.port_or_known_default() == Some(port))
            }
            Self::Network(network, bits) => {
                host.trim_matches(['[', ']']).parse().is_ok_and(|address| begins_as(address, *network, *bits))
            }
        }
    }
}

/// Whether two addresses share their first bits.
fn begins_as(address: IpAddr, network: IpAddr, bits: u8) -> bool {
    let (left, right, width) = match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            (u128::from(u32::from(address)) << 96, u128::from(u32::from(network)) << 96, 32)
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => (address.into(), network.into(), 128),
        _ => return false,
    };
    let shift = 128 - u32::from(bits.min(width));
    let first = |address: u128| address.checked_shr(shift).unwrap_or(0);
    first(left) == first(right)
}

/// Whether a name is one that only private networks use, or has no dot: it must not be left to a proxy
/// to find out what it stands for. From RFC 6762 (section 3 and appendix G), RFC 6761 and RFC 8375,
/// and ICANN's reservation of `.internal`.
pub(super) fn is_private_name(name: &str) -> bool {
    const PRIVATE: [&str; 10] = [
        "local",
        "localhost",
        "internal",
        "intranet",
        "private",
        "corp",
        "home",
        "lan",
        "localdomain",
        "home.arpa",
    ];
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    !name.contains('.')
        || PRIVATE.iter().any(|suffix| name.strip_suffix(suffix).is_some_and(|rest| rest.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Result<Proxies, ProxyError> {
        Proxies::read(&|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    fn through(proxies: &Proxies, url: &str) -> Option<String> {
        proxies.of(&Url::parse(url).unwrap()).map(|proxy| host_label(&proxy.url))
    }

    #[test]
    fn each_scheme_has_its_proxy() {
        type Row<'r> = (&'r [(&'r str, &'r str)], Option<&'r str>, Option<&'r str>);
        let table: [Row<'_>; 8] = [
            (&[], None, None),
            (&[("HTTP_PROXY", "http://a:1")], Some("a:1"), None),
            (&[("https_proxy", "a:1")], None, Some("a:1")),
            (&[("ALL_PROXY", "http://a:1/")], Some("a:1"), Some("a:1")),
            (&[("ALL_PROXY", "a:1"), ("HTTP_PROXY", "b:2")], Some("b:2"), Some("a:1")),
            (&[("HTTP_PROXY", "a:1"), ("http_proxy", "b:2")], Some("b:2"), None),
            (&[("HTTPS_PROXY", "https://user:secret@a")], None, Some("a")),
            (&[("HTTP_PROXY", "[::1]:1")], Some("[::1]:1"), None),
        ];
        for (variables, http, https) in table {
            let proxies = proxies(variables).unwrap();
            assert_eq!(through(&proxies, "http://crm.test/").as_deref(), http, "{variables:?}");
            assert_eq!(through(&proxies, "https://crm.test/").as_deref(), https, "{variables:?}");
            assert_eq!(proxies.is_empty(), variables.is_empty());
            assert!(proxies.for_client().is_ok());
        }
    }

    #[test]
    fn what_is_listed_is_called_directly() {
        let table = [
            ("crm.test", "http://crm.test/", true),
            ("crm.test", "http://api.CRM.test:8080/", true),
            ("crm.test", "http://mycrm.test/", false),
            (".crm.test", "http://api.crm.test/", true),
            ("*.crm.test", "http://api.crm.test/", true),
            ("CRM.test:8080", "http://crm.test:8080/", true),
            ("crm.test:8080", "http://crm.test/", false),
            ("crm.test:443", "https://crm.test/", true),
            ("a.test, crm.test", "http://crm.test/", true),
            ("a.test crm.test", "http://crm.test/", true),
            ("*", "https://crm.test/", true),
            ("10.0.0.0/8", "http://10.1.2.3/", true),
            ("10.0.0.0/8", "http://11.1.2.3/", false),
            ("192.0.2.7", "http://192.0.2.7:81/", true),
            ("192.0.2.7:81", "http://192.0.2.7:81/", true),
            ("0.0.0.0/0", "http://192.0.2.7/", true),
            ("0.0.0.0/0", "http://crm.test/", false),
            ("2001:db8::/32", "http://[2001:db8::1]/", true),
            ("2001:db8::1", "http://[2001:db8::1]/", true),
            ("10.0.0.0/99", "http://10.0.0.0/", true),
            ("münchen.test", "http://xn--mnchen-3ya.test/", true),
            ("", "http://crm.test/", false),
            (",,/8,a/b, ", "http://crm.test/", false),
            ("", "http://localhost:8080/", true),
            ("", "http://127.0.0.1/", true),
            ("", "http://[::1]/", true),
        ];
        for (listed, url, is_direct) in table {
            let proxies = proxies(&[("ALL_PROXY", "p:1"), ("no_proxy", listed)]).unwrap();
            assert_eq!(through(&proxies, url).is_none(), is_direct, "{listed} {url}");
        }
    }

    #[test]
    fn wrong_addresses_are_refused_and_credentials_never_shown() {
        for text in [
            "http://",
            "http://user:secret@",
            "secret proxy",
            "socks5://secret:1",
            "ftp://p",
            "http://p/secret",
            "http://p?secret",
        ] {
            let error = proxies(&[("HTTPS_PROXY", text)]).unwrap_err().to_string();
            assert!(error.starts_with("HTTPS_PROXY ") && !error.contains("secret"), "{text}: {error}");
        }
        // One that does not count is not read.
        assert!(proxies(&[("ALL_PROXY", "socks5://a:1"), ("HTTP_PROXY", "b"), ("HTTPS_PROXY", "b")]).is_ok());
        let both = proxies(&[("ALL_PROXY", "http://user:secret@p.test:3128")]).unwrap();
        assert_eq!(both.to_string(), "p.test:3128 (ALL_PROXY)");
        assert!(!format!("{both:?}").contains("secret"));
        let two = proxies(&[("HTTP_PROXY", "a:1"), ("HTTPS_PROXY", "b:2")]).unwrap();
        assert_eq!(two.to_string(), "b:2 (HTTPS_PROXY) for https and a:1 (HTTP_PROXY) for http");
    }

    #[test]
    fn names_of_private_networks() {
        for name in [
            "crm",
            "metadata.google.internal",
            "printer.local",
            "x.localhost",
            "crm.corp.",
            "a.LAN",
            "a.home.arpa",
        ] {
            assert!(is_private_name(name), "{name}");
        }
        for name in ["crm.example.com", "internal.example.com", "corp.example", "mylocal.net"] {
            assert!(!is_private_name(name), "{name}");
        }
    }
}
