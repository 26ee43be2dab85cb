import { glob, readFile } from "node:fs/promises";

/** `?` omitempty, `~` omitzero, `!` neither, `^` neither and a pointer: how a field is written when it is zero. */
export type ZeroRule = "?" | "~" | "!" | "^";
/** Per struct and JSON field; pointers have no entry. */
export type ZeroRules = Map<string, Map<string, ZeroRule>>;

interface Struct {
  readonly rules: Map<string, ZeroRule>;
  readonly inlined: string[];
}

/** Reads the JSON tags of the API structs in the Go modules api, apimachinery and apiextensions-apiserver. */
export async function readZeroRules(modules: string, release: string): Promise<ZeroRules> {
  const structs = new Map<string, Struct>();
  const sources: readonly (readonly [string, RegExp, string])[] = [
    [`${modules}/api@${release}/*/v*/types.go`, /\/([a-z]+)\/(v\w+)\/types\.go$/, "$1.$2"],
    [`${modules}/apimachinery@${release}/pkg/apis/meta/v1/types.go`, /.*/, "apis.meta.v1"],
    [
      `${modules}/apiextensions-apiserver@${release}/pkg/apis/apiextensions/v1/types*.go`,
      /.*/,
      "apiextensions-apiserver.pkg.apis.apiextensions.v1",
    ],
  ];
  for (const [pattern, path, prefix] of sources) {
    for await (const file of glob(pattern)) {
      const [, group = "", version = ""] = path.exec(file) ?? [];
      readStructs(await readFile(file, "utf8"), prefix.replace("$1", group).replace("$2", version), structs);
    }
  }
  const rules: ZeroRules = new Map();
  for (const name of structs.keys()) rules.set(name, flatten(name, structs));
  return rules;
}

function readStructs(source: string, prefix: string, structs: Map<string, Struct>) {
  for (const [, name, body = ""] of source.matchAll(/^type (\w+) struct \{$(.*?)^\}$/gms)) {
    const struct: Struct = { rules: new Map(), inlined: [] };
    structs.set(`${prefix}.${name}`, struct);
    for (const [, type = "", json = ""] of body.matchAll(/^\t(?:\w+\s+)?(\S+)\s+`.*?json:"([^"]*)".*$/gm)) {
      const [field = "", ...options] = json.split(",");
      if (options.includes("inline")) struct.inlined.push(type.includes(".") ? type : `${prefix}.${type}`);
      else if (field !== "" && field !== "-") {
        const rule = ruleOf(type, options);
        if (rule !== undefined) struct.rules.set(field, rule);
      }
    }
  }
}

function ruleOf(type: string, options: readonly string[]): ZeroRule | undefined {
  if (options.includes("omitzero")) return "~";
  if (!options.includes("omitempty")) return type.startsWith("*") ? "^" : "!";
  return type.startsWith("*") ? undefined : "?";
}

function flatten(name: string, structs: ReadonlyMap<string, Struct>): Map<string, ZeroRule> {
  const struct = structs.get(name);
  const rules = new Map(struct?.rules);
  for (const inlined of struct?.inlined ?? []) {
    const target = inlined.startsWith("v1.") ? `core.${inlined}` : inlined;
    for (const [field, rule] of flatten(target, structs)) rules.set(field, rule);
  }
  return rules;
}
