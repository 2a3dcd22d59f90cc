// Attribute values as the reference describes them (API reference, section 5), written for checking: plain and
// slow. A value is the JSON of the wire; numbers are kept in their normal form.

export function decimal(text) {
    const [, sign, whole, fraction = "", exponent = "0"] = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text);
    let scale = fraction.length - Number(exponent);
    let units = BigInt((whole || "0") + fraction || "0");
    while (units !== 0n && units % 10n === 0n) {
        units /= 10n;
        scale -= 1;
    }
    return { units: sign === "-" ? -units : units, scale: units === 0n ? 0 : scale };
}

export function decimalText({ units, scale }) {
    const digits = (units < 0n ? -units : units).toString();
    const sign = units < 0n ? "-" : "";
    if (scale <= 0) {
        return sign + digits + "0".repeat(-scale);
    }
    const padded = digits.padStart(scale + 1, "0");
    return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
}

function aligned(a, b) {
    const scale = Math.max(a.scale, b.scale);
    const raise = (n) => n.units * 10n ** BigInt(scale - n.scale);
    return [raise(a), raise(b), scale];
}

const normal = (units, scale) => decimal(`${units}e${-scale}`);

export function addNumbers(a, b, minus = false) {
    const [x, y, scale] = aligned(decimal(a), decimal(b));
    return decimalText(normal(minus ? x - y : x + y, scale));
}

const DIGITS = 38;
const [LARGEST, SMALLEST] = [125, -130]; // Exponents of the first digit.
const OVERFLOW = "Number overflow. Attempting to store a number with magnitude larger than supported range";
const UNDERFLOW = "Number underflow. Attempting to store a number with magnitude smaller than supported range";

// Why the result of arithmetic is not a number that can be stored, or undefined.
export function numberFault(text) {
    const { units, scale } = decimal(text);
    const digits = String(units < 0n ? -units : units).length;
    if (units === 0n) {
        return undefined;
    }
    const exponent = digits - scale - 1;
    return digits > DIGITS || exponent > LARGEST ? OVERFLOW : exponent < SMALLEST ? UNDERFLOW : undefined;
}

const SHORT = 15; // Digits that a double holds exactly enough to tell two numbers apart.

export function compareNumbers(a, b) {
    if (a.length <= SHORT && b.length <= SHORT && !/e/i.test(a + b)) {
        return Math.sign(Number(a) - Number(b));
    }
    const [x, y] = aligned(decimal(a), decimal(b));
    return x < y ? -1 : x > y ? 1 : 0;
}

// Significant digits before and after the point, in pairs.
function numberSize(text) {
    const [, sign, whole, fraction = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
    let before = whole.replace(/^0+/, "");
    let after = fraction.replace(/0+$/, "");
    if (after === "") {
        before = before.replace(/0+$/, "");
    }
    if (before === "") {
        after = after.replace(/^0+/, "");
    }
    const pairs = Math.ceil(before.length / 2) + Math.ceil(after.length / 2);
    return Math.min(21, 1 + pairs + (sign === "-" ? 1 : 0));
}

const bytes = (base64) => Buffer.from(base64, "base64");
export const typeOf = (value) => Object.keys(value)[0];
export const isSet = (type) => type === "SS" || type === "NS" || type === "BS";

export function valueSize(value) {
    const type = typeOf(value);
    const inside = value[type];
    switch (type) {
        case "S":
            return Buffer.byteLength(inside);
        case "B":
            return bytes(inside).length;
        case "N":
            return numberSize(inside);
        case "BOOL":
        case "NULL":
            return 1;
        case "L":
            return inside.reduce((sum, each) => sum + 1 + valueSize(each), 3);
        case "M":
            return Object.entries(inside).reduce((sum, [name, each]) => sum + 1 + Buffer.byteLength(name) + valueSize(each), 3);
        default:
            return inside.reduce((sum, each) => sum + valueSize({ [type[0]]: each }), 0);
    }
}

export const itemSize = (item) =>
    Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueSize(value), 0);

// One text per value: equal values have equal texts, at any depth.
export function canonical(value) {
    const type = typeOf(value);
    const inside = value[type];
    switch (type) {
        case "N":
            return `N${decimalText(decimal(inside))}`;
        case "L":
            return `L[${inside.map(canonical).join()}]`;
        case "M":
            return `M${canonicalItem(inside)}`;
        case "SS":
        case "NS":
        case "BS":
            return `${type}[${inside.map((each) => canonical({ [type[0]]: each })).sort().join()}]`;
        default:
            return type + JSON.stringify(inside);
    }
}

export const canonicalItem = (item) =>
    `{${Object.keys(item).sort().map((name) => `${JSON.stringify(name)}:${canonical(item[name])}`).join()}}`;

export const equal = (a, b) => canonical(a) === canonical(b);

// S, N and B of one type only.
export function compare(a, b) {
    const type = typeOf(a);
    if (type === "N") {
        return compareNumbers(a.N, b.N);
    }
    return type === "S" ? Buffer.compare(Buffer.from(a.S), Buffer.from(b.S)) : Buffer.compare(bytes(a.B), bytes(b.B));
}

export const normalise = (value) => {
    const type = typeOf(value);
    const inside = value[type];
    switch (type) {
        case "N":
            return { N: decimalText(decimal(inside)) };
        case "NS":
            return { NS: inside.map((each) => decimalText(decimal(each))) };
        case "L":
            return { L: inside.map(normalise) };
        case "M":
            return { M: normaliseItem(inside) };
        default:
            return value;
    }
};

export const normaliseItem = (item) => Object.fromEntries(Object.entries(item).map(([name, value]) => [name, normalise(value)]));
