// Dynamoose: a model makes its own table with a global and a local index, documents are validated,
// queried, batched and changed in transactions.
import assert from "node:assert/strict";
import dynamoose from "dynamoose";
import { check, describe, drop, settings, table } from "./library.mjs";

dynamoose.aws.ddb.set(new dynamoose.aws.ddb.DynamoDB(settings));

const schema = new dynamoose.Schema(
  {
    owner: { type: String, hashKey: true },
    id: { type: Number, rangeKey: true },
    email: { type: String, index: { name: "byEmail", type: "global", rangeKey: "id" } },
    rank: { type: Number, index: { name: "byRank", type: "local", rangeKey: "rank" } },
    tags: { type: Set, schema: [String] },
    profile: { type: Object, schema: { city: String, born: Date } },
    visits: { type: Number, default: 0 },
  },
  { timestamps: true },
);
const Person = dynamoose.model("Person", schema);
const people = new dynamoose.Table(table, [Person], {
  create: true,
  throughput: "ON_DEMAND",
  waitForActive: { enabled: true, check: { timeout: 20000, frequency: 50 } },
  initialize: false,
});

await check("a model makes its table", async () => {
  await people.initialize();
  const made = await describe();
  assert.equal(made.TableStatus, "ACTIVE");
  assert.equal(made.BillingModeSummary.BillingMode, "PAY_PER_REQUEST");
  assert.deepEqual(made.GlobalSecondaryIndexes.map((index) => index.IndexName), ["byEmail"]);
  assert.deepEqual(made.LocalSecondaryIndexes.map((index) => index.IndexName), ["byRank"]);
});

const born = new Date("1990-01-02T03:04:05Z");

await check("documents are created, read and refused", async () => {
  const made = await Person.create({
    owner: "a",
    id: 1,
    email: "a@x",
    rank: 5,
    tags: new Set(["red", "blue"]),
    profile: { city: "Bern", born },
  });
  assert.equal(made.visits, 0);
  const read = await Person.get({ owner: "a", id: 1 });
  assert.deepEqual(read.tags, new Set(["red", "blue"]));
  assert.equal(read.profile.city, "Bern");
  assert.equal(read.profile.born.getTime(), born.getTime());
  assert.ok(read.createdAt instanceof Date);
  assert.equal(await Person.get({ owner: "a", id: 2 }), undefined);
  await assert.rejects(Person.create({ owner: "a", id: 1 }), {
    name: "ConditionalCheckFailedException",
  });
  await assert.rejects(Person.create({ owner: "a", id: "one" }), { name: "TypeMismatch" });
});

await check("updates set, add, and remove, with conditions", async () => {
  const changed = await Person.update(
    { owner: "a", id: 1 },
    { $ADD: { visits: 3 }, $SET: { rank: 7 }, $REMOVE: ["profile"] },
  );
  assert.equal(changed.visits, 3);
  assert.equal(changed.rank, 7);
  assert.equal(changed.profile, undefined);
  await assert.rejects(
    Person.update(
      { owner: "a", id: 1 },
      { rank: 8 },
      { condition: new dynamoose.Condition().where("visits").gt(100) },
    ),
    { name: "ConditionalCheckFailedException" },
  );
});

await check("batches", async () => {
  const batch = [];
  for (let id = 10; id < 30; id++) {
    batch.push({ owner: "b", id, email: `${id % 2}@x`, rank: 100 - id });
  }
  const put = await Person.batchPut(batch);
  assert.equal(put.unprocessedItems.length, 0);
  const read = await Person.batchGet([
    { owner: "b", id: 11 },
    { owner: "b", id: 12 },
    { owner: "b", id: 99 },
  ]);
  assert.deepEqual(read.map((one) => one.id).sort(), [11, 12]);
});

await check("queries of the table and of both kinds of index, in pages", async () => {
  const between = await Person.query("owner").eq("b").where("id").between(12, 15).exec();
  assert.deepEqual(between.map((one) => one.id), [12, 13, 14, 15]);
  const byEmail = await Person.query("email").eq("1@x").using("byEmail").sort("descending").exec();
  assert.deepEqual(byEmail.map((one) => one.id), [29, 27, 25, 23, 21, 19, 17, 15, 13, 11]);
  const byRank = await Person.query("owner").eq("b").using("byRank").limit(3).exec();
  assert.deepEqual(byRank.map((one) => one.rank), [71, 72, 73]);
  const next = await Person.query("owner")
    .eq("b")
    .using("byRank")
    .startAt(byRank.lastKey)
    .limit(2)
    .exec();
  assert.deepEqual(next.map((one) => one.rank), [74, 75]);
  const counted = await Person.query("owner").eq("b").count().exec();
  assert.equal(counted.count, 20);
});

await check("scans with filters, all pages and in parallel", async () => {
  const found = await Person.scan("rank").lt(75).and().where("owner").eq("b").exec();
  assert.deepEqual(found.map((one) => one.rank).sort(), [71, 72, 73, 74]);
  assert.equal((await Person.scan().all().exec()).length, 21);
  assert.equal((await Person.scan().parallel(4).exec()).length, 21);
  const tagged = await Person.scan("tags").contains("red").exec();
  assert.deepEqual(tagged.map((one) => one.owner), ["a"]);
});

await check("transactions", async () => {
  await dynamoose.transaction([
    Person.transaction.create({ owner: "c", id: 1, visits: 1 }),
    Person.transaction.update({ owner: "a", id: 1 }, { $ADD: { visits: 1 } }),
    Person.transaction.delete({ owner: "b", id: 10 }),
    Person.transaction.condition(
      { owner: "b", id: 11 },
      new dynamoose.Condition().where("rank").eq(89),
    ),
  ]);
  const [made, changed] = await dynamoose.transaction([
    Person.transaction.get({ owner: "c", id: 1 }),
    Person.transaction.get({ owner: "a", id: 1 }),
  ]);
  assert.equal(made.visits, 1);
  assert.equal(changed.visits, 4);
  assert.equal(await Person.get({ owner: "b", id: 10 }), undefined);
  await assert.rejects(
    dynamoose.transaction([
      Person.transaction.create({ owner: "c", id: 1 }, { overwrite: false }),
      Person.transaction.update({ owner: "a", id: 1 }, { $ADD: { visits: 1 } }),
    ]),
    (error) => {
      assert.equal(error.name, "TransactionCanceledException");
      assert.deepEqual(
        error.CancellationReasons.map((reason) => reason.Code),
        ["ConditionalCheckFailed", "None"],
      );
      return true;
    },
  );
  assert.equal((await Person.get({ owner: "a", id: 1 })).visits, 4);
});

await check("documents are deleted", async () => {
  await Person.delete({ owner: "c", id: 1 });
  await Person.batchDelete([
    { owner: "b", id: 11 },
    { owner: "b", id: 12 },
  ]);
  assert.equal((await Person.scan().count().exec()).count, 18);
  await drop();
});
