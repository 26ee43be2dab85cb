import { ActionError } from "@eks-actions/action";
import type { Inputs } from "../inputs.ts";
import type { Plan } from "../plan.ts";
import type { Ports } from "../ports.ts";
import type { Action } from "./action.ts";
import { actionHash, approvedArgs } from "./hash.ts";
import { configHash } from "./names.ts";
import { canonical, sha256 } from "./value.ts";

/** What a reviewer approved: a plan of this may do no more than that. */
export interface Approval {
  check(plan: Plan): void;
}

interface ApprovedAction {
  readonly id: string;
  readonly hash: string;
}

/** @throws ActionError `PLAN_INVALID` when the file is no plan or was edited */
export function readApproval(inputs: Inputs, ports: Pick<Ports, "readText">): Approval {
  const file = inputs.planFile === undefined ? undefined : readPlanFile(ports.readText(inputs.planFile));
  if (file !== undefined && inputs.planHash !== undefined && file.planHash !== inputs.planHash) {
    throw stale(["`plan-hash` is not the hash of `plan-file`"]);
  }
  return {
    check(plan) {
      if (file !== undefined) checkFile(plan, file);
      else if (
        inputs.planHash !== undefined &&
        plan.planHash !== inputs.planHash &&
        plan.actions.some((action) => action.op !== "wait")
      ) {
        throw stale([`the plan is ${plan.planHash.slice(0, 12)} now, approved was ${inputs.planHash.slice(0, 12)}`]);
      }
    },
  };
}

interface PlanFile {
  readonly planHash: string;
  readonly actions: readonly ApprovedAction[];
  /** Every approved call as canonical JSON. */
  readonly calls: ReadonlySet<string>;
  readonly cluster: Readonly<Record<string, unknown>>;
  readonly owner: unknown;
  readonly configHash: unknown;
}

function readPlanFile(text: string): PlanFile {
  const invalid = (why: string, cause?: unknown) =>
    new ActionError("PLAN_INVALID", {
      message: `\`plan-file\` ${why}`,
      hint: "make the plan again with `mode: plan` and pass its output `plan-json` on unchanged",
      cause,
    });
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw invalid("is no JSON", cause);
  }
  const root = record(parsed);
  if (root["schemaVersion"] !== 1 || !Array.isArray(root["actions"])) throw invalid("is no plan of this action");
  const actions = root["actions"].map(record);
  const approvedCalls = new Set<string>();
  const hashes: ApprovedAction[] = actions.map((action) => {
    const { op, target, calls } = action;
    const plain = Array.isArray(calls)
      ? calls.map(record).map(({ service, operation, args }) => ({ service, operation, args }))
      : [];
    for (const call of plain) approvedCalls.add(canonical(call));
    const hash = sha256(canonical({ op, target, calls: plain }));
    if (op !== "wait" && hash !== action["hash"]) throw invalid(`was edited: action ${String(action["id"])}`);
    return { id: String(action["id"]), hash };
  });
  const whole = sha256(
    hashes
      .filter((_, index) => actions[index]?.["op"] !== "wait")
      .map(({ hash }) => hash)
      .join("\n"),
  );
  if (whole !== root["planHash"]) throw invalid("was edited: `planHash` does not fit its actions");
  return {
    planHash: whole,
    actions: hashes,
    calls: approvedCalls,
    cluster: record(root["cluster"]),
    owner: root["owner"],
    configHash: record(root["config"])["hash"],
  };
}

function checkFile(plan: Plan, file: PlanFile): void {
  const { facts, inputs } = plan;
  const differences: string[] = [];
  const same = (what: string, now: unknown, then: unknown) => {
    if (now !== then) differences.push(`${what} is ${String(now)}, the plan is for ${String(then)}`);
  };
  same("the cluster", facts.config.metadata.name, file.cluster["name"]);
  same("the region", facts.config.metadata.region, file.cluster["region"]);
  same("the account", facts.account, file.cluster["account"]);
  same("the owner", inputs.owner, file.owner);
  same("the config", configHash(facts.config), file.configHash);
  if (differences.length > 0) throw stale(differences);
  const approved = new Set(file.actions.map(({ hash }) => hash));
  const extra = plan.actions.filter(
    (action) => action.op !== "wait" && !approved.has(actionHash(action)) && !isRest(action, file.calls),
  );
  if (extra.length > 0) {
    throw stale(
      extra
        .slice(0, 10)
        .map((action) => `${action.op} ${action.target.kind} ${action.target.name} is not in the approved plan`),
    );
  }
}

/** The rest of an approved action that a killed run began: nothing but calls that were approved, and bookkeeping. */
function isRest(action: Action, approved: ReadonlySet<string>): boolean {
  return action.calls.every((call) => {
    const args = approvedArgs(call.args);
    return (
      isBookkeeping(call.operation, args) ||
      approved.has(canonical({ service: call.service, operation: call.operation, args }))
    );
  });
}

/** A tag call of which nothing is left once our own tags are taken out. */
function isBookkeeping(operation: string, args: unknown): boolean {
  const { tags, Tags } = record(args);
  if (operation !== "TagRole" && operation !== "TagResource") return false;
  return Array.isArray(Tags) ? Tags.length === 0 : Object.keys(record(tags)).length === 0;
}

function stale(reasons: readonly string[]): ActionError {
  return new ActionError("PLAN_STALE", {
    message: reasons.join("; "),
    hint: "plan again, have it reviewed, and pass its `plan-json` as `plan-file`",
  });
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}
