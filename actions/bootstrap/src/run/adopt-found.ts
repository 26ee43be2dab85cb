import { ActionError } from "@eks-actions/action";
import type { Action, Call } from "../plan/action.ts";
import { LEASE, OWNER, PART } from "../plan/tags.ts";
import { asRecord } from "../plan/value.ts";
import { doing } from "./aws-fault.ts";
import type { Next, Work } from "./execute.ts";
import { letOtherBegin, refuseForeign } from "./lease.ts";
import { findMade } from "./lookup.ts";

/** The object is there: ours, from a call whose answer was lost or from another run of ours, or somebody else's. */
export async function adoptFound(work: Work, action: Action, call: Call, error: unknown): Promise<Next> {
  const { ports, facts, signal } = work;
  const cluster = facts.config.metadata.name;
  if (call.service === "ec2" || call.service === "logs") {
    const made = await findMade(ports.aws, cluster, call, signal);
    for (const [key, value] of Object.entries(made ?? {})) work.known.set(key, value);
    if (call.lookup !== undefined && made === undefined) throw nameConflict(action, call, error);
    return { kind: "done", replan: false };
  }
  if (call.operation === "CreateOpenIDConnectProvider") return { kind: "done", replan: true };
  const tags = await liveTags(work, call);
  if (tags === undefined) return { kind: "again", waitMs: 5_000 };
  // Of two runs that begin at the same moment, one makes the first role; the other meets its claim here.
  refuseForeign(tags[LEASE], ports.run, ports.clock.now(), facts);
  if (call.operation === "CreateRole" && facts.cluster === undefined)
    await letOtherBegin(ports, ports.clock.now(), signal);
  const owner = ownerIn(call.args);
  if (tags[OWNER] === owner && (tags[PART] ?? "").startsWith(`${cluster}/`)) return { kind: "done", replan: true };
  throw nameConflict(action, call, error);
}

async function liveTags(work: Work, call: Call): Promise<Readonly<Record<string, string>> | undefined> {
  const { aws } = work.ports;
  const text = (key: string) => String(call.args[key] ?? "");
  const cluster = work.facts.config.metadata.name;
  switch (call.operation) {
    case "CreateRole":
      return (await aws.iam.role(text("RoleName"), work.signal))?.tags;
    case "CreateCluster":
      return (await aws.eks.cluster(cluster, work.signal))?.tags;
    case "CreateNodegroup":
      return (await aws.eks.nodegroup(cluster, text("nodegroupName"), work.signal))?.tags;
    case "CreateAddon":
      return (await aws.eks.addon(cluster, text("addonName"), work.signal))?.tags;
    case "CreateCapability":
      return (await aws.eks.capability(cluster, text("capabilityName"), work.signal))?.tags;
    case "CreateFargateProfile":
      // "In use" also says that a neighbour is being made or deleted: then there is nothing of this name yet.
      return (await aws.eks.fargateProfile(cluster, text("fargateProfileName"), work.signal))?.tags;
    case "CreateAccessEntry": {
      const entry = await aws.eks.accessEntry(cluster, text("principalArn"), work.signal);
      // EKS makes entries itself, for the creator and for node roles; those are taken over by the next plan.
      return entry === undefined ? undefined : { [OWNER]: ownerIn(call.args) ?? "", [PART]: `${cluster}/` };
    }
    case "CreatePodIdentityAssociation":
      return { [OWNER]: ownerIn(call.args) ?? "", [PART]: `${cluster}/` };
    default:
      return {};
  }
}

function ownerIn(args: Readonly<Record<string, unknown>>): string | undefined {
  const { tags, Tags } = args;
  if (Array.isArray(Tags)) {
    const found: unknown = Tags.find((tag) => asRecord(tag)["Key"] === OWNER);
    return found === undefined ? undefined : String(asRecord(found)["Value"]);
  }
  const owner = asRecord(tags)[OWNER];
  return typeof owner === "string" ? owner : undefined;
}

function nameConflict(action: Action, call: Call, error: unknown): ActionError {
  return new ActionError("NAME_CONFLICT", {
    message: `${doing(action, call)}: an object of this name exists and is not ours`,
    hint: "delete it, or choose another name",
    cause: error,
  });
}
