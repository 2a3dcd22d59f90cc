// One DynamoDB Local process, in memory, ended by its process id.

import { spawn } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { Connection } from "../model/wire.mjs";

const READY_MS = 60000;
const RETRY_MS = 50;
const emulator = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), "../../build/oracle/package/emulator");

// It wants to see a signature and takes any.
const HEADERS = {
    Authorization: "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
};

function freePort() {
    return new Promise((resolve, reject) => {
        const server = net.createServer().once("error", reject);
        server.listen(0, "127.0.0.1", () => {
            const { port } = server.address();
            server.close(() => resolve(port));
        });
    });
}

export class Local {
    #process;
    #ended = false;

    async start() {
        this.port = await freePort();
        this.folder = fs.mkdtempSync(path.join(os.tmpdir(), "meridian-oracle-"));
        this.#process = spawn(
            "java",
            ["-Djava.library.path=./DynamoDBLocal_lib", "-jar", "DynamoDBLocal.jar", "-inMemory", "-sharedDb", "-disableTelemetry", "-port", String(this.port)],
            { cwd: emulator, stdio: ["ignore", fs.openSync(path.join(this.folder, "log"), "a"), "inherit"] },
        );
        this.#process.once("exit", () => (this.#ended = true));
        const deadline = Date.now() + READY_MS;
        for (;;) {
            try {
                const probe = await this.connect();
                await probe.send("ListTables", {});
                probe.close();
                return;
            } catch (reason) {
                if (this.#ended || Date.now() > deadline) {
                    throw new Error(`DynamoDB Local does not answer (${reason.message}), see ${this.folder}/log`);
                }
                await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
            }
        }
    }

    connect() {
        return Connection.open("127.0.0.1", this.port, HEADERS);
    }

    async end() {
        await new Promise((resolve) => {
            this.#process.once("exit", resolve);
            this.#process.kill("SIGTERM");
        });
        fs.rmSync(this.folder, { recursive: true });
    }
}
