import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

// The version that made packages/aws/src/golden/eks-tokens.json.
const VERSION = "1.46.3";

/**
 * The real AWS CLI: from PyPI into a virtual environment outside the checkout, once. Answers why there is none where
 * Python or the network is missing.
 */
export function awsCli(): { readonly path: string } | { readonly missing: string } {
  const cache = process.env["EKS_ACTIONS_CACHE"] ?? join(homedir(), ".cache", "eks-actions");
  const folder = join(cache, `awscli-${VERSION}`);
  const path = join(folder, "bin", "aws");
  if (existsSync(path)) return { path };
  try {
    mkdirSync(cache, { recursive: true });
    execFileSync("python3", ["-m", "venv", folder], { stdio: "pipe" });
    execFileSync(join(folder, "bin", "pip"), ["install", "--quiet", `awscli==${VERSION}`], {
      stdio: "pipe",
      timeout: 110_000,
    });
    return { path };
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    return { missing: `no AWS CLI: python3 with venv and PyPI are needed (${reason})` };
  }
}
