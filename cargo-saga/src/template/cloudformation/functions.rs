//! A function with its role, log, alarms and tables.

use crate::template::fill::{escaped, fill, lines};
use crate::template::names::{listed, pascal};
use crate::template::needs::{BARRIER, Function};
use crate::template::paths::Paths;

const FUNCTION: &str = include_str!("function.yaml");
const TABLE: &str = include_str!("table.yaml");

/// Nothing but the barrier's records expires.
const TTL: &str = "      TimeToLiveSpecification: { AttributeName: ttl, Enabled: true }\n";

/// What differs between functions beside their tables.
pub(super) struct Code<'a> {
    /// `Stock`, as its resources begin.
    pub(super) id: &'a str,
    pub(super) title: &'a str,
    pub(super) binary: &'a str,
    pub(super) timeout: u64,
    /// Why it is not another.
    pub(super) why: &'a str,
    pub(super) variables: &'a str,
    /// Of its role, beside what all may.
    pub(super) statements: Vec<String>,
    /// Why it is not Lambda's count of errors that is watched.
    pub(super) unknown: &'a str,
}

pub(super) fn code(code: &Code<'_>, paths: &Paths) -> String {
    fill(
        FUNCTION,
        &[
            ("title", code.title),
            ("code", &escaped(&paths.code(code.binary))),
            ("timeout", &code.timeout.to_string()),
            ("why", code.why),
            ("variables", code.variables),
            ("statements", &lines(14, code.statements.clone())),
            ("unknown", code.unknown),
            ("Id", code.id),
        ],
    )
}

pub(super) fn function(function: &Function, paths: &Paths) -> String {
    let seconds = function.task_seconds.unwrap_or_default();
    let mut text = code(
        &Code {
            id: &function.id,
            title: &title(function),
            binary: &function.binary,
            timeout: function.timeout(),
            why: &format!("the least TimeoutSeconds of its tasks is {seconds}"),
            variables: &prefix(function),
            statements: tables_statement(function),
            unknown: "a declared rejection is an error of the function too, so Lambda's own count of errors says little",
        },
        paths,
    );
    text.push_str(&barrier(function, ""));
    text.push_str(&own_tables(function));
    text
}

pub(super) fn title(function: &Function) -> String {
    format!("Serves {}.", listed(&function.serves))
}

/// The variable that says how its tables are called.
pub(super) fn prefix(function: &Function) -> String {
    format!("SAGA_TABLE_PREFIX: {}", sub(function, ""))
}

/// With more of its settings, a line each.
pub(super) fn barrier(function: &Function, more: &str) -> String {
    let settings = format!("{more}{TTL}");
    table(&barrier_id(function), function, BARRIER, "pk", &settings)
}

pub(super) fn own_tables(function: &Function) -> String {
    let own = function.tables.iter().filter_map(|own| {
        let key = own.key.as_ref()?;
        let id = table_id(function, &own.name);
        Some(table(&id, function, &own.name, key, ""))
    });
    own.collect()
}

/// The right to its tables, as lines of a role's statements.
pub(super) fn tables_statement(function: &Function) -> Vec<String> {
    let mut statement = vec![
        "- Effect: Allow # a transaction is allowed by its parts".to_owned(),
        "  Action: [\"dynamodb:GetItem\", \"dynamodb:PutItem\", \"dynamodb:UpdateItem\", \"dynamodb:DeleteItem\", \"dynamodb:ConditionCheckItem\"]".to_owned(),
        "  Resource:".to_owned(),
    ];
    let arns = table_arns(function).into_iter();
    statement.extend(arns.map(|arn| format!("    {arn}")));
    statement
}

/// As items of a list.
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
pub(super) fn barrier_id(function: &Function) -> String {
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
