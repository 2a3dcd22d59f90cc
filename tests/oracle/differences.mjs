// Where DynamoDB Local answers otherwise than the service does, each with the section of the API reference that
// says what the service answers. A difference is undone: `undo` makes of Local's answer what it would be without
// it, or returns undefined when it has no part in this one. What then still differs is not explained. After one
// that `moves` rows, the tables are compared and made equal.

import { equal, itemSize, normalise } from "../model/values.mjs";
import { settled } from "../model/compare.mjs";
import { compare } from "./outcome.mjs";

const reads = new Set(["Query", "Scan", "BatchGetItem", "GetItem", "TransactGetItems", "ExecuteStatement"]);

// The JSON with `change` applied to every object in it, innermost first.
function mapped(json, change) {
    if (Array.isArray(json)) {
        return json.map((each) => mapped(each, change));
    }
    if (json === null || typeof json !== "object") {
        return json;
    }
    return change(Object.fromEntries(Object.entries(json).map(([name, each]) => [name, mapped(each, change)])));
}

const without = (body, name) => Object.fromEntries(Object.entries(body).filter(([each]) => each !== name));
const isNumber = (json) => Object.keys(json).length === 1 && (typeof json.N === "string" || Array.isArray(json.NS));

export const TOUCHED = {
    name: "an update that only removes stores the keys of a missing item",
    section: "7.4",
    undo: ({ request, ours, theirs, world }) => {
        const shown = theirs.body.Attributes;
        const keys = Object.keys(request.body.Key ?? {}).join();
        return request.operation === "UpdateItem" && !ours.body.Attributes && shown && !heldBefore(world, request.body) && Object.keys(shown).sort().join() === keys.split(",").sort().join()
            ? { ...theirs, body: without(theirs.body, "Attributes") }
            : undefined;
    },
};

const heldBefore = (world, { TableName, Key }) => world.tables.get(TableName).get(Key) !== undefined;

