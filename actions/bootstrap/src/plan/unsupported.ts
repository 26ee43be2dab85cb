import type { FieldUse } from "@eks-actions/cluster-config";
import type { Context } from "./context.ts";
import type { Finding } from "./finding.ts";

interface Unsupported {
  readonly pattern: RegExp;
  readonly why: string;
  /** What to do in its place. */
  readonly instead: string;
}

/** Fields that the reader knows and nothing acts on. They are refused, because nothing may be ignored silently. */
const UNSUPPORTED: readonly Unsupported[] = [
  {
    pattern: /^karpenter\.withSpotInterruptionQueue$/,
    why: "the queue and its event rules are not made here",
    instead: "leave it out, or make them from Karpenter's own CloudFormation template",
  },
  {
    pattern: /^karpenter\.defaultInstanceProfile$/,
    why: "Karpenter takes the profile from its EC2NodeClass",
    instead: "write it there",
  },
  {
    pattern: /^vpc\.manageSharedNodeSecurityGroupRules$/,
    why: "there is no shared node group whose rules could be managed",
    instead: "leave it out: nodes are in the cluster's own security group",
  },
  {
    pattern: /\.propagateASGTags$/,
    why: "the Auto Scaling group's tags are not written",
    instead: "tag the Auto Scaling group for the autoscaler yourself",
  },
  {
    pattern: /\.securityGroups\.(withShared|withLocal)$/,
    why: "managed node groups have neither a shared nor a local group",
    instead: "list groups under `securityGroups.attachIDs`",
  },
  {
    pattern: /^addons\[\]\.(publishers|types|owners)$/,
    why: "an add-on is chosen by its name alone",
    instead: "leave it out, or write the `version`",
  },
];

/** One finding for the outermost field of each kind that cannot be carried out. */
export function unsupportedFindings(context: Context): readonly Finding[] {
  return context.config.fields.flatMap((use) => {
    const found = UNSUPPORTED.find(({ pattern }) => pattern.test(use.pattern));
    return found === undefined ? [] : [finding(use, found)];
  });
}

function finding(use: FieldUse, { why, instead }: Unsupported): Finding {
  return {
    level: "fatal",
    code: "CONFIG_UNSUPPORTED_FIELD",
    path: use.path,
    message: `\`${use.path}\` is read, but this version does not carry it out: ${why}`,
    hint: instead,
    file: use.file,
    line: use.place.line,
    column: use.place.column,
  };
}
