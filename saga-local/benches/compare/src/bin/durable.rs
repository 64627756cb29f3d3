//! AWS's durable execution SDK on its local runner: ten steps without effect, and nine more that undo where the last one fails.

use aws_durable_execution_sdk::test_util::LocalRunner;
use aws_durable_execution_sdk::{BoxError, DurableContext, RetryDecision};

async fn ten_steps(is_welcome: bool, context: DurableContext) -> Result<(), BoxError> {
    for _ in 0..9 {
        context.step(|_| async { Ok(()) }).await?;
    }
    let last = context
        .step(move |_| async move {
            if is_welcome {
                Ok(())
            } else {
                Err(BoxError::from("the last step says no"))
            }
        })
        .retry_strategy(|_, _| RetryDecision::Stop)
        .await;
    if let Err(error) = last {
        for _ in 0..9 {
            context.step(|_| async { Ok(()) }).await?;
        }
        return Err(error.into());
    }
    Ok(())
}

fn main() {
    for (name, is_welcome) in [("committed", true), ("compensated", false)] {
        let name = format!("AWS durable execution 0.1 {name}");
        compare::measure(&name, compare::count(), |_| async move {
            let result = LocalRunner::new().run(ten_steps, is_welcome).await;
            assert_eq!(result.is_success(), is_welcome);
        });
    }
}
