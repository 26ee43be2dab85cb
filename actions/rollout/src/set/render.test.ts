import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ActionError, createLog } from "@eks-actions/action";
import { recordingConsole } from "@eks-actions/test/fakes/log.ts";
import { afterAll, describe, expect, it } from "vitest";
import { inputsOf } from "../samples.ts";
import { renderSources } from "./render.ts";

const root = mkdtempSync(join(tmpdir(), "render-"));
afterAll(() => rmSync(root, { recursive: true }));
const { console, lines } = recordingConsole();
const renderer = (path: string) => ({
  places: { workspace: join(root, "work"), temp: "" },
  log: createLog(console),
  env: { PATH: path },
});
const signal = new AbortController().signal;

function write(path: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
  chmodSync(join(root, path), mode);
}

write("work/base/kustomization.yaml", "resources:\n  - web.yaml\n");
write("work/overlay/kustomization.yaml", "resources:\n  - ../base\n");
write("work/remote/kustomization.yaml", "resources:\n  - ../nested\n");
write("work/nested/kustomization.yaml", "resources:\n  - a.yaml\n  - github.com/acme/bases//web?ref=main\n");
write("work/chart/Chart.yaml", "name: web\n");
write("work/values.yaml", "a: 1\n");
write("broken/helm", "#!/bin/sh\necho 'Error: template: web/templates/a.yaml:3: boom' >&2\nexit 1\n", 0o755);
write("silent/helm", "#!/bin/sh\nexit 0\n", 0o755);

async function codeOf(raw: Readonly<Record<string, string>>, path: string): Promise<string> {
  try {
    await renderSources(inputsOf({ manifests: "", ...raw }), renderer(path), signal);
    return "";
  } catch (error) {
    if (!(error instanceof ActionError)) throw error;
    return `${error.code}: ${error.message}`;
  }
}

describe("renderSources", () => {
  it("says which tool is missing", async () => {
    expect(await codeOf({ chart: "chart" }, join(root, "none"))).toBe("RENDER_FAILED: helm is not installed");
    expect(await codeOf({ kustomize: "overlay" }, join(root, "none"))).toBe(
      "RENDER_FAILED: kustomize or kubectl is not installed",
    );
  });

  it("shows the tool's last line when it fails, and the rest in the log", async () => {
    expect(await codeOf({ chart: "chart" }, `${join(root, "broken")}:/bin:/usr/bin`)).toContain(
      "helm template failed: Error: template: web/templates/a.yaml:3: boom",
    );
    expect(lines.join("\n")).toContain("boom");
  });

  it("refuses a chart that renders to nothing, because that would prune everything", async () => {
    expect(await codeOf({ chart: "chart" }, `${join(root, "silent")}:/bin:/usr/bin`)).toContain(
      "SOURCE_EMPTY: `chart` renders to nothing",
    );
  });

  it("refuses to fetch bases, wherever they are named", async () => {
    expect(await codeOf({ kustomize: "remote" }, join(root, "none"))).toContain(
      "nested/kustomization.yaml:3: `github.com/acme/bases//web?ref=main` is fetched from elsewhere",
    );
    expect(await codeOf({ kustomize: "remote", "allow-remote": "true" }, join(root, "none"))).toContain(
      "is not installed",
    );
  });

  it.each([{ chart: "../outside" }, { chart: "chart", values: "../../etc/passwd" }, { kustomize: "/etc" }])(
    "refuses %j",
    async (raw) => {
      expect(await codeOf(raw, join(root, "none"))).toMatch(/^(PATH_OUTSIDE|SOURCE_EMPTY)/);
    },
  );
});
