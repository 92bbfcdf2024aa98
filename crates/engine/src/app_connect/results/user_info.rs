//! Who signed in.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::compile::field::{Compiler, Start, Written, written};
use crate::compile::result::ResultMapping;
use crate::config::diagnostic::Code;
use crate::config::mapping::{MappingDocument, Paths, mapping_document};
use crate::config::pointer;
use crate::config::problem::{Part, Problem};
use crate::exchange::UpstreamResponse;
use crate::json_kind::kind;
use crate::mapping::error::MapError;
use crate::mapping::field::{Field, Source};
use crate::mapping::found::{self, Found};
use crate::mapping::items::require_json;
use crate::mapping::problems::{Reader, describe};
use crate::mapping::view::View;
use crate::secret::Secret;
use crate::text::{id_text, to_text};
use crate::time::read_zone;
use crate::truthy::is_truthy;

/// Who signed in.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserInfo {
    /// The CRM's id, as text.
    pub id: String,
    /// The name; absent if the CRM gave none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Value>,
    /// The time zone, as the CRM names it; a name that is not known is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone_name: Option<String>,
    /// Offset from UTC, as the CRM writes it; one that cannot be read is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone_offset: Option<Value>,
    /// Whether the CRM told where the user is, be it in words that are not known: what was known
    /// before is over then.
    #[serde(skip)]
    pub tells_zone: bool,
    /// A key that replaces the submitted one. Never printed.
    #[serde(skip)]
    pub overriding_api_key: Option<Secret>,
    /// The CRM's host, in place of the one that the user named. Code connectors tell it.
    #[serde(skip)]
    pub overriding_hostname: Option<String>,
    /// A message to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Values to keep with the user.
    pub platform_additional_info: Map<String, Value>,
    /// Keys that the document maps and the reply has not: they are forgotten (recordings 01,
    /// `relogin-same-user`).
    #[serde(skip)]
    pub missing_additional_info: Vec<String>,
}

impl UserInfo {
    /// Who has this id in the CRM, and nothing else known.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), ..Self::default() }
    }
}

mapping_document! {
    /// Who signed in.
    UserInfoMapping {
        /// The CRM's id of the user. Without it nobody can sign in.
        id_path: Option<Paths> = "Id path", &"body.user.id";
        /// Instead of `idPath`: a template.
        id: Option<String> = "Id", &"{{lookup (split headers.location '/') -1}}";
        /// The user's name. Default: the id.
        name_path: Option<Paths> = "Name path", &"body.user.name";
        /// Instead of `namePath`: a template.
        name: Option<String> = "Name", &"{{body.first_name}} {{body.last_name}}";
        /// IANA time zone of the user, for composed times.
        timezone_name_path: Option<Paths> = "Time zone path", &"body.user.timezone";
        /// Instead of `timezoneNamePath`: a template.
        timezone_name: Option<String> = "Time zone", &"{{body.user.region}}/{{body.user.city}}";
        /// Offset from UTC, used where there is no time zone name.
        timezone_offset_path: Option<Paths> = "Time zone offset path", &"body.user.utc_offset";
        /// Instead of `timezoneOffsetPath`: a template.
        timezone_offset: Option<String> = "Time zone offset", &"{{body.user.offset}}";
        /// A key in the reply that replaces the submitted API key from now on.
        overriding_api_key_path: Option<Paths> = "Overriding API key path", &"body.session.token";
        /// Instead of `overridingApiKeyPath`: a template.
        overriding_api_key: Option<String> = "Overriding API key", &"{{body.session.id}}:{{body.session.token}}";
        /// Message shown after signing in. Default `Connected to <platform>.`
        message_path: Option<Paths> = "Message path", &"body.message";
        /// Instead of `messagePath`: a template.
        message: Option<String> = "Message", &"Connected to {{body.company.name}}";
        /// Values to keep with the user; templates see them as `user.platformAdditionalInfo.*`.
        platform_additional_info_paths: Option<IndexMap<String, Option<Paths>>> = "Additional info paths", serde_json::json!({"tenantId": "body.user.tenant_id"});
        /// Instead of members of `platformAdditionalInfoPaths`: templates, or objects with templates in them.
        platform_additional_info: Option<IndexMap<String, Value>> = "Additional info", serde_json::json!({"site": "https://{{hostname}}/{{body.user.tenant}}"});
    }
}

impl MappingDocument for UserInfoMapping {
    fn example() -> Value {
        json!({"idPath": "body.id", "namePath": "body.name"})
    }
}

/// Where a reply says who signed in.
#[derive(Debug, Default)]
pub struct UserInfoPaths {
    id: Option<Field>,
    name: Option<Field>,
    timezone_name: Option<Field>,
    timezone_offset: Option<Field>,
    overriding_api_key: Option<Field>,
    message: Option<Field>,
    additional_info: Vec<(Box<str>, Field)>,
}

impl ResultMapping for UserInfoPaths {
    type Document = UserInfoMapping;
    type Output = UserInfo;

