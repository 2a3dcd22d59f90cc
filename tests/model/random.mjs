// Numbers from a seed, and the random items, conditions and updates that requests are made of. Small domains, so
// that requests meet each other.

export class Random {
    #a;
    #b;
    #c;
    #counter = 1;

    // sfc32; the first numbers are thrown away, so that neighbours among the seeds give other sequences.
    constructor(seed) {
        this.#a = seed >>> 0;
        this.#b = Math.floor(seed / 2 ** 32) >>> 0;
        this.#c = 0x9e3779b9;
        for (let i = 0; i < 16; i++) {
            this.below(1);
        }
    }

    below(bound) {
        const sum = (((this.#a + this.#b) | 0) + this.#counter++) | 0;
        this.#a = this.#b ^ (this.#b >>> 9);
        this.#b = (this.#c + (this.#c << 3)) | 0;
        this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
        return (sum >>> 1) % bound;
    }

    chance(percent) {
        return this.below(100) < percent;
    }

    pick(list) {
        return list[this.below(list.length)];
    }

    // Up to `most` of them in any order; or all.
    some(list, most, all = false) {
        const left = [...list];
        const taken = [];
        for (let n = all ? list.length : 1 + this.below(most); n > 0 && left.length > 0; n--) {
            taken.push(...left.splice(this.below(left.length), 1));
        }
        return taken;
    }
}

const WORDS = ["a", "ab", "abc", "b", "é中", "😀", "zz"];
const BINARIES = ["AA==", "AAE=", "/w==", "AQID"];

const EXTREMES = ["9".repeat(38), "1E125", "1E-130", `-9.${"9".repeat(37)}E125`, "0.12345678901234567890123456789012345678", "1E50", "-1E-38", "0.1E-5"];

export function number(r) {
    if (r.chance(2)) {
        return r.pick(EXTREMES);
    }
    const n = r.below(101) - 50;
    return r.pick([`${n}`, `${n}`, `${n}.5`, `${n}.25`, `0${Math.abs(n)}`, `${n}E2`, `${n}.50`, `1${"0".repeat(r.below(12))}`]);
}

const unique = (list) => [...new Set(list)];

export function scalar(r, type) {
    switch (type) {
        case "S":
            return { S: r.pick(WORDS) };
        case "N":
            return { N: number(r) };
        default:
            return { B: r.pick(BINARIES) };
    }
}

export function anyValue(r, depth = 0) {
    switch (r.below(depth < 2 ? 11 : 6)) {
        case 0:
        case 1:
            return { S: r.pick([...WORDS, ""]) };
        case 2:
            return { N: number(r) };
        case 3:
            return { B: r.pick(BINARIES) };
        case 4:
            return { BOOL: r.chance(50) };
        case 5:
            return { NULL: true };
        case 6:
            return { L: Array.from({ length: r.below(4) }, () => anyValue(r, depth + 1)) };
        case 7:
            return { M: Object.fromEntries(r.some(["x", "y", "k"], 3).map((name) => [name, anyValue(r, depth + 1)])) };
        case 8:
            return { SS: r.some(WORDS, 4) };
        case 9:
            return { NS: unique(Array.from({ length: 1 + r.below(4) }, () => String(r.below(20)))) };
        default:
            return { BS: r.some(BINARIES, 3) };
    }
}

const OF_NAME = {
    n: (r) => ({ N: number(r) }),
    s: (r) => ({ S: r.pick([...WORDS, ""]) }),
    flag: (r) => ({ BOOL: r.chance(50) }),
    l: (r) => ({ L: Array.from({ length: r.below(5) }, () => anyValue(r, 1)) }),
    m: (r) => ({ M: Object.fromEntries(r.some(["x", "y", "k"], 3).map((name) => [name, name === "x" ? { N: number(r) } : anyValue(r, 1)])) }),
    ss: (r) => ({ SS: r.some(WORDS, 4) }),
    ns: (r) => ({ NS: unique(Array.from({ length: 1 + r.below(4) }, () => String(r.below(20)))) }),
    bin: (r) => ({ B: r.pick(BINARIES) }),
    any: (r) => anyValue(r),
    big: (r) => ({ S: "x".repeat(r.below(4) * 900 + r.below(60)) }),
    v: (r) => (r.chance(60) ? { S: r.pick(WORDS) } : anyValue(r)),
};
const INDEX_DOMAINS = { S: ["a", "b", "c", "é", "d"], N: ["0", "1", "2", "3.5", "-1"], B: BINARIES };

export const FREE_NAMES = Object.keys(OF_NAME);

// A value for an attribute: of the right type when an index has it as a key, nearly always.
export function valueFor(r, table, name) {
    const index = table.indexes.find((each) => each.keys.some((key) => key.name === name));
    const key = index?.keys.find((each) => each.name === name);
    if (key && (index.changing === "deleting" || !r.chance(1))) {
        return { [key.type]: r.pick(INDEX_DOMAINS[key.type]) };
    }
    return (OF_NAME[name] ?? anyValue)(r);
}

export const attributeNames = (table) =>
    unique([...FREE_NAMES, ...table.indexes.flatMap((index) => index.keys.map(({ name }) => name))]).filter((name) => !table.schema.some((key) => key.name === name));

export function key(r, table) {
    const domain = { S: (n) => `p${n}`, N: (n) => String(n * 10), B: (n) => Buffer.from([n, 0, 255]).toString("base64") };
    return Object.fromEntries(table.schema.map(({ name, type }) => [name, { [type]: domain[type](r.below(table.spread)) }]));
}

export function item(r, table) {
    const made = key(r, table);
    for (const name of r.some(attributeNames(table), 8)) {
        made[name] = valueFor(r, table, name);
    }
    return made;
}

export function path(r, table, { nested = true } = {}) {
    const name = r.pick(attributeNames(table));
    if (!nested || r.chance(50)) {
        return [name];
    }
    switch (name) {
        case "m":
            return r.pick([["m", "x"], ["m", "y"], ["m", "k", "x"], ["m", "k", 0]]);
        case "l":
            return r.pick([["l", 0], ["l", 1], ["l", 3], ["l", 0, "x"]]);
        default:
            return [name];
    }
}

const valueLike = (r, table, p) => (p.length === 1 && r.chance(70) ? valueFor(r, table, p[0]) : anyValue(r, 1));

// `allowed` says which names may be asked about.
export function condition(r, table, depth = 0, allowed = () => true) {
    let p = path(r, table);
    while (!allowed(p[0])) {
        p = path(r, table);
    }
    const type = r.pick(["S", "N", "B"]);
    switch (r.below(depth < 2 ? 14 : 10)) {
        case 0:
        case 1:
            return { t: "cmp", op: r.pick(["=", "<>"]), l: { path: p }, r: { value: valueLike(r, table, p) } };
        case 2:
            return { t: "cmp", op: r.pick(["<", "<=", ">", ">="]), l: { path: p }, r: { value: scalar(r, type) } };
        case 3:
            return { t: "cmp", op: r.pick(["<", "=", ">=", "<>"]), l: { size: p }, r: { value: { N: String(r.below(6)) } } };
        case 4: {
            const [low, high] = [r.below(20), r.below(20)].sort((a, b) => a - b);
            return { t: "between", o: { path: p }, low: { value: { N: String(low) } }, high: { value: { N: String(high) } } };
        }
        case 5:
            return { t: "in", o: { path: p }, list: [valueLike(r, table, p), anyValue(r, 1)].map((value) => ({ value })) };
        case 6:
            return { t: "exists", path: p };
        case 7:
            return { t: "missing", path: p };
        case 8:
            return r.chance(50)
                ? { t: "type", path: p, type: r.pick(["S", "SS", "N", "NS", "B", "BS", "BOOL", "NULL", "L", "M"]) }
                : { t: "begins", path: p, value: { S: r.pick(["a", "ab", "é", ""]) } };
        case 9:
            return { t: "contains", path: p, value: r.pick([scalar(r, type), { S: "b" }]) };
        case 10:
        case 11:
            return { t: r.pick(["and", "or"]), parts: [condition(r, table, depth + 1, allowed), condition(r, table, depth + 1, allowed)] };
        case 12:
            return { t: "not", part: condition(r, table, depth + 1, allowed) };
        default: {
            const other = path(r, table);
            return !allowed(other[0]) || JSON.stringify(other) === JSON.stringify(p)
                ? { t: "exists", path: p }
                : { t: "cmp", op: r.pick(["=", "<>", "<"]), l: { path: p }, r: { path: other } };
        }
    }
}

function setTo(r, table, p) {
    switch (r.below(6)) {
        case 0:
            return { [r.pick(["plus", "minus"])]: [{ path: r.pick([["n"], ["m", "x"], p]) }, { value: { N: number(r) } }] };
        case 1:
            return { ifMissing: [r.pick([p, ["n"], ["s"]]), { value: valueLike(r, table, p) }] };
        case 2:
            return { append: [{ ifMissing: [["l"], { value: { L: [] } }] }, { value: { L: [anyValue(r, 1)] } }] };
        case 3:
            return { path: path(r, table) };
        default:
            return { value: valueLike(r, table, p) };
    }
}

// One action per top-level attribute, except for two members of `m` or two elements of `l`.
export function update(r, table) {
    const u = { set: [], remove: [], add: [], delete: [] };
    const indexed = new Set(table.indexes.flatMap((index) => index.keys.map(({ name }) => name)));
    for (const name of r.some(attributeNames(table), 4)) {
        const plain = indexed.has(name) || name === "v";
        if (plain) {
            (r.chance(75) ? u.set : u.remove).push(null);
            const list = u.set.at(-1) === null ? u.set : u.remove;
            list[list.length - 1] = list === u.set ? { path: [name], to: { value: valueFor(r, table, name) } } : [name];
            continue;
        }
        const p = name === "m" && r.chance(60) ? ["m", r.pick(["x", "y", "k"])] : name === "l" && r.chance(60) ? ["l", r.below(4)] : [name];
        switch (r.below(8)) {
            case 0:
                u.remove.push(p);
                if (name === "l" && p.length === 2) {
                    u.remove.push(["l", p[1] + 1]);
                }
                break;
            case 1:
                u.add.push({ path: p, value: r.pick([{ N: number(r) }, { NS: ["1", "7"] }, { SS: ["a", "q"] }]) });
                break;
            case 2:
                u.delete.push({ path: name === "l" ? [name] : p, value: r.pick([{ NS: ["1", "7"] }, { SS: ["a", "zz"] }]) });
                break;
            default:
                u.set.push({ path: p, to: setTo(r, table, p) });
        }
    }
    if (u.set.length === 0 && u.add.length === 0) { // Alone, these would ask what a missing item's parents are.
        u.remove = u.remove.map((p) => p.slice(0, 1)).filter((p, i, all) => all.findIndex((each) => each[0] === p[0]) === i);
        u.delete = u.delete.map((d) => ({ ...d, path: d.path.slice(0, 1) }));
    }
    return u;
}
