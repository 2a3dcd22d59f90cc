// GetItem, Query and Scan.

import { compare, itemSize, normaliseItem } from "./values.mjs";
import { Names, holds, pick, printCondition } from "./expressions.mjs";
import { readUnits } from "./tables.mjs";
import { details, withCapacity } from "./world.mjs";
import * as random from "./random.mjs";

const PAGE_BYTES = 1024 * 1024;

export function randomProjection(r, table) {
    const chosen = r.some(random.attributeNames(table), 3);
    return chosen.map((name) => (name === "m" && r.chance(50) ? ["m", "x"] : name === "l" && r.chance(50) ? ["l", r.below(3)] : [name]));
}

export function getItem(r, world) {
    const table = world.pick(r);
    const { name } = table;
    const key = random.key(r, table);
    const body = { TableName: name, Key: key };
    const consistent = r.chance(50);
    const detail = (body.ReturnConsumedCapacity = details(r, table));
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
        const prefix = type === "S" ? { S: [...value.S][0] } : { B: Buffer.from(value.B, "base64").subarray(0, 1).toString("base64") };
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

export const keyOfRow = (table, index, item) =>
    Object.fromEntries([...(index?.keys ?? []), ...table.schema].map(({ name }) => [name, item[name]]));

// With the name of an index, or without one.
function place(r, world) {
    const table = world.pick(r);
    const usable = table.indexes.filter((index) => !index.changing);
    const index = r.chance(60) && usable.length > 0 ? r.pick(usable) : undefined;
    return { table, index, body: { TableName: table.name, ...(index && { IndexName: index.name }) } };
}

export function query(r, world) {
    const { table, index, body } = place(r, world);
    const { name } = table;
    const hash = index ? index.hash : [table.hash];
    const range = index ? index.range : table.range ? [table.range] : [];
    const sample = table.rows(index);
    const like = sample.length > 0 && r.chance(85) ? r.pick(sample).item : { ...random.item(r, table) };
    const keyValue = (part) => (like[part.name]?.[part.type] ? like[part.name] : random.scalar(r, part.type));
    const names = new Names();
    const equality = (part) => {
        const value = keyValue(part);
        return { name: part.name, text: `${names.name(part.name)} = ${names.value(value)}`, holds: equalTo(value) };
    };
    const parts = hash.map(equality);
    let whole = range.length === 0;
    if (range.length > 0 && r.chance(60)) {
        const count = 1 + r.below(range.length);
        parts.push(...range.slice(0, count - 1).map(equality));
        const last = range[count - 1];
        const other = sample.length > 0 ? r.pick(sample).item[last.name] : keyValue(last);
        const test = rangeTest(r, last, keyValue(last), other, names);
        parts.push({ name: last.name, ...test });
        whole = test.whole === true;
    }
    body.KeyConditionExpression = r.some(parts, 9, true).map((part) => part.text).join(" AND ");
    const consistent = (!index || index.local) && r.chance(40);
    const spec = { name, index: index?.name, parts, consistent, backward: r.chance(40) };
    if (spec.backward) {
        body.ScanIndexForward = false;
    }
    if (consistent) {
        body.ConsistentRead = true;
    }
    if (r.chance(50)) {
        body.Limit = spec.limit = 1 + r.below(6);
    }
    spec.point = !index && whole; // At most one row, and no page behind it.
    if (!spec.point && r.chance(30)) {
        const rows = matching(table, index, spec);
        if (rows.length > 0) {
            body.ExclusiveStartKey = spec.start = keyOfRow(table, index, r.pick(rows).item);
        }
    }
    addReading(r, table, index, body, spec, names);
    names.into(body);
    return { operation: "Query", body, apply: (now) => readPage(now.tables.get(name), spec) };
}

export const equalTo = (value) => (held) => compare(held, value) === 0;

// A whole table or index in one answer: the order is that of hashes, which the model does not know. Pages of
// scans are joined and compared by checks of whole tables.
export function scan(r, world) {
    const { table, index, body } = place(r, world);
    const spec = { name: table.name, index: index?.name, parts: [], consistent: (!index || index.local) && r.chance(40) };
    if (spec.consistent) {
        body.ConsistentRead = true;
    }
    const names = new Names();
    addReading(r, table, index, body, spec, names);
    names.into(body);
    return { operation: "Scan", body, apply: (now) => ({ ...readPage(now.tables.get(table.name), spec), unordered: "Items" }) };
}

// Filter, projection, what is counted.
function addReading(r, table, index, body, spec, names) {
    const scanning = body.KeyConditionExpression === undefined;
    const keys = new Set([...table.schema, ...(index?.keys ?? [])].map((part) => part.name));
    const projected = index && index.projection !== "ALL" ? new Set([...keys, ...index.nonKey]) : undefined;
    const seen = (name) => (scanning || !keys.has(name)) && (!projected || projected.has(name));
    if (r.chance(35) && random.attributeNames(table).some(seen)) {
        spec.filter = random.condition(r, table, 0, seen);
        body.FilterExpression = printCondition(spec.filter, names);
    }
    spec.detail = body.ReturnConsumedCapacity = details(r, table);
    if (r.chance(12)) {
        body.Select = "COUNT";
        spec.countOnly = true;
    } else if (r.chance(25)) {
        const paths = randomProjection(r, table).filter(([name]) => !projected || index.local || projected.has(name));
        if (paths.length > 0) {
            spec.projection = paths;
            spec.fetch = paths.some(([name]) => projected && !projected.has(name));
            body.ProjectionExpression = paths.map((path) => names.path(path)).join(", ");
            if (r.chance(30)) {
                body.Select = "SPECIFIC_ATTRIBUTES";
            }
        }
    } else if (index && r.chance(20)) {
        body.Select = "ALL_PROJECTED_ATTRIBUTES";
    } else if ((!projected || index.local) && r.chance(projected ? 40 : 20)) {
        body.Select = "ALL_ATTRIBUTES";
        spec.fetch = projected !== undefined;
    }
}

function matching(table, index, spec) {
    const rows = table.rows(index).filter(({ item }) => spec.parts.every((part) => part.holds(item[part.name])));
    return spec.backward ? rows.reverse() : rows;
}

export function readPage(table, spec) {
    const index = spec.index ? table.index(spec.index) : undefined;
    let rows = matching(table, index, spec);
    if (spec.start) {
        const after = rows.findIndex(({ item }) => JSON.stringify(normaliseItem(keyOfRow(table, index, item))) === JSON.stringify(normaliseItem(spec.start)));
        // The row may have gone since the request was made: then the page starts where it would be.
        rows = after >= 0 ? rows.slice(after + 1) : rows.filter(({ item }) => isBehind(table, index, item, spec));
    }
    const [page, more] = cutPage(rows, spec.limit);
    const shown = page.map((row) => (spec.fetch ? row.item : row.entry)).filter((item) => !spec.filter || holds(spec.filter, item));
    const body = { Count: shown.length, ScannedCount: page.length };
    if (!spec.countOnly) {
        body.Items = shown.map((item) => (spec.projection ? pick(item, spec.projection) : item));
    }
    if (more && !spec.point) {
        body.LastEvaluatedKey = keyOfRow(table, index, page.at(-1).item);
    }
    const units = readUnits(page.reduce((sum, { entry }) => sum + itemSize(entry), 0), spec.consistent);
    const fetched = spec.fetch ? page.reduce((sum, { item }) => sum + readUnits(itemSize(item), spec.consistent), 0) : 0;
    return { body: withCapacity(body, spec.detail, table, [index ? { table: fetched, indexes: { [index.name]: units } } : { table: units }]) };
}

// The rows up to Limit, or with the one that reaches a page's bytes.
function cutPage(rows, limit = Infinity) {
    let bytes = 0;
    for (const [i, { entry }] of rows.entries()) {
        bytes += itemSize(entry);
        if (i + 1 === limit || bytes >= PAGE_BYTES) {
            return [rows.slice(0, i + 1), true];
        }
    }
    return [rows, false];
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
