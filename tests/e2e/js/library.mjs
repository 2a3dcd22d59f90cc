// What the scenarios of the client libraries share: the client, and one line a check. Endpoint,
// region, key and a table name of its own come from the environment (test_libraries.py).
import {
  CreateTableCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";

export const table = process.env.TEST_TABLE;
export const settings = {
  region: process.env.AWS_REGION,
  endpoint: process.env.TEST_ENDPOINT,
  maxAttempts: 1,
};
export const client = new DynamoDBClient(settings);

export async function check(sentence, body) {
  await body();
  console.log("ok", sentence);
}

export async function describe(name = table) {
  return (await client.send(new DescribeTableCommand({ TableName: name }))).Table;
}

export async function drop(name = table) {
  await client.send(new DeleteTableCommand({ TableName: name }));
}

// pk and sk, and one global index of gsi1pk and gsi1sk: what the single-table libraries expect to
// be there already.
export async function createSingleTable() {
  const names = ["pk", "sk", "gsi1pk", "gsi1sk"];
  const keys = (partition, sort) => [
    { AttributeName: partition, KeyType: "HASH" },
    { AttributeName: sort, KeyType: "RANGE" },
  ];
  await client.send(
    new CreateTableCommand({
      TableName: table,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: names.map((name) => ({ AttributeName: name, AttributeType: "S" })),
      KeySchema: keys("pk", "sk"),
      GlobalSecondaryIndexes: [
        {
          IndexName: "gsi1",
          KeySchema: keys("gsi1pk", "gsi1sk"),
          Projection: { ProjectionType: "ALL" },
        },
      ],
    }),
  );
  const waiting = { client, maxWaitTime: 20, minDelay: 1, maxDelay: 1 };
  await waitUntilTableExists(waiting, { TableName: table });
}
