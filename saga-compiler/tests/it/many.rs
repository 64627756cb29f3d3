//! Writes sagas of any number of compensatable steps, named as in real life. The bench shares it.

use std::fmt::Write as _;

/// The module of a saga with that many steps.
pub(crate) fn module(steps: usize) -> String {
    let mut text = String::from(
        "pub mod fulfil {
    use saga_runtime::prelude::*;
    #[derive(Serialize, Deserialize)] pub struct Order { pub order_id: String, pub lines: Vec<String> }
    #[derive(Serialize, Deserialize)] pub struct Hold { pub hold_id: String }
    pub enum StockError { OutOfStock { sku: String }, #[transient] Busy }
",
    );
    for index in 0..steps {
        write!(
            text,
            r#"    pub trait Stock{index} {{
        #[step(compensate = release, retry(max_attempts = 4, interval = "1s", backoff = 2.0), timeout = "10s")]
        async fn reserve(&self, tx: &mut Tx, order_id: &str, lines: &[String]) -> Result<Hold, StockError>;
        #[compensation]
        async fn release(&self, tx: &mut Tx, order_id: &str, hold: Hold) -> Result<(), Retry>;
    }}
"#
        )
        .unwrap();
    }
    text.push_str("    pub async fn fulfil(");
    for index in 0..steps {
        write!(text, "stock{index}: &impl Stock{index}, ").unwrap();
    }
    text.push_str("order: Order) -> Result<Hold, Rejection> {\n");
    for index in 0..steps {
        let before = match index {
            0 => "order.order_id".to_owned(),
            _ => format!("hold{}.hold_id", index - 1),
        };
        writeln!(
            text,
            "        let hold{index} = stock{index}.reserve(&{before}, &order.lines).await?;"
        )
        .unwrap();
    }
    writeln!(text, "        Ok(hold{})\n    }}\n}}", steps - 1).unwrap();
    text
}

/// A saga with this many steps in blocks of eight, of control flow three levels deep: a branch and a join inside a loop, a
/// loop and an alternative path inside a branch.
pub(crate) fn nested_module(steps: usize) -> String {
    let mut flow = String::new();
    for block in 0..steps.div_ceil(8) {
        write!(
            flow,
            "let mut got{block} = Vec::new();
            #[parallel(max = 4)]
            for line in &cmd.lines {{
                let first = stock.hold(&line.sku).await?;
                if line.fragile {{
                    let (left, right) = join!(stock.hold(&line.sku), stock.hold(&first))?;
                }}
                got{block}.push(first);
            }}
            let last{block} = if cmd.gift {{
                for part in &cmd.parts {{ stock.hold(part).await?; }}
                match stock.hold(&cmd.id).await {{
                    Ok(id) => id,
                    Err(StockError::Out) => stock.hold(\"less\").await?,
                    Err(other) => return Err(other.into()),
                }}
            }} else {{ cmd.id.clone() }};
            "
        )
        .unwrap();
    }
    format!(
        "pub mod many {{
            use saga_runtime::prelude::*;
            #[derive(Serialize, Deserialize)] pub struct Cmd {{ pub id: String, pub gift: bool, pub lines: Vec<Line>, pub parts: Vec<String> }}
            #[derive(Serialize, Deserialize)] pub struct Line {{ pub sku: String, pub fragile: bool }}
            pub enum StockError {{ Out, #[transient] Busy }}
            pub trait Stock {{
                #[step(compensate = free, retry(max_attempts = 4, interval = \"1s\", backoff = 2.0), timeout = \"10s\")]
                async fn hold(&self, tx: &mut Tx, sku: &str) -> Result<String, StockError>;
                #[compensation]
                async fn free(&self, tx: &mut Tx, hold: String) -> Result<(), Retry>;
            }}
            pub async fn many(stock: &impl Stock, cmd: Cmd) -> Result<String, Rejection> {{
                {flow}
                Ok(last0)
            }}
        }}"
    )
}
