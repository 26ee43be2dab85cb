import type { Facts } from "../facts.ts";
import type { Action } from "./action.ts";
import { partOfId } from "./build.ts";
import type { Finding } from "./finding.ts";
import { kindWord } from "./kinds.ts";

const KINDS: Readonly<Record<string, string>> = {
  NodeGroup: "nodegroup",
  Addon: "addon",
  FargateProfile: "fargateprofile",
  AccessEntry: "accessentry",
  PodIdentity: "podidentity",
  Capability: "capability",
  IdentityProvider: "identityprovider",
  Cluster: "cluster",
  Vpc: "network",
  Subnet: "network",
  NatGateway: "network",
  InternetGateway: "network",
  RouteTable: "network",
};

/** Objects under `protect` of the extension that the plan would delete or replace. No word lets that pass. */
export function protectionFindings(facts: Facts, actions: readonly Action[]): readonly Finding[] {
  const { extension } = facts.config;
  if (extension === undefined || extension.protect.length === 0) return [];
  const hit = actions.filter(
    (action) =>
      (action.op === "delete" || action.op === "replace") &&
      names(action).some((name) => extension.protect.includes(name)),
  );
  return hit.map((action) => ({
    level: "block",
    code: "PROTECTED",
    target: action.target,
    path: `protect[${extension.protect.findIndex((entry) => names(action).includes(entry))}]`,
    message: `${kindWord(action.target.kind)} ${action.target.name} is protected, and the plan would ${action.op} it`,
    hint: "take the change back, or take the object out of `protect`",
  }));
}

/** Names by which the extension may mean the target: a replaced node group counts under the file's name too. */
function names(action: Action): readonly string[] {
  const kind = KINDS[action.target.kind];
  if (kind === undefined) return [];
  if (kind === "cluster" || kind === "network") return [kind];
  const group = /^ng-(?!gone-)(.+)$/.exec(partOfId(action.id))?.[1];
  return [`${kind}/${action.target.name}`, ...(group === undefined ? [] : [`${kind}/${group}`])];
}
