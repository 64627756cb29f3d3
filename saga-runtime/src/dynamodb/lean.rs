//! What the SDK does at each call for statistics, and for retries of its own, left out: it is a fifth of what a repeated delivery
//! costs. Changes nothing that DynamoDB looks at.

use aws_runtime::invocation_id::InvocationIdInterceptor;
use aws_runtime::request_info::RequestInfoInterceptor;
use aws_runtime::user_agent::UserAgentInterceptor;
use aws_sdk_dynamodb::config::interceptors::{
    BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_smithy_runtime_api::client::interceptors::{
    SharedInterceptor, disable_interceptor, dyn_dispatch_hint,
};
use aws_smithy_runtime_api::client::orchestrator::Metadata;

/// How calls are known in AWS's logs. The SDK's description of itself is made anew for each call, and signed.
const AGENT: &str = concat!("saga-runtime/", env!("CARGO_PKG_VERSION"));

/// Turns off what the store has no use for.
pub(super) fn lean() -> SharedInterceptor {
    SharedInterceptor::permanent(Lean)
}

#[derive(Debug)]
struct Lean;

// It says which hooks are written here, so that the others are not called.
#[dyn_dispatch_hint]
impl Intercept for Lean {
    fn name(&self) -> &'static str {
        "saga_runtime::Lean"
    }

    fn read_before_execution(
        &self, _: &BeforeSerializationInterceptorContextRef<'_>, config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let retries = "the store makes its own tries";
        config
            .interceptor_state()
            .store_put(disable_interceptor::<InvocationIdInterceptor>(retries))
            .store_put(disable_interceptor::<RequestInfoInterceptor>(retries))
            .store_put(disable_interceptor::<UserAgentInterceptor>(
                "a short one stands in",
            ))
            // The SDK measures only calls whose name it knows.
            .unset::<Metadata>();
        Ok(())
    }

    fn modify_before_signing(
        &self, context: &mut BeforeTransmitInterceptorContextMut<'_>, _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let headers = context.request_mut().headers_mut();
        headers.insert("user-agent", AGENT);
        Ok(())
    }
}
