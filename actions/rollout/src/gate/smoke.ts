import { ActionError, formatDuration } from "@eks-actions/action";
import type { SmokeProbe, SmokeTarget } from "../inputs/smoke.ts";
import type { Ports } from "../ports.ts";

/** What a probe needs. */
export interface SmokePorts extends Pick<Ports, "clock" | "log" | "fetchUrl"> {
  readonly kube: Pick<Ports["kube"], "raw">;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

const PAUSE_MS = 500;

/** Asks the Services through the API server's proxy, and addresses directly. @throws ActionError `SMOKE_FAILED` */
export async function smoke(
  probes: readonly SmokeProbe[],
  namespace: string,
  ports: SmokePorts,
  signal: AbortSignal,
): Promise<void> {
  for (const probe of probes) await runProbe(probe, namespace, ports, signal);
}

async function runProbe(probe: SmokeProbe, namespace: string, ports: SmokePorts, signal: AbortSignal): Promise<void> {
  const { clock, log } = ports;
  const name = nameOf(probe.target);
  const end = clock.now() + probe.withinMs;
  let good = 0;
  for (;;) {
    const answer = await ask(probe.target, namespace, ports, signal);
    const isGood = answer.status === probe.status && (probe.body === undefined || answer.body.includes(probe.body));
    good = isGood ? good + 1 : 0;
    if (good >= probe.times) {
      log.info(`${name} answered ${answer.status}${probe.times > 1 ? `, ${good} times in a row` : ""}`);
      return;
    }
    if (clock.now() + PAUSE_MS >= end) throw smokeFailed(probe, answer);
    await clock.sleep(PAUSE_MS, signal);
  }
}

async function ask(
  target: SmokeTarget,
  namespace: string,
  { kube, fetchUrl }: SmokePorts,
  signal: AbortSignal,
): Promise<Answer> {
  if (target.kind === "url") return await fetchUrl(target.url, signal);
  const service = `http:${encodeURIComponent(target.service)}:${encodeURIComponent(target.port)}`;
  return await kube.raw(
    "GET",
    `/api/v1/namespaces/${namespace}/services/${service}/proxy${target.path}`,
    undefined,
    signal,
  );
}

function nameOf(target: SmokeTarget): string {
  return target.kind === "url" ? target.url : `Service ${target.service}${target.path}`;
}

function smokeFailed(probe: SmokeProbe, answer: Answer): ActionError {
  const said = answer.status === 0 ? "did not answer" : `answered ${answer.status}`;
  const wanted = `${probe.status}${probe.body === undefined ? "" : ` with \`${probe.body}\``}`;
  const words = answer.body.replace(/\s+/g, " ").trim().slice(0, 200);
  return new ActionError("SMOKE_FAILED", {
    message: `${nameOf(probe.target)} ${said} in place of ${wanted} for ${formatDuration(probe.withinMs)}${words === "" ? "" : `: ${words}`}`,
    hint:
      probe.target.kind === "url"
        ? "ask it from elsewhere; the runner must reach the address"
        : "look at the Service's pods; the probe stands in the input `smoke`",
  });
}
