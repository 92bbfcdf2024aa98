//! What the mappings of several operations have in common.

use super::field::{Compiler, Start, Written, is_written};
use crate::config::diagnostic::Code;
use crate::config::problem::{Part, Problem};
use crate::mapping::field::Field;

impl Compiler<'_> {
    /// Pointer of the mapping.
    pub(crate) fn at(&self) -> String {
        format!("{}/responseMapping", self.root)
    }

    /// Says what comes of an operation without a mapping.
    pub(crate) fn missing_mapping(&mut self, code: Code, message: &str, help: &str) {
        self.problems.push(Problem::new(code, self.root, message).part(Part::Key).help(help));
    }

    /// Says what comes of a mapping without an id path.
    pub(crate) fn missing_id_path(&mut self, consequence: &str) {
        let (at, name) = (self.at(), self.operation);
        self.problems.push(
            Problem::new(Code::MissingIdPath, at, format!("`{name}` has no `idPath`: {consequence}"))
                .part(Part::Key)
                .help("name where the reply holds the id, such as `\"idPath\": \"body.id\"`"),
        );
    }

    /// Where a list is.
    pub(crate) fn list(&mut self, path: Option<&str>, template: Option<&str>, default: &str) -> Field {
        let at = self.at();
        let field = self.field(Written::texts(path, template), "list", default, &at, Start::Reply);
        if field.explicit && &*field.text == "$" {
            self.problems.push(
                Problem::new(
                    Code::PathNotAList,
                    format!("{at}/listPath"),
                    "`$` is the whole reply with status and headers, never a list: nothing is found",
                )
                .help("write `body` where the CRM answers with the list itself"),
            );
        }
        field
    }

    /// Whether the CRM answers without an id; an `idPath` beside it says the opposite.
    pub(crate) fn has_none(&mut self, no_id: Option<bool>, id: Written<'_>) -> bool {
        let has_none = no_id == Some(true);
        if has_none && is_written(id) {
            self.problems.push(
                Problem::new(
                    Code::NoId,
                    format!("{}/noId", self.at()),
                    "`noId` stands beside `idPath`: the reply has an id or it has none",
                )
                .part(Part::Key)
                .help("remove `noId` where the CRM answers with an id, else `idPath`"),
            );
            return false;
        }
        has_none
    }
}
