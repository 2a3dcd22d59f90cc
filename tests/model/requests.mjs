// Random requests. Each is {operation, body, apply(world)}: apply changes the model as the request must change the
// table and returns what the answer must be: {body} or {error, messages?, reasons?, item?}.

import { compare, itemSize, normaliseItem, typeOf } from "./values.mjs";
import { Names, holds, pick, printCondition, printUpdate, targets, update as applyUpdate } from "./expressions.mjs";
import { capacity, readUnits, writeUnits } from "./tables.mjs";
import * as random from "./random.mjs";

const CONDITION_FAILED = { error: "ConditionalCheckFailedException", messages: ["The conditional request failed"] };
const invalid = (messages) => ({ error: "ValidationException", messages });
const DETAILS = ["NONE", "TOTAL", "INDEXES", "INDEXES"];
const EMPTY = {};

export class World {
    constructor(tables) {
        this.tables = new Map(tables.map((table) => [table.name, table]));
        this.tokens = new Map();
    }

    copy() {
        const made = new World([...this.tables.values()].map((table) => table.copy()));
        made.tokens = new Map(this.tokens);
        return made;
    }
}

const withCapacity = (body, detail, table, parts, how) => {
    const taken = capacity(detail, table, parts, how);
    return taken ? { ...body, ConsumedCapacity: taken } : body;
};

// --- One write, as all the ways to ask for it share it ----------------------------------------------------------
//
// write: {kind: "put"|"update"|"delete"|"check", key, item, condition, update}

// {refused: …} or {old, made}: what the item becomes (undefined: nothing is there).
function judge(table, write) {
    const old = table.get(write.key);
    if (write.condition && !holds(write.condition, old ?? EMPTY)) {
        return { refused: { ...CONDITION_FAILED, item: old } };
    }
    if (write.kind === "put") {
        const faults = table.indexFaults(write.item, new Set(Object.keys(write.item)), false);
        return faults.length > 0 ? { refused: invalid(faults) } : { old, made: normaliseItem(write.item) };
    }
    if (write.kind !== "update") {
        return { old, made: write.kind === "check" ? old : undefined };
    }
    const u = write.update;
    const creates = u.set.length + u.add.length > 0 || targets(u).length === 0;
    const result = applyUpdate(old ?? normaliseItem(write.key), u);
    if (result.refused) {
        return { refused: invalid(result.refused) };
    }
    const faults = table.indexFaults(result.item, new Set(targets(u).map(([name]) => name)), true);
    if (faults.length > 0) {
        return { refused: invalid(faults) };
    }
    return { old, made: old || creates ? result.item : undefined };
}

function returned(choice, write, { old, made }) {
    const some = (item) => (item && Object.keys(item).length > 0 ? { Attributes: item } : {});
    switch (choice) {
        case "ALL_OLD":
            return old ? { Attributes: old } : {};
        case "ALL_NEW":
            return made ? { Attributes: made } : {};
        case "UPDATED_OLD":
            return some(old && pick(old, targets(write.update)));
        case "UPDATED_NEW":
            return some(made && pick(made, targets(write.update)));
        default:
            return {};
    }
}

function printWrite(write, body) {
    const names = new Names();
    if (write.kind === "put") {
        body.Item = write.item;
    } else {
        body.Key = write.key;
    }
    if (write.update) {
        const text = printUpdate(write.update, names);
        if (text !== "") {
            body.UpdateExpression = text;
        }
    }
    if (write.condition) {
        body.ConditionExpression = printCondition(write.condition, names);
    }
    names.into(body);
    return body;
}

function randomWrite(r, table, kinds) {
    const write = { kind: r.pick(kinds) };
    if (write.kind === "put") {
        write.item = random.item(r, table);
        write.key = table.keyOf(write.item);
    } else {
        write.key = random.key(r, table);
    }
    if (write.kind === "update") {
        write.update = random.update(r, table);
    }
    if (write.kind === "check" || r.chance(35)) {
        write.condition = r.chance(25) ? { t: r.pick(["exists", "missing"]), path: [table.hash.name] } : random.condition(r, table);
    }
    return write;
}

