// Conditions, updates and projections as trees: printed as expression text for the server, and evaluated here
// directly, so that no parser of ours takes part (API reference, section 7).
//
//   path       ["a", "b", 0]
//   operand    {path} | {value} | {size: path}
//   condition  {t: "cmp", op, l, r} {t: "and"|"or", parts} {t: "not", part} {t: "between", o, low, high}
//              {t: "in", o, list} {t: "exists"|"missing", path} {t: "type", path, type} {t: "begins"|"contains", path, value}
//   update     {set: [{path, to}], remove: [path], add: [{path, value}], delete: [{path, value}]}
//   to         operand | {plus|minus: [operand, operand]} | {ifMissing: [path, operand]} | {append: [operand, operand]}

import { addNumbers, canonical, compare, equal, isSet, normalise, numberFault, typeOf } from "./values.mjs";

// --- Printing ------------------------------------------------------------------------------------------------

export class Names {
    names = {};
    values = {};
    #numbers = new Map();

    name(text) {
        const key = `#n${this.#number(`n${text}`)}`;
        this.names[key] = text;
        return key;
    }

    value(value) {
        const key = `:v${this.#number(`v${JSON.stringify(value)}`)}`;
        this.values[key] = value;
        return key;
    }

    path(path) {
        return path.map((part, i) => (typeof part === "number" ? `[${part}]` : (i > 0 ? "." : "") + this.name(part))).join("");
    }

    operand(operand) {
        if (operand.path) {
            return this.path(operand.path);
        }
        return operand.size ? `size(${this.path(operand.size)})` : this.value(operand.value);
    }

    into(body) {
        if (Object.keys(this.names).length > 0) {
            body.ExpressionAttributeNames = this.names;
        }
        if (Object.keys(this.values).length > 0) {
            body.ExpressionAttributeValues = this.values;
        }
    }

    #number(key) {
        if (!this.#numbers.has(key)) {
            this.#numbers.set(key, this.#numbers.size);
        }
        return this.#numbers.get(key);
    }
}

export function printCondition(c, to) {
    const inner = (part) => (part.t === "and" || part.t === "or" || part.t === "not" ? `(${printCondition(part, to)})` : printCondition(part, to));
    switch (c.t) {
        case "cmp":
            return `${to.operand(c.l)} ${c.op} ${to.operand(c.r)}`;
        case "and":
        case "or":
            return c.parts.map(inner).join(c.t === "and" ? " AND " : " or ");
        case "not":
            return `NOT ${inner(c.part)}`;
        case "between":
            return `${to.operand(c.o)} BETWEEN ${to.operand(c.low)} AND ${to.operand(c.high)}`;
        case "in":
            return `${to.operand(c.o)} IN (${c.list.map((each) => to.operand(each)).join(", ")})`;
        case "exists":
            return `attribute_exists(${to.path(c.path)})`;
        case "missing":
            return `attribute_not_exists(${to.path(c.path)})`;
        case "type":
            return `attribute_type(${to.path(c.path)}, ${to.value({ S: c.type })})`;
        case "begins":
            return `begins_with(${to.path(c.path)}, ${to.value(c.value)})`;
        default:
            return `contains(${to.path(c.path)}, ${to.value(c.value)})`;
    }
}

function printTo(value, to) {
    if (value.plus || value.minus) {
        const [l, r] = value.plus ?? value.minus;
        return `${printTo(l, to)} ${value.plus ? "+" : "-"} ${printTo(r, to)}`;
    }
    if (value.ifMissing) {
        return `if_not_exists(${to.path(value.ifMissing[0])}, ${printTo(value.ifMissing[1], to)})`;
    }
    if (value.append) {
        return `list_append(${value.append.map((each) => printTo(each, to)).join(", ")})`;
    }
    return to.operand(value);
}

export function printUpdate(u, to) {
    const sections = [
        ["SET", u.set, (s) => `${to.path(s.path)} = ${printTo(s.to, to)}`],
        ["REMOVE", u.remove, (path) => to.path(path)],
        ["ADD", u.add, (s) => `${to.path(s.path)} ${to.value(s.value)}`],
        ["DELETE", u.delete, (s) => `${to.path(s.path)} ${to.value(s.value)}`],
    ];
    return sections
        .filter(([, list]) => list?.length > 0)
        .map(([word, list, print]) => `${word} ${list.map(print).join(", ")}`)
        .join(" ");
}

// --- Reading an item -----------------------------------------------------------------------------------------

