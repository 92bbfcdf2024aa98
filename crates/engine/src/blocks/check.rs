//! Walks a parsed template once: checks every call, notes every variable, and rewrites the
//! expressions so that Handlebars renders them by this language's rules.

mod calls;
mod notes;

use std::collections::HashMap;

use handlebars::template::{BlockParam, HelperTemplate, Parameter, Subexpression, TemplateElement};
use handlebars::{Path, PathSeg, Template};
use serde_json::Value;

use super::compiled::{CompiledTemplate, MAX_DEPTH, ThreeBraces, VariablePath};
use super::gives::Expression;
use super::marks::{CHOOSE, GET, OMITTED, PRINT, PRINT_IN_BRACES, PRINT_RAW, SEEN, STEP};
use super::prepared::Prepared;
use super::problem::{Places, ProblemKind, TemplateProblem};
use crate::text_body::Made;

/// Checks and rewrites a parsed template.
pub(super) fn check(
    source: &str,
    mut template: Template,
    braces: ThreeBraces,
) -> Result<CompiledTemplate, Vec<TemplateProblem>> {
    let mut walk = Walk {
        source,
        braces,
        places: Places::new(source),
        tag: 0,
        depth: 0,
        conditions: 0,
        expressions: Vec::new(),
        scopes: vec![Scope { base: Some(Vec::new()), names: Vec::new() }],
        variables: Vec::new(),
        prepared: Vec::new(),
        problems: Vec::new(),
    };
    walk.template(&mut template);
    if walk.problems.iter().all(|problem| problem.kind == ProblemKind::Time) {
        Ok(CompiledTemplate {
            template,
            variables: walk.variables,
            expressions: walk.expressions,
            doubts: walk.problems,
            prepared: walk.prepared,
        })
    } else {
        Err(walk.problems)
    }
}

/// What `this` and the block's own names stand for: a path from the root, or `None` for an
/// element of a list or a computed value.
struct Scope {
    base: Option<Vec<String>>,
    names: Vec<(String, Option<Vec<String>>)>,
}

struct Walk<'s> {
    source: &'s str,
    braces: ThreeBraces,
    places: Places<'s>,
    /// Byte offset of the current tag.
    tag: usize,
    depth: usize,
    /// How many `if` and `unless` are open.
    conditions: usize,
    scopes: Vec<Scope>,
    variables: Vec<VariablePath>,
    expressions: Vec<Expression>,
    prepared: Vec<Prepared>,
    problems: Vec<TemplateProblem>,
}

type Options = HashMap<String, Parameter>;