const OPERATION = { put: "PutItem", update: "UpdateItem", delete: "DeleteItem" };
const ACTION = { put: "Put", update: "Update", delete: "Delete", check: "ConditionCheck" };

function writeItem(r, world) {
    const name = r.pick([...world.tables.keys()]);
    const write = randomWrite(r, world.tables.get(name), ["put", "put", "update", "update", "update", "delete"]);
    const body = printWrite(write, { TableName: name });
    const detail = r.pick(DETAILS);
    const choice = r.pick(write.kind === "update" ? ["NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"] : ["NONE", "ALL_OLD"]);
    const showItem = write.condition && r.chance(40);
    body.ReturnConsumedCapacity = detail;
    body.ReturnValues = choice;
    if (showItem) {
        body.ReturnValuesOnConditionCheckFailure = "ALL_OLD";
    }
    return { operation: OPERATION[write.kind], body, apply: (now) => applyWrite(now.tables.get(name), write, { choice, detail, showItem }) };
}

function applyWrite(table, write, { choice, detail, showItem }) {
    const judged = judge(table, write);
    if (judged.refused) {
        const { item, ...refused } = judged.refused;
        return showItem && item ? { ...refused, item } : refused;
    }
    const taken = table.write(write.key, judged.made);
    return { body: withCapacity(returned(choice, write, judged), detail, table, [taken]) };
}

// --- The older parameters (API reference, section 13) -------------------------------------------------------------

function legacyTest(r, table, name, filtering) {
    const value = random.valueFor(r, table, name);
    const one = { value: random.scalar(r, r.pick(["S", "N", "B"])) };
    const path = [name];
    const ordering = (op, word) => [{ ComparisonOperator: word, AttributeValueList: [one.value] }, { t: "cmp", op, l: { path }, r: one }];
    switch (r.below(9)) {
        case 0:
            return [filtering ? { ComparisonOperator: "NULL" } : { Exists: false }, { t: "missing", path }];
        case 1:
            return [filtering ? { ComparisonOperator: "EQ", AttributeValueList: [value] } : { Value: value }, { t: "cmp", op: "=", l: { path }, r: { value } }];
        case 2:
            return [{ ComparisonOperator: "NE", AttributeValueList: [value] }, { t: "cmp", op: "<>", l: { path }, r: { value } }];
        case 3:
            return ordering(...r.pick([["<", "LT"], ["<=", "LE"], [">", "GT"], [">=", "GE"]]));
        case 4: {
            const [low, high] = [{ N: "-5" }, { N: "20" }];
            return [{ ComparisonOperator: "BETWEEN", AttributeValueList: [low, high] }, { t: "between", o: { path }, low: { value: low }, high: { value: high } }];
        }
        case 5:
            return [{ ComparisonOperator: "NOT_NULL" }, { t: "exists", path }];
        case 6:
            return [{ ComparisonOperator: "NULL" }, { t: "missing", path }];
        case 7:
            return [{ ComparisonOperator: "CONTAINS", AttributeValueList: [one.value] }, { t: "contains", path, value: one.value }];
        default:
            return [
                { ComparisonOperator: "NOT_CONTAINS", AttributeValueList: [one.value] },
                { t: "and", parts: [{ t: "exists", path }, { t: "not", part: { t: "contains", path, value: one.value } }] },
            ];
    }
}

function legacyTests(r, table, allowed = () => true, filtering = false) {
    const names = r.some(random.attributeNames(table).filter(allowed), 2);
    const tests = names.map((name) => [name, ...legacyTest(r, table, name, filtering)]);
    const or = tests.length > 1 && r.chance(50);
    return {
        members: Object.fromEntries(tests.map(([name, member]) => [name, member])),
        operator: or ? "OR" : undefined,
        condition: { t: or ? "or" : "and", parts: tests.map(([, , c]) => c) },
    };
}

