import { isObject, type Json, type JsonObject, objectsAt, textAt } from "../json.ts";

/** Sets a field that the manifest leaves out. */
export function fallback(target: JsonObject, key: string, value: Json): void {
  if (target[key] === undefined || target[key] === null) target[key] = value;
}

function probe(container: JsonObject, name: string) {
  const found = container[name];
  if (!isObject(found)) return;
  fallback(found, "timeoutSeconds", 1);
  fallback(found, "periodSeconds", 10);
  fallback(found, "successThreshold", 1);
  fallback(found, "failureThreshold", 3);
  httpGet(found);
  if (isObject(found["grpc"])) fallback(found["grpc"], "service", "");
}

function httpGet(handler: JsonObject) {
  const get = handler["httpGet"];
  if (!isObject(get)) return;
  fallback(get, "path", "/");
  fallback(get, "scheme", "HTTP");
}

/** `latest` or no tag is pulled each time, anything pinned is not. */
function pullPolicy(image: string): string {
  const name = image.slice(image.lastIndexOf("/") + 1);
  if (name.includes("@")) return "IfNotPresent";
  const tag = name.includes(":") ? name.slice(name.indexOf(":") + 1) : "latest";
  return tag === "latest" ? "Always" : "IfNotPresent";
}

function container(target: JsonObject, hostNetwork: boolean) {
  fallback(target, "terminationMessagePath", "/dev/termination-log");
  fallback(target, "terminationMessagePolicy", "File");
  fallback(target, "imagePullPolicy", pullPolicy(textAt(target, "image") ?? ""));
  for (const port of objectsAt(target, "ports")) {
    fallback(port, "protocol", "TCP");
    if (hostNetwork && port["containerPort"] !== undefined) fallback(port, "hostPort", port["containerPort"]);
  }
  for (const name of ["livenessProbe", "readinessProbe", "startupProbe"]) probe(target, name);
  for (const name of ["postStart", "preStop"]) {
    const lifecycle = target["lifecycle"];
    if (isObject(lifecycle) && isObject(lifecycle[name])) httpGet(lifecycle[name]);
  }
  for (const variable of objectsAt(target, "env")) {
    const field = isObject(variable["valueFrom"]) ? variable["valueFrom"]["fieldRef"] : undefined;
    if (isObject(field)) fallback(field, "apiVersion", "v1");
  }
}

const modes = ["secret", "configMap", "downwardAPI", "projected"];

function volume(target: JsonObject) {
  if (Object.keys(target).length === 1) target["emptyDir"] = {};
  for (const name of modes) if (isObject(target[name])) fallback(target[name], "defaultMode", 420);
  if (isObject(target["hostPath"])) fallback(target["hostPath"], "type", "");
  for (const source of objectsAt(target, "projected", "sources")) {
    if (isObject(source["serviceAccountToken"])) fallback(source["serviceAccountToken"], "expirationSeconds", 3600);
  }
  for (const holder of [target, ...objectsAt(target, "projected", "sources")]) {
    for (const item of objectsAt(holder, "downwardAPI", "items")) {
      if (isObject(item["fieldRef"])) fallback(item["fieldRef"], "apiVersion", "v1");
    }
  }
}

/** What the API server adds to a pod spec, in templates and pods alike. */
export function defaultPodSpec(spec: JsonObject): void {
  const hostNetwork = spec["hostNetwork"] === true;
  for (const name of ["containers", "initContainers"]) {
    for (const one of objectsAt(spec, name)) container(one, hostNetwork);
  }
  for (const one of objectsAt(spec, "volumes")) volume(one);
  fallback(spec, "restartPolicy", "Always");
  fallback(spec, "terminationGracePeriodSeconds", 30);
  fallback(spec, "dnsPolicy", "ClusterFirst");
  fallback(spec, "securityContext", {});
  fallback(spec, "schedulerName", "default-scheduler");
  const account = spec["serviceAccountName"] ?? spec["serviceAccount"];
  if (typeof account === "string" && account !== "") {
    spec["serviceAccountName"] = account;
    spec["serviceAccount"] = account;
  }
}

/** What only pods get: service links, and requests that follow limits. */
export function defaultPod(pod: JsonObject): void {
  const spec = pod["spec"];
  if (!isObject(spec)) return;
  defaultPodSpec(spec);
  fallback(spec, "enableServiceLinks", true);
  for (const name of ["containers", "initContainers"]) {
    for (const one of objectsAt(spec, name)) {
      const resources = one["resources"];
      if (!isObject(resources) || !isObject(resources["limits"])) continue;
      const requests = isObject(resources["requests"]) ? resources["requests"] : {};
      for (const [key, value] of Object.entries(resources["limits"])) fallback(requests, key, value);
      resources["requests"] = requests;
    }
  }
}
