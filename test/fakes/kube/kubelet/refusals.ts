import { type JsonObject, objectsAt, textAt } from "../json.ts";
import type { Stage, StageEvent, StageWorld } from "./stages.ts";
import {
  eachContainer,
  mergeConditions,
  placed,
  running,
  unreadyConditions,
  waiting,
  waitingReason,
} from "./status.ts";

const quote = (text: string) => JSON.stringify(text);

/** What containerd says of a tag that the registry does not have. */
const notFound = (image: string) =>
  `rpc error: code = NotFound desc = failed to pull and unpack image ${quote(image)}: failed to resolve reference ${quote(image)}: ${image}: not found`;

// The kubelet's first back-off; each later one is twice as long, up to 5 minutes. The stand-in keeps to the first.
const PULL_AGAIN_MS = 10_000;

/**
 * ErrImagePull, and ImagePullBackOff a second later. `isPulled`: only the pod's label says that it fails, and as with
 * kwok that is all. An image that no registry has is pulled again, as the kubelet does, and fails again.
 */
export function imagePull(pod: JsonObject, world: StageWorld, isPulled: boolean): Stage | undefined {
  const annotated = textAt(pod, "metadata", "annotations", "sim.test/pull-error");
  const isBad = (container: JsonObject) => isPulled || world.isMissing(textAt(container, "image") ?? "");
  const why = (container: JsonObject) => annotated ?? notFound(textAt(container, "image") ?? "");
  const reason = waitingReason(pod);
  if (reason === "ImagePullBackOff" && isPulled) return undefined;
  const isFirst = reason !== "ErrImagePull";
  const isAgain = reason === "ImagePullBackOff";
  const state = (container: JsonObject): JsonObject => {
    const image = quote(textAt(container, "image") ?? "");
    if (isFirst) return waiting("ErrImagePull", why(container));
    return waiting("ImagePullBackOff", `Back-off pulling image ${image}: ErrImagePull: ${why(container)}`);
  };
  return {
    name: isFirst ? "imagepull-err" : "imagepull-backoff",
    delayMs: isAgain ? PULL_AGAIN_MS : isFirst ? 0 : 1000,
    apply: (status) => {
      if (isFirst) {
        status["phase"] = "Pending";
        mergeConditions(status, unreadyConditions(world.time));
      }
      status["containerStatuses"] = eachContainer(pod, (container) =>
        isBad(container) ? { state: state(container) } : { state: running(world.time), ready: true, started: true },
      );
    },
    events: isFirst ? [...failedPulls(pod, isPulled, world), failed("Error: ErrImagePull (simulated)")] : [backOff],
  };
}

function failedPulls(pod: JsonObject, isPulled: boolean, world: StageWorld): StageEvent[] {
  if (isPulled) return [];
  return objectsAt(pod, "spec", "containers")
    .map((container) => textAt(container, "image") ?? "")
    .filter((image) => world.isMissing(image))
    .map((image) => failed(`Failed to pull image ${quote(image)}: ${notFound(image)}`));
}

const failed = (message: string): StageEvent => ({ type: "Warning", reason: "Failed", message });
const backOff: StageEvent = { type: "Normal", reason: "BackOff", message: "Back-off pulling image (simulated)" };

export function configError(pod: JsonObject, world: StageWorld): Stage | undefined {
  if (textAt(pod, "status", "podIP") !== undefined) return undefined;
  const why = textAt(pod, "metadata", "annotations", "sim.test/config-error") ?? 'secret "settings" not found';
  return {
    name: "config-error",
    delayMs: 0,
    apply: (status) => {
      placed(status, pod, world);
      status["phase"] = "Pending";
      mergeConditions(status, unreadyConditions(world.time));
      status["containerStatuses"] = eachContainer(pod, () => ({ state: waiting("CreateContainerConfigError", why) }));
    },
    events: [failed("Error: CreateContainerConfigError (simulated)")],
  };
}
