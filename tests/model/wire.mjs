// HTTP/1.1 over one connection, many requests on their way at once: answers come in order.

import net from "node:net";

export class Ended extends Error {}

export class Connection {
    #socket;
    #rest = Buffer.alloc(0);
    #waiting = [];
    #ended;
    #headers;

    static open(host, port, headers = {}) {
        const made = new Connection();
        made.#headers = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join("");
        made.#socket = net.connect({ host, port, noDelay: true });
        made.#socket.on("data", (bytes) => made.#take(bytes));
        made.#socket.on("error", (reason) => made.#end(new Ended(reason.message)));
        made.#socket.on("close", () => made.#end(new Ended("the connection was closed")));
        return new Promise((resolve, reject) => {
            made.#socket.once("connect", () => resolve(made));
            made.#socket.once("error", reject);
        });
    }

    // Resolves with {status, body}; rejects when the connection ends before the answer.
    send(operation, body) {
        if (this.#ended) {
            return Promise.reject(this.#ended);
        }
        const text = Buffer.from(JSON.stringify(body));
        const head = `POST / HTTP/1.1\r\nHost: model\r\nX-Amz-Target: DynamoDB_20120810.${operation}\r\nContent-Type: application/x-amz-json-1.0\r\n${this.#headers}Content-Length: ${text.length}\r\n\r\n`;
        // What is asked in one go goes out in one go.
        if (this.#socket.writableCorked === 0) {
            this.#socket.cork();
            process.nextTick(() => this.#socket.uncork());
        }
        this.#socket.write(head);
        this.#socket.write(text);
        return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
    }

    close() {
        this.#socket.destroy();
    }

    #end(reason) {
        this.#ended ??= reason;
        for (const { reject } of this.#waiting.splice(0)) {
            reject(reason);
        }
    }

    #take(bytes) {
        this.#rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, bytes]) : bytes;
        for (;;) {
            const end = this.#rest.indexOf("\r\n\r\n");
            if (end < 0) {
                return;
            }
            const head = this.#rest.toString("latin1", 0, end);
            const size = /content-length: *(\d+)/i.exec(head);
            const body = size ? whole(this.#rest, end + 4, Number(size[1])) : chunked(this.#rest, end + 4);
            if (!body) {
                return;
            }
            this.#rest = this.#rest.subarray(body.end);
            this.#waiting.shift().resolve({ status: Number(head.slice(9, 12)), body: body.text === "" ? {} : JSON.parse(body.text) });
        }
    }
}

// {text, end}, or undefined while some of it is on its way.
function whole(bytes, start, size) {
    const end = start + size;
    return bytes.length < end ? undefined : { text: bytes.toString("utf8", start, end), end };
}

function chunked(bytes, start) {
    const parts = [];
    for (let at = start; ; ) {
        const line = bytes.indexOf("\r\n", at);
        const size = line < 0 ? undefined : parseInt(bytes.toString("latin1", at, line), 16);
        if (size === undefined || bytes.length < line + 2 + size + 2) {
            return undefined;
        }
        if (size === 0) {
            return { text: Buffer.concat(parts).toString(), end: line + 4 };
        }
        parts.push(bytes.subarray(line + 2, line + 2 + size));
        at = line + 2 + size + 2;
    }
}
