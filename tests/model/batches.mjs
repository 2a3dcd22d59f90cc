// BatchGetItem and BatchWriteItem.

import { itemSize, normaliseItem } from "./values.mjs";
import { Names, pick } from "./expressions.mjs";
import { randomProjection } from "./reads.mjs";
import { capacity, readUnits } from "./tables.mjs";
import { collections, details, invalid } from "./world.mjs";
import * as random from "./random.mjs";

export function distinctKeys(r, world, most, fits) {
    const taken = new Map();
    for (let n = 1 + r.below(most); n > 0; n--) {
        const table = world.pick(r, fits);
        const key = random.key(r, table);
        taken.set(`${table.name} ${table.place(key)}`, { name: table.name, key });
    }
    return [...taken.values()];
}

export const grouped = (list) => {
    const groups = new Map();
    for (const each of list) {
        groups.set(each.name, [...(groups.get(each.name) ?? []), each]);
    }
    return groups;
};

const tablesOf = (world, groups) => [...groups.keys()].map((name) => world.tables.get(name));

export function batchGet(r, world) {
    const groups = grouped(distinctKeys(r, world, 12));
    const detail = details(r, ...tablesOf(world, groups));
    const consistent = r.chance(50);
    const paths = {};
    const requests = {};
    for (const [name, list] of groups) {
        requests[name] = { Keys: list.map(({ key }) => key), ConsistentRead: consistent };
        if (r.chance(25)) {
            const names = new Names();
            paths[name] = randomProjection(r, world.tables.get(name));
            requests[name].ProjectionExpression = paths[name].map((path) => names.path(path)).join(", ");
            names.into(requests[name]);
        }
    }
    const apply = (now) => {
        const responses = {};
        const capacities = [];
        for (const [name, list] of groups) {
            const table = now.tables.get(name);
            const found = list.map(({ key }) => table.get(key));
            responses[name] = found.filter(Boolean).map((item) => (paths[name] ? pick(item, paths[name]) : item));
            capacities.push(capacity(detail, table, found.map((held) => ({ table: readUnits(held ? itemSize(held) : 0, consistent) }))));
        }
        const body = { Responses: responses, UnprocessedKeys: {} };
        return { body: detail === "NONE" ? body : { ...body, ConsumedCapacity: capacities }, unordered: true };
    };
    return { operation: "BatchGetItem", body: { RequestItems: requests, ReturnConsumedCapacity: detail }, apply };
}

export function batchWrite(r, world) {
    const writes = distinctKeys(r, world, 12).map(({ name, key }) => {
        const table = world.tables.get(name);
        return r.chance(30) ? { name, kind: "delete", key } : { name, kind: "put", key, item: { ...random.item(r, table), ...key } };
    });
    const groups = grouped(writes);
    const detail = details(r, ...tablesOf(world, groups));
    const metrics = r.chance(15);
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
        const body = { UnprocessedItems: {} };
        const capacities = [];
        for (const [name, list] of groups) {
            const table = now.tables.get(name);
            capacities.push(capacity(detail, table, list.map((write) => table.write(write.key, write.item && normaliseItem(write.item)))));
        }
        if (detail !== "NONE") {
            body.ConsumedCapacity = capacities;
        }
        if (metrics) {
            Object.assign(body, collections(writes, now));
        }
        return { body, unordered: true };
    };
    // A batch is not atomic: a kill may leave what its first writes, in their order, have made.
    const inOrder = [...groups.values()].flat();
    const steps = inOrder.map((write) => (now) => now.tables.get(write.name).write(write.key, write.item && normaliseItem(write.item)));
    const body = { RequestItems: requests, ReturnConsumedCapacity: detail, ...(metrics && { ReturnItemCollectionMetrics: "SIZE" }) };
    return { operation: "BatchWriteItem", body, apply, steps };
}
