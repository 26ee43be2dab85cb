import { ActionError } from "@eks-actions/action";
import { modelledErrors } from "@eks-actions/test/fakes/aws/modelled.ts";
import { modelOf, serviceById } from "@eks-actions/test/fakes/aws/operations.ts";
import { FULL, fullAccount } from "@eks-actions/test/journeys/bootstrap/full-cluster.ts";
import { type LabOptions, startLab } from "@eks-actions/test/journeys/bootstrap/in-process.ts";
import { describe, expect, it, vi } from "vitest";
import type { Action, Call } from "./plan/action.ts";
import { knownParts } from "./plan/context.ts";
import type { Ports } from "./ports.ts";
import { issue, type Work } from "./run/execute.ts";

vi.setConfig({ testTimeout: 120_000 });

const LAB: LabOptions = { latency: false, smallPages: false, durations: "brief", prepare: fullAccount };

/** Errors that any service may answer without modelling them. */
const ANYWHERE = ["ThrottlingException", "TooManyRequestsException", "InternalFailure", "AccessDeniedException"];

/** How an action must end when its call meets this error once; whatever is not here is refused for good. */
const ENDS: readonly (readonly [operation: RegExp, error: RegExp, end: string])[] = [
  [/./, /^(Throttling|TooManyRequests|Server|ServiceUnavailable|ServiceFailure|InternalFailure)/, "done"],
  [/./, /^(ConcurrentModification|OperationAborted)/, "done"],
  [/./, /^AccessDenied/, "ACCESS_DENIED"],
  [/./, /LimitExceeded/, "QUOTA_EXCEEDED"],
  [/./, /^UnsupportedAvailabilityZone/, "ZONE_UNSUPPORTED"],
  [/^UpdateClusterVersion/, /^InvalidState/, "INSIGHT_ERROR"],
  // Others are at it, or the object is there and ours.
  [/./, /^(ResourceInUse|DeleteConflict|EntityAlreadyExists|ResourceAlreadyExists)/, "done"],
  [/^(Delete|Disassociate|Detach|Untag)/, /^(ResourceNotFound|NotFound|NoSuchEntity)/, "done"],
  // A role of this run that not every endpoint of IAM knows yet.
  [/^(Attach|Put|Tag|Update).*(Role|Policy)/, /^NoSuchEntity/, "done"],
  [/./, /./, "AWS_REFUSED"],
];

function endOf(operation: string, error: string): string {
  return ENDS.find(([call, name]) => call.test(operation) && name.test(error))?.[2] ?? "";
}

/** Error as an SDK client throws it. */
function sdkError(name: string): Error {
  const status = /^(Server|ServiceUnavailable|ServiceFailure|InternalFailure)/.test(name) ? 500 : 400;
  return Object.assign(new Error(`AWS says ${name}`), {
    name,
    $metadata: { httpStatusCode: status, requestId: "r-1" },
  });
}

/** Sends one call whose first attempt meets `error`: the code of the failure, or `done`. */
async function meet(work: Work, action: Action, call: Call, error: Error): Promise<string> {
  let isFirst = true;
  const write: Ports["aws"]["write"] = async () => {
    if (!isFirst) return {};
    isFirst = false;
    throw error;
  };
  const ports: Ports = { ...work.ports, aws: { ...work.ports.aws, write } };
  try {
    await issue({ ...work, ports, learned: { nodesFirst: false, recreated: [] } }, { ...action, calls: [call] });
    return "done";
  } catch (thrown) {
    if (!(thrown instanceof ActionError)) throw thrown;
    expect(thrown.message).toContain(`${call.operation}: `);
    expect(thrown.message).toContain("AWS says");
    expect(thrown.hint).toBeTruthy();
    expect(thrown.cause).toBe(error);
    return thrown.code;
  }
}

describe("every error that AWS models for a call of a run", () => {
  it("is waited out, taken for done, or named with AWS's own words and a way on", async () => {
    await using lab = await startLab(LAB);
    const { actions: made } = await lab.look(FULL);
    expect((await lab.run(FULL)).code).toBe(0);
    const changed = FULL.replace('"1.33"', '"1.34"')
      .replace("maxSize: 4", "maxSize: 5")
      .replace("[audit]", "[audit, api]")
      .replace("AmazonEKSViewPolicy", "AmazonEKSEditPolicy")
      .replace("{team: platform}", "{group: platform}");
    const built = await lab.look(changed);
    const gone = await lab.look(FULL, { mode: "destroy", confirm: "shop", allow: "delete-log-group" });
    const ports = lab.ports(FULL);
    const work: Work = {
      ports,
      facts: built.facts,
      known: new Map(knownParts(built.facts)),
      freshRoles: new Set(["role-cluster"]),
      prepare: (_, args) => args,
      signal: new AbortController().signal,
      expectsNodes: () => false,
      addonTimeoutMs: 0,
      sent: [],
      learned: { nodesFirst: false, recreated: [] },
    };
    const seen = new Map<string, string>();
    for (const action of [...made, ...built.actions, ...gone.actions]) {
      for (const call of action.calls) {
        const model = await modelOf(serviceById(call.service) ?? never(call.service));
        const operation = model.operations.get(call.operation) ?? never(call.operation);
        for (const name of [...(await modelledErrors(operation)), ...ANYWHERE]) {
          const key = `${call.service}:${call.operation} ${name}`;
          if (seen.has(key)) continue;
          seen.set(key, await meet(work, action, call, sdkError(name)));
        }
      }
    }
    const expected = new Map(
      [...seen.keys()].map((key) => {
        const [call = "", name = ""] = key.split(" ");
        return [key, endOf(call.split(":")[1] ?? "", name)];
      }),
    );
    expect(seen.size).toBeGreaterThan(300);
    expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(expected));
  });
});

function never(what: string): never {
  throw new Error(`the stand-in does not know ${what}`);
}
