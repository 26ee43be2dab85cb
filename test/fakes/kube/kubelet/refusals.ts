import { type JsonObject, textAt } from "../json.ts";
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

/** ErrImagePull, and ImagePullBackOff a second later. `isPulled`: only the pod's label says that it fails. */
export function imagePull(pod: JsonObject, world: StageWorld, isPulled: boolean): Stage | undefined {
  const annotated = textAt(pod, "metadata", "annotations", "sim.test/pull-error");
  const isBad = (container: JsonObject) => isPulled || world.isMissing(textAt(container, "image") ?? "");
  const why = (container: JsonObject) => annotated ?? notFound(textAt(container, "image") ?? "");
  const reason = waitingReason(pod);
  if (reason === "ImagePullBackOff") return undefined;
  const isFirst = reason !== "ErrImagePull";
  const state = (container: JsonObject): JsonObject => {
    const image = quote(textAt(container, "image") ?? "");
    if (isFirst) return waiting("ErrImagePull", why(container));
    return waiting("ImagePullBackOff", `Back-off pulling image ${image}: ErrImagePull: ${why(container)}`);
  };
  return {
    name: isFirst ? "imagepull-err" : "imagepull-backoff",
    delayMs: isFirst ? 0 : 1000,
    apply: (status) => {
      if (isFirst) {
        status["phase"] = "Pending";
        mergeConditions(status, unreadyConditions(world.time));
      }
      status["containerStatuses"] = eachContainer(pod, (container) =>
        isBad(container) ? { state: state(container) } : { state: running(world.time), ready: true, started: true },
      );
    },
    events: isFirst ? [failed("Error: ErrImagePull (simulated)")] : [backOff],
  };
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
