// The clients that make a history: each has one operation at a time on its way, on a few hot items.
//
// An item holds `u`, the text of the write that made this version, `v`, the version's number, `n`, a counter, and
// p1…p30, the texts of the versions before. An UpdateExpression shifts them by itself, so a blind update needs to
// know nothing; a put writes the whole item and is conditional on the version it was made from.

import { INITIAL } from "./checker.mjs";

const CHAIN = 30;
const BALLAST_BYTES = 300000;
const CONSISTENT = { ConsistentRead: true };
const ITEM_ON_FAILURE = { ReturnValuesOnConditionCheckFailure: "ALL_OLD" };
const before = Array.from({ length: CHAIN }, (_, i) => `p${i + 1}`);
const UPDATE = `SET ${before.map((name, i) => `${name} = ${before[i - 1] ?? "u"}`).reverse().join(", ")}, u = :u ADD v :one, n :add`;
const STATEMENT = before.map((name, i) => `SET ${name} = ${before[i - 1] ?? "u"}`).reverse().join(" ");

// Half of the items share a partition, so that a Query sees several.
export const hot = Array.from({ length: 10 }, (_, i) =>
    i < 5 ? { name: `near${i}`, table: "near", key: { pk: { S: "hot" }, sk: { N: `${i}` } } } : { name: `far${i}`, table: "far", key: { pk: { S: `hot${i}` } } },
);
const nearest = hot.filter(({ table }) => table === "near");

export const tables = [
    {
        TableName: "near",
        BillingMode: "PAY_PER_REQUEST",
        AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }, { AttributeName: "sk", AttributeType: "N" }],
        KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }, { AttributeName: "sk", KeyType: "RANGE" }],
    },
    {
        TableName: "far",
        BillingMode: "PAY_PER_REQUEST",
        AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
        KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
    },
];

export function initialItem(item) {
    const chain = Object.fromEntries(before.map((name) => [name, { S: "none" }]));
    return { ...item.key, ...chain, u: { S: INITIAL }, v: { N: "0" }, n: { N: "0" } };
}

function observed(item, stored) {
    const chain = before.map((name) => stored[name].S);
    return { key: item.name, ver: Number(stored.v.N), u: stored.u.S, before: chain, n: Number(stored.n.N) };
}

// What was refused without an effect, and what may have had one.
const REFUSALS = new Set(["ConditionalCheckFailedException", "TransactionCanceledException", "TransactionConflictException", "ThrottlingException"]);

export class Client {
    known = new Map(); // The newest version it has seen of each item, as stored.

    constructor(number, random, history, clock) {
        Object.assign(this, { number, random, history, clock, count: 0 });
    }

    texts(kind, items) {
        return items.map((item) => ({ key: item.name, u: `${kind}${this.number}.${this.count++}`, add: this.random.below(10) }));
    }

    // One operation, recorded. `interpret` tells what an answer or a refusal showed: {reads, made}.
    async run(kind, name, body, { writes = [], expects = [], interpret }) {
        const operation = { id: `${this.number}/${this.count++}`, kind, writes, expects, reads: [], made: [], outcome: "unknown", end: Infinity };
        operation.start = this.clock();
        this.history.push(operation);
        let answer;
        try {
            answer = await this.connection.send(name, body);
        } catch {
            return undefined; // The connection broke: nobody knows.
        }
        const end = this.clock();
        if (answer.status >= 500) {
            return operation;
        }
        operation.end = end;
        operation.outcome = answer.status === 200 ? "ok" : "refused";
        const code = answer.body.__type?.split("#")[1];
        if (answer.status !== 200 && !REFUSALS.has(code)) {
            throw new Error(`${name} ${JSON.stringify(body)} answered ${JSON.stringify(answer.body)}`);
        }
        if (code === "ConditionalCheckFailedException" && expects.length === 0) {
            throw new Error(`${name} has no condition and failed it: ${JSON.stringify(body)}`);
        }
        Object.assign(operation, interpret(answer.body, answer.status === 200));
        return operation;
    }

    saw(item, stored) {
        if (!stored) {
            throw new Error(`${item.name} is not there`); // None is ever deleted.
        }
        this.known.set(item.name, stored);
        return observed(item, stored);
    }

    // --- One item ---------------------------------------------------------------------------------------------

    get(item) {
        const interpret = ({ Item }) => ({ reads: [this.saw(item, Item)] });
        return this.run("get", "GetItem", { TableName: item.table, Key: item.key, ...CONSISTENT }, { interpret });
    }

