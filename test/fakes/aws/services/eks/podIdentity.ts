import type * as Eks from "@aws-sdk/client-eks";
import type { ClusterRecord } from "../../state.ts";
import { type Handler, handler, page, type World } from "../../world.ts";
import {
  clusterNamed,
  eksArn,
  inUse,
  invalidParameter,
  invalidRequest,
  limitExceeded,
  notFound,
  runningCluster,
  today,
} from "./find.ts";
import { checkPodIdentityRole } from "./roles.ts";
import { idempotent } from "./tokens.ts";

/** Puts an association into a cluster; the pair of namespace and service account must be free. */
export function putAssociation(
  world: World,
  record: ClusterRecord,
  wish: {
    readonly namespace: string;
    readonly serviceAccount: string;
    readonly roleArn: string;
    readonly ownerArn?: string | undefined;
    readonly tags?: Readonly<Record<string, string>> | undefined;
  },
): Eks.PodIdentityAssociation {
  const taken = [...record.podIdentityAssociations.values()].find(
    (other) => other.namespace === wish.namespace && other.serviceAccount === wish.serviceAccount,
  );
  if (taken !== undefined) {
    throw inUse(`Association already exists: ${taken.associationId}`, { clusterName: record.cluster.name });
  }
  const id = `a-${world.random.hex("association", 17)}`;
  const association: Eks.PodIdentityAssociation = {
    clusterName: record.cluster.name,
    namespace: wish.namespace,
    serviceAccount: wish.serviceAccount,
    roleArn: wish.roleArn,
    associationArn: eksArn(world, `podidentityassociation/${record.cluster.name}/${id}`),
    associationId: id,
    tags: { ...wish.tags },
    createdAt: today(world),
    modifiedAt: today(world),
    ...(wish.ownerArn === undefined ? {} : { ownerArn: wish.ownerArn }),
  };
  record.podIdentityAssociations.set(id, association);
  return association;
}

function associationOf(record: ClusterRecord, id: string | undefined): Eks.PodIdentityAssociation {
  const association = record.podIdentityAssociations.get(id ?? "");
  if (association === undefined) {
    throw notFound(`No association found for id: ${id}.`, { clusterName: record.cluster.name });
  }
  return association;
}

function checkPolicy(policy: string | undefined, disableSessionTags: boolean | undefined): void {
  if (policy !== undefined && disableSessionTags !== true) {
    throw invalidParameter("A policy needs disableSessionTags to be true.");
  }
}

const create = handler<Eks.CreatePodIdentityAssociationCommandInput, Eks.CreatePodIdentityAssociationCommandOutput>(
  ({ world }, input) => {
    const record = runningCluster(world, input.clusterName);
    checkPodIdentityRole(world, input.roleArn);
    checkPolicy(input.policy, input.disableSessionTags);
    if (record.podIdentityAssociations.size >= 1000) {
      throw limitExceeded("The maximum number of associations was reached.", { clusterName: input.clusterName });
    }
    const association = putAssociation(world, record, {
      namespace: input.namespace ?? "",
      serviceAccount: input.serviceAccount ?? "",
      roleArn: input.roleArn ?? "",
      tags: input.tags,
    });
    if (input.disableSessionTags !== undefined) association.disableSessionTags = input.disableSessionTags;
    if (input.targetRoleArn !== undefined) association.targetRoleArn = input.targetRoleArn;
    if (input.policy !== undefined) association.policy = input.policy;
    return { association: structuredClone(association) };
  },
);

const describe = handler<
  Eks.DescribePodIdentityAssociationCommandInput,
  Eks.DescribePodIdentityAssociationCommandOutput
>(({ world }, input) => ({
  association: structuredClone(associationOf(clusterNamed(world, input.clusterName), input.associationId)),
}));

const list = handler<Eks.ListPodIdentityAssociationsCommandInput, Eks.ListPodIdentityAssociationsCommandOutput>(
  ({ world }, input) => {
    const matching = [...clusterNamed(world, input.clusterName).podIdentityAssociations.values()]
      .filter((association) => input.namespace === undefined || association.namespace === input.namespace)
      .filter(
        (association) => input.serviceAccount === undefined || association.serviceAccount === input.serviceAccount,
      );
    const result = page(world, matching, { size: input.maxResults, token: input.nextToken, max: 100 });
    return {
      associations: result.items.map(
        ({ clusterName, namespace, serviceAccount, associationArn, associationId, ownerArn }) => ({
          clusterName,
          namespace,
          serviceAccount,
          associationArn,
          associationId,
          ...(ownerArn === undefined ? {} : { ownerArn }),
        }),
      ),
      ...(result.next === undefined ? {} : { nextToken: result.next }),
    };
  },
);

const update = handler<Eks.UpdatePodIdentityAssociationCommandInput, Eks.UpdatePodIdentityAssociationCommandOutput>(
  ({ world }, input) => {
    const association = associationOf(runningCluster(world, input.clusterName), input.associationId);
    checkOwner(association);
    if (input.roleArn !== undefined) checkPodIdentityRole(world, input.roleArn);
    checkPolicy(input.policy, input.disableSessionTags ?? association.disableSessionTags);
    association.roleArn = input.roleArn ?? association.roleArn;
    if (input.disableSessionTags !== undefined) association.disableSessionTags = input.disableSessionTags;
    if (input.targetRoleArn !== undefined) association.targetRoleArn = input.targetRoleArn;
    if (input.policy !== undefined) association.policy = input.policy;
    association.modifiedAt = today(world);
    return { association: structuredClone(association) };
  },
);

function checkOwner(association: Eks.PodIdentityAssociation): void {
  if (association.ownerArn === undefined) return;
  throw invalidRequest(`Association ${association.associationId} is owned by ${association.ownerArn}.`);
}

const remove = handler<Eks.DeletePodIdentityAssociationCommandInput, Eks.DeletePodIdentityAssociationCommandOutput>(
  ({ world }, input) => {
    const record = clusterNamed(world, input.clusterName);
    const association = associationOf(record, input.associationId);
    checkOwner(association);
    record.podIdentityAssociations.delete(association.associationId ?? "");
    return { association: structuredClone(association) };
  },
);

export const podIdentity: Readonly<Record<string, Handler>> = {
  CreatePodIdentityAssociation: idempotent(create, (world, input: Eks.CreatePodIdentityAssociationCommandInput) => {
    const record = world.account.clusters.get(input.clusterName ?? "");
    return [...(record?.podIdentityAssociations.values() ?? [])].some(
      (association) => association.namespace === input.namespace && association.serviceAccount === input.serviceAccount,
    );
  }),
  DescribePodIdentityAssociation: describe,
  ListPodIdentityAssociations: list,
  UpdatePodIdentityAssociation: idempotent(update),
  DeletePodIdentityAssociation: remove,
};
