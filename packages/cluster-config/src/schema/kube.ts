import { integer, list, matching, object, type Shape, t2, text, word } from "./field.ts";

const duration = matching(/^\d+[smh]$/, "a duration of one unit like `30m`");

/** Settings of the API server, as EKS takes them (client-eks 3.1169.0). */
export const kubeApiServer: Shape = object({
  eventTtl: t2("C", duration),
  serviceNodePortRange: t2(
    "C",
    object({ minPort: t2("C", integer(1, 65535)), maxPort: t2("C", integer(1, 65535)) }, ["minPort", "maxPort"]),
  ),
});

export const kubeControllerManager: Shape = object({
  podGcControllerConfig: t2("C", object({ terminatedPodGcThreshold: t2("C", integer(1)) })),
  horizontalPodAutoscalerControllerConfig: t2("C", object({ horizontalPodAutoscalerSyncPeriod: t2("C", duration) })),
});

export const kubeScheduler: Shape = object({
  nodeResourcesFit: t2(
    "C",
    object({
      scoringStrategy: t2(
        "C",
        object({
          type: t2("C", word("LeastAllocated", "MostAllocated")),
          resources: t2("C", list(object({ name: t2("C", text), weight: t2("C", integer(1, 100)) }, ["name"]))),
        }),
      ),
    }),
  ),
});