    fn compile(mapping: Option<&UserInfoMapping>, compiler: &mut Compiler<'_>) -> Self {
        let default = UserInfoMapping::default();
        let mapping = mapping.unwrap_or(&default);
        let at = &compiler.at();
        let id = compiler.optional(written(&mapping.id_path, &mapping.id), "id", at);
        if id.is_none() && compiler.operation.descriptor().signs_in {
            compiler.problems.push(
                Problem::new(Code::MissingIdPath, compiler.root, "without `responseMapping.idPath` nobody can sign in: users would all be the same one")
                    .part(Part::Key)
                    .help("name where the reply holds the user's id, such as `\"responseMapping\": { \"idPath\": \"body.id\" }`"),
            );
        }
        let mut field = |written: Written<'_>, key: &str| compiler.optional(written, key, at);
        let mut paths = Self {
            id,
            name: field(written(&mapping.name_path, &mapping.name), "name"),
            timezone_name: field(
                written(&mapping.timezone_name_path, &mapping.timezone_name),
                "timezoneName",
            ),
            timezone_offset: field(
                written(&mapping.timezone_offset_path, &mapping.timezone_offset),
                "timezoneOffset",
            ),
            overriding_api_key: field(
                written(&mapping.overriding_api_key_path, &mapping.overriding_api_key),
                "overridingApiKey",
            ),
            message: field(written(&mapping.message_path, &mapping.message), "message"),
            additional_info: Vec::new(),
        };
        additional_info(mapping, compiler, &mut paths.additional_info);
        paths
    }

    fn read(
        &self,
        reader: &mut Reader,
        reply: &UpstreamResponse,
        view: &View<'_>,
    ) -> Result<UserInfo, MapError> {
        require_json(reply)?;
        let Some(id_field) = &self.id else {
            return Err(MapError::NoUserId {
                path: "responseMapping.idPath, which is missing".to_owned(),
                found: "nothing".to_owned(),
            });
        };
        let raw_id = id_field.read(view);
        let Some(id) = raw_id.as_ref().and_then(id_text) else {
            let found = describe(raw_id.as_ref(), id_field, view);
            return Err(MapError::NoUserId { path: format!("`{}`", id_field.text), found });
        };
        // A message is for those whom the CRM has something to tell.
        let told = [&self.name, &self.timezone_name, &self.timezone_offset, &self.overriding_api_key];
        let told: Vec<&Field> = told.into_iter().flatten().collect();
        reader.look_for(&told, &[*view]);
        let info: Vec<&Field> = self.additional_info.iter().map(|(_, field)| field).collect();
        reader.look_for(&info, &[*view]);
        let truthy = |field: &Option<Field>| field.as_ref().and_then(|field| field.truthy(view));
        let as_text = |value: Value| to_text(&value).into_owned();
        let timezone_name = zone(reader, self.timezone_name.as_ref(), view);
        let timezone_offset = zone(reader, self.timezone_offset.as_ref(), view);
        let zones = [&self.timezone_name, &self.timezone_offset];
        let tells_zone = zones.into_iter().flatten().any(|field| zone_value(field, view).is_some());
        Ok(UserInfo {
            id,
            name: match &self.name {
                Some(field) => field.read(view),
                None => raw_id,
            },
            timezone_name: timezone_name.map(as_text),
            timezone_offset: timezone_offset.filter(is_truthy),
            tells_zone,
            overriding_hostname: None,
            overriding_api_key: truthy(&self.overriding_api_key).map(as_text).map(Secret::from),
            message: truthy(&self.message).map(as_text),
            platform_additional_info: self
                .additional_info
                .iter()
                .filter_map(|(key, field)| Some((key.to_string(), field.read(view)?)))
                .collect(),
            missing_additional_info: self
                .additional_info
                .iter()
                .filter(|(_, field)| field.find(view).is_none())
                .map(|(key, _)| key.to_string())
                .collect(),
        })
    }

    fn found(&self, view: &View<'_>) -> Found {
        match &self.id {
            Some(id) if !matches!(id.source, Source::Reading(_)) => Found::id(id, view),
            _ => Found::Unread,
        }
    }
}

fn additional_info(
    mapping: &UserInfoMapping,
    compiler: &mut Compiler<'_>,
    info: &mut Vec<(Box<str>, Field)>,
) {
    let at = compiler.at();
    for (key, path) in mapping.platform_additional_info_paths.iter().flatten() {
        let pointer = pointer::join(&format!("{at}/platformAdditionalInfoPaths"), key);
        let field = path.as_ref().and_then(|path| compiler.paths(path, &pointer, Start::Reply));
        info.extend(field.map(|field| (Box::from(key.as_str()), field)));
    }
    for (key, value) in mapping.platform_additional_info.iter().flatten() {
        let pointer = pointer::join(&format!("{at}/platformAdditionalInfo"), key);
        if info.iter().any(|(known, _)| **known == **key) {
            compiler.both(&pointer, key, &format!("platformAdditionalInfoPaths.{key}"));
            info.retain(|(known, _)| **known != **key);
        }
        let field = compiler.made(value, &pointer, Start::Reply);
        info.extend(field.map(|field| (Box::from(key.as_str()), field)));
    }
}

/// A zone that is known; one that is not counts as none, and is told: as a value it would stand
/// before others and mean UTC.
fn zone(reader: &mut Reader, field: Option<&Field>, view: &View<'_>) -> Option<Value> {
    let field = field?;
    let value = zone_value(field, view)?;
    match read_zone(&value) {
        Ok(_) => Some(value),
        Err(problem) => {
            reader.note(field, format!("{} that is {problem}", kind(&value)), true);
            None
        }
    }
}

/// What a reply tells of a time zone, be it known or not.
fn zone_value(field: &Field, view: &View<'_>) -> Option<Value> {
    field.read(view).filter(found::says_something)
}
