//! The examples, deployed on the emulator once for all tests: tables, functions, state machines, a parking queue, and the proxy
//! between the functions and their tables. What the tests then do with it is theirs.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use examples::fulfil_order::fulfil_order::{self, Dispatch, FulfilOrder};
use examples::place_order::place_order::{self, PlaceOrder, Receipt};
use saga_runtime::Saga;
use saga_runtime::client::aws_sdk_sfn::config::{BehaviorVersion, Credentials, Region};
use saga_runtime::client::{Client, aws_sdk_sfn};
use serde_json::{Value, json};

use crate::emulator::Emulator;
use crate::proxy::Proxy;

/// Seconds that a function has. In mode X a claim lasts five more.
const FUNCTION_TIMEOUT: u32 = 3;

/// A function: its name, its program, and its tables beside the barrier's, each with its key.
type Function = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

const FUNCTIONS: [Function; 5] = [
    (
        "Orders",
        env!("CARGO_BIN_EXE_place_order_orders"),
        &[("orders", "order_id")],
    ),
    (
        "Stock",
        env!("CARGO_BIN_EXE_place_order_stock"),
        &[("shelves", "sku")],
    ),
    (
        "Payments",
        env!("CARGO_BIN_EXE_place_order_payments"),
        &[("bank", "key")],
    ),
    (
        "Shipping",
        env!("CARGO_BIN_EXE_place_order_shipping"),
        &[("carrier", "key")],
    ),
    (
        "Fulfil",
        env!("CARGO_BIN_EXE_fulfil_order_all"),
        &[
            ("shelves", "sku"),
            ("records", "customer"),
            ("cases", "customer"),
            ("paper", "kind"),
            ("bank", "key"),
            ("carrier", "key"),
            ("outbox", "key"),
        ],
    ),
];

/// What is deployed.
pub struct Stage {
    pub emulator: Emulator,
    pub proxy: Proxy,
    queue: String,
    place_order: String,
    fulfil_order: String,
}

static STAGE: OnceLock<Option<Stage>> = OnceLock::new();

impl Stage {
    /// The stage, deployed by whoever asks first; none where there is no emulator.
    pub fn get() -> Option<&'static Self> {
        STAGE
            .get_or_init(|| {
                let emulator = Emulator::from_env()?;
                // Every test has a runtime of its own, and this outlives them.
                let deployed = std::thread::spawn(|| {
                    let runtime = tokio::runtime::Builder::new_current_thread()
                        .enable_all()
                        .build()
                        .unwrap();
                    runtime.block_on(Self::deploy(emulator))
                });
                Some(deployed.join().unwrap())
            })
            .as_ref()
    }

    async fn deploy(emulator: Emulator) -> Self {
        let proxy = Proxy::start(emulator.address(), seed());
        let queue = emulator.create_queue("parking", &json!({})).await;
        let mut places = BTreeMap::from([("ParkingQueueUrl".to_owned(), queue.clone())]);
        for function in FUNCTIONS {
            let name = function.0;
            let settings = BTreeMap::from([("AWS_ENDPOINT_URL_DYNAMODB", proxy.url())]);
            let arn = create_function(&emulator, function, name, settings).await;
            places.insert(format!("{name}FunctionArn"), arn);
        }
        let place_order = create_machine(&emulator, place_order::PLACE_ORDER, &places).await;
        for participant in ["Warehouse", "Fraud", "Payments", "Carrier", "Mail"] {
            let place = format!("{participant}FunctionArn");
            places.insert(place, places["FulfilFunctionArn"].clone());
        }
        let fulfil_order = create_machine(&emulator, fulfil_order::FULFIL_ORDER, &places).await;
        Self {
            emulator,
            proxy,
            queue,
            place_order,
            fulfil_order,
        }
    }

    /// Adds a function with the program of another, with a database and settings of its own.
    pub async fn add(&self, of: &str, name: &str, settings: BTreeMap<&str, String>) {
        let function = FUNCTIONS.into_iter().find(|(known, ..)| *known == of);
        create_function(&self.emulator, function.unwrap(), name, settings).await;
    }

    /// A client for the orders, to be used by one test: it holds connections of the test's runtime.
    pub fn orders(&self) -> Client<PlaceOrder, Receipt> {
        self.client(place_order::PLACE_ORDER, &self.place_order)
    }

    /// A client for the orders on their way out.
    pub fn dispatches(&self) -> Client<FulfilOrder, Dispatch> {
        self.client(fulfil_order::FULFIL_ORDER, &self.fulfil_order)
    }

    fn client<I, O>(&self, saga: Saga<I, O>, arn: &str) -> Client<I, O> {
        Client::new(self.sfn(), saga, arn)
            .poll_every(Duration::from_millis(50), Duration::from_millis(500))
    }

    /// Step Functions, for what an operator does.
    pub fn sfn(&self) -> aws_sdk_sfn::Client {
        let config = aws_sdk_sfn::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "e2e"))
            .endpoint_url(self.emulator.url())
            .http_client(saga_runtime::__private::http_client())
            .build();
        aws_sdk_sfn::Client::from_conf(config)
    }

    /// Every item of a function's table.
    pub async fn table(&self, function: &str, table: &str) -> Vec<Value> {
        self.emulator
            .scan(&format!("{}{table}", prefix(function)))
            .await
    }

    /// The items of a function's table that mention this text.
    pub async fn mentions(&self, function: &str, table: &str, text: &str) -> Vec<Value> {
        let mut items = self.table(function, table).await;
        items.retain(|item| item.to_string().contains(text));
        items
    }

    /// Puts an item of one text and one number into a function's table.
    pub async fn put(&self, function: &str, table: &str, text: [&str; 2], number: (&str, u64)) {
        let item = json!({
            text[0]: { "S": text[1] },
            number.0: { "N": number.1.to_string() },
        });
        let table = format!("{}{table}", prefix(function));
        let request = json!({ "TableName": table, "Item": item });
        self.emulator
            .call("DynamoDB_20120810.PutItem", &request)
            .await;
    }

    /// What the parking queue holds, which is then empty.
    pub async fn take_parked(&self) -> Vec<Value> {
        let receive =
            json!({ "QueueUrl": self.queue, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 0 });
        let reply = self
            .emulator
            .call("AmazonSQS.ReceiveMessage", &receive)
            .await;
        let messages = reply["Messages"].as_array().cloned().unwrap_or_default();
        let mut parked = Vec::new();
        for message in messages {
            let delete =
                json!({ "QueueUrl": self.queue, "ReceiptHandle": message["ReceiptHandle"] });
            self.emulator.call("AmazonSQS.DeleteMessage", &delete).await;
            let body = message["Body"].as_str().unwrap_or_default();
            parked.push(serde_json::from_str(body).unwrap());
        }
        parked
    }
}

