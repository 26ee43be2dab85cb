// Turns the changesets into the next version: the packages' versions, the lockfile, a section of CHANGELOG.md; then
// commits all of it on the branch of the version pull request. `version.ts BRANCH`
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { addSection, changelogSection, readChangeset } from "./changelog.ts";
import { bot, gitIn } from "./git.ts";

const FOLDER = ".changeset";
const CHANGELOG = "CHANGELOG.md";

const [branch = "changeset-release/main"] = process.argv.slice(2);
const git = gitIn(process.cwd());
const former = currentVersion();
const changesets = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".md") && file !== "README.md")
  .sort()
  .map((file) => readChangeset(readFileSync(join(FOLDER, file), "utf8")));
run("npx", "--no-install", "changeset", "version");
// Only our own packages moved, so nothing has to be asked of a registry.
run("npm", "install", "--package-lock-only", "--ignore-scripts", "--offline", "--no-audit");

const version = currentVersion();
rewriteMentions();
const before = existsSync(CHANGELOG) ? readFileSync(CHANGELOG, "utf8") : "# Changelog\n";
const section = changelogSection(version, new Date().toISOString().slice(0, 10), changesets);
writeFileSync(CHANGELOG, addSection(before, section));

git("switch", "--quiet", "--force-create", branch);
git("add", "--all");
git("-c", `user.name=${bot.name}`, "-c", `user.email=${bot.email}`, "commit", "--quiet", "-m", `release: v${version}`);
git("push", "--quiet", "--force", "origin", branch);
console.log(`${branch}: v${version}, ${changesets.length} changesets`);

function currentVersion(): string {
  return (JSON.parse(readFileSync("actions/rollout/package.json", "utf8")) as { readonly version: string }).version;
}

/** The version also stands in the constant that footers take it from, and in the golden files that show a footer. */
function rewriteMentions(): void {
  const old = former.replaceAll(".", "\\.");
  const mentions = `version = "${old}"|eks-actions/[a-z-]+ v${old}`;
  for (const file of git("grep", "-lE", mentions, "--", "*.md", "packages/markdown/src").split("\n")) {
    const text = readFileSync(file, "utf8");
    writeFileSync(
      file,
      text.replaceAll(new RegExp(mentions, "g"), (mention) => mention.replace(former, version)),
    );
  }
}

function run(command: string, ...args: readonly string[]): void {
  execFileSync(command, args, { stdio: "inherit", shell: process.platform === "win32" });
}
