import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type Api, connectApi } from "./api.ts";
import { type Identity, kubeconfigText } from "./identities.ts";
import { type Kubelet, kubelet } from "./kubelet.ts";
import { grantInNamespace } from "./rbac.ts";
import type { PolicyRule } from "./roles.ts";
import { type Authenticator, type RouterAddress, registerAuthenticator } from "./token-router.ts";

/** How to reach the run's control plane; plain data, handed to the workers that run tests. */
export interface ClusterAddress {
  /** `https://127.0.0.1:<port>` */
  readonly endpoint: string;
  /** base64 of PEM, as kubeconfigs and EKS' DescribeCluster carry it. */
  readonly caData: string;
  readonly adminToken: string;
  readonly ciToken: string;
  /** Absent when the API server asks no webhook. */
  readonly router?: RouterAddress | undefined;
  /** Folder of the programs, for tests that run kubectl. */
  readonly binaries: string;
}

export interface TestNamespace extends AsyncDisposable {
  readonly name: string;
}

/** A control plane as tests use it. */
export interface Cluster extends ClusterAddress {
  /** As `admin`: for setting up and looking from outside. */
  readonly api: Api;
  readonly kubelet: Kubelet;
  readonly tokenRouter: TokenRouterClient;
  /** Text of a kubeconfig whose current context is `who`. */
  kubeconfig(who: Identity, namespace?: string): string;
  /** A fresh namespace `t-<suite>-<random>` in which `ci` may deploy; `rules` narrows that. Deleted without waiting. */
  namespace(suite?: string, rules?: readonly PolicyRule[]): Promise<TestNamespace>;
}

export interface TokenRouterClient {
  /** Lets an authenticator, or a URL that answers TokenReview, speak for an EKS cluster until disposed. */
  register(clusterName: string, authenticator: Authenticator | string): Promise<AsyncDisposable>;
}

/** The surface of a running control plane, from any process: `openCluster(inject("cluster"))`. */
export function openCluster(address: ClusterAddress): Cluster {
  const { endpoint, caData, adminToken, ciToken, router } = address;
  const api = connectApi({ endpoint, caData, token: adminToken });
  return {
    ...address,
    api,
    kubelet: kubelet(api),
    tokenRouter: {
      register(clusterName, authenticator) {
        if (router === undefined) throw new Error("this control plane was started without a token webhook");
        return registerAuthenticator(router, clusterName, authenticator);
      },
    },
    kubeconfig: (who, namespace) =>
      kubeconfigText({ endpoint, caData, tokens: { admin: adminToken, ci: ciToken }, current: who, namespace }),
    namespace: (suite = "x", rules) => createNamespace(api, suite, rules),
  };
}

async function createNamespace(api: Api, suite: string, rules?: readonly PolicyRule[]): Promise<TestNamespace> {
  const name = `t-${suite}-${randomBytes(4).toString("hex")}`;
  await api.must("POST", "/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  await Promise.all([grantInNamespace(api, name, rules), serviceAccount(api, name)]);
  return {
    name,
    async [Symbol.asyncDispose]() {
      await api.request("DELETE", `/api/v1/namespaces/${name}`);
    },
  };
}

// The API server refuses pods until the controller manager has made the namespace's default ServiceAccount.
export async function serviceAccount(api: Api, namespace: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  while ((await api.request("GET", `/api/v1/namespaces/${namespace}/serviceaccounts/default`)).status !== 200) {
    if (Date.now() > deadline) throw new Error(`no default ServiceAccount in ${namespace} after 30 s`);
    await sleep(25);
  }
}
