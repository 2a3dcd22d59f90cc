// The parameters before expressions (API reference, section 13).

import { compare } from "./values.mjs";
import { equalTo, readPage } from "./reads.mjs";
import { asked } from "./writes.mjs";
import { details } from "./world.mjs";
import * as random from "./random.mjs";

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

export function legacyWrite(r, world) {
    const table = world.pick(r);
    const write = { kind: r.pick(["put", "update", "update", "delete"]) };
    const body = { TableName: table.name };
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
    const request = asked(r, table, write, body, { choices: ["NONE", "ALL_OLD", "ALL_NEW", "UPDATED_NEW"] });
    const apply = (now) => {
        const expected = request.apply(now);
        return expected.messages && expected.error === "ValidationException" ? { ...expected, messages: [...expected.messages, LEGACY_MISMATCH] } : expected;
    };
    return { ...request, apply };
}

export function legacyQuery(r, world) {
    const table = world.pick(r, (each) => each.range);
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
    const spec = { name: table.name, parts, detail: (body.ReturnConsumedCapacity = details(r, table)) };
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
