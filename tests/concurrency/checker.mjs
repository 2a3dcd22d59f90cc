// Is a history of operations on a few hot items what some serial execution would have given, each operation taking
// effect between its call and its answer (strict serializability)? And each item by itself (linearizability)?
//
// Nothing is searched. Every write stores a text of its own (`u`) together with the version number that follows the
// one it replaces and the texts of the versions before, so whoever sees an item tells which write made which version.
// With all versions known an operation's place in each item's order is a fact, and what is left to ask is whether the
// facts contradict each other:
//
//   versions   no version was made by two writes, by nobody or by a refused write; no acknowledged write has none
//   counters   each version's counter is the sum of what its writes added
//   items      in the order of an item's versions nothing ends before what stands ahead of it begins
//   order      "before" among all operations, by versions and by real time, has no cycle
//
// An operation:
//   { id, kind, start, end, outcome: "ok" | "refused" | "unknown",
//     writes: [{ key, u, add }], expects: [{ key, u }],     what it did, and the versions its conditions named
//     reads: [{ key, ver, u, before: [u, …], n }] }         items it saw before it wrote
//     made:  likewise, of its own versions as they were answered
// `unknown` ends never. Times are of one clock.

import { findCycle } from "./graph.mjs";

export const INITIAL = "initial";

// [] when the history is as it must be, else what contradicts it, the plainest first.
export function check(history) {
    const checker = new Checker(history);
    checker.learnVersions();
    checker.checkWrites();
    if (checker.findings.length === 0) {
        checker.checkCounters();
        checker.placeOperations();
    }
    if (checker.findings.length === 0) {
        checker.checkItems();
    }
    if (checker.findings.length === 0) {
        checker.checkOrder();
    }
    return checker.findings;
}

class Checker {
    findings = [];
    items = new Map(); // key -> { versions: [u of each version], places: Map u -> version }
    writers = new Map(); // u -> { operation, write }

    constructor(history) {
        this.history = history;
        for (const operation of history) {
            for (const write of operation.writes) {
                this.writers.set(write.u, { operation, write });
            }
        }
    }

    found(what, text) {
        this.findings.push({ what, text });
    }

    item(key) {
        let item = this.items.get(key);
        if (!item) {
            item = { versions: [INITIAL], places: new Map([[INITIAL, 0]]), counters: [] };
            this.items.set(key, item);
        }
        return item;
    }

    learn(operation, key, version, u) {
        const item = this.item(key);
        const known = item.versions[version];
        if (known === u) {
            return;
        }
        const writer = this.writers.get(u);
        if (known !== undefined) {
            this.found("two versions", `version ${version} of ${key} is ${known} and, for ${name(operation)}, ${u}`);
        } else if (!writer || writer.write.key !== key) {
            this.found("phantom", `${name(operation)} saw ${u} in ${key}, which nobody wrote there`);
        } else if (writer.operation.outcome === "refused") {
            this.found("refused but visible", `${name(operation)} saw ${u} in ${key}, of ${name(writer.operation)}`);
        } else if (item.places.has(u)) {
            this.found("applied twice", `${u} is version ${item.places.get(u)} and version ${version} of ${key}`);
        } else {
            item.versions[version] = u;
            item.places.set(u, version);
        }
    }

    learnVersions() {
        for (const operation of this.history) {
            for (const seen of [...operation.reads, ...operation.made]) {
                this.learn(operation, seen.key, seen.ver, seen.u);
                for (let i = 0; i < seen.before.length && i < seen.ver; i++) {
                    this.learn(operation, seen.key, seen.ver - 1 - i, seen.before[i]);
                }
            }
        }
    }

    checkWrites() {
        for (const [key, item] of this.items) {
            for (let version = 0; version < item.versions.length; version++) {
                if (item.versions[version] === undefined) {
                    this.found("a gap", `nobody saw version ${version} of ${key}: the history cannot be judged`);
                }
            }
        }
        for (const operation of this.history) {
            for (const write of operation.outcome === "ok" ? operation.writes : []) {
                if (!this.item(write.key).places.has(write.u)) {
                    this.found("lost update", `${write.u} of ${name(operation)} is no version of ${write.key}`);
                }
            }
            const parts = operation.writes.filter(({ key, u }) => this.item(key).places.has(u)).length;
            if (parts > 0 && parts < operation.writes.length) {
                this.found("torn write", `${parts} of ${operation.writes.length} writes of ${name(operation)} happened`);
            }
        }
    }

    checkCounters() {
        for (const item of this.items.values()) {
            let sum = 0;
            item.counters = item.versions.map((u) => (sum += this.writers.get(u)?.write.add ?? 0));
        }
        for (const operation of this.history) {
            for (const { key, ver, n } of [...operation.reads, ...operation.made]) {
                const sum = this.item(key).counters[ver];
                if (n !== sum) {
                    this.found("a counter", `${name(operation)} saw ${n} in version ${ver} of ${key}, which counts ${sum}`);
                }
            }
        }
    }

