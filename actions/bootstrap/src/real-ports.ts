import { mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { ActionError, type BasePorts } from "@eks-actions/action";
import { createAws, createClusterApi } from "@eks-actions/aws";
import { parseClusterConfig } from "@eks-actions/cluster-config";
import { readConfigFiles } from "./config/config-file.ts";
import { readKeyFile } from "./config/key-file.ts";
import type { Inputs } from "./inputs.ts";
import type { Ports } from "./ports.ts";
import { comment, driftIssue } from "./report/conversation.ts";
import { sessionKeys } from "./run/session-keys.ts";

const PLAN_LIMIT_BYTES = 10 * 1024 * 1024;

/** The real AWS, the real GitHub, the runner's disk. @throws ActionError every fault of the config */
export function realPorts(base: BasePorts, inputs: Inputs): Ports {
  const { run, clock, log } = base;
  const files = readConfigFiles(inputs.config, run.workspace);
  const config = parseClusterConfig(files.config.text, {
    file: files.config.path,
    extension: files.extension === undefined ? undefined : { text: files.extension.text, file: files.extension.path },
    convertSelfManaged: inputs.nodegroupsSelfmanaged === "convert",
  });
  const plain = createAws({ region: config.metadata.region, clock, run, action: "bootstrap", log });
  const aws = inputs.roleToAssume === undefined ? plain : { ...plain, credentials: sessionKeys(plain, inputs, base) };
  let folder: string | undefined;
  return {
    ...base,
    aws: createClusterApi(aws),
    config,
    random: Math.random,
    readText(path) {
      const full = isAbsolute(path) ? path : resolve(run.workspace, path);
      try {
        if (statSync(full).size > PLAN_LIMIT_BYTES) throw new Error("larger than 10 MiB");
        return readFileSync(full, "utf8");
      } catch (cause) {
        throw new ActionError("PLAN_INVALID", {
          message: `input \`plan-file\`: \`${path.slice(0, 200)}\` cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
          hint: "download the plan's artifact first, and give its path",
          cause,
        });
      }
    },
    readPublicKey: (path) => readKeyFile(path, run.workspace, run.env["HOME"]),
    writeReport(name, text) {
      folder ??= mkdtempSync(join(run.tempDir === "" ? tmpdir() : run.tempDir, "bootstrap-"));
      const path = join(folder, name);
      writeFileSync(path, text, { mode: 0o600 });
      return path;
    },
    comment: (marker, plan) => comment(base, inputs, marker, plan),
    driftIssue: (marker, issue) => driftIssue(base, inputs, marker, issue),
  };
}
