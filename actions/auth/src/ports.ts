import { dirname, join } from "node:path";
import type { BasePorts } from "@eks-actions/action";
import {
  type Aws,
  type ClusterAccess,
  createAws,
  createEksToken,
  createSts,
  type DescribeOptions,
  describeCluster,
  type EksToken,
  type EksTokenRequest,
  type IdToken,
  proxySecrets,
  readProxy,
  requestIdToken,
  type Sts,
} from "@eks-actions/aws";
import type { Inputs } from "./inputs/rules.ts";

/** What auth needs of the world. */
export interface Ports extends BasePorts {
  readonly aws: Aws;
  /** Absolute paths that the credential program is started with. */
  readonly node: string;
  readonly program: string;
  requestIdToken(bearer: { readonly url: string; readonly bearer: string }, signal: AbortSignal): Promise<IdToken>;
  /** One STS for a region. The first call loads the SDK; call it early and let it load behind the network. */
  sts(region: string): Promise<Sts>;
  describeCluster(aws: Aws, options: DescribeOptions, signal: AbortSignal): Promise<ClusterAccess>;
  eksToken(request: EksTokenRequest): Promise<EksToken>;
}

/** The real ones. Nothing of the SDK is loaded here. */
export function realPorts(base: BasePorts, inputs: Inputs): Ports {
  const { env } = base.run;
  const proxy = readProxy(env, { url: inputs.httpProxy, noProxy: inputs.noProxy });
  for (const secret of proxySecrets(proxy)) base.log.mask(secret);
  // Before the plan is printed, which names the roles.
  if (inputs.maskAccountId) for (const { role } of inputs.roles) base.log.mask(role.accountId);
  const aws = createAws({
    region: inputs.region ?? "",
    clock: base.clock,
    run: base.run,
    action: "auth",
    log: base.log,
    maxWaitMs: inputs.maxWaitMs + inputs.propagationWaitMs,
    requestTimeoutMs: inputs.requestTimeoutMs,
    proxy,
    endpoints:
      inputs.stsEndpoint === undefined ? {} : { STS: { url: inputs.stsEndpoint, origin: "input sts-endpoint" } },
  });
  const loaded = new Map<string, Promise<Sts>>();
  const sts = (region: string) => {
    const known = loaded.get(region) ?? createSts({ ...aws, region });
    loaded.set(region, known);
    return known;
  };
  return {
    ...base,
    aws,
    node: process.execPath,
    // The runner starts dist/index.js by its absolute path; the credential program lies beside it.
    program: join(dirname(process.argv[1] ?? ""), "credential", "index.js"),
    requestIdToken: (bearer, signal) => requestIdToken(aws, { ...bearer, audience: inputs.audience }, signal),
    sts,
    describeCluster,
    eksToken: createEksToken,
  };
}
