/**
 * Writes test/fakes/github/openapi.json: the operations that the GitHub stand-in answers, cut out of GitHub's own
 * description. Run by a person when the set of operations or the version changes:
 *
 *   node .github/scripts/openapi-extract.ts [path to api.github.com.deref.json]
 *
 * Without an argument the published package is fetched into a temporary folder (29 MB, 400 MB unpacked).
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const PACKAGE = "@octokit/openapi@23.0.2";

const OPERATIONS: readonly (readonly [path: string, ...methods: string[]])[] = [
  ["/repos/{owner}/{repo}/actions/artifacts/{artifact_id}/{archive_format}", "get"],
  ["/repos/{owner}/{repo}/actions/oidc/customization/sub", "get"],
  ["/repos/{owner}/{repo}/actions/runs/{run_id}", "get"],
  ["/repos/{owner}/{repo}/actions/runs/{run_id}/artifacts", "get"],
  ["/repos/{owner}/{repo}/check-runs", "post"],
  ["/repos/{owner}/{repo}/check-runs/{check_run_id}", "patch"],
  ["/repos/{owner}/{repo}/compare/{basehead}", "get"],
  ["/repos/{owner}/{repo}/contents/{path}", "get"],
  ["/repos/{owner}/{repo}/deployments", "get", "post"],
  ["/repos/{owner}/{repo}/deployments/{deployment_id}/statuses", "get", "post"],
  ["/repos/{owner}/{repo}/git/trees/{tree_sha}", "get"],
  ["/repos/{owner}/{repo}/issues", "get", "post"],
  ["/repos/{owner}/{repo}/issues/comments/{comment_id}", "get", "patch", "delete"],
  ["/repos/{owner}/{repo}/issues/{issue_number}", "get", "patch"],
  ["/repos/{owner}/{repo}/issues/{issue_number}/comments", "get", "post"],
  ["/repos/{owner}/{repo}/pulls", "get", "post"],
  ["/repos/{owner}/{repo}/pulls/{pull_number}", "get", "patch"],
  ["/repos/{owner}/{repo}/pulls/{pull_number}/files", "get"],
  ["/repos/{owner}/{repo}/releases", "get", "post"],
  ["/repos/{owner}/{repo}/releases/assets/{asset_id}", "delete"],
  ["/repos/{owner}/{repo}/releases/tags/{tag}", "get"],
  ["/repos/{owner}/{repo}/releases/{release_id}", "patch"],
  ["/repos/{owner}/{repo}/releases/{release_id}/assets", "post"],
  ["/repos/{owner}/{repo}/statuses/{sha}", "post"],
];

// What a validator needs; prose, examples and vendor fields are most of the bytes.
const SCHEMA_KEYS: ReadonlySet<string> = new Set(
  "type format enum nullable properties required items additionalProperties oneOf anyOf allOf not pattern minimum maximum minLength maxLength minItems maxItems".split(
    " ",
  ),
);

type Json = Record<string, unknown>;

function main(given: string | undefined): void {
  const folder = mkdtempSync(join(tmpdir(), "openapi-"));
  try {
    const file = given ?? fetchDescription(folder);
    const description = object(JSON.parse(readFileSync(file, "utf8")));
    const text = JSON.stringify(extract(description, readFileSync(join(dirname(file), "../LICENSE"), "utf8")));
    const target = new URL("../../test/fakes/github/openapi.json", import.meta.url);
    writeFileSync(target, `${text}\n`);
    console.log(
      `${OPERATIONS.flatMap(([, ...methods]) => methods).length} operations, ${Math.ceil(text.length / 1024)} KiB`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function fetchDescription(folder: string): string {
  const name = execFileSync("npm", ["pack", "--silent", PACKAGE], { cwd: folder, encoding: "utf8" }).trim();
  const wanted = ["package/generated/api.github.com.deref.json", "package/LICENSE"];
  execFileSync("tar", ["-xzf", name, ...wanted], { cwd: folder });
  return join(folder, "package/generated/api.github.com.deref.json");
}

function extract(description: Json, notice: string): Json {
  const paths: Json = {};
  for (const [path, ...methods] of OPERATIONS) {
    const item = object(object(description["paths"])[path]);
    const trimmed: Json = {};
    for (const method of methods) trimmed[method] = trimOperation(object(item[method]));
    paths[path] = trimmed;
  }
  return {
    openapi: description["openapi"],
    info: {
      title: "Extract of GitHub's REST API description",
      version: PACKAGE,
      "x-notice": notice.trim(),
    },
    paths,
  };
}

function trimOperation(operation: Json): Json {
  const responses: Json = {};
  for (const [status, response] of Object.entries(object(operation["responses"]))) {
    responses[status] = contentOf(object(response));
  }
  const body = operation["requestBody"];
  return {
    operationId: operation["operationId"],
    parameters: array(operation["parameters"]).map((parameter) => {
      const { name, in: place, required, schema } = object(parameter);
      return { name, in: place, ...(required === true ? { required } : {}), schema: trimSchema(schema) };
    }),
    ...(body === undefined ? {} : { requestBody: contentOf(object(body)) }),
    responses,
  };
}

function contentOf(holder: Json): Json {
  const content = holder["content"];
  if (content === undefined) return {};
  const json = object(content)["application/json"];
  if (json === undefined) return {};
  return { content: { "application/json": { schema: trimSchema(object(json)["schema"]) } } };
}

function trimSchema(schema: unknown): unknown {
  if (typeof schema === "boolean") return schema;
  const trimmed: Json = {};
  for (const [key, value] of Object.entries(object(schema))) {
    if (SCHEMA_KEYS.has(key)) trimmed[key] = trimKeyword(key, value);
  }
  return withNull(trimmed);
}

function trimKeyword(key: string, value: unknown): unknown {
  if (key === "properties") {
    return Object.fromEntries(Object.entries(object(value)).map(([name, schema]) => [name, trimSchema(schema)]));
  }
  if (key === "oneOf" || key === "anyOf" || key === "allOf") return array(value).map(trimSchema);
  if (key === "items" || key === "additionalProperties" || key === "not") return trimSchema(value);
  return value;
}

// `nullable` means something to a validator beside `type` only; elsewhere null becomes a choice of its own.
function withNull(schema: Json): Json {
  if (schema["nullable"] !== true) {
    delete schema["nullable"];
    return schema;
  }
  const values = schema["enum"];
  if (Array.isArray(values) && !values.includes(null)) schema["enum"] = [...values, null];
  if (schema["type"] !== undefined) return schema;
  delete schema["nullable"];
  return { anyOf: [schema, { type: "null" }] };
}

function object(value: unknown): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error("expected an object");
  return value as Json;
}

function array(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

main(process.argv[2]);