function legacyUpdates(r, table) {
    const members = {};
    const u = { set: [], remove: [], add: [], delete: [] };
    const indexed = new Set(table.indexes.flatMap((index) => index.keys.map(({ name }) => name)));
    for (const name of r.some(random.attributeNames(table).filter((each) => each !== "l"), 3)) {
        const kind = indexed.has(name) || name === "v" ? r.below(2) : r.below(4);
        if (kind === 0) {
            members[name] = { Action: "DELETE" };
            u.remove.push([name]);
        } else if (kind === 1) {
            const value = random.valueFor(r, table, name);
            members[name] = r.chance(50) ? { Action: "PUT", Value: value } : { Value: value };
            u.set.push({ path: [name], to: { value } });
        } else {
            const value = r.pick(kind === 2 ? [{ N: "3" }, { SS: ["a", "n"] }] : [{ NS: ["1", "2"] }, { SS: ["a", "b"] }]);
            members[name] = { Action: kind === 2 ? "ADD" : "DELETE", Value: value };
            u[kind === 2 ? "add" : "delete"].push({ path: [name], value });
        }
    }
    return { members, u };
}

const LEGACY_MISMATCH = "Type mismatch for attribute to update";

function legacyWrite(r, world) {
    const name = r.pick([...world.tables.keys()]);
    const table = world.tables.get(name);
    const write = { kind: r.pick(["put", "update", "update", "delete"]) };
    const body = { TableName: name };
    if (write.kind === "put") {
        body.Item = write.item = random.item(r, table);
        write.key = table.keyOf(write.item);
    } else {
        body.Key = write.key = random.key(r, table);
    }
    if (write.kind === "update") {
        const { members, u } = legacyUpdates(r, table);
        body.AttributeUpdates = members;
        write.update = u;
    }
    if (r.chance(50)) {
        const tests = legacyTests(r, table);
        body.Expected = tests.members;
        write.condition = tests.condition;
        if (tests.operator) {
            body.ConditionalOperator = tests.operator;
        }
    }
    const detail = (body.ReturnConsumedCapacity = r.pick(DETAILS));
    const choice = (body.ReturnValues = r.pick(write.kind === "update" ? ["NONE", "ALL_OLD", "ALL_NEW", "UPDATED_NEW"] : ["NONE", "ALL_OLD"]));
    const apply = (now) => {
        const expected = applyWrite(now.tables.get(name), write, { choice, detail });
        return expected.messages && expected.error === "ValidationException" ? { ...expected, messages: [...expected.messages, LEGACY_MISMATCH] } : expected;
    };
    return { operation: OPERATION[write.kind], body, apply };
}

// --- Reads ------------------------------------------------------------------------------------------------------

function randomProjection(r, table) {
    const chosen = r.some(random.attributeNames(table), 3);
    return chosen.map((name) => (name === "m" && r.chance(50) ? ["m", "x"] : name === "l" && r.chance(50) ? ["l", r.below(3)] : [name]));
}

function getItem(r, world) {
    const name = r.pick([...world.tables.keys()]);
    const table = world.tables.get(name);
    const key = random.key(r, table);
    const body = { TableName: name, Key: key };
    const consistent = r.chance(50);
    const detail = (body.ReturnConsumedCapacity = r.pick(DETAILS));
    body.ConsistentRead = consistent;
    let paths;
    if (r.chance(30)) {
        const names = new Names();
        paths = randomProjection(r, table);
        body.ProjectionExpression = paths.map((path) => names.path(path)).join(", ");
        names.into(body);
    } else if (r.chance(15)) {
        paths = r.some(random.attributeNames(table), 3).map((each) => [each]);
        body.AttributesToGet = paths.map(([each]) => each);
    }
    const apply = (now) => {
        const held = now.tables.get(name).get(key);
        const answer = held ? { Item: paths ? pick(held, paths) : held } : {};
        return { body: withCapacity(answer, detail, table, [{ table: readUnits(held ? itemSize(held) : 0, consistent) }]) };
    };
    return { operation: "GetItem", body, apply };
}

const RANGE_TESTS = {
    "=": (order) => order === 0,
    "<": (order) => order < 0,
    "<=": (order) => order <= 0,
    ">": (order) => order > 0,
    ">=": (order) => order >= 0,
};

