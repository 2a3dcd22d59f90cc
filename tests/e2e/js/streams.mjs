// The SDK's client for streams, plain.
import assert from "node:assert/strict";
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListStreamsCommand,
} from "@aws-sdk/client-dynamodb-streams";
import { check, client, describe, drop, settings, table } from "./library.mjs";
import { createStreamed } from "./streamed.mjs";

const streams = new DynamoDBStreamsClient(settings);
await createStreamed();
const arn = (await describe()).LatestStreamArn;

await check("the stream is listed", async () => {
  const listed = await streams.send(new ListStreamsCommand({ TableName: table }));
  assert.deepEqual(listed.Streams.map((each) => each.StreamArn), [arn]);
});

let shard;
await check("it has a shard", async () => {
  const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn: arn }));
  assert.equal(StreamDescription.StreamStatus, "ENABLED");
  assert.ok(StreamDescription.CreationRequestDateTime instanceof Date);
  shard = StreamDescription.Shards[0].ShardId;
});

await check("a record comes with its images", async () => {
  const { ShardIterator } = await streams.send(
    new GetShardIteratorCommand({ StreamArn: arn, ShardId: shard, ShardIteratorType: "LATEST" }),
  );
  await client.send(new PutItemCommand({ TableName: table, Item: { pk: { S: "a" }, n: { N: "1" } } }));
  const { Records, NextShardIterator } = await streams.send(new GetRecordsCommand({ ShardIterator }));
  assert.equal(Records.length, 1);
  assert.equal(Records[0].eventName, "INSERT");
  assert.deepEqual(Records[0].dynamodb.NewImage, { pk: { S: "a" }, n: { N: "1" } });
  assert.ok(Records[0].dynamodb.ApproximateCreationDateTime instanceof Date);
  assert.ok(NextShardIterator);
});

await check("a shard without children has none", async () => {
  const ShardFilter = { Type: "CHILD_SHARDS", ShardId: shard };
  const asked = new DescribeStreamCommand({ StreamArn: arn, ShardFilter });
  assert.deepEqual((await streams.send(asked)).StreamDescription.Shards, []);
});

await check("a broken iterator is refused", async () => {
  await assert.rejects(
    streams.send(new GetRecordsCommand({ ShardIterator: `${arn}|1|AAAA` })),
    { name: "ValidationException", message: "Invalid ShardIterator" },
  );
});
await drop();
