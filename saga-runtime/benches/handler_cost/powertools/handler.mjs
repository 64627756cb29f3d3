// What a handler costs under Powertools for TypeScript: an idempotent function with one write, called first and again. Run by `../run`.
//
// With SAGA_EMULATOR set the calls go there; without, a transport in the process answers at once.

import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

// Modules are installed beside the other tools, not here.
const require = createRequire(`${process.env.MODULES}/`);
const load = async (name) => import(pathToFileURL(require.resolve(name)));

process.env.AWS_LAMBDA_FUNCTION_NAME = 'stock';
const { IdempotencyConfig, makeIdempotent } = await load('@aws-lambda-powertools/idempotency');
const { DynamoDBPersistenceLayer } = await load('@aws-lambda-powertools/idempotency/dynamodb');
const { CreateTableCommand, DynamoDBClient } = await load('@aws-sdk/client-dynamodb');
const { DynamoDBDocumentClient, UpdateCommand } = await load('@aws-sdk/lib-dynamodb');
const { Readable } = await import('node:stream');

const emulator = process.env.SAGA_EMULATOR;
const times = Number(process.env.TIMES ?? 5000);

/** Answers at once: that all is well, or with the record that was written last. */
const state = { item: {}, refuses: false };
const answer = (request) => {
  const body = JSON.parse(Buffer.from(request.body).toString());
  const operation = request.headers['x-amz-target'].split('.').at(-1);
  if (operation === 'PutItem' && state.refuses) {
    return [400, {
      __type: 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException',
      message: 'The conditional request failed',
      Item: state.item,
    }];
  }
  if (operation === 'PutItem') {
    state.item = body.Item;
  } else if (operation === 'UpdateItem' && body.Key.id) {
    for (const [key, name] of Object.entries(body.ExpressionAttributeNames)) {
      const value = body.ExpressionAttributeValues[`:${key.slice(1)}`];
      if (value) state.item[name] = value;
    }
  }
  return [200, {}];
};
const requestHandler = {
  handle: async (request) => {
    const [statusCode, body] = answer(request);
    const headers = { 'content-type': 'application/x-amz-json-1.0' };
    return { response: { statusCode, headers, body: Readable.from([Buffer.from(JSON.stringify(body))]) } };
  },
};

const client = new DynamoDBClient({
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  ...(emulator ? { endpoint: emulator } : { requestHandler }),
});
if (emulator) {
  for (const [TableName, key] of [['node-idempotency', 'id'], ['node-shelves', 'sku']]) {
    await client.send(new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: key, AttributeType: 'S' }],
      KeySchema: [{ AttributeName: key, KeyType: 'HASH' }],
    }));
  }
}
const documents = DynamoDBDocumentClient.from(client);
const handler = makeIdempotent(
  async (event) => {
    const { order, sku, count } = event.input;
    await documents.send(new UpdateCommand({
      TableName: 'node-shelves',
      Key: { sku },
      UpdateExpression: 'ADD held :n',
      ExpressionAttributeValues: { ':n': count },
    }));
    return { order, count };
  },
  {
    persistenceStore: new DynamoDBPersistenceLayer({ tableName: 'node-idempotency', awsSdkV3Client: client }),
    config: new IdempotencyConfig({ eventKeyJmesPath: '[saga, step]' }),
  },
);

const context = { functionName: 'stock', getRemainingTimeInMillis: () => 10_000 };
const deliver = async (number) => {
  const order = `order-${number}`;
  const event = {
    saga: `arn:aws:states:us-east-1:123456789012:execution:buy:${order}#2026-01-01T00:00:00.000Z`,
    step: 'stock.reserve',
    input: { order, sku: 'tea', count: 2 },
  };
  const result = await handler(event, context);
  if (result.order !== order || result.count !== 2) throw new Error(JSON.stringify(result));
};

let number = 0;
for (const name of ['first', 'replay']) {
  if (name === 'replay') {
    await deliver(number);
    state.refuses = true;
  }
  for (const warm of [true, false]) {
    const count = warm ? Math.floor(times / 5) : times;
    const begin = performance.now();
    const before = process.cpuUsage();
    for (let i = 0; i < count; i += 1) {
      if (name === 'first') number += 1;
      await deliver(number);
    }
    if (!warm) {
      const cpu = process.cpuUsage(before);
      const each = (cpu.user + cpu.system) / count;
      console.log(`node ${name} ${each.toFixed(1)} ${((performance.now() - begin) * 1000 / count).toFixed(1)}`);
    }
  }
}
