import type { FailureCause, Verdict } from "@eks-actions/health";
import { parseManifests } from "@eks-actions/manifest";
import { describe, expect, it } from "vitest";
import { plan } from "../plan.ts";
import { factsOf, inputsOf, scopes, setOptions } from "../samples.ts";
import { buildSet } from "../set/set.ts";
import { blamePlace } from "./place.ts";

const text = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      containers:
        - name: side
          image: side:1
        - name: web
          image: web:1
          resources:
            requests: {cpu: "9"}
            limits:
              memory: 1Gi
`;
const made = plan(inputsOf(), factsOf(buildSet(parseManifests(text, "k8s/web.yaml"), setOptions, scopes)));
const objects = made.kind === "set" ? made.objects : [];
const ref = objects[0]?.ref ?? { apiVersion: "", kind: "", name: "" };
const verdict = (container: string | undefined): Verdict => ({
  ref,
  status: "failed",
  why: "IMAGE_NOT_FOUND",
  message: "",
  sure: "certain",
  evidence: [{ ref, container, field: "", value: "" }],
  warnings: [],
  watching: [],
  wantsDetails: false,
});

describe("blamePlace", () => {
  it.each([
    ["IMAGE_NOT_FOUND", "web", 11],
    ["IMAGE_NOT_FOUND", "side", 9],
    ["OOM_KILLED", "web", 15],
    ["START_ERROR", "web", 11],
    ["CRASH_LOOP", "web", 10],
    ["UNSCHEDULABLE", undefined, 8],
    ["FAILED_CREATE", undefined, 1],
    ["IMAGE_NOT_FOUND", "injected", 1],
  ] as readonly (readonly [FailureCause, string | undefined, number])[])(
    "for %s of container %s is line %i",
    (why, container, line) => {
      expect(blamePlace(why, verdict(container), objects)).toEqual({ file: "k8s/web.yaml", line });
    },
  );

  it("is nowhere for a limit of the whole run", () => {
    expect(blamePlace("TIMEOUT", undefined, objects)).toEqual({});
  });
});
