import { type Case, get } from "../case.ts";

const aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const groups = [
  "apps",
  "batch",
  "networking.k8s.io",
  "rbac.authorization.k8s.io",
  "policy",
  "coordination.k8s.io",
  "apiextensions.k8s.io",
  "storage.k8s.io",
];

export const discoveryCases: readonly Case[] = [
  {
    area: "discovery",
    name: "tells what it serves",
    steps: [
      get("/version"),
      get("/readyz"),
      get("/api"),
      get("/api", 200, { accept: aggregated }),
      get("/apis", 200, { accept: aggregated, only: [["kind"], ["apiVersion"]] }),
      get("/api/v1", 200, { only: [["kind"], ["groupVersion"]] }),
      ...groups.flatMap((group) => [
        get(`/apis/${group}`),
        get(`/apis/${group}/v1`, 200, { only: [["kind"], ["groupVersion"], ["resources", 0, "verbs"]] }),
      ]),
    ],
  },
];
