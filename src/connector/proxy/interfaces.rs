//! The interfaces that a document fulfils: each runs the operation of its name.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::ProxyConnector;
use super::variables::of_this_run;
use crate::connector::contract::{Call, CallError, Connector, Interface, OAuthInfo, Reply};
use crate::connector::inputs;
use crate::connector::message::ReturnMessage;
use crate::engine;
use crate::engine::app_connect as operations;
use crate::engine::app_connect::{OperationSpec as _, TypedOperation};
use crate::engine::failure::{Failure, FailureKind};
use crate::engine::operation::{AuthType, LogFormat};
use crate::engine::results::{
    Appointment, AuthValidation, CallLogInfo, Contact, CreatedContact, CreatedLog, CrmUser, License,
    NewContact, UserInfo,
};
use crate::engine::variables::Variable;

/// Why a colleague's number is not looked for: searched as a part of phone numbers it finds strangers.
const EXTENSION: &str =
    "this is the extension of a colleague, and the connector does not look for extensions";

impl ProxyConnector {
    /// The entry by which clients offer to create a contact, as the document describes it.
    pub fn new_contact(&self) -> NewContact {
        let find = TypedOperation::<operations::find_contact::FindContact>::of(&self.config);
        find.and_then(|find| find.mapping().new_contact().cloned()).unwrap_or_default()
    }
}

#[async_trait]
impl Connector for ProxyConnector {
    fn interfaces(&self) -> Vec<Interface> {
        self.interfaces.clone()
    }

    async fn get_auth_type(&self, _call: &Call<'_>) -> Result<Reply<AuthType>, CallError> {
        Ok(Reply::new(self.config.auth_type))
    }

    async fn get_oauth_info(
        &self,
        _call: &Call<'_>,
        _input: &inputs::OAuthInfoInput,
    ) -> Result<Reply<OAuthInfo>, CallError> {
        Ok(Reply::new(self.config.oauth.clone().into()))
    }

    async fn get_basic_auth(&self, _call: &Call<'_>, api_key: &str) -> Result<Reply<String>, CallError> {
        Ok(Reply::new(STANDARD.encode(format!("{api_key}:"))))
    }

    async fn get_log_format_type(&self, _call: &Call<'_>) -> Result<Reply<LogFormat>, CallError> {
        Ok(Reply::new(self.config.log_format))
    }

    async fn get_user_info(
        &self,
        call: &Call<'_>,
        input: &inputs::GetUserInfo,
    ) -> Result<Reply<UserInfo>, CallError> {
        self.run::<operations::get_user_info::GetUserInfo>(call, input).await
    }

    async fn refresh_user_info(&self, call: &Call<'_>) -> Result<Reply<UserInfo>, CallError> {
        self.run::<operations::refresh_user_info::RefreshUserInfo>(call, &()).await
    }

    /// If the document has no `authValidation`, asking who the user is answers it (Q29).
    async fn auth_validation(&self, call: &Call<'_>) -> Result<Reply<AuthValidation>, CallError> {
        use operations::auth_validation::AuthValidation as Validate;
        use operations::get_user_info::GetUserInfo;
        if let Some(operation) = TypedOperation::<Validate>::of(&self.config) {
            return self.run_operation(operation, call, &()).await;
        }
        let Some(operation) = TypedOperation::<GetUserInfo>::of(&self.config) else {
            return Err(CallError::NotSupported(Interface::AUTH_VALIDATION));
        };
        let input = inputs::GetUserInfo {
            hostname: call.user.and_then(|user| user.hostname.clone()),
            ..inputs::GetUserInfo::default()
        };
        let reply = self.run_operation(operation, call, &input).await?;
        Ok(reply.map(|_| AuthValidation { successful: true, message: None, status: 200 }))
    }

    async fn un_authorize(&self, call: &Call<'_>) -> Result<Reply<()>, CallError> {
        self.run::<operations::un_authorize::UnAuthorize>(call, &()).await
    }

    async fn find_contact(
        &self,
        call: &Call<'_>,
        input: &inputs::FindContact,
    ) -> Result<Reply<Vec<Contact>>, CallError> {
        let operation = self.config.operation(operations::find_contact::FindContact::NAME);
        if input.asks_for_extension() && operation.is_some_and(|operation| !operation.asks_for_extensions()) {
            return Err(Failure::new(FailureKind::Missing, EXTENSION).into());
        }
        self.run::<operations::find_contact::FindContact>(call, input).await
    }

    async fn find_contact_with_name(
        &self,
        call: &Call<'_>,
        input: &inputs::FindContactWithName,
    ) -> Result<Reply<Vec<Contact>>, CallError> {
        self.run::<operations::find_contact_with_name::FindContactWithName>(call, input).await
    }

    async fn create_contact(
        &self,
        call: &Call<'_>,
        input: &inputs::CreateContact,
    ) -> Result<Reply<Option<CreatedContact>>, CallError> {
        self.run::<operations::create_contact::CreateContact>(call, input).await
    }

    async fn create_call_log(
        &self,
        call: &Call<'_>,
        input: &inputs::CreateCallLog,
    ) -> Result<Reply<CreatedLog>, CallError> {
        self.run::<operations::create_call_log::CreateCallLog>(call, input).await
    }

