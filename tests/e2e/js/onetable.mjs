// OneTable: makes its own table from a schema, then creates, finds, updates, batches and changes in
// transactions.
import assert from "node:assert/strict";
import { Table } from "dynamodb-onetable";
import { check, client, describe, table as name } from "./library.mjs";

const schema = {
  format: "onetable:1.1.0",
  version: "0.0.1",
  indexes: {
    primary: { hash: "pk", sort: "sk" },
    gs1: { hash: "gs1pk", sort: "gs1sk", project: "all" },
    ls1: { type: "local", sort: "score", project: ["name"] },
  },
  models: {
    Account: {
      pk: { type: String, value: "account:${id}" },
      sk: { type: String, value: "account:" },
      id: { type: String, required: true },
      name: { type: String, required: true },
      balance: { type: Number, default: 0 },
    },
    User: {
      pk: { type: String, value: "account:${account}" },
      sk: { type: String, value: "user:${email}" },
      account: { type: String, required: true },
      email: { type: String, required: true },
      login: { type: String, unique: true },
      name: { type: String },
      score: { type: Number },
      status: { type: String, default: "active", enum: ["active", "gone"] },
      joined: { type: Date },
      address: { type: Object, schema: { city: { type: String }, zip: { type: String } } },
      tags: { type: Set },
      gs1pk: { type: String, value: "user:${status}" },
      gs1sk: { type: String, value: "user:${email}" },
    },
  },
  params: { isoDates: true, timestamps: true },
};
const table = new Table({ client, name, schema, partial: true, logger: false });
const Account = table.getModel("Account");
const User = table.getModel("User");
const emails = (users) => users.map((user) => user.email);

await check("a schema makes its table", async () => {
  assert.equal(await table.exists(), false);
  await table.createTable();
  assert.equal(await table.exists(), true);
  const made = await describe();
  assert.deepEqual(made.GlobalSecondaryIndexes.map((index) => index.IndexName), ["gs1"]);
  assert.deepEqual(made.LocalSecondaryIndexes.map((index) => index.IndexName), ["ls1"]);
});

await check("items are created and read", async () => {
  await Account.create({ id: "1", name: "Acme" });
  await assert.rejects(Account.create({ id: "1", name: "Acme" }), {
    code: "ConditionalCheckFailedException",
  });
  assert.equal((await Account.get({ id: "1" })).balance, 0);
  assert.equal(await Account.get({ id: "2" }), undefined);
});

const joined = new Date("2024-05-06T07:08:09.123Z");

await check("a unique attribute is kept by a transaction", async () => {
  const made = await User.create({
    account: "1",
    email: "ann@x",
    login: "ann",
    name: "Ann",
    score: 3,
    joined,
    address: { city: "Bern", zip: "3000" },
    tags: new Set(["a", "b"]),
  });
  assert.equal(made.status, "active");
  const read = await User.get({ account: "1", email: "ann@x" });
  assert.equal(read.joined.getTime(), joined.getTime());
  assert.deepEqual(read.tags, new Set(["a", "b"]));
  await assert.rejects(User.create({ account: "2", email: "b@x", login: "ann" }), /unique/i);
  const key = { account: "1", email: "ann@x" };
  const renamed = await User.update({ ...key, login: "anna" }, { return: "get" });
  assert.equal(renamed.login, "anna");
});

await check("updates set, add, remove, and reach into maps", async () => {
  const key = { account: "1", email: "ann@x" };
  const added = await User.update(key, { add: { score: 2 }, set: { name: "Ann B" } });
  assert.equal(added.score, 5);
  const moved = await User.update({ ...key, address: { zip: "3001" } });
  assert.deepEqual(moved.address, { city: "Bern", zip: "3001" });
  const removed = await User.update(key, { remove: ["tags"] });
  assert.equal(removed.tags, undefined);
  await assert.rejects(
    User.update(key, { set: { name: "C" }, where: "${score} > {100}" }),
    /Conditional/,
  );
});

await check("batches, and many at once", async () => {
  const batch = {};
  for (let i = 10; i < 34; i++) {
    await Account.create({ id: String(i), name: `n${i}` }, { batch, exists: null });
  }
  await table.batchWrite(batch);
  const keys = {};
  await User.get({ account: "1", email: "ann@x" }, { batch: keys });
  await Account.get({ id: "33" }, { batch: keys });
  const read = await table.batchGet(keys, { parse: true, hidden: false });
  assert.equal(read.length, 2);
  const users = Array.from({ length: 12 }, (_, i) => ({
    account: "1",
    email: `u${String(i).padStart(2, "0")}@x`,
    status: i % 3 ? "active" : "gone",
    score: 100 - i,
  }));
  await Promise.all(users.map((user) => User.create(user)));
});

await check("finds by key, by index, filtered, in pages", async () => {
  const all = await User.find({ account: "1" });
  assert.equal(all.length, 13);
  const gone = await User.find({ status: "gone" }, { index: "gs1" });
  assert.deepEqual(emails(gone), ["u00@x", "u03@x", "u06@x", "u09@x"]);
  const some = await User.find(
    { account: "1", sk: { begins: "user:u0" } },
    { where: "${score} <= {95}", reverse: true },
  );
  assert.deepEqual(emails(some), ["u09@x", "u08@x", "u07@x", "u06@x", "u05@x"]);
  const seen = [];
  let next;
  do {
    const page = await User.find({ status: "active" }, { index: "gs1", limit: 4, next });
    seen.push(...emails(page));
    next = page.next;
  } while (next);
  assert.equal(seen.length, 9);
  const counted = await User.find({ account: "1" }, { count: true });
  assert.equal(counted.count, 13);
});

await check("a local index sorts by another attribute", async () => {
  const low = await table.queryItems(
    { pk: "account:1", score: { "<": 91 } },
    { index: "ls1", parse: true, hidden: true },
  );
  assert.deepEqual(low.map((one) => one.score), [5, 89, 90]);
});

await check("scans", async () => {
  const users = await User.scan({ status: "gone" });
  assert.equal(users.length, 4);
});

await check("transactions", async () => {
  const transaction = {};
  await Account.update({ id: "1" }, { add: { balance: 10 }, transaction });
  await User.update({ account: "1", email: "u01@x" }, { set: { name: "T" }, transaction });
  await User.check({ account: "1", email: "u02@x" }, { transaction, where: "${score} = {98}" });
  await table.transact("write", transaction);
  const read = {};
  await Account.get({ id: "1" }, { transaction: read });
  await User.get({ account: "1", email: "u01@x" }, { transaction: read });
  const items = await table.transact("get", read, { parse: true, hidden: true });
  assert.equal(items[0].balance, 10);
  assert.equal(items[1].name, "T");
  const refused = {};
  await Account.update({ id: "1" }, { add: { balance: 10 }, transaction: refused });
  await Account.create({ id: "1", name: "again" }, { transaction: refused });
  await assert.rejects(table.transact("write", refused));
  assert.equal((await Account.get({ id: "1" })).balance, 10);
});

await check("items and the table are removed", async () => {
  await User.remove({ account: "1", email: "ann@x" });
  assert.equal(await User.get({ account: "1", email: "ann@x" }), undefined);
  await User.create({ account: "2", email: "b@x", login: "anna" }); // The name is free again.
  await table.deleteTable("DeleteTableForever");
});
