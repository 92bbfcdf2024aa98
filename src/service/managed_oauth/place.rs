//! Where a client belongs.

use crate::service::stored_ids::check_id;

/// A platform, and the document if one is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The platform name.
    pub platform: String,
    /// The document.
    pub proxy_id: Option<String>,
}

impl Place {
    /// The place, if its ids can be part of a key.
    ///
    /// # Errors
    /// With the one that is too long, in words.
    pub fn checked(self) -> Result<Self, String> {
        check_id("platform", &self.platform).map_err(|refusal| refusal.return_message.message)?;
        check_id("proxyId", self.proxy_id.as_deref().unwrap_or_default())
            .map_err(|refusal| refusal.return_message.message)?;
        Ok(self)
    }
}