    async fn get_call_log(
        &self,
        call: &Call<'_>,
        input: &inputs::GetCallLog,
    ) -> Result<Reply<CallLogInfo>, CallError> {
        self.run::<operations::get_call_log::GetCallLog>(call, input).await
    }

    async fn update_call_log(
        &self,
        call: &Call<'_>,
        input: &inputs::UpdateCallLog,
    ) -> Result<Reply<()>, CallError> {
        self.run::<operations::update_call_log::UpdateCallLog>(call, input).await
    }

    async fn upsert_call_disposition(
        &self,
        call: &Call<'_>,
        input: &inputs::UpsertCallDisposition,
    ) -> Result<Reply<()>, CallError> {
        self.run::<operations::upsert_call_disposition::UpsertCallDisposition>(call, input).await
    }

    async fn create_message_log(
        &self,
        call: &Call<'_>,
        input: &inputs::MessageLog,
    ) -> Result<Reply<CreatedLog>, CallError> {
        self.run::<operations::create_message_log::CreateMessageLog>(call, input).await
    }

    async fn update_message_log(
        &self,
        call: &Call<'_>,
        input: &inputs::MessageLog,
    ) -> Result<Reply<()>, CallError> {
        self.run::<operations::update_message_log::UpdateMessageLog>(call, input).await
    }

    async fn get_user_list(&self, call: &Call<'_>) -> Result<Reply<Vec<CrmUser>>, CallError> {
        self.run::<operations::get_user_list::GetUserList>(call, &()).await
    }

    async fn get_license_status(
        &self,
        call: &Call<'_>,
        input: &inputs::GetLicenseStatus,
    ) -> Result<Reply<License>, CallError> {
        self.run::<operations::get_license_status::GetLicenseStatus>(call, input).await
    }

    async fn get_server_logging_settings(&self, call: &Call<'_>) -> Result<Reply<Value>, CallError> {
        self.run::<operations::get_server_logging_settings::GetServerLoggingSettings>(call, &()).await
    }

    async fn update_server_logging_settings(
        &self,
        call: &Call<'_>,
        input: &inputs::UpdateServerLoggingSettings,
    ) -> Result<Reply<()>, CallError> {
        self.run::<operations::update_server_logging_settings::UpdateServerLoggingSettings>(call, input).await
    }

    async fn list_appointments(
        &self,
        call: &Call<'_>,
        input: &inputs::ListAppointments,
    ) -> Result<Reply<Vec<Appointment>>, CallError> {
        self.run::<operations::list_appointments::ListAppointments>(call, input).await
    }

    async fn create_appointment(
        &self,
        call: &Call<'_>,
        input: &inputs::CreateAppointment,
    ) -> Result<Reply<Appointment>, CallError> {
        self.run::<operations::create_appointment::CreateAppointment>(call, input).await
    }

    async fn update_appointment(
        &self,
        call: &Call<'_>,
        input: &inputs::UpdateAppointment,
    ) -> Result<Reply<Appointment>, CallError> {
        if input.patch_body.get("status").is_some() && !self.tells_status(call, input) {
            let text = format!("{} does not take a status of appointments.", call.platform);
            return Err(ReturnMessage::warning(text, 5000).into());
        }
        self.run::<operations::update_appointment::UpdateAppointment>(call, input).await
    }

    async fn refresh_appointment(
        &self,
        call: &Call<'_>,
        input: &inputs::AppointmentById,
    ) -> Result<Reply<Appointment>, CallError> {
        self.run::<operations::refresh_appointment::RefreshAppointment>(call, input).await
    }

    async fn confirm_appointment(
        &self,
        call: &Call<'_>,
        input: &inputs::AppointmentById,
    ) -> Result<Reply<Appointment>, CallError> {
        self.run::<operations::confirm_appointment::ConfirmAppointment>(call, input).await
    }

    async fn cancel_appointment(
        &self,
        call: &Call<'_>,
        input: &inputs::AppointmentById,
    ) -> Result<Reply<Appointment>, CallError> {
        self.run::<operations::cancel_appointment::CancelAppointment>(call, input).await
    }
}

impl ProxyConnector {
    /// Whether the request of `updateAppointment` depends on the status that it is to set. One that does
    /// not would be answered as done, and change nothing.
    fn tells_status(&self, call: &Call<'_>, input: &inputs::UpdateAppointment) -> bool {
        type Update = operations::update_appointment::UpdateAppointment;
        let Some(operation) = self.config.operation(Update::NAME) else { return true };
        let inputs = self.inputs_of::<Update>(call, input);
        let inputs = of_this_run(operation, &inputs);
        let mut changed = input.patch_body.clone();
        changed["status"] = "another status".into();
        let mut others = inputs.clone().into_owned();
        others.json(Variable::PatchBody, &changed);
        match (engine::render(operation, &inputs), engine::render(operation, &others)) {
            (Ok(request), Ok(other)) => request != other,
            // What cannot be rendered is explained where it is run.
            _ => true,
        }
    }
}
