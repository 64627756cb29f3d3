"""What a handler costs under Powertools for Python: an idempotent function with one write, called first and again. Run by `../run`.

With SAGA_EMULATOR set the calls go there; without, a transport in the process answers at once.
"""

import json
import os
import time

os.environ.update(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_DEFAULT_REGION="us-east-1")
os.environ.update(POWERTOOLS_LOG_LEVEL="ERROR", AWS_LAMBDA_FUNCTION_NAME="stock")

import boto3
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent,
)
from botocore.awsrequest import AWSResponse

EMULATOR = os.environ.get("SAGA_EMULATOR")
TIMES = int(os.environ.get("TIMES", "5000"))


class Body:
    """What botocore reads of a raw response."""

    def __init__(self, content):
        self.content = content

    def stream(self, **_):
        yield self.content


class Null:
    """Answers at once: that all is well, or with the record that was written last."""

    def __init__(self):
        self.item = {}
        self.refuses = False

    def answer(self, request, **_):
        body = json.loads(request.body)
        operation = request.headers["X-Amz-Target"].decode().rsplit(".", 1)[1]
        if operation == "PutItem" and self.refuses:
            return self.reply(400, {
                "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
                "message": "The conditional request failed",
                "Item": self.item,
            })
        if operation == "PutItem" and not self.refuses:
            self.item = body["Item"]
        elif operation == "UpdateItem" and "id" in body["Key"]:
            names, values = body["ExpressionAttributeNames"], body["ExpressionAttributeValues"]
            self.item |= {name: values[":" + key[1:]] for key, name in names.items() if ":" + key[1:] in values}
        return self.reply(200, {})

    @staticmethod
    def reply(status, body):
        content = json.dumps(body).encode()
        headers = {"content-type": "application/x-amz-json-1.0", "content-length": str(len(content))}
        return AWSResponse("http://null", status, headers, Body(content))


null = Null()
client = boto3.client("dynamodb", endpoint_url=EMULATOR)
if EMULATOR:
    for table, key in (("python-idempotency", "id"), ("python-shelves", "sku")):
        client.create_table(
            TableName=table,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
            KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
        )
else:
    client.meta.events.register("before-send.dynamodb.*", null.answer)


class Context:
    function_name = "stock"

    @staticmethod
    def get_remaining_time_in_millis():
        return 10_000


layer = DynamoDBPersistenceLayer(table_name="python-idempotency", boto3_client=client)


@idempotent(persistence_store=layer, config=IdempotencyConfig(event_key_jmespath="[saga, step]"))
def handler(event, context):
    arguments = event["input"]
    client.update_item(
        TableName="python-shelves",
        Key={"sku": {"S": arguments["sku"]}},
        UpdateExpression="ADD held :n",
        ExpressionAttributeValues={":n": {"N": str(arguments["count"])}},
    )
    return {"order": arguments["order"], "count": arguments["count"]}


def deliver(number):
    order = f"order-{number}"
    event = {
        "saga": f"arn:aws:states:us-east-1:123456789012:execution:buy:{order}#2026-01-01T00:00:00.000Z",
        "step": "stock.reserve",
        "input": {"order": order, "sku": "tea", "count": 2},
    }
    assert handler(event, Context) == {"order": order, "count": 2}


number = 0
for name in ("first", "replay"):
    if name == "replay":
        deliver(number)
        null.refuses = True
    for warm in (True, False):
        begin, cpu = time.perf_counter(), time.process_time()
        times = TIMES // 5 if warm else TIMES
        for _ in range(times):
            number += name == "first"
            deliver(number)
        if not warm:
            cpu, wall = time.process_time() - cpu, time.perf_counter() - begin
            print(f"python {name} {cpu * 1e6 / times:.1f} {wall * 1e6 / times:.1f}")
