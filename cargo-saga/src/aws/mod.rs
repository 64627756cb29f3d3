//! The way to AWS: credentials and region from where the AWS CLI has them too, a client for each service, and what is said when a
//! call fails. Makes no call itself.

mod fault;

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_sdk_sfn::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;

use crate::args::Aws;

/// What an attempt may take; the longest answers, pages of a history, take a second or two.
const ATTEMPT: Duration = Duration::from_secs(20);
/// Throttling passes within seconds, and someone is waiting.
const ATTEMPTS: u32 = 5;

/// An account and a region, as the arguments and the environment name them.
#[derive(Debug)]
pub(crate) struct Cloud {
    config: SdkConfig,
    /// Where all that is called here is, but not what credentials come from.
    endpoint: Option<String>,
    place: Place,
}

/// What an error has to say of where the call went.
#[derive(Clone, Debug, Default)]
struct Place {
    profile: Option<String>,
    region: String,
    endpoint: Option<String>,
}

impl Cloud {
    /// Reads configuration; whether there are credentials is seen at the first call.
    pub(crate) async fn connect(args: &Aws) -> Result<Self, String> {
        let https = Provider::Rustls(CryptoMode::Ring);
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(Builder::new().tls_provider(https).build_https())
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .timeout_config(
                TimeoutConfig::builder()
                    .operation_attempt_timeout(ATTEMPT)
                    .build(),
            );
        if let Ok(name) = AppName::new(env!("CARGO_PKG_NAME")) {
            loader = loader.app_name(name);
        }
        if let Some(region) = &args.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(profile) = &args.profile {
            loader = loader.profile_name(profile);
        }
        let config = loader.load().await;
        let region = config.region().map(ToString::to_string);
        // A variable that is set to nothing is as good as none.
        let region = region.filter(|region| !region.is_empty());
        let place = Place {
            profile: args.profile.clone().or_else(profile_of_environment),
            region: region.ok_or_else(fault::no_region)?,
            endpoint: args
                .endpoint_url
                .clone()
                .or_else(|| config.endpoint_url().map(str::to_owned)),
        };
        let endpoint = args.endpoint_url.clone();
        Ok(Self {
            config,
            endpoint,
            place,
        })
    }

    /// Step Functions.
    pub(crate) fn sfn(&self) -> aws_sdk_sfn::Client {
        let mut config = aws_sdk_sfn::config::Builder::from(&self.config);
        if let Some(endpoint) = &self.endpoint {
            config = config.endpoint_url(endpoint);
        }
        aws_sdk_sfn::Client::from_conf(config.build())
    }

    /// `CloudWatch`.
    pub(crate) fn cloudwatch(&self) -> aws_sdk_cloudwatch::Client {
        let mut config = aws_sdk_cloudwatch::config::Builder::from(&self.config);
        if let Some(endpoint) = &self.endpoint {
            config = config.endpoint_url(endpoint);
        }
        aws_sdk_cloudwatch::Client::from_conf(config.build())
    }

    /// Who calls.
    pub(crate) fn sts(&self) -> aws_sdk_sts::Client {
        let mut config = aws_sdk_sts::config::Builder::from(&self.config);
        if let Some(endpoint) = &self.endpoint {
            config = config.endpoint_url(endpoint);
        }
        aws_sdk_sts::Client::from_conf(config.build())
    }

    pub(crate) fn region(&self) -> &str {
        &self.place.region
    }

    /// What went wrong and what to do. `permission` is what the call needs, `states:DescribeStateMachine`; `resource` what it was
    /// about, an ARN or a name.
    pub(crate) fn fault<E>(&self, permission: &str, resource: &str, error: &SdkError<E>) -> String
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        self.place.fault(permission, resource, error)
    }
}

fn profile_of_environment() -> Option<String> {
    std::env::var("AWS_PROFILE")
        .ok()
        .filter(|name| !name.is_empty())
}

/// Runs a subcommand's calls, all on this thread.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| format!("cannot run anything: {error}"))?;
    runtime.block_on(work)
}
