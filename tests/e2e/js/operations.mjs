// Every served operation through the AWS SDK for JavaScript v3, unmodified. Prints one line a
// check; the exit status is 0 only if all of them held. Endpoint, region and key come from the
// environment (test_javascript.py).
import assert from "node:assert/strict";
import {
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  CreateTableCommand,
  DeleteTableCommand,
  DescribeContinuousBackupsCommand,
  DescribeEndpointsCommand,
  DescribeLimitsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  GetItemCommand,
  ListTablesCommand,
  ListTagsOfResourceCommand,
  paginateListTables,
  PutItemCommand,
  ResourceInUseException,
  ResourceNotFoundException,
  UpdateTableCommand,
  waitUntilTableExists,
  waitUntilTableNotExists,
} from "@aws-sdk/client-dynamodb";
import {
  BatchGetCommand,
  BatchWriteCommand,
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  paginateQuery,
  paginateScan,
  PutCommand,
  QueryCommand,
  ScanCommand,
  UpdateCommand,
} from "@aws-sdk/lib-dynamodb";

const table = process.env.TEST_TABLE;
const client = new DynamoDBClient({
  region: process.env.AWS_REGION,
  endpoint: process.env.TEST_ENDPOINT,
  maxAttempts: 1,
});
const documents = DynamoDBDocumentClient.from(client);
const waiting = { client, maxWaitTime: 20, minDelay: 1, maxDelay: 1 };

async function check(sentence, body) {
  await body();
  console.log("ok", sentence);
}

await check("a table is created, waited for and described", async () => {
  const made = await client.send(
    new CreateTableCommand({
      TableName: table,
      AttributeDefinitions: [
        { AttributeName: "pk", AttributeType: "S" },
        { AttributeName: "sk", AttributeType: "N" },
      ],
      KeySchema: [
        { AttributeName: "pk", KeyType: "HASH" },
        { AttributeName: "sk", KeyType: "RANGE" },
      ],
      BillingMode: "PAY_PER_REQUEST",
    }),
  );
  assert.equal(made.TableDescription.TableStatus, "CREATING");
  assert.ok(Math.abs(made.TableDescription.CreationDateTime.getTime() - Date.now()) < 60_000);
  await waitUntilTableExists(waiting, { TableName: table });
  const shown = await client.send(new DescribeTableCommand({ TableName: table }));
  assert.equal(shown.Table.TableStatus, "ACTIVE");
  assert.equal(shown.Table.BillingModeSummary.BillingMode, "PAY_PER_REQUEST");
  assert.equal(shown.Table.WarmThroughput.ReadUnitsPerSecond, 12000);
});

await check("tables are listed in pages", async () => {
  const names = [];
  for await (const page of paginateListTables({ client, pageSize: 1 }, {})) {
    names.push(...page.TableNames);
  }
  assert.ok(names.includes(table));
  assert.deepEqual((await client.send(new ListTablesCommand({}))).TableNames, names);
});

await check("documents of every type come back", async () => {
  const Item = {
    pk: "a",
    sk: 1,
    text: "Grüße 🌍",
    number: -12.5,
    bytes: new Uint8Array([0, 1, 255]),
    set: new Set(["x", "y"]),
    list: [1, "two", [true], null],
    map: { deep: { deeper: { deepest: "x" } } },
  };
  await documents.send(new PutCommand({ TableName: table, Item }));
  const read = await documents.send(
    new GetCommand({ TableName: table, Key: { pk: "a", sk: 1 }, ConsistentRead: true }),
  );
  assert.deepEqual(read.Item, Item);
  const part = await documents.send(
    new GetCommand({
      TableName: table,
      Key: { pk: "a", sk: 1 },
      ProjectionExpression: "#m.deep, #l[1]",
      ExpressionAttributeNames: { "#m": "map", "#l": "list" },
    }),
  );
  assert.deepEqual(part.Item, { map: { deep: Item.map.deep }, list: ["two"] });
});

await check("the plain client reads and writes", async () => {
  const Key = { pk: { S: "plain" }, sk: { N: "7" } };
  await client.send(new PutItemCommand({ TableName: table, Item: { ...Key, v: { NULL: true } } }));
  const read = await client.send(new GetItemCommand({ TableName: table, Key }));
  assert.deepEqual(read.Item, { ...Key, v: { NULL: true } });
  const many = await client.send(
    new BatchGetItemCommand({ RequestItems: { [table]: { Keys: [Key] } } }),
  );
  assert.equal(many.Responses[table].length, 1);
});

