// A forum of its own for a test file, people who use it, and the judges of its pages.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer, request } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { AxeBuilder } from "@axe-core/playwright";
import { HtmlValidate } from "html-validate";
import { chromium } from "playwright-core";

const BINARY = process.env.STOA_BIN ?? fileURLToPath(new URL("../../target/debug/stoa", import.meta.url));
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const PASSWORD = "lantern river ninety crates";

export const PHONE = { width: 390, height: 844 };
export const DESK = { width: 1280, height: 800 };

/** The path of a file in fixtures/. */
export const fixture = (name) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));

async function freePort() {
  const server = createServer();
  await new Promise((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** This process's environment without settings that a developer may have for a forum of their own. */
function environment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("STOA_")));
}

/** Runs the binary to its end; resolves to what it said, and rejects where it failed. */
function runBinary(args, { cwd, input }) {
  const child = spawn(BINARY, args, { cwd, env: environment() });
  let out = "";
  let err = "";
  child.stdout.on("data", (data) => (out += data));
  child.stderr.on("data", (data) => (err += data));
  // A command that needs no input may end before it is written.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve({ out, err });
      else reject(new Error(`stoa ${args.join(" ")} ended with ${code}:\n${out}${err}`));
    });
  });
}

async function until(what, seconds, check) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const found = await check();
    if (found) return found;
    assert.ok(Date.now() < end, `${what} took longer than ${seconds} seconds`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A PostgreSQL cluster, if the tests are to run on one: each forum then has two nodes, whom a proxy asks in turn. */
const CLUSTER = process.env.STOA_TEST_POSTGRES;
let databases = 0;

/** A file that does not exist yet in `folder`, or an empty database on the cluster. */
async function newDatabase(folder) {
  if (!CLUSTER) return join(folder, "stoa.db");
  const [server, options = ""] = CLUSTER.split("?");
  const at = (name) => `${server.replace(/\/$/, "")}/${name}?${options}`;
  const name = `stoa_browser_${process.pid}_${databases++}`;
  await promisify(execFile)("psql", [at("postgres"), "--quiet", "--no-psqlrc", "--command", `create database ${name}`]);
  return at(name);
}

/** Passes each request on to the next of these ports. */
async function proxy(port, nodes) {
  let asked = 0;
  const server = createHttpServer((incoming, answer) => {
    const { method, url: path, headers } = incoming;
    const node = nodes[asked++ % nodes.length];
    const outgoing = request({ host: "127.0.0.1", port: node, method, path, headers, agent: false });
    outgoing.once("response", (response) => {
      answer.writeHead(response.statusCode, response.headers);
      response.pipe(answer);
    });
    outgoing.once("error", () => answer.destroy());
    incoming.pipe(outgoing);
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}

/** A process of the forum; `said` is all that it has said. */
function startNode(cwd, args) {
  const server = spawn(BINARY, ["serve", ...args], { cwd, env: environment() });
  const node = { server, said: "", failed: null, ended: new Promise((resolve) => server.once("close", resolve)) };
  node.kill = () => server.kill("SIGKILL");
  process.once("exit", node.kill);
  server.on("error", (error) => (node.failed = error));
  server.stdout.on("data", (data) => (node.said += data));
  server.stderr.on("data", (data) => (node.said += data));
  return node;
}

async function untilHealthy(node, port) {
  await until("starting the forum", 30, async () => {
    if (node.failed || node.server.exitCode !== null) throw node.failed ?? new Error(`stoa serve ended with ${node.server.exitCode}:\n${node.said}`);
    return fetch(`http://127.0.0.1:${port}/healthz`).then((answer) => answer.ok, () => false);
  });
}

async function stopNode(node) {
  node.server.kill("SIGTERM");
  const stopped = await Promise.race([node.ended.then(() => true), new Promise((resolve) => setTimeout(resolve, 10_000, false).unref())]);
  node.kill();
  process.off("exit", node.kill);
  await node.ended;
  assert.ok(stopped, "the forum should stop within 10 seconds when asked to");
  assert.equal(node.server.exitCode, 0, `the forum should end well:\n${node.said}`);
}

/**
 * Starts a forum in a folder of its own on a free port of 127.0.0.1, whose address names `host`. Limits are off, so that a test may be quick, unless
 * `settings` (names as in stoa.toml) says otherwise. `stop()` ends it and everything that was opened on it.
 */
export async function startForum({ host = "127.0.0.1", settings = {} } = {}) {
  const cwd = await mkdtemp(join(tmpdir(), "stoa-browser-"));
  const database = await newDatabase(cwd);
  const port = await freePort();
  const url = `http://${host}:${port}`;
  const all = { base_url: url, limits: "off", deep_reply_delay: "off", ...settings };
  const flags = Object.entries(all).flatMap(([name, value]) => [`--${name.replaceAll("_", "-")}`, String(value)]);

  const ports = CLUSTER ? [await freePort(), await freePort()] : [port];
  const nodes = ports.map((own) => startNode(cwd, ["--database", database, "--listen", `127.0.0.1:${own}`, ...flags]));
  const front = CLUSTER ? await proxy(port, ports) : null;
  try {
    await Promise.all(nodes.map((node, nth) => untilHealthy(node, ports[nth])));
  } catch (error) {
    front?.close();
    nodes.forEach((node) => node.kill());
    await rm(cwd, { recursive: true, force: true });
    throw error;
  }
  const said = () => nodes.map((node) => node.said).join("");

  let browser = null;
  return {
    url,
    members: new Set(),
    /** The one-time link to the first admin's account, as the server printed it. */
    adminLink: () => until("printing the first admin's link", 5, () => said().match(/\S*\/setup\/\S+/)?.[0]).then((link) => new URL(link, url).href),
    /** `stoa ARGS` on this forum's database; `input` goes to standard input. */
    run: (args, input = "") => runBinary([...args, "--database", database], { cwd, input }),
    /** Imports items in the shape of Hacker News's API; `by`, `time` and `type` may be left out. */
    async importItems(items) {
      const file = join(cwd, "items.jsonl");
      const whole = items.map((item) => ({ by: "mole", time: 1717243200, type: item.parent ? "comment" : "story", ...item }));
      await writeFile(file, whole.map((item) => `${JSON.stringify(item)}\n`).join(""));
      await runBinary(["import", file, "--database", database], { cwd });
    },
    async browser() {
      browser ??= chromium.launch({
        executablePath: CHROMIUM,
        // Nothing but this machine may be asked for anything.
        args: ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-quic"],
      });
      return browser;
    },
    async stop() {
      await (await browser)?.close();
      front?.close();
      front?.closeAllConnections();
      const stopped = await Promise.allSettled(nodes.map(stopNode));
      await rm(cwd, { recursive: true, force: true });
      for (const { reason } of stopped) if (reason) throw reason;
    },
  };
}

// People

/**
 * A page in a browser of its own, not logged in. What goes wrong on it is kept for `troubles`.
 * `javaScript` false turns scripts off; `colorScheme` is what the device prefers; with `touch` it has no mouse.
 */
export async function visitor(forum, { javaScript = true, viewport = DESK, colorScheme = "light", touch = false } = {}) {
  const browser = await forum.browser();
  const context = await browser.newContext({
    baseURL: forum.url, javaScriptEnabled: javaScript, viewport, colorScheme, reducedMotion: "reduce", hasTouch: touch, isMobile: touch,
  });
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  const troubles = [];
  page.on("console", (message) => {
    // The browser says so of every page that is rightly answered with an error.
    const ofPage = message.text().startsWith("Failed to load resource") && message.location().url === page.url();
    if (["error", "warning"].includes(message.type()) && !ofPage) troubles.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => troubles.push(`script: ${error.message}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(`${forum.url}/`)) troubles.push(`request to the outside: ${request.url()}`);
  });
  page.on("response", (answer) => {
    if (answer.status() >= 500) troubles.push(`${answer.status()} from ${answer.url()}`);
  });
  troublesOf.set(page, troubles);
  return page;
}

const troublesOf = new WeakMap();

/** Script errors, violated policies, server errors and requests to the outside since the page was opened. */
export const troubles = (page) => troublesOf.get(page);

/** Makes an account on the command line, unless this forum has it. */
export async function member(forum, name, role = "member") {
  if (forum.members.has(name)) return;
  forum.members.add(name);
  await forum.run(["admin", "create", name, "--role", role], `${PASSWORD}\n`);
}

/** Logs in by the form. */
export async function logIn(page, name, password = PASSWORD) {
  await page.goto("/login");
  const main = page.getByRole("main");
  await main.getByLabel("Name", { exact: true }).fill(name);
  await main.getByLabel("Password", { exact: true }).fill(password);
  await main.getByRole("button", { name: "Log in", exact: true }).click();
  await page.waitForURL((url) => url.pathname !== "/login");
}

/** A page of the member `name`, logged in; the account is made where it is missing. */
export async function person(forum, { name, role, ...how }) {
  await member(forum, name, role);
  const page = await visitor(forum, how);
  await logIn(page, name);
  return page;
}

// Judges

/** Fails with a list of what keeps somebody from using the page, whose scripts must be on for the judge to run. */
export async function accessible(page) {
  // In legacy mode the judge stays in the page instead of opening another, which only frames would need.
  const judge = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ["violations"] });
  const { violations } = await judge.withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]).analyze();
  const list = violations.flatMap(({ id, help, nodes }) =>
    nodes.slice(0, 5).map((node) => {
      const [check] = node.any.concat(node.all, node.none);
      const others = (check?.relatedNodes ?? []).map(({ html }) => `\n      ${html.slice(0, 120)}`);
      return `${id}: ${help}\n    ${node.html.slice(0, 200)}\n    ${check?.message ?? ""}${others.join("")}`;
    }));
  assert.equal(list.length, 0, `${page.url()} keeps somebody out:\n  ${list.join("\n  ")}`);
}

const validator = new HtmlValidate({
  root: true,
  extends: ["html-validate:recommended"],
  rules: {
    // Style, not validity: the lower case doctype, blanks that templates leave, and plain characters where they mean themselves.
    "doctype-style": "off",
    "no-trailing-whitespace": "off",
    // A button in a form is a submit button by the standard; a word less in each of a thousand vote forms.
    "no-implicit-button-type": "off",
    // Titles are what people submitted.
    "long-title": "off",
  },
});

/** Fails with a list of what is not valid HTML. */
export async function valid(html, where = "the page") {
  const report = await validator.validateString(html);
  const list = report.results.flatMap(({ messages }) => messages.map((m) => `${m.line}:${m.column} ${m.ruleId}: ${m.message}`));
  assert.equal(list.length, 0, `${where} is not valid:\n  ${list.slice(0, 20).join("\n  ")}`);
}

/** Fails where the page is wider than its window. */
export async function fitsItsWidth(page) {
  const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(wide <= room, `${page.url()} is ${wide} px wide in a window of ${room} px`);
}
