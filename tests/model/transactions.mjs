// TransactWriteItems and TransactGetItems.

import { itemSize } from "./values.mjs";
import { Names, pick, targets } from "./expressions.mjs";
import { distinctKeys, grouped } from "./batches.mjs";
import { randomProjection } from "./reads.mjs";
import { capacity, readUnits, writeUnits } from "./tables.mjs";
import { ACTION, judge, printWrite, randomWrite } from "./writes.mjs";
import { collections, details, invalid } from "./world.mjs";

const MISMATCH = { error: "IdempotentParameterMismatchException" };
const NONE = { code: "None" };

// The same token again: with the same actions it succeeds and writes nothing, with others it is refused.
function again(r, world) {
    const { operation, member, body: first, answer } = r.pick([...world.tokens.values()]);
    const other = first[member].length > 1 && r.chance(30);
    const body = other ? { ...first, [member]: first[member].toReversed() } : first;
    return { operation, body, apply: () => (other ? MISMATCH : { body: answer }) };
}

export function randomActions(r, world, most, kinds, fits) {
    return distinctKeys(r, world, most, fits).map(({ name, key }) => {
        const write = randomWrite(r, world.tables.get(name), kinds);
        if (write.kind === "put") {
            write.item = { ...write.item, ...key };
        }
        if (write.kind === "update" && targets(write.update).length === 0) {
            write.kind = "delete";
            delete write.update;
        }
        return { ...write, name, key, showItem: r.chance(40) };
    });
}

export function transactWrite(r, world) {
    if (world.tokens.size > 0 && r.chance(12)) {
        return again(r, world);
    }
    const writes = randomActions(r, world, 5, ["put", "update", "update", "delete", "check"]);
    const items = writes.map((write) => {
        const body = printWrite(write, { TableName: write.name });
        if (write.showItem) {
            body.ReturnValuesOnConditionCheckFailure = "ALL_OLD";
        }
        return { [ACTION[write.kind]]: body };
    });
    const detail = details(r, ...writes.map(({ name }) => world.tables.get(name)));
    const metrics = r.chance(15);
    const body = { TransactItems: items, ReturnConsumedCapacity: detail, ...(metrics && { ReturnItemCollectionMetrics: "SIZE" }) };
    if (r.chance(60)) {
        body.ClientRequestToken = `t${r.below(1 << 30)}-${r.below(1 << 30)}`;
    }
    const apply = (now) => {
        const expected = applyTransaction(now, writes, { detail, metrics });
        if (!expected.error && body.ClientRequestToken) {
            const { ReturnConsumedCapacity: _, ...rest } = body;
            now.remember(body.ClientRequestToken, { operation: "TransactWriteItems", member: "TransactItems", body: rest, answer: metrics ? changedCollections(now, writes) : {} });
        }
        return expected;
    };
    return { operation: "TransactWriteItems", body, apply };
}

const REASON = { ConditionalCheckFailedException: "ConditionalCheckFailed", ValidationException: "ValidationError", DuplicateItemException: "DuplicateItem" };

// What a Put holds is checked before anything is read: an empty key refuses the request, a key of another type is
// the only reason of its cancellation.
function faultOfPut(now, writes) {
    const faults = writes.map(({ name, kind, item }) => (kind === "put" ? now.tables.get(name).indexFaults(item, new Set(Object.keys(item)), false) : []));
    const empty = faults.flat().filter((text) => text.includes("cannot contain an empty"));
    if (empty.length > 0) {
        return invalid(empty);
    }
    const first = faults.findIndex((each) => each.length > 0);
    if (first < 0) {
        return undefined;
    }
    return { error: "TransactionCanceledException", reasons: writes.map((_, i) => (i === first ? { code: "ValidationError", messages: faults[i] } : NONE)) };
}

export function applyTransaction(now, writes, { detail, metrics }) {
    const early = faultOfPut(now, writes);
    if (early) {
        return early;
    }
    const judged = writes.map((write) => judge(now.tables.get(write.name), write));
    if (judged.some(({ refused }) => refused)) {
        const reasons = judged.map(({ refused }, i) => {
            if (!refused) {
                return NONE;
            }
            const error = refused.item && writes[i].duplicate ? "DuplicateItemException" : refused.error;
            return { code: REASON[error], messages: writes[i].duplicate ? undefined : refused.messages, item: writes[i].showItem ? refused.item : undefined };
        });
        return { error: "TransactionCanceledException", reasons };
    }
    const capacities = [...grouped(writes.map((write, i) => ({ ...write, ...judged[i] })))].map(([name, list]) => {
        const table = now.tables.get(name);
        const parts = list.map(({ kind, key, old, made }) => twice(kind === "check" ? { table: writeUnits(old ? itemSize(old) : 0), indexes: {} } : table.write(key, made)));
        return capacity(detail, table, parts, { transaction: true });
    });
    const body = {};
    if (detail !== "NONE") {
        body.ConsumedCapacity = capacities;
    }
    if (metrics) {
        Object.assign(body, changedCollections(now, writes));
    }
    return { body, unordered: true };
}

const changedCollections = (now, writes) => collections(writes.filter(({ kind }) => kind !== "check"), now);

const twice = ({ table, indexes }) => ({ table: 2 * table, indexes: Object.fromEntries(Object.entries(indexes).map(([name, units]) => [name, 2 * units])) });

export function transactGet(r, world) {
    const keys = distinctKeys(r, world, 6).map((each) => ({ ...each, paths: r.chance(25) ? randomProjection(r, world.tables.get(each.name)) : undefined }));
    const items = keys.map(({ name, key, paths }) => {
        const names = new Names();
        const get = { TableName: name, Key: key, ...(paths && { ProjectionExpression: paths.map((path) => names.path(path)).join(", ") }) };
        names.into(get);
        return { Get: get };
    });
    const detail = details(r, ...keys.map(({ name }) => world.tables.get(name)));
    const body = { TransactItems: items, ReturnConsumedCapacity: detail };
    return { operation: "TransactGetItems", body, apply: (now) => readTransaction(now, keys, detail) };
}

export function readTransaction(now, keys, detail) {
    const sizes = [];
    const responses = keys.map(({ name, key, paths }) => {
        const held = now.tables.get(name).get(key);
        sizes.push({ name, table: 2 * readUnits(held ? itemSize(held) : 0, true) });
        return held ? { Item: paths ? pick(held, paths) : held } : {};
    });
    const body = { Responses: responses };
    if (detail !== "NONE") {
        body.ConsumedCapacity = [...grouped(sizes)].map(([name, parts]) => capacity(detail, now.tables.get(name), parts, { reads: true, transaction: true }));
    }
    return { body, unordered: "ConsumedCapacity" };
}
