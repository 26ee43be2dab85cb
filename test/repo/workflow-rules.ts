import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from "yaml";

/** Faults of a workflow file as `file:line: CODE what`, by the rules that a workflow with credentials must keep. */
export function faultsOf(file: string, text: string): string[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const source = text.split("\n");
  const faults: string[] = [];
  const lineOf = (node: Node | null | undefined) => (node?.range ? lines.linePos(node.range[0]).line : 1);
  const fault = (line: number, code: string, what: string) => faults.push(`${file}:${line}: ${code} ${what}`);

  const root = document.contents;
  if (!isMap(root)) return [`${file}:1: WORKFLOW_INVALID not a mapping`];
  const permissions = root.get("permissions", true);
  if (!isMap(permissions) || permissions.items.length > 0) {
    fault(
      lineOf(permissions as Node | undefined),
      "WORKFLOW_PERMISSIONS_MISSING",
      "write `permissions: {}` at the top",
    );
  }
  const privileged = /\b(pull_request_target|workflow_run)\b/.test(triggers(root));

  for (const [name, job] of entries(root.get("jobs"))) {
    checkJob(name, job);
  }
  return faults;

  function checkJob(name: Node, job: YAMLMap) {
    const secrets = pair(job, "secrets");
    if (secrets !== undefined && isScalar(secrets.value) && secrets.value.value === "inherit") {
      fault(lineOf(secrets.key), "WORKFLOW_SECRETS_INHERITED", "name each secret");
    }
    if (!job.has("uses") && !job.has("timeout-minutes")) {
      fault(lineOf(name), "WORKFLOW_TIMEOUT_MISSING", "write `timeout-minutes:`");
    }
    const grants = job.get("permissions");
    if (isMap(grants)) {
      for (const grant of grants.items) {
        const line = lineOf(grant.key as Node);
        if (!/#\s*\S/.test(source[line - 1] ?? "")) {
          fault(line, "WORKFLOW_PERMISSIONS_UNEXPLAINED", "say in a comment why it is needed");
        }
      }
    }
    const steps = job.get("steps");
    if (isSeq(steps)) for (const step of steps.items) if (isMap(step)) checkStep(step);
  }

  function checkStep(step: YAMLMap) {
    const run = pair(step, "run");
    if (run !== undefined && isScalar(run.value) && String(run.value.value).includes("${{")) {
      fault(lineOf(run.key), "WORKFLOW_EXPRESSION_IN_RUN", "pass it through `env:` and quote the variable");
    }
    const uses = pair(step, "uses");
    if (uses === undefined || !isScalar(uses.value)) return;
    const action = String(uses.value.value);
    const line = lineOf(uses.key);
    // The consumer of our own examples is `acme`, and follows the moving major.
    const ours = /^(\$\/|\.\/|acme\/eks-actions\/)/.test(action);
    if (!ours && !(/@[0-9a-f]{40}$/.test(action) && /#\s*v\d/.test(source[line - 1] ?? ""))) {
      fault(line, "WORKFLOW_UNPINNED", `${action}: write the 40-digit commit and the version as a comment`);
    }
    if (!action.startsWith("actions/checkout@")) return;
    const inputs = step.get("with");
    const kept = !isMap(inputs) || inputs.get("persist-credentials") !== false;
    if (kept) fault(line, "WORKFLOW_CREDENTIALS_KEPT", "write `persist-credentials: false`");
    const ref = isMap(inputs) ? String(inputs.get("ref") ?? "") : "";
    if (privileged && /head/.test(ref))
      fault(line, "WORKFLOW_RUNS_FORK_CODE", "no pull-request code under this trigger");
  }
}

function triggers(root: YAMLMap): string {
  const on = root.get("on");
  if (isMap(on)) return on.items.map((item) => String(item.key)).join(" ");
  return isSeq(on) ? on.items.map(String).join(" ") : String(on);
}

function* entries(map: unknown): Generator<[Node, YAMLMap]> {
  if (!isMap(map)) return;
  for (const item of map.items) if (isMap(item.value)) yield [item.key as Node, item.value];
}

function pair(map: YAMLMap, key: string): { key: Node; value: unknown } | undefined {
  const item = map.items.find((candidate) => isScalar(candidate.key) && candidate.key.value === key);
  return item === undefined ? undefined : { key: item.key as Node, value: item.value };
}