    query() {
        const interpret = ({ Items }) => ({ reads: nearest.map((item, i) => this.saw(item, Items[i])) });
        const body = { TableName: "near", KeyConditionExpression: "pk = :p", ExpressionAttributeValues: { ":p": { S: "hot" } }, ...CONSISTENT };
        return this.run("query", "Query", body, { interpret });
    }

    update(item, condition) {
        const [write] = this.texts(condition ? "cas" : "add", [item]);
        const expects = condition ? [{ key: item.name, u: this.known.get(item.name).u.S }] : [];
        const interpret = (body, done) => (done ? { made: [this.saw(item, body.Attributes)] } : { reads: body.Item ? [this.saw(item, body.Item)] : [] });
        const asked = { TableName: item.table, ...this.updateOf(item, write, expects[0]), ReturnValues: "ALL_NEW", ...ITEM_ON_FAILURE };
        return this.run(condition ? "compare and set" : "update", "UpdateItem", asked, { writes: [write], expects, interpret });
    }

    updateOf(item, write, expected) {
        const values = { ":u": { S: write.u }, ":one": { N: "1" }, ":add": { N: `${write.add}` } };
        const made = { Key: item.key, UpdateExpression: UPDATE, ExpressionAttributeValues: values };
        if (expected) {
            made.ConditionExpression = "u = :expected";
            values[":expected"] = { S: expected.u };
        }
        return made;
    }

    putOf(item, write, expected) {
        const old = this.known.get(item.name);
        const chain = Object.fromEntries(before.map((name, i) => [name, old[before[i - 1] ?? "u"]]));
        const Item = { ...item.key, ...chain, u: { S: write.u }, v: { N: `${Number(old.v.N) + 1}` }, n: { N: `${Number(old.n.N) + write.add}` } };
        return { Item, ConditionExpression: "u = :expected", ExpressionAttributeValues: { ":expected": { S: expected.u } } };
    }

    put(item) {
        const [write] = this.texts("put", [item]);
        const expects = [{ key: item.name, u: this.known.get(item.name).u.S }];
        const interpret = (body, done) => ({ reads: done || !body.Item ? [] : [this.saw(item, body.Item)] });
        const asked = { TableName: item.table, ...this.putOf(item, write, expects[0]), ...ITEM_ON_FAILURE };
        return this.run("put", "PutItem", asked, { writes: [write], expects, interpret });
    }

    statement(item) {
        const [write] = this.texts("sql", [item]);
        const expects = [{ key: item.name, u: this.known.get(item.name).u.S }];
        const interpret = (body, done) => (done ? { made: [this.saw(item, body.Items[0])] } : { reads: body.Item ? [this.saw(item, body.Item)] : [] });
        return this.run("statement", "ExecuteStatement", { ...this.statementOf(item, write, expects[0], " RETURNING ALL NEW *"), ...ITEM_ON_FAILURE }, { writes: [write], expects, interpret });
    }

    statementOf(item, write, expected, tail = "") {
        const where = Object.keys(item.key).map((name) => `${name} = ?`).join(" AND ");
        return {
            Statement: `UPDATE ${item.table} ${STATEMENT} SET u = ? SET v = v + 1 SET n = n + ? WHERE ${where} AND u = ?${tail}`,
            Parameters: [{ S: write.u }, { N: `${write.add}` }, ...Object.values(item.key), { S: expected.u }],
        };
    }

    // --- Several items ----------------------------------------------------------------------------------------

    transactGet(items) {
        const interpret = ({ Responses }) => ({ reads: items.map((item, i) => this.saw(item, Responses[i].Item)) });
        const TransactItems = items.map((item) => ({ Get: { TableName: item.table, Key: item.key } }));
        return this.run("transact get", "TransactGetItems", { TransactItems }, { interpret });
    }

    transactSelect(items) {
        const interpret = ({ Responses }) => ({ reads: items.map((item, i) => this.saw(item, Responses[i].Item)) });
        const TransactStatements = items.map((item) => ({
            Statement: `SELECT * FROM ${item.table} WHERE ${Object.keys(item.key).map((name) => `${name} = ?`).join(" AND ")}`,
            Parameters: Object.values(item.key),
        }));
        return this.run("transact select", "ExecuteTransaction", { TransactStatements }, { interpret });
    }