impl Walk<'_> {
    fn template(&mut self, template: &mut Template) {
        for (index, element) in template.elements.iter_mut().enumerate() {
            // The branches of `else if` have no positions; their block's is close enough.
            if let Some(place) = template.mapping.get(index) {
                self.tag = self.places.offset(place.0, place.1);
            }
            self.element(element);
        }
        if self.scopes.len() > 1 || self.depth > 0 {
            template.elements.push(call(STEP, Vec::new()));
        }
    }

    fn element(&mut self, element: &mut TemplateElement) {
        match element {
            TemplateElement::Expression(expression) => {
                // What `urlencode` gives is encoded for every place of a URL.
                let is_encoded = expression.name.as_name() == Some("urlencode");
                *element = self.printed(expression, if is_encoded { PRINT_RAW } else { PRINT });
            }
            // Three braces.
            TemplateElement::HtmlExpression(expression) => {
                *element = match self.braces {
                    ThreeBraces::Raw => self.printed(expression, PRINT_RAW),
                    ThreeBraces::Literal => self.printed(expression, PRINT_IN_BRACES),
                };
            }
            TemplateElement::HelperBlock(block) => self.block(block),
            TemplateElement::PartialExpression(_) | TemplateElement::PartialBlock(_) => {
                self.unsupported("partials");
            }
            TemplateElement::DecoratorExpression(_) | TemplateElement::DecoratorBlock(_) => {
                self.unsupported("decorators");
            }
            _ => {}
        }
    }

    fn printed(&mut self, expression: &mut HelperTemplate, print: &str) -> TemplateElement {
        let made = made_by(expression);
        let gives = self.gives_of(expression);
        let json = notes::json_calls(expression);
        let known = self.variables.len();
        match self.expression(expression) {
            Parameter::Literal(Value::String(text)) if text == OMITTED => TemplateElement::RawString(text),
            value => {
                let letter =
                    (made != Made::Value).then(|| Parameter::Literal(made.letter().to_string().into()));
                // The letter is the third argument, also where there is nothing to note.
                let note = self.note(gives, known, json);
                let note = note.or_else(|| letter.is_some().then(|| Parameter::Literal("".into())));
                call(print, std::iter::once(value).chain(note).chain(letter).collect())
            }
        }
    }

    fn unsupported(&mut self, what: &str) {
        let rest = self.tag..self.source.len();
        let message = format!("{what} are not supported");
        self.problems.push(
            TemplateProblem::at(self.source, ProblemKind::Unsupported, rest, message)
                .cut_to_tag(self.source)
                .with_help("write the text in place"),
        );
    }

    /// The value of `{{…}}` or `(…)`: a variable, or a helper's call.
    fn expression(&mut self, expression: &mut HelperTemplate) -> Parameter {
        let name = std::mem::replace(&mut expression.name, Parameter::Name(String::new()));
        let arguments = std::mem::take(&mut expression.params);
        let options = std::mem::take(&mut expression.hash);
        if arguments.is_empty() && options.is_empty() {
            return self.value(name, false);
        }
        let mut name = name.as_name().unwrap_or_default().to_owned();
        if name == "if" && options.is_empty() && matches!(arguments.len(), 2 | 3) {
            name = CHOOSE.to_owned();
        } else {
            self.checked_call(&name, &arguments, &options, false);
        }
        let opens = name == "lookup";
        let arguments = calls::with_present(&name, arguments);
        let name = self.prepared(&name, &arguments, &options).unwrap_or(name);
        let arguments = arguments.into_iter().enumerate();
        let arguments =
            arguments.map(|(index, argument)| self.nested(argument, opens && index == 0)).collect();
        let options = options.into_iter().map(|(key, option)| (key, self.nested(option, false))).collect();
        Parameter::Subexpression(Subexpression::new(Parameter::Name(name), arguments, options))
    }

    fn nested(&mut self, value: Parameter, open: bool) -> Parameter {
        if !self.enter() {
            return Parameter::Literal(Value::Null);
        }
        let value = self.value(value, open);
        self.depth -= 1;
        value
    }

    /// Goes one level deeper, or notes that this is too deep.
    fn enter(&mut self) -> bool {
        if self.depth < MAX_DEPTH {
            self.depth += 1;
            return true;
        }
        if !self.problems.iter().any(|p| p.kind == ProblemKind::TooComplex) {
            let rest = self.tag..self.source.len();
            let message = format!("blocks and helper calls are nested deeper than {MAX_DEPTH}");
            let problem = TemplateProblem::at(self.source, ProblemKind::TooComplex, rest, message);
            self.problems.push(problem.cut_to_tag(self.source));
        }
        false
    }

    fn value(&mut self, value: Parameter, open: bool) -> Parameter {
        match value {
            Parameter::Path(path) => self.path(path, open),
            Parameter::Subexpression(mut sub) => match sub.element.as_mut() {
                TemplateElement::Expression(expression) => self.expression(expression),
                _ => Parameter::Subexpression(sub),
            },
            // The parser takes a name without arguments for a name only as an `else` branch's.
            Parameter::Name(name) => match Path::parse(&name) {
                Ok(path) => self.path(path, open),
                Err(_) => Parameter::Literal(Value::Null),
            },
            other => other,
        }
    }

    fn block(&mut self, block: &mut HelperTemplate) {
        let name = block.name.as_name().unwrap_or_default().to_owned();
        self.checked_call(&name, &block.params, &block.hash, true);
        if !self.enter() {
            block.template = None;
            block.inverse = None;
            return;
        }
        let scoped = matches!(name.as_str(), "each" | "with");
        let gives = block.params.first().filter(|_| scoped && block.inverse.is_none());
        let gives = gives.map(|list| self.gives(list));
        let known = self.variables.len();
        let base = match block.params.first() {
            Some(Parameter::Path(path)) => self.resolve(path).map(|(_, path)| path),
            _ => None,
        };
        let arguments = std::mem::take(&mut block.params);
        block.params = arguments.into_iter().map(|argument| self.value(argument, scoped)).collect();
        if self.depth > 1 {
            block.params = std::mem::take(&mut block.params).into_iter().map(counted).collect();
        }
        let options = std::mem::take(&mut block.hash);
        block.hash = options.into_iter().map(|(key, option)| (key, self.value(option, false))).collect();
        // Without an `else`, nothing to go through prints nothing.
        let note = gives.and_then(|gives| self.note(gives, known, 0));
        self.conditions += usize::from(!scoped);
        if scoped {
            let base = base.flatten().filter(|_| name == "with");
            let names = block_names(block.block_param.as_ref(), base.as_ref());
            self.scopes.push(Scope { base, names });
        }
        if let Some(content) = &mut block.template {
            self.template(content);
        }
        if scoped {
            self.scopes.pop();
        }
        if let Some(otherwise) = &mut block.inverse {
            self.template(otherwise);
        }
        if let Some(note) = note {
            let mut refusal = Template::new();
            refusal.elements.push(call(PRINT_RAW, vec![Parameter::Literal(Value::Null), note]));
            block.inverse = Some(refusal);
        }
        self.conditions -= usize::from(!scoped);
        self.depth -= 1;
    }

    /// Where a path leads: `Some((segments, path from the root if it has one))`, or `None` for
    /// `@index` and the like.
    fn resolve(&self, path: &Path) -> Option<(Route, Option<Vec<String>>)> {
        let Path::Relative((segments, raw)) = path else {
            return None;
        };
        let mut keys: Vec<String> = segments
            .iter()
            .filter_map(|segment| match segment {
                PathSeg::Named(name) => Some(name.clone()),
                _ => None,
            })
            .collect();
        let markers = segments.len() - keys.len();
        let raw = ["./", "this/", "this."].iter().find_map(|here| raw.strip_prefix(here)).unwrap_or(raw);
        let mut start = match raw.starts_with("@root") {
            true => Start::Root,
            false => Start::Scope(markers),
        };
        if markers == 0 && keys.first().is_some_and(|key| key == "$") {
            keys.remove(0);
            start = Start::Dollar;
        }
        let named = keys.first().and_then(|key| {
            let names = self.scopes.iter().rev().flat_map(|scope| &scope.names);
            names.clone().find(|(name, _)| name == key)
        });
        let from_root = |base: Option<&Vec<String>>, keys: &[String]| {
            base.map(|base| base.iter().chain(keys).cloned().collect())
        };
        let (start, known) = match (start, named) {
            (Start::Scope(_), Some((_, base))) => (Start::Name, from_root(base.as_ref(), &keys[1..])),
            (Start::Scope(ups), None) => {
                let innermost = self.scopes.len() - 1;
                // Handlebars stays where it is when `../` leads above the root.
                let scope = innermost.checked_sub(ups).unwrap_or(innermost);
                (start, from_root(self.scopes[scope].base.as_ref(), &keys))
            }
            (start, _) => (start, Some(keys.clone())),
        };
        let route = Route { start, markers, keys };
        Some((route, known))
    }

    /// Notes the variable and gives the parameter that reads it: keys beyond the first go through
    /// `=get`, because Handlebars fails where a name meets a list.
    fn path(&mut self, path: Path, open: bool) -> Parameter {
        let Some((route, known)) = self.resolve(&path) else {
            return Parameter::Path(path);
        };
        let Path::Relative((segments, raw)) = &path else {
            return Parameter::Path(path);
        };
        if raw == "omit" && !matches!(route.start, Start::Name) {
            return Parameter::Literal(OMITTED.into());
        }
        if let Some(known) = known.filter(|known| !known.is_empty()) {
            let (offset, length) = self.locate(raw);
            self.variables.push(VariablePath { segments: known, open, offset, length });
        }
        let at_root = self.scopes.len() == 1 && matches!(route.start, Start::Scope(0));
        let (kept, base) = match route.start {
            Start::Dollar => (0, Path::parse("@root/this").unwrap_or(path)),
            // The root is an object, so its own keys need no care.
            _ if route.keys.len() <= usize::from(at_root) => return Parameter::Path(path),
            Start::Name => {
                let first = segments[..=route.markers].to_vec();
                (1, Path::Relative((first, raw.clone())))
            }
            Start::Root | Start::Scope(_) => {
                let markers = segments[..route.markers].to_vec();
                (0, Path::Relative((markers, raw.clone())))
            }
        };
        let keys = route.keys.into_iter().skip(kept);
        let keys: Vec<Parameter> = keys.map(|key| Parameter::Literal(key.into())).collect();
        if keys.is_empty() {
            return Parameter::Path(base);
        }
        let arguments = std::iter::once(Parameter::Path(base)).chain(keys).collect();
        Parameter::Subexpression(Subexpression::new(
            Parameter::Name(GET.to_owned()),
            arguments,
            HashMap::new(),
        ))
    }

    fn problem(&mut self, kind: ProblemKind, text: &str, message: String, help: Option<String>) {
        let (offset, length) = self.locate(text);
        let span = offset..offset + length;
        let mut problem = TemplateProblem::at(self.source, kind, span, message);
        problem.help = help;
        self.problems.push(problem);
    }

    /// Finds a word of the current tag in the source: its offset and length. The parser keeps
    /// places of tags only.
    fn locate(&self, text: &str) -> (usize, usize) {
        let rest = self.source.get(self.tag..).unwrap_or("");
        let joins = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '$');
        let found = rest.match_indices(text).find(|(start, _)| {
            if text.is_empty() {
                return false;
            }
            let before = rest[..*start].chars().next_back();
            let after = rest[start + text.len()..].chars().next();
            !before.is_some_and(joins) && !after.is_some_and(joins)
        });
        let quoted = found.map(|(start, _)| (self.tag + start, text.len()));
        // A literal may be written with escapes; then its tag stands for it.
        quoted.unwrap_or_else(|| (self.tag, rest.find("}}").map_or(rest.len(), |end| end + 2)))
    }
}

