//! Which addresses outbound requests may reach, as flags.

use std::sync::Arc;

use super::Trouble;
use crate::engine::egress::EgressPolicy;
use crate::engine::exchange::HostPattern;

#[derive(Debug, clap::Args)]
#[group(id = "egress")]
pub(super) struct Arguments {
    /// Let outbound requests reach private, loopback and link-local addresses.
    #[arg(long)]
    allow_private_network: bool,
    /// Let outbound requests reach this host whatever its address. Can be repeated.
    #[arg(long = "allow-host", value_name = "HOST")]
    allow_hosts: Vec<String>,
}

impl Arguments {
    /// `trusted` hosts, named by the operator elsewhere, are allowed besides those of the flags.
    pub(super) fn policy(&self, trusted: &[String]) -> Result<EgressPolicy, Trouble> {
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
