import { ActionError } from "@eks-actions/action";
import { KubeApiError } from "@eks-actions/kube";
import { parseManifests } from "@eks-actions/manifest";
import { describe, expect, it } from "vitest";
import { explain } from "./faults.ts";
import { forcible } from "./live/preflight.ts";

const text = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replcias: 2
  template:
    spec:
      containers:
        - name: side
          image: side:1
        - name: web
          image: web:1
`;
const [sourced] = parseManifests(text, "k8s/web.yaml");
if (sourced === undefined) throw new Error("no object");
const { object, source } = sourced;
const ref = { apiVersion: "apps/v1", kind: "Deployment", namespace: "shop", name: "web" };

type Cause = { readonly reason: string; readonly message: string; readonly field: string };
function refusal(status: number, message: string, causes: readonly Cause[] = [], details: object = {}): KubeApiError {
  return new KubeApiError({
    status,
    reason: "",
    message,
    details: { causes, ...details },
    answer: { status, headers: {}, body: "" },
    request: { method: "PATCH", path: "/x" },
  });
}

function explained(error: unknown, phase: "read" | "preflight" | "write" = "preflight"): ActionError {
  const found = explain(error, { ref, object, source, phase });
  if (!(found instanceof ActionError)) throw new Error("not explained");
  return found;
}

const conflict = (manager: string, field: string): Cause => ({
  reason: "FieldManagerConflict",
  message: `conflict with "${manager}" using apps/v1`,
  field,
});

describe("explain", () => {
  it.each([
    [refusal(400, 'strict decoding error: unknown field "spec.replcias"'), "REJECTED", 5],
    [
      refusal(
        500,
        "failed to create typed patch object (shop/web; apps/v1, Kind=Deployment): .spec.replcias: field not declared in schema",
      ),
      "REJECTED",
      5,
    ],
    [
      refusal(422, "invalid", [
        { reason: "FieldValueInvalid", message: "Invalid value", field: "spec.template.spec.containers[1].image" },
      ]),
      "REJECTED",
      12,
    ],
    [
      refusal(409, "conflict", [conflict("flux", '.spec.template.spec.containers[name="web"].image')]),
      "FIELD_CONFLICT",
      12,
    ],
    [
      refusal(422, "x", [
        { reason: "FieldValueInvalid", message: "Invalid value: field is immutable", field: "spec.selector" },
      ]),
      "FIELD_IMMUTABLE",
      4,
    ],
    [
      refusal(422, "x", [
        {
          reason: "FieldValueForbidden",
          message: "Forbidden: updates to statefulset spec for fields other than 'replicas'",
          field: "spec",
        },
      ]),
      "FIELD_IMMUTABLE",
      4,
    ],
    [refusal(404, 'namespaces "shop" not found', [], { kind: "namespaces", name: "shop" }), "NAMESPACE_MISSING", 1],
    [refusal(404, "the server could not find the requested resource"), "KIND_UNKNOWN", 1],
    [refusal(403, 'pods "x" is forbidden: exceeded quota: small'), "REJECTED", 1],
    [
      refusal(
        403,
        'deployments.apps "web" is forbidden: User "ci" cannot patch resource "deployments" in API group "apps" in the namespace "shop"',
      ),
      "FORBIDDEN",
      1,
    ],
  ])("turns %s into %s on line %i", (error, code, line) => {
    expect(explained(error)).toMatchObject({ code, file: "k8s/web.yaml", line });
  });

  it("says at the write that it was the write", () => {
    expect(explained(refusal(422, "no"), "write").code).toBe("APPLY_REJECTED");
  });

  it("prints the rule that is missing", () => {
    const error = refusal(
      403,
      'x is forbidden: User "ci" cannot patch resource "deployments" in API group "apps" in the namespace "shop"',
    );
    expect(explained(error).hint).toBe(
      'add to the role:\n  - apiGroups: ["apps"]\n    resources: ["deployments"]\n    verbs: ["patch"]',
    );
  });

  it("leaves everything else as it is", () => {
    const bug = new TypeError("x");
    expect(explain(bug, { ref, phase: "read" })).toBe(bug);
  });
});

describe("forcible", () => {
  const both = refusal(409, "x", [conflict("kubectl-edit", ".a"), conflict("helm", ".b"), conflict("helm", ".c")]);
  it.each([
    [
      ["kubectl*", "helm"],
      ["helm", "kubectl-edit"],
    ],
    [["always"], ["helm", "kubectl-edit"]],
    [["never"], undefined],
    [["kubectl*"], undefined],
    [["*edit", "h.lm"], undefined],
    [[], undefined],
  ])("with %j allows %j", (patterns, managers) => {
    expect(forcible(both, patterns)).toEqual(managers);
  });
  it("is nothing for other refusals", () => {
    expect(forcible(refusal(409, "already exists"), ["always"])).toBeUndefined();
  });
});