// Does the update name something inside a list or map?
const nested = (body) => /[.[]/.test(body.UpdateExpression ?? body.Statement ?? "");

// Is an index read, by Query or by SELECT?
function isOfIndex(world, { TableName, IndexName, Statement }) {
    const [, table, index] = /FROM "([^"]+)"\."([^"]+)"/.exec(Statement) ?? [undefined, TableName, IndexName];
    return world.tables.get(table)?.index(index) !== undefined;
}

// Of all items that have the partition key of this one.
function partitionBytes(world, name, key) {
    const { items, schema } = world.tables.get(name);
    return [...items.values()].filter((item) => equal(item[schema[0].name], key[schema[0].name])).reduce((sum, item) => sum + itemSize(item), 0);
}
const PAGE_BYTES = 1 << 20;

const text = (json) => JSON.stringify(settled(json));
const sameSet = (a, b) => a.map(text).sort().join() === b.map(text).sort().join();
const cancelled = ({ body }) => /#TransactionCanceledException$/.test(body.__type);
const INDEX_KEY = /Type mismatch for Index Key|secondary index key/;
const WRITES = new Set(["PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"]);

const DIFFERENCES = [
    TOUCHED,
    {
        name: "an update may give an index key a wrong type, or is refused for its condition first",
        section: "7.4, 4.4",
        moves: true,
        undo: ({ request, ours, theirs }) =>
            /Update|Transact|Statement/.test(request.operation) && INDEX_KEY.test(JSON.stringify(ours.body)) && (theirs.status === 200 || /ConditionalCheckFailed/.test(theirs.body.__type)) ? ours : undefined,
    },
    {
        name: "UPDATED_OLD and UPDATED_NEW show the whole attribute where a path names a part of it",
        section: "8.4",
        undo: ({ request, ours, theirs }) =>
            !nested(request.body) || ours.status !== 200 || theirs.status !== 200
                ? undefined
                : /^UPDATED/.test(request.body.ReturnValues)
                  ? { ...theirs, body: { ...theirs.body, Attributes: ours.body.Attributes } }
                  : /RETURNING MODIFIED/.test(request.body.Statement)
                    ? { ...theirs, body: { ...theirs.body, Items: ours.body.Items } }
                    : undefined,
    },
    {
        name: "no LastEvaluatedKey when the row that reaches Limit is the inclusive end of the key condition",
        section: "9.1",
        undo: ({ request, ours, theirs }) =>
            request.operation === "Query" && ours.body.LastEvaluatedKey && !theirs.body.LastEvaluatedKey && ours.body.ScannedCount === request.body.Limit
                ? { ...theirs, body: { ...theirs.body, LastEvaluatedKey: ours.body.LastEvaluatedKey } }
                : undefined,
    },
    {
        name: "no LastEvaluatedKey when the row that reaches 1 MiB is the last one",
        section: "9.1",
        undo: ({ request, ours, theirs, world }) =>
            request.operation === "Query" && ours.body.LastEvaluatedKey && !theirs.body.LastEvaluatedKey && partitionBytes(world, request.body.TableName, ours.body.LastEvaluatedKey) >= PAGE_BYTES
                ? { ...theirs, body: { ...theirs.body, LastEvaluatedKey: ours.body.LastEvaluatedKey } }
                : undefined,
    },
    {
        name: "a starting key at the inclusive end of the key condition is refused",
        section: "9.1",
        undo: ({ request, ours, theirs }) =>
            request.operation === "Query" && request.body.ExclusiveStartKey && theirs.body.Message === "The provided starting key does not match the range key predicate" && ours.body.ScannedCount === 0
                ? ours
                : undefined,
    },
    {
        name: "ORDER BY together with some conditions is an internal failure",
        section: "14.2",
        undo: ({ request, ours, theirs }) => (/ORDER BY/.test(request.body.Statement) && theirs.status === 500 ? ours : undefined),
    },
    {
        name: "ORDER BY … DESC with Limit takes the first rows and then turns them round",
        section: "14.3",
        undo: ({ request, ours, theirs }) =>
            / DESC$/.test(request.body.Statement) && request.body.Limit && theirs.status === 200 && ours.body.LastEvaluatedKey
                ? { ...theirs, body: { ...theirs.body, Items: ours.body.Items, LastEvaluatedKey: ours.body.LastEvaluatedKey } }
                : undefined,
    },
    {
        name: "statements give no LastEvaluatedKey beside their NextToken",
        section: "14.1",
        undo: ({ request, ours, theirs }) =>
            request.operation === "ExecuteStatement" && ours.body.LastEvaluatedKey && theirs.body.NextToken
                ? { ...theirs, body: { ...theirs.body, LastEvaluatedKey: ours.body.LastEvaluatedKey } }
                : undefined,
    },
    {
        name: "a statement that names one whole key, with Limit 1, gives a NextToken",
        section: "14.3",
        undo: ({ request, ours, theirs }) =>
            request.operation === "ExecuteStatement" && request.body.Limit === 1 && !ours.body.NextToken && theirs.body.NextToken ? { ...theirs, body: without(theirs.body, "NextToken") } : undefined,
    },
    {
        name: "statements never report capacity",
        section: "14.1",
        undo: ({ request, ours, theirs }) =>
            /Statement|ExecuteTransaction/.test(request.operation) && ours.body.ConsumedCapacity && theirs.status === 200 ? { ...theirs, body: { ...theirs.body, ConsumedCapacity: ours.body.ConsumedCapacity } } : undefined,
    },
    {
        name: "the code of a duplicate is DuplicateItem, not DuplicateItemException",
        section: "14.3",
        undo: ({ theirs }) =>
            theirs.status === 400 && /#DuplicateItem$/.test(theirs.body.__type) ? { ...theirs, body: { ...theirs.body, __type: `${theirs.body.__type}Exception` } } : undefined,
    },
    {
        name: "numbers inside lists and maps keep the text they were written with",
        section: "5.2",
        undo: ({ theirs }) => ({ ...theirs, body: mapped(theirs.body, (json) => (isNumber(json) ? normalise(json) : json)) }),
    },
    {
        name: "capacity is reported although it was not asked for",
        section: "15",
        undo: ({ request, theirs }) =>
            theirs.body.ConsumedCapacity && (request.body.ReturnConsumedCapacity ?? "NONE") === "NONE" ? { ...theirs, body: without(theirs.body, "ConsumedCapacity") } : undefined,
    },
    {
        name: "consumed capacity: reads that find nothing are free, deletes of nothing in a batch cost twice",
        section: "15",
        undo: ({ request, ours, theirs }) =>
            ours.body.ConsumedCapacity && theirs.body.ConsumedCapacity && (reads.has(request.operation) || request.operation === "BatchWriteItem")
                ? { ...theirs, body: { ...theirs.body, ConsumedCapacity: ours.body.ConsumedCapacity } }
                : undefined,
    },
    {
        name: "size is taken for the name of an attribute",
        section: "7.3",
        moves: true,
        undo: ({ ours }) => (/reserved keyword: size$/.test(ours.body.message) ? ours : undefined),
    },
    {
        name: "an update that fails in a transaction is no reason of its cancellation but refuses the request",
        section: "12.1",
        undo: ({ request, ours, theirs }) =>
            cancelled(ours) && /#ValidationException$/.test(theirs.body.__type) && ours.body.CancellationReasons.some(({ Code }) => Code === "ValidationError") &&
            /Transact|ExecuteTransaction/.test(request.operation)
                ? ours
                : undefined,
    },
    {
        name: "a duplicate in a transaction of statements is a ValidationError",
        section: "14.3",
        undo: ({ ours, theirs }) =>
            cancelled(ours) && cancelled(theirs)
                ? {
                      ...theirs,
                      body: mapped(theirs.body, (json) => (json.Code === "ValidationError" && json.Message === "Duplicate primary key exists in table" ? { ...json, Code: "DuplicateItem" } : json)),
                  }
                : undefined,
    },
    {
        name: "a statement of a batch that fails does not show its item",
        section: "14.1",
        undo: ({ request, ours, theirs }) =>
            request.operation === "BatchExecuteStatement" && theirs.status === 200
                ? {
                      ...theirs,
                      body: {
                          ...theirs.body,
                          Responses: theirs.body.Responses.map((each, i) => (each.Error && ours.body.Responses[i].Error?.Item ? { ...each, Error: { ...each.Error, Item: ours.body.Responses[i].Error.Item } } : each)),
                      },
                  }
                : undefined,
    },
    {
        name: "beside a value that is wrong for an index, other reasons are given, or none for that",
        section: "12.1",
        undo: ({ ours, theirs }) => (cancelled(ours) && cancelled(theirs) && ours.body.CancellationReasons.some(({ Message }) => INDEX_KEY.test(Message)) ? ours : undefined),
    },
    {
        name: "a write costs units of indexes that hold no row of the item, before or after",
        section: "15",
        undo: ({ request, ours, theirs, world }) =>
            WRITES.has(request.operation) && ours.body.ConsumedCapacity && theirs.body.ConsumedCapacity && [...world.tables.values()].some(({ indexes }) => indexes.length > 0)
                ? { ...theirs, body: { ...theirs.body, ConsumedCapacity: ours.body.ConsumedCapacity } }
                : undefined,
    },
    {
        name: "a query of one whole key of two attributes, with Limit 1, gives a LastEvaluatedKey that cannot be used",
        section: "9.1",
        undo: ({ request, ours, theirs }) =>
            request.operation === "Query" && request.body.Limit === 1 && ours.body.ScannedCount === 1 && !ours.body.LastEvaluatedKey && theirs.body.LastEvaluatedKey
                ? { ...theirs, body: without(theirs.body, "LastEvaluatedKey") }
                : undefined,
    },
    {
        name: "rows of an index with equal index keys come in another order",
        section: "9.1",
        undo: ({ request, ours, theirs, world }) => {
            const cut = request.body.Limit !== undefined || request.body.ExclusiveStartKey !== undefined;
            const alike = ours.status === 200 && theirs.status === 200 && (request.operation === "Query" || request.operation === "ExecuteStatement") && isOfIndex(world, request.body);
            return alike && (cut ? ours.body.ScannedCount === theirs.body.ScannedCount || ours.body.Items?.length === theirs.body.Items?.length || request.body.ExclusiveStartKey : sameSet(ours.body.Items ?? [], theirs.body.Items ?? [])) ? ours : undefined;
        },
    },
];

// The differences that together explain why the answers are not the same, or undefined.
export function explain({ request, ours, theirs, world }) {
    const parts = [];
    let left = theirs;
    for (const difference of DIFFERENCES) {
        const undone = difference.undo({ request, ours, theirs: left, world });
        if (undone && JSON.stringify(undone) !== JSON.stringify(left)) {
            left = { ...left, ...undone };
            parts.push(difference);
            if (compare(request, ours, left) === undefined) {
                return parts;
            }
        }
    }
    return undefined;
}