    // Which version of which item an operation saw and made: operation.saw and operation.left, Maps key -> version.
    placeOperations() {
        for (const operation of this.history) {
            operation.saw = new Map();
            operation.left = new Map();
            for (const { key, u } of operation.writes) {
                const place = this.item(key).places.get(u);
                if (place !== undefined) {
                    operation.left.set(key, place);
                    this.see(operation, key, place - 1);
                }
            }
            for (const { key, ver } of operation.made) {
                if (operation.left.get(key) !== ver) {
                    this.found("not its own", `${name(operation)} was told it made version ${ver} of ${key}`);
                }
            }
            for (const { key, ver } of operation.reads) {
                this.see(operation, key, ver);
            }
            this.placeExpected(operation);
        }
    }

    placeExpected(operation) {
        for (const { key, u } of operation.expects) {
            const place = this.item(key).places.get(u);
            if (operation.outcome === "ok") {
                this.see(operation, key, place);
            } else if (operation.reads.some((seen) => seen.key === key && seen.u === u)) {
                this.found("refused in vain", `${name(operation)} was refused on ${key}, which was ${u} as it asked`);
            }
        }
    }

    see(operation, key, version) {
        const other = operation.saw.get(key);
        if (version === undefined || (other !== undefined && other !== version)) {
            this.found("a condition", `${name(operation)} succeeded on version ${version} and version ${other} of ${key}`);
        }
        operation.saw.set(key, version);
    }

    // In the order of versions, writes and between them their readers, nothing may end before something that stands
    // ahead of it has begun. Operations at one place are readers of one version: their order is free.
    checkItems() {
        const lines = new Map([...this.items.keys()].map((key) => [key, []]));
        for (const operation of this.history) {
            for (const [key, version] of operation.saw) {
                if (!operation.left.has(key)) {
                    lines.get(key).push({ place: 2 * version + 1, operation });
                }
            }
            for (const [key, version] of operation.left) {
                lines.get(key).push({ place: 2 * version, operation });
            }
        }
        for (const [key, line] of lines) {
            line.sort((a, b) => b.place - a.place);
            let behind; // Of what stands behind: what ended first.
            let pending; // The same at this place.
            let place;
            for (const entry of line) {
                if (entry.place !== place) {
                    behind = sooner(behind, pending);
                    [place, pending] = [entry.place, undefined];
                }
                if (behind && behind.end < entry.operation.start) {
                    this.found("a stale item", `${name(behind)} ended before ${name(entry.operation)} began, but on ${key} it comes after`);
                    break;
                }
                pending = sooner(pending, entry.operation);
            }
        }
    }

    // Edges: who made a version is before who saw it and before who made the next one; who saw it is before who made
    // the next one; what ended is before what began later. A cycle is a contradiction.
    checkOrder() {
        const nodes = this.history.filter((operation) => operation.saw.size + operation.left.size > 0);
        const edges = [];
        const makers = new Map(); // key -> [node that made each version]
        nodes.forEach((operation, node) => {
            for (const [key, version] of operation.left) {
                if (!makers.has(key)) {
                    makers.set(key, []);
                }
                makers.get(key)[version] = node;
            }
        });
        nodes.forEach((operation, node) => {
            for (const [key, version] of operation.saw) {
                const made = makers.get(key)?.[version];
                const next = makers.get(key)?.[version + 1];
                if (made !== undefined && made !== node) {
                    edges.push(made, node);
                }
                if (next !== undefined && next !== node) {
                    edges.push(node, next);
                }
            }
        });
        const count = addRealTime(nodes, edges);
        const cycle = findCycle(count, edges);
        if (cycle) {
            const names = cycle.map((node) => (node < nodes.length ? name(nodes[node]) : "(real time)"));
            this.found("a cycle", [...names, names[0]].join(" -> "));
        }
    }
}

function name(operation) {
    return `${operation.kind} ${operation.id} [${operation.start.toFixed(3)}, ${operation.end.toFixed(3)}]`;
}

function sooner(a, b) {
    return a && (!b || a.end <= b.end) ? a : b;
}

// One node per end, in a chain: an operation leads to the node of its end, and the newest node to whatever begins.
// Returns the number of nodes with those.
function addRealTime(nodes, edges) {
    const events = [];
    nodes.forEach((operation, node) => {
        events.push({ time: operation.start, begins: true, node });
        if (operation.end !== Infinity) {
            events.push({ time: operation.end, begins: false, node });
        }
    });
    events.sort((a, b) => a.time - b.time || b.begins - a.begins); // Of equal times: not yet ended.
    let newest;
    let count = nodes.length;
    for (const { begins, node } of events) {
        if (!begins) {
            if (newest !== undefined) {
                edges.push(newest, count);
            }
            edges.push(node, count);
            newest = count++;
        } else if (newest !== undefined) {
            edges.push(newest, node);
        }
    }
    return count;
}
