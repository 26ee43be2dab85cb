import { apply, type Case, configMap, core, del, get, merge, post } from "../case.ts";

const maps = `${core}/configmaps`;
const labelled = "labelSelector=set%3Dtest";
const make = (name: string, set = "test") =>
  post(maps, configMap(name, { x: "1" }, { labels: { set, name } }), 201, { only: [] });
const metadataList = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
const metadataOnly = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

export const listCases: readonly Case[] = [
  {
    area: "list, watch",
    name: "pages through a list at one revision",
    steps: [
      make("a"),
      make("b"),
      make("c"),
      get(`${maps}?limit=2&${labelled}`, 200, { save: { next: ["metadata", "continue"] } }),
      make("aa"),
      get(`${maps}?limit=2&${labelled}&continue={next}`),
      get(`${maps}?limit=2`, 200, { only: [["metadata", "remainingItemCount"]] }),
      get(`${maps}?${labelled}`),
    ],
  },
  {
    area: "list, watch",
    name: "selects by labels and fields",
    steps: [
      make("a"),
      make("b", "other"),
      make("c"),
      get(`${maps}?labelSelector=set%20in%20(test)`),
      get(`${maps}?labelSelector=set%20notin%20(test),name`),
      get(`${maps}?labelSelector=set!%3Dtest,set`),
      get(`${maps}?labelSelector=!set`, 200, { only: [["items", 0, "metadata", "name"]] }),
      get(`${maps}?fieldSelector=metadata.name%3Da`),
      get(`${maps}?fieldSelector=metadata.name!%3Da&${labelled}`),
      get(`${maps}?fieldSelector=metadata.namespace%3D{ns},metadata.name%3Dc`),
      get(`/api/v1/configmaps?fieldSelector=metadata.namespace%3D{ns}&${labelled}`),
      get(`${maps}?fieldSelector=data.x%3D1`, 400),
      get(`${core}/pods?fieldSelector=status.phase%3DRunning`),
      get(`${core}/pods?fieldSelector=spec.foo%3DRunning`, 400),
      get(`${core}/events?fieldSelector=involvedObject.name%3Dnope,involvedObject.kind%3DPod`),
    ],
  },
  {
    area: "list, watch",
    name: "shows metadata only",
    steps: [
      make("a"),
      get(`${maps}?${labelled}`, 200, { accept: metadataList }),
      get(`${maps}/a`, 200, { accept: metadataOnly }),
      { do: "watch", path: `${maps}?watch=1&${labelled}&resourceVersion=0`, events: 1, accept: metadataOnly },
    ],
  },
  {
    area: "list, watch",
    name: "watches from a resourceVersion, in order per object",
    steps: [
      make("a"),
      get(`${maps}?${labelled}`, 200, { save: { rv: ["metadata", "resourceVersion"] } }),
      {
        do: "watch",
        path: `${maps}?watch=1&${labelled}&resourceVersion={rv}`,
        events: 5,
        during: [
          make("b"),
          merge(`${maps}/a`, { data: { x: "2" } }),
          merge(`${maps}/a`, { data: { x: "3" } }),
          del(`${maps}/a`),
          del(`${maps}/b`),
        ],
      },
      { do: "watch", path: `${maps}?watch=1&${labelled}&resourceVersion={rv}`, events: 5 },
    ],
  },
  {
    area: "list, watch",
    name: "an object that leaves the selector is deleted for the watcher",
    steps: [
      make("a"),
      get(`${maps}?${labelled}`, 200, { save: { rv: ["metadata", "resourceVersion"] }, only: [] }),
      {
        do: "watch",
        path: `${maps}?watch=1&${labelled}&resourceVersion={rv}`,
        events: 2,
        during: [
          merge(`${maps}/a`, { metadata: { labels: { set: "other" } } }, 200, { only: [] }),
          merge(`${maps}/a`, { metadata: { labels: { set: "test" } } }, 200, { only: [] }),
        ],
      },
    ],
  },
  {
    area: "list, watch",
    name: "streams the initial list and marks its end",
    steps: [
      make("a"),
      make("b"),
      {
        do: "watch",
        path: `${maps}?watch=1&${labelled}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`,
        after: 3,
        events: 4,
        during: [make("c")],
      },
      get(`${maps}?watch=1&sendInitialEvents=true`, 422),
      get(`${maps}?watch=1&resourceVersionMatch=NotOlderThan`, 422),
      get(`${maps}?watch=1&resourceVersion=abc`, 500),
    ],
  },
  {
    area: "list, watch",
    name: "a watch without a version begins with what is there",
    steps: [
      make("a"),
      make("b"),
      { do: "watch", path: `${maps}?watch=true&${labelled}`, events: 2 },
      { do: "watch", path: `${maps}?watch=true&${labelled}&resourceVersion=0`, events: 2 },
      { do: "watch", path: `${maps}?watch=true&fieldSelector=metadata.name%3Db`, events: 1 },
    ],
  },
  {
    area: "list, watch",
    name: "ends a watch after timeoutSeconds",
    steps: [
      make("a"),
      get(`${maps}?${labelled}`, 200, { save: { rv: ["metadata", "resourceVersion"] }, only: [] }),
      { do: "watch", path: `${maps}?watch=1&${labelled}&resourceVersion={rv}&timeoutSeconds=1` },
    ],
  },
  {
    area: "list, watch",
    name: "refuses what it cannot read",
    steps: [
      get(`${maps}?limit=x`, 400),
      get(`${maps}?continue=zz`, 400, { only: [["reason"], ["code"]] }),
      get(`${maps}?labelSelector=a%3D%3D%3D`, 400),
      get(`${maps}?resourceVersion=999999999`, 504),
    ],
  },
  {
    area: "list, watch",
    name: "deletes a collection by selector",
    steps: [
      make("a"),
      make("b"),
      make("c", "other"),
      del(`${maps}?${labelled}`),
      get(`${maps}?labelSelector=set`),
      apply(`${maps}/a`, "one", configMap("a", {}), 201, "", { only: [] }),
    ],
  },
];
