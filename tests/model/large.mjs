// Items about as large as items may be, in a table of their own: limits of items, and pages that end by their bytes.

import { compare, itemSize } from "./values.mjs";
import { readPage } from "./reads.mjs";
import { applyWrite } from "./writes.mjs";
import { details } from "./world.mjs";
import * as random from "./random.mjs";

const ITEM_BYTES = 409600;

const sized = (key, bytes) => {
    const left = bytes - itemSize(key) - "x".length;
    return { ...key, x: { S: "y".repeat(left) } };
};

function put(r, table) {
    const key = random.key(r, table);
    const bytes = r.chance(40) ? ITEM_BYTES + r.below(5) - 2 : 100000 + r.below(300000);
    const write = { kind: "put", key, item: sized(key, bytes) };
    const detail = details(r, table);
    return { operation: "PutItem", body: { TableName: table.name, Item: write.item, ReturnConsumedCapacity: detail }, apply: (now) => applyWrite(now.tables.get(table.name), write, { detail }) };
}

// An attribute that makes the item reach the limit, or pass it by a few bytes.
function grow(r, table) {
    const key = random.key(r, table);
    const held = table.get(key) ?? key;
    const { z, ...rest } = held;
    const room = ITEM_BYTES - itemSize(rest) - "z".length + r.below(5) - 2;
    const value = { S: "z".repeat(Math.max(1, room)) };
    const write = { kind: "update", key, update: { set: [{ path: ["z"], to: { value } }], remove: [], add: [], delete: [] } };
    const detail = details(r, table);
    const body = { TableName: table.name, Key: key, UpdateExpression: "SET z = :z", ExpressionAttributeValues: { ":z": value }, ReturnConsumedCapacity: detail };
    return { operation: "UpdateItem", body, apply: (now) => applyWrite(now.tables.get(table.name), write, { detail }) };
}

function page(r, table) {
    const value = random.key(r, table)[table.hash.name];
    const spec = { name: table.name, parts: [{ name: table.hash.name, holds: (held) => compare(held, value) === 0 }], backward: r.chance(50), consistent: r.chance(50) };
    const body = { TableName: table.name, KeyConditionExpression: "pk = :v", ExpressionAttributeValues: { ":v": value }, ScanIndexForward: !spec.backward, ConsistentRead: spec.consistent };
    if (r.chance(40)) {
        spec.filter = { t: "exists", path: ["z"] };
        body.FilterExpression = "attribute_exists(z)";
    }
    spec.projection = [["pk"], ["sk"]];
    body.ProjectionExpression = "pk, sk";
    spec.detail = body.ReturnConsumedCapacity = details(r, table);
    return { operation: "Query", body, apply: (now) => readPage(now.tables.get(table.name), spec) };
}

export function large(r, world) {
    const table = [...world.tables.values()].find((each) => each.large);
    return r.pick([put, grow, page])(r, table);
}
