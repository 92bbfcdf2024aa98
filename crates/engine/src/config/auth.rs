//! How a document says that requests are authorised.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::secret::Secret;

/// How a request is authorised.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Auth {
    /// `apiKey`: the user pastes a key. `oauth`: the user signs in at the CRM. Default `apiKey`.
    #[schemars(title = "Type", example = &"apiKey", extend("enum" = ["apiKey", "oauth"]))]
    #[serde(rename = "type")]
    pub auth_type: Option<String>,
    /// Word before the credential, such as `Basic` or `Bearer`. Without it the credential stands
    /// alone.
    #[schemars(title = "Scheme", example = &"Bearer")]
    pub scheme: Option<String>,
    /// Header that carries the credential. Default `Authorization`.
    #[schemars(title = "Header name", example = &"Authorization")]
    pub header_name: Option<String>,
    /// Template of the credential. Without it, `apiKey` sends `Basic` and the base64 of the key
    /// and a colon, `oauth` sends the scheme (default `Bearer`) and the access token.
    #[schemars(title = "Credential", example = &"{{apiKey}}:")]
    pub credential_template: Option<String>,
    /// Whether the rendered credential is encoded: `base64` or `none`. Default `base64`.
    #[schemars(title = "Encoding", example = &"base64", extend("enum" = ["base64", "none"]))]
    pub encode: Option<String>,
    /// OAuth client id.
    #[schemars(title = "Client id", example = &"3MVG9lKcPoNINVBIPJjdw1J9LLM82Hn")]
    pub client_id: Option<String>,
    /// OAuth client secret. `clientSecretEnv` keeps it out of the document.
    #[schemars(title = "Client secret", example = &"client-secret")]
    pub client_secret: Option<Secret>,
    /// Name of the environment variable that holds the OAuth client secret.
    #[schemars(title = "Environment variable of the client secret", example = &"MY_CRM_CLIENT_SECRET")]
    pub client_secret_env: Option<String>,
    /// OAuth token endpoint: the only place the client secret is sent to.
    #[schemars(title = "Token URL", example = &"https://login.example.com/oauth/token")]
    pub token_url: Option<String>,
    /// OAuth authorization endpoint, opened in the user's browser.
    #[schemars(title = "Authorization URL", example = &"https://login.example.com/oauth/authorize")]
    pub authorization_url: Option<String>,
    /// Redirect URI registered at the CRM.
    #[schemars(title = "Redirect URI", example = &"https://ringcentral.github.io/ringcentral-embeddable/redirect.html")]
    pub redirect_uri: Option<String>,
    /// Scopes to ask for: a text with spaces, or a list.
    #[schemars(title = "Scopes", example = &"contacts.read activities.write", schema_with = "text_or_list")]
    #[serde(default)]
    pub scopes: Option<Value>,
}

fn text_or_list(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({"type": ["string", "array", "null"], "items": {"type": "string"}})
}
