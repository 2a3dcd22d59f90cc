// Secondary indexes made and taken away while writes go on.

import { Index } from "./tables.mjs";

const LATE = "late";
const S = (name) => ({ name, type: "S" });
const N = (name) => ({ name, type: "N" });

function lateIndex(r, table) {
    const many = table.indexes.some(({ hash }) => hash.length > 1);
    const keys = many ? { hash: [S("v"), N("n")], range: [S("s")] } : { hash: [S("v")], range: r.chance(50) ? [N("n")] : [] };
    const projection = r.pick(["ALL", "KEYS_ONLY", "INCLUDE"]);
    return new Index({ name: LATE, ...keys, projection, nonKey: projection === "INCLUDE" ? ["flag", "m"] : [] });
}

// UpdateTable that adds the index, on attributes that hold values of many types so far, or removes it.
export function indexChange(r, world) {
    const { name } = world.pick(r);
    const table = world.tables.get(name);
    const held = table.index(LATE);
    const index = held ? undefined : lateIndex(r, table);
    const body = held
        ? { TableName: name, GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: LATE } }] }
        : {
              TableName: name,
              AttributeDefinitions: index.keys.map((key) => ({ AttributeName: key.name, AttributeType: key.type })),
              GlobalSecondaryIndexUpdates: [{ Create: index.definition() }],
          };
    const apply = (now) => {
        const changed = now.tables.get(name);
        now.tokens.clear(); // A Put that was right before may now be refused before its token is looked at.
        changed.indexes = changed.indexes.filter((each) => each.name !== LATE);
        changed.indexes.push((held ? changed.index(LATE) ?? held : index).as(held ? "deleting" : "creating"));
        return { anything: true };
    };
    return { kind: "indexChange", operation: "UpdateTable", body, apply };
}

// The change is through: what was made may be used.
export function settleIndexes(world) {
    for (const table of world.tables.values()) {
        table.indexes = table.indexes.filter((index) => index.changing !== "deleting").map((index) => (index.changing ? index.as(undefined) : index));
    }
}