    // Items whose conditions failed were seen together.
    cancelled(items, expects, body) {
        const reads = [];
        for (const [i, reason] of (body.CancellationReasons ?? []).entries()) {
            const failed = reason.Code === "ConditionalCheckFailed";
            if (failed && !expects.some(({ key }) => key === items[i].name)) {
                throw new Error(`no condition on ${items[i].name} and it failed: ${JSON.stringify(body)}`);
            }
            if (!failed && reason.Code !== "None" && reason.Code !== "TransactionConflict") {
                throw new Error(`cancelled for ${JSON.stringify(reason)}`);
            }
            if (failed) {
                reads.push(this.saw(items[i], reason.Item));
            }
        }
        return { reads };
    }

    // One action for each item: checks, blind and conditional updates, puts of what it has seen.
    action(item, plan) {
        const kind = this.random.pick(["check", "update", "update", "set", "put"]);
        const expected = { key: item.name, u: this.known.get(item.name).u.S };
        if (kind !== "update") {
            plan.expects.push(expected);
        }
        if (kind === "check") {
            const values = { ":expected": { S: expected.u } };
            return { ConditionCheck: { TableName: item.table, Key: item.key, ConditionExpression: "u = :expected", ExpressionAttributeValues: values, ...ITEM_ON_FAILURE } };
        }
        const [write] = this.texts("tx", [item]);
        plan.writes.push(write);
        return kind === "put"
            ? { Put: { TableName: item.table, ...this.putOf(item, write, expected), ...ITEM_ON_FAILURE } }
            : { Update: { TableName: item.table, ...this.updateOf(item, write, kind === "set" ? expected : undefined), ...ITEM_ON_FAILURE } };
    }

    transactWrite(items, { token, ballast }) {
        const plan = { writes: [], expects: [] };
        const body = { TransactItems: items.map((item) => this.action(item, plan)) };
        if (ballast) { // So much that it runs on a worker, beside what runs on the loops.
            for (let i = 0; i < 4; i++) {
                body.TransactItems.push({ Put: { TableName: "far", Item: { pk: { S: `ballast${this.number}.${i}` }, x: { S: "x".repeat(BALLAST_BYTES) } } } });
            }
        }
        if (token) {
            body.ClientRequestToken = `${this.number}.${this.count++}`;
        }
        const interpret = (answer, done) => (done ? {} : this.cancelled(items, plan.expects, answer));
        return { body, done: this.run("transact write", "TransactWriteItems", body, { ...plan, interpret }) };
    }

    // The same request again, as an SDK does whose connection broke: it happens once, and that has been the first.
    async transactTwice(items) {
        const { body, done } = this.transactWrite(items, { token: true });
        const first = await done;
        if (first?.outcome !== "ok") {
            return first;
        }
        let again;
        try {
            again = await this.connection.send("TransactWriteItems", body);
        } catch {
            return undefined;
        }
        if (again.status !== 200) {
            throw new Error(`a repeated transaction answered ${JSON.stringify(again.body)}`);
        }
        return first;
    }

    transactStatements(items) {
        const expects = items.map((item) => ({ key: item.name, u: this.known.get(item.name).u.S }));
        const writes = this.texts("txsql", items);
        const TransactStatements = items.map((item, i) => ({ ...this.statementOf(item, writes[i], expects[i]), ...ITEM_ON_FAILURE }));
        const interpret = (answer, done) => (done ? {} : this.cancelled(items, expects, answer));
        return this.run("transact statements", "ExecuteTransaction", { TransactStatements }, { writes, expects, interpret });
    }

    // --- Choosing ---------------------------------------------------------------------------------------------

    // Undefined when the connection broke. Who is about to name versions looks first every other time: what it knows
    // from before is mostly out of date.
    async step() {
        const items = this.known.size < hot.length ? hot : this.random.some(hot, 4);
        const dice = this.random.below(100);
        const looks = this.known.size < hot.length || (dice >= 30 && this.random.chance(50));
        if (looks && !(await this.transactGet(items))) {
            return undefined;
        }
        if (looks && items === hot) {
            return this.query();
        }
        if (dice < 16) {
            return this.get(items[0]);
        }
        if (dice < 20) {
            return this.query();
        }
        if (dice < 30) {
            return this.update(items[0], false);
        }
        if (dice < 46) {
            return this.update(items[0], true);
        }
        if (dice < 54) {
            return this.put(items[0]);
        }
        if (dice < 60) {
            return this.statement(items[0]);
        }
        if (dice < 66) {
            return this.transactSelect(items);
        }
        if (dice < 72) {
            return this.transactStatements(items);
        }
        if (dice < 78) {
            return this.transactTwice(items);
        }
        return this.transactWrite(items, { token: dice < 88, ballast: this.random.below(200) === 0 }).done;
    }
}
