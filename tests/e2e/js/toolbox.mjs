// DynamoDB-Toolbox: two entities of one table, with typed puts, updates, queries of table and
// index, batches and transactions. The library leaves making tables to others.
import assert from "node:assert/strict";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import {
  $add,
  $append,
  $get,
  $remove,
  BatchDeleteRequest,
  BatchGetCommand,
  BatchGetRequest,
  BatchPutRequest,
  BatchWriteCommand,
  ConditionCheck,
  DeleteItemCommand,
  DeletePartitionCommand,
  DeleteTransaction,
  Entity,
  executeBatchGet,
  executeBatchWrite,
  executeTransactGet,
  executeTransactWrite,
  GetItemCommand,
  GetTransaction,
  item,
  list,
  map,
  number,
  PutItemCommand,
  PutTransaction,
  QueryCommand,
  ScanCommand,
  set,
  string,
  Table,
  UpdateItemCommand,
  UpdateTransaction,
} from "dynamodb-toolbox";
import { check, client, createSingleTable, drop, table as name } from "./library.mjs";

const table = new Table({
  name,
  documentClient: DynamoDBDocumentClient.from(client, {
    marshallOptions: { removeUndefinedValues: true },
  }),
  partitionKey: { name: "pk", type: "string" },
  sortKey: { name: "sk", type: "string" },
  indexes: {
    gsi1: {
      type: "global",
      partitionKey: { name: "gsi1pk", type: "string" },
      sortKey: { name: "gsi1sk", type: "string" },
    },
  },
});

const Pokemon = new Entity({
  name: "Pokemon",
  table,
  schema: item({
    trainer: string().key().savedAs("pk").transform(prefix("TRAINER#")),
    name: string().key().savedAs("sk").transform(prefix("POKEMON#")),
    kind: string().enum("fire", "water", "grass").savedAs("gsi1pk"),
    caught: string().savedAs("gsi1sk"),
    level: number().default(1),
    moves: list(string()).default([]),
    types: set(string()).optional(),
    stats: map({ hp: number(), speed: number() }).optional(),
  }),
});

const Trainer = new Entity({
  name: "Trainer",
  table,
  schema: item({
    trainer: string().key().savedAs("pk").transform(prefix("TRAINER#")),
    self: string().key().savedAs("sk").default("SELF"),
    badges: number().default(0),
  }),
});

function prefix(text) {
  return { encode: (value) => text + value, decode: (value) => value.slice(text.length) };
}

const ash = (name) => ({ trainer: "ash", name });
const names = (found) => found.Items.map((one) => one.name);

await check("the table is there", createSingleTable);

await check("items are put, read and refused", async () => {
  await Pokemon.build(PutItemCommand)
    .item({
      ...ash("pikachu"),
      kind: "fire",
      caught: "2024-01-01",
      types: new Set(["electric", "mouse"]),
      stats: { hp: 35, speed: 90 },
    })
    .options({ condition: { attr: "name", exists: false } })
    .send();
  const { Item } = await Pokemon.build(GetItemCommand)
    .key(ash("pikachu"))
    .options({ consistent: true })
    .send();
  assert.equal(Item.level, 1);
  assert.deepEqual(Item.types, new Set(["electric", "mouse"]));
  const partial = await Pokemon.build(GetItemCommand)
    .key(ash("pikachu"))
    .options({ attributes: ["stats.hp", "level"] })
    .send();
  assert.deepEqual(partial.Item, { stats: { hp: 35 }, level: 1 });
  await assert.rejects(
    Pokemon.build(PutItemCommand)
      .item({ ...ash("pikachu"), kind: "fire", caught: "2024-01-01" })
      .options({ condition: { attr: "name", exists: false } })
      .send(),
    { name: "ConditionalCheckFailedException" },
  );
});

await check("updates add, append, remove and refer to other attributes", async () => {
  const { Attributes } = await Pokemon.build(UpdateItemCommand)
    .item({
      ...ash("pikachu"),
      level: $add(4),
      moves: $append(["bolt"]),
      types: $remove(),
      stats: { speed: $get("stats.hp") },
    })
    .options({ condition: { attr: "level", lt: 5 }, returnValues: "ALL_NEW" })
    .send();
  assert.equal(Attributes.level, 5);
  assert.deepEqual(Attributes.moves, ["bolt"]);
  assert.equal(Attributes.types, undefined);
  assert.deepEqual(Attributes.stats, { hp: 35, speed: 35 });
});

const others = ["bulbasaur", "charmander", "squirtle", "vulpix"];
const kinds = ["grass", "fire", "water", "fire"];

