//! How a document says that requests are authorised.

use indexmap::IndexMap;
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
    /// OAuth client id. A template where each user has a client of their own, as with
    /// `grant: clientCredentials`.
    #[schemars(title = "Client id", example = &"3MVG9lKcPoNINVBIPJjdw1J9LLM82Hn")]
    pub client_id: Option<String>,
    /// Name of the environment variable that holds the OAuth client id. Where the variable is not set,
    /// `clientId` is used.
    #[schemars(title = "Environment variable of the client id", example = &"MY_CRM_CLIENT_ID")]
    pub client_id_env: Option<String>,
    /// OAuth client secret. `clientSecretEnv` keeps it out of the document.
    #[schemars(title = "Client secret", example = &"client-secret")]
    pub client_secret: Option<Secret>,
    /// Name of the environment variable that holds the OAuth client secret.
    #[schemars(title = "Environment variable of the client secret", example = &"MY_CRM_CLIENT_SECRET")]
    pub client_secret_env: Option<String>,
    /// OAuth token endpoint: the only place the client secret is sent to. A template may choose its host
    /// among `requestDefaults.allowedHosts`.
    #[schemars(title = "Token URL", example = &"https://login.example.com/oauth/token")]
    pub token_url: Option<String>,
    /// OAuth authorization endpoint, opened in the user's browser. A template may choose its host among
    /// `requestDefaults.allowedHosts`.
    #[schemars(title = "Authorization URL", example = &"https://login.example.com/oauth/authorize")]
    pub authorization_url: Option<String>,
    /// Redirect URI registered at the CRM.
    #[schemars(title = "Redirect URI", example = &"https://ringcentral.github.io/ringcentral-embeddable/redirect.html")]
    pub redirect_uri: Option<String>,
    /// Scopes to ask for: a text with spaces, or a list.
    #[schemars(title = "Scopes", example = &"contacts.read activities.write", schema_with = "text_or_list")]
    #[serde(default)]
    pub scopes: Option<Value>,
    /// What a token is given for. `authorizationCode`: the user signs in on a page of the CRM.
    /// `clientCredentials` and `password`: the fields of the sign-in form are enough. Default
    /// `authorizationCode`.
    #[schemars(title = "Grant", example = &"clientCredentials", extend("enum" = ["authorizationCode", "clientCredentials", "password"]))]
    pub grant: Option<String>,
    /// Whether the code is bound to whoever asked for it (PKCE, RFC 7636): `true` or `"S256"`. Default:
    /// where this server begins the sign-in.
    #[schemars(title = "PKCE", example = true, schema_with = "pkce")]
    #[serde(default)]
    pub pkce: Option<Value>,
    /// Further parameters of the authorization URL. Values are templates; null removes a parameter that
    /// is sent otherwise.
    #[schemars(title = "Authorization parameters", example = serde_json::json!({"access_type": "offline"}), schema_with = "named_values")]
    #[serde(default)]
    pub authorization_parameters: Option<IndexMap<String, Value>>,
    /// How tokens are asked for, where the CRM wants something else than the usual form.
    #[schemars(title = "Token request", example = serde_json::json!({"clientAuthentication": "form"}))]
    pub token_request: Option<TokenRequest>,
    /// How tokens are renewed, where the CRM wants something else than the usual.
    #[schemars(title = "Renewal", example = serde_json::json!({"rotates": false}))]
    pub refresh: Option<Refresh>,
}

/// How a document asks the token endpoint. Without it: a form, and the client in the `Authorization` header.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokenRequest {
    /// Where client id and secret stand. `basic`: in the `Authorization` header. `form`: in the body, and
    /// no `Authorization` header is sent. `none`: nowhere; `fields` say what the CRM wants. Default `basic`.
    #[schemars(title = "Client authentication", example = &"form", extend("enum" = ["basic", "form", "none"]))]
    pub client_authentication: Option<String>,
    /// How the body is written: `form` or `json`. Default `form`.
    #[schemars(title = "Format", example = &"json", extend("enum" = ["form", "json"]))]
    pub format: Option<String>,
    /// Further members of the body. Values are templates; one that yields nothing is left out. A usual
    /// member of this name is replaced, and null removes it.
    #[schemars(title = "Fields", example = serde_json::json!({"audience": "https://api.example.com"}), schema_with = "named_values")]
    #[serde(default)]
    pub fields: Option<IndexMap<String, Value>>,
    /// Headers. Values are templates; one that yields nothing is left out.
    #[schemars(title = "Headers", example = serde_json::json!({"X-App-Key": "{{secretKey}}"}), schema_with = "named_values")]
    #[serde(default)]
    pub headers: Option<IndexMap<String, Value>>,
    /// Query parameters of the token URL. Values are templates; one that yields nothing is left out.
    #[schemars(title = "Query", example = serde_json::json!({"tenant": "{{hostname}}"}), schema_with = "named_values")]
    #[serde(default)]
    pub query: Option<IndexMap<String, Value>>,
}

/// How a document renews tokens.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Refresh {
    /// Where tokens are renewed. Default `auth.tokenUrl`.
    #[schemars(title = "Token URL of renewals", example = &"https://login.example.com/oauth/refresh")]
    pub token_url: Option<String>,
    /// Whether a renewal may bring another refresh token. With `false` the first one is kept, whatever the
    /// reply holds. Default `true`.
    #[schemars(title = "Rotation", example = false)]
    pub rotates: Option<bool>,
    /// How long an access token lives where the reply does not say it, in seconds.
    #[schemars(title = "Lifetime in seconds", example = 1800, extend("minimum" = 1, "maximum" = 31_536_000))]
    pub lifetime_seconds: Option<f64>,
}

fn named_values(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": ["object", "null"],
        "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
    })
}

fn pkce(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({"type": ["boolean", "string", "null"], "enum": [true, false, "S256", null]})
}

fn text_or_list(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({"type": ["string", "array", "null"], "items": {"type": "string"}})
}
