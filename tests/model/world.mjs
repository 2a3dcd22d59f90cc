// What requests of all kinds share: the tables of one connection, and how an answer reports capacity.

import { capacity } from "./tables.mjs";

export const CONDITION_FAILED = { error: "ConditionalCheckFailedException", messages: ["The conditional request failed"] };
export const NOT_FOUND = { error: "ResourceNotFoundException", messages: ["Requested resource not found"] };
export const invalid = (messages) => ({ error: "ValidationException", messages });
export const EMPTY = {};

const TOKENS = 50; // How many transactions are remembered to be asked again.

export class World {
    constructor(tables) {
        this.tables = new Map(tables.map((table) => [table.name, table]));
        this.tokens = new Map();
    }

    copy() {
        const made = new World([...this.tables.values()].map((table) => table.copy()));
        made.tokens = new Map(this.tokens);
        return made;
    }

    // One of the tables that most requests are about.
    pick(r, fits = () => true) {
        return r.pick([...this.tables.values()].filter((table) => !table.large && fits(table)));
    }

    remember(token, transaction) {
        this.tokens.set(token, transaction);
        if (this.tokens.size > TOKENS) {
            this.tokens.delete(this.tokens.keys().next().value);
        }
    }
}

// How much a request asks to be told of capacity. While an index is made or taken away, what its part of a write
// costs depends on how far that is: then nothing is asked.
export const details = (r, ...tables) => (tables.some((table) => table.indexes.some((index) => index.changing)) ? "NONE" : r.pick(["NONE", "TOTAL", "INDEXES", "INDEXES"]));

export const withCapacity = (body, detail, table, parts, how) => {
    const taken = capacity(detail, table, parts, how);
    return taken ? { ...body, ConsumedCapacity: taken } : body;
};

export const collectionOf = (table, key) => ({ ItemCollectionKey: { [table.hash.name]: key[table.hash.name] }, SizeEstimateRangeGB: [0, 1] });
export const hasCollections = (table) => table.indexes.some((index) => index.local);

// What several writes report: every collection once, nothing when there is none.
export function collections(writes, world) {
    const made = {};
    for (const { name, key } of writes) {
        const table = world.tables.get(name);
        if (hasCollections(table)) {
            const one = collectionOf(table, key);
            made[name] ??= [];
            if (!made[name].some((each) => JSON.stringify(each) === JSON.stringify(one))) {
                made[name].push(one);
            }
        }
    }
    return Object.keys(made).length > 0 ? { ItemCollectionMetrics: made } : {};
}
