//! Which connector serves a call.

use std::collections::HashMap;
use std::sync::Arc;

use super::contract::{Connector, Interface};
use super::function::InterfaceFunction;
use super::proxy::ProxyConnector;

/// The connectors of this server, by platform.
#[derive(Default, Clone)]
pub struct Registry {
    connectors: HashMap<String, (Vec<Interface>, Arc<dyn Connector>)>,
    functions: HashMap<String, HashMap<Interface, Arc<InterfaceFunction>>>,
}

/// Who serves an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// The document.
    Proxy,
    /// A function registered for this interface.
    Function,
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

    /// Registers a function for one interface of a platform. The platform's connector stays as it
    /// is: the function is composed over it.
    pub fn register_interface(&mut self, platform: impl Into<String>, function: InterfaceFunction) {
        self.functions.entry(platform.into()).or_default().insert(function.interface(), Arc::new(function));
    }

    /// Whether anything is registered for a platform. One without is a proxy platform.
    pub fn knows(&self, platform: &str) -> bool {
        self.connectors.contains_key(platform) || self.functions.contains_key(platform)
    }

    /// The connector that serves an interface: the document where it defines the operation, else a
    /// registered function, else the code connector.
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
        if let Some(function) = self.functions.get(platform).and_then(|functions| functions.get(&interface)) {
            return Some((Provider::Function, function.clone()));
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
