// Writes of one item: PutItem, UpdateItem, DeleteItem; batches, transactions and statements share them.
//
// write: {kind: "put"|"update"|"delete"|"check", key, item, condition, update}

import { itemSize, normaliseItem } from "./values.mjs";
import { Names, holds, pick, printCondition, printUpdate, targets, update as applyUpdate } from "./expressions.mjs";
import { CONDITION_FAILED, EMPTY, collectionOf, details, hasCollections, invalid, withCapacity } from "./world.mjs";
import * as random from "./random.mjs";

const ITEM_BYTES = 409600;
const TOO_LARGE = "Item size has exceeded the maximum allowed size";
const GROWN_TOO_LARGE = "Item size to update has exceeded the maximum allowed size";

// What an update sets to values of the request, and their names.
function literals(u) {
    const set = u.set.filter(({ path, to }) => path.length === 1 && to.value !== undefined).map(({ path, to }) => [path[0], to.value]);
    return [Object.fromEntries(set), new Set(set.map(([name]) => name))];
}

// {refused: …} or {old, made}: what the item becomes (undefined: nothing is there).
export function judge(table, write) {
    const old = table.get(write.key);
    if (write.kind === "put") { // What the request is made of is looked at before what is stored (section 4.4).
        const faults = table.indexFaults(write.item, new Set(Object.keys(write.item)), false);
        if (faults.length > 0) {
            return { refused: invalid(faults) };
        }
        if (itemSize(normaliseItem(write.item)) > ITEM_BYTES) {
            return { refused: invalid([TOO_LARGE]) };
        }
    }
    if (write.kind === "update") {
        const faults = table.indexFaults(...literals(write.update), true);
        if (faults.length > 0) {
            return { refused: invalid(faults) };
        }
    }
    if (write.condition && !holds(write.condition, old ?? EMPTY)) {
        return { refused: { ...CONDITION_FAILED, item: old } };
    }
    if (write.kind === "put") {
        return { old, made: normaliseItem(write.item) };
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
    if (itemSize(result.item) > ITEM_BYTES) {
        return { refused: invalid([GROWN_TOO_LARGE]) };
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

export function printWrite(write, body) {
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

export function randomWrite(r, table, kinds) {
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

export const OPERATION = { put: "PutItem", update: "UpdateItem", delete: "DeleteItem" };
export const ACTION = { put: "Put", update: "Update", delete: "Delete", check: "ConditionCheck" };

export function writeItem(r, world) {
    const table = world.pick(r);
    const write = randomWrite(r, table, ["put", "put", "update", "update", "update", "delete"]);
    const body = printWrite(write, { TableName: table.name });
    const showItem = write.condition && r.chance(40);
    if (showItem) {
        body.ReturnValuesOnConditionCheckFailure = "ALL_OLD";
    }
    return asked(r, table, write, body, { showItem });
}

// The request with what it wants to be told.
export function asked(r, table, write, body, { showItem, choices = ["NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"] } = {}) {
    const detail = (body.ReturnConsumedCapacity = details(r, table));
    const choice = (body.ReturnValues = r.pick(write.kind === "update" ? choices : ["NONE", "ALL_OLD"]));
    const metrics = r.chance(10);
    if (metrics) {
        body.ReturnItemCollectionMetrics = "SIZE";
    }
    return { operation: OPERATION[write.kind], body, apply: (now) => applyWrite(now.tables.get(table.name), write, { choice, detail, showItem, metrics }) };
}

export function applyWrite(table, write, { choice, detail, showItem, metrics }) {
    const judged = judge(table, write);
    if (judged.refused) {
        const { item, ...refused } = judged.refused;
        return showItem && item ? { ...refused, item } : refused;
    }
    const taken = table.write(write.key, judged.made);
    const body = withCapacity(returned(choice, write, judged), detail, table, [taken]);
    return { body: metrics && hasCollections(table) ? { ...body, ItemCollectionMetrics: collectionOf(table, write.key) } : body };
}
