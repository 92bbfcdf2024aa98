//! Users of the CRM.

use std::cell::OnceCell;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::compile::field::{Compiler, Start, Written, written};
use crate::compile::result::ResultMapping;
use crate::config::diagnostic::Code;
use crate::config::mapping::{MappingDocument, Paths, mapping_document};
use crate::exchange::UpstreamResponse;
use crate::mapping::error::MapError;
use crate::mapping::field::Field;
use crate::mapping::found::Found;
use crate::mapping::items::require_json;
use crate::mapping::problems::Reader;
use crate::mapping::view::View;

/// How many users are taken: an account of RingCentral that is larger pages through its users.
const MOST: usize = 10_000;

/// A user of the CRM.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CrmUser {
    /// The CRM's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Value>,
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Value>,
    /// The email address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<Value>,
}

mapping_document! {
    /// The CRM's users.
    UserListMapping {
        /// The list. Without it there are no users.
        list_path: Option<String> = "List path", &"body.users";
        /// Instead of `listPath`: a template.
        list: Option<String> = "List", &"{{fromJson body.payload}}";
        /// A user's id, seen from the list's item. Default `id`.
        id_path: Option<Paths> = "Id path", &"id";
        /// Instead of `idPath`: a template.
        id: Option<String> = "Id", &"{{prefix}}-{{id}}";
        /// A user's name. Default `name`.
        name_path: Option<Paths> = "Name path", &"name";
        /// Instead of `namePath`: a template.
        name: Option<String> = "Name", &"{{first_name}} {{last_name}}";
        /// A user's email address, by which users are matched. Default `email`.
        email_path: Option<Paths> = "Email path", &"email";
        /// Instead of `emailPath`: a template.
        email: Option<String> = "Email", &"{{login}}@example.com";
    }
}

impl MappingDocument for UserListMapping {
    fn example() -> Value {
        json!({"listPath": "body.users", "idPath": "id"})
    }
}

/// Where the users are.
#[derive(Debug)]
pub struct UserPaths {
    /// Whether a field reads what holds the list of its item.
    reads_parent: bool,
    list: Option<Field>,
    id: Field,
    name: Field,
    email: Field,
}

impl ResultMapping for UserPaths {
    type Document = UserListMapping;
    type Output = Vec<CrmUser>;

    fn compile(mapping: Option<&UserListMapping>, compiler: &mut Compiler<'_>) -> Self {
        if mapping.is_none() {
            compiler.missing_mapping(
                Code::MissingMapping,
                "without `responseMapping.listPath` there are no users",
                "add `\"responseMapping\": { \"listPath\": \"body.users\" }`",
            );
        }
        let default = UserListMapping::default();
        let mapping = mapping.unwrap_or(&default);
        let (path, template) = (mapping.list_path.as_deref(), mapping.list.as_deref());
        let has_list = [path, template].into_iter().flatten().any(|text| !text.is_empty());
        let list = has_list.then(|| compiler.list(path, template, "body"));
        let at = compiler.at();
        let mut field = |written: Written<'_>, key: &str| compiler.field(written, key, key, &at, Start::Item);
        let id = field(written(&mapping.id_path, &mapping.id), "id");
        let name = field(written(&mapping.name_path, &mapping.name), "name");
        let email = field(written(&mapping.email_path, &mapping.email), "email");
        let reads_parent = [&id, &name, &email].into_iter().any(Field::reads_parent);
        Self { reads_parent, list, id, name, email }
    }

    fn read(
        &self,
        reader: &mut Reader,
        reply: &UpstreamResponse,
        view: &View<'_>,
    ) -> Result<Vec<CrmUser>, MapError> {
        let Some(list) = &self.list else { return Ok(Vec::new()) };
        require_json(reply)?;
        let made = OnceCell::new();
        let identify = |item: &Value| self.id.id(&view.of_item(item, None));
        let items = reader.items(list, view, &made, self.reads_parent, &identify, MOST)?;
        let nameless: Vec<View<'_>> =
            items.iter().filter(|item| self.id.find(item).is_none_or(|id| id.is_null())).copied().collect();
        let are_none = !items.iter().any(|item| item.here.is_object()) && nameless.len() == items.len();
        reader.without_id(&self.id, &nameless, &items, are_none)?;
        reader.look_for(&[&self.name, &self.email], &items);
        Ok(items
            .iter()
            .map(|item| CrmUser {
                id: self.id.read(item),
                name: self.name.read(item),
                email: self.email.read(item),
            })
            .collect())
    }

    fn found(&self, view: &View<'_>) -> Found {
        self.list.as_ref().map_or(Found::Unread, |list| Found::items(list, view))
    }

    fn nothing_found() -> Option<Vec<CrmUser>> {
        Some(Vec::new())
    }
}
