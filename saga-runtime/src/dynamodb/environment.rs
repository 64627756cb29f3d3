//! The client's settings as the environment says, without what a Lambda function does not need. Calls nothing, and loads no
//! certificates before the first call.

use std::env;
use std::time::Duration;

use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::provider_config::ProviderConfig;
use aws_sdk_dynamodb::Config;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{
    BehaviorVersion, Region, SharedHttpClient, StalledStreamProtectionConfig,
};

#[cfg(any(feature = "eventbridge", feature = "sns", feature = "sqs"))]
use aws_config::SdkConfig;
#[cfg(any(feature = "eventbridge", feature = "sns", feature = "sqs"))]
use aws_sdk_dynamodb::config::SharedCredentialsProvider;

use super::lean::lean;
use crate::http::lazy_client;

/// How long a connection is awaited.
const CONNECT: Duration = Duration::from_secs(1);
/// How long a reply is awaited, connection included.
const REPLY: Duration = Duration::from_secs(2);

pub(super) fn config() -> Config {
    let http = lazy_client();
    let mut config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(credentials(&http))
        .http_client(http)
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts())
        // It watches over bodies that trickle; these are small, and the timeout covers them.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    config.push_interceptor(lean());
    config.set_region(variable(["AWS_REGION", "AWS_DEFAULT_REGION"]).map(Region::new));
    config.set_endpoint_url(variable(["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL"]));
    config.build()
}

fn credentials(http: &SharedHttpClient) -> CredentialsProviderChain {
    let environment = EnvironmentVariableCredentialsProvider::new();
    CredentialsProviderChain::first_try("Environment", environment)
        .or_else("Container", container_credentials(http))
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(REPLY)
        .build()
}

/// What [SnapStart](https://docs.aws.amazon.com/lambda/latest/dg/snapstart-activate.html) and Managed Instances have in place of keys.
fn container_credentials(http: &SharedHttpClient) -> EcsCredentialsProvider {
    let provider = ProviderConfig::without_region().with_http_client(http.clone());
    EcsCredentialsProvider::builder()
        .configure(&provider)
        .build()
}

/// The same for another service's client, whose tries are the SDK's own: three at most. `endpoint` is the variable with the
/// service's own endpoint.
#[cfg(any(feature = "eventbridge", feature = "sns", feature = "sqs"))]
pub(crate) fn settings(endpoint: &str) -> SdkConfig {
    let http = lazy_client();
    let mut settings = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(SharedCredentialsProvider::new(credentials(&http)))
        .http_client(http)
        .retry_config(RetryConfig::standard())
        .timeout_config(timeouts())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    settings.set_region(variable(["AWS_REGION", "AWS_DEFAULT_REGION"]).map(Region::new));
    settings.set_endpoint_url(variable([endpoint, "AWS_ENDPOINT_URL"]));
    settings.build()
}

fn variable<const N: usize>(names: [&str; N]) -> Option<String> {
    names
        .into_iter()
        .find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()))
}
