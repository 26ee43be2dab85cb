// Makes .release/: the very tree that a release tag holds. The release workflow runs this same program.
import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, existsSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";

const OUT = ".release";

const actions = readdirSync("actions").sort();
const unbuilt = actions.filter((action) => !existsSync(`actions/${action}/dist/index.js`));
if (unbuilt.length > 0) {
  console.error(`no bundle of ${unbuilt.join(", ")}: run \`npm run bundle\` first`);
  process.exit(1);
}

// A runner downloads the whole tree for each job, so it holds what a consumer calls or reads, and no source.
const files = [
  ...actions.flatMap((action) => [`actions/${action}/action.yml`, `actions/${action}/README.md`]),
  ...actions.flatMap((action) =>
    ["dist", "iam", "rbac", "schema"].flatMap((part) => below(`actions/${action}/${part}`)),
  ),
  // Schemas of files that machines read; READMEs lead to them.
  ...globSync("actions/*/src/**/*.schema.json"),
  ...globSync(".github/workflows/*.yml").filter((file) => /^ {2}workflow_call:/m.test(readFileSync(file, "utf8"))),
  ...globSync("docs/*.{md,svg}"),
  ...["README.md", "README.ko.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"],
  ...["LICENSE"].filter((file) => existsSync(file)),
];

rmSync(OUT, { recursive: true, force: true });
const hash = createHash("sha256");
for (const file of files.map((path) => path.replaceAll("\\", "/")).sort()) {
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
