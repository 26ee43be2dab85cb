import {
  ActionError,
  collect,
  defineInputs,
  duration,
  flag,
  type InputValues,
  integer,
  list,
  oneOf,
  parsed,
  type RawInputs,
  type RunContext,
  required,
  text,
} from "@eks-actions/action";
import type { Budgets, HealthRule } from "@eks-actions/health";
import { parseHealthRules, parseUnschedulable, requiredRollout } from "./inputs/rules.ts";
import { parseSmoke, type SmokeProbe } from "./inputs/smoke.ts";

const LABEL = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

export const inputs = defineInputs({
  mode: oneOf(["apply", "plan", "revert", "reconcile"], "apply"),
  app: required(
    text({
      pattern: /^(\*|[a-z0-9]([a-z0-9-]*[a-z0-9])?)$/,
      max: 40,
      accepted: "a name of at most 40 lower-case letters, digits and hyphens",
    }),
  ),
  namespace: text({ pattern: LABEL, max: 63, accepted: "a namespace's name" }),
  "create-namespace": flag(false),
  kubeconfig: text({ accepted: "a path" }),
  context: text({ accepted: "a context's name" }),
  manifests: list({ accepted: "files, directories or patterns, by newline or comma" }),
  recursive: flag(false),
  kustomize: text({ accepted: "a directory" }),
  chart: text({ accepted: "a chart's directory or archive" }),
  "release-name": text({ pattern: LABEL, max: 53, accepted: "a release's name" }),
  values: list({ accepted: "values files, by newline or comma" }),
  set: list({ linesOnly: true, accepted: "`key=value`, one a line" }),
  "allow-remote": flag(false),
  images: list({ accepted: "`name=registry/repo:tag` or `registry/repo:tag`, by newline or comma" }),
  validate: oneOf(["strict", "warn", "ignore"], "strict"),
  preflight: oneOf(["auto", "all", "off"], "auto"),
  "force-conflicts": list({
    default: "kubectl*,helm,argocd*,before-first-apply",
    accepted: "`never`, `always`, or patterns of field managers",
  }),
  prune: flag(true),
  "prune-allow": list({
    item: /^(Namespace|CustomResourceDefinition|PersistentVolumeClaim|PersistentVolume)$/,
    accepted: "kinds among Namespace, CustomResourceDefinition, PersistentVolumeClaim, PersistentVolume",
  }),
  "prune-limit": parsed<number>({
    default: "50%",
    accepted: "a percentage like `50%`",
    empty: 50,
    parse: (value) => (/^(100|\d{1,2})%$/.test(value) ? Number(value.slice(0, -1)) : undefined),
  }),
  "recreate-jobs": oneOf(["never", "on-change"], "never"),
  recreate: list({ item: /^[A-Z][A-Za-z0-9]*(\/[^/\s]+)?$/, accepted: "`Kind` or `Kind/name`, by newline or comma" }),
  "config-hash": flag(false),
  timeout: duration("10m", { min: "1s", max: "6h" }),
  "no-progress-timeout": duration("5m", { min: "1s" }),
  "stable-for": duration("0s"),
  "required-rollout": requiredRollout(),
  strict: flag(false),
  "job-policy": oneOf(["complete", "started"], "complete"),
  "config-error-grace": duration("10s"),
  "image-missing-grace": duration("20s"),
  "image-pull-grace": duration("120s"),
  "restart-budget": integer({ min: 1, max: 100 }, 3),
  "oom-budget": integer({ min: 1, max: 100 }, 2),
  "unschedulable-grace": parsed<number | "auto">({
    default: "auto",
    accepted: "`auto` or a duration like `90s`",
    empty: "auto",
    parse: parseUnschedulable,
  }),
  "volume-grace": duration("120s"),
  "sandbox-grace": duration("120s"),
  "failed-create-grace": duration("15s"),
  "load-balancer-timeout": duration("5m"),
  "route-grace": duration("30s"),
  "hpa-grace": duration("5m"),
  "health-rules": parsed<readonly HealthRule[]>({
    accepted: "a YAML list of `{kind, healthy: {path, in}, failed: {path, in}}`",
    empty: [],
    parse: parseHealthRules,
  }),
  "on-failure": oneOf(["revert", "hold", "none"], "revert"),
  "revert-timeout": duration("5m", { min: "1s" }),
  "history-max": integer({ min: 0, max: 10 }, 3),
  smoke: parsed<readonly SmokeProbe[]>({
    accepted: "a YAML list of `{service, port, path}` or `{url}`, each with `{status, body, within, times}`",
    empty: [],
    parse: parseSmoke,
  }),
  "github-token": text({ default: "${{ github.token }}", secret: true, accepted: "a token" }),
  environment: text({ max: 255, accepted: "an environment's name" }),
  "environment-url": text({ pattern: /^https?:\/\/\S+$/, accepted: "an http or https URL" }),
  "github-deployment": oneOf(["auto", "true", "false"], "auto"),
  comment: oneOf(["auto", "never"], "auto"),
  logs: oneOf(["on-failure", "never"], "on-failure"),
  "log-lines": integer({ min: 0, max: 200 }, 25),
  concurrency: integer({ min: 1, max: 64 }, 32),
});

