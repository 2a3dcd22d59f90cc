// The tables that one connection works on: few keys, so that requests meet each other, and every sort of index.

import { Table } from "./tables.mjs";

const S = (name) => ({ name, type: "S" });
const N = (name) => ({ name, type: "N" });
const B = (name) => ({ name, type: "B" });

export function tablesOf(prefix, { indexes = true, manyParts = true } = {}) {
    const parts = manyParts ? { hash: [S("a"), N("b")], range: [S("c"), N("d")] } : { hash: [S("a")], range: [N("d")] };
    const tables = [
        new Table(`${prefix}-ranged`, S("pk"), N("sk"), [
            { name: "local-all", local: true, hash: [S("pk")], range: [S("ls")] },
            { name: "local-keys", local: true, hash: [S("pk")], range: [N("ln")], projection: "KEYS_ONLY" },
            { name: "global-all", hash: [S("gp")], range: [N("gs")] },
            { name: "global-keys", hash: [N("gn")], projection: "KEYS_ONLY" },
        ]),
        new Table(`${prefix}-hashed`, N("id"), undefined, [
            { name: "global-some", hash: [S("gp")], range: [B("gb")], projection: "INCLUDE", nonKey: ["n", "m", "big"] },
        ]),
        new Table(`${prefix}-many`, B("pk"), S("sk"), [{ name: "many-parts", ...parts, projection: "INCLUDE", nonKey: ["s", "l"] }]),
    ];
    tables.push(Object.assign(new Table(`${prefix}-large`, S("pk"), N("sk")), { large: true }));
    tables.forEach((table, i) => {
        table.spread = [6, 30, 6, 3][i];
        if (!indexes) {
            table.indexes = [];
        }
    });
    return tables;
}
