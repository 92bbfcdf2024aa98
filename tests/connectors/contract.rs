//! The contract: every interface of the reference's tables, none of them by default.

use std::collections::BTreeSet;

use app_connect::connector::prelude::*;
use app_connect::engine::send::{Client, ClientOptions};
use app_connect::metrics::Metrics;
use app_connect::server::ServerBuilder;

use super::running::{Running, settings};
use super::set;

/// The tables of the contract: authentication, call logging, SMS logging, server-side logging,
/// appointments, lifecycle hooks.
const CONTRACT: &[&str] = &[
    "getAuthType",
    "getOauthInfo",
    "getBasicAuth",
    "getUserInfo",
    "refreshUserInfo",
    "unAuthorize",
    "findContact",
    "findContactWithName",
    "createContact",
    "createCallLog",
    "updateCallLog",
    "getCallLog",
    "getLogFormatType",
    "upsertCallDisposition",
    "createMessageLog",
    "updateMessageLog",
    "getLicenseStatus",
    "getUserList",
    "listAppointments",
    "createAppointment",
    "updateAppointment",
    "refreshAppointment",
    "cancelAppointment",
    "confirmAppointment",
    "authValidation",
    "checkAndRefreshAccessToken",
    "getOverridingOAuthOption",
    "getServerLoggingSettings",
    "updateServerLoggingSettings",
    "postSaveUserInfo",
    "getManagedAuthOptions",
];

#[tokio::test]
async fn every_interface_of_the_contract_defaults_to_not_supported() {
    struct Bare;
    #[async_trait]
    impl Connector for Bare {
        fn interfaces(&self) -> Vec<Interface> {
            Vec::new()
        }
    }
    let client = Client::new(&ClientOptions::default()).unwrap();
    let metrics = Metrics::default();
    let call = Call { platform: "bare", user: None, auth_header: None, client: &client, metrics: &metrics };
    let mut refused = BTreeSet::new();
    macro_rules! refuses {
        ($($method:ident($($input:expr)?),)*) => {$(
            match Bare.$method(&call $(, $input)?).await {
                Err(CallError::NotSupported(interface)) => assert!(refused.insert(interface.as_str().to_owned()), "{interface}"),
                other => panic!("{}: {other:?}", stringify!($method)),
            }
        )*};
    }
    let null = || Value::Null;
    let id = || "1".to_owned();
    let by_id = inputs::AppointmentById { appointment_id: id() };
    refuses! {
        get_auth_type(),
        get_oauth_info(&inputs::OAuthInfoInput::default()),
        get_basic_auth("key"),
        get_user_info(&inputs::GetUserInfo::default()),
        refresh_user_info(),
        un_authorize(),
        find_contact(&inputs::FindContact { phone_number: id(), overriding_format: None, is_extension: null() }),
        find_contact_with_name(&inputs::FindContactWithName { name: None }),
        create_contact(&inputs::CreateContact::default()),
        create_call_log(&inputs::CreateCallLog::default()),
        update_call_log(&inputs::UpdateCallLog::default()),
        get_call_log(&inputs::GetCallLog { log_id: id(), session_id: id(), contact_id: None }),
        get_log_format_type(),
        upsert_call_disposition(&inputs::UpsertCallDisposition { log_id: id(), existing_call_log: null(), dispositions: None }),
        create_message_log(&inputs::MessageLog::default()),
        update_message_log(&inputs::MessageLog::default()),
        get_license_status(&inputs::GetLicenseStatus { user_id: id() }),
        get_user_list(),
        list_appointments(&inputs::ListAppointments::default()),
        create_appointment(&inputs::CreateAppointment { payload: null() }),
        update_appointment(&inputs::UpdateAppointment { appointment_id: id(), patch_body: null() }),
        refresh_appointment(&by_id),
        confirm_appointment(&by_id),
        cancel_appointment(&by_id),
        auth_validation(),
        check_and_refresh_access_token(),
        get_overriding_oauth_option(&inputs::OverridingOAuthOption { code: id(), oauth: OAuth::default() }),
        get_server_logging_settings(),
        update_server_logging_settings(&inputs::UpdateServerLoggingSettings { additional_field_values: null() }),
        post_save_user_info(&UserInfo::new("7")),
        get_managed_auth_options(&inputs::ManagedAuthOptions { field_const: id(), account_values: Map::new() }),
    }
    assert_eq!(refused, set(CONTRACT));
    assert_eq!(
        Interface::ALL.iter().map(|interface| interface.as_str().to_owned()).collect::<BTreeSet<_>>(),
        set(CONTRACT)
    );

    let server = Running::start(|folder| ServerBuilder::new(settings(folder)).connector("bare", Bare)).await;
    assert_eq!(server.interfaces("platform=bare").await.0, set(&[]));
    server.stop().await;
}
