// Bundles the action in the current folder: compiled JavaScript → tree-shaken → ncc → dist/.
// ncc cannot read TypeScript 7 (vercel/ncc#1336) and does not shake, so both happen before it.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import { dirname, join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";

type Ncc = (
  input: string,
  options: Record<string, unknown>,
) => Promise<{ code: string; assets: Record<string, { source: string | Buffer }> }>;
const ncc = createRequire(import.meta.url)("@vercel/ncc") as Ncc;

const BUDGET_BYTES: Readonly<Record<string, number>> = {
  auth: 1_000_000,
  "cost-diff": 1_000_000,
  bootstrap: 1_500_000,
  rollout: 1_500_000,
};

const SHAKEN =
  /node_modules\/(@actions|@octokit|@aws-sdk|@smithy|tunnel|@kubernetes\/client-node|openid-client|oauth4webapi)\//;
// client-node patches the global scope in this module, so it must stay.
const KEPT = /@kubernetes\/client-node\/dist\/polyfill\.js$/;
// Node 24 has this HTTP client built in, and neither library's own requests are used: packages/kube has its transport,
// packages/github hands its client Node's fetch. Two more copies (undici 6 and 8) would be 1.9 MB of every bundle.
const UNDICI = "export const fetch = globalThis.fetch; export class Agent {} export class ProxyAgent {}";

const action = process.cwd();
const name = action.split(/[\\/]/).at(-1) ?? "";
const entries = ["index", "post", "credential"].filter((entry) => existsSync(`lib/${entry}.js`));
if (!entries.includes("index")) fail("lib/index.js is missing: run `tsc -b` first");

rmSync(".shaken", { recursive: true, force: true });
rmSync("dist", { recursive: true, force: true });
const modules = new Set<string>();
await shake();
await pack();
for (const entry of entries) writeEntry(entry);
writeFileSync("dist/package.json", '{"type":"module"}\n');
writeFileSync("dist/licenses.txt", licences());
report();

/** One graph for all entries, so that main, post and programs share their code. */
async function shake(): Promise<void> {
  const bundle = await rolldown({
    input: Object.fromEntries(entries.map((entry) => [entry, `lib/${entry}.js`])),
    platform: "node",
    resolve: { mainFields: ["module", "main"], conditionNames: ["module", "import", "node", "default"] },
    // A bare import of what Node has built in does nothing but cost its loading.
    treeshake: { moduleSideEffects: (id) => !isBuiltin(id) && (!SHAKEN.test(id) || KEPT.test(id)) },
    plugins: [
      {
        name: "undici-of-node",
        resolveId: (source) => (source === "undici" ? "\0undici" : null),
        load: (id) => (id === "\0undici" ? UNDICI : null),
      },
    ],
    onLog: (level, log) => {
      if (level === "warn" && log.code === "UNRESOLVED_IMPORT") fail(`BUNDLE_MISSING_MODULE: ${log.message}`);
    },
  });
  const { output } = await bundle.write({
    dir: ".shaken",
    format: "esm",
    entryFileNames: "[name].js",
    // webpack repeats a chunk's file name at every use of what the chunk exports, so it is kept short.
    chunkFileNames: "[hash].js",
    // Functions and classes keep their names, so that a stack trace from a user's run can still be read.
    minify: { compress: true, mangle: { toplevel: false, keepNames: true }, codegen: { removeWhitespace: true } },
  });
  for (const chunk of output) if (chunk.type === "chunk") for (const id of chunk.moduleIds) modules.add(id);
  writeFileSync(".shaken/package.json", '{"type":"module"}\n');
  const table = entries.map((entry) => `${JSON.stringify(entry)}: () => import("./${entry}.js")`).join(", ");
  writeFileSync(".shaken/program.js", `export const start = { ${table} };\n`);
}

/** ncc packs the whole program; each entry is loaded from it when it is started. */
async function pack(): Promise<void> {
  const { code, assets } = await ncc(join(action, ".shaken/program.js"), {
    cache: false,
    minify: false,
    quiet: true,
    target: "es2022",
  });
  // ncc turns a module that it cannot find into an error at run time; a user's run is too late to hear of it.
  for (const text of [code, ...Object.values(assets).map((asset) => String(asset.source))]) {
    const missing = /eval\("require"\)\("([^"]+)"\)/.exec(text)?.[1];
    if (missing !== undefined) fail(`BUNDLE_MISSING_MODULE: ${missing}`);
  }
  mkdirSync("dist/program", { recursive: true });
  writeFileSync("dist/program/index.js", code);
  for (const [file, asset] of Object.entries(assets)) {
    if (file === "package.json") continue;
    mkdirSync(dirname(join("dist/program", file)), { recursive: true });
    writeFileSync(join("dist/program", file), asset.source);
  }
}

function writeEntry(entry: string): void {
  const [folder, program] =
    entry === "index" ? ["dist", "./program/index.js"] : [`dist/${entry}`, "../program/index.js"];
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "index.js"),
    `import { start } from ${JSON.stringify(program)};\n\nawait start[${JSON.stringify(entry)}]();\n`,
  );
}

/** Licences of the modules that the shaken graph really holds: ncc sees one file only. */
function licences(): string {
  const packages = new Map<string, string>();
  for (const id of modules) {
    const folder = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id.replaceAll("\\", "/"))?.[1];
    if (folder === undefined || packages.has(folder)) continue;
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
      name: string;
      version: string;
      license?: string;
    };
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    const text =
      file === undefined ? "(no licence file in the package)" : readFileSync(join(folder, file), "utf8").trim();
    packages.set(
      folder,
      `${manifest.name}@${manifest.version}\n${manifest.license ?? "licence not stated"}\n\n${text}\n`,
    );
  }
  return [...packages.values()].sort().join(`\n${"-".repeat(72)}\n\n`);
}

function report(): void {
  const files = list("dist").filter((file) => file.endsWith(".js"));
  const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
  const gzip = files.reduce((sum, file) => sum + gzipSync(readFileSync(file)).length, 0);
  const hash = createHash("sha256");
  for (const file of list("dist")) hash.update(relative("dist", file)).update(readFileSync(file));
  const budget = BUDGET_BYTES[name] ?? 1_500_000;
  console.log(
    `${name}: ${kb(bytes)} of JavaScript (${kb(gzip)} gzipped), ${modules.size} modules, budget ${kb(budget)}, sha256 ${hash.digest("hex").slice(0, 12)}`,
  );
  if (bytes <= budget) return;
  const biggest = [...modules]
    .filter((id) => existsSync(id))
    .map((id) => ({ id: relative(join(action, "../.."), id), size: statSync(id).size }))
    .sort((a, b) => b.size - a.size)
    .slice(0, 5);
  fail(
    `BUNDLE_TOO_BIG: ${kb(bytes)} of ${kb(budget)}; the biggest modules: ${biggest.map((m) => `${m.id} ${kb(m.size)}`).join(", ")}`,
  );
}

function list(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function kb(bytes: number): string {
  return `${(bytes / 1000).toFixed(0)} kB`;
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