// A test of the last sort attribute that is named: {text, holds(value), whole: equality}.
function rangeTest(r, { name, type }, value, other, names) {
    if (type !== "N" && r.chance(25)) {
        const prefix = type === "S" ? { S: value.S.slice(0, 1) } : { B: Buffer.from(value.B, "base64").subarray(0, 1).toString("base64") };
        const starts = (held) =>
            type === "S" ? held.S.startsWith(prefix.S) : Buffer.from(held.B, "base64").subarray(0, 1).equals(Buffer.from(prefix.B, "base64"));
        return { text: `begins_with(${names.name(name)}, ${names.value(prefix)})`, holds: starts };
    }
    if (r.chance(25)) {
        const [low, high] = [value, other].sort(compare);
        return {
            text: `${names.name(name)} BETWEEN ${names.value(low)} AND ${names.value(high)}`,
            holds: (held) => compare(held, low) >= 0 && compare(held, high) <= 0,
        };
    }
    const op = r.pick(Object.keys(RANGE_TESTS));
    return { text: `${names.name(name)} ${op} ${names.value(value)}`, holds: (held) => RANGE_TESTS[op](compare(held, value)), whole: op === "=" };
}

const keyOfRow = (table, index, item) =>
    Object.fromEntries([...(index?.keys ?? []), ...table.schema].map(({ name }) => [name, item[name]]));

function query(r, world) {
    const name = r.pick([...world.tables.keys()]);
    const table = world.tables.get(name);
    const index = r.chance(60) && table.indexes.length > 0 ? r.pick(table.indexes) : undefined;
    const hash = index ? index.hash : [table.hash];
    const range = index ? index.range : table.range ? [table.range] : [];
    const sample = table.rows(index);
    const like = sample.length > 0 && r.chance(85) ? r.pick(sample).item : { ...random.item(r, table) };
    const keyValue = (part) => (like[part.name]?.[part.type] ? like[part.name] : random.scalar(r, part.type));
    const names = new Names();
    const parts = hash.map((part) => ({ name: part.name, text: `${names.name(part.name)} = ${names.value(keyValue(part))}`, holds: equalTo(keyValue(part)) }));
    let whole = range.length === 0;
    if (range.length > 0 && r.chance(60)) {
        const count = 1 + r.below(range.length);
        range.slice(0, count - 1).forEach((part) => parts.push({ name: part.name, text: `${names.name(part.name)} = ${names.value(keyValue(part))}`, holds: equalTo(keyValue(part)) }));
        const last = range[count - 1];
        const other = sample.length > 0 ? r.pick(sample).item[last.name] : keyValue(last);
        const test = rangeTest(r, last, keyValue(last), other, names);
        parts.push({ name: last.name, ...test });
        whole = test.whole === true;
    }
    const body = { TableName: name, KeyConditionExpression: parts.map((part) => part.text).join(" AND ") };
    const consistent = (!index || index.local) && r.chance(40);
    const spec = { name, index: index?.name, parts, consistent, backward: r.chance(40) };
    if (index) {
        body.IndexName = index.name;
    }
    if (spec.backward) {
        body.ScanIndexForward = false;
    }
    if (consistent) {
        body.ConsistentRead = true;
    }
    if (r.chance(50)) {
        body.Limit = spec.limit = 1 + r.below(6);
    }
    const startable = index ? true : !whole;
    if (startable && r.chance(30)) {
        const rows = matching(table, index, spec);
        if (rows.length > 0) {
            body.ExclusiveStartKey = spec.start = keyOfRow(table, index, r.pick(rows).item);
        }
    }
    addReading(r, table, index, body, spec, names);
    names.into(body);
    return { operation: "Query", body, apply: (now) => readPage(now.tables.get(name), spec) };
}

const equalTo = (value) => (held) => compare(held, value) === 0;

