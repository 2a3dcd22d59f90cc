// Has the checker teeth? Histories made by a serial execution pass; each with one lie in it is refused, for that lie.

import { check, INITIAL } from "./checker.mjs";

const CHAIN = 30;
const KEYS = ["a", "b", "c", "d"];

// Serial execution of random operations at random moments, each with a call before it and an answer behind it.
class Serial {
    items = new Map(KEYS.map((key) => [key, { ver: 0, u: INITIAL, before: [], n: 0 }]));
    history = [];
    time = 0;

    constructor(random) {
        this.random = random;
    }

    see(key) {
        const item = this.items.get(key);
        return { key, ver: item.ver, u: item.u, before: item.before.slice(), n: item.n };
    }

    // `spread`: how long before and after its moment an operation may be called and answered; `wide`: that it is with
    // whatever is near.
    add(kind, { reads = [], writes = [], expects = [], outcome = "ok", applied = outcome === "ok", spread = 3, wide = false }) {
        this.time += 1;
        const id = this.history.length;
        const operation = {
            id,
            kind,
            start: this.time - (wide ? 20 : (spread * this.random.below(1000)) / 1000),
            end: outcome === "unknown" ? Infinity : this.time + (wide ? 20 : (spread * this.random.below(1000)) / 1000),
            outcome,
            reads: reads.map((key) => this.see(key)),
            expects: expects.map((key) => ({ key, u: this.items.get(key).u })),
            writes: writes.map((key) => ({ key, u: `w${id}-${key}`, add: this.random.below(5) })),
            made: [],
        };
        for (const { key, u, add } of applied ? operation.writes : []) {
            const old = this.items.get(key);
            this.items.set(key, { ver: old.ver + 1, u, before: [old.u, ...old.before].slice(0, CHAIN), n: old.n + add });
            if (kind === "update") {
                operation.made.push(this.see(key));
            }
        }
        this.history.push(operation);
        return operation;
    }

    some(most) {
        const keys = KEYS.filter(() => this.random.chance(50)).slice(0, most);
        return keys.length > 0 ? keys : [this.random.pick(KEYS)];
    }

    step() {
        const key = [this.random.pick(KEYS)];
        switch (this.random.below(8)) {
            case 0:
                return this.add("get", { reads: key });
            case 1:
                return this.add("update", { writes: key });
            case 2:
                return this.add("compare and set", { writes: key, expects: key });
            case 3:
                return this.add("compare and set", { reads: key, outcome: "refused" });
            case 4:
                return this.add("transact get", { reads: this.some(3) });
            case 5:
                return this.add("transact write", { writes: this.some(3), expects: this.some(1) });
            case 6:
                return this.add("transact write", { writes: this.some(3), outcome: "refused" });
            default:
                return this.add("transact write", { writes: this.some(3), outcome: "unknown", applied: this.random.chance(50) });
        }
    }

    steps(count) {
        for (let i = 0; i < count; i++) {
            this.step();
        }
        return this;
    }

    finish() {
        this.time += 10;
        this.add("get", { reads: KEYS, spread: 0.1 });
        return this.history;
    }
}

