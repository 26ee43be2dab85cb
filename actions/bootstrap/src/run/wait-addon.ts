import { ActionError } from "@eks-actions/action";
import type { Work } from "./execute.ts";
import { DONE, type Ended, type Issues, issueText, type Look } from "./poll.ts";

/** An add-on of Deployments is DEGRADED until a node is ready: that is no failure while none is expected. */
export function addonActive(work: Work, name: string, needsNodes: boolean, progress: (text: string) => void): Look {
  const { config } = work.facts;
  const cluster = config.metadata.name;
  let nodesSince: number | undefined;
  return async () => {
    const live = await work.ports.aws.eks.addon(cluster, name, work.signal);
    progress(live?.status ?? "not visible yet");
    switch (live?.status) {
      case "ACTIVE":
        return DONE;
      case "CREATE_FAILED":
      case "UPDATE_FAILED":
      case "DELETE_FAILED":
        throw failedAddon(name, live.status, live.health?.issues);
      case "DEGRADED": {
        if (!needsNodes) return degraded(name, live.health?.issues);
        if (config.managedNodeGroups.length === 0 && !config.autoModeConfig.enabled) {
          return { note: `add-on ${name} waits for nodes: the file has no node group` };
        }
        if (!(await hasNodes(work)))
          return work.expectsNodes() ? undefined : { note: `add-on ${name} waits for nodes` };
        nodesSince ??= work.ports.clock.now();
        if (work.ports.clock.now() - nodesSince < work.addonTimeoutMs) return undefined;
        throw failedAddon(name, "DEGRADED although nodes are ready", live.health?.issues);
      }
      default:
        return undefined;
    }
  };
}

function degraded(name: string, issues: Issues): Ended {
  return { note: `add-on ${name} is DEGRADED${issueText(issues)}` };
}

async function hasNodes(work: Work): Promise<boolean> {
  const { config } = work.facts;
  if (config.autoModeConfig.enabled) return true;
  const cluster = config.metadata.name;
  const names = await work.ports.aws.eks.nodegroupNames(cluster, work.signal);
  const groups = await Promise.all(names.map((name) => work.ports.aws.eks.nodegroup(cluster, name, work.signal)));
  return groups.some((group) => group?.status === "ACTIVE" && (group.scalingConfig?.desiredSize ?? 0) > 0);
}

function failedAddon(name: string, status: string, issues: Issues): ActionError {
  return new ActionError("ADDON_FAILED", {
    message: `add-on ${name} is ${status}${issueText(issues)}`,
    hint: /ConfigurationConflict/.test(issueText(issues))
      ? `addons: [{name: ${name}, resolveConflicts: overwrite}]`
      : "the issue above names the cause; run again once it is cured",
  });
}