/// Where random numbers begin: `SAGA_SEED` repeats a run.
pub fn seed() -> u64 {
    let seed = std::env::var("SAGA_SEED").ok();
    seed.map_or(1, |seed| seed.parse().unwrap())
}

/// `Stock` -> `stock-`: each function has a database of its own.
fn prefix(function: &str) -> String {
    format!("{}-", function.to_lowercase())
}

/// Creates a function and its tables; gives its ARN.
async fn create_function(
    emulator: &Emulator, (_, program, tables): Function, name: &str,
    mut settings: BTreeMap<&str, String>,
) -> String {
    let prefix = prefix(name);
    for (table, key) in tables.iter().chain(&[("saga_barrier", "pk")]) {
        create_table(emulator, &format!("{prefix}{table}"), key).await;
    }
    settings.insert("SAGA_TABLE_PREFIX", prefix);
    emulator
        .create_function(name, &zip(program), FUNCTION_TIMEOUT, &settings)
        .await
}

pub async fn create_table(emulator: &Emulator, table: &str, key: &str) {
    emulator
        .call(CREATE_TABLE, &table_of_items(table, key))
        .await;
}

/// The call that makes a table.
pub const CREATE_TABLE: &str = "DynamoDB_20120810.CreateTable";

/// What that call takes for a table whose key is a text.
pub fn table_of_items(table: &str, key: &str) -> Value {
    json!({
        "TableName": table,
        "KeySchema": [{ "AttributeName": key, "KeyType": "HASH" }],
        "AttributeDefinitions": [{ "AttributeName": key, "AttributeType": "S" }],
        "BillingMode": "PAY_PER_REQUEST",
    })
}

/// The definition as it was emitted, with its placeholders filled as a deployment fills them.
async fn create_machine<I, O>(
    emulator: &Emulator, saga: Saga<I, O>, places: &BTreeMap<String, String>,
) -> String {
    let mut definition = saga.definition().to_owned();
    for (place, value) in places {
        definition = definition.replace(&format!("${{{place}}}"), value);
    }
    assert!(!definition.contains("${"), "a placeholder is left");
    let request = json!({
        "name": saga.name(),
        "definition": assign_after_parallels(&definition),
        "roleArn": "arn:aws:iam::000000000000:role/e2e",
    });
    let made = emulator
        .call("AWSStepFunctions.CreateStateMachine", &request)
        .await;
    made["stateMachineArn"].as_str().unwrap().to_owned()
}

/// The emulator (ministack 1.5.33) ignores `Assign` in a Parallel state, which Step Functions
/// [does not](https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html). So, for it alone, a Pass state
/// after the Parallel assigns the same.
fn assign_after_parallels(definition: &str) -> String {
    let mut machine: Value = serde_json::from_str(definition).unwrap();
    let states = machine["States"].as_object_mut().unwrap();
    let mut passes = Vec::new();
    for (name, state) in states.iter_mut() {
        if state["Type"] == "Parallel" && state["Assign"].is_object() && state["Next"].is_string() {
            let pass = format!("assign {name}");
            let assign = state["Assign"].take().to_string();
            let assign = assign.replace("$states.result", "$states.input");
            let assign: Value = serde_json::from_str(&assign).unwrap();
            let next = std::mem::replace(&mut state["Next"], json!(pass));
            state.as_object_mut().unwrap().remove("Assign");
            passes.push((
                pass,
                json!({ "Type": "Pass", "Assign": assign, "Next": next }),
            ));
        }
    }
    states.extend(passes);
    machine.to_string()
}

/// A program as the zip of a `provided.al2023` function, in base 64.
pub fn zip(program: &str) -> String {
    const ZIP: &str = "
import base64, io, subprocess, sys, tempfile, zipfile
with tempfile.NamedTemporaryFile() as bare:
    subprocess.run(['strip', '-o', bare.name, sys.argv[1]], check=True)
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, 'w', zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        file.write(bare.name, 'bootstrap')
print(base64.b64encode(zipped.getvalue()).decode())
";
    let made = Command::new("python3")
        .args(["-c", ZIP, program])
        .output()
        .unwrap();
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    String::from_utf8(made.stdout).unwrap().trim().to_owned()
}
