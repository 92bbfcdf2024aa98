//! What one run of an operation puts into the template variables.

use std::borrow::Cow;
use std::sync::OnceLock;

use serde_json::{Map, Value};

use super::budget;
use super::path::{Step, walk, walk_object, walk_text};
use super::phone::parsed_phone_number;
use super::text::to_text;
use super::value_ref::ValueRef;
use super::variables::Variable;

/// Where the context of a template holds the region of numbers without a country code. No path of a
/// template leads there.
pub const REGION: &str = "=region";

/// The value of one variable. Borrowed wherever the caller still owns it: nothing is copied to
/// render a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Input<'a> {
    /// A text.
    Text(Cow<'a, str>),
    /// Any JSON.
    Json(ValueRef<'a>),
    /// A JSON object.
    Object(&'a Map<String, Value>),
    /// A JSON object, and members that only a path which names them finds: they are shared, and the object as a whole
    /// does not show them.
    ObjectBeside {
        /// The object.
        shown: &'a Map<String, Value>,
        /// The members beside it. One of the object goes before one of these.
        named: &'a Map<String, Value>,
    },
    /// A phone number that is parsed where a template reads it.
    Phone(PhoneInput<'a>),
}

/// A phone number, parsed at its first use: parsing takes as long as rendering a whole request, and
/// few templates read what it gives.
#[derive(Debug, Clone, PartialEq)]
pub struct PhoneInput<'a> {
    number: &'a str,
    region: Option<&'a str>,
    parsed: OnceLock<Box<Value>>,
}

impl PhoneInput<'_> {
    fn parsed(&self) -> &Value {
        self.parsed.get_or_init(|| Box::new(parsed_phone_number(self.number, self.region)))
    }
}

/// The values of the variables of one run. A variable that is not set is missing: a member whose
/// template names it is left out.
#[derive(Debug, Clone)]
pub struct Inputs<'a> {
    slots: Vec<(Variable, Input<'a>)>,
    /// For each variable where in `slots` it is, counted from 1.
    places: [u8; Variable::ALL.len()],
}

// A place is a byte.
const _: () = assert!(Variable::ALL.len() < u8::MAX as usize);

impl Default for Inputs<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'a> Inputs<'a> {
    /// No variables.
    pub fn new() -> Self {
        Self { slots: Vec::with_capacity(32), places: [0; Variable::ALL.len()] }
    }

    /// Sets a variable to a text.
    pub fn text(&mut self, variable: Variable, text: impl Into<Cow<'a, str>>) -> &mut Self {
        self.set(variable, Input::Text(text.into()))
    }

    /// Sets a variable to a text where there is one.
    pub fn text_if(&mut self, variable: Variable, text: Option<impl Into<Cow<'a, str>>>) -> &mut Self {
        if let Some(text) = text {
            self.text(variable, text);
        }
        self
    }

    /// Sets a variable to a JSON value that the caller owns.
    pub fn json(&mut self, variable: Variable, value: &'a Value) -> &mut Self {
        self.set(variable, Input::Json(ValueRef::Borrowed(value)))
    }

    /// Sets a variable to a JSON object that the caller owns.
    pub fn object(&mut self, variable: Variable, members: &'a Map<String, Value>) -> &mut Self {
        self.set(variable, Input::Object(members))
    }

    /// Sets a variable to a JSON object that the caller owns, and to members that only a path which names them finds.
    pub fn object_beside(
        &mut self,
        variable: Variable,
        shown: &'a Map<String, Value>,
        named: &'a Map<String, Value>,
    ) -> &mut Self {
        if named.is_empty() {
            return self.object(variable, shown);
        }
        self.set(variable, Input::ObjectBeside { shown, named })
    }

    /// Sets a variable to a JSON value that the caller owns, where there is one.
    pub fn json_if(&mut self, variable: Variable, value: Option<&'a Value>) -> &mut Self {
        if let Some(value) = value {
            self.json(variable, value);
        }
        self
    }

    /// Sets a variable to the parsed form of a phone number; `region` is that of numbers without a
    /// country code.
    pub fn phone(&mut self, variable: Variable, number: &'a str, region: Option<&'a str>) -> &mut Self {
        self.set(variable, Input::Phone(PhoneInput { number, region, parsed: OnceLock::new() }))
    }

    /// Sets a variable to a JSON value made for this run.
    pub fn owned(&mut self, variable: Variable, value: impl Into<Value>) -> &mut Self {
        self.set(variable, Input::Json(ValueRef::owned(value)))
    }

    fn set(&mut self, variable: Variable, input: Input<'a>) -> &mut Self {
        let place = &mut self.places[variable as usize];
        match *place {
            0 => {
                self.slots.push((variable, input));
                // There are no more slots than variables, and those fit.
                *place = self.slots.len() as u8;
            }
            place => self.slots[usize::from(place) - 1].1 = input,
        }
        self
    }

    /// The same values but one.
    #[must_use]
    pub fn without(&self, variable: Variable) -> Self {
        let mut others = Self::new();
        for (name, input) in self.slots.iter().filter(|(name, _)| *name != variable) {
            others.set(*name, input.clone());
        }
        others
    }

    /// The value of a variable.
    pub fn get(&self, variable: Variable) -> Option<&Input<'a>> {
        let slot = usize::from(self.places[variable as usize]).checked_sub(1)?;
        self.slots.get(slot).map(|(_, input)| input)
    }

    /// The value below a variable.
    pub(super) fn find(&self, variable: Variable, steps: &[Step]) -> Option<Found<'_>> {
        match (self.get(variable)?, steps) {
            (Input::Text(text), []) => Some(Found::Text(text)),
            (Input::Text(text), steps) => {
                walk_text(steps, text).map(|value| Found::Json(ValueRef::owned(value)))
            }
            (Input::Json(value), steps) => walk(steps, value).map(Found::Json),
            (Input::Phone(phone), steps) => walk(steps, phone.parsed()).map(Found::Json),
            (Input::Object(members) | Input::ObjectBeside { shown: members, .. }, []) => {
                let cost: u64 = members.iter().map(|(_, member)| budget::weight(member)).sum();
                budget::spend(cost).ok()?;
                Some(Found::Json(ValueRef::owned((*members).clone())))
            }
            (Input::Object(members), steps) => walk_object(steps, members).map(Found::Json),
            (Input::ObjectBeside { shown, named }, steps) => {
                walk_object(steps, shown).or_else(|| walk_object(steps, named)).map(Found::Json)
            }
        }
    }

    /// `user` as one object, in the reference's key order.
    pub(super) fn user(&self) -> Value {
        use Variable::*;
        const MEMBERS: &[Variable] = &[
            UserAccessToken,
            UserId,
            UserHostname,
            UserTimezoneName,
            UserTimezoneOffset,
            UserPlatform,
            UserPlatformAdditionalInfo,
            UserRefreshToken,
            UserTokenExpiry,
        ];
        let members = MEMBERS.iter().filter_map(|variable| {
            let name = variable.name().strip_prefix("user.")?;
            let value = match self.get(*variable)? {
                Input::ObjectBeside { shown, .. } => Value::Object((*shown).clone()),
                input => input.to_value(),
            };
            Some((name.to_owned(), value))
        });
        Value::Object(members.collect())
    }

    /// All variables as one object, for block templates. Copies: only operations that use blocks
    /// or helpers pay for it, and only for the variables they name. `region` is that of numbers without
    /// a country code, where the user's account names none.
    pub(super) fn context(&self, wanted: &[Variable], region: Option<&str>) -> Value {
        let mut members = Map::new();
        let mut user = Map::new();
        for (variable, input) in self.slots.iter().filter(|(variable, _)| wanted.contains(variable)) {
            match variable.name().strip_prefix("user.") {
                Some(name) => user.insert(name.to_owned(), input.to_value()),
                None => members.insert(variable.name().to_owned(), input.to_value()),
            };
        }
        if !user.is_empty() {
            members.insert("user".to_owned(), Value::Object(user));
        }
        let of_account = self.find(Variable::UserRegion, &[]);
        let of_account = of_account.as_ref().map(Found::to_text).filter(|region| !region.is_empty());
        if let Some(region) = of_account.as_deref().or(region) {
            members.insert(REGION.to_owned(), region.into());
        }
        Value::Object(members)
    }

    /// The inputs as a template context written by hand, for the command line and fixture cases:
    /// an object of variables, `user` as a nested object.
    pub fn from_object(object: &'a Map<String, Value>) -> Self {
        let mut inputs = Self::new();
        for variable in Variable::ALL {
            let found = match variable.name().strip_prefix("user.") {
                Some(name) => object.get("user").and_then(|user| user.get(name)),
                None => object.get(variable.name()),
            };
            inputs.json_if(*variable, found);
        }
        inputs
    }

    /// The texts among the values that are credentials, those within objects and lists included.
    pub fn credentials(&self) -> Vec<&str> {
        let mut texts = Vec::new();
        for (variable, input) in &self.slots {
            if let Input::ObjectBeside { named, .. } = input {
                named.values().for_each(|member| texts_of(member, &mut texts));
            }
            if !variable.is_secret() {
                continue;
            }
            match input {
                // What follows the scheme.
                Input::Text(text) if *variable == Variable::AuthHeader => {
                    texts.push(text.rsplit(' ').next().unwrap_or(text));
                }
                Input::Text(text) => texts.push(text),
                Input::Json(value) => texts_of(value, &mut texts),
                Input::Object(members) | Input::ObjectBeside { shown: members, .. } => {
                    members.values().for_each(|member| texts_of(member, &mut texts));
                }
                Input::Phone(_) => {}
            }
        }
        texts
    }

    /// The same values, on their own: for work off the worker.
    pub fn to_owned(&self) -> Inputs<'static> {
        let mut inputs = Inputs::new();
        for (variable, input) in &self.slots {
            match input {
                Input::Text(text) => inputs.text(*variable, text.clone().into_owned()),
                input => inputs.owned(*variable, input.to_value()),
            };
        }
        inputs
    }

    /// The variables that are set.
    pub fn variables(&self) -> impl Iterator<Item = (Variable, &Input<'a>)> {
        self.slots.iter().map(|(variable, input)| (*variable, input))
    }
}