// Each tells a lie to a history that was true, and how the checker calls it.
const lies = {
    "a lost update": (serial) => {
        serial.steps(50);
        const before = serial.items.get("a");
        serial.add("update", { writes: ["a"] });
        serial.items.set("a", before); // Written over by one that had not seen it.
        serial.add("update", { writes: ["a"] });
        serial.steps(50);
        return ["two versions"];
    },
    "an update that left no trace": (serial) => {
        serial.steps(50);
        const before = serial.items.get("a");
        serial.add("put", { writes: ["a"] });
        serial.items.set("a", before);
        serial.steps(50);
        return ["lost update"];
    },
    "a stale read": (serial) => {
        serial.steps(50);
        const old = serial.see("b");
        serial.add("put", { writes: ["b"], spread: 0.1 });
        serial.add("get", { reads: ["b"], spread: 0.1 }).reads = [old];
        serial.steps(50);
        return ["a stale item"];
    },
    "a read of what comes later": (serial) => {
        serial.steps(50);
        const early = serial.add("get", { reads: ["b"], spread: 0.1 });
        serial.add("put", { writes: ["b"], spread: 0.1 });
        early.reads = [serial.see("b")];
        serial.steps(50);
        return ["a stale item"];
    },
    "a torn transaction read": (serial) => {
        serial.steps(50);
        const old = serial.see("c");
        serial.add("transact write", { writes: ["c", "d"], wide: true });
        const read = serial.add("transact get", { reads: ["c", "d"], wide: true });
        read.reads[0] = old;
        serial.steps(20);
        return ["a cycle"];
    },
    "half a transaction": (serial) => {
        serial.steps(50);
        const before = serial.items.get("c");
        serial.add("transact write", { writes: ["c", "d"], outcome: "unknown", applied: true });
        serial.items.set("c", before);
        serial.steps(50);
        return ["torn write"];
    },
    "write skew": (serial) => {
        serial.steps(50);
        const expected = { key: "a", u: serial.items.get("a").u };
        serial.add("transact write", { writes: ["a"], expects: ["b"], wide: true });
        const second = serial.add("transact write", { writes: ["b"], wide: true });
        second.expects = [expected]; // Both looked before either wrote.
        serial.steps(20);
        return ["a cycle"];
    },
    "two reads that see two writes in different orders": (serial) => {
        serial.steps(50);
        const a = serial.see("a");
        const b = serial.see("b");
        serial.add("put", { writes: ["a"], wide: true });
        serial.add("put", { writes: ["b"], wide: true });
        serial.add("transact get", { reads: ["a", "b"], wide: true }).reads[1] = b;
        serial.add("transact get", { reads: ["a", "b"], wide: true }).reads[0] = a;
        serial.steps(20);
        return ["a cycle"];
    },
    "an order across items against the clock": (serial) => {
        // A reader sees the later of two writes, of which the earlier had been answered, and not the earlier.
        serial.steps(50);
        const old = serial.see("a");
        serial.add("put", { writes: ["a"], spread: 0.1 });
        serial.add("put", { writes: ["b"], spread: 0.1 });
        const read = serial.add("transact get", { reads: ["a", "b"], spread: 0.1 });
        read.reads[0] = old;
        read.start -= 2.5; // It began before both, so neither item by itself is stale.
        serial.steps(20);
        return ["a cycle"];
    },
    "a phantom": (serial) => {
        serial.steps(50);
        serial.items.set("a", { ...serial.items.get("a"), ver: serial.items.get("a").ver + 1, u: "from nowhere" });
        serial.steps(50);
        return ["phantom", "a gap"];
    },
    "a refused write that happened": (serial) => {
        serial.steps(50);
        serial.add("compare and set", { writes: ["a"], outcome: "refused", applied: true });
        serial.steps(50);
        return ["refused but visible"];
    },
    "a transaction done twice": (serial) => {
        serial.steps(50);
        const once = serial.add("transact write", { writes: ["a"] });
        const { u, add } = once.writes[0];
        const old = serial.items.get("a");
        serial.items.set("a", { ver: old.ver + 1, u, before: [old.u, ...old.before].slice(0, CHAIN), n: old.n + add });
        serial.steps(50);
        return ["applied twice"];
    },
    "a counter that lost an addition": (serial) => {
        serial.steps(50);
        serial.add("update", { writes: ["a"] }).writes[0].add += 1;
        serial.steps(50);
        return ["a counter"];
    },
    "a condition on what was not there": (serial) => {
        serial.steps(50);
        const old = { key: "a", u: serial.items.get("a").u };
        serial.add("put", { writes: ["a"] });
        serial.add("compare and set", { writes: ["a"] }).expects = [old];
        serial.steps(50);
        return ["a condition"];
    },
    "a refusal although the condition held": (serial) => {
        serial.steps(50);
        serial.add("compare and set", { reads: ["a"], expects: ["a"], outcome: "refused" });
        serial.steps(50);
        return ["refused in vain"];
    },
};

// Calls report(name, undefined or what went wrong) for each test.
export function selfTest(makeRandom, rounds, report) {
    let wrong;
    for (let round = 0; round < rounds && !wrong; round++) {
        const findings = check(new Serial(makeRandom(round)).steps(400).finish());
        wrong = findings.length > 0 ? `a serial history was refused: ${findings[0].what}: ${findings[0].text}` : undefined;
    }
    report("the checker takes serial histories", wrong);
    for (const [lie, tell] of Object.entries(lies)) {
        wrong = undefined;
        for (let round = 0; round < rounds && !wrong; round++) {
            const serial = new Serial(makeRandom(round));
            const wanted = tell(serial);
            const findings = check(serial.finish());
            if (findings.length === 0) {
                wrong = `round ${round}: it was taken`;
            } else if (!findings.some(({ what }) => wanted.includes(what))) {
                wrong = `round ${round}: refused for another reason: ${findings[0].what}: ${findings[0].text}`;
            }
        }
        report(`the checker refuses ${lie}`, wrong);
    }
}
