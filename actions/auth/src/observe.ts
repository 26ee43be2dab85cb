import type { ActionError, RunContext } from "@eks-actions/action";
import { type Endpoint, endpointOf, type IdToken } from "@eks-actions/aws";
import { type Effort, effortOf } from "./effort.ts";
import type { NamedText } from "./files/profile.ts";
import { checkRunner, checkSurroundings } from "./files/surroundings.ts";
import type { Inputs } from "./inputs/rules.ts";
import type { Ports } from "./ports.ts";
import { type Claims, claimsOf, overrideClaims } from "./token/claims.ts";
import { presentedToken, tokenAccess } from "./token/present.ts";
import { readTrustFile, type TrustFile } from "./trust/file.ts";

/** All that must be known before anything is decided. */
export interface Facts {
  readonly run: RunContext;
  /** Undefined with role-chaining, and where the `claims` input needs no token. */
  readonly idToken: IdToken | undefined;
  /** Why there is no token, although GitHub was asked for one. */
  readonly tokenFault: ActionError | undefined;
  readonly claims: Claims | undefined;
  /** The policy of `trust-policy-file`. */
  readonly trust: TrustFile | undefined;
  readonly awsConfig: NamedText;
  /** Text of an earlier auth step's kubeconfig at the path that this one writes. */
  readonly formerKubeconfig: string | undefined;
  /** Undefined: the region's own. */
  readonly stsEndpoint: Endpoint | undefined;
  /** The environment of this step. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute paths that the credential program is started with. */
  readonly node: string;
  readonly program: string;
  readonly effort: Effort;
  readonly warnings: readonly string[];
}

/** Reads files, the event and, as the only request, the job's OIDC token. */
export async function observe(inputs: Inputs, ports: Ports, signal: AbortSignal): Promise<Facts> {
  const { run } = ports;
  checkRunner(inputs, run.env);
  const access = tokenAccess(inputs, run);
  const { awsConfig, formerKubeconfig, warnings } = checkSurroundings(inputs, ports);
  const { trustPolicyFile } = inputs;
  const trust = trustPolicyFile === undefined ? undefined : readTrustFile(trustPolicyFile, run.workspace);
  const stsEndpoint = endpointOf(ports.aws, "STS");
  if (inputs.clusters.length > 0) endpointOf(ports.aws, "EKS");
  // Compiling the SDK takes longer than GitHub's answer: it happens behind the request.
  const [{ idToken, tokenFault }] = await ports.log.group("Observe", () =>
    Promise.all([
      presentedToken(access, inputs, ports, signal),
      inputs.mode === "login" ? ports.sts(inputs.roles[0]?.region ?? "") : undefined,
    ]),
  );
  const own = idToken === undefined ? undefined : claimsOf(idToken.claims);
  const hasGiven = Object.keys(inputs.claims).length > 0;
  return {
    run,
    idToken,
    tokenFault,
    claims: hasGiven ? overrideClaims(own, inputs.claims) : own,
    trust,
    awsConfig,
    formerKubeconfig,
    stsEndpoint,
    env: run.env,
    node: ports.node,
    program: ports.program,
    effort: effortOf(ports.aws),
    warnings: [...access.warnings, ...warnings],
  };
}
