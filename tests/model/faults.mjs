// Requests with one fault: they are refused with its text and change nothing (API reference, sections 4 to 12).

import { distinctKeys } from "./batches.mjs";
import { NOT_FOUND, invalid } from "./world.mjs";
import * as random from "./random.mjs";

const OMPV = "One or more parameter values were invalid: ";
const NO_MATCH = "The provided key element does not match the schema";
const EMPTY_KEY = (name, type) =>
    `One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty ${type === "S" ? "string" : "binary"} value. Key: ${name}`;

const NAME = { S: "S", N: "N", B: "B" };
const another = (r, type) => r.pick(["S", "N", "B"].filter((each) => each !== type));
const sample = { S: { S: "x" }, N: { N: "1" }, B: { B: "AA==" } };

// A key that is not the table's, and how.
function wrongKey(r, table) {
    const key = random.key(r, table);
    const part = r.pick(table.schema);
    switch (r.below(3)) {
        case 0:
            delete key[part.name];
            return key;
        case 1:
            return { ...key, more: { S: "x" } };
        default:
            return { ...key, [part.name]: sample[another(r, part.type)] };
    }
}

const BAD_VALUES = [
    [{ SS: [] }, `${OMPV}An string set  may not be empty`],
    [{ NS: [] }, `${OMPV}An number set  may not be empty`],
    [{ SS: ["b", "a", "b"] }, `${OMPV}Input collection [b, a, b] contains duplicates.`],
    [{ NS: ["1", "2", "1.0"] }, "Input collection contains duplicates"],
    [{ NULL: false }, `${OMPV}Null attribute value types must have the value of true`],
    [{}, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"],
    [{ S: "a", N: "1" }, "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes"],
    [{ N: "1".repeat(39) }, "Attempting to store more than 38 significant digits in a Number"],
    [{ N: "1E126" }, "Number overflow. Attempting to store a number with magnitude larger than supported range"],
    [{ N: "1E-131" }, "Number underflow. Attempting to store a number with magnitude smaller than supported range"],
    [{ N: "abc" }, "The parameter cannot be converted to a numeric value: abc"],
];

const nested = (levels) => (levels === 0 ? { S: "x" } : { L: [nested(levels - 1)] });

const onItem = (r, table) => ({ TableName: table.name, Key: random.key(r, table) });

const FAULTS = [
    (r, table) => ["GetItem", { TableName: table.name, Key: wrongKey(r, table) }, NO_MATCH],
    (r, table) => ["DeleteItem", { TableName: table.name, Key: wrongKey(r, table) }, NO_MATCH],
    (r, table) => ["UpdateItem", { TableName: table.name, Key: wrongKey(r, table), UpdateExpression: "REMOVE n" }, NO_MATCH],
    (r, table) => ["BatchGetItem", { RequestItems: { [table.name]: { Keys: [wrongKey(r, table)] } } }, NO_MATCH],
    (r, table) => ["BatchWriteItem", { RequestItems: { [table.name]: [{ DeleteRequest: { Key: wrongKey(r, table) } }] } }, NO_MATCH],
    (r, table) => {
        const item = random.item(r, table);
        const part = r.pick(table.schema);
        if (r.chance(50)) {
            delete item[part.name];
            return ["PutItem", { TableName: table.name, Item: item }, `${OMPV}Missing the key ${part.name} in the item`];
        }
        const type = another(r, part.type);
        item[part.name] = sample[type];
        return ["PutItem", { TableName: table.name, Item: item }, `${OMPV}Type mismatch for key ${part.name} expected: ${part.type} actual: ${NAME[type]}`];
    },
    (r, table) => {
        const part = r.pick(table.schema.filter(({ type }) => type !== "N"));
        if (!part) {
            return ["GetItem", { TableName: table.name, Key: wrongKey(r, table) }, NO_MATCH];
        }
        const empty = { [part.name]: { [part.type]: "" } };
        return r.chance(50)
            ? ["GetItem", { TableName: table.name, Key: { ...random.key(r, table), ...empty } }, EMPTY_KEY(part.name, part.type)]
            : ["PutItem", { TableName: table.name, Item: { ...random.item(r, table), ...empty } }, EMPTY_KEY(part.name, part.type)];
    },
    (r, table) => {
        const { name, type } = r.pick(table.schema);
        return ["UpdateItem", { ...onItem(r, table), UpdateExpression: "SET #k = :v", ExpressionAttributeNames: { "#k": name }, ExpressionAttributeValues: { ":v": sample[type] } },
            `${OMPV}Cannot update attribute ${name}. This attribute is part of the key`];
    },
    (r, table) => {
        const [value, text] = r.pick(BAD_VALUES);
        return ["PutItem", { TableName: table.name, Item: { ...random.item(r, table), bad: value } }, text];
    },
    (r, table) => ["PutItem", { TableName: table.name, Item: { ...random.item(r, table), deep: nested(32) } },
        "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"],
    (r, table) => ["DeleteItem", { ...onItem(r, table), ConditionExpression: "n = :a", ExpressionAttributeValues: { ":a": { N: "1" }, ":b": { N: "2" } } },
        "Value provided in ExpressionAttributeValues unused in expressions: keys: {:b}"],
    (r, table) => ["DeleteItem", { ...onItem(r, table), ConditionExpression: "n = :a" },
        "Invalid ConditionExpression: An expression attribute value used in expression is not defined; attribute value: :a"],
    (r, table) => ["UpdateItem", { ...onItem(r, table), UpdateExpression: "REMOVE #n" },
        "Invalid UpdateExpression: An expression attribute name used in the document path is not defined; attribute name: #n"],
    (r, table) => ["UpdateItem", { ...onItem(r, table), UpdateExpression: "SET a = :v, a.b = :v", ExpressionAttributeValues: { ":v": { N: "1" } } },
        "Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [a], path two: [a, b]"],
    (r, table) => ["PutItem", { TableName: table.name, Item: random.item(r, table), ConditionExpression: "size = :v", ExpressionAttributeValues: { ":v": { N: "1" } } },
        "Invalid ConditionExpression: Attribute name is a reserved keyword; reserved keyword: size"],
    (r, table) => ["PutItem", { TableName: table.name, Item: random.item(r, table), ReturnValues: "ALL_NEW" }, "ReturnValues can only be ALL_OLD or NONE"],
    (r, table) => ["Query", { TableName: table.name }, "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."],
    (r, table) => ["Query", { TableName: table.name, KeyConditionExpression: "n = :v", ExpressionAttributeValues: { ":v": { N: "1" } } }, `Query condition missed key schema element: ${table.hash.name}`],
    (r, table) => ["Query", { TableName: table.name, IndexName: "nowhere", KeyConditionExpression: "n = :v", ExpressionAttributeValues: { ":v": { N: "1" } } },
        "The table does not have the specified index: nowhere"],
    (r, table) => ["Scan", { TableName: table.name, Segment: 3, TotalSegments: 3 },
        "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: 3 is not less than TotalSegments: 3"],
    (r, table) => {
        const index = table.indexes.find((each) => !each.local && !each.changing);
        return index
            ? ["Scan", { TableName: table.name, IndexName: index.name, ConsistentRead: true }, "Consistent reads are not supported on global secondary indexes"]
            : ["Scan", { TableName: table.name, Segment: 0 }, "The TotalSegments parameter is required but was not present in the request when Segment parameter is present"];
    },
    (r, table) => {
        const key = random.key(r, table);
        return r.chance(50)
            ? ["BatchGetItem", { RequestItems: { [table.name]: { Keys: [key, key] } } }, "Provided list of item keys contains duplicates"]
            : ["BatchWriteItem", { RequestItems: { [table.name]: [{ DeleteRequest: { Key: key } }, { PutRequest: { Item: key } }] } }, "Provided list of item keys contains duplicates"];
    },
];

// Of transactions: they come with transactions.
const TRANSACTION_FAULTS = [
    (r, table) => {
        const Delete = onItem(r, table);
        return ["TransactWriteItems", { TransactItems: [{ Delete }, { Delete }] }, "Transaction request cannot include multiple operations on one item"];
    },
    (r, table) => {
        const Get = onItem(r, table);
        return ["TransactGetItems", { TransactItems: [{ Get }, { Get }] }, "Transaction request cannot include multiple operations on one item"];
    },
];

function missingTable(r, world) {
    const [{ name, key }] = distinctKeys(r, world, 1);
    const TableName = "nobody-made-this";
    const [operation, body] = r.pick([
        ["GetItem", { TableName, Key: key }],
        ["PutItem", { TableName, Item: key }],
        ["Scan", { TableName }],
        ["BatchGetItem", { RequestItems: { [TableName]: { Keys: [key] }, [name]: { Keys: [key] } } }],
        ["BatchWriteItem", { RequestItems: { [name]: [{ PutRequest: { Item: key } }], [TableName]: [{ DeleteRequest: { Key: key } }] } }],
    ]);
    return { operation, body, apply: () => NOT_FOUND };
}

const refusing = (faults) => (r, world) => {
    const [operation, body, text] = r.pick(faults)(r, world.pick(r));
    return { operation, body, apply: () => invalid([text]) };
};

const valued = refusing(FAULTS);
export const fault = (r, world) => (r.chance(8) ? missingTable(r, world) : valued(r, world));
export const transactionFault = refusing(TRANSACTION_FAULTS);
