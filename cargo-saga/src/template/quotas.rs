//! What CloudFormation and IAM allow, and what to do where a deployment is larger.

/// [Of a template](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html) that lies in S3.
const TEMPLATE_BYTES: usize = 1_000_000;
const RESOURCES: usize = 500;

/// A role's inline policies may have [10,240 characters](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html)
/// together, blanks aside, a managed one 6,144. The ARN of a function has at most 134 with its quotes and comma: 58 before the
/// name in the longest of partitions and regions, 64 of the name, 12 of the account. A saga's own rights take about 2,000.
pub(super) const INLINE_FUNCTIONS: usize = 55;
pub(super) const MANAGED_FUNCTIONS: usize = 40;

/// What makes a template of sagas smaller, and one of a choreography.
pub(super) const FEWER_SAGAS: &str = "name fewer sagas, or let functions serve several participants: `--function BINARY=PARTICIPANT,…`";
pub(super) const FEWER_FUNCTIONS: &str =
    "let functions serve several participants: `--function BINARY=PARTICIPANT,…`";

/// Refuses a template that CloudFormation would refuse.
pub(super) fn check(template: &str, resources: usize, advice: &str) -> Result<(), String> {
    let over = if template.len() > TEMPLATE_BYTES {
        format!("{} bytes, of {TEMPLATE_BYTES}", template.len())
    } else if resources > RESOURCES {
        format!("{resources} resources, of {RESOURCES}")
    } else {
        return Ok(());
    };
    Err(format!(
        "the template would have {over} that CloudFormation allows; {advice}"
    ))
}

#[cfg(test)]
mod tests {
    use super::{FEWER_SAGAS, check};

    #[test]
    fn the_largest_template_passes_and_no_larger_one() {
        assert_eq!(check(&" ".repeat(1_000_000), 500, FEWER_SAGAS), Ok(()));
        let bytes = check(&" ".repeat(1_000_001), 1, FEWER_SAGAS).unwrap_err();
        assert!(
            bytes.starts_with("the template would have 1000001 bytes, of 1000000"),
            "{bytes}"
        );
        let resources = check("", 501, FEWER_SAGAS).unwrap_err();
        assert!(
            resources.starts_with("the template would have 501 resources, of 500"),
            "{resources}"
        );
    }
}
