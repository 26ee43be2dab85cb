import { flag, integer, list, map, matching, object, type Shape, t2, text, textMap, texts, word } from "./field.ts";
import { kubeApiServer, kubeControllerManager, kubeScheduler } from "./kube.ts";

const days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] as const;

const nodeGroup = object({
  manageDesired: t2("P", flag),
  updateStrategy: t2("P", word("DEFAULT", "MINIMAL")),
  warmPoolConfig: t2(
    "P",
    object({
      enabled: t2("P", flag),
      minSize: t2("P", integer(0, 450)),
      maxGroupPreparedCapacity: t2("P", integer(0, 450)),
      poolState: t2("P", word("STOPPED", "RUNNING", "HIBERNATED")),
      reuseOnScaleIn: t2("P", flag),
    }),
  ),
});

const window = object(
  {
    days: t2("-", list(word(...days))),
    start: t2("-", matching(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day in quotes like `"02:00"`')),
    duration: t2(
      "-",
      matching(
        /^([1-9]|1\d|2[0-4])h$|^([1-9]\d?|1[0-3]\d\d|14[0-3]\d|1440|[1-9]\d\d)m$/,
        "a duration like `4h` or `90m`",
      ),
    ),
    timezone: t2("-", matching(/^[A-Za-z_]+(\/[A-Za-z_+-]+)*$/, "a time zone like `Europe/Berlin`")),
  },
  ["start", "duration"],
);

/** Kinds of objects that can be protected, as `protect` writes them. */
export const protectedKinds = [
  "cluster",
  "network",
  "nodegroup",
  "addon",
  "fargateprofile",
  "accessentry",
  "podidentity",
  "capability",
  "identityprovider",
] as const;

/** `eks-actions.dev/v1` ClusterExtension: what eksctl has no field for, beside a file that stays eksctl's. */
export const extensionSchema: Shape = object(
  {
    apiVersion: t2("-", word("eks-actions.dev/v1")),
    kind: t2("-", word("ClusterExtension")),
    extends: t2("-", text),
    deletionProtection: t2("C", flag),
    gatewayApi: t2("C", object({ crds: t2("C", object({ managed: t2("C", flag) }, ["managed"])) }, ["crds"])),
    kubeAPIServerConfig: t2("C", kubeApiServer),
    kubeSchedulerConfig: t2("C", kubeScheduler),
    kubeControllerManagerConfig: t2("C", kubeControllerManager),
    vpc: t2("C", object({ discover: t2("C", object({ private: t2("C", textMap), public: t2("C", textMap) })) })),
    managedNodeGroups: t2("P", map(nodeGroup)),
    upgrade: t2(
      "-",
      object({ nodeRoll: t2("-", word("each-minor", "last")), insights: t2("-", word("block", "warn", "off")) }),
    ),
    maintenanceWindows: t2("-", list(window)),
    protect: t2(
      "-",
      list(
        matching(
          new RegExp(`^(cluster|network|(${protectedKinds.slice(2).join("|")})/\\S+)$`),
          `an object like \`nodegroup/web\`; kinds: ${protectedKinds.join(", ")}`,
        ),
      ),
    ),
    ownership: t2("-", object({ ignoreFields: t2("-", texts) })),
  },
  ["apiVersion", "kind", "extends"],
);