// Filter, projection, what is counted.
function addReading(r, table, index, body, spec, names) {
    const keys = new Set([...table.schema, ...(index?.keys ?? [])].map((part) => part.name));
    const projected = index && index.projection !== "ALL" ? new Set([...keys, ...index.nonKey]) : undefined;
    const seen = (name) => !keys.has(name) && (!projected || projected.has(name));
    const filterable = random.attributeNames(table).some(seen);
    if (filterable && r.chance(35)) {
        if (index?.projection === "ALL" || !index) {
            spec.filter = random.condition(r, table, 0, seen);
            body.FilterExpression = printCondition(spec.filter, names);
        }
    }
    spec.detail = body.ReturnConsumedCapacity = r.pick(DETAILS);
    if (r.chance(12)) {
        body.Select = "COUNT";
        spec.countOnly = true;
    } else if (index?.local && projected && r.chance(40)) {
        body.Select = "ALL_ATTRIBUTES";
        spec.fetch = true;
    } else if (r.chance(25)) {
        const allowed = randomProjection(r, table).filter(([name]) => !projected || projected.has(name));
        if (allowed.length > 0) {
            spec.projection = allowed;
            body.ProjectionExpression = allowed.map((path) => names.path(path)).join(", ");
        }
    }
}

function matching(table, index, spec) {
    const rows = table.rows(index).filter(({ item }) => spec.parts.every((part) => part.holds(item[part.name])));
    return spec.backward ? rows.reverse() : rows;
}

function readPage(table, spec) {
    const index = spec.index ? table.index(spec.index) : undefined;
    let rows = matching(table, index, spec);
    if (spec.start) {
        const after = rows.findIndex(({ item }) => JSON.stringify(normaliseItem(keyOfRow(table, index, item))) === JSON.stringify(normaliseItem(spec.start)));
        // The row may have gone since the request was made: then the page starts where it would be.
        rows = after >= 0 ? rows.slice(after + 1) : rows.filter(({ item }) => isBehind(table, index, item, spec));
    }
    const more = spec.limit !== undefined && rows.length >= spec.limit;
    const page = more ? rows.slice(0, spec.limit) : rows;
    const shown = page.map((row) => (spec.fetch ? row.item : row.entry)).filter((item) => !spec.filter || holds(spec.filter, item));
    const body = { Count: shown.length, ScannedCount: page.length };
    if (!spec.countOnly) {
        body.Items = shown.map((item) => (spec.projection ? pick(item, spec.projection) : item));
    }
    if (more) {
        body.LastEvaluatedKey = keyOfRow(table, index, page.at(-1).item);
    }
    const units = readUnits(page.reduce((sum, { entry }) => sum + itemSize(entry), 0), spec.consistent);
    const fetched = spec.fetch ? page.reduce((sum, { item }) => sum + readUnits(itemSize(item), spec.consistent), 0) : 0;
    return { body: withCapacity(body, spec.detail, table, [index ? { table: fetched, indexes: { [index.name]: units } } : { table: units }]) };
}

function isBehind(table, index, item, spec) {
    for (const { name } of [...(index?.range ?? []), ...table.schema]) {
        const order = compare(item[name], spec.start[name]);
        if (order !== 0) {
            return spec.backward ? order < 0 : order > 0;
        }
    }
    return false;
}

// --- Batches ----------------------------------------------------------------------------------------------------

function distinctKeys(r, world, most) {
    const taken = new Map();
    for (let n = 1 + r.below(most); n > 0; n--) {
        const name = r.pick([...world.tables.keys()]);
        const table = world.tables.get(name);
        const key = random.key(r, table);
        taken.set(`${name} ${table.place(key)}`, { name, key });
    }
    return [...taken.values()];
}

const grouped = (list) => {
    const groups = new Map();
    for (const each of list) {
        groups.set(each.name, [...(groups.get(each.name) ?? []), each]);
    }
    return groups;
};

