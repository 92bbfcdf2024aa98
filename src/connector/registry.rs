//! Which connector serves a call.

use std::collections::HashMap;
use std::sync::Arc;

use super::contract::{Connector, Interface};
use super::proxy::ProxyConnector;

/// The connectors of this server, by platform.
#[derive(Default, Clone)]
pub struct Registry {
    connectors: HashMap<String, (Vec<Interface>, Arc<dyn Connector>)>,
    overrides: HashMap<String, HashMap<Interface, Arc<dyn Connector>>>,
}

/// Who serves an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// The document.
    Proxy,
    /// What was registered over the platform's code connector.
    Override,
    /// The platform's code connector.
    Code,
}

impl Registry {
    /// No connectors: every platform is served by documents.
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers the code connector of a platform; a second one replaces the first.
    pub fn register_connector(&mut self, platform: impl Into<String>, connector: Arc<dyn Connector>) {
        self.connectors.insert(platform.into(), (connector.interfaces(), connector));
    }

    /// Registers what replaces the interfaces that it lists; the others stay with the platform's connector. A
    /// later one replaces an earlier one.
    pub fn register_override(&mut self, platform: impl Into<String>, connector: Arc<dyn Connector>) {
        let of_platform = self.overrides.entry(platform.into()).or_default();
        of_platform
            .extend(connector.interfaces().into_iter().map(|interface| (interface, connector.clone())));
    }

    /// Whether anything is registered for a platform. One without is a proxy platform.
    pub fn knows(&self, platform: &str) -> bool {
        self.connectors.contains_key(platform) || self.overrides.contains_key(platform)
    }

    /// The connector that serves an interface: the document where it defines the operation, else what
    /// was registered over the code connector, else that.
    pub fn resolve(
        &self,
        platform: &str,
        proxy: Option<&Arc<ProxyConnector>>,
        interface: Interface,
    ) -> Option<(Provider, Arc<dyn Connector>)> {
        if let Some(proxy) = proxy
            && proxy.serves(interface)
        {
            return Some((Provider::Proxy, proxy.clone()));
        }
        if let Some(connector) = self.overrides.get(platform).and_then(|over| over.get(&interface)) {
            return Some((Provider::Override, connector.clone()));
        }
        self.connectors
            .get(platform)
            .filter(|(interfaces, _)| interfaces.contains(&interface))
            .map(|(_, connector)| (Provider::Code, connector.clone()))
    }

    /// The interfaces of a platform, with who serves each.
    pub fn capabilities(
        &self,
        platform: &str,
        proxy: Option<&Arc<ProxyConnector>>,
    ) -> Vec<(Interface, Provider)> {
        Interface::ALL
            .iter()
            .filter_map(|interface| Some((*interface, self.resolve(platform, proxy, *interface)?.0)))
            .collect()
    }
}

#[cfg(test)]
mod tests;