await check("batches", async () => {
  const puts = others.map((name, i) =>
    Pokemon.build(BatchPutRequest).item({
      ...ash(name),
      kind: kinds[i],
      caught: `2024-02-0${i + 1}`,
      level: 10 + i,
    }),
  );
  puts.push(Trainer.build(BatchPutRequest).item({ trainer: "ash", badges: 3 }));
  puts.push(Pokemon.build(BatchDeleteRequest).key(ash("missingno")));
  await executeBatchWrite(table.build(BatchWriteCommand).requests(...puts));
  const { Responses } = await executeBatchGet(
    table
      .build(BatchGetCommand)
      .requests(
        Pokemon.build(BatchGetRequest).key(ash("squirtle")),
        Trainer.build(BatchGetRequest).key({ trainer: "ash" }),
        Pokemon.build(BatchGetRequest).key(ash("missingno")),
      ),
  );
  assert.equal(Responses[0][0].level, 12);
  assert.equal(Responses[0][1].badges, 3);
  assert.equal(Responses[0][2], undefined);
});

await check("queries of the table and of the index, filtered and in pages", async () => {
  const mine = await table
    .build(QueryCommand)
    .query({ partition: "TRAINER#ash", range: { beginsWith: "POKEMON#" } })
    .entities(Pokemon)
    .options({ filters: { Pokemon: { attr: "level", gte: 10 } }, reverse: true })
    .send();
  assert.deepEqual(names(mine), ["vulpix", "squirtle", "charmander", "bulbasaur"]);
  const fire = await table
    .build(QueryCommand)
    .query({ index: "gsi1", partition: "fire", range: { gte: "2024-02-01" } })
    .entities(Pokemon)
    .send();
  assert.deepEqual(names(fire), ["charmander", "vulpix"]);
  const first = await table
    .build(QueryCommand)
    .query({ index: "gsi1", partition: "fire" })
    .entities(Pokemon)
    .options({ limit: 2 })
    .send();
  const second = await table
    .build(QueryCommand)
    .query({ index: "gsi1", partition: "fire" })
    .entities(Pokemon)
    .options({ exclusiveStartKey: first.LastEvaluatedKey })
    .send();
  assert.deepEqual([...names(first), ...names(second)], ["pikachu", "charmander", "vulpix"]);
});

await check("scans of table and index", async () => {
  const all = await table.build(ScanCommand).entities(Pokemon, Trainer).send();
  assert.equal(all.Count, 6);
  const indexed = await table
    .build(ScanCommand)
    .entities(Pokemon)
    .options({ index: "gsi1", segment: 0, totalSegments: 1 })
    .send();
  assert.equal(indexed.Count, 5);
});

await check("transactions", async () => {
  await executeTransactWrite(
    Pokemon.build(PutTransaction).item({ ...ash("mew"), kind: "water", caught: "2024-03-01" }),
    Pokemon.build(UpdateTransaction).item({ ...ash("pikachu"), level: $add(1) }),
    Pokemon.build(DeleteTransaction).key(ash("bulbasaur")),
    Trainer.build(ConditionCheck).key({ trainer: "ash" }).condition({ attr: "badges", eq: 3 }),
  );
  const { Responses } = await executeTransactGet(
    Pokemon.build(GetTransaction).key(ash("mew")),
    Pokemon.build(GetTransaction).key(ash("pikachu")),
    Pokemon.build(GetTransaction).key(ash("bulbasaur")),
  );
  assert.equal(Responses[0].Item.kind, "water");
  assert.equal(Responses[1].Item.level, 6);
  assert.equal(Responses[2].Item, undefined);
  await assert.rejects(
    executeTransactWrite(
      Pokemon.build(DeleteTransaction).key(ash("mew")),
      Trainer.build(ConditionCheck).key({ trainer: "ash" }).condition({ attr: "badges", eq: 8 }),
    ),
    (error) => {
      assert.equal(error.name, "TransactionCanceledException");
      assert.equal(error.CancellationReasons[1].Code, "ConditionalCheckFailed");
      return true;
    },
  );
});

await check("items and partitions are deleted", async () => {
  const { Attributes } = await Pokemon.build(DeleteItemCommand)
    .key(ash("mew"))
    .options({ returnValues: "ALL_OLD" })
    .send();
  assert.equal(Attributes.name, "mew");
  await table
    .build(DeletePartitionCommand)
    .query({ partition: "TRAINER#ash" })
    .entities(Pokemon, Trainer)
    .send();
  assert.equal((await table.build(ScanCommand).send()).Count, 0);
  await drop();
});
