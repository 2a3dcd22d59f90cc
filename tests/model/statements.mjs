// PartiQL: statements made of the same trees as expressions, alone, in batches and in transactions (API reference,
// section 14).

import { isSet, itemSize, typeOf } from "./values.mjs";
import { holds, lookUp } from "./expressions.mjs";
import { distinctKeys } from "./batches.mjs";
import { readPage } from "./reads.mjs";
import { readUnits } from "./tables.mjs";
import { applyTransaction, readTransaction } from "./transactions.mjs";
import { applyWrite } from "./writes.mjs";
import { details, invalid, withCapacity } from "./world.mjs";
import * as random from "./random.mjs";

const DUPLICATE = { error: "DuplicateItemException", messages: ["Duplicate primary key exists in table"] };
const MANY_PARTS = "PartiQL statements cannot be executed on tables with multi-attribute HASH keys or multi-attribute RANGE keys.";

// --- Printing ---------------------------------------------------------------------------------------------------

function literal(value) {
    const type = typeOf(value);
    const list = (open, all, close) => (all.includes(undefined) ? undefined : `${open}${all.join(", ")}${close}`);
    switch (type) {
        case "S":
            return `'${value.S.replaceAll("'", "''")}'`;
        case "N":
            return /^-?(0|[1-9]\d*)(\.\d+)?$/.test(value.N) ? value.N : undefined;
        case "BOOL":
            return String(value.BOOL);
        case "NULL":
            return "NULL";
        case "L":
            return list("[", value.L.map(literal), "]");
        case "M": {
            const members = Object.entries(value.M).map(([name, each]) => [name, literal(each)]);
            return members.some(([, each]) => each === undefined) ? undefined : list("{", members.map(([name, each]) => `'${name}': ${each}`), "}");
        }
        case "SS":
        case "NS":
            return list("<<", value[type].map((each) => literal({ [type[0]]: each })), ">>");
        default:
            return undefined;
    }
}

// Values become literals or parameters, so a statement is printed from its start to its end.
class Printer {
    parameters = [];

    constructor(r) {
        this.r = r;
    }

    value(value) {
        const text = this.r.chance(40) ? literal(value) : undefined;
        if (text === undefined) {
            this.parameters.push(value);
        }
        return text ?? "?";
    }

    path(path) {
        return path.map((part, i) => (typeof part === "number" ? `[${part}]` : `${i > 0 ? "." : ""}"${part}"`)).join("");
    }

    operand(operand) {
        if (operand.path) {
            return this.path(operand.path);
        }
        return operand.size ? `size(${this.path(operand.size)})` : this.value(operand.value);
    }

    condition(c) {
        const inner = (part) => (part.t === "and" || part.t === "or" || part.t === "not" ? `(${this.condition(part)})` : this.condition(part));
        switch (c.t) {
            case "cmp": {
                const left = this.operand(c.l);
                return `${left} ${c.op === "<>" ? this.r.pick(["<>", "!="]) : c.op} ${this.operand(c.r)}`;
            }
            case "and":
            case "or":
                return c.parts.map(inner).join(c.t === "and" ? " AND " : " or ");
            case "not":
                return `NOT ${inner(c.part)}`;
            case "between": {
                const [o, low, high] = [c.o, c.low, c.high].map((each) => this.operand(each));
                return `${o} BETWEEN ${low} AND ${high}`;
            }
            case "in": {
                const o = this.operand(c.o);
                return `${o} IN [${c.list.map((each) => this.operand(each)).join(", ")}]`;
            }
            case "exists":
                return this.r.chance(50) ? `attribute_exists(${this.path(c.path)})` : `${this.path(c.path)} IS NOT MISSING`;
            case "missing":
                return this.r.chance(50) ? `attribute_not_exists(${this.path(c.path)})` : `${this.path(c.path)} IS MISSING`;
            case "type":
                return `attribute_type(${this.path(c.path)}, ${this.value({ S: c.type })})`;
            case "begins":
                return `begins_with(${this.path(c.path)}, ${this.value(c.value)})`;
            default:
                return `contains(${this.path(c.path)}, ${this.value(c.value)})`;
        }
    }

    key(key) {
        return Object.entries(key).map(([name, value]) => `"${name}" = ${this.value(value)}`).join(" AND ");
    }

