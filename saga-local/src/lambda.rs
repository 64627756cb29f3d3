//! What `lambda:invoke` looks like from Step Functions: names of functions, responses, errors. Calls nothing.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html>

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::data::Data;
use crate::host::Reply;
use crate::shape::View;

/// The longest that Lambda lets a function run.
const MAX_FUNCTION: Duration = Duration::from_mins(15);

/// The function that the arguments name: the placeholder `${StockFunctionArn}`, a plain name, or the name within an ARN.
pub(crate) fn function(arguments: &Data) -> Option<&str> {
    let name = arguments.view().member("FunctionName");
    name.and_then(View::as_str).map(function_name)
}

pub(crate) fn function_name(text: &str) -> &str {
    if let Some(placeholder) = text
        .strip_prefix("${")
        .and_then(|rest| rest.strip_suffix('}'))
    {
        return placeholder;
    }
    // arn:aws:lambda:REGION:ACCOUNT:function:NAME, perhaps followed by an alias
    let name = text.split_once(":function:").map_or(text, |(_, name)| name);
    name.split_once(':').map_or(name, |(name, _)| name)
}

/// When the function is stopped. It is given a second less than the state waits, because a function
/// that outlives its Task would still be at work when the Task is tried again.
pub(crate) fn stops_at(now: SystemTime, task: SystemTime) -> SystemTime {
    let patience = task.duration_since(now).unwrap_or_default();
    let limit = patience
        .checked_sub(Duration::from_secs(1))
        .unwrap_or_default()
        .max(patience / 2)
        .min(MAX_FUNCTION);
    now.checked_add(limit).unwrap_or(task)
}

pub(crate) fn response(payload: &Value, request_id: &str, now: SystemTime) -> Value {
    let length = crate::failure::json_size(payload).to_string();
    let date = humantime::format_rfc3339_seconds(now).to_string();
    let headers = |value: fn(&str) -> Value| {
        json!({
            "Connection": value("keep-alive"),
            "Content-Length": value(&length),
            "Content-Type": value("application/json"),
            "Date": value(&date),
            "X-Amz-Executed-Version": value("$LATEST"),
            "x-amzn-Remapped-Content-Length": value("0"),
            "x-amzn-RequestId": value(request_id),
        })
    };
    json!({
        "ExecutedVersion": "$LATEST",
        "Payload": payload,
        "SdkHttpMetadata": {
            "AllHttpHeaders": headers(|value| json!([value])),
            "HttpHeaders": headers(|value| json!(value)),
            "HttpStatusCode": 200,
        },
        "SdkResponseMetadata": { "RequestId": request_id },
        "StatusCode": 200,
    })
}

/// A function's own error: its type is the name to catch, and the cause is what Lambda answers, as text.
pub(crate) fn function_error(error: &str, message: &str) -> Reply {
    let cause = json!({ "errorMessage": message, "errorType": error }).to_string();
    Reply::Error {
        error: error.to_owned(),
        cause,
    }
}

/// The process ended without an answer.
pub(crate) fn crash(request_id: &str) -> Reply {
    function_error(
        "Runtime.ExitError",
        &format!("RequestId: {request_id} Error: Runtime exited with error: signal: killed"),
    )
}

/// Lambda's service turned the request away.
pub(crate) fn throttled(request_id: &str) -> Reply {
    Reply::Error {
        error: "Lambda.TooManyRequestsException".into(),
        cause: format!(
            "Rate Exceeded. (Service: Lambda, Status Code: 429, Request ID: {request_id})"
        ),
    }
}

pub(crate) fn not_found(function: &str, request_id: &str) -> Reply {
    Reply::Error {
        error: "Lambda.ResourceNotFoundException".into(),
        cause: format!(
            "Function not found: {function} (Service: Lambda, Status Code: 404, Request ID: {request_id})"
        ),
    }
}
