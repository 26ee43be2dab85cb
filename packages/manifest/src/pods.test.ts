import { ActionError } from "@eks-actions/action/error";
import { describe, expect, it } from "vitest";
import { refuseDuplicates } from "./duplicates.ts";
import { overrideImages, parseImage } from "./images.ts";
import { parseManifests, type SourcedObject } from "./parse.ts";
import { at, containersOf, podTemplates } from "./pods.ts";
import { createRedactor, looksSecret, redactObject, secretTexts } from "./secrets.ts";

const pod = {
  metadata: { labels: { app: "a" } },
  spec: { initContainers: [{ name: "init", image: "init:1" }], containers: [{ name: "app", image: "shop/app:1" }] },
};

const bearers: readonly (readonly [string, string, object])[] = [
  ["v1", "Pod", pod],
  ["apps/v1", "Deployment", { spec: { template: pod } }],
  ["apps/v1", "StatefulSet", { spec: { template: pod } }],
  ["apps/v1", "DaemonSet", { spec: { template: pod } }],
  ["apps/v1", "ReplicaSet", { spec: { template: pod } }],
  ["v1", "ReplicationController", { spec: { template: pod } }],
  ["batch/v1", "Job", { spec: { template: pod } }],
  ["batch/v1", "CronJob", { spec: { jobTemplate: { spec: { template: pod } } } }],
];

function set(...objects: readonly object[]): readonly SourcedObject[] {
  const text = objects.map((object) => JSON.stringify(object)).join("\n---\n");
  return parseManifests(text, "set.yaml");
}

const bearing = ([apiVersion, kind, body]: (typeof bearers)[number]) =>
  set({ ...body, apiVersion, kind, metadata: { name: kind.toLowerCase(), labels: { app: "a" } } });