    // SET and REMOVE; sets are added to and taken from by functions.
    update(u) {
        const to = (value) => {
            if (value.plus || value.minus) {
                const [l, r] = value.plus ?? value.minus;
                const left = this.operand(l);
                return `${left} ${value.plus ? "+" : "-"} ${this.operand(r)}`;
            }
            if (value.ifMissing) {
                const path = this.path(value.ifMissing[0]);
                return `if_not_exists(${path}, ${this.operand(value.ifMissing[1])})`;
            }
            if (value.append) {
                const path = this.operand(value.append[0]);
                return `list_append(${path}, ${this.operand(value.append[1])})`;
            }
            return this.operand(value);
        };
        const change = (word) => ({ path, value }) => `SET ${this.path(path)} = ${word}(${this.path(path)}, ${this.value(value)})`;
        const sets = u.set.map((s) => {
            const path = this.path(s.path);
            return `SET ${path} = ${to(s.to)}`;
        });
        return [...sets, ...u.remove.map((path) => `REMOVE ${this.path(path)}`), ...u.add.map(change("set_add")), ...u.delete.map(change("set_delete"))].join(" ");
    }
}

// --- Writes -----------------------------------------------------------------------------------------------------

// An update that PartiQL has words for: sets only where the item holds one of that type.
function wordedUpdate(r, table, item) {
    const u = random.update(r, table);
    const fits = ({ path, value }) => isSet(typeOf(value)) && item !== undefined && lookUp(item, path)?.[typeOf(value)] !== undefined;
    const simple = (to) => (to.append ? { append: [{ path: ["l"] }, to.append[1]] } : to);
    const made = { set: u.set.map(({ path, to }) => ({ path, to: simple(to) })), remove: u.remove, add: u.add.filter(fits), delete: u.delete.filter(fits) };
    if (made.set.length + made.remove.length + made.add.length + made.delete.length === 0) {
        made.set.push({ path: ["flag"], to: { value: { BOOL: true } } });
    }
    return made;
}

const whole = (table) => table.indexes.every((index) => index.hash.length <= 1 && index.range.length <= 1);
const RETURNING = { ALL_OLD: "ALL OLD", ALL_NEW: "ALL NEW", UPDATED_OLD: "MODIFIED OLD", UPDATED_NEW: "MODIFIED NEW" };

// {text, parameters, write}: one INSERT, UPDATE, DELETE or EXISTS of the item at `key`.
function writeStatement(r, table, key, kinds, choice) {
    const to = new Printer(r);
    const kind = r.pick(kinds);
    const write = { kind, name: table.name, key };
    let text;
    if (kind === "put") {
        write.item = { ...random.item(r, table), ...key };
        write.condition = { t: "missing", path: [table.hash.name] };
        write.duplicate = true;
        text = `INSERT INTO "${table.name}" VALUE {${Object.entries(write.item).map(([name, value]) => `'${name}': ${to.value(value)}`).join(", ")}}`;
        return { text, parameters: to.parameters, write };
    }
    const more = kind === "check" || r.chance(35) ? random.condition(r, table) : undefined;
    if (kind === "update") {
        write.update = wordedUpdate(r, table, table.get(key));
        text = `UPDATE "${table.name}" ${to.update(write.update)}`;
    } else {
        text = kind === "delete" ? `DELETE FROM "${table.name}"` : `EXISTS(SELECT * FROM "${table.name}"`;
    }
    text += ` WHERE ${to.key(key)}${more ? ` AND (${to.condition(more)})` : ""}${kind === "check" ? ")" : ""}`;
    if (choice !== "NONE") {
        text += ` RETURNING ${RETURNING[choice]} *`;
    }
    const there = { t: "exists", path: [table.hash.name] };
    // An UPDATE or EXISTS is about an item that is there; a DELETE with conditions too, for they cannot hold else.
    write.condition = kind === "delete" ? more : more ? { t: "and", parts: [there, more] } : there;
    return { text, parameters: to.parameters, write };
}

const statementBody = ({ text, parameters }, showItem) => ({
    Statement: text,
    ...(parameters.length > 0 && { Parameters: parameters }),
    ...(showItem && { ReturnValuesOnConditionCheckFailure: "ALL_OLD" }),
});

function oneWrite(r, table) {
    const kinds = [r.pick(["put", "update", "update", "delete"])];
    const choice = kinds[0] === "update" ? r.pick(["NONE", ...Object.keys(RETURNING)]) : kinds[0] === "delete" ? r.pick(["NONE", "ALL_OLD"]) : "NONE";
    const made = writeStatement(r, table, random.key(r, table), kinds, choice);
    const showItem = r.chance(30);
    const body = statementBody(made, showItem);
    const detail = (body.ReturnConsumedCapacity = details(r, table));
    const apply = (now) => {
        const expected = applyWrite(now.tables.get(table.name), made.write, { choice, detail, showItem });
        if (expected.error) {
            return made.write.duplicate && expected.error === "ConditionalCheckFailedException" && !showItem ? DUPLICATE : expected; // Only the other error has room for an item.
        }
        const { Attributes, ...rest } = expected.body;
        return { body: { ...rest, Items: Attributes ? [Attributes] : [] } };
    };
    return { operation: "ExecuteStatement", body, apply };
}