type Values = InputValues<(typeof inputs)["specs"]>;

/** The inputs, with the health budgets put together. */
export interface Inputs extends Values {
  readonly budgets: Budgets;
}

/**
 * Texts → typed inputs. All faults are reported at once.
 * @throws ActionError `INPUT_REQUIRED`, `INPUT_INVALID`, `INPUT_CONFLICT`
 */
export function readInputs(raw: RawInputs, _run: RunContext): Inputs {
  const values = inputs.read(raw);
  const fault = collect(conflicts(values));
  if (fault !== undefined) throw fault;
  return { ...values, budgets: budgetsOf(values) };
}

function conflicts(values: Values): readonly ActionError[] {
  const found: ActionError[] = [];
  const clash = (message: string, hint: string) => found.push(new ActionError("INPUT_CONFLICT", { message, hint }));
  const sources = [
    values.manifests.length > 0 ? "manifests" : "",
    values.kustomize === undefined ? "" : "kustomize",
    values.chart === undefined ? "" : "chart",
  ].filter(Boolean);
  const reads = values.mode === "apply" || values.mode === "plan";
  if (reads && sources.length === 0) {
    found.push(
      new ActionError("SOURCE_EMPTY", {
        message: "no source is given: `manifests`, `kustomize` and `chart` are empty",
        hint: "add to the step:\n  with:\n    manifests: k8s",
      }),
    );
  }
  if (values.app === "*" && values.mode !== "reconcile")
    clash('`app: "*"` goes with `mode: reconcile` only', "name one app");
  if (
    values.chart === undefined &&
    (values.values.length > 0 || values.set.length > 0 || values.releaseName !== undefined)
  ) {
    clash("`values`, `set` and `release-name` need `chart`", "add `chart: charts/web`, or remove them");
  }
  return found;
}

function budgetsOf(values: Values): Budgets {
  return {
    configErrorMs: values.configErrorGrace,
    imageMissingMs: values.imageMissingGrace,
    imagePullMs: values.imagePullGrace,
    restarts: values.restartBudget,
    ooms: values.oomBudget,
    unschedulableMs: values.unschedulableGrace,
    volumeMs: values.volumeGrace,
    sandboxMs: values.sandboxGrace,
    failedCreateMs: values.failedCreateGrace,
    loadBalancerMs: values.loadBalancerTimeout,
    routeMs: values.routeGrace,
    autoscalerMs: values.hpaGrace,
    requiredRollout: values.requiredRollout,
    strict: values.strict,
    jobPolicy: values.jobPolicy,
  };
}