/// What an expression's helper makes of a value: whoever escapes by hand need not be helped.
fn made_by(expression: &HelperTemplate) -> Made {
    let literal = |at: usize| match expression.params.get(at) {
        Some(Parameter::Literal(Value::String(text))) => text.as_str(),
        _ => "",
    };
    match expression.name.as_name() {
        Some("json") => Made::Json,
        Some("urlencode") => Made::UrlEncoded,
        Some("replace") => match (literal(1), literal(2)) {
            (_, to) if to.starts_with('&') && to.ends_with(';') => Made::XmlEscaped,
            ("\"" | "\n" | "\r" | "\t", to) if to.starts_with('\\') => Made::JsonEscaped,
            _ => match expression.params.first() {
                Some(Parameter::Subexpression(inner)) => match inner.element.as_ref() {
                    TemplateElement::Expression(inner) => made_by(inner),
                    _ => Made::Value,
                },
                _ => Made::Value,
            },
        },
        _ => Made::Value,
    }
}

struct Route {
    start: Start,
    /// How many of the parser's segments are `../` or `@root`.
    markers: usize,
    keys: Vec<String>,
}

#[derive(Clone, Copy)]
enum Start {
    /// This many scopes up.
    Scope(usize),
    /// `@root`
    Root,
    /// `$`, the root in dot paths.
    Dollar,
    /// A name given by `as |name|`.
    Name,
}

fn block_names(given: Option<&BlockParam>, base: Option<&Vec<String>>) -> Vec<(String, Option<Vec<String>>)> {
    let name = |parameter: &Parameter| parameter.as_name().unwrap_or_default().to_owned();
    match given {
        None => Vec::new(),
        Some(BlockParam::Single(first)) => vec![(name(first), base.cloned())],
        Some(BlockParam::Pair((first, second))) => {
            vec![(name(first), base.cloned()), (name(second), None)]
        }
        Some(_) => Vec::new(),
    }
}

/// The argument of a block that may be reached often, so that its cost is counted. A call counts its own.
fn counted(argument: Parameter) -> Parameter {
    match argument {
        call @ Parameter::Subexpression(_) => call,
        other => Parameter::Subexpression(Subexpression::new(
            Parameter::Name(SEEN.to_owned()),
            vec![other],
            HashMap::new(),
        )),
    }
}

fn call(name: &str, arguments: Vec<Parameter>) -> TemplateElement {
    let name = Parameter::Name(name.to_owned());
    *Subexpression::new(name, arguments, HashMap::new()).element
}
