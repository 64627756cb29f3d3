//! The deployment as one Terraform file. The texts beside this file are its resources; here they are filled and joined.

mod choreographies;

pub(super) use self::choreographies::render as choreography;
use super::fill::{escaped, fill, lines};
use super::names::snake;
use super::needs::{BARRIER, Function, Needs, Saga, retention};
use super::paths::Paths;
use super::quotas::{INLINE_FUNCTIONS, MANAGED_FUNCTIONS};

const MAIN: &str = include_str!("main.tf");
const MACHINE: &str = include_str!("machine.tf");
const PARKING: &str = include_str!("parking.tf");
const MORE: &str = include_str!("more.tf");

/// The right to tell the queue, of the sagas that may.
const QUEUE: &str = "      [for queue in each.value.parks ? [aws_sqs_queue.parking.arn] : [] : {
        Effect   = \"Allow\"
        Action   = [\"sqs:SendMessage\"]
        Resource = [queue]
      }],
";

/// Of the functions of a saga, those that its role itself has, where some saga has more.
const INLINE: &str = "slice(each.value.functions, 0, min(@inline@, length(each.value.functions)))";

pub(super) fn render(needs: &Needs, paths: &Paths) -> Result<String, String> {
    let sagas = needs.sagas.iter();
    let more = sagas
        .clone()
        .any(|saga| saga.functions().len() > INLINE_FUNCTIONS);
    let inline = INLINE_FUNCTIONS.to_string();
    let functions = needs.functions.iter();
    let tables = functions.clone().flat_map(tables).collect();
    let mut text = fill(
        MAIN,
        &[
            ("workspace", &in_module(paths.workspace())),
            (
                "functions",
                &lines(4, aligned(functions.map(function).collect())),
            ),
            ("tables", &lines(4, aligned(tables))),
            (
                "sagas",
                &lines(4, aligned(sagas.map(|each| saga(needs, each)).collect())),
            ),
            ("queue", if needs.parks.is_some() { QUEUE } else { "" }),
            (
                "inline_functions",
                if more { INLINE } else { "each.value.functions" },
            ),
            ("inline", &inline),
        ],
    );
    if more {
        let managed = MANAGED_FUNCTIONS.to_string();
        text.push_str(&fill(MORE, &[("inline", &inline), ("managed", &managed)]));
    }
    for saga in &needs.sagas {
        text.push_str(&machine(needs, saga, paths, more)?);
    }
    if let Some(seconds) = needs.parks {
        let retention = retention(seconds).to_string();
        let token = seconds.to_string();
        text.push_str(&fill(
            PARKING,
            &[("retention", &retention), ("token", &token)],
        ));
    }
    Ok(text)
}

/// `stock = { binary = "place_order_stock", timeout = 9, prefix = "${var.name}-stock-", tables = ["shelves"] }`
fn function(function: &Function) -> (String, String) {
    let prefix = prefix(function);
    let tables = function.tables.iter().map(|table| table.name.as_str());
    let value = format!(
        "{{ binary = \"{}\", timeout = {}, prefix = \"{prefix}\", tables = {} }}",
        function.binary,
        function.timeout(),
        list(tables)
    );
    (snake(&function.id), value)
}

fn prefix(function: &Function) -> String {
    match &function.prefix {
        None => format!("${{var.name}}-{}-", function.stem()),
        Some(prefix) => prefix.clone(),
    }
}

fn tables(function: &Function) -> Vec<(String, String)> {
    let of = snake(&function.id);
    let own = function.tables.iter().filter_map(|table| {
        let key = table.key.as_deref()?;
        Some((table.name.as_str(), key))
    });
    let tables = [(BARRIER, "pk")].into_iter().chain(own);
    let row = |(name, key)| {
        let value = format!("{{ of = \"{of}\", name = \"{name}\", key = \"{key}\" }}");
        (format!("\"{of}.{name}\""), value)
    };
    tables.map(row).collect()
}

fn saga(needs: &Needs, saga: &Saga) -> (String, String) {
    let functions: Vec<String> = saga.functions().into_iter().map(snake).collect();
    let value = format!(
        "{{ functions = {}, calls = {}, parks = {}, distributed = {} }}",
        list(functions.iter().map(String::as_str)),
        list(called(needs, saga)),
        saga.parks,
        saga.distributed
    );
    (saga.name.clone(), value)
}

/// The names of the sagas that it calls.
fn called<'a>(needs: &'a Needs, saga: &'a Saga) -> impl Iterator<Item = &'a str> {
    let sagas = needs.sagas.iter();
    let called = sagas.filter(|each| saga.calls.contains(&each.id));
    called.map(|each| each.name.as_str())
}

fn machine(needs: &Needs, saga: &Saga, paths: &Paths, more: bool) -> Result<String, String> {
    let mut values = Vec::new();
    for (participant, function) in &saga.serving {
        let arn = format!("aws_lambda_function.saga[\"{}\"].arn", snake(function));
        values.push((format!("{participant}FunctionArn"), arn));
    }
    for each in needs
        .sagas
        .iter()
        .filter(|each| saga.calls.contains(&each.id))
    {
        // The version that was compiled together with this definition, whatever the alias points to meanwhile.
        let arn = format!(
            "aws_sfn_state_machine.{}.state_machine_version_arn",
            each.name
        );
        values.push((format!("{}StateMachineArn", each.id), arn));
    }
    if saga.parks {
        values.push((
            "ParkingQueueUrl".to_owned(),
            "aws_sqs_queue.parking.url".to_owned(),
        ));
    }
    let depends = if more {
        "aws_iam_role_policy.saga, aws_iam_role_policy_attachment.saga_functions"
    } else {
        "aws_iam_role_policy.saga"
    };
    let definition = in_module(&paths.of(&saga.definition)?);
    Ok(fill(
        MACHINE,
        &[
            ("depends", depends),
            ("definition", &definition),
            ("substitutions", &lines(4, aligned(values))),
            ("name", &saga.name),
        ],
    ))
}

/// A path that the module has, as Terraform finds it from wherever it is called.
fn in_module(path: &str) -> String {
    let path = escaped(path).replace("${", "$${").replace("%{", "%%{");
    match path.as_str() {
        "." => "path.module".to_owned(),
        path => format!("\"${{path.module}}/{path}\""),
    }
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(|name| format!("\"{name}\"")).collect();
    format!("[{}]", names.join(", "))
}

/// `key = value`, with the equals signs below each other, as `terraform fmt` has them.
fn aligned(rows: Vec<(String, String)>) -> Vec<String> {
    let width = rows.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
    let rows = rows.into_iter();
    rows.map(|(key, value)| format!("{key:width$} = {value}"))
        .collect()
}
