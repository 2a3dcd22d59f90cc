// dynamodb-stream as npm has it: events for what happens, shard state that can be kept.
import assert from "node:assert/strict";
import { DeleteItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { DynamoDBStreams } from "@aws-sdk/client-dynamodb-streams";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import DynamoDBStream from "dynamodb-stream";
import { check, client, describe, drop, settings, table } from "./library.mjs";
import { createStreamed } from "./streamed.mjs";

await createStreamed();
const arn = (await describe()).LatestStreamArn;
const streams = new DynamoDBStreams(settings);
const put = (pk, n) =>
  client.send(new PutItemCommand({ TableName: table, Item: { pk: { S: pk }, n: { N: String(n) } } }));

function listen(reader) {
  const events = [];
  reader.on("new shards", (ids) => events.push(["shards", ids.length]));
  reader.on("insert record", (item, keys) => events.push(["insert", item, keys]));
  reader.on("modify record", (item, old, keys) => events.push(["modify", item, old, keys]));
  reader.on("remove record", (old, keys) => events.push(["remove", old, keys]));
  return events;
}

const reader = new DynamoDBStream(streams, arn, unmarshall);
const events = listen(reader);

await check("it finds the shards", async () => {
  await reader.fetchStreamState();
  assert.equal(events[0][0], "shards");
});

await check("it tells of inserts, changes and removals", async () => {
  events.length = 0;
  await put("a", 1);
  await put("a", 2);
  await client.send(new DeleteItemCommand({ TableName: table, Key: { pk: { S: "a" } } }));
  await reader.fetchStreamState();
  assert.deepEqual(events, [
    ["insert", { pk: "a", n: 1 }, { pk: "a" }],
    ["modify", { pk: "a", n: 2 }, { pk: "a", n: 1 }, { pk: "a" }],
    ["remove", { pk: "a", n: 2 }, { pk: "a" }],
  ]);
});

await check("its state continues in another reader", async () => {
  const state = JSON.parse(JSON.stringify(reader.getShardState()));
  await put("b", 1);
  const other = new DynamoDBStream(streams, arn, unmarshall);
  const seen = listen(other);
  other.setShardState(state);
  await other.fetchStreamState();
  assert.deepEqual(seen, [["insert", { pk: "b", n: 1 }, { pk: "b" }]]);
});
await drop();
