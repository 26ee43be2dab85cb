import type { FailureCause } from "@eks-actions/health";

/** What to do about a cause, in a line to act on. The README's table says the same. */
export const hints: Readonly<Record<FailureCause, string>> = {
  FAILED_CREATE: "raise the quota, ask for less, or mend the webhook that refuses the pods",
  IMAGE_INVALID: "correct the image's name in the manifest or in `images`",
  IMAGE_NOT_FOUND: "push the tag, or set another one: `images: name=registry/repo:tag`",
  IMAGE_DENIED: "give the nodes' role access to the repository, or add an imagePullSecret",
  CONFIG_MISSING: "add the object or key to the manifests, or correct the reference",
  UNSCHEDULABLE: "lower the requests, or add nodes; `unschedulable-grace` waits longer for an autoscaler",
  START_ERROR: "correct `command` or the image: what it names cannot be run there",
  OOM_KILLED: "raise `resources.limits.memory`",
  CRASH_LOOP: "read its last words in the job summary: the log before the restart is there",
  INIT_FAILED: "read the init container's log in the job summary",
  SANDBOX_FAILED: "free addresses in the pods' subnets, or look at the CNI",
  VOLUME_LOST: "restore the volume, or delete the claim and make it anew",
  VOLUME_PENDING: "look at the claim's storage class and events",
  IMAGE_PULL_SLOW: "look at the registry's state and the nodes' way to it; `image-pull-grace` bears it longer",
  JOB_FAILED: "read its pods' logs in the job summary",
  PROBE_FAILING: "compare the probe's path and port with what the container serves",
  LOAD_BALANCER_PENDING: "look at the load balancer controller's events; `load-balancer-timeout` waits longer",
  ROUTE_REJECTED: "correct the route's parent or backend",
  AUTOSCALER_INVALID: "correct `scaleTargetRef`, or the target's selector",
  RESOURCE_FAILED: "look at the object's conditions: `kubectl describe` shows them",
  PROGRESS_DEADLINE: "look at the Deployment's conditions; `progressDeadlineSeconds` is its own limit",
  NO_PROGRESS: "look at the objects named; `no-progress-timeout` waits longer",
  TIMEOUT: "look at the objects named; `timeout` waits longer",
};
