// A table in memory with its indexes as functions of its items (API reference, sections 8 to 10 and 15).

import { canonical, canonicalItem, compare, itemSize, typeOf, valueSize } from "./values.mjs";

const KB = 1024;
export const writeUnits = (bytes) => Math.max(1, Math.ceil(bytes / KB));
export const readUnits = (bytes, consistent) => Math.max(1, Math.ceil(bytes / (4 * KB))) * (consistent ? 1 : 0.5);

export const keyNames = (schema) => schema.map((key) => key.name);

function compareBy(schema, a, b) {
    for (const { name } of schema) {
        const order = compare(a[name], b[name]);
        if (order !== 0) {
            return order;
        }
    }
    return 0;
}

export class Index {
    constructor({ name, local = false, hash, range = [], projection = "ALL", nonKey = [] }) {
        Object.assign(this, { name, local, hash, range, projection, nonKey });
        this.keys = [...hash, ...range];
    }

    // `changing`: "creating" while it is filled, "deleting" until it is gone.
    as(changing) {
        return Object.assign(Object.create(Index.prototype), this, { changing });
    }

    holds(item) {
        const fits = this.keys.every(({ name, type }) => {
            const value = item[name]?.[type];
            return value !== undefined && value !== "";
        });
        return fits && this.tooLong(item).length === 0;
    }

    // Which of the two lists of key attributes are longer, together, than keys may be.
    tooLong(item) {
        const length = (value) => (value?.S !== undefined || value?.B !== undefined ? valueSize(value) : 0); // Numbers are short.
        const bytes = (keys) => keys.reduce((sum, { name }) => sum + length(item[name]), 0);
        return [
            { keys: this.hash, most: 2048, text: "Size of hashkey has exceeded the maximum size limit of2048 bytes" },
            { keys: this.range, most: 1024, text: "Aggregated size of all range keys has exceeded the size limit of 1024 bytes" },
        ].filter(({ keys, most }) => bytes(keys) > most);
    }

    entry(item, table) {
        if (!item || !this.holds(item)) {
            return undefined;
        }
        if (this.projection === "ALL") {
            return item;
        }
        const kept = new Set([...keyNames(table.schema), ...keyNames(this.keys), ...this.nonKey]);
        return Object.fromEntries(Object.entries(item).filter(([name]) => kept.has(name)));
    }

    keyOf(entry) {
        return this.keys.map(({ name }) => canonical(entry[name])).join();
    }

    definition(provisioned) {
        const made = {
            IndexName: this.name,
            KeySchema: [
                ...this.hash.map(({ name }) => ({ AttributeName: name, KeyType: "HASH" })),
                ...this.range.map(({ name }) => ({ AttributeName: name, KeyType: "RANGE" })),
            ],
            Projection: { ProjectionType: this.projection },
        };
        if (this.projection === "INCLUDE") {
            made.Projection.NonKeyAttributes = this.nonKey;
        }
        return provisioned ? { ...made, ProvisionedThroughput: provisioned } : made;
    }
}

export class Table {
    constructor(name, hash, range, indexes = []) {
        this.name = name;
        this.hash = hash;
        this.range = range;
        this.schema = range ? [hash, range] : [hash];
        this.indexes = indexes.map((each) => new Index(each));
        this.items = new Map();
    }