await check("updates, conditions and deletions", async () => {
  const Key = { pk: "u", sk: 0 };
  const updated = await documents.send(
    new UpdateCommand({
      TableName: table,
      Key,
      UpdateExpression: "SET a = if_not_exists(a, :zero) + :d ADD tags :t",
      ExpressionAttributeValues: { ":zero": 0, ":d": 5, ":t": new Set(["n"]) },
      ReturnValues: "ALL_NEW",
      ReturnConsumedCapacity: "INDEXES",
    }),
  );
  assert.deepEqual(updated.Attributes, { ...Key, a: 5, tags: new Set(["n"]) });
  assert.equal(updated.ConsumedCapacity.Table.CapacityUnits, 1);
  await assert.rejects(
    documents.send(
      new PutCommand({
        TableName: table,
        Item: Key,
        ConditionExpression: "attribute_not_exists(pk)",
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      }),
    ),
    (error) => {
      assert.ok(error instanceof ConditionalCheckFailedException);
      assert.equal(error.message, "The conditional request failed");
      assert.deepEqual(error.Item.a, { N: "5" });
      return true;
    },
  );
  const gone = await documents.send(
    new DeleteCommand({ TableName: table, Key, ReturnValues: "ALL_OLD" }),
  );
  assert.equal(gone.Attributes.a, 5);
});

await check("queries and scans page through", async () => {
  const requests = [];
  for (let sk = 0; sk < 25; sk++) {
    requests.push({ PutRequest: { Item: { pk: "q", sk, odd: sk % 2 === 1 } } });
  }
  const written = await documents.send(
    new BatchWriteCommand({ RequestItems: { [table]: requests } }),
  );
  assert.deepEqual(written.UnprocessedItems, {});
  const query = {
    TableName: table,
    KeyConditionExpression: "pk = :p AND sk >= :s",
    FilterExpression: "odd = :o",
    ExpressionAttributeValues: { ":p": "q", ":s": 10, ":o": true },
    ScanIndexForward: false,
  };
  const found = [];
  for await (const page of paginateQuery({ client: documents, pageSize: 4 }, { ...query })) {
    found.push(...page.Items.map((item) => item.sk));
  }
  assert.deepEqual(found, [23, 21, 19, 17, 15, 13, 11]);
  const whole = await documents.send(new QueryCommand(query));
  assert.equal(whole.ScannedCount, 15);
  let scanned = 0;
  for await (const page of paginateScan({ client: documents, pageSize: 10 }, { TableName: table })) {
    scanned += page.Count;
  }
  const counted = await documents.send(new ScanCommand({ TableName: table, Select: "COUNT" }));
  assert.equal(scanned, counted.Count);
  const batch = await documents.send(
    new BatchGetCommand({
      RequestItems: { [table]: { Keys: [{ pk: "q", sk: 1 }, { pk: "q", sk: 99 }] } },
    }),
  );
  assert.deepEqual(batch.Responses[table], [{ pk: "q", sk: 1, odd: true }]);
});

await check("tables are updated and protected", async () => {
  await client.send(new UpdateTableCommand({ TableName: table, DeletionProtectionEnabled: true }));
  await assert.rejects(client.send(new DeleteTableCommand({ TableName: table })), {
    name: "ValidationException",
    message:
      "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.",
  });
  await client.send(new UpdateTableCommand({ TableName: table, DeletionProtectionEnabled: false }));
  await assert.rejects(
    client.send(
      new UpdateTableCommand({
        TableName: table,
        ReplicaUpdates: [{ Create: { RegionName: process.env.AWS_REGION } }],
      }),
    ),
    /Cannot add or delete the local region through ReplicaUpdates/,
  );
});

await check("tools get honest answers", async () => {
  const { Table } = await client.send(new DescribeTableCommand({ TableName: table }));
  const tags = await client.send(new ListTagsOfResourceCommand({ ResourceArn: Table.TableArn }));
  assert.deepEqual(tags.Tags, []);
  const ttl = await client.send(new DescribeTimeToLiveCommand({ TableName: table }));
  assert.equal(ttl.TimeToLiveDescription.TimeToLiveStatus, "DISABLED");
  const backups = await client.send(new DescribeContinuousBackupsCommand({ TableName: table }));
  assert.equal(
    backups.ContinuousBackupsDescription.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus,
    "DISABLED",
  );
  const limits = await client.send(new DescribeLimitsCommand({}));
  assert.equal(limits.TableMaxWriteCapacityUnits, 40000);
  const endpoints = await client.send(new DescribeEndpointsCommand({}));
  assert.equal("http://" + endpoints.Endpoints[0].Address, process.env.TEST_ENDPOINT);
});

await check("errors are of their classes", async () => {
  await assert.rejects(
    client.send(new DescribeTableCommand({ TableName: "nowhere" })),
    ResourceNotFoundException,
  );
  await assert.rejects(
    client.send(
      new CreateTableCommand({
        TableName: table,
        AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
        KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
        BillingMode: "PAY_PER_REQUEST",
      }),
    ),
    ResourceInUseException,
  );
  const stranger = new DynamoDBClient({
    region: process.env.AWS_REGION,
    endpoint: process.env.TEST_ENDPOINT,
    credentials: { accessKeyId: process.env.AWS_ACCESS_KEY_ID, secretAccessKey: "wrong" },
    maxAttempts: 1,
  });
  await assert.rejects(stranger.send(new ListTablesCommand({})), {
    name: "InvalidSignatureException",
  });
});

await check("a table is deleted", async () => {
  const gone = await client.send(new DeleteTableCommand({ TableName: table }));
  assert.equal(gone.TableDescription.TableStatus, "DELETING");
  await waitUntilTableNotExists(waiting, { TableName: table });
});
