import { type Answer, type Call, type Handler, notFound, number } from "./handler.ts";
import { presentArtifact, presentRun } from "./present-delivery.ts";
import { zip } from "./zip.ts";

/** Workflow runs, their artifacts, and how the repository's OIDC subject is made. */
export const runHandlers: Readonly<Record<string, Handler>> = {
  "actions/get-workflow-run": getRun,
  "actions/list-workflow-run-artifacts": listArtifacts,
  "actions/download-artifact": downloadArtifact,
  "actions/get-custom-oidc-sub-claim-for-repo": getSubject,
};

function getRun(call: Call): Answer {
  const run = call.view.repo.runs.find((candidate) => candidate.id === number(call, "run_id"));
  return run === undefined ? notFound : { status: 200, body: presentRun(call.view, run) };
}

function listArtifacts(call: Call): Answer {
  const name = call.query.get("name");
  const found = call.view.repo.artifacts
    .filter((artifact) => artifact.run === number(call, "run_id"))
    .filter((artifact) => name === null || artifact.name === name);
  const items = found.map((artifact) => presentArtifact(call.view, artifact, zip(artifact.files).length));
  return { status: 200, items, itemsIn: "artifacts" };
}

function downloadArtifact(call: Call): Answer {
  const artifact = call.view.repo.artifacts.find((candidate) => candidate.id === number(call, "artifact_id"));
  if (artifact === undefined || call.params["archive_format"] !== "zip") return notFound;
  if (artifact.expired)
    return { status: 410, body: { message: "Artifact has expired", documentation_url: "", status: "410" } };
  return { status: 302, headers: { location: `${call.view.url}/_blob/${artifact.id}.zip` } };
}

function getSubject(call: Call): Answer {
  const { subjectTemplate } = call.view.repo;
  const { useDefault, claimKeys, immutable } = subjectTemplate;
  return {
    status: 200,
    body: {
      use_default: useDefault,
      ...(useDefault ? {} : { include_claim_keys: claimKeys }),
      use_immutable_subject: immutable,
    },
  };
}