function batchGet(r, world) {
    const groups = grouped(distinctKeys(r, world, 12));
    const detail = r.pick(DETAILS);
    const consistent = r.chance(50);
    const requests = Object.fromEntries([...groups].map(([name, list]) => [name, { Keys: list.map(({ key }) => key), ConsistentRead: consistent }]));
    const apply = (now) => {
        const responses = {};
        const capacities = [];
        for (const [name, list] of groups) {
            const table = now.tables.get(name);
            const found = list.map(({ key }) => table.get(key));
            responses[name] = found.filter(Boolean);
            capacities.push(capacity(detail, table, found.map((held) => ({ table: readUnits(held ? itemSize(held) : 0, consistent) }))));
        }
        const body = { Responses: responses, UnprocessedKeys: {} };
        return { body: detail === "NONE" ? body : { ...body, ConsumedCapacity: capacities }, unordered: true };
    };
    return { operation: "BatchGetItem", body: { RequestItems: requests, ReturnConsumedCapacity: detail }, apply };
}

function batchWrite(r, world) {
    const writes = distinctKeys(r, world, 12).map(({ name, key }) => {
        const table = world.tables.get(name);
        return r.chance(30) ? { name, kind: "delete", key } : { name, kind: "put", key, item: { ...random.item(r, table), ...key } };
    });
    const groups = grouped(writes);
    const detail = r.pick(DETAILS);
    const requests = Object.fromEntries([...groups].map(([name, list]) => [
        name,
        list.map((write) => (write.kind === "put" ? { PutRequest: { Item: write.item } } : { DeleteRequest: { Key: write.key } })),
    ]));
    const apply = (now) => {
        const faults = writes.filter(({ kind }) => kind === "put")
            .flatMap((write) => now.tables.get(write.name).indexFaults(write.item, new Set(Object.keys(write.item)), false));
        if (faults.length > 0) {
            return invalid(faults);
        }
        const capacities = [];
        for (const [name, list] of groups) {
            const table = now.tables.get(name);
            capacities.push(capacity(detail, table, list.map((write) => table.write(write.key, write.item && normaliseItem(write.item)))));
        }
        return { body: detail === "NONE" ? { UnprocessedItems: {} } : { UnprocessedItems: {}, ConsumedCapacity: capacities }, unordered: true };
    };
    // A batch is not atomic: a kill may leave what its first writes, in their order, have made.
    const inOrder = [...groups.values()].flat();
    const steps = inOrder.map((write) => (now) => now.tables.get(write.name).write(write.key, write.item && normaliseItem(write.item)));
    return { operation: "BatchWriteItem", body: { RequestItems: requests, ReturnConsumedCapacity: detail }, apply, steps };
}

// --- Transactions -----------------------------------------------------------------------------------------------

function transactWrite(r, world) {
    const known = [...world.tokens];
    if (known.length > 0 && r.chance(12)) {
        const [token, { items }] = r.pick(known);
        const changed = r.chance(30);
        const body = { TransactItems: changed ? items.slice().reverse().concat(items.length === 1 ? [] : []) : items, ClientRequestToken: token };
        const different = JSON.stringify(body.TransactItems) !== JSON.stringify(items);
        return { operation: "TransactWriteItems", body, apply: () => (different ? { error: "IdempotentParameterMismatchException" } : { body: {} }) };
    }
    const writes = distinctKeys(r, world, 5).map(({ name, key }) => {
        const table = world.tables.get(name);
        const write = randomWrite(r, table, ["put", "update", "update", "delete", "check"]);
        if (write.kind === "put") {
            write.item = { ...write.item, ...key };
        }
        if (write.kind === "update" && targets(write.update).length === 0) {
            write.kind = "delete";
            delete write.update;
        }
        return { ...write, name, key, showItem: r.chance(40) };
    });
    const items = writes.map((write) => {
        const body = printWrite(write, { TableName: write.name });
        if (write.showItem) {
            body.ReturnValuesOnConditionCheckFailure = "ALL_OLD";
        }
        return { [ACTION[write.kind]]: body };
    });
    const detail = r.pick(DETAILS);
    const body = { TransactItems: items, ReturnConsumedCapacity: detail };
    const token = r.chance(60) ? `t${r.below(1 << 30)}-${r.below(1 << 30)}` : undefined;
    if (token) {
        body.ClientRequestToken = token;
    }
    return { operation: "TransactWriteItems", body, apply: (now) => applyTransaction(now, writes, { detail, token, items }) };
}

