// ElectroDB: two entities and a service over one table: collections, typed patches, batches,
// pages with cursors, transactions.
import assert from "node:assert/strict";
import { Entity, Service } from "electrodb";
import { check, client, createSingleTable, drop, table } from "./library.mjs";

const primary = {
  pk: { field: "pk", composite: ["team"] },
  sk: { field: "sk", composite: ["employee"] },
};
const Employee = new Entity(
  {
    model: { entity: "employee", version: "1", service: "office" },
    attributes: {
      team: { type: "string", required: true },
      employee: { type: "string", required: true },
      office: { type: "string", required: true },
      salary: { type: "number", default: 1000 },
      skills: { type: "set", items: "string" },
      history: { type: "list", items: { type: "string" } },
      address: { type: "map", properties: { city: { type: "string" }, zip: { type: "number" } } },
      updated: { type: "number", watch: "*", set: () => 7, readOnly: true },
    },
    indexes: {
      staff: primary,
      byOffice: {
        index: "gsi1",
        collection: "workplace",
        pk: { field: "gsi1pk", composite: ["office"] },
        sk: { field: "gsi1sk", composite: ["employee"] },
      },
    },
  },
  { table, client },
);
const Task = new Entity(
  {
    model: { entity: "task", version: "1", service: "office" },
    attributes: {
      task: { type: "string", required: true },
      office: { type: "string", required: true },
      status: { type: ["open", "closed"], default: "open" },
      points: { type: "number", default: 0 },
    },
    indexes: {
      tasks: { pk: { field: "pk", composite: ["task"] }, sk: { field: "sk", composite: [] } },
      byOffice: {
        index: "gsi1",
        collection: "workplace",
        pk: { field: "gsi1pk", composite: ["office"] },
        sk: { field: "gsi1sk", composite: ["task"] },
      },
    },
  },
  { table, client },
);
const office = new Service({ employee: Employee, task: Task }, { table, client });

await check("the table is there", createSingleTable);

await check("items are created once, and read", async () => {
  const made = await Employee.create({
    team: "core",
    employee: "ann",
    office: "bern",
    skills: ["c", "sql"],
    history: ["hired"],
    address: { city: "Bern", zip: 3000 },
  }).go();
  assert.equal(made.data.salary, 1000);
  const read = await Employee.get({ team: "core", employee: "ann" }).go({ consistent: true });
  assert.deepEqual(read.data.skills.sort(), ["c", "sql"]);
  assert.deepEqual(read.data.address, { city: "Bern", zip: 3000 });
  await assert.rejects(
    Employee.create({ team: "core", employee: "ann", office: "bern" }).go(),
    /The conditional request failed/,
  );
  assert.equal((await Employee.get({ team: "core", employee: "nobody" }).go()).data, null);
});

await check("patches with all kinds of operations and a condition", async () => {
  const { data } = await Employee.patch({ team: "core", employee: "ann" })
    .add({ salary: 500, skills: ["go"] })
    .append({ history: ["promoted"] })
    .set({ "address.zip": 3001 })
    .where((attr, op) => op.eq(attr.office, "bern"))
    .go({ response: "all_new" });
  assert.equal(data.salary, 1500);
  assert.deepEqual(data.skills.sort(), ["c", "go", "sql"]);
  assert.deepEqual(data.history, ["hired", "promoted"]);
  assert.equal(data.address.zip, 3001);
  await assert.rejects(
    Employee.patch({ team: "core", employee: "nobody" }).set({ salary: 1 }).go(),
    /The conditional request failed/,
  );
  const upserted = await Task.upsert({ task: "t0", office: "bern" })
    .add({ points: 5 })
    .go({ response: "all_new" });
  assert.equal(upserted.data.points, 5);
});

await check("batches", async () => {
  const more = Array.from({ length: 30 }, (_, i) => ({
    team: i % 2 ? "core" : "web",
    employee: `e${String(i).padStart(2, "0")}`,
    office: i % 3 ? "bern" : "basel",
    salary: 100 * i,
  }));
  const put = await Employee.put(more).go({ concurrency: 2 });
  assert.deepEqual(put.unprocessed, []);
  const read = await Employee.get(more.slice(0, 3)).go({ preserveBatchOrder: true });
  assert.deepEqual(read.data.map((one) => one.employee), ["e00", "e01", "e02"]);
});

await check("queries by key, range, index and filter", async () => {
  const core = await Employee.query.staff({ team: "core" }).go({ pages: "all" });
  assert.equal(core.data.length, 16);
  const some = await Employee.query
    .staff({ team: "core" })
    .between({ employee: "e03" }, { employee: "e07" })
    .go({ order: "desc" });
  assert.deepEqual(some.data.map((one) => one.employee), ["e07", "e05", "e03"]);
  const rich = await Employee.query
    .byOffice({ office: "basel" })
    .where((attr, op) => `${op.gte(attr.salary, 2000)} AND ${op.notExists(attr.skills)}`)
    .go();
  assert.deepEqual(rich.data.map((one) => one.employee), ["e21", "e24", "e27"]);
});

await check("a cursor leads through all pages", async () => {
  const seen = [];
  let cursor = null;
  do {
    const page = await Employee.query.staff({ team: "web" }).go({ cursor, limit: 4 });
    seen.push(...page.data.map((one) => one.employee));
    cursor = page.cursor;
  } while (cursor !== null);
  assert.equal(seen.length, 15);
  assert.deepEqual(seen, [...seen].sort());
});

await check("a collection reads two entities at once", async () => {
  const { data } = await office.collections.workplace({ office: "bern" }).go({ pages: "all" });
  assert.equal(data.employee.length, 21);
  assert.deepEqual(data.task.map((one) => one.task), ["t0"]);
  const scanned = await Task.scan.go();
  assert.equal(scanned.data.length, 1);
});

await check("transactions", async () => {
  const written = await office.transaction
    .write(({ employee, task }) => [
      employee.patch({ team: "core", employee: "ann" }).add({ salary: 1 }).commit(),
      task.create({ task: "t1", office: "bern" }).commit(),
      task
        .check({ task: "t0" })
        .where((attr, op) => op.eq(attr.status, "open"))
        .commit(),
      employee.remove({ team: "core", employee: "e01" }).commit(),
    ])
    .go();
  assert.equal(written.canceled, false);
  const read = await office.transaction
    .get(({ employee, task }) => [
      employee.get({ team: "core", employee: "ann" }).commit(),
      task.get({ task: "t1" }).commit(),
    ])
    .go();
  assert.equal(read.data[0].item.salary, 1501);
  assert.equal(read.data[1].item.status, "open");
  const refused = await office.transaction
    .write(({ employee, task }) => [
      employee.patch({ team: "core", employee: "ann" }).add({ salary: 1 }).commit(),
      task.create({ task: "t1", office: "bern" }).commit({ response: "all_old" }),
    ])
    .go();
  assert.equal(refused.canceled, true);
  assert.equal(refused.data[1].code, "ConditionalCheckFailed");
  assert.equal(refused.data[1].item.task, "t1");
});

await check("items are deleted", async () => {
  const gone = await Employee.delete({ team: "core", employee: "ann" }).go({ response: "all_old" });
  assert.equal(gone.data.salary, 1501);
  const left = await Employee.query.staff({ team: "core" }).go({ pages: "all" });
  const keys = left.data.map(({ team, employee }) => ({ team, employee }));
  assert.deepEqual((await Employee.delete(keys).go()).unprocessed, []);
  assert.equal((await Employee.query.staff({ team: "core" }).go()).data.length, 0);
  await drop();
});
