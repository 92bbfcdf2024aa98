//! Every interface of the contract as a type, so that one function can call any of them: see
//! `service::invoke`.

use futures_util::future::BoxFuture;

use super::contract::{Call, CallError, Connector, Interface, Reply, with_contract};

/// An interface with what goes in and what comes out.
pub trait Invocation {
    /// Which interface.
    const INTERFACE: Interface;
    /// What it takes; `()` if nothing.
    type Input: ?Sized + Sync;
    /// What it gives.
    type Output;

    /// Calls it.
    fn of<'c>(
        connector: &'c dyn Connector,
        call: &'c Call<'c>,
        input: &'c Self::Input,
    ) -> BoxFuture<'c, Result<Reply<Self::Output>, CallError>>;
}

macro_rules! types {
    ($($variant:ident $method:ident $name:literal ($($input:ty)?) -> $output:ty, $doc:literal;)*) => {$(
        #[doc = $doc]
        #[derive(Debug)]
        pub struct $variant;
    )*};
}

with_contract!(types);

/// Apart, because some interfaces have the name of what they give.
mod implementations {
    use futures_util::future::BoxFuture;
    use serde_json::{Map, Value};

    use super::Invocation;
    use crate::connector::contract::{Call, CallError, Connector, Interface, Reply, with_contract};
    use crate::connector::inputs;
    use crate::engine::mapped::{
        Appointment, AuthValidation, CallLogInfo, Contact, CreatedContact, CreatedLog, CrmUser, License,
        UserInfo,
    };
    use crate::engine::operation::{AuthType, LogFormat, OAuth};
    use crate::user::User;

    macro_rules! input {
        () => {
            ()
        };
        ($input:ty) => {
            $input
        };
    }

    macro_rules! called {
        ($connector:ident $method:ident $call:ident $nothing:ident) => {{
            let () = $nothing;
            $connector.$method($call)
        }};
        ($connector:ident $method:ident $call:ident $given:ident $input:ty) => {
            $connector.$method($call, $given)
        };
    }

    macro_rules! implementations {
        ($($variant:ident $method:ident $name:literal ($($input:ty)?) -> $output:ty, $doc:literal;)*) => {$(
            impl Invocation for super::$variant {
                const INTERFACE: Interface = Interface::$variant;
                type Input = input!($($input)?);
                type Output = $output;

                fn of<'c>(
                    connector: &'c dyn Connector,
                    call: &'c Call<'c>,
                    input: &'c Self::Input,
                ) -> BoxFuture<'c, Result<Reply<$output>, CallError>> {
                    called!(connector $method call input $($input)?)
                }
            }
        )*};
    }

    with_contract!(implementations);
}
