//! Whether JSON that was written as one Rust type can be read as another, by the types' names and by the declarations that the
//! contracts have. Types from elsewhere are taken to be what they were.

use saga_compiler::{Contract, Form, Type};

/// What becomes of JSON of the old type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// It is read.
    Reads,
    /// Nobody here can tell.
    Unknown,
    /// It is not.
    Fails,
}

/// What becomes of it, and each difference that was met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) fit: Fit,
    pub(super) differences: Vec<String>,
}

/// The declarations of both sides.
#[derive(Clone, Copy)]
pub(super) struct Types<'a> {
    old: &'a [Type],
    new: &'a [Type],
}

/// What a type's JSON is.
#[derive(PartialEq, Eq)]
enum Json {
    Integer { signed: bool, bits: u32 },
    Float,
    Bool,
    Text,
    List,
    Other,
}

impl Reading {
    fn of(fit: Fit) -> Self {
        Self {
            fit,
            differences: Vec::new(),
        }
    }

    fn because(fit: Fit, difference: String) -> Self {
        Self {
            fit,
            differences: vec![difference],
        }
    }

    fn and(&mut self, other: Self) {
        self.fit = self.fit.max(other.fit);
        for difference in other.differences {
            if !self.differences.contains(&difference) {
                self.differences.push(difference);
            }
        }
    }
}

impl<'a> Types<'a> {
    pub(super) fn of(old: Option<&'a Contract>, new: Option<&'a Contract>) -> Self {
        let types = |contract: Option<&'a Contract>| -> &'a [Type] {
            contract.map_or(&[], |contract| &contract.types)
        };
        Self {
            old: types(old),
            new: types(new),
        }
    }

    /// What becomes of new JSON where the old type is.
    pub(super) fn reversed(self) -> Self {
        Self {
            old: self.new,
            new: self.old,
        }
    }

    pub(super) fn read(self, old: &str, new: &str) -> Reading {
        self.compare(old, new, &mut Vec::new())
    }

    /// `met` are the declarations on the way here: a type may have itself inside.
    fn compare(self, old: &str, new: &str, met: &mut Vec<(&'a str, &'a str)>) -> Reading {
        match (inside(old, "Option"), inside(new, "Option")) {
            (Some(old), Some(new)) => return self.compare(old, new, met),
            (None, Some(new)) => return self.compare(old, new, met),
            // It may be null.
            (Some(_), None) => return Reading::of(Fit::Fails),
            (None, None) => {}
        }
        if let (Some(old), Some(new)) = (inside(old, "Vec"), inside(new, "Vec")) {
            return self.compare(old, new, met);
        }
        let (before, after) = (find(self.old, old), find(self.new, new));
        if let (Some(before), Some(after)) = (before, after)
            && before.name == after.name
        {
            return self.declared(before, after, met);
        }
        // What stands for another type has its JSON.
        match (before.and_then(stands_for), after.and_then(stands_for)) {
            (Some(old), _) => return self.compare(old, new, met),
            (None, Some(new)) => return self.compare(old, new, met),
            (None, None) => {}
        }
        if let (Some(before), Some(after)) = (before, after) {
            return self.declared(before, after, met);
        }
        match (json(old), json(new)) {
            (Json::Other, _) | (_, Json::Other) if old == new => self.arguments(old, met),
            (Json::Other, _) | (_, Json::Other) => Reading::of(Fit::Unknown),
            (old, new) => Reading::of(fit(&old, &new)),
        }
    }

    /// The types in `HashMap<String, Line>`, or in a tuple.
    fn arguments(self, text: &str, met: &mut Vec<(&'a str, &'a str)>) -> Reading {
        let mut reading = Reading::of(Fit::Reads);
        for word in text.split(|c: char| !c.is_alphanumeric() && c != '_') {
            if let (Some(before), Some(after)) = (find(self.old, word), find(self.new, word)) {
                reading.and(self.declared(before, after, met));
            }
        }
        reading
    }

