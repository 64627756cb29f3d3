//! The module's types as the AsyncAPI document has them.

use std::fmt::Write as _;

use expect_test::expect;
use serde_json::Value;

use super::support::{ORDER, compiled};

#[test]
fn schemas_are_what_serde_writes() {
    let source = ORDER
        .replace(
            "pub struct StockReserved { pub order: PlaceOrder }",
            r#"#[serde(rename_all = "camelCase")] pub struct StockReserved {
                pub order: Box<PlaceOrder>, pub held_until: Timestamp, pub note_to_us: Option<String>, #[serde(rename = "n")] pub number: u64,
                pub price: f64, #[serde(default)] pub gift: bool, #[serde(skip)] pub secret: u8, #[serde(flatten)] pub rest: Rest,
                pub pair: (u8, Id), pub none: (), pub at: std::time::SystemTime, pub map: std::collections::HashMap<String, u8>,
                pub outside: Outside, pub mode: Mode, pub inside: Inside, pub beside: Beside, pub way: Way, pub any: Any, pub mark: Mark }
            #[derive(Serialize, Deserialize)] pub struct Rest { pub x: u8 }
            #[derive(Serialize, Deserialize)] pub struct Id(pub String);
            #[derive(Serialize, Deserialize)] pub struct Mark;
            #[derive(Serialize, Deserialize)] #[serde(rename_all = "snake_case")] pub enum Mode { VeryFast, Slow }
            #[derive(Serialize, Deserialize)] #[serde(tag = "kind")] pub enum Inside { Empty, One { size: u8 }, Other(Rest) }
            #[derive(Serialize, Deserialize)] #[serde(tag = "t", content = "c")] pub enum Beside { Empty, One(u8), Two(u8, u8) }
            #[derive(Serialize, Deserialize)] pub enum Way { Empty, One(u8), Two(u8, Vec<Id>), Three { size: Option<u8> } }
            #[derive(Serialize, Deserialize)] #[serde(untagged)] pub enum Any { One(u8), Two(String) }
            pub type Outside = other::Thing;"#,
        );
    let document: Value = serde_json::from_str(compiled(&source).asyncapi()).unwrap();
    let mut text = String::new();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        writeln!(text, "{name} {schema}").unwrap();
    }
    expect![[r##"
        Any {"description":"`Any` has `#[serde(untagged)]`"}
        Beside {"oneOf":[{"properties":{"t":{"const":"Empty"}},"required":["t"],"type":"object"},{"properties":{"c":{"type":"integer"},"t":{"const":"One"}},"required":["t","c"],"type":"object"},{"properties":{"c":{"items":[{"type":"integer"},{"type":"integer"}],"maxItems":2,"minItems":2,"type":"array"},"t":{"const":"Two"}},"required":["t","c"],"type":"object"}]}
        CardCharged {"properties":{"charge":{"type":"string"},"order":{"$ref":"#/components/schemas/PlaceOrder"}},"required":["order","charge"],"type":"object"}
        CardDeclined {"properties":{"order_id":{"type":"string"}},"required":["order_id"],"type":"object"}
        Id {"type":"string"}
        Inside {"oneOf":[{"properties":{"kind":{"const":"Empty"}},"required":["kind"],"type":"object"},{"allOf":[{"properties":{"kind":{"const":"One"}},"required":["kind"],"type":"object"},{"properties":{"size":{"type":"integer"}},"required":["size"],"type":"object"}]},{"allOf":[{"properties":{"kind":{"const":"Other"}},"required":["kind"],"type":"object"},{"$ref":"#/components/schemas/Rest"}]}]}
        Line {"properties":{"quantity":{"type":"integer"},"sku":{"type":"string"}},"required":["sku","quantity"],"type":"object"}
        Mark {"type":"null"}
        Mode {"enum":["very_fast","slow"],"type":"string"}
        OrderCancelled {"properties":{"order_id":{"type":"string"}},"required":["order_id"],"type":"object"}
        OrderCompleted {"properties":{"order_id":{"type":"string"}},"required":["order_id"],"type":"object"}
        OrderPlaced {"properties":{"order":{"$ref":"#/components/schemas/PlaceOrder"}},"required":["order"],"type":"object"}
        ParcelSent {"properties":{"order_id":{"type":"string"},"tracking":{"type":"string"}},"required":["order_id","tracking"],"type":"object"}
        PlaceOrder {"properties":{"card":{"type":"string"},"lines":{"items":{"$ref":"#/components/schemas/Line"},"type":"array"},"order_id":{"type":"string"},"total":{"type":"integer"}},"required":["order_id","lines","card","total"],"type":"object"}
        Rest {"properties":{"x":{"type":"integer"}},"required":["x"],"type":"object"}
        StockRefused {"additionalProperties":false,"properties":{"OutOfStock":{"properties":{"sku":{"type":"string"}},"required":["sku"],"type":"object"}},"required":["OutOfStock"],"type":"object"}
        StockReleased {"properties":{"lines":{"items":{"$ref":"#/components/schemas/Line"},"type":"array"}},"required":["lines"],"type":"object"}
        StockReserved {"properties":{"any":{"$ref":"#/components/schemas/Any"},"at":{"description":"std::time::SystemTime"},"beside":{"$ref":"#/components/schemas/Beside"},"gift":{"type":"boolean"},"heldUntil":{"format":"date-time","type":"string"},"inside":{"$ref":"#/components/schemas/Inside"},"map":{"description":"std::collections::HashMap<String,u8>"},"mark":{"$ref":"#/components/schemas/Mark"},"mode":{"$ref":"#/components/schemas/Mode"},"n":{"type":"integer"},"none":{"type":"null"},"noteToUs":{"anyOf":[{"type":"string"},{"type":"null"}]},"order":{"$ref":"#/components/schemas/PlaceOrder"},"outside":{"description":"other::Thing"},"pair":{"items":[{"type":"integer"},{"$ref":"#/components/schemas/Id"}],"maxItems":2,"minItems":2,"type":"array"},"price":{"type":"number"},"way":{"$ref":"#/components/schemas/Way"}},"required":["order","heldUntil","n","price","pair","none","at","map","outside","mode","inside","beside","way","any","mark"],"type":"object"}
        Way {"oneOf":[{"enum":["Empty"],"type":"string"},{"additionalProperties":false,"properties":{"One":{"type":"integer"}},"required":["One"],"type":"object"},{"additionalProperties":false,"properties":{"Two":{"items":[{"type":"integer"},{"items":{"$ref":"#/components/schemas/Id"},"type":"array"}],"maxItems":2,"minItems":2,"type":"array"}},"required":["Two"],"type":"object"},{"additionalProperties":false,"properties":{"Three":{"properties":{"size":{"anyOf":[{"type":"integer"},{"type":"null"}]}},"required":[],"type":"object"}},"required":["Three"],"type":"object"}]}
    "##]].assert_eq(&text);
}

#[test]
fn every_reference_leads_somewhere() {
    let document: Value = serde_json::from_str(compiled(ORDER).asyncapi()).unwrap();
    let mut references = Vec::new();
    collect(&document, &mut references);
    assert!(references.len() > 30);
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

fn collect(value: &Value, references: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                match value {
                    Value::String(text) if key == "$ref" => references.push(text.clone()),
                    value => collect(value, references),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, references)),
        _ => {}
    }
}

