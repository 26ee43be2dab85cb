import type { RoleArn } from "./arn.ts";
import { type Aws, clientConfig, watchClock } from "./client.ts";
import type { StsAnswer } from "./session.ts";
import type { TokenSource } from "./token-source.ts";

/** One role to take, as STS wants to hear it. */
export interface AssumeRequest {
  readonly role: RoleArn;
  readonly sessionName: string;
  readonly durationSeconds: number;
  /** Inline session policy, minified JSON. */
  readonly policy?: string | undefined;
  readonly policyArns?: readonly string[] | undefined;
  /** AssumeRole only. */
  readonly externalId?: string | undefined;
}

/** How the caller proves who it is. */
export type AssumeProof =
  | { readonly kind: "web-identity"; readonly tokens: TokenSource }
  /** `source` names the present credentials in messages. */
  | { readonly kind: "chain"; readonly source: string };

/** The two STS calls of this suite, one attempt each. */
export interface Sts {
  assumeRoleWithWebIdentity(request: AssumeRequest, token: string, signal: AbortSignal): Promise<StsAnswer>;
  assumeRole(request: AssumeRequest, signal: AbortSignal): Promise<StsAnswer>;
}

/** Loads the SDK's client; called early, so that its compile time hides behind the OIDC request. */
export async function createSts(aws: Aws): Promise<Sts> {
  const sdk = await import("./sdk/sts.ts");
  let made: { readonly offsetMs: number; readonly client: InstanceType<typeof sdk.STSClient> } | undefined;

  // The SDK reads its clock offset once, so a corrected clock needs a new client.
  function client() {
    const { offsetMs } = aws.skew;
    if (made?.offsetMs === offsetMs) return made.client;
    made = { offsetMs, client: watchClock(new sdk.STSClient(clientConfig(aws, "STS")), aws.skew) };
    return made.client;
  }

  return {
    assumeRoleWithWebIdentity: (request, token, abortSignal) =>
      client().send(new sdk.AssumeRoleWithWebIdentityCommand({ ...members(request), WebIdentityToken: token }), {
        abortSignal,
      }),
    assumeRole: (request, abortSignal) =>
      client().send(
        new sdk.AssumeRoleCommand({
          ...members(request),
          ...(request.externalId === undefined ? {} : { ExternalId: request.externalId }),
        }),
        { abortSignal },
      ),
  };
}

function members(request: AssumeRequest) {
  return {
    RoleArn: request.role.arn,
    RoleSessionName: request.sessionName,
    DurationSeconds: request.durationSeconds,
    ...(request.policy === undefined ? {} : { Policy: request.policy }),
    ...(request.policyArns === undefined || request.policyArns.length === 0
      ? {}
      : { PolicyArns: request.policyArns.map((arn) => ({ arn })) }),
  };
}
