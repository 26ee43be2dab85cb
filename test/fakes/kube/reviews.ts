import { type JsonObject, listAt, objectAt, textAt } from "./json.ts";
import { type Attributes, isAllowed, type User } from "./rbac.ts";
import type { Store } from "./store.ts";

type Review = (object: JsonObject, user: User) => JsonObject;

/** Kinds that are asked and answered in one request. Token reviews of foreign tokens go to `authenticate`. */
export function createReviews(store: Store): Readonly<Record<string, Review>> {
  const access = (object: JsonObject, user: User): JsonObject => {
    const asked = objectAt(object, "spec", "resourceAttributes");
    const path = textAt(object, "spec", "nonResourceAttributes", "path");
    const request: Attributes = {
      verb: textAt(asked, "verb") ?? textAt(object, "spec", "nonResourceAttributes", "verb") ?? "",
      group: textAt(asked, "group") ?? "",
      resource: textAt(asked, "resource") ?? "",
      subresource: textAt(asked, "subresource"),
      namespace: textAt(asked, "namespace"),
      name: textAt(asked, "name"),
      path,
    };
    return { ...object, metadata: objectAt(object, "metadata"), status: { allowed: isAllowed(store, user, request) } };
  };
  const subject = (object: JsonObject): User => ({
    name: textAt(object, "spec", "user") ?? "",
    groups: listAt(object, "spec", "groups").map(String),
  });
  return {
    "authorization.k8s.io/v1/SelfSubjectAccessReview": access,
    "authorization.k8s.io/v1/SubjectAccessReview": (object) => access(object, subject(object)),
    "authorization.k8s.io/v1/LocalSubjectAccessReview": (object) => access(object, subject(object)),
    "authentication.k8s.io/v1/SelfSubjectReview": (object, user) => ({
      kind: "SelfSubjectReview",
      apiVersion: "authentication.k8s.io/v1",
      metadata: objectAt(object, "metadata"),
      status: { userInfo: { username: user.name, groups: [...user.groups] } },
    }),
  };
}