#[test]
fn a_reaction_takes_from_each_topic_that_has_its_events() {
    let document: Value = serde_json::from_str(compiled(ORDER).asyncapi()).unwrap();
    let mut text = String::new();
    for (name, operation) in document["operations"].as_object().unwrap() {
        let messages = operation["messages"].as_array().unwrap().iter();
        let messages = messages.map(|message| message["$ref"].as_str().unwrap());
        let messages: Vec<&str> = messages
            .map(|path| path.rsplit('/').next().unwrap())
            .collect();
        let channel = operation["channel"]["$ref"].as_str().unwrap();
        let action = operation["action"].as_str().unwrap();
        writeln!(text, "{name}: {action} {} {channel}", messages.join(" ")).unwrap();
    }
    expect![[r#"
        orders.cancel.receive.payments: receive CardDeclined #/channels/payments
        orders.cancel.receive.stock: receive StockRefused #/channels/stock
        orders.cancel.send: send OrderCancelled #/channels/orders
        orders.complete.receive.shipping: receive ParcelSent #/channels/shipping
        orders.complete.send: send OrderCompleted #/channels/orders
        orders.place.receive: receive orders.place #/channels/orders.commands
        orders.place.send: send OrderPlaced #/channels/orders
        payments.charge.receive.stock: receive StockReserved #/channels/stock
        payments.charge.send: send CardCharged CardDeclined #/channels/payments
        shipping.ship.receive.payments: receive CardCharged #/channels/payments
        shipping.ship.send: send ParcelSent #/channels/shipping
        stock.release.receive.payments: receive CardDeclined #/channels/payments
        stock.release.send: send StockReleased #/channels/stock
        stock.reserve.receive.orders: receive OrderPlaced #/channels/orders
        stock.reserve.send: send StockReserved StockRefused #/channels/stock
    "#]]
    .assert_eq(&text);
}
