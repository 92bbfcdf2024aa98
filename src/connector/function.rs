//! A single interface as a function: replaces one interface of a platform without touching the
//! connector below it.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value};

use super::contract::{Call, CallError, Connector, Interface, Reply, with_contract};
use super::inputs;
use crate::engine::mapped::{
    Appointment, AuthValidation, CallLogInfo, Contact, CreatedContact, CreatedLog, CrmUser, License, UserInfo,
};
use crate::engine::operation::{AuthType, LogFormat, OAuth};
use crate::user::User;

macro_rules! functions {
    ($($variant:ident $method:ident $name:literal ($($input:ty)?) -> $output:ty, $doc:literal;)*) => {
        /// One interface as a function, made with the constructor of its name.
        ///
        /// It is composed over the platform's connector and changes nothing below it. Write an
        /// `async fn` and box it; to build on a connector, keep a clone of it in the closure.
        ///
        /// ```
        /// use app_connect::connector::prelude::*;
        ///
        /// # #[derive(Clone)]
        /// # struct Acme;
        /// # #[async_trait]
        /// # impl Connector for Acme {
        /// #     fn interfaces(&self) -> Vec<Interface> { vec![Interface::FindContact] }
        /// # }
        /// async fn list_users(call: &Call<'_>) -> Result<Reply<Vec<CrmUser>>, CallError> {
        ///     Err(ReturnMessage::warning(format!("{} has no users", call.platform), 3000).into())
        /// }
        ///
        /// let users = InterfaceFunction::get_user_list(|call| Box::pin(list_users(call)));
        ///
        /// let acme = Acme;
        /// let marked = InterfaceFunction::find_contact(move |call, input| {
        ///     let acme = acme.clone();
        ///     Box::pin(async move {
        ///         let mut found = acme.find_contact(call, input).await?;
        ///         for contact in &mut found.value {
        ///             contact.additional_info = json!({"source": "acme"});
        ///         }
        ///         Ok(found)
        ///     })
        /// });
        /// assert_eq!([users.interface(), marked.interface()], [Interface::GetUserList, Interface::FindContact]);
        /// ```
        #[derive(Clone)]
        pub struct InterfaceFunction(Function);

        #[derive(Clone)]
        enum Function {
            $($variant(Arc<dyn for<'a> Fn(&'a Call<'a> $(, &'a $input)?) -> BoxFuture<'a, Result<Reply<$output>, CallError>> + Send + Sync>),)*
        }

        impl InterfaceFunction {
            /// The interface that the function fulfils.
            pub fn interface(&self) -> Interface {
                match &self.0 { $(Function::$variant(_) => Interface::$variant,)* }
            }

            $(
                #[doc = $doc]
                pub fn $method(
                    function: impl for<'a> Fn(&'a Call<'a> $(, &'a $input)?) -> BoxFuture<'a, Result<Reply<$output>, CallError>> + Send + Sync + 'static,
                ) -> Self {
                    Self(Function::$variant(Arc::new(function)))
                }
            )*
        }

        #[async_trait]
        impl Connector for InterfaceFunction {
            fn interfaces(&self) -> Vec<Interface> {
                vec![self.interface()]
            }

            $(
                async fn $method(&self, call: &Call<'_> $(, input: &$input)?) -> Result<Reply<$output>, CallError> {
                    match &self.0 {
                        Function::$variant(function) => function(call $(, same::<$input>(input))?).await,
                        _ => Err(CallError::NotSupported(Interface::$variant)),
                    }
                }
            )*
        }
    };
}

/// Names the type, so that the macro can pass an argument exactly where there is one.
fn same<T: ?Sized>(value: &T) -> &T {
    value
}

with_contract!(functions);
