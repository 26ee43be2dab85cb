// Makes .release/: the very tree that a release tag holds. The release workflow runs this same program.
import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";

const OUT = ".release";
const WORKFLOWS = ["deploy", "cost", "cost-fork", "cluster", "drift", "reconcile"].map(
  (name) => `.github/workflows/${name}.yml`,
);
const ROOT_FILES = ["README.md", "SECURITY.md", "CHANGELOG.md", "LICENSE"];

const actions = readdirSync("actions").sort();
const unbuilt = actions.filter((action) => !existsSync(`actions/${action}/dist/index.js`));
if (unbuilt.length > 0) {
  console.error(`no bundle of ${unbuilt.join(", ")}: run \`npm run bundle\` first`);
  process.exit(1);
}

const files = [
  ...actions.flatMap((action) => [
    `actions/${action}/action.yml`,
    `actions/${action}/README.md`,
    ...below(`actions/${action}/dist`),
    ...["iam", "rbac", "schema"].flatMap((folder) => below(`actions/${action}/${folder}`)),
  ]),
  ...WORKFLOWS,
  ...ROOT_FILES,
].filter((file) => existsSync(file));

rmSync(OUT, { recursive: true, force: true });
const hash = createHash("sha256");
for (const file of files.sort()) {
  const target = join(OUT, file);
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(file, target);
  chmodSync(target, 0o644);
  hash.update(`${file}\0`).update(readFileSync(file));
}
console.log(`${OUT}: ${files.length} files, sha256 ${hash.digest("hex")}`);

function below(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
