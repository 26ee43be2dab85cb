import { ActionError, formatDuration } from "@eks-actions/action";
import type { Ports } from "./ports.ts";
import type { SmokeProbe } from "./smoke-input.ts";

/** What a probe needs. */
export interface SmokePorts extends Pick<Ports, "clock" | "log"> {
  readonly kube: Pick<Ports["kube"], "raw">;
}

const PAUSE_MS = 500;

/** Asks the Services through the API server's proxy. @throws ActionError `SMOKE_FAILED` */
export async function smoke(
  probes: readonly SmokeProbe[],
  namespace: string,
  ports: SmokePorts,
  signal: AbortSignal,
): Promise<void> {
  for (const probe of probes) await runProbe(probe, namespace, ports, signal);
}

async function runProbe(
  probe: SmokeProbe,
  namespace: string,
  { kube, clock, log }: SmokePorts,
  signal: AbortSignal,
): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/services/http:${encodeURIComponent(probe.service)}:${encodeURIComponent(probe.port)}/proxy${probe.path}`;
  const end = clock.now() + probe.withinMs;
  let good = 0;
  for (;;) {
    const answer = await kube.raw("GET", path, undefined, signal);
    const isGood = answer.status === probe.status && (probe.body === undefined || answer.body.includes(probe.body));
    good = isGood ? good + 1 : 0;
    if (good >= probe.times) {
      log.info(
        `Service ${probe.service}${probe.path} answered ${answer.status}${probe.times > 1 ? `, ${good} times in a row` : ""}`,
      );
      return;
    }
    if (clock.now() + PAUSE_MS >= end) {
      throw new ActionError("SMOKE_FAILED", {
        message: `Service ${probe.service}${probe.path} answered ${answer.status} in place of ${probe.status}${probe.body === undefined ? "" : ` with \`${probe.body}\``} for ${formatDuration(probe.withinMs)}: ${answer.body.slice(0, 200)}`,
        hint: "look at the Service's pods; the probe stands in the input `smoke`",
      });
    }
    await clock.sleep(PAUSE_MS, signal);
  }
}
