// Transactions and statements through the AWS SDK for JavaScript v3, unmodified: classes and members of what is
// refused, tokens that the SDK makes by itself. Prints one line a check; see operations.mjs.
import assert from "node:assert/strict";
import {
  BatchExecuteStatementCommand,
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  ExecuteStatementCommand,
  ExecuteTransactionCommand,
  IdempotentParameterMismatchException,
  TransactionCanceledException,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import {
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  TransactGetCommand,
  TransactWriteCommand,
} from "@aws-sdk/lib-dynamodb";

const table = process.env.TEST_TABLE;
const client = new DynamoDBClient({
  region: process.env.AWS_REGION,
  endpoint: process.env.TEST_ENDPOINT,
});
const documents = DynamoDBDocumentClient.from(client);

async function check(name, body) {
  await body();
  console.log(`ok ${name}`);
}

await client.send(
  new CreateTableCommand({
    TableName: table,
    AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
    BillingMode: "PAY_PER_REQUEST",
  }),
);
await waitUntilTableExists({ client, maxWaitTime: 20, minDelay: 0.1, maxDelay: 0.1 }, { TableName: table });

await check("documents are written and read together", async () => {
  const written = await documents.send(
    new TransactWriteCommand({
      TransactItems: [
        { Put: { TableName: table, Item: { pk: "a", n: 1, list: ["x"] } } },
        { Put: { TableName: table, Item: { pk: "b", n: 2 } } },
      ],
      ReturnConsumedCapacity: "TOTAL",
    }),
  );
  assert.equal(written.ConsumedCapacity[0].WriteCapacityUnits, 4);
  const read = await documents.send(
    new TransactGetCommand({
      TransactItems: ["b", "none", "a"].map((pk) => ({ Get: { TableName: table, Key: { pk } } })),
    }),
  );
  assert.deepEqual(read.Responses, [{ Item: { pk: "b", n: 2 } }, {}, { Item: { pk: "a", n: 1, list: ["x"] } }]);
});

await check("a cancelled transaction has its reasons", async () => {
  await assert.rejects(
    documents.send(
      new TransactWriteCommand({
        TransactItems: [
          { Delete: { TableName: table, Key: { pk: "b" } } },
          {
            Put: {
              TableName: table,
              Item: { pk: "a" },
              ConditionExpression: "attribute_not_exists(pk)",
              ReturnValuesOnConditionCheckFailure: "ALL_OLD",
            },
          },
        ],
      }),
    ),
    (error) => {
      assert.ok(error instanceof TransactionCanceledException);
      assert.match(error.message, /\[None, ConditionalCheckFailed\]$/);
      assert.equal(error.CancellationReasons[0].Code, "None");
      assert.equal(error.CancellationReasons[1].Message, "The conditional request failed");
      assert.equal(error.CancellationReasons[1].Item.n.N ?? error.CancellationReasons[1].Item.n, "1");
      return true;
    },
  );
  const left = await documents.send(new GetCommand({ TableName: table, Key: { pk: "b" } }));
  assert.equal(left.Item.n, 2);
});

await check("a token is good for one request", async () => {
  const request = (amount) => ({
    TransactItems: [
      {
        Update: {
          TableName: table,
          Key: { pk: "t" },
          UpdateExpression: "ADD n :n",
          ExpressionAttributeValues: { ":n": amount },
        },
      },
    ],
    ClientRequestToken: "once",
  });
  await documents.send(new TransactWriteCommand(request(1)));
  await documents.send(new TransactWriteCommand(request(1)));
  const read = await documents.send(new GetCommand({ TableName: table, Key: { pk: "t" } }));
  assert.equal(read.Item.n, 1);
  await assert.rejects(
    documents.send(new TransactWriteCommand(request(2))),
    IdempotentParameterMismatchException,
  );
});

await check("a statement's refusal shows the item", async () => {
  await documents.send(new PutCommand({ TableName: table, Item: { pk: "s", n: 7 } }));
  const asked = {
    Statement: `UPDATE "${table}" SET n = 0 WHERE pk = 's' AND n < 7`,
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  };
  await assert.rejects(client.send(new ExecuteStatementCommand(asked)), (error) => {
    assert.equal(error.name, "ConditionalCheckFailedException");
    assert.deepEqual(error.Item.n, { N: "7" });
    return true;
  });
  const batch = await client.send(
    new BatchExecuteStatementCommand({
      Statements: [asked, { ...asked, Statement: `INSERT INTO "${table}" VALUE {'pk': 's'}` }],
    }),
  );
  assert.equal(batch.Responses[0].Error.Code, "ConditionalCheckFailed");
  assert.equal(batch.Responses[1].Error.Code, "DuplicateItem");
  assert.deepEqual(batch.Responses[1].Error.Item.n, { N: "7" });
  await assert.rejects(client.send(new ExecuteTransactionCommand({ TransactStatements: [asked] })), (error) => {
    assert.ok(error instanceof TransactionCanceledException);
    assert.deepEqual(error.CancellationReasons[0].Item.n, { N: "7" });
    return true;
  });
});

await client.send(new DeleteTableCommand({ TableName: table }));
