// dynamodb-streams-readable as npm has it: a Node.js stream of one shard, with checkpoints.
import assert from "node:assert/strict";
import { once } from "node:events";
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { DynamoDBStreams } from "@aws-sdk/client-dynamodb-streams";
import readableOf from "dynamodb-streams-readable";
import { check, client, describe, drop, settings, table } from "./library.mjs";
import { createStreamed } from "./streamed.mjs";

await createStreamed();
const arn = (await describe()).LatestStreamArn;
const streams = new DynamoDBStreams(settings);
const keys = (records) => records.map((record) => record.dynamodb.Keys.pk.S);
for (let i = 0; i < 10; i++) {
  await client.send(new PutItemCommand({ TableName: table, Item: { pk: { S: `k${i}` } } }));
}

async function readAll(options, count) {
  const readable = readableOf(streams, arn, { readInterval: 10, ...options });
  const seen = [];
  const checkpoints = [];
  const failed = once(readable, "error").then(([reason]) => Promise.reject(reason));
  readable.on("checkpoint", (number) => checkpoints.push(number));
  const done = new Promise((resolve) => {
    readable.on("data", (records) => {
      seen.push(...records);
      if (seen.length >= count) {
        readable.close();
      }
    });
    readable.on("end", resolve);
  });
  await Promise.race([done, failed]);
  return { seen, checkpoints };
}

let first;
await check("it reads a shard from its oldest record", async () => {
  first = await readAll({ limit: 4 }, 10);
  assert.deepEqual(keys(first.seen), [...Array(10).keys()].map((i) => `k${i}`));
});

await check("its checkpoints are where one reads on", async () => {
  assert.ok(first.checkpoints.length >= 3);
  const after = await readAll({ startAfter: first.checkpoints[0] }, 6);
  assert.deepEqual(keys(after.seen), [4, 5, 6, 7, 8, 9].map((i) => `k${i}`));
  const at = await readAll({ startAt: first.seen[8].dynamodb.SequenceNumber }, 2);
  assert.deepEqual(keys(at.seen), ["k8", "k9"]);
});
await drop();
process.exit(0);
