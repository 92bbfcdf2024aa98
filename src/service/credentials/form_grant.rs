//! OAuth without a page of the CRM: the fields of the sign-in form are exchanged for a token, and again when it expires.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::granted::granted as granted_credential;
use crate::connector::inputs::{GetUserInfo, OAuthSignIn};
use crate::credential::Credential;
use crate::engine::oauth::{FormGrant, Granted, OAuth, TokenRefusal, exchange};
use crate::service::ResolvedPlatform;
use crate::store::Secret;

/// What is kept of a sign-in form, to be exchanged again. The store seals it with the user.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Form {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    api_key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    additional_info: Option<Map<String, Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hostname: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_email: Option<String>,
}

impl Form {
    fn of(submitted: &GetUserInfo) -> Self {
        Self {
            api_key: submitted.api_key.as_ref().map(|key| key.expose().to_owned()),
            additional_info: submitted.additional_info.clone(),
            hostname: submitted.hostname.clone(),
            user_email: submitted.user_email.clone(),
        }
    }

    fn into_submitted(self) -> GetUserInfo {
        GetUserInfo {
            api_key: self.api_key.map(Secret::new),
            additional_info: self.additional_info,
            hostname: self.hostname,
            user_email: self.user_email,
            oauth: None,
        }
    }
}

/// Exchanges what was filled in for a token. What connectors see of the sign-in has the token then.
///
/// # Errors
/// If the token endpoint gives none.
pub(crate) async fn sign_in(
    platform: &ResolvedPlatform<'_>,
    submitted: &mut GetUserInfo,
) -> Result<Credential, TokenRefusal> {
    let Some(proxy) = &platform.proxy else { return Err(TokenRefusal::NoToken) };
    let settings = &proxy.config.oauth;
    let granted = grant(platform, settings, submitted).await?;
    let fields = serde_json::to_string(&Form::of(submitted)).ok().map(Secret::from);
    let token_url = settings.token_url.as_ref().map(|url| url.as_str().to_owned());
    submitted.oauth = Some(Box::new(OAuthSignIn {
        access_token: granted.access_token.clone(),
        reply: granted.reply.clone(),
        token_url,
        api_url: None,
        username: None,
        callback_uri: String::new(),
        query: Map::new(),
    }));
    Ok(Credential { grant_fields: fields, ..granted_credential(platform.services.clock.now_ms(), &granted) })
}

/// Exchanges what was filled in at the sign-in once more.
///
/// # Errors
/// If the token endpoint gives no token, or what was kept cannot be read.
pub(super) async fn again(
    platform: &ResolvedPlatform<'_>,
    settings: &OAuth,
    fields: &Secret,
) -> Result<Granted, TokenRefusal> {
    let form: Form = serde_json::from_str(fields.expose()).map_err(|_| TokenRefusal::NoToken)?;
    grant(platform, settings, &form.into_submitted()).await
}

async fn grant(
    platform: &ResolvedPlatform<'_>,
    settings: &OAuth,
    submitted: &GetUserInfo,
) -> Result<Granted, TokenRefusal> {
    let Some(proxy) = &platform.proxy else { return Err(TokenRefusal::NoToken) };
    let form = FormGrant::new(settings.grant, submitted.additional_info.as_ref(), submitted.api_key.as_ref());
    let call = platform.call(None, None);
    let inputs = proxy.sign_in_inputs(&call, submitted);
    let granted = exchange(platform.services.client(), settings, &form.grant(), &inputs).await?;
    if let Some(warning) = granted.warning {
        tracing::warn!(platform = platform.name, warning, "a token reply");
    }
    Ok(granted)
}
