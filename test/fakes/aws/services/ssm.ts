import { createHash } from "node:crypto";
import type * as Ssm from "@aws-sdk/client-ssm";
import { fault } from "../fault.ts";
import { type Handler, handler, page, type World } from "../world.ts";
import { latestRelease } from "./amiReleases.ts";
import { versionsOf } from "./eks/versions.ts";

const prefix = "/aws/service/eks/optimized-ami";

/** AMI family folders of AWS's public parameters: path below the version → architecture and variant. */
const variants = [
  "amazon-linux-2023/x86_64/standard",
  "amazon-linux-2023/arm64/standard",
  "amazon-linux-2023/x86_64/nvidia",
  "amazon-linux-2023/arm64/nvidia",
  "amazon-linux-2023/x86_64/neuron",
] as const;

const bottlerocketVariants = ["", "-nvidia"] as const;

/** AWS's public AMI parameters of every version that EKS offers. */
export function amiParameters(world: World): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const { version } of versionsOf(world)) {
    for (const variant of variants) {
      const folder = `${prefix}/${version}/${variant}/recommended`;
      const release = latestRelease(world, version);
      const imageId = imageIdOf(world, folder);
      const kind = variant.replace("amazon-linux-2023/", "").replace("/", "-");
      const imageName = `amazon-eks-node-al2023-${kind}-${version}-v${release.split("-")[1]}`;
      parameters.set(`${folder}/image_id`, imageId);
      parameters.set(`${folder}/release_version`, release);
      parameters.set(`${folder}/image_name`, imageName);
      const document = { schema_version: "2", image_id: imageId, image_name: imageName, release_version: release };
      parameters.set(folder, JSON.stringify(document));
    }
    for (const variant of bottlerocketVariants) {
      for (const architecture of ["x86_64", "arm64"]) {
        const folder = `/aws/service/bottlerocket/aws-k8s-${version}${variant}/${architecture}/latest`;
        parameters.set(`${folder}/image_id`, imageIdOf(world, folder));
        parameters.set(`${folder}/image_version`, "1.51.0-47438798");
      }
    }
  }
  return parameters;
}

function imageIdOf(world: World, folder: string): string {
  return `ami-0${createHash("sha256").update(`${world.account.region}${folder}`).digest("hex").slice(0, 16)}`;
}

function describe(world: World, name: string, value: string): Ssm.Parameter {
  const { partition, region } = world.account;
  return {
    Name: name,
    Type: "String",
    Value: value,
    Version: 24,
    LastModifiedDate: new Date(Date.UTC(2026, 10, 11)),
    ARN: `arn:${partition}:ssm:${region}::parameter${name}`,
    DataType: name.endsWith("/image_id") ? "aws:ec2:image" : "text",
  };
}

const getParameter = handler<Ssm.GetParameterCommandInput, Ssm.GetParameterCommandOutput>(({ world }, input) => {
  const name = input.Name ?? "";
  const value = amiParameters(world).get(name);
  if (value === undefined) throw fault("ParameterNotFound", "");
  return { Parameter: describe(world, name, value) };
});

const getParameters = handler<Ssm.GetParametersCommandInput, Ssm.GetParametersCommandOutput>(({ world }, input) => {
  const known = amiParameters(world);
  const names = input.Names ?? [];
  if (names.length > 10) throw fault("ValidationException", "Member must have length less than or equal to 10");
  return {
    Parameters: names.flatMap((name) => {
      const value = known.get(name);
      return value === undefined ? [] : [describe(world, name, value)];
    }),
    InvalidParameters: names.filter((name) => !known.has(name)),
  };
});

const getParametersByPath = handler<Ssm.GetParametersByPathCommandInput, Ssm.GetParametersByPathCommandOutput>(
  ({ world }, input) => {
    const path = `${(input.Path ?? "").replace(/\/$/, "")}/`;
    const matching = [...amiParameters(world)]
      .filter(([name]) => name.startsWith(path))
      .filter(([name]) => input.Recursive === true || !name.slice(path.length).includes("/"))
      .map(([name, value]) => describe(world, name, value));
    const result = page(world, matching, { size: input.MaxResults, token: input.NextToken, max: 10 }, () =>
      fault("InvalidNextToken", "The specified token isn't valid."),
    );
    return { Parameters: result.items, ...(result.next === undefined ? {} : { NextToken: result.next }) };
  },
);

/** Systems Manager: AWS's public parameters for node images, read only. */
export const ssm: Readonly<Record<string, Handler>> = {
  GetParameter: getParameter,
  GetParameters: getParameters,
  GetParametersByPath: getParametersByPath,
};
