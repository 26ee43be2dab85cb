import { ActionError } from "@eks-actions/action/error";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { parseManifests } from "./parse.ts";

function errorOf(run: () => unknown): ActionError {
  try {
    run();
  } catch (error) {
    if (error instanceof ActionError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

const configMap = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n`;

describe("parseManifests", () => {
  it("reads documents in order and keeps the line of each first key", () => {
    const objects = parseManifests(
      `# head\n---\n${configMap("a")}---\n# only a comment\n---\n\n${configMap("b")}`,
      "k8s/all.yaml",
    );
    expect(objects.map(({ object, source }) => [object.metadata.name, source.file, source.line])).toEqual([
      ["a", "k8s/all.yaml", 3],
      ["b", "k8s/all.yaml", 11],
    ]);
  });

  it("finds the line of any path, through lists, merge keys and quoted keys", () => {
    const text = [
      "apiVersion: apps/v1",
      "kind: Deployment",
      "metadata: {name: web}",
      "spec:",
      "  template:",
      "    spec:",
      "      containers:",
      "        - name: app",
      '          "image": web:1',
      "        - name: side",
      "          image: side:1",
    ].join("\n");
    const source = parseManifests(text, "web.yaml")[0]?.source;
    expect(source?.lineOf(["spec", "template", "spec", "containers", 0, "image"])).toBe(9);
    expect(source?.lineOf(["spec", "template", "spec", "containers", 1])).toBe(10);
    expect(source?.lineOf(["metadata", "name"])).toBe(3);
    expect(source?.lineOf(["spec", "replicas"])).toBeUndefined();
    expect(source?.lineOf([])).toBe(1);
  });

  it("finds lines in documents that were read long ago, behind others, comments and directives", () => {
    const texts = [
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  x: |\n    one\n    two\n  y: z\n...\n",
      "%YAML 1.2\n--- # head\n# more\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndata: {\n  k: v}\n...\n",
      "---\r\napiVersion: v1\r\nkind: ConfigMap\r\nmetadata:\r\n  name: c\r\ndata:\r\n  k: v\r\n",
      "--- {apiVersion: v1, kind: ConfigMap,\n metadata: {name: d}}\n",
    ];
    const [a, b, c, d] = parseManifests(texts.join(""), "all.yaml").map(({ source }) => source);
    expect([a?.line, b?.line, c?.line, d?.line]).toEqual([1, 13, 20, 26]);
    expect(a?.lineOf(["data", "y"])).toBe(8);
    expect(b?.lineOf(["data", "k"])).toBe(17);
    expect(c?.lineOf(["data", "k"])).toBe(25);
    expect(d?.lineOf(["metadata", "name"])).toBe(27);
    expect(d?.lineOf(["metadata", "namespace"])).toBeUndefined();
  });

  it("says in which of many documents brackets lie too deep", () => {
    const flow = "x: [{a: [1]}, {b: [2]}]\n";
    const text = Array.from({ length: 60 }, (_, i) => `${configMap(`c${i}`)}${flow}`).join("---\n");
    expect(parseManifests(text, "a.yaml")).toHaveLength(60);
    const bad = `${text}---\n${configMap("deep")}x: ${"[".repeat(101)}${"]".repeat(101)}\n`;
    expect(errorOf(() => parseManifests(bad, "a.yaml"))).toMatchObject({ code: "YAML_INVALID", line: 60 * 6 + 5 });
  });

  it("expands a List and gives each item its own line", () => {
    const text =
      "apiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: a}\n  - apiVersion: v1\n    kind: Secret\n    metadata: {name: b}\n";
    const objects = parseManifests(text, "list.yaml");
    expect(objects.map(({ object, source }) => [object.kind, source.line, source.lineOf(["metadata"])])).toEqual([
      ["ConfigMap", 4, 6],
      ["Secret", 7, 9],
    ]);
  });

  it("reads JSON", () => {
    const text =
      '{\n\t"apiVersion": "v1",\n\t"kind": "ConfigMap",\n\t"metadata": {"name": "a"},\n\t"data": {"k": "v"}\n}\n';
    expect(parseManifests(text, "a.json")[0]?.object).toMatchObject({ kind: "ConfigMap", data: { k: "v" } });
  });

  it.each([
    ["0644", 420],
    ["0o644", 420],
    ["'0644'", "0644"],
    ["yes", "yes"],
    ["1e3", 1000],
    ["0x1f", 31],
    ["08", 8],
  ])("reads %s as kubectl does", (text, value) => {
    const object = parseManifests(`${configMap("a")}spec: {value: ${text}}\n`, "a.yaml")[0]?.object;
    expect(object?.["spec"]).toEqual({ value });
  });

  it.each([
    ["a syntax error", "apiVersion: v1\nkind: [a\nmetadata: {}\n", "YAML_INVALID", "bad.yaml:3:1"],
    ["a duplicate key", `${configMap("a")}kind: Secret\n`, "YAML_INVALID", "bad.yaml:5:1"],
    ["a tab", "apiVersion: v1\nkind: A\nmetadata:\n\tname: a\n", "YAML_INVALID", "bad.yaml:4:"],
    ["a tag", "apiVersion: v1\nkind: !Sub A\n", "YAML_INVALID", "bad.yaml:2:7"],
    ["a number that JSON cannot hold", `${configMap("a")}x: .inf\n`, "YAML_INVALID", "bad.yaml:5:4"],
    ["an integer beyond 2^53", `${configMap("a")}x: 9007199254740993\n`, "YAML_INVALID", "bad.yaml:5:4"],
    ["a key that is a list", `${configMap("a")}[a]: b\n`, "YAML_INVALID", "bad.yaml:5:1"],
    ["a scalar document", "hello\n", "OBJECT_INVALID", "bad.yaml:1:1"],
    ["no apiVersion", "kind: A\nmetadata: {name: a}\n", "OBJECT_INVALID", "bad.yaml:1:1"],
    ["a number as kind", "apiVersion: v1\nkind: 3\n", "OBJECT_INVALID", "bad.yaml:2:1"],
    ["no name", "apiVersion: v1\nkind: A\nmetadata:\n  labels: {}\n", "OBJECT_INVALID", "bad.yaml:1:1"],
    ["generateName", "apiVersion: v1\nkind: A\nmetadata:\n  generateName: a-\n", "OBJECT_INVALID", "bad.yaml:4:3"],
    [
      "a name with a newline",
      'apiVersion: v1\nkind: A\nmetadata:\n  name: "a\\nb"\n',
      "OBJECT_INVALID",
      "bad.yaml:4:3",
    ],
    [
      "a name that walks the path",
      "apiVersion: v1\nkind: A\nmetadata:\n  name: ../x\n",
      "OBJECT_INVALID",
      "bad.yaml:4:3",
    ],
    ["a label that is no text", `${configMap("a")}  labels:\n    a: true\n`, "OBJECT_INVALID", "bad.yaml:6:5"],
    [
      "a List in a List",
      "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: List, items: []}\n",
      "OBJECT_INVALID",
      "bad.yaml:4:3",
    ],
  ])("refuses %s with file, line and column", (_, text, code, place) => {
    const error = errorOf(() => parseManifests(text, "bad.yaml"));
    expect(error.code).toBe(code);
    expect(error.message).toContain(place);
    expect(`${error.file}:${error.line}:`).toBe(place.replace(/\d*$/, "").replace(/:$/, ":"));
  });

  it("reports the faults of all documents at once", () => {
    const error = errorOf(() => parseManifests(`a: [\n---\n${configMap("a")}---\nkind: A\n`, "bad.yaml"));
    expect(error.all().map((one) => one.code)).toEqual(["YAML_INVALID", "OBJECT_INVALID"]);
  });

  it("keeps a __proto__ key as data", () => {
    const object = parseManifests(`${configMap("a")}data:\n  __proto__: x\n`, "a.yaml")[0]?.object;
    expect(Object.keys(object?.["data"] ?? {})).toEqual(["__proto__"]);
    expect(Object.prototype).not.toHaveProperty("x");
  });

  it.each([
    ["an alias bomb", () => bomb()],
    [
      "more than 100 aliases",
      () => `${configMap("a")}x: &x 1\ny: [${Array.from({ length: 101 }, () => "*x").join(", ")}]\n`,
    ],
    ["a document above 1.5 MiB", () => `${configMap("a")}data:\n  k: ${"x".repeat(1_600_000)}\n`],
    ["deep nesting", () => `${configMap("a")}x: ${"[".repeat(101)}${"]".repeat(101)}\n`],
    ["very deep nesting", () => `${configMap("a")}x: ${"[".repeat(100_000)}`],
    ["an alias of itself", () => `${configMap("a")}x: &x [*x]\n`],
  ])("refuses %s within a second", (_, text) => {
    const input = text();
    const before = performance.now();
    expect(errorOf(() => parseManifests(input, "bomb.yaml")).code).toBe("YAML_INVALID");
    expect(performance.now() - before).toBeLessThan(1000);
  });

  it("accepts many documents that are small each", () => {
    const text = Array.from({ length: 40 }, (_, i) => `${configMap(`a${i}`)}data: {k: ${"x".repeat(40_000)}}\n`).join(
      "---\n",
    );
    expect(parseManifests(text, "many.yaml")).toHaveLength(40);
  });

  it("gives back what was written, whatever the values", () => {
    const value = fc.letrec((tie) => ({
      node: fc.oneof(
        { depthSize: "small" },
        fc.string(),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie("node"), { maxLength: 3 }),
        fc.dictionary(fc.string({ minLength: 1 }), tie("node"), { maxKeys: 3 }),
      ),
    })).node;
    fc.assert(
      fc.property(value, (spec) => {
        const object = { apiVersion: "v1", kind: "A", metadata: { name: "a" }, spec };
        const text = stringify(object, { aliasDuplicateObjects: false });
        expect(JSON.stringify(parseManifests(text, "a.yaml")[0]?.object)).toBe(JSON.stringify(object));
      }),
      { numRuns: 200 },
    );
  });

  it("never throws anything but an ActionError", () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 200, unit: fc.constantFrom(..."{}[]:-,&*!|>'\"#%@ \n\tab<?".split("")) }),
        (text) => {
          try {
            parseManifests(text, "a.yaml");
          } catch (error) {
            expect(error).toBeInstanceOf(ActionError);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

function bomb(): string {
  const levels = Array.from(
    { length: 9 },
    (_, i) => `l${i + 1}: &l${i + 1} [${Array.from({ length: 9 }, () => `*l${i}`).join(", ")}]`,
  );
  return `${configMap("a")}l0: &l0 [x]\n${levels.join("\n")}\n`;
}