function errorOf(run: () => unknown): ActionError {
  try {
    run();
  } catch (error) {
    if (error instanceof ActionError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("podTemplates", () => {
  it.each(bearers)("finds the pod of %s %s", (...bearer) => {
    const [object] = bearing(bearer);
    const [template] = object === undefined ? [] : podTemplates(object.object);
    expect(template?.labels).toEqual({ app: "a" });
    expect(template === undefined ? [] : containersOf(template).map((one) => [one.list, one.name, one.image])).toEqual([
      ["initContainers", "init", "init:1"],
      ["containers", "app", "shop/app:1"],
    ]);
  });

  it("finds none in kinds of other groups and in broken templates", () => {
    for (const object of set(
      { apiVersion: "example.com/v1", kind: "Deployment", metadata: { name: "a" }, spec: { template: pod } },
      { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "a" }, spec: { template: null } },
      { apiVersion: "v1", kind: "Service", metadata: { name: "a" } },
    ))
      expect(podTemplates(object.object)).toEqual([]);
  });
});

describe("overrideImages", () => {
  it.each(bearers)("edits %s %s by container, by repository and by full reference", (...bearer) => {
    const objects = bearing(bearer);
    const images = (lines: readonly string[]) =>
      overrideImages(objects, lines).flatMap(({ object }) =>
        podTemplates(object)
          .flatMap(containersOf)
          .map((one) => one.image),
      );
    expect(images(["app=other/app:2"])).toEqual(["init:1", "other/app:2"]);
    expect(images(["shop/app=other/app:2"])).toEqual(["init:1", "other/app:2"]);
    expect(images(["shop/app:7", `docker.io/library/init@sha256:${"0".repeat(64)}`])).toEqual([
      `docker.io/library/init@sha256:${"0".repeat(64)}`,
      "shop/app:7",
    ]);
  });

  it("leaves its input and the lines of the source as they are", () => {
    const objects = bearing(["apps/v1", "Deployment", { spec: { template: pod } }]);
    const before = JSON.stringify(objects.map(({ object }) => object));
    const [edited] = overrideImages(objects, ["app=x:2"]);
    expect(JSON.stringify(objects.map(({ object }) => object))).toBe(before);
    expect(edited?.source).toBe(objects[0]?.source);
    expect(at(edited?.object, ["spec", "template", "spec", "containers", 0, "image"])).toBe("x:2");
  });

  it("refuses lines that match nothing, all at once, with the nearest names", () => {
    const error = errorOf(() => overrideImages(bearing(["v1", "Pod", pod]), ["apps=x:2", "nothing/here:1", "app=x:3"]));
    expect(error.all().map((one) => one.code)).toEqual(["IMAGE_UNMATCHED", "IMAGE_UNMATCHED"]);
    expect(error.hint).toContain("write `app=x:2`");
  });

  it.each(["app=", "app=UPPER:1", "web", "=", "app=a:b:c", `app=a:${"x".repeat(200)}`])(
    "refuses `%s` as a reference",
    (line) => {
      expect(errorOf(() => overrideImages(bearing(["v1", "Pod", pod]), [line])).code).toBe("INPUT_INVALID");
    },
  );
});

describe("parseImage", () => {
  it.each([
    ["nginx", "nginx", undefined],
    ["nginx:1.27", "nginx", "1.27"],
    ["localhost:5000/a/b:2", "localhost:5000/a/b", "2"],
    [
      "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/web:v1",
      "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/web",
      "v1",
    ],
    ["registry.k8s.io/a__b/c---d:1", "registry.k8s.io/a__b/c---d", "1"],
  ])("reads %s", (text, repository, tag) => {
    expect(parseImage(text)).toEqual({ repository, tag, digest: undefined });
  });
  it.each(["", "A", "a b", "a:", "a@sha256:12", "-a", "a//b", "$(x)"])("refuses `%s`", (text) => {
    expect(parseImage(text)).toBeUndefined();
  });
});

describe("secrets", () => {
  const redact = createRedactor(Buffer.from("key"));
  const secret = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: "s",
      annotations: { "kubectl.kubernetes.io/last-applied-configuration": '{"data":{"a":"aHVudGVyMg=="}}', keep: "1" },
    },
    data: { a: "aHVudGVyMg==" },
    stringData: { b: "line one\nline two", c: "ab" },
  };

  it("shows keyed hashes in place of values, equal for equal values in either field", () => {
    const shown = JSON.stringify(redactObject(secret, redact));
    for (const text of ["aHVudGVyMg", "hunter2", "line one"]) expect(shown).not.toContain(text);
    expect(shown).toContain('"keep":"1"');
    const same = redactObject({ ...secret, data: {}, stringData: { a: "hunter2" } }, redact);
    expect(at(same, ["stringData", "a"])).toBe(at(redactObject(secret, redact), ["data", "a"]));
    expect(createRedactor(Buffer.from("other"))("hunter2")).not.toBe(redact("hunter2"));
  });

  it("hides environment values with secret-like names only", () => {
    const object = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "p" },
      spec: {
        containers: [
          {
            name: "a",
            env: [
              { name: "DB_PASSWORD", value: "x" },
              { name: "MODE", value: "fast" },
              { name: "TOKEN", valueFrom: {} },
            ],
          },
        ],
      },
    };
    expect(at(redactObject(object, redact), ["spec", "containers", 0, "env"])).toEqual([
      { name: "DB_PASSWORD", value: "***" },
      { name: "MODE", value: "fast" },
      { name: "TOKEN", valueFrom: {} },
    ]);
  });

  it("lists every form of a value that a log could hold", () => {
    const texts = secretTexts(secret);
    expect(texts).toEqual(
      expect.arrayContaining([
        "hunter2",
        "aHVudGVyMg==",
        "line one\nline two",
        "line one",
        "line two",
        Buffer.from("line one").toString("base64"),
      ]),
    );
    expect(texts).not.toContain("ab");
  });

  it.each([
    ["DB_PASSWORD", true],
    ["apiKey", true],
    ["GITHUB_TOKEN", true],
    ["AWS_SECRET_ACCESS_KEY", true],
    ["ENCRYPTION_KEY", true],
    ["KEYBOARD", false],
    ["MODE", false],
    ["AUTHOR", false],
  ])("judges the name %s as secret: %s", (name, secretive) => {
    expect(looksSecret(name)).toBe(secretive);
  });
});

describe("refuseDuplicates", () => {
  it("names both places, whatever version of the kind is written", () => {
    const objects = set(
      { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "a" } },
      { apiVersion: "apps/v1beta1", kind: "Deployment", metadata: { name: "a" } },
      { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "a", namespace: "other" } },
    );
    const error = errorOf(() => refuseDuplicates(objects));
    expect(error.all()).toHaveLength(1);
    expect(error.message).toBe("set.yaml:3: Deployment a stands already at set.yaml:1");
  });
});
