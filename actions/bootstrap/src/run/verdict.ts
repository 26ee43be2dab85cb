import { awsErrorInfo } from "@eks-actions/aws";
import type { Call } from "../plan/action.ts";

/** What to do about the error of a write. */
export type Verdict =
  /** The request was refused unseen: send it again after a pause. */
  | { readonly kind: "throttle"; readonly afterMs: number | undefined }
  /** It may have been carried out: look first, then send it again with the same token. */
  | { readonly kind: "unsure" }
  /** A role that was just made is not usable everywhere yet. */
  | { readonly kind: "propagation" }
  /** Something else is under way on the object: wait and send it again. */
  | { readonly kind: "busy" }
  /** The object is there already. */
  | { readonly kind: "exists" }
  /** Nothing to change, or nothing to delete. */
  | { readonly kind: "done" }
  /** Something still uses the object. */
  | { readonly kind: "in-use" }
  /** EKS wants node groups to follow before the control plane goes on. */
  | { readonly kind: "nodes-first" }
  /** An upgrade insight, or another gate of AWS. */
  | { readonly kind: "gate" }
  | { readonly kind: "fatal" };

const PROPAGATION = [
  /could not be assumed because the trusted entity is not correct/i,
  /\brole\b.*does not exist/i,
  /Error in role params/i,
  /doesn.t have the Amazon EKS Managed Policies/i,
  /IAM role.s policy must include/i,
  /cannot be assumed/i,
  /invalid principal/i,
  /Role provided in the request does not exist/i,
  /Misconfigured PodExecutionRole Trust Policy/i,
];
const NOOP = [/No changes needed/i, /No changes detected/i, /already at the desired configuration/i];
/** A deletion that has been asked for before, or needs not be. */
const GONE = [/No cluster found for name/i, /^Gateway\.NotAttached:/, /^InvalidRequest: .*\bdelet/i];
/** Somebody else wrote in the same moment. */
const CONCURRENT = /^(ConcurrentModification|OperationAborted)$/;
const NOT_VISIBLE = /^(Invalid\w+(\.NotFound|ID\.NotFound)|NatGatewayNotFound|InvalidAllocationID\.NotFound)$/;

/** By the error's wire name and, where AWS has no name for it, by its sentence. */
export function verdictOf(call: Call, error: unknown): Verdict {
  const info = awsErrorInfo(error);
  const isDelete = /^(Delete|Release|Detach|Disassociate|Untag|Remove|Revoke)/.test(call.operation);
  if (info.kind === "throttle") return { kind: "throttle", afterMs: info.retryAfterMs };
  // An HTML page in place of an answer cannot be read; it is a proxy's or a load balancer's.
  if (info.kind === "transient" || CONCURRENT.test(info.code) || error instanceof SyntaxError)
    return { kind: "unsure" };
  if (isDelete && (info.kind === "not-found" || GONE.some((pattern) => pattern.test(`${info.code}: ${info.message}`))))
    return { kind: "done" };
  // Not every endpoint of IAM knows a new role; a policy that it does not know is misspelt.
  const isUnknownRole = call.service === "iam" && info.code === "NoSuchEntity" && !/\bpolicy\b/i.test(info.message);
  if (NOT_VISIBLE.test(info.code) || isUnknownRole) return { kind: "propagation" };
  if (NOOP.some((pattern) => pattern.test(info.message))) return { kind: "done" };
  if (/InvalidParameter|InvalidRequest/.test(info.code) && PROPAGATION.some((pattern) => pattern.test(info.message))) {
    return { kind: "propagation" };
  }
  if (info.code === "InvalidRequest" && /not in ACTIVE status|is not active/i.test(info.message))
    return { kind: "busy" };
  if (
    /^Invalid(Request|State)$/.test(info.code) &&
    call.operation === "UpdateClusterVersion" &&
    isAboutNodes(info.message)
  )
    return { kind: "nodes-first" };
  if (info.code === "InvalidState" && call.operation === "UpdateClusterVersion") return { kind: "gate" };
  if (/^(DependencyViolation|DeleteConflict|InvalidIPAddress\.InUse|InvalidNetworkInterface\.InUse)$/.test(info.code)) {
    return { kind: "in-use" };
  }
  if (info.code === "ResourceInUse") {
    if (/^Create/.test(call.operation)) return { kind: "exists" };
    return { kind: "busy" };
  }
  const exists =
    /^(EntityAlreadyExists|ResourceAlreadyExists|InvalidLaunchTemplateName\.AlreadyExists\w*|RouteAlreadyExists|Resource\.AlreadyAssociated|InvalidGroup\.Duplicate|InvalidKeyPair\.Duplicate|InvalidPermission\.Duplicate)$/;
  if (exists.test(info.code)) return { kind: "exists" };
  return { kind: "fatal" };
}

/** The API reference asks for node groups at the control plane's own minor; the API decides when. */
function isAboutNodes(message: string): boolean {
  return /\bnode ?groups?\b/i.test(message) && /\b(updat|upgrad|match|version)/i.test(message);
}
