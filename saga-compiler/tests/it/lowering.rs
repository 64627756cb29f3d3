//! What is emitted where a mistake would be easy: what may be missing, what nothing catches, what lists do in JSONata.

use serde_json::Value;

use crate::support::definitions;

/// The flows of a module with these items, the last of them first.
fn compile(items: &str) -> Vec<Value> {
    let source = format!(
        "pub mod shop {{
            use saga_runtime::prelude::*;
            #[derive(Clone, Serialize, Deserialize)] pub struct Cmd {{ pub id: String, pub gift: bool, pub n: u64, pub kind: Kind, pub kinds: Vec<Kind>, pub skus: Vec<String> }}
            #[derive(Clone, Serialize, Deserialize)] pub enum Kind {{ Bundle(Vec<String>), Maybe(Option<u64>), Plain }}
            #[derive(Clone, Serialize, Deserialize)] pub enum Full {{ Pair {{ pair: (Vec<String>, u64) }}, Id(String) }}
            pub enum No {{ Out, #[transient] Busy }}
            pub trait Stock {{
                #[step(compensate = free)] async fn hold(&self, tx: &mut Tx, sku: &str) -> Result<u64, No>;
                #[compensation] async fn free(&self, tx: &mut Tx, hold: u64) -> Result<(), Retry>;
                #[step(read_only)] async fn look(&self, tx: &mut Tx) -> Result<Option<u64>, Retry>;
                #[step(pivot)] async fn charge(&self, cx: &Context) -> Result<u64, No>;
                #[step(retriable)] async fn ship(&self, tx: &mut Tx, kind: &Kind) -> Result<u64, Retry>;
            }}
            {items}
        }}"
    );
    let definitions = definitions("", &source).into_iter().rev();
    definitions
        .map(|text| serde_json::from_str(&text).unwrap())
        .collect()
}

/// A flow with these statements.
fn flow(statements: &str) -> Value {
    let items = format!(
        "pub async fn shop(stock: &impl Stock, cmd: Cmd) -> Result<u64, Rejection> {{ {statements} Ok(1) }}"
    );
    compile(&items).remove(0)
}

fn condition<'a>(machine: &'a Value, state: &str) -> &'a Value {
    &machine["States"][state]["Choices"][0]["Condition"]
}

#[test]
fn what_an_option_holds_is_computed_with_only_behind_its_test() {
    let machine = flow(
        r#"stock.hold("first").await?;
           let n = if cmd.gift { Some(stock.hold("b").await?) } else { None };
           if let Some(n) = n { if n < 5 { stock.hold("few").await?; } }"#,
    );
    assert_eq!(condition(&machine, "if n < 5"), "{% $n < 5 %}");
    assert!(!machine.to_string().contains("null <"), "{machine:#}");
    let machine = flow(
        "let n = stock.look().await?; if let Some(n) = n { if n * 2 < 5 { stock.hold(\"few\").await?; } }",
    );
    let assigned = &machine["States"]["stock.look"]["Assign"];
    assert_eq!(assigned["n"], "{% $states.result.Payload %}");
    assert!(!assigned.to_string().contains('<'), "{assigned}");
}

#[test]
fn a_variant_without_content_is_told_apart_after_a_branch() {
    let machine = flow(
        r#"let kind = if cmd.gift { stock.hold("a").await?; Kind::Maybe(None) } else { Kind::Plain };
           match kind { Kind::Maybe(_) => { stock.hold("b").await?; } Kind::Bundle(_) | Kind::Plain => {} }"#,
    );
    let test = condition(&machine, "match kind").as_str().unwrap();
    let variable = test.trim_matches(|c: char| !c.is_alphanumeric() && c != '_');
    assert_eq!(
        machine["States"]["stock.hold"]["Assign"][variable], true,
        "{machine:#}"
    );
}

#[test]
fn what_an_item_may_lack_is_handed_on_as_nothing() {
    let machine = flow(
        r#"stock.hold("first").await?;
           #[parallel(max = 3, distributed)]
           for kind in &cmd.kinds {
               match kind {
                   Kind::Bundle(skus) => { for sku in skus { stock.hold(sku).await?; } }
                   Kind::Maybe(_) | Kind::Plain => {}
               }
           }"#,
    );
    let undo = &machine["States"]["compensate for kind in cmd.kinds"];
    let handed = undo["ItemSelector"]["Bundle"].as_str().unwrap();
    assert!(
        handed.starts_with("{% $exists(") && handed.ends_with(": null %}"),
        "{handed}"
    );
    let inner = undo["ItemProcessor"]["States"]
        .as_object()
        .unwrap()
        .values()
        .find(|state| state["Type"] == "Map");
    let items = inner.unwrap()["Items"].as_str().unwrap();
    assert!(items.contains("$count("), "{items}");
}

#[test]
fn a_read_only_flow_that_is_called_late_is_tried_until_it_succeeds() {
    let machines = compile(
        "pub async fn peek(stock: &impl Stock) -> Result<u64, Rejection> { stock.look().await?; Ok(1) }
         pub async fn shop(stock: &impl Stock, cmd: Cmd) -> Result<u64, Rejection> {
             stock.charge().await?; peek(stock).await?; stock.ship(&cmd.kind).await?; Ok(1)
         }",
    );
    let look = &machines[1]["States"]["stock.look"];
    assert_eq!(look["Retry"][0]["MaxAttempts"], 99_999_999, "{look:#}");
    assert_eq!(look["Catch"], Value::Null);
}

#[test]
fn a_list_in_a_tuple_stays_a_list() {
    let machines = compile(
        r#"pub async fn sub(stock: &impl Stock, full: Full) -> Result<u64, Rejection> { stock.hold("a").await?; stock.charge().await?; Ok(1) }
          pub async fn shop(stock: &impl Stock, cmd: Cmd) -> Result<u64, Rejection> {
              stock.look().await?; sub(stock, Full::Pair { pair: (cmd.skus.clone(), 1) }).await?; Ok(1)
          }"#,
    );
    assert_eq!(
        machines[0]["States"]["sub"]["Arguments"]["Input"],
        serde_json::json!({ "Pair": { "pair": ["{% $states.context.Execution.Input.skus %}", 1] } })
    );
}

/// Each merge reads the one before it.
#[test]
fn a_long_chain_of_merges_is_one_variable_each() {
    let merge = |index: usize| {
        let before = index - 1;
        format!("let v{index} = if cmd.gift {{ stock.hold(\"a\").await? }} else {{ v{before} }};")
    };
    let merges: Vec<String> = (1..40).map(merge).collect();
    let statements = format!("let v0 = 0; {}", merges.concat());
    let machine = flow(&format!(
        "{statements} if v39 < 7 {{ stock.hold(\"b\").await?; }}"
    ));
    let rule = &machine["States"]["if cmd.gift#39"];
    assert_eq!(rule["Assign"]["v39"], "{% $v38 %}", "{rule:#}");
}
