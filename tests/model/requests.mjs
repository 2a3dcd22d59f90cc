// The kinds of requests and how often each is asked. A request is {operation, body, apply(world)}: apply changes the
// model as the request must change the tables and returns what the answer must be: {body} or {error, messages?,
// reasons?, item?}; `unordered` names lists whose order means nothing.

import { batchGet, batchWrite } from "./batches.mjs";
import { fault, transactionFault } from "./faults.mjs";
import { large } from "./large.mjs";
import { legacyQuery, legacyWrite } from "./legacy.mjs";
import { getItem, query, scan } from "./reads.mjs";
import { statement, statementBatch, statementTransaction } from "./statements.mjs";
import { transactGet, transactWrite } from "./transactions.mjs";
import { writeItem } from "./writes.mjs";

const KINDS = {
    writeItem: [writeItem, 32],
    getItem: [getItem, 12],
    query: [query, 18],
    scan: [scan, 3],
    batchGet: [batchGet, 4],
    batchWrite: [batchWrite, 4],
    transactWrite: [transactWrite, 10],
    transactGet: [transactGet, 4],
    legacyWrite: [legacyWrite, 7],
    legacyQuery: [legacyQuery, 3],
    fault: [fault, 3],
    transactionFault: [transactionFault, 0.5],
    large: [large, 0.25],
    statement: [statement, 9],
    statementBatch: [statementBatch, 2],
    statementTransaction: [statementTransaction, 2],
};

export const kindNames = Object.keys(KINDS);

export function randomRequest(r, world, kinds = kindNames) {
    const total = kinds.reduce((sum, kind) => sum + KINDS[kind][1], 0);
    let left = r.below(total * 4) / 4;
    for (const kind of kinds) {
        left -= KINDS[kind][1];
        if (left < 0) {
            return { kind, ...KINDS[kind][0](r, world) };
        }
    }
    throw new Error("unreachable");
}