// --- Reads ------------------------------------------------------------------------------------------------------

const shaped = (item, names) => (names ? Object.fromEntries(names.filter((name) => item[name]).map((name) => [name, item[name]])) : item);

function readStatement(r, table, key, { conditions = true } = {}) {
    const to = new Printer(r);
    const names = r.chance(25) ? r.some(random.attributeNames(table), 3) : undefined;
    const filter = conditions && r.chance(30) ? random.condition(r, table) : undefined;
    const text = `SELECT ${names ? names.map((name) => `"${name}"`).join(", ") : "*"} FROM "${table.name}" WHERE ${to.key(key)}${filter ? ` AND (${to.condition(filter)})` : ""}`;
    return { text, parameters: to.parameters, name: table.name, key, names, filter };
}

function oneRead(r, table) {
    const made = readStatement(r, table, random.key(r, table));
    const consistent = r.chance(40);
    const body = { ...statementBody(made), ...(consistent && { ConsistentRead: true }) };
    const detail = (body.ReturnConsumedCapacity = details(r, table));
    const apply = (now) => {
        const held = now.tables.get(table.name).get(made.key);
        const shown = held && (!made.filter || holds(made.filter, held)) ? [shaped(held, made.names)] : [];
        return { body: withCapacity({ Items: shown }, detail, table, [{ table: readUnits(held ? itemSize(held) : 0, consistent) }]) };
    };
    return { operation: "ExecuteStatement", body, apply };
}

const tokenShown = (body) => ({ ...body, ...(body.NextToken && { NextToken: "?" }) });

// A partition in its order, or a whole table or index in none.
function manyRead(r, table) {
    const usable = table.indexes.filter((index) => !index.changing);
    const index = usable.length > 0 && r.chance(50) ? r.pick(usable) : undefined;
    const [hash] = index ? index.hash : [table.hash];
    const [range] = index ? index.range : [table.range];
    const rows = table.rows(index);
    const like = rows.length > 0 ? r.pick(rows).item : random.key(r, table);
    const ordered = like[hash.name] !== undefined && r.chance(75);
    const to = new Printer(r);
    const spec = { name: table.name, index: index?.name, parts: [], consistent: (!index || index.local) && r.chance(40) };
    const where = [];
    if (ordered) {
        where.push(to.key({ [hash.name]: like[hash.name] }));
        spec.parts.push({ name: hash.name, holds: (held) => holds({ t: "cmp", op: "=", l: { path: [hash.name] }, r: { value: like[hash.name] } }, { [hash.name]: held }) });
    }
    if (ordered && range && like[range.name] && r.chance(40)) {
        const op = r.pick(["<", "<=", ">", ">="]);
        where.push(`"${range.name}" ${op} ${to.value(like[range.name])}`);
        spec.parts.push({ name: range.name, holds: (held) => holds({ t: "cmp", op, l: { path: [range.name] }, r: { value: like[range.name] } }, { [range.name]: held }) });
    }
    const keys = new Set([...table.schema, ...(index?.keys ?? [])].map(({ name }) => name));
    const seen = (name) => !keys.has(name) && (!index || index.projection === "ALL" || index.nonKey.includes(name));
    if (r.chance(30) && random.attributeNames(table).some(seen)) {
        spec.filter = random.condition(r, table, 0, seen);
        where.push(`(${to.condition(spec.filter)})`);
    }
    let text = `SELECT * FROM "${table.name}"${index ? `."${index.name}"` : ""}${where.length > 0 ? ` WHERE ${where.join(" AND ")}` : ""}`;
    if (ordered && range && r.chance(40)) {
        spec.backward = r.chance(50);
        text += ` ORDER BY "${range.name}" ${spec.backward ? "DESC" : "ASC"}`;
    }
    const body = { ...statementBody({ text, parameters: to.parameters }), ...(spec.consistent && { ConsistentRead: true }) };
    if (ordered && (range || index) && r.chance(30)) { // A whole key is read as by GetItem and has no next page.
        body.Limit = spec.limit = 1 + r.below(5);
    }
    spec.detail = body.ReturnConsumedCapacity = details(r, table);
    const apply = (now) => {
        const { Count, ScannedCount, LastEvaluatedKey, ...shown } = readPage(now.tables.get(table.name), spec).body;
        return { body: { ...shown, ...(LastEvaluatedKey && { LastEvaluatedKey, NextToken: "?" }) }, unordered: ordered ? undefined : "Items", settle: tokenShown };
    };
    return { operation: "ExecuteStatement", body, apply };
}

