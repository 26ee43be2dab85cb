import type { TestProject } from "vitest/node";
import type { ClusterAddress } from "./access.ts";
import { startCluster } from "./cluster.ts";
import { SetupError } from "./setup-error.ts";
import { startTokenRouter } from "./token-router.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** The run's control plane: `openCluster(inject("cluster"))`. */
    readonly cluster: ClusterAddress;
  }
}

/** One control plane for the whole run; workers get its address by `inject`. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  try {
    return await start(project);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    // Thrown, it would stand between banners of an unhandled error; there is nothing to debug in a missing program.
    process.stderr.write(`\n${error.message}\n`);
    process.exit(1);
  }
}

async function start(project: TestProject): Promise<() => Promise<void>> {
  await using undo = new AsyncDisposableStack();
  const router = undo.use(await startTokenRouter());
  const cluster = undo.use(await startCluster({ authenticationWebhook: router.webhook, router: router.address }));
  const { endpoint, caData, adminToken, ciToken, binaries } = cluster;
  project.provide("cluster", { endpoint, caData, adminToken, ciToken, binaries, router: router.address });
  const stack = undo.move();
  return () => stack.disposeAsync();
}