    fn declared(self, old: &'a Type, new: &'a Type, met: &mut Vec<(&'a str, &'a str)>) -> Reading {
        if met.contains(&(&old.name, &new.name)) {
            return Reading::of(Fit::Reads);
        }
        if (old.form, &old.serde) != (new.form, &new.serde) {
            let difference = format!("`{}` is declared otherwise", new.name);
            return Reading::because(Fit::Unknown, difference);
        }
        met.push((&old.name, &new.name));
        let reading = match new.form {
            Form::Struct => self.fields(old, new, met),
            Form::Tuple | Form::Alias => self.elements(old, new, met),
            Form::Enum => variants(old, new),
        };
        met.pop();
        reading
    }

    fn fields(self, old: &Type, new: &Type, met: &mut Vec<(&'a str, &'a str)>) -> Reading {
        let mut reading = Reading::of(Fit::Reads);
        let (before, after) = (Field::all(old), Field::all(new));
        for field in &after {
            let Field { name, ty, serde } = field;
            match before.iter().find(|known| known.name == *name) {
                None => {
                    let may_lack = is_optional(ty) || has(serde, "default") || has(serde, "skip");
                    let whole = new.serde.iter().any(|options| has(options, "default"));
                    let fit = if may_lack || whole {
                        Fit::Reads
                    } else {
                        Fit::Fails
                    };
                    let difference = format!("`{}` has `{name}: {ty}` as well", new.name);
                    reading.and(Reading::because(fit, difference));
                }
                Some(known) if !same_options(known.serde, serde) => {
                    let difference =
                        format!("`{name}` of `{}` has other `serde` options", new.name);
                    reading.and(Reading::because(Fit::Unknown, difference));
                }
                Some(known) => {
                    let inner = self.compare(known.ty, ty, met);
                    if known.ty != *ty {
                        let (was, of) = (known.ty, &new.name);
                        let difference = format!("`{name}` of `{of}` is `{ty}` instead of `{was}`");
                        reading.and(Reading::because(inner.fit, difference));
                    }
                    reading.and(inner);
                }
            }
        }
        let strict = new
            .serde
            .iter()
            .any(|options| has(options, "deny_unknown_fields"));
        for field in before
            .iter()
            .filter(|field| !after.iter().any(|known| known.name == field.name))
        {
            let fit = if strict { Fit::Fails } else { Fit::Reads };
            let difference = format!("`{}` has no `{}` any more", new.name, field.name);
            reading.and(Reading::because(fit, difference));
        }
        reading
    }

    fn elements(self, old: &Type, new: &Type, met: &mut Vec<(&'a str, &'a str)>) -> Reading {
        if old.parts.len() != new.parts.len() {
            let difference = format!(
                "`{}` has {} fields instead of {}",
                new.name,
                new.parts.len(),
                old.parts.len()
            );
            return Reading::because(Fit::Fails, difference);
        }
        let mut reading = Reading::of(Fit::Reads);
        for (was, is) in old.parts.iter().zip(&new.parts) {
            let inner = self.compare(was, is, met);
            if was != is {
                let difference = format!("`{}` is of `{is}` instead of `{was}`", new.name);
                reading.and(Reading::because(inner.fit, difference));
            }
            reading.and(inner);
        }
        reading
    }
}

/// A named field.
struct Field<'a> {
    name: &'a str,
    ty: &'a str,
    /// What `#[serde(..)]` says of it.
    serde: &'a str,
}

impl<'a> Field<'a> {
    fn all(of: &'a Type) -> Vec<Self> {
        let fields = of.parts.iter().filter_map(|part| {
            let attribute = part.strip_prefix("#[serde(");
            let (serde, field) = match attribute.and_then(|part| part.split_once(")] ")) {
                Some((serde, field)) => (serde, field),
                None => ("", part.as_str()),
            };
            let (name, ty) = field.split_once(": ")?;
            Some(Self { name, ty, serde })
        });
        fields.collect()
    }
}

