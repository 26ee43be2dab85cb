import { ActionError } from "@eks-actions/action";
import { mayMakeAgain } from "../cluster/failed.ts";
import { clusterValues } from "../cluster/values.ts";
import { noVolumes, sweep } from "../destroy/leftovers.ts";
import { ipv6RangeOf } from "../network/ipv6-range.ts";
import type { Action, Until } from "../plan/action.ts";
import { type Usual, usual } from "../plan/durations.ts";
import { kindWord } from "../plan/kinds.ts";
import { askInsights } from "../upgrade/insights.ts";
import { awsFault } from "./aws-fault.ts";
import type { Work } from "./execute.ts";
import { DONE, type Ended, type Issues, issueText, type Look, pollUntil } from "./poll.ts";
import { addonActive } from "./wait-addon.ts";

/** Looks until the action's end has come. @throws ActionError when the object failed */
export async function awaitEnd(
  work: Work,
  action: Action,
  until: Until,
  updateId: string | undefined,
  progress: (text: string) => void,
): Promise<Ended> {
  const look = looker(work, action, until, updateId, progress);
  return pollUntil(work.ports.clock, usualOf(until, action), work.signal, async (elapsed) => {
    try {
      return await look(elapsed);
    } catch (error) {
      if (error instanceof ActionError || work.signal.aborted) throw error;
      throw awsFault(error, `watching ${kindWord(action.target.kind)} ${action.target.name}`);
    }
  });
}

function looker(
  work: Work,
  action: Action,
  until: Until,
  updateId: string | undefined,
  progress: (text: string) => void,
): Look {
  const { aws } = work.ports;
  const cluster = work.facts.config.metadata.name;
  const { signal } = work;
  switch (until.kind) {
    case "cluster-active":
      return () => clusterActive(work, progress);
    case "cluster-gone":
      // Deleted means that it stays away: the first NotFound may come from one replica.
      return threeTimes(async () => (await aws.eks.cluster(cluster, signal)) === undefined);
    case "nodegroup-active":
      return () => nodegroupActive(work, until.name, progress);
    case "nodegroup-gone":
      return async () => {
        const live = await aws.eks.nodegroup(cluster, until.name, signal);
        if (live?.status === "DELETE_FAILED") throw failedGroup(until.name, live.status, live.health?.issues);
        progress(live?.status ?? "gone");
        if (live !== undefined) return undefined;
        const { learned } = work;
        if (until.makesAgain === true) learned.recreated = [...learned.recreated, until.name];
        return DONE;
      };
    case "addon-active":
      return addonActive(work, until.name, until.needsNodes, progress);
    case "addon-gone":
      return async () => ((await aws.eks.addon(cluster, until.name, signal)) === undefined ? DONE : undefined);
    case "fargate-active":
      return () => fargateActive(work, until.name, progress);
    case "fargate-gone":
      return async () => ((await aws.eks.fargateProfile(cluster, until.name, signal)) === undefined ? DONE : undefined);
    case "capability-active":
      return () => capabilityActive(work, until.name, progress);
    case "capability-gone":
      return async () => ((await aws.eks.capability(cluster, until.name, signal)) === undefined ? DONE : undefined);
    case "vpc-ipv6":
      return () => vpcIpv6(work, until.part, progress);
    case "nat-available":
      return () => natAvailable(work, until.part, progress);
    case "nat-gone":
      return async () => {
        const [nat] = await aws.ec2.natGateways({ ids: [until.id] }, signal);
        return nat === undefined || nat.State === "deleted" ? DONE : undefined;
      };
    case "swept":
      return sweep(work, progress);
    case "no-volumes":
      return noVolumes(work);
    case "insights":
      return () => {
        progress("being made anew");
        return askInsights(work.ports, cluster, until.version, until.level, signal);
      };
    case "update":
      return update(work, action, until, updateId, progress);
    default:
      return until satisfies never;
  }
}

function usualOf(until: Until, action: Action): Usual {
  switch (until.kind) {
    case "cluster-active":
      return usual.clusterCreate;
    case "cluster-gone":
      return usual.clusterDelete;
    case "nodegroup-active":
      return usual.nodegroupCreate;
    case "nodegroup-gone":
      return usual.nodegroupDelete;
    case "addon-active":
      return usual.addonCreate;
    case "addon-gone":
      return usual.addonDelete;
    case "fargate-active":
      return usual.fargateCreate;
    case "fargate-gone":
      return usual.fargateDelete;
    case "capability-active":
      return usual.capabilityCreate;
    case "capability-gone":
      return usual.addonDelete;
    case "vpc-ipv6":
      return usual.quick;
    case "nat-available":
      return usual.nat;
    case "nat-gone":
      return usual.natDelete;
    case "insights":
      return usual.insights;
    case "swept":
    case "no-volumes":
      return usual.quick;
    case "update":
      if (until.nodegroup !== undefined) return action.op === "update" ? usual.nodegroupUpdate : usual.nodegroupRoll;
      if (until.addon !== undefined) return usual.addonUpdate;
      return action.op === "upgrade" || action.op === "rollback" ? usual.clusterUpgrade : usual.clusterUpdate;
    default:
      return until satisfies never;
  }
}

function threeTimes(gone: () => Promise<boolean>): Look {
  let times = 0;
  return async () => {
    times = (await gone()) ? times + 1 : 0;
    return times >= 3 ? DONE : undefined;
  };
}