const REASON = { ConditionalCheckFailedException: "ConditionalCheckFailed", ValidationException: "ValidationError" };

function applyTransaction(now, writes, { detail, token, items }) {
    const judged = writes.map((write) => judge(now.tables.get(write.name), write));
    if (judged.some(({ refused }) => refused)) {
        const reasons = judged.map(({ refused }, i) => ({
            code: refused ? REASON[refused.error] : "None",
            item: refused?.item && writes[i].showItem ? refused.item : undefined,
        }));
        return { error: "TransactionCanceledException", reasons };
    }
    const groups = new Map();
    writes.forEach((write, i) => {
        const table = now.tables.get(write.name);
        const { old, made } = judged[i];
        const taken = write.kind === "check" ? { table: writeUnits(old ? itemSize(old) : 0), indexes: {} } : table.write(write.key, made);
        const twice = { table: 2 * taken.table, indexes: Object.fromEntries(Object.entries(taken.indexes).map(([name, units]) => [name, 2 * units])) };
        groups.set(write.name, [...(groups.get(write.name) ?? []), twice]);
    });
    if (token) {
        now.tokens.set(token, { items });
        if (now.tokens.size > 50) {
            now.tokens.delete(now.tokens.keys().next().value);
        }
    }
    if (detail === "NONE") {
        return { body: {} };
    }
    return { body: { ConsumedCapacity: [...groups].map(([name, parts]) => capacity(detail, now.tables.get(name), parts, { transaction: true })) }, unordered: true };
}

function transactGet(r, world) {
    const keys = distinctKeys(r, world, 6);
    const detail = r.pick(DETAILS);
    const apply = (now) => {
        const groups = new Map();
        const responses = keys.map(({ name, key }) => {
            const held = now.tables.get(name).get(key);
            groups.set(name, [...(groups.get(name) ?? []), { table: 2 * readUnits(held ? itemSize(held) : 0, true) }]);
            return held ? { Item: held } : {};
        });
        const body = { Responses: responses };
        if (detail !== "NONE") {
            body.ConsumedCapacity = [...groups].map(([name, parts]) => capacity(detail, now.tables.get(name), parts, { reads: true, transaction: true }));
        }
        return { body, unordered: "ConsumedCapacity" };
    };
    const body = { TransactItems: keys.map(({ name, key }) => ({ Get: { TableName: name, Key: key } })), ReturnConsumedCapacity: detail };
    return { operation: "TransactGetItems", body, apply };
}

// --- PartiQL ------------------------------------------------------------------------------------------------------

const plain = (value) => typeOf(value) === "S" || typeOf(value) === "N" || typeOf(value) === "BOOL";

