// HTTP/1.1 over one connection, many requests on their way at once: answers come in order.

import net from "node:net";

export class Connection {
    #socket;
    #rest = Buffer.alloc(0);
    #waiting = [];
    #ended;

    static open(host, port) {
        const made = new Connection();
        made.#socket = net.connect({ host, port, noDelay: true });
        made.#socket.on("data", (bytes) => made.#take(bytes));
        made.#socket.on("error", (reason) => made.#end(reason));
        made.#socket.on("close", () => made.#end(new Error("the connection was closed")));
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
        const head = `POST / HTTP/1.1\r\nHost: model\r\nX-Amz-Target: DynamoDB_20120810.${operation}\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: ${text.length}\r\n\r\n`;
        this.#socket.write(Buffer.concat([Buffer.from(head), text]));
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
            const size = Number(/content-length: *(\d+)/i.exec(head)[1]);
            if (this.#rest.length < end + 4 + size) {
                return;
            }
            const text = this.#rest.toString("utf8", end + 4, end + 4 + size);
            this.#rest = this.#rest.subarray(end + 4 + size);
            this.#waiting.shift().resolve({ status: Number(head.slice(9, 12)), body: text === "" ? {} : JSON.parse(text) });
        }
    }
}