fn texts_of<'v>(value: &'v Value, texts: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(items) => items.iter().for_each(|item| texts_of(item, texts)),
        Value::Object(members) => members.values().for_each(|member| texts_of(member, texts)),
        _ => {}
    }
}

impl Input<'_> {
    /// The value as JSON.
    pub fn to_value(&self) -> Value {
        match self {
            Self::Text(text) => Value::String(text.clone().into_owned()),
            Self::Json(value) => Value::clone(value),
            Self::Object(members) => Value::Object((*members).clone()),
            // Whoever reads it by name: blocks of templates, and work off the worker.
            Self::ObjectBeside { shown, named } => {
                let mut members: Map<String, Value> = (*named).clone();
                members.extend((*shown).clone());
                Value::Object(members)
            }
            Self::Phone(phone) => phone.parsed().clone(),
        }
    }
}

/// A value found below a variable.
#[derive(Debug, PartialEq)]
pub(super) enum Found<'v> {
    /// A text.
    Text(&'v str),
    /// Any JSON.
    Json(ValueRef<'v>),
}

impl Found<'_> {
    /// The value as JSON.
    pub(super) fn into_value(self) -> Value {
        match self {
            Self::Text(text) => Value::String(text.to_owned()),
            Self::Json(value) => value.into_owned(),
        }
    }

    /// The value embedded in a text, as the reference prints it.
    pub(super) fn to_text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Json(value) => to_text(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::path::Path;
    use super::*;

    #[test]
    fn members_beside_an_object_are_found_by_name_alone() {
        let (shown, named) = (json!({"tenant": "t", "both": 1}), json!({"seat": "s3cret", "both": 2}));
        let mut inputs = Inputs::new();
        inputs.object_beside(
            Variable::UserPlatformAdditionalInfo,
            shown.as_object().unwrap(),
            named.as_object().unwrap(),
        );
        let find = |path: &str| match Path::parse_dot_path(path) {
            Path::Steps(steps) => {
                inputs.find(Variable::UserPlatformAdditionalInfo, &steps).map(Found::into_value)
            }
            Path::Query(_) => panic!("a dot path"),
        };
        assert_eq!(find("seat"), Some(json!("s3cret")));
        assert_eq!((find("tenant"), find("both")), (Some(json!("t")), Some(json!(1))));
        let whole = inputs.find(Variable::UserPlatformAdditionalInfo, &[]).map(Found::into_value);
        assert_eq!((whole.as_ref(), inputs.user()), (Some(&shown), json!({"platformAdditionalInfo": shown})));
        // Blocks, and work off the worker, read it by name.
        let context = inputs.context(&[Variable::UserPlatformAdditionalInfo], None);
        assert_eq!(context["user"]["platformAdditionalInfo"]["seat"], "s3cret");
        assert!(inputs.credentials().contains(&"s3cret"), "it is masked wherever a request is shown");
    }

    #[test]
    fn values_are_found_however_they_were_set() {
        let object = json!({"account": {"id": 9, "name": "Acme"}});
        let steps = |path: &str| match Path::parse_dot_path(path) {
            Path::Steps(steps) => steps,
            Path::Query(_) => panic!("a dot path"),
        };
        let mut borrowed = Inputs::new();
        borrowed.json(Variable::UserPlatformAdditionalInfo, &object);
        let mut members = Inputs::new();
        members.object(Variable::UserPlatformAdditionalInfo, object.as_object().unwrap());
        let mut owned = Inputs::new();
        owned.owned(Variable::UserPlatformAdditionalInfo, object.clone());
        for inputs in [borrowed, members, owned] {
            let find =
                |path| inputs.find(Variable::UserPlatformAdditionalInfo, &steps(path)).map(Found::into_value);
            assert_eq!(find("account.id"), Some(json!(9)));
            assert_eq!(find("account.name.length"), Some(json!(4)));
            assert_eq!(find("account.none"), None);
            assert_eq!(find("none.id"), None);
            assert_eq!(find(""), Some(object.clone()));
        }
    }

    #[test]
    fn credentials_are_found_wherever_they_stand() {
        let fields = json!({"user": "ada", "more": [{"password": "p-1"}, 5, null]});
        let mut inputs = Inputs::new();
        inputs.text(Variable::ApiKey, "key").text(Variable::AuthHeader, "Basic a2V5Og==");
        inputs.json(Variable::AdditionalInfo, &fields).text(Variable::Note, "a note");
        let mut credentials = inputs.credentials();
        credentials.sort_unstable();
        assert_eq!(credentials, ["a2V5Og==", "ada", "key", "p-1"]);
    }

    #[test]
    fn phone_numbers_are_parsed_where_they_are_read() {
        let steps = |path: &str| match Path::parse_dot_path(path) {
            Path::Steps(steps) => steps,
            Path::Query(_) => panic!("a dot path"),
        };
        let mut inputs = Inputs::new();
        inputs.phone(Variable::ParsedPhoneNumber, "+14155550123", None);
        let input = inputs.get(Variable::ParsedPhoneNumber).unwrap();
        assert!(matches!(input, Input::Phone(phone) if phone.parsed.get().is_none()));
        let found = inputs.find(Variable::ParsedPhoneNumber, &steps("number.national"));
        assert_eq!(found.map(Found::into_value), Some(json!("(415) 555-0123")));
        assert_eq!(inputs.find(Variable::ParsedPhoneNumber, &steps("number.none")), None);
        assert_eq!(input.to_value(), parsed_phone_number("+14155550123", None));
        assert!(matches!(input, Input::Phone(phone) if phone.parsed.get().is_some()));
    }

    #[test]
    fn the_last_value_of_a_variable_counts() {
        let mut inputs = Inputs::new();
        inputs.text(Variable::Note, "first").text(Variable::Subject, "subject").text(Variable::Note, "last");
        assert_eq!(inputs.get(Variable::Note), Some(&Input::Text("last".into())));
        assert_eq!(
            inputs.variables().map(|(variable, _)| variable).collect::<Vec<_>>(),
            [Variable::Note, Variable::Subject]
        );
        assert_eq!(inputs.get(Variable::Duration), None);
    }
}
