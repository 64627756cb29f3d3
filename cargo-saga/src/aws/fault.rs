//! What a failed call means and what to do next. Knows the services' codes, and no subcommand.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sfn::error::{ProvideErrorMetadata, SdkError};

use super::{ATTEMPTS, Place};

/// A call, for its fault.
struct Call<'a> {
    permission: &'a str,
    resource: &'a str,
}

pub(super) fn no_region() -> String {
    "no region is known; name it with `--region eu-central-1`, in `AWS_REGION`, or with `aws configure set region eu-central-1`"
        .to_owned()
}

impl Place {
    pub(super) fn fault<E>(&self, permission: &str, resource: &str, error: &SdkError<E>) -> String
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        if let SdkError::ServiceError(reply) = error {
            let call = Call {
                permission,
                resource,
            };
            let raw = || {
                let body = reply.raw().body().bytes().unwrap_or_default();
                String::from_utf8_lossy(body).into_owned()
            };
            let error = reply.err();
            return match (error.code(), error.message()) {
                (Some(code), message) => {
                    self.answered(&call, code, message.unwrap_or("no message"))
                }
                (None, message) => format!(
                    "{permission} of {resource}: {} answers {}: {}",
                    self.address(),
                    reply.raw().status(),
                    message.map_or_else(raw, str::to_owned)
                ),
            };
        }
        if let Some(error) = credentials(error.source()) {
            return self.not_signed_in(error);
        }
        let cause = root(error.source());
        let address = self.address();
        match error {
            SdkError::TimeoutError(_) => format!("{address} does not answer; try again"),
            SdkError::DispatchFailure(failure) if failure.is_io() || failure.is_timeout() => {
                format!(
                    "cannot reach {address}: {cause}; look at the network, a proxy (`HTTPS_PROXY`), and {}",
                    match self.endpoint {
                        Some(_) => "whether anything listens there",
                        None => "whether the region is spelt right",
                    }
                )
            }
            _ => format!("{permission} of {resource} at {address} cannot be called: {cause}"),
        }
    }

    fn answered(&self, call: &Call, code: &str, message: &str) -> String {
        let Call {
            permission,
            resource,
        } = call;
        match code {
            "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" => {
                format!("the credentials have expired; {}", self.sign_in())
            }
            "UnrecognizedClientException"
            | "InvalidClientTokenId"
            | "InvalidSignatureException"
            | "SignatureDoesNotMatch"
            | "MissingAuthenticationTokenException"
            | "IncompleteSignature" => {
                format!(
                    "AWS does not take the credentials ({message}); {}",
                    self.sign_in()
                )
            }
            "AccessDeniedException" | "AccessDenied" | "UnauthorizedOperation" => {
                denied(call, message)
            }
            "StateMachineDoesNotExist" => format!(
                "there is no state machine {resource} in {}; look at its name, and at `--region` and `--profile`",
                self.region
            ),
            "ExecutionDoesNotExist" => format!(
                "there is no execution {resource} in {}; ended ones are kept for 90 days; look at `--region` and `--profile` too",
                self.region
            ),
            "ThrottlingException"
            | "Throttling"
            | "ThrottledException"
            | "TooManyRequestsException"
            | "RequestLimitExceeded" => {
                format!(
                    "{permission} is throttled, {ATTEMPTS} times in a row; try again in a minute"
                )
            }
            _ => format!("{permission} of {resource}: {code}: {message}"),
        }
    }

    fn not_signed_in(&self, error: &CredentialsError) -> String {
        let said = root(Some(error));
        match error {
            CredentialsError::CredentialsNotLoaded(_) => {
                format!("there are no credentials; {}", self.sign_in())
            }
            // Where the CLI has ways that the SDK has not, it can lend what it has.
            _ => format!(
                "the credentials cannot be had: {said}; {}\n       where the AWS CLI is signed in, its credentials can be lent: `eval \"$(aws configure export-credentials --format env)\"`",
                self.sign_in()
            ),
        }
    }

    /// What a person does first; `AWS_ACCESS_KEY_ID` is what a pipeline has.
    fn sign_in(&self) -> String {
        let profile = match &self.profile {
            Some(profile) => format!(" --profile {profile}"),
            None => String::new(),
        };
        let other = match (&self.endpoint, &self.profile) {
            (Some(_), _) => {
                "; an emulator takes any: `AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test`"
            }
            (None, Some(_)) => "; `aws configure list-profiles` tells which profiles there are",
            (None, None) => ", or name a profile with `--profile`",
        };
        format!(
            "sign in with `aws sso login{profile}`, or set `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`{other}"
        )
    }

    fn address(&self) -> String {
        match &self.endpoint {
            Some(endpoint) => endpoint.clone(),
            None => format!("AWS in {}", self.region),
        }
    }
}