async function clusterActive(work: Work, progress: (text: string) => void): Promise<Ended | undefined> {
  const { name } = work.facts.config.metadata;
  const live = await work.ports.aws.eks.cluster(name, work.signal);
  progress(live?.status ?? "not visible yet");
  if (live?.status === "FAILED") {
    throw new ActionError("CLUSTER_FAILED", {
      message: `cluster ${name} is FAILED${issueText(live.health?.issues)}`,
      hint: "cure the cause, destroy, and apply again",
    });
  }
  if (live?.status !== "ACTIVE") return undefined;
  for (const [key, value] of clusterValues(live)) work.known.set(key, value);
  return DONE;
}

async function nodegroupActive(work: Work, name: string, progress: (text: string) => void): Promise<Ended | undefined> {
  const live = await work.ports.aws.eks.nodegroup(work.facts.config.metadata.name, name, work.signal);
  progress(live?.status ?? "not visible yet");
  switch (live?.status) {
    case "ACTIVE":
      return DONE;
    case "DEGRADED":
      return { note: `node group ${name} is DEGRADED${issueText(live.health?.issues)}` };
    case "CREATE_FAILED":
    case "DELETE_FAILED":
      if (mayMakeAgain(live, work.learned.recreated))
        return { note: `node group ${name} failed${issueText(live.health?.issues)}`, replan: true };
      throw failedGroup(name, live.status, live.health?.issues);
    default:
      return undefined;
  }
}

function failedGroup(name: string, status: string, issues: Issues): ActionError {
  return new ActionError("NODEGROUP_FAILED", {
    message: `node group ${name} is ${status}${issueText(issues)}`,
    hint: "the issue above names the cause; delete the group once it is cured, and run again",
  });
}

async function fargateActive(work: Work, name: string, progress: (text: string) => void): Promise<Ended | undefined> {
  const live = await work.ports.aws.eks.fargateProfile(work.facts.config.metadata.name, name, work.signal);
  progress(live?.status ?? "not visible yet");
  if (live?.status === "ACTIVE") return DONE;
  if (live?.status !== "CREATE_FAILED" && live?.status !== "DELETE_FAILED") return undefined;
  throw new ActionError("FARGATE_FAILED", {
    message: `Fargate profile ${name} is ${live.status}${issueText(live.health?.issues)}`,
    hint: "delete the profile once the cause is cured, and run again",
  });
}

async function capabilityActive(
  work: Work,
  name: string,
  progress: (text: string) => void,
): Promise<Ended | undefined> {
  const live = await work.ports.aws.eks.capability(work.facts.config.metadata.name, name, work.signal);
  progress(live?.status ?? "not visible yet");
  const issues = (live?.health?.issues ?? []).map((issue) => `${issue.code}: ${issue.message}`).join("; ");
  const why = issues === "" ? "" : `: ${issues}`;
  if (live?.status === "ACTIVE") return DONE;
  if (live?.status === "DEGRADED") return { note: `capability ${name} is DEGRADED${why}` };
  if (live?.status !== "CREATE_FAILED" && live?.status !== "DELETE_FAILED") return undefined;
  throw new ActionError("CAPABILITY_FAILED", {
    message: `capability ${name} is ${live.status}${why}`,
    hint: "delete the capability once the cause is cured, and run again",
  });
}

async function vpcIpv6(work: Work, part: string, progress: (text: string) => void): Promise<Ended | undefined> {
  const id = work.known.get(`${part}#id`);
  const [vpc] = id === undefined ? [] : await work.ports.aws.ec2.vpcs({ ids: [id] }, work.signal);
  const range = vpc === undefined ? undefined : ipv6RangeOf(vpc);
  progress(range === undefined ? "waits for its IPv6 range" : range);
  if (range === undefined) return undefined;
  work.known.set(`${part}#ipv6`, range);
  return DONE;
}

async function natAvailable(work: Work, part: string, progress: (text: string) => void): Promise<Ended | undefined> {
  const id = work.known.get(`${part}#id`);
  const [nat] = id === undefined ? [] : await work.ports.aws.ec2.natGateways({ ids: [id] }, work.signal);
  progress(nat?.State ?? "not visible yet");
  if (nat?.State === "available") return DONE;
  if (nat?.State === "failed") {
    throw new ActionError("AWS_REFUSED", {
      message: `NAT gateway ${id} failed: ${nat.FailureCode ?? ""} ${nat.FailureMessage ?? ""}`.trim(),
      hint: "run again: the failed gateway is left behind and another one is made",
    });
  }
  return undefined;
}

/** The status of the object stays ACTIVE for seconds after an update began, so only the update itself is asked. */
function update(
  work: Work,
  action: Action,
  until: Until & { kind: "update" },
  updateId: string | undefined,
  progress: (text: string) => void,
): Look {
  const id = until.id ?? updateId;
  const cluster = work.facts.config.metadata.name;
  const owner = { cluster, nodegroup: until.nodegroup, addon: until.addon, capability: until.capability };
  return async () => {
    if (id === undefined) return DONE;
    const live = await work.ports.aws.eks.update(owner, id, work.signal);
    progress(live?.status ?? "not visible yet");
    switch (live?.status) {
      case "Successful":
        return DONE;
      case "Cancelled":
        return { note: `update ${id} of ${kindWord(action.target.kind)} ${action.target.name} was cancelled` };
      case "Failed": {
        const errors = live.errors?.map((error) => `${error.errorCode}: ${error.errorMessage}`).join("; ");
        throw new ActionError("UPDATE_FAILED", {
          message: `update ${id} of ${kindWord(action.target.kind)} ${action.target.name} failed: ${errors ?? "no reason given"}`,
          hint: "cure the cause above and run again",
        });
      }
      default:
        return undefined;
    }
  };
}
