// One meridiand process on free ports in a folder of its own, ended by its process id.

import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

const READY_MS = 20000;
const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), "../..");

export class Daemon {
    #process;
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "meridian-model-"));

    async start() {
        const binary = path.join(process.env.MERIDIAN_BIN ?? path.join(root, "build/release/bin"), "meridiand");
        const flags = ["--data", this.folder, "--region", "us-east-1", "--auth", "off"];
        for (const face of ["http", "peer", "admin"]) {
            flags.push(`--${face}`, "127.0.0.1:0");
        }
        this.#process = spawn(binary, flags, { stdio: ["ignore", "pipe", fs.openSync(`${this.folder}.log`, "a")] });
        const line = await this.#firstLine();
        [, this.host, this.port] = /\bhttp=([\d.]+):(\d+)/.exec(line);
    }

    #firstLine() {
        return new Promise((resolve, reject) => {
            let text = "";
            const timer = setTimeout(() => reject(new Error(`not ready in ${READY_MS} ms, see ${this.folder}.log`)), READY_MS);
            this.#process.stdout.on("data", (bytes) => {
                text += bytes;
                if (text.includes("\n")) {
                    clearTimeout(timer);
                    resolve(text);
                }
            });
            this.#process.once("exit", (code) => reject(new Error(`ended with ${code}, see ${this.folder}.log`)));
        });
    }

    end(signal) {
        return new Promise((resolve, reject) => {
            if (!this.#process) {
                resolve();
                return;
            }
            if (this.#process.exitCode !== null || this.#process.signalCode !== null) {
                reject(new Error(`ended by itself with ${this.#process.signalCode ?? this.#process.exitCode}, see ${this.folder}.log`));
                return;
            }
            this.#process.removeAllListeners("exit");
            this.#process.once("exit", (code, by) => resolve(by ?? code));
            this.#process.kill(signal);
        });
    }

    remove() {
        fs.rmSync(this.folder, { recursive: true });
        fs.rmSync(`${this.folder}.log`);
    }
}
