"""Fails where a template is larger than CloudFormation allows, or a policy than IAM, with the longest names that AWS can give."""

import json
import re
import sys

import yaml

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
BYTES, RESOURCES = 1_000_000, 500
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html; blanks do not count.
INLINE, MANAGED = 10_240, 6_144

PLACE = "us-gov-northwest-1:123456789012"
PARTITION = "aws-us-gov"
VALUES = {
    "AWS::Partition": PARTITION,
    "AWS::Region": PLACE.split(":")[0],
    "AWS::AccountId": PLACE.split(":")[1],
    "AWS::StackName": "s" * 60,
}


def value(name):
    """The longest that a reference can come to."""
    if name in VALUES:
        return VALUES[name]
    if name.endswith("Function.Arn"):
        return f"arn:{PARTITION}:lambda:{PLACE}:function:" + "f" * 64
    if name.endswith("StateMachine.Name"):
        return "m" * 80
    if name.endswith("StateMachine"):
        return f"arn:{PARTITION}:states:{PLACE}:stateMachine:" + "m" * 80
    if name.endswith(".Arn"):
        return f"arn:{PARTITION}:dynamodb:{PLACE}:table/" + "t" * 255
    return "v" * 128


def short_form(loader, suffix, node):
    if suffix == "Sub":
        return re.sub(r"\$\{([^}]*)\}", lambda found: value(found[1]), loader.construct_scalar(node))
    if suffix in ("Ref", "GetAtt"):
        return value(loader.construct_scalar(node))
    return None


class Loader(yaml.SafeLoader):
    pass


Loader.add_multi_constructor("!", short_form)


def size(document):
    return len(json.dumps(document, separators=(",", ":")))


def check(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    resources = yaml.load(text, Loader)["Resources"]
    inline = managed = 0
    for resource in resources.values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::IAM::Role":
            inline = max(inline, sum(size(policy["PolicyDocument"]) for policy in properties["Policies"]))
        if resource["Type"] == "AWS::IAM::ManagedPolicy":
            managed = max(managed, size(properties["PolicyDocument"]))
    figures = [
        ("bytes", len(text.encode()), BYTES),
        ("resources", len(resources), RESOURCES),
        ("characters of the largest role", inline, INLINE),
        ("characters of the largest managed policy", managed, MANAGED),
    ]
    print(f"{path}: " + ", ".join(f"{figure:,} {what} of {limit:,}" for what, figure, limit in figures))
    return all(figure <= limit for _, figure, limit in figures)


if not all([check(path) for path in sys.argv[1:]]):
    sys.exit("a quota is exceeded")
