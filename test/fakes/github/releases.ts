import { type Answer, type Call, type Handler, invalid, notFound, number, text } from "./handler.ts";
import { iso, type Json, nodeId, presentUser, repoUrl, webUrl } from "./present.ts";
import type { Release, ReleaseAsset } from "./state.ts";

/** Releases of a repository with immutable releases: a draft takes changes, a published one none. */
export const releaseHandlers: Readonly<Record<string, Handler>> = {
  "repos/list-releases": (call) => ({
    status: 200,
    items: call.view.repo.releases
      .filter((release) => !release.draft || call.token.permissions.contents === "write")
      .toReversed()
      .map((release) => presentRelease(call, release)),
  }),
  "repos/get-release-by-tag": getByTag,
  "repos/create-release": createRelease,
  "repos/update-release": updateRelease,
  "repos/upload-release-asset": uploadAsset,
  "repos/delete-release-asset": deleteAsset,
};

function getByTag(call: Call): Answer {
  const found = call.view.repo.releases.find((release) => release.tag === call.params["tag"] && !release.draft);
  return found === undefined ? notFound : { status: 200, body: presentRelease(call, found) };
}

function createRelease(call: Call): Answer {
  const tag = text(call, "tag_name") ?? "";
  const draft = call.body["draft"] === true;
  const isTaken = call.view.repo.releases.some((release) => release.tag === tag && !release.draft);
  if (isTaken && !draft) return alreadyExists("tag_name");
  const release: Release = {
    id: call.ids.id(),
    tag,
    name: text(call, "name") ?? "",
    body: text(call, "body") ?? "",
    draft,
    prerelease: call.body["prerelease"] === true,
    makeLatest: text(call, "make_latest") ?? "true",
    assets: [],
    author: call.token.login,
    createdAt: call.clock.now(),
    publishedAt: draft ? null : call.clock.now(),
  };
  call.view.repo.releases.push(release);
  return { status: 201, body: presentRelease(call, release) };
}

function updateRelease(call: Call): Answer {
  return withRelease(call, (release) => {
    const tag = text(call, "tag_name");
    if (!release.draft && tag !== undefined && tag !== release.tag) {
      return invalid("Release", "tag_name", "tag_name cannot be changed on an immutable release");
    }
    release.tag = tag ?? release.tag;
    release.name = text(call, "name") ?? release.name;
    release.body = text(call, "body") ?? release.body;
    release.makeLatest = text(call, "make_latest") ?? release.makeLatest;
    if (call.body["draft"] === false && release.draft) {
      const isTaken = call.view.repo.releases.some((other) => other.tag === release.tag && !other.draft);
      if (isTaken) return alreadyExists("tag_name");
      release.draft = false;
      release.publishedAt = call.clock.now();
    }
    return { status: 200, body: presentRelease(call, release) };
  });
}

function uploadAsset(call: Call): Answer {
  return withRelease(call, (release) => {
    const name = call.query.get("name") ?? "";
    if (!release.draft) return invalid("ReleaseAsset", "release", "Cannot upload assets to an immutable release.");
    if (release.assets.some((asset) => asset.name === name)) return alreadyExists("name");
    const asset: ReleaseAsset = {
      id: call.ids.id(),
      name,
      content: call.file ?? Buffer.alloc(0),
      state: "uploaded",
      createdAt: call.clock.now(),
    };
    release.assets = [...release.assets, asset];
    return { status: 201, body: presentAsset(call, release, asset) };
  });
}

function deleteAsset(call: Call): Answer {
  const id = number(call, "asset_id");
  const release = call.view.repo.releases.find(({ assets }) => assets.some((asset) => asset.id === id));
  if (release === undefined) return notFound;
  if (!release.draft) return invalid("ReleaseAsset", "release", "Cannot delete assets of an immutable release.");
  release.assets = release.assets.filter((asset) => asset.id !== id);
  return { status: 204 };
}

function withRelease(call: Call, answer: (release: Release) => Answer): Answer {
  const found = call.view.repo.releases.find((release) => release.id === number(call, "release_id"));
  return found === undefined ? notFound : answer(found);
}

function alreadyExists(field: string): Answer {
  return {
    status: 422,
    body: {
      message: "Validation Failed",
      errors: [{ resource: field === "name" ? "ReleaseAsset" : "Release", code: "already_exists", field }],
      documentation_url: "https://docs.github.com/rest",
      status: "422",
    },
  };
}

function presentRelease({ view, ...call }: Call, release: Release): Json {
  const url = repoUrl(view, `/releases/${release.id}`);
  return {
    id: release.id,
    node_id: nodeId("Release", release.id),
    url,
    html_url: webUrl(view, `/releases/tag/${release.tag}`),
    assets_url: `${url}/assets`,
    upload_url: `${url}/assets{?name,label}`,
    tarball_url: repoUrl(view, `/tarball/${release.tag}`),
    zipball_url: repoUrl(view, `/zipball/${release.tag}`),
    tag_name: release.tag,
    target_commitish: view.repo.defaultBranch,
    name: release.name,
    body: release.body,
    draft: release.draft,
    prerelease: release.prerelease,
    immutable: !release.draft,
    created_at: iso(release.createdAt),
    published_at: release.publishedAt === null ? null : iso(release.publishedAt),
    author: presentUser(view, release.author),
    assets: release.assets.map((asset) => presentAsset({ view, ...call }, release, asset)),
  };
}

function presentAsset({ view }: Call, release: Release, asset: ReleaseAsset): Json {
  return {
    id: asset.id,
    node_id: nodeId("ReleaseAsset", asset.id),
    url: repoUrl(view, `/releases/assets/${asset.id}`),
    browser_download_url: webUrl(view, `/releases/download/${release.tag}/${asset.name}`),
    name: asset.name,
    label: null,
    state: asset.state,
    content_type: "application/octet-stream",
    size: asset.content.length,
    digest: null,
    download_count: 0,
    created_at: iso(asset.createdAt),
    updated_at: iso(asset.createdAt),
    uploader: presentUser(view, release.author),
  };
}
