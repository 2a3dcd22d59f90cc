// Two answers to one request: undefined when they say the same, else what differs. Texts of errors are left out.

import { settled } from "../model/compare.mjs";

const errorOf = ({ status, body }) => (status === 200 ? undefined : String(body.__type).replace(/.*#/, ""));
const text = (json) => JSON.stringify(settled(json));
const byText = (list) => [...list].sort((a, b) => (text(a) < text(b) ? -1 : 1));

// Lists whose order means nothing are put into one.
function ordered(operation, body, statement) {
    const made = { ...body };
    delete made.ItemCollectionMetrics;
    if (made.NextToken) {
        made.NextToken = "?"; // Opaque.
    }
    if (operation === "BatchExecuteStatement") {
        made.Responses = made.Responses.map(({ Error, ...rest }) => ({ ...rest, ...(Error && { Error: { ...Error, Message: undefined } }) }));
    }
    if (operation === "BatchGetItem" && made.Responses) {
        made.Responses = Object.fromEntries(Object.entries(made.Responses).map(([name, items]) => [name, byText(items)]));
    }
    if ((operation === "Scan" || (operation === "ExecuteStatement" && !/WHERE "(pk|id|gp|gn|a)" = /.test(statement))) && made.Items) {
        made.Items = byText(made.Items);
    }
    if (Array.isArray(made.ConsumedCapacity)) {
        made.ConsumedCapacity = byText(made.ConsumedCapacity);
    }
    return made;
}

export function compare({ operation, body: request }, ours, theirs) {
    const [mine, other] = [errorOf(ours), errorOf(theirs)];
    if (mine !== other) {
        return `${mine ?? "accepted"} against ${other ?? "accepted"}`;
    }
    if (mine !== undefined) {
        const codes = [ours, theirs].map(({ body }) => (body.CancellationReasons ?? []).map(({ Code }) => Code).join());
        if (codes[0] !== codes[1]) {
            return `reasons ${codes[0]} against ${codes[1]}`;
        }
        return text(ours.body.Item) === text(theirs.body.Item) ? undefined : "the items of the refusals differ";
    }
    const [a, b] = [ours, theirs].map(({ body }) => ordered(operation, body, request.Statement));
    const different = [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((name) => text(a[name]) !== text(b[name]));
    return different.length === 0 ? undefined : `${different.join(", ")} differ`;
}
