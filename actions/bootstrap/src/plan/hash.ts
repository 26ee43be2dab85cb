import type { Action } from "./action.ts";
import { canonical, sha256 } from "./value.ts";

const OUR_TAG = /^eks-actions\//;

/** Arguments as a reviewer approves them: without tokens and without the action's own bookkeeping tags. */
export function approvedArgs(args: unknown): unknown {
  if (Array.isArray(args)) {
    return args.filter((item) => !isOurTag(item)).map(approvedArgs);
  }
  if (typeof args !== "object" || args === null) return args;
  return Object.fromEntries(
    Object.entries(args)
      .filter(([key]) => key !== "clientRequestToken" && key !== "ClientToken" && !OUR_TAG.test(key))
      .map(([key, value]) => [key, approvedArgs(value)]),
  );
}

function isOurTag(item: unknown): boolean {
  if (typeof item !== "object" || item === null || !("Key" in item)) return false;
  return typeof item.Key === "string" && OUR_TAG.test(item.Key);
}

export function actionHash(action: Action): string {
  const calls = action.calls.map(({ service, operation, args }) => ({ service, operation, args: approvedArgs(args) }));
  return sha256(canonical({ op: action.op, target: action.target, calls }));
}

/** Over the hashes of all actions but waits, in plan order. No action: the hash of the empty text. */
export function planHash(actions: readonly Action[]): string {
  const hashes = actions.filter((action) => action.op !== "wait").map(actionHash);
  return sha256(hashes.join("\n"));
}