export function statement(r, world) {
    if (r.chance(2)) {
        const table = r.pick([...world.tables.values()].filter((each) => !whole({ indexes: each.indexes.filter(({ changing }) => !changing) })).concat([undefined]));
        if (table) {
            return { operation: "ExecuteStatement", body: { Statement: `SELECT * FROM "${table.name}"` }, apply: () => invalid([MANY_PARTS]) };
        }
    }
    const table = world.pick(r, whole);
    return r.pick([oneWrite, oneWrite, oneRead, manyRead])(r, table);
}

// --- Batches and transactions -------------------------------------------------------------------------------------

const CODE = { ConditionalCheckFailedException: "ConditionalCheckFailed", ValidationException: "ValidationError" };

const withoutTexts = ({ Responses, ...rest }) => ({
    ...rest,
    Responses: Responses.map((each) => (each.Error ? { Error: { Code: each.Error.Code, ...(each.Error.Item && { Item: each.Error.Item }) } } : each)),
});

export function statementBatch(r, world) {
    const keys = distinctKeys(r, world, 6, whole);
    if (r.chance(40)) {
        const reads = keys.map(({ name, key }) => readStatement(r, world.tables.get(name), key, { conditions: false }));
        const apply = (now) => {
            const responses = reads.map(({ name, key, names }) => {
                const held = now.tables.get(name).get(key);
                return { TableName: name, ...(held && { Item: shaped(held, names) }) };
            });
            return { body: { Responses: responses } };
        };
        return { operation: "BatchExecuteStatement", body: { Statements: reads.map((read) => statementBody(read)) }, apply };
    }
    const writes = keys.map(({ name, key }) => ({ ...writeStatement(r, world.tables.get(name), key, ["put", "update", "delete"], "NONE") }))
        .map((made) => ({ ...made, showItem: !made.write.duplicate && r.chance(30) }));
    const one = (now, { write, showItem }) => {
        const { error, item } = applyWrite(now.tables.get(write.name), write, { showItem });
        const code = error && write.duplicate && error !== "ValidationException" ? "DuplicateItem" : CODE[error];
        return error ? { Error: { Code: code, ...(item && code !== "DuplicateItem" && { Item: item }) } } : { TableName: write.name };
    };
    return {
        operation: "BatchExecuteStatement",
        body: { Statements: writes.map((write) => statementBody(write, write.showItem)) },
        apply: (now) => ({ body: { Responses: writes.map((write) => one(now, write)) }, settle: withoutTexts }),
        steps: writes.map((write) => (now) => one(now, write)),
    };
}

export function statementTransaction(r, world) {
    const keys = distinctKeys(r, world, 5, whole);
    if (r.chance(40)) {
        const reads = keys.map(({ name, key }) => readStatement(r, world.tables.get(name), key, { conditions: false }));
        const apply = (now) => {
            const { body } = readTransaction(now, reads, "NONE");
            return { body: { Responses: body.Responses.map(({ Item }, i) => (Item ? { Item: shaped(Item, reads[i].names) } : {})) } };
        };
        return { operation: "ExecuteTransaction", body: { TransactStatements: reads.map((read) => statementBody(read)) }, apply };
    }
    const writes = keys.map(({ name, key }) => writeStatement(r, world.tables.get(name), key, ["put", "update", "update", "delete", "check"], "NONE"));
    const body = { TransactStatements: writes.map((write) => statementBody(write)) };
    const token = r.chance(50) ? `s${r.below(1 << 30)}-${r.below(1 << 30)}` : undefined;
    const apply = (now) => {
        const expected = applyTransaction(now, writes.map(({ write }) => write), { detail: "NONE" });
        if (expected.error) {
            return expected;
        }
        const answer = { Responses: [] };
        if (token) {
            now.remember(token, { operation: "ExecuteTransaction", member: "TransactStatements", body, answer });
        }
        return { body: answer };
    };
    if (token) {
        body.ClientRequestToken = token;
    }
    return { operation: "ExecuteTransaction", body, apply };
}
