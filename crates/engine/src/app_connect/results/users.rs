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
use crate::truthy::is_truthy;

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

/// The key of the mapping problem of a list that has more pages than are read.
pub const NEXT_PAGE: &str = "nextPage";

/// A page of the CRM's users.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserPage {
    /// The users.
    pub users: Vec<CrmUser>,
    /// What asks for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page: Option<Value>,
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
        /// What asks for the next page of the list. The request reads it as `nextPage`, and is sent again until a reply
        /// has none: nothing there, null, false, zero or an empty text. At most 100 pages are read.
        next_page_path: Option<Paths> = "Next page path", &"body.next_cursor";
        /// Instead of `nextPagePath`: a template.
        next_page: Option<String> = "Next page", &"{{body.page.next}}";
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
    /// Absent if the list has one page.
    next_page: Option<Field>,
}

impl ResultMapping for UserPaths {
    type Document = UserListMapping;
    type Output = UserPage;

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
        let next_page =
            compiler.optional(written(&mapping.next_page_path, &mapping.next_page), "nextPage", &at);
        Self { reads_parent, list, id, name, email, next_page }
    }

    fn read(
        &self,
        reader: &mut Reader,
        reply: &UpstreamResponse,
        view: &View<'_>,
    ) -> Result<UserPage, MapError> {
        let Some(list) = &self.list else { return Ok(UserPage::default()) };
        require_json(reply)?;
        let made = OnceCell::new();
        let identify = |item: &Value| self.id.id(&view.of_item(item, None));
        let items = reader.items(list, view, &made, self.reads_parent, &identify, MOST)?;
        let nameless: Vec<View<'_>> =
            items.iter().filter(|item| self.id.find(item).is_none_or(|id| id.is_null())).copied().collect();
        let are_none = !items.iter().any(|item| item.here.is_object()) && nameless.len() == items.len();
        reader.without_id(&self.id, &nameless, &items, are_none)?;
        reader.look_for(&[&self.name, &self.email], &items);
        let users = items.iter().map(|item| CrmUser {
            id: self.id.read(item),
            name: self.name.read(item),
            email: self.email.read(item),
        });
        let next_page = self.next_page.as_ref().and_then(|field| field.read(view)).filter(is_truthy);
        Ok(UserPage { users: users.collect(), next_page })
    }

    fn found(&self, view: &View<'_>) -> Found {
        self.list.as_ref().map_or(Found::Unread, |list| Found::items(list, view))
    }

    fn nothing_found() -> Option<UserPage> {
        Some(UserPage::default())
    }

    fn tells_next_page(&self) -> bool {
        self.next_page.is_some()
    }

    /// The list, with what asks for the next page if there is one.
    fn to_json(page: &UserPage) -> Value {
        match page.next_page {
            None => json!(page.users),
            Some(_) => json!(page),
        }
    }
}
