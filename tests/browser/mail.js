// The SMTP server of the tests: see tests/smtp/server.py.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const TARGET = process.env.STOA_BIN ? dirname(dirname(process.env.STOA_BIN)) : here("../../target");

/** A server on a free port, whose `mails()` are all that it has accepted. */
export async function startSmtp() {
  const folder = await mkdtemp(join(tmpdir(), "stoa-smtp-"));
  const server = spawn(join(TARGET, "smtp/bin/python"), [here("../smtp/server.py"), folder]);
  const [port] = await Promise.race([
    once(server.stdout, "data"),
    once(server, "error").then(([error]) => { throw error; }),
    once(server, "exit").then(([code]) => { throw new Error(`the SMTP server ended with ${code}`); }),
  ]);
  const lines = () => readFile(join(folder, "mails.jsonl"), "utf8").then((text) => text.trim().split("\n"), () => []);
  return {
    url: `smtp://127.0.0.1:${String(port).trim()}`,
    mails: async () => (await lines()).map((line) => JSON.parse(line)),
    /** The `nth` mail to an address, once it is there. */
    async mail(to, nth = 0, seconds = 20) {
      for (let waited = 0; waited < seconds * 10; waited++) {
        const found = (await this.mails()).filter((mail) => mail.to.includes(to));
        if (found.length > nth) return found[nth];
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      throw new Error(`no mail to ${to} within ${seconds} seconds`);
    },
    async stop() {
      server.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The first address in a mail's text whose path begins so. */
export function linkIn(mail, path) {
  return mail.text.split(/\s+/).find((word) => word.includes("://") && word.includes(path));
}
