// Is an answer what the model expects? Sets have no order; of some answers lists have none either.


const SETS = new Set(["SS", "NS", "BS"]);

// The same JSON with members and set elements in one order.
export function settled(json) {
    if (Array.isArray(json)) {
        return json.map(settled);
    }
    if (json === null || typeof json !== "object") {
        return json;
    }
    const names = Object.keys(json).sort();
    if (names.length === 1 && SETS.has(names[0]) && Array.isArray(json[names[0]])) {
        return { [names[0]]: [...json[names[0]]].sort() };
    }
    return Object.fromEntries(names.map((name) => [name, settled(json[name])]));
}

// Equal, whatever the order of members and set elements.
function same(a, b) {
    if (a === b) {
        return true;
    }
    if (a === null || b === null || typeof a !== "object" || typeof b !== "object" || Array.isArray(a) !== Array.isArray(b)) {
        return false;
    }
    if (Array.isArray(a)) {
        return a.length === b.length && a.every((each, i) => same(each, b[i]));
    }
    const names = Object.keys(a).filter((name) => a[name] !== undefined);
    if (names.length !== Object.keys(b).length) {
        return false;
    }
    if (names.length === 1 && SETS.has(names[0]) && Array.isArray(a[names[0]]) && Array.isArray(b[names[0]])) {
        return unorderedSame(a[names[0]].toSorted(), b[names[0]].toSorted());
    }
    return names.every((name) => same(a[name], b[name]));
}

const text = (json) => JSON.stringify(settled(json));
const sorted = (list) => list.map(text).sort().join();

export const unorderedSame = (a, b) => a.length === b.length && a.every((each, i) => each === b[i]);

function differentUnordered(expected, held, which) {
    for (const name of new Set([...Object.keys(expected), ...Object.keys(held)])) {
        const [a, b] = [expected[name], held[name]];
        const any = which === true || which === name;
        if (any && Array.isArray(a) && Array.isArray(b)) {
            if (sorted(a) !== sorted(b)) {
                return `${name} differs`;
            }
        } else if (any && (name === "Responses" || name === "ItemCollectionMetrics")) {
            if (!a || Object.keys(a).sort().join() !== Object.keys(b ?? {}).sort().join() || Object.keys(a).some((table) => sorted(a[table]) !== sorted(b[table]))) {
                return `${name} differs`;
            }
        } else if (!same(a, b)) {
            return `${name} differs`;
        }
    }
    return undefined;
}

function differentReasons(expected, held = []) {
    if (expected.length !== held.length) {
        return `${held.length} reasons`;
    }
    for (const [i, { code, item, messages }] of expected.entries()) {
        if (held[i].Code !== code) {
            return `reason ${i} is ${held[i].Code}`;
        }
        if (messages && !messages.includes(held[i].Message)) {
            return `the text of reason ${i} differs`;
        }
        if (!same(item ?? null, held[i].Item ?? null)) {
            return `the item of reason ${i} differs`;
        }
    }
    return undefined;
}

// undefined when it is; else what differs.
export function difference(expected, { status, body }) {
    if (expected.anything) {
        return status === 200 ? undefined : "refused";
    }
    if (!expected.error) {
        if (status !== 200) {
            return "refused";
        }
        const shown = expected.settle ? expected.settle(body) : body;
        return expected.unordered ? differentUnordered(expected.body, shown, expected.unordered) : same(expected.body, shown) ? undefined : "the answer differs";
    }
    const name = String(body.__type).replace(/.*#/, "");
    if (status === 200 || name !== expected.error) {
        return status === 200 ? "accepted" : `refused as ${name}`;
    }
    const message = body.message ?? body.Message;
    if (expected.messages && !expected.messages.includes(message)) {
        return "another text";
    }
    if (!same(expected.item ?? null, body.Item ?? null)) {
        return "the item of the refusal differs";
    }
    return expected.reasons ? differentReasons(expected.reasons, body.CancellationReasons) : undefined;
}