const inside = (value, part) => (typeof part === "number" ? value?.L?.[part] : value?.M && Object.hasOwn(value.M, part) ? value.M[part] : undefined);

export function lookUp(item, path) {
    let at = { M: item };
    for (const part of path) {
        at = inside(at, part);
        if (at === undefined) {
            return undefined;
        }
    }
    return at;
}

function sizeOf(value) {
    const type = value && typeOf(value);
    switch (type) {
        case "S":
            return value.S.length;
        case "B":
            return Buffer.from(value.B, "base64").length;
        case "L":
        case "SS":
        case "NS":
        case "BS":
            return value[type].length;
        case "M":
            return Object.keys(value.M).length;
        default:
            return undefined;
    }
}

function operandOf(item, operand) {
    if (operand.path) {
        return lookUp(item, operand.path);
    }
    if (operand.size) {
        const size = sizeOf(lookUp(item, operand.size));
        return size === undefined ? undefined : { N: String(size) };
    }
    return operand.value;
}

const ordered = (type) => type === "S" || type === "N" || type === "B";

function compared(op, l, r) {
    if (op === "<>") {
        return l === undefined || r === undefined || !equal(l, r);
    }
    if (l === undefined || r === undefined) {
        return false;
    }
    if (op === "=") {
        return equal(l, r);
    }
    if (typeOf(l) !== typeOf(r) || !ordered(typeOf(l))) {
        return false;
    }
    const order = compare(l, r);
    return { "<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0 }[op];
}

function contains(held, value) {
    if (held === undefined) {
        return false;
    }
    const type = typeOf(held);
    const wanted = typeOf(value);
    if (type === "S" && wanted === "S") {
        return held.S.includes(value.S);
    }
    if (type === "B" && wanted === "B") {
        return Buffer.from(held.B, "base64").includes(Buffer.from(value.B, "base64"));
    }
    if (type === "L") {
        return held.L.some((each) => equal(each, value));
    }
    return isSet(type) && type[0] === wanted && held[type].some((each) => equal({ [wanted]: each }, value));
}

export function holds(c, item) {
    switch (c.t) {
        case "cmp":
            return compared(c.op, operandOf(item, c.l), operandOf(item, c.r));
        case "and":
            return c.parts.every((part) => holds(part, item));
        case "or":
            return c.parts.some((part) => holds(part, item));
        case "not":
            return !holds(c.part, item);
        case "between": {
            const value = operandOf(item, c.o);
            return compared(">=", value, operandOf(item, c.low)) && compared("<=", value, operandOf(item, c.high));
        }
        case "in":
            return c.list.some((each) => compared("=", operandOf(item, c.o), operandOf(item, each)));
        case "exists":
            return lookUp(item, c.path) !== undefined;
        case "missing":
            return lookUp(item, c.path) === undefined;
        case "type": {
            const value = lookUp(item, c.path);
            return value !== undefined && typeOf(value) === c.type;
        }
        case "begins": {
            const value = lookUp(item, c.path);
            return value?.S !== undefined && c.value.S !== undefined && value.S.startsWith(c.value.S);
        }
        default:
            return contains(lookUp(item, c.path), c.value);
    }
}

// What the paths address, in its structure, list elements closed up.
export function pick(item, paths) {
    const root = {};
    for (const path of paths) {
        let node = root;
        for (const part of path) {
            node = node[part] ??= {};
        }
    }
    const cut = (value, node) => {
        const parts = Object.keys(node);
        if (parts.length === 0) {
            return value;
        }
        if (value.M) {
            const kept = parts.filter((part) => Object.hasOwn(value.M, part)).map((part) => [part, cut(value.M[part], node[part])]);
            const made = Object.fromEntries(kept.filter(([, each]) => each !== undefined));
            return Object.keys(made).length > 0 ? { M: made } : undefined;
        }
        if (value.L) {
            const numbers = parts.map(Number).filter((n) => n < value.L.length).sort((a, b) => a - b);
            const kept = numbers.map((n) => cut(value.L[n], node[n])).filter((each) => each !== undefined);
            return kept.length > 0 ? { L: kept } : undefined;
        }
        return undefined;
    };
    return cut({ M: item }, root)?.M ?? {};
}

// --- Updating ------------------------------------------------------------------------------------------------

export const INVALID_PATH = "The document path provided in the update expression is invalid for update";
export const MISSING = "The provided expression refers to an attribute that does not exist in the item";
export const WRONG_TYPE = "An operand in the update expression has an incorrect data type";

// Not an Error: these are many, and nobody looks at their stacks.
class Refused {
    constructor(message) {
        this.message = message;
    }
}

function sum(a, b, minus) {
    const made = addNumbers(a, b, minus);
    const fault = numberFault(made);
    if (fault) {
        throw new Refused(fault);
    }
    return { N: made };
}

function valueOf(item, to) {
    if (to.plus || to.minus) {
        const [l, r] = (to.plus ?? to.minus).map((each) => valueOf(item, each));
        if (l.N === undefined || r.N === undefined) {
            throw new Refused(WRONG_TYPE);
        }
        return sum(l.N, r.N, to.minus !== undefined);
    }
    if (to.ifMissing) {
        return lookUp(item, to.ifMissing[0]) ?? valueOf(item, to.ifMissing[1]);
    }
    if (to.append) {
        const [l, r] = to.append.map((each) => valueOf(item, each));
        if (!l.L || !r.L) {
            throw new Refused(WRONG_TYPE);
        }
        return { L: [...l.L, ...r.L] };
    }
    const value = operandOf(item, to);
    if (value === undefined) {
        throw new Refused(MISSING);
    }
    return normalise(value);
}

// The container that holds the last part of the path, in a copy that may be changed.
function parentOf(item, path) {
    let at = { M: item };
    for (const part of path.slice(0, -1)) {
        at = inside(at, part);
        if (at === undefined) {
            throw new Refused(INVALID_PATH);
        }
    }
    const last = path.at(-1);
    if (typeof last === "number" ? !at.L : !at.M) {
        throw new Refused(INVALID_PATH);
    }
    return [at, last];
}

function united(held, value) {
    const type = typeOf(value);
    if (type === "N") {
        if (held !== undefined && held.N === undefined) {
            throw new Refused(WRONG_TYPE);
        }
        return sum(held?.N ?? "0", value.N, false);
    }
    if (held !== undefined && held[type] === undefined) {
        throw new Refused(WRONG_TYPE);
    }
    const all = [...(held?.[type] ?? []), ...normalise(value)[type]];
    const seen = new Set();
    return { [type]: all.filter((each) => !seen.has(canonical({ [type[0]]: each })) && seen.add(canonical({ [type[0]]: each }))) };
}

function reduced(held, value) {
    const type = typeOf(value);
    if (held === undefined) {
        return undefined;
    }
    if (held[type] === undefined) {
        throw new Refused(WRONG_TYPE);
    }
    const gone = new Set(value[type].map((each) => canonical({ [type[0]]: each })));
    const left = held[type].filter((each) => !gone.has(canonical({ [type[0]]: each })));
    return left.length > 0 ? { [type]: left } : undefined;
}

const put = ([container, last], value) => {
    if (container.L) {
        container.L[Math.min(last, container.L.length)] = value;
    } else if (value === undefined) {
        delete container.M[last];
    } else {
        container.M[last] = value;
    }
};

// {item} or {refused: every text that would be right}. No two paths of an update overlap.
export function update(old, u) {
    const made = structuredClone(old);
    const refused = [];
    const attempt = (work) => {
        try {
            work();
        } catch (e) {
            if (!(e instanceof Refused)) {
                throw e;
            }
            refused.push(e.message);
        }
    };
    const removals = [];
    for (const { path, to } of u.set ?? []) {
        attempt(() => {
            const value = valueOf(old, to);
            put(parentOf(made, path), structuredClone(value));
        });
    }
    for (const path of u.remove ?? []) {
        attempt(() => {
            const at = parentOf(made, path);
            removals.push(at);
        });
    }
    for (const { path, value } of u.add ?? []) {
        attempt(() => put(parentOf(made, path), united(lookUp(old, path), value)));
    }
    for (const { path, value } of u.delete ?? []) {
        attempt(() => put(parentOf(made, path), reduced(lookUp(old, path), value)));
    }
    if (refused.length > 0) {
        return { refused };
    }
    removals.sort(([, a], [, b]) => (typeof a === "number" && typeof b === "number" ? b - a : 0));
    for (const [container, last] of removals) {
        if (container.L) {
            if (last < container.L.length) {
                container.L.splice(last, 1);
            }
        } else {
            delete container.M[last];
        }
    }
    return { item: made };
}

export const targets = (u) => [
    ...(u.set ?? []).map((s) => s.path),
    ...(u.remove ?? []),
    ...(u.add ?? []).map((s) => s.path),
    ...(u.delete ?? []).map((s) => s.path),
];
