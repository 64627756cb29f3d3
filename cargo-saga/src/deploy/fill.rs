//! The placeholders of a definition, and what the user gives for them. Knows nothing of what is deployed.

use std::collections::BTreeMap;

use super::options::{Named, Options};
use crate::out::{Saga, alternatives};
use crate::template::names::{pascal, snake};

const FUNCTION: &str = "FunctionArn";
const MACHINE: &str = "StateMachineArn";
const QUEUE: &str = "ParkingQueueUrl";

/// A value for each placeholder: `StockFunctionArn` and the like.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Values(BTreeMap<String, String>);

impl Values {
    /// Takes the options' values; says all that are missing at once, with the flags to write.
    pub(super) fn read(saga: &Saga, options: &Options) -> Result<Self, String> {
        let holes = placeholders(&saga.definition);
        let mut values = BTreeMap::new();
        let known = known(&holes, FUNCTION);
        for function in &options.functions {
            let at = find(&known, function, "participant", &saga.name)?;
            insert(&mut values, at, function)?;
        }
        let known = self::known(&holes, MACHINE);
        for flow in &options.flows {
            let at = find(&known, flow, "flow", &saga.name)?;
            insert(&mut values, at, flow)?;
        }
        match &options.queue {
            Some(_) if !holes.contains(&QUEUE) => {
                return Err(format!(
                    "`{}` tells no queue; leave `--queue` out",
                    saga.name
                ));
            }
            Some(url) => _ = values.insert(QUEUE.to_owned(), url.clone()),
            None => {}
        }
        let missing: Vec<&str> = holes
            .into_iter()
            .filter(|hole| !values.contains_key(*hole))
            .collect();
        if missing.is_empty() {
            return Ok(Self(values));
        }
        Err(format!(
            "`{}` needs to know what it calls; add\n{}",
            saga.name,
            missing
                .iter()
                .map(|hole| flag(hole))
                .collect::<Vec<_>>()
                .join("\n")
        ))
    }

    /// The definition as it is deployed.
    pub(super) fn fill(&self, definition: &str) -> String {
        self.0
            .iter()
            .fold(definition.to_owned(), |text, (name, value)| {
                text.replace(&format!("${{{name}}}"), value)
            })
    }
}

/// The names in `${…}`, each once, in their order.
fn placeholders(definition: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for behind in definition.split("${").skip(1) {
        let Some((name, _)) = behind.split_once('}') else {
            continue;
        };
        let ours = name == QUEUE || name.ends_with(FUNCTION) || name.ends_with(MACHINE);
        if ours && !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

/// The placeholders of one kind, by the name that the user writes: `stock`.
fn known<'a>(holes: &[&'a str], suffix: &str) -> Vec<(String, &'a str)> {
    let of_kind = holes.iter().filter_map(|hole| {
        let name = hole.strip_suffix(suffix)?;
        Some((snake(name), *hole))
    });
    of_kind.collect()
}

fn find<'a>(
    known: &[(String, &'a str)], named: &Named, what: &str, saga: &str,
) -> Result<&'a str, String> {
    let wanted = snake(&pascal(&named.name));
    if let Some((_, hole)) = known.iter().find(|(name, _)| *name == wanted) {
        return Ok(hole);
    }
    if known.is_empty() {
        return Err(format!(
            "`{saga}` calls no {what}; leave `--{}` out",
            if what == "flow" { "flow" } else { "function" }
        ));
    }
    Err(format!(
        "`{saga}` calls no {what} `{}`{}",
        named.name,
        alternatives(&named.name, known.iter().map(|(name, _)| name.as_str()))
    ))
}

fn insert(values: &mut BTreeMap<String, String>, hole: &str, named: &Named) -> Result<(), String> {
    match values.insert(hole.to_owned(), named.value.clone()) {
        None => Ok(()),
        Some(_) => Err(format!(
            "`{}` is named twice; say once what it is",
            named.name
        )),
    }
}

/// `--function stock=ARN`
fn flag(hole: &str) -> String {
    if let Some(flow) = hole.strip_suffix(MACHINE) {
        return format!("       --flow {}=ARN", snake(flow));
    }
    match hole.strip_suffix(FUNCTION) {
        Some(participant) => format!("       --function {}=ARN", snake(participant)),
        None => "       --queue URL".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Values, placeholders};

    #[test]
    fn placeholders_are_found_once() {
        let text =
            r#""${StockFunctionArn}" "${StockFunctionArn}" "${ParkingQueueUrl}" "${other}" "${""#;
        assert_eq!(placeholders(text), ["StockFunctionArn", "ParkingQueueUrl"]);
    }

    #[test]
    fn each_place_is_filled() {
        let values = [("AFunctionArn", "arn:a"), ("BFunctionArn", "arn:a:1")];
        let values = Values(
            values
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
        );
        let built = r#"["${AFunctionArn}", "${BFunctionArn}", "${AFunctionArn}"]"#;
        assert_eq!(values.fill(built), r#"["arn:a", "arn:a:1", "arn:a"]"#);
    }
}