fn variants(old: &Type, new: &Type) -> Reading {
    let mut reading = Reading::of(Fit::Reads);
    let name = |part: &str| -> String {
        let part = part.rsplit_once(")] ").map_or(part, |(_, part)| part);
        let end = part.find(|c: char| !c.is_alphanumeric() && c != '_');
        part[..end.unwrap_or(part.len())].to_owned()
    };
    for part in new.parts.iter().filter(|part| !old.parts.contains(part)) {
        let name = name(part);
        let (fit, how) = if old.parts.iter().any(|known| self::same(known, &name)) {
            (Fit::Unknown, "otherwise")
        } else {
            (Fit::Reads, "as well")
        };
        let difference = format!("`{}` has `{name}` {how}", new.name);
        reading.and(Reading::because(fit, difference));
    }
    for part in &old.parts {
        let name = name(part);
        if !new.parts.iter().any(|known| self::same(known, &name)) {
            let difference = format!("`{}` has no `{name}` any more", new.name);
            reading.and(Reading::because(Fit::Fails, difference));
        }
    }
    reading
}

/// Whether the part is the variant of that name.
fn same(part: &str, name: &str) -> bool {
    let part = part.rsplit_once(")] ").map_or(part, |(_, part)| part);
    let rest = part.strip_prefix(name);
    rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
}

/// Whether they mean the same for what is there; what may be missing aside.
fn same_options(old: &str, new: &str) -> bool {
    let options = |text: &str| -> Vec<String> {
        let options = text.split(", ").map(str::to_owned);
        let rest = options.filter(|option| !option.is_empty() && !option.starts_with("default"));
        rest.collect()
    };
    options(old) == options(new)
}

fn find<'a>(types: &'a [Type], name: &str) -> Option<&'a Type> {
    types.iter().find(|declared| declared.name == name)
}

/// The type whose JSON it has: an alias, or a struct around one field.
fn stands_for(declared: &Type) -> Option<&str> {
    match (declared.form, declared.parts.as_slice()) {
        (Form::Alias | Form::Tuple, [one]) if declared.serde.is_empty() => Some(one),
        _ => None,
    }
}

fn has(options: &str, option: &str) -> bool {
    let mut words = options.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.any(|word| word == option)
}

pub(super) fn is_optional(ty: &str) -> bool {
    inside(ty, "Option").is_some()
}

fn fit(old: &Json, new: &Json) -> Fit {
    match (old, new) {
        (
            Json::Integer { signed, bits },
            Json::Integer {
                signed: to_signed,
                bits: to_bits,
            },
        ) => {
            let holds = match (signed, to_signed) {
                (false, true) => to_bits > bits,
                (true, false) => false,
                _ => to_bits >= bits,
            };
            // A narrower type may or may not hold what was written.
            if holds { Fit::Reads } else { Fit::Unknown }
        }
        (Json::Integer { .. }, Json::Float) => Fit::Reads,
        (old, new) if old == new => Fit::Reads,
        _ => Fit::Fails,
    }
}

/// `T` of `Option<T>`
fn inside<'a>(ty: &'a str, outer: &str) -> Option<&'a str> {
    let (path, rest) = ty.split_once('<')?;
    let name = path.rsplit("::").next().unwrap_or(path);
    (name == outer).then(|| rest.strip_suffix('>')).flatten()
}

fn json(ty: &str) -> Json {
    let integer = |signed, bits| Json::Integer { signed, bits };
    match ty.rsplit("::").next().unwrap_or(ty) {
        "u8" => integer(false, 8),
        "u16" => integer(false, 16),
        "u32" => integer(false, 32),
        "u64" | "usize" => integer(false, 64),
        "i8" => integer(true, 8),
        "i16" => integer(true, 16),
        "i32" => integer(true, 32),
        "i64" | "isize" => integer(true, 64),
        "f32" | "f64" => Json::Float,
        "bool" => Json::Bool,
        "String" | "char" => Json::Text,
        _ if inside(ty, "Vec").is_some() => Json::List,
        _ => Json::Other,
    }
}

#[cfg(test)]
#[allow(
    clippy::needless_pass_by_value,
    reason = "an `expect!` reads best as an argument"
)]
mod tests {
    use expect_test::{Expect, expect};
    use saga_compiler::{Form, Type};

    use super::{Fit, Types};

