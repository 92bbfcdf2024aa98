//! Which addresses outbound requests may reach, and by which way, as flags.

use std::sync::Arc;

use super::CliError;
use crate::engine::egress::EgressPolicy;
use crate::engine::exchange::HostPattern;
use crate::engine::proxies::Proxies;
use crate::engine::send::{Client, ClientOptions};

#[derive(Debug, clap::Args)]
#[group(id = "egress")]
pub(super) struct Arguments {
    /// Let outbound requests reach private, loopback and link-local addresses.
    #[arg(long)]
    allow_private_network: bool,
    /// Let outbound requests reach this host whatever its address. Can be repeated.
    #[arg(long = "allow-host", value_name = "HOST")]
    allow_hosts: Vec<String>,
    /// Let no outbound request leave through the proxies that HTTPS_PROXY, HTTP_PROXY and ALL_PROXY name.
    #[arg(long)]
    no_proxy: bool,
}

impl Arguments {
    /// The proxies that the variables name, unless the flag says that none are used.
    pub(super) fn proxies(&self, get: &dyn Fn(&str) -> Option<String>) -> Result<Proxies, CliError> {
        if self.no_proxy {
            return Ok(Proxies::default());
        }
        Proxies::read(get).map_err(|error| CliError(error.to_string()))
    }

    /// A client for one command, by the flags and the environment.
    pub(super) fn client(&self) -> Result<Client, CliError> {
        let is_set = |value: &String| !value.is_empty();
        let options = ClientOptions {
            egress: self.policy(&[])?,
            proxies: self.proxies(&|name| std::env::var(name).ok().filter(is_set))?,
            ..ClientOptions::default()
        };
        Ok(Client::new(&options)?)
    }

    /// `trusted` hosts, named by the operator elsewhere, are allowed besides those of the flags.
    pub(super) fn policy(&self, trusted: &[String]) -> Result<EgressPolicy, CliError> {
        let allowed = self
            .allow_hosts
            .iter()
            .chain(trusted)
            .map(|host| {
                HostPattern::parse(host).map_err(|reason| format!("`{host}` is not a host: {reason}"))
            })
            .collect::<Result<Arc<[_]>, _>>()?;
        Ok(match self.allow_private_network {
            true => EgressPolicy::AllowPrivate,
            false => EgressPolicy::PublicOnly { allowed },
        })
    }
}