function statement(r, world) {
    const name = r.pick([...world.tables.values()].filter((table) => table.indexes.every((index) => index.keys.length <= 2)).map((table) => table.name));
    const table = world.tables.get(name);
    const key = random.key(r, table);
    const parameters = [];
    const mark = (value) => (parameters.push(value), "?");
    const where = () => Object.entries(key).map(([part, value]) => `"${part}" = ${mark(value)}`).join(" AND ");
    const make = (text, apply) => ({ operation: "ExecuteStatement", body: { Statement: text, Parameters: parameters }, apply });
    switch (r.below(4)) {
        case 0: {
            const write = { kind: "put", key, item: { ...random.item(r, table), ...key }, condition: { t: "missing", path: [table.hash.name] } };
            const members = Object.entries(write.item).map(([part, value]) => `'${part}': ${mark(value)}`).join(", ");
            return make(`INSERT INTO "${name}" VALUE {${members}}`, (now) => {
                const expected = applyWrite(now.tables.get(name), write, {});
                return expected.error === "ConditionalCheckFailedException"
                    ? { error: "DuplicateItemException", messages: ["Duplicate primary key exists in table"] }
                    : expected.error ? expected : { body: { Items: [] } };
            });
        }
        case 1:
            return make(`SELECT * FROM "${name}" WHERE ${where()}`, (now) => {
                const held = now.tables.get(name).get(key);
                return { body: { Items: held ? [held] : [] } };
            });
        case 2: {
            const attribute = r.pick(["s", "n", "flag", "any"]);
            const value = r.pick([{ S: "q" }, { N: "12.5" }, { BOOL: true }, random.anyValue(r)]);
            const write = { kind: "update", key, update: { set: [{ path: [attribute], to: { value } }], remove: [], add: [], delete: [] }, condition: { t: "exists", path: [table.hash.name] } };
            const set = mark(value);
            let text = `UPDATE "${name}" SET "${attribute}" = ${set} WHERE ${where()}`;
            if (r.chance(40)) {
                const wanted = random.scalar(r, "S");
                text += ` AND s = ${mark(wanted)}`;
                write.condition = { t: "and", parts: [write.condition, { t: "cmp", op: "=", l: { path: ["s"] }, r: { value: wanted } }] };
            }
            const showNew = r.chance(50);
            return make(text + (showNew ? " RETURNING ALL NEW *" : ""), (now) => {
                const expected = applyWrite(now.tables.get(name), write, { choice: "ALL_NEW" });
                return expected.error ? expected : { body: { Items: showNew ? [expected.body.Attributes] : [] } };
            });
        }
        default: {
            const showOld = r.chance(50);
            return make(`DELETE FROM "${name}" WHERE ${where()}${showOld ? " RETURNING ALL OLD *" : ""}`, (now) => {
                const expected = applyWrite(now.tables.get(name), { kind: "delete", key }, { choice: "ALL_OLD" });
                return { body: { Items: showOld && expected.body.Attributes ? [expected.body.Attributes] : [] } };
            });
        }
    }
}

// --- The older form of Query -----------------------------------------------------------------------------------

function legacyQuery(r, world) {
    const ranged = [...world.tables.values()].filter((table) => table.range);
    const table = r.pick(ranged);
    const like = random.key(r, table);
    const other = random.key(r, table)[table.range.name];
    const bounds = [like[table.range.name], other].sort(compare);
    const conditions = { [table.hash.name]: { ComparisonOperator: "EQ", AttributeValueList: [like[table.hash.name]] } };
    const parts = [{ name: table.hash.name, holds: equalTo(like[table.hash.name]) }];
    if (r.chance(60)) {
        conditions[table.range.name] = { ComparisonOperator: "BETWEEN", AttributeValueList: bounds };
        parts.push({ name: table.range.name, holds: (held) => compare(held, bounds[0]) >= 0 && compare(held, bounds[1]) <= 0 });
    }
    const body = { TableName: table.name, KeyConditions: conditions };
    const spec = { name: table.name, parts, detail: (body.ReturnConsumedCapacity = r.pick(DETAILS)) };
    if (r.chance(50)) {
        const tests = legacyTests(r, table, (name) => !table.schema.some((key) => key.name === name), true);
        body.QueryFilter = tests.members;
        spec.filter = tests.condition;
        if (tests.operator) {
            body.ConditionalOperator = tests.operator;
        }
    }
    if (r.chance(30)) {
        body.Limit = spec.limit = 1 + r.below(5);
    }
    return { operation: "Query", body, apply: (now) => readPage(now.tables.get(table.name), spec) };
}

const KINDS = {
    writeItem: [writeItem, 32],
    getItem: [getItem, 12],
    query: [query, 18],
    batchGet: [batchGet, 4],
    batchWrite: [batchWrite, 4],
    transactWrite: [transactWrite, 10],
    transactGet: [transactGet, 4],
    legacyWrite: [legacyWrite, 7],
    legacyQuery: [legacyQuery, 3],
    statement: [statement, 6],
};

export const kindNames = Object.keys(KINDS);

export function randomRequest(r, world, kinds = kindNames) {
    const total = kinds.reduce((sum, kind) => sum + KINDS[kind][1], 0);
    let left = r.below(total);
    for (const kind of kinds) {
        left -= KINDS[kind][1];
        if (left < 0) {
            return { kind, ...KINDS[kind][0](r, world) };
        }
    }
    throw new Error("unreachable");
}
