//! The state of a licence.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::compile::field::{Compiler, Start, Written, written};
use crate::compile::result::ResultMapping;
use crate::config::mapping::{MappingDocument, Paths, mapping_document};
use crate::exchange::UpstreamResponse;
use crate::mapping::error::MapError;
use crate::mapping::field::Field;
use crate::mapping::found::{self, Found};
use crate::mapping::items::require_json;
use crate::mapping::problems::Reader;
use crate::mapping::view::View;

/// The state of a licence.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct License {
    /// Whether it is valid, as the CRM says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_license_valid: Option<Value>,
    /// A word for the state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license_status: Option<Value>,
    /// A sentence about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license_status_description: Option<Value>,
}

mapping_document! {
    /// The state of the user's licence.
    LicenseMapping {
        /// Whether the licence is valid. Default `body.isLicenseValid`.
        is_license_valid_path: Option<Paths> = "Validity path", &"body.license.valid";
        /// Instead of `isLicenseValidPath`: a template.
        is_license_valid: Option<String> = "Validity", &"{{eq body.license.state 'active'}}";
        /// A word for the state. Default `body.licenseStatus`.
        license_status_path: Option<Paths> = "Status path", &"body.license.status";
        /// Instead of `licenseStatusPath`: a template.
        license_status: Option<String> = "Status", &"{{body.license.plan}} {{body.license.state}}";
        /// A sentence about the state. Default `body.licenseStatusDescription`.
        license_status_description_path: Option<Paths> = "Description path", &"body.license.description";
        /// Instead of `licenseStatusDescriptionPath`: a template.
        license_status_description: Option<String> = "Description", &"Valid until {{body.license.end}}";
    }
}

impl MappingDocument for LicenseMapping {
    fn example() -> Value {
        json!({"isLicenseValidPath": "body.license.valid"})
    }
}

/// Where the state of a licence is.
#[derive(Debug)]
pub struct LicensePaths {
    is_valid: Field,
    status: Field,
    description: Field,
}

impl ResultMapping for LicensePaths {
    type Document = LicenseMapping;
    type Output = License;

    fn compile(mapping: Option<&LicenseMapping>, compiler: &mut Compiler<'_>) -> Self {
        let default = LicenseMapping::default();
        let mapping = mapping.unwrap_or(&default);
        let at = compiler.at();
        let mut field = |written: Written<'_>, key: &str| {
            compiler.field(written, key, &format!("body.{key}"), &at, Start::Reply)
        };
        Self {
            is_valid: field(
                written(&mapping.is_license_valid_path, &mapping.is_license_valid),
                "isLicenseValid",
            ),
            status: field(written(&mapping.license_status_path, &mapping.license_status), "licenseStatus"),
            description: field(
                written(&mapping.license_status_description_path, &mapping.license_status_description),
                "licenseStatusDescription",
            ),
        }
    }

    fn read(
        &self,
        reader: &mut Reader,
        reply: &UpstreamResponse,
        view: &View<'_>,
    ) -> Result<License, MapError> {
        require_json(reply)?;
        reader.look_for(&[&self.is_valid, &self.status, &self.description], &[*view]);
        Ok(License {
            is_license_valid: self.is_valid.read(view),
            license_status: self.status.read(view),
            license_status_description: self.description.read(view),
        })
    }

    fn found(&self, view: &View<'_>) -> Found {
        let fields = [&self.is_valid, &self.status, &self.description];
        if fields.into_iter().any(|field| found::has_value(field, view)) { Found::Yes } else { Found::No }
    }

    fn reads_flag(&self) -> bool {
        true
    }
}
