//! Writes a saga of any number of compensatable steps, named as in real life. The bench shares it.

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
