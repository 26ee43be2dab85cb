import { defineConfig } from "vitest/config";

const real = "**/*.real.test.ts";
// No module keeps state, so the files of a worker share theirs: half of the time went into loading them anew.
const isolate = false;
const shared = {
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"], externalConditions: ["source"] } },
};
const inline = { deps: { inline: [/@actions\/(languageservice|workflow-parser|expressions)/] } };

/**
 * unit     pure parts, packages, stand-ins: Node only, seconds
 * repo     the repository's own rules
 * built    the bundles, run as the runner runs them, on embedded stand-ins
 * real     *.real.test.ts: the same on the real Kubernetes control plane
 */
export default defineConfig({
  test: {
    projects: [
      {
        ...shared,
        test: {
          name: "unit",
          isolate,
          setupFiles: ["test/seed.ts"],
          include: [
            "packages/**/src/**/*.test.ts",
            "actions/**/src/**/*.test.ts",
            "test/{fakes,runner,cluster}/**/*.test.ts",
          ],
          exclude: [real, "**/node_modules/**"],
          server: inline,
        },
      },
      {
        ...shared,
        test: { name: "repo", isolate, include: ["test/repo/**/*.test.ts"], testTimeout: 60_000, server: inline },
      },
      {
        ...shared,
        test: {
          name: "built",
          isolate,
          setupFiles: ["test/seed.ts"],
          include: ["test/journeys/**/*.test.ts"],
          exclude: [real],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          server: inline,
        },
      },
      {
        ...shared,
        test: {
          name: "real",
          isolate,
          setupFiles: ["test/seed.ts"],
          include: ["{test,packages,actions}/**/*.real.test.ts"],
          exclude: ["**/node_modules/**"],
          globalSetup: ["test/cluster/global-setup.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          server: inline,
        },
      },
    ],
  },
});