/// The message of a denial that IAM itself wrote names what it was about, which may be another thing: `iam:PassRole` on a role.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html>
fn denied(call: &Call, message: &str) -> String {
    let permission = after(message, "not authorized to perform: ");
    let resource = after(message, " on resource: ");
    match permission {
        Some(permission) => format!(
            "`{permission}` on {} is not allowed; add it to the policy of who calls, or call as somebody else with `--profile`\n       AWS says: {message}",
            resource.unwrap_or(call.resource)
        ),
        None => format!(
            "{} on {} is denied: {message}",
            call.permission, call.resource
        ),
    }
}

/// The word behind a phrase.
fn after<'a>(text: &'a str, phrase: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(phrase)?;
    rest.split_whitespace().next()
}

fn credentials<'a>(mut error: Option<&'a (dyn Error + 'static)>) -> Option<&'a CredentialsError> {
    while let Some(found) = error {
        if let Some(credentials) = found.downcast_ref() {
            return Some(credentials);
        }
        error = found.source();
    }
    None
}

/// The innermost cause, which is the one that says something.
fn root(mut error: Option<&dyn Error>) -> String {
    let mut said = "no cause is given".to_owned();
    while let Some(found) = error {
        said = found.to_string();
        error = found.source();
    }
    said
}

#[cfg(test)]
mod tests {
    use aws_credential_types::provider::error::CredentialsError;
    use aws_sdk_sfn::error::{ConnectorError, SdkError};
    use aws_sdk_sfn::operation::describe_state_machine::DescribeStateMachineError;

    use super::{Call, Place};

    fn place() -> Place {
        Place {
            profile: Some("shop".to_owned()),
            region: "eu-central-1".to_owned(),
            endpoint: None,
        }
    }

    fn answered(code: &str, message: &str) -> String {
        let call = Call {
            permission: "states:CreateStateMachine",
            resource: "place_order",
        };
        place().answered(&call, code, message)
    }

    fn failed(error: ConnectorError) -> String {
        let error: SdkError<DescribeStateMachineError> = SdkError::dispatch_failure(error);
        place().fault("states:DescribeStateMachine", "place_order", &error)
    }

    #[test]
    fn a_denial_names_what_iam_names() {
        let said = answered(
            "AccessDeniedException",
            "User: arn:aws:sts::1:assumed-role/ci/x is not authorized to perform: iam:PassRole on resource: arn:aws:iam::1:role/saga because no identity-based policy allows the iam:PassRole action",
        );
        assert!(
            said.starts_with("`iam:PassRole` on arn:aws:iam::1:role/saga is not allowed"),
            "{said}"
        );
    }

    #[test]
    fn a_denial_of_another_kind_is_quoted() {
        assert_eq!(
            answered(
                "AccessDeniedException",
                "the principal states.amazonaws.com cannot assume the provided role"
            ),
            "states:CreateStateMachine on place_order is denied: the principal states.amazonaws.com cannot assume the provided role"
        );
    }

    #[test]
    fn an_expired_token_names_the_profile() {
        let said = answered("ExpiredTokenException", "the token is expired");
        assert!(
            said.starts_with(
                "the credentials have expired; sign in with `aws sso login --profile shop`"
            ),
            "{said}"
        );
    }

    #[test]
    fn what_is_not_there_names_the_region() {
        assert_eq!(
            answered("StateMachineDoesNotExist", "no such thing"),
            "there is no state machine place_order in eu-central-1; look at its name, and at `--region` and `--profile`"
        );
    }

    #[test]
    fn throttling_asks_for_patience() {
        assert_eq!(
            answered("ThrottlingException", "rate exceeded"),
            "states:CreateStateMachine is throttled, 5 times in a row; try again in a minute"
        );
    }

    #[test]
    fn what_is_not_known_is_passed_on() {
        assert_eq!(
            answered("StateMachineLimitExceeded", "too many"),
            "states:CreateStateMachine of place_order: StateMachineLimitExceeded: too many"
        );
    }

    #[test]
    fn an_address_that_nobody_answers_at_is_named() {
        assert_eq!(
            failed(ConnectorError::io("connection refused".into())),
            "cannot reach AWS in eu-central-1: connection refused; look at the network, a proxy (`HTTPS_PROXY`), and whether the region is spelt right"
        );
    }

    /// The SDK packs it into what it says of a connection.
    #[test]
    fn credentials_that_cannot_be_had_are_told_apart() {
        let none = CredentialsError::not_loaded("nothing is set");
        let said = failed(ConnectorError::other(none.into(), None));
        assert!(
            said.starts_with("there are no credentials; sign in"),
            "{said}"
        );
        let broken = CredentialsError::provider_error("the token of the session has expired");
        let said = failed(ConnectorError::other(broken.into(), None));
        assert!(
            said.starts_with(
                "the credentials cannot be had: the token of the session has expired; sign in"
            ),
            "{said}"
        );
    }
}
