import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Claims } from "./claims.ts";
import { otherForm, parseSubject } from "./subject.ts";

function claims(
  sub: string,
  values: Readonly<Record<string, string>> = { repository_owner_id: "65", repository_id: "74" },
): Claims {
  return { iss: "https://token.actions.githubusercontent.com", aud: "sts.amazonaws.com", sub, values };
}

describe("parseSubject", () => {
  it.each([
    ["repo:octo-org/octo-repo:ref:refs/heads/main", "classic"],
    ["repo:octo-org/octo-repo:environment:prod", "classic"],
    ["repo:octo-org/octo-repo:pull_request", "classic"],
    ["repo:octo-org/octo-repo:environment:a%3Ab", "classic"],
    ["repo:octo-org@65/octo-repo@74:environment:prod", "immutable"],
    ["repo:octo-org@65/octo-repo@74:pull_request", "immutable"],
    [
      "repo:octo-org/octo-repo:environment:prod:job_workflow_ref:o/a/.github/workflows/x.yml@refs/heads/main",
      "customised",
    ],
    ["repository_id:74", "customised"],
    ["repo_property_team:x", "customised"],
    ["repository_owner:acme:environment:prod", "customised"],
    ["", "customised"],
  ])("%s is %s", (sub, form) => {
    expect(parseSubject(sub).form).toBe(form);
  });
});

describe("otherForm", () => {
  it("turns one into the other and back", () => {
    const classic = "repo:octo-org/octo-repo:environment:prod";
    const immutable = "repo:octo-org@65/octo-repo@74:environment:prod";
    expect(otherForm(claims(classic))).toEqual({ form: "immutable", sub: immutable });
    expect(otherForm(claims(immutable))).toEqual({ form: "classic", sub: classic });
  });

  it("comes back from the other form, for any names, ids and context", () => {
    const name = fc.stringMatching(/^[A-Za-z0-9._-]{1,39}$/);
    const id = fc.nat().map(String);
    const place = fc.string({ maxLength: 40 }).map((text) => text.replaceAll(":", "%3A"));
    const context = fc.oneof(
      fc.constant("pull_request"),
      place.map((text) => `environment:${text}`),
      place.map((text) => `ref:refs/heads/${text}`),
    );
    fc.assert(
      fc.property(name, name, id, id, context, (owner, repo, ownerId, repoId, rest) => {
        const ids = { repository_owner_id: ownerId, repository_id: repoId };
        const classic = `repo:${owner}/${repo}:${rest}`;
        const immutable = otherForm(claims(classic, ids));
        expect(immutable?.sub).toBe(`repo:${owner}@${ownerId}/${repo}@${repoId}:${rest}`);
        expect(otherForm(claims(immutable?.sub ?? "", ids))).toEqual({ form: "classic", sub: classic });
      }),
    );
  });

  it("knows none for a customised subject, or without the ids", () => {
    expect(otherForm(claims("repository_id:74"))).toBeUndefined();
    expect(otherForm(claims("repo:o/r:pull_request", {}))).toBeUndefined();
  });
});