    definition() {
        const keys = new Map([...this.schema, ...this.indexes.flatMap((index) => index.keys)].map((key) => [key.name, key.type]));
        const body = {
            TableName: this.name,
            BillingMode: "PAY_PER_REQUEST",
            AttributeDefinitions: [...keys].map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType })),
            KeySchema: this.schema.map(({ name }, i) => ({ AttributeName: name, KeyType: i === 0 ? "HASH" : "RANGE" })),
        };
        const local = this.indexes.filter((index) => index.local);
        const global = this.indexes.filter((index) => !index.local);
        if (local.length > 0) {
            body.LocalSecondaryIndexes = local.map((index) => index.definition());
        }
        if (global.length > 0) {
            body.GlobalSecondaryIndexes = global.map((index) => index.definition());
        }
        return body;
    }

    keyOf(item) {
        return Object.fromEntries(this.schema.map(({ name }) => [name, item[name]]));
    }

    place(item) {
        return canonicalItem(this.keyOf(item));
    }

    get(key) {
        return this.items.get(this.place(key));
    }

    // Every reason why an item may not be stored: the keys of indexes that it has must fit them. Only `touched`
    // names are looked at.
    indexFaults(item, touched, updating) {
        const faults = [];
        for (const index of this.indexes.filter(({ changing }) => changing !== "deleting")) {
            for (const { name, type } of index.keys) {
                const value = item[name];
                if (value === undefined || !touched.has(name)) {
                    continue;
                }
                if (value[type] === undefined) {
                    faults.push(`One or more parameter values were invalid: Type mismatch for Index Key ${name} Expected: ${type} Actual: ${typeOf(value)} IndexName: ${index.name}`);
                } else if (value[type] === "") {
                    faults.push(updating
                        ? "One or more parameter values are not valid. The update expression attempted to update a secondary index key to a value that is not supported. The AttributeValue for a key attribute cannot contain an empty string value."
                        : `One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty string value. IndexName: ${index.name}, IndexKey: ${name}`);
                }
            }
            for (const { keys, text } of index.tooLong(item)) {
                if (keys.some(({ name }) => touched.has(name))) {
                    faults.push(updating
                        ? "The update expression attempted to update the secondary index key beyond allowed size limits"
                        : `One or more parameter values were invalid: ${text}`);
                }
            }
        }
        return faults;
    }

    // Write `item` (undefined: delete) at `key`; the capacity that takes.
    write(key, item) {
        const place = this.place(key);
        const old = this.items.get(place);
        const indexes = {};
        for (const index of this.indexes) {
            const units = Table.indexUnits(index, index.entry(old, this), index.entry(item, this));
            if (units > 0) {
                indexes[index.name] = units;
            }
        }
        if (item) {
            this.items.set(place, item);
        } else {
            this.items.delete(place);
        }
        return { table: writeUnits(Math.max(old ? itemSize(old) : 0, item ? itemSize(item) : 0)), indexes };
    }

    static indexUnits(index, before, after) {
        if (!before && !after) {
            return 0;
        }
        if (!before || !after) {
            return writeUnits(itemSize(before ?? after));
        }
        if (index.keyOf(before) !== index.keyOf(after)) {
            return writeUnits(itemSize(before)) + writeUnits(itemSize(after));
        }
        return canonicalItem(before) === canonicalItem(after) ? 0 : writeUnits(Math.max(itemSize(before), itemSize(after)));
    }

    index(name) {
        return this.indexes.find((index) => index.name === name);
    }

    // Entries in the order of a query: [{entry, item}].
    rows(index) {
        const order = index ? [...index.range, ...this.schema] : this.schema;
        return [...this.items.values()]
            .map((item) => ({ item, entry: index ? index.entry(item, this) : item }))
            .filter(({ entry }) => entry !== undefined)
            .sort((a, b) => compareBy(order, a.item, b.item));
    }

    copy() {
        const made = Object.assign(Object.create(Table.prototype), this);
        made.items = new Map(this.items);
        made.indexes = [...this.indexes];
        return made;
    }
}

// Of one answer, from what each part took.
export function capacity(detail, table, parts, { reads = false, transaction = false } = {}) {
    if (detail === "NONE" || detail === undefined) {
        return undefined;
    }
    const split = (units) => (transaction ? { CapacityUnits: units, [reads ? "ReadCapacityUnits" : "WriteCapacityUnits"]: units } : { CapacityUnits: units });
    const base = parts.reduce((sum, part) => sum + part.table, 0);
    const indexes = {};
    for (const part of parts) {
        for (const [name, units] of Object.entries(part.indexes ?? {})) {
            indexes[name] = (indexes[name] ?? 0) + units;
        }
    }
    const total = base + Object.values(indexes).reduce((sum, units) => sum + units, 0);
    const made = { TableName: table.name, ...split(total) };
    if (detail === "INDEXES") {
        made.Table = split(base);
        for (const local of [true, false]) {
            const named = Object.entries(indexes).filter(([name]) => table.index(name).local === local);
            if (named.length > 0) {
                made[local ? "LocalSecondaryIndexes" : "GlobalSecondaryIndexes"] = Object.fromEntries(named.map(([name, units]) => [name, split(units)]));
            }
        }
    }
    return made;
}
