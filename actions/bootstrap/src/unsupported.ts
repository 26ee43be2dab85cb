import type { FieldUse } from "@eks-actions/cluster-config";
import type { Context } from "./context.ts";
import type { Finding } from "./finding.ts";

/** Fields of tier 2 that this version carries out. */
const DONE = [
  /^metadata\.rollbackConfig/,
  /^iam\.serviceAccounts/,
  /^iam\.fargatePodExecutionRole/,
  /^fargateProfiles/,
  /^iamIdentityMappings/,
  /^identityProviders/,
  /^capabilities/,
  /^managedNodeGroups\[\]\.(ssh|ami|overrideBootstrapCommand|preBootstrapCommands|additionalVolumes|bottlerocket)/,
  /^kube(APIServer|Scheduler|ControllerManager)Config/,
  /^kubernetesNetworkConfig/,
  /^privateCluster/,
  /^remoteNetworkConfig/,
  /\.instanceSelector/,
  /^vpc\.(autoAllocateIPv6|ipv6Cidr|ipv6Pool|extraCIDRs|extraIPv6CIDRs|controlPlaneEgressMode)/,
];

/** Fields that are read, and that nothing acts on yet. Refused, because nothing may be ignored silently. */
const NOT_YET: readonly (readonly [RegExp, string])[] = [
  [/^vpc\.manageSharedNodeSecurityGroupRules$/, "manage the rules of the shared group yourself"],
  [/\.propagateASGTags$/, "tag the Auto Scaling group yourself"],
  [/\.securityGroups\.(withShared|withLocal)$/, "list the groups under `securityGroups.attachIDs`"],
  [/^addons\[\]\.(publishers|types|owners)$/, "name the add-on and its version"],
];

/** One finding for the outermost field of each kind that cannot be carried out. */
export function unsupportedFindings(context: Context): readonly Finding[] {
  const { fields, file, extension } = context.config;
  const found: { readonly use: FieldUse; readonly hint: string }[] = [];
  for (const use of fields) {
    if (use.file === extension?.file) continue;
    const covered = found.some(
      ({ use: outer }) => use.path.startsWith(`${outer.path}.`) || use.path.startsWith(`${outer.path}[`),
    );
    if (covered) continue;
    if (use.field.tier === 2 && !DONE.some((pattern) => pattern.test(use.pattern))) {
      found.push({ use, hint: "leave it out for now, or keep this cluster with eksctl" });
    }
    const notYet = NOT_YET.find(([pattern]) => pattern.test(use.pattern));
    if (notYet !== undefined) found.push({ use, hint: notYet[1] });
  }
  return found.map(({ use, hint }) => ({
    level: "fatal",
    code: "CONFIG_UNSUPPORTED_FIELD",
    path: use.path,
    message: `\`${use.path}\` is read, but this version does not carry it out`,
    hint,
    file,
    line: use.place.line,
    column: use.place.column,
  }));
}
