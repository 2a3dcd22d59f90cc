// Cycles of a directed graph of 0..count-1, its edges as a flat list from, to, from, to, …

function adjacency(count, edges) {
    const first = new Uint32Array(count + 1);
    for (let i = 0; i < edges.length; i += 2) {
        first[edges[i] + 1]++;
    }
    for (let node = 0; node < count; node++) {
        first[node + 1] += first[node];
    }
    const at = first.slice();
    const targets = new Uint32Array(edges.length / 2);
    for (let i = 0; i < edges.length; i += 2) {
        targets[at[edges[i]]++] = edges[i + 1];
    }
    return { first, targets };
}

// A short cycle as a list of nodes, or undefined. First everything that no cycle can lead to is taken away; if
// something is left, some cycle is in it, and the shortest one through one of its nodes is found breadth first.
export function findCycle(count, edges) {
    const { first, targets } = adjacency(count, edges);
    const incoming = new Uint32Array(count);
    for (const target of targets) {
        incoming[target]++;
    }
    const free = [];
    for (let node = 0; node < count; node++) {
        if (incoming[node] === 0) {
            free.push(node);
        }
    }
    let left = count;
    while (free.length > 0) {
        const node = free.pop();
        left--;
        for (let i = first[node]; i < first[node + 1]; i++) {
            if (--incoming[targets[i]] === 0) {
                free.push(targets[i]);
            }
        }
    }
    if (left === 0) {
        return undefined;
    }
    let shortest;
    for (let node = 0, tried = 0; node < count && tried < 200; node++) {
        if (incoming[node] > 0) {
            tried++;
            const cycle = cycleThrough(node, first, targets, incoming);
            shortest = cycle && (!shortest || cycle.length < shortest.length) ? cycle : shortest;
        }
    }
    return shortest ?? cycleOnWalk(count, first, targets, incoming);
}

// Breadth first from a node back to itself; undefined when it only leads to a cycle.
function cycleThrough(start, first, targets, incoming) {
    const from = new Map();
    let front = [start];
    while (front.length > 0) {
        const next = [];
        for (const node of front) {
            for (let i = first[node]; i < first[node + 1]; i++) {
                const target = targets[i];
                if (target === start) {
                    const cycle = [node];
                    while (cycle[0] !== start) {
                        cycle.unshift(from.get(cycle[0]));
                    }
                    return cycle;
                }
                if (incoming[target] > 0 && !from.has(target)) {
                    from.set(target, node);
                    next.push(target);
                }
            }
        }
        front = next;
    }
    return undefined;
}

// Backwards from anything that is left: every such node has one before it that is left too, so the walk comes back.
function cycleOnWalk(count, first, targets, incoming) {
    const before = new Map();
    for (let node = 0; node < count; node++) {
        for (let i = first[node]; incoming[node] > 0 && i < first[node + 1]; i++) {
            if (incoming[targets[i]] > 0) {
                before.set(targets[i], node);
            }
        }
    }
    const places = new Map();
    const walk = [];
    let node = before.keys().next().value;
    while (!places.has(node)) {
        places.set(node, walk.length);
        walk.push(node);
        node = before.get(node);
    }
    return walk.slice(places.get(node)).reverse();
}
