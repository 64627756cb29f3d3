//! A function with its role, log, alarms and tables.

use crate::template::fill::{escaped, fill, lines};
use crate::template::names::{listed, pascal};
use crate::template::needs::{BARRIER, Function};
use crate::template::paths::Paths;

const FUNCTION: &str = include_str!("function.yaml");
const TABLE: &str = include_str!("table.yaml");

/// Nothing but the barrier's records expires.
const TTL: &str = "      TimeToLiveSpecification: { AttributeName: ttl, Enabled: true }\n";

pub(super) fn function(function: &Function, paths: &Paths) -> String {
    let participants = listed(&function.serves);
    let title = format!("Serves {participants}.");
    let mut text = fill(
        FUNCTION,
        &[
            ("title", &title),
            ("code", &escaped(&paths.code(&function.binary))),
            ("timeout", &function.timeout().to_string()),
            ("seconds", &function.task_seconds.to_string()),
            ("prefix", &sub(function, "")),
            ("tables", &lines(18, table_arns(function))),
            ("Id", &function.id),
        ],
    );
    text.push_str(&table(&barrier_id(function), function, BARRIER, "pk", TTL));
    for own in &function.tables {
        if let Some(key) = &own.key {
            text.push_str(&table(
                &table_id(function, &own.name),
                function,
                &own.name,
                key,
                "",
            ));
        }
    }
    text
}

/// The resources of the role, as items of a list.
fn table_arns(function: &Function) -> Vec<String> {
    let mut arns = vec![format!("- !GetAtt {}.Arn", barrier_id(function))];
    for table in &function.tables {
        arns.push(match table.key {
            Some(_) => format!("- !GetAtt {}.Arn", table_id(function, &table.name)),
            None => format!(
                "- !Sub \"arn:${{AWS::Partition}}:dynamodb:${{AWS::Region}}:${{AWS::AccountId}}:table/{}\"",
                stem(function, &table.name)
            ),
        });
    }
    arns
}

fn table(id: &str, function: &Function, name: &str, key: &str, ttl: &str) -> String {
    let name = sub(function, name);
    fill(
        TABLE,
        &[("Id", id), ("name", &name), ("key", key), ("ttl", ttl)],
    )
}

/// `StockBarrierTable`
fn barrier_id(function: &Function) -> String {
    format!("{}BarrierTable", function.id)
}

/// `StockTableShelves`
fn table_id(function: &Function, table: &str) -> String {
    format!("{}Table{}", function.id, pascal(table).replace('_', ""))
}

/// The whole name of a table, or without one the prefix, as a value.
fn sub(function: &Function, table: &str) -> String {
    let name = stem(function, table);
    match function.prefix {
        None => format!("!Sub \"{name}\""),
        Some(_) => format!("\"{name}\""),
    }
}

fn stem(function: &Function, table: &str) -> String {
    match &function.prefix {
        None => format!("${{AWS::StackName}}-{}-{table}", function.stem()),
        Some(prefix) => format!("{prefix}{table}"),
    }
}