    #[test]
    fn what_is_written_as_one_type_is_read_as_another() {
        let cases = [
            ("u32", "u64", Fit::Reads),
            ("u64", "u32", Fit::Unknown),
            ("u32", "i32", Fit::Unknown),
            ("u32", "i64", Fit::Reads),
            ("u64", "f64", Fit::Reads),
            ("f64", "u64", Fit::Fails),
            ("u64", "String", Fit::Fails),
            ("Line", "Option<Line>", Fit::Reads),
            ("Option<Line>", "Line", Fit::Fails),
            ("Option<u8>", "std::option::Option<u16>", Fit::Reads),
            ("Vec<u8>", "Vec<String>", Fit::Fails),
            ("Vec<u8>", "String", Fit::Fails),
            ("Line", "Item", Fit::Unknown),
        ];
        let types = Types { old: &[], new: &[] };
        for (old, new, expected) in cases {
            assert_eq!(types.read(old, new).fit, expected, "{old} -> {new}");
        }
    }

    fn declared(name: &str, form: Form, parts: &[&str]) -> Type {
        Type {
            name: name.to_owned(),
            form,
            serde: Vec::new(),
            parts: parts.iter().map(|part| (*part).to_owned()).collect(),
        }
    }

    fn check(old: &[Type], new: &[Type], (from, to): (&str, &str), expected: Expect) {
        let reading = Types { old, new }.read(from, to);
        expected.assert_eq(&format!(
            "{:?}: {}",
            reading.fit,
            reading.differences.join("; ")
        ));
    }

    #[test]
    fn fields() {
        let line = |parts: &[&str]| [declared("Line", Form::Struct, parts)];
        let old = line(&["sku: String", "count: u32", "next: Vec<Line>"]);
        let same = ("Vec<Line>", "Vec<Line>");
        check(&old, &old, same, expect!["Reads: "]);
        check(
            &old,
            &line(&[
                "sku: String",
                "count: u64",
                "next: Vec<Line>",
                "note: Option<String>",
            ]),
            same,
            expect![
                "Reads: `count` of `Line` is `u64` instead of `u32`; `Line` has `note: Option<String>` as well"
            ],
        );
        check(
            &old,
            &line(&[
                "code: String",
                "#[serde(default)] count: u32",
                "#[serde(default)] next: Vec<Line>",
            ]),
            same,
            expect!["Fails: `Line` has `code: String` as well; `Line` has no `sku` any more"],
        );
        check(
            &old,
            &line(&["sku: String", "count: String"]),
            ("HashMap<u8, Line>", "HashMap<u8, Line>"),
            expect![
                "Fails: `count` of `Line` is `String` instead of `u32`; `Line` has no `next` any more"
            ],
        );
        check(
            &old,
            &[declared("Row", Form::Struct, &["sku: String"])],
            ("Line", "Row"),
            expect!["Reads: `Row` has no `count` any more; `Row` has no `next` any more"],
        );
    }

    #[test]
    fn variants_and_what_stands_for_another_type() {
        let verdict = |parts: &[&str]| [declared("Verdict", Form::Enum, parts)];
        let old = verdict(&["Clear", "Unsure { score: u32 }"]);
        let same = ("Verdict", "Verdict");
        check(
            &old,
            &verdict(&["Clear", "Unsure { score: u32 }", "Fraud"]),
            same,
            expect!["Reads: `Verdict` has `Fraud` as well"],
        );
        check(
            &old,
            &verdict(&["Clear", "Unsure(u32)"]),
            same,
            expect!["Unknown: `Verdict` has `Unsure` otherwise"],
        );
        check(
            &old,
            &verdict(&["Unsure { score: u32 }"]),
            same,
            expect!["Fails: `Verdict` has no `Clear` any more"],
        );
        let id = |ty: &str| [declared("OrderId", Form::Tuple, &[ty])];
        check(
            &id("String"),
            &[],
            ("OrderId", "String"),
            expect!["Reads: "],
        );
        check(&[], &id("u64"), ("String", "OrderId"), expect!["Fails: "]);
        check(
            &id("u32"),
            &id("u64"),
            ("OrderId", "OrderId"),
            expect!["Reads: `OrderId` is of `u64` instead of `u32`"],
        );
    }
}
