import type * as Ec2 from "@aws-sdk/client-ec2";
import { fault } from "../../fault.ts";
import type { LaunchTemplateRecord } from "../../state.ts";
import { type Call, callerArn, type Handler, handler, page, type World } from "../../world.ts";
import { appear, isVisible, newId, passes, tagsFor } from "./find.ts";

function templateOf(
  world: World,
  wish: { readonly LaunchTemplateId?: string | undefined; readonly LaunchTemplateName?: string | undefined },
): LaunchTemplateRecord {
  const { launchTemplates } = world.account.network;
  const { LaunchTemplateId: id, LaunchTemplateName: name } = wish;
  const found = findTemplate(world, id, name);
  if (found !== undefined && launchTemplates.has(found.id) && isVisible(world, found.id)) return found;
  if (id !== undefined) {
    throw fault(
      "InvalidLaunchTemplateId.NotFound",
      `The specified launch template, with template ID ${id}, does not exist.`,
    );
  }
  throw fault(
    "InvalidLaunchTemplateName.NotFoundException",
    `The specified launch template, with template name ${name}, does not exist.`,
  );
}

export function findTemplate(
  world: World,
  id: string | undefined,
  name: string | undefined,
): LaunchTemplateRecord | undefined {
  return [...world.account.network.launchTemplates.values()].find((template) =>
    id === undefined ? template.name === name : template.id === id,
  );
}

/** `$Latest`, `$Default` or a number → the number; `undefined` if there is no such version. */
export function versionNumber(template: LaunchTemplateRecord, version: string | undefined): number | undefined {
  const wanted =
    version === undefined || version === "$Default"
      ? template.defaultVersion
      : version === "$Latest"
        ? template.latestVersion
        : Number(version);
  return template.versions.has(wanted) ? wanted : undefined;
}

function shown(template: LaunchTemplateRecord): Ec2.LaunchTemplate {
  return {
    LaunchTemplateId: template.id,
    LaunchTemplateName: template.name,
    CreateTime: new Date(template.createdAt),
    CreatedBy: template.createdBy,
    DefaultVersionNumber: template.defaultVersion,
    LatestVersionNumber: template.latestVersion,
    Tags: structuredClone(template.tags),
  };
}

function shownVersion(template: LaunchTemplateRecord, number: number): Ec2.LaunchTemplateVersion {
  const version = template.versions.get(number);
  return {
    LaunchTemplateId: template.id,
    LaunchTemplateName: template.name,
    VersionNumber: number,
    DefaultVersion: number === template.defaultVersion,
    CreateTime: new Date(version?.createdAt ?? 0),
    CreatedBy: template.createdBy,
    ...(version?.description === undefined ? {} : { VersionDescription: version.description }),
    LaunchTemplateData: responseData(version?.data),
  };
}

/** The request's data in the response's shape: both models name their members alike, the response has no more. */
function responseData(data: Ec2.RequestLaunchTemplateData | undefined): Ec2.ResponseLaunchTemplateData {
  const { TagSpecifications: tags = [], ...rest } = structuredClone(data ?? {});
  return { ...rest, TagSpecifications: tags };
}

const createLaunchTemplate = handler<Ec2.CreateLaunchTemplateCommandInput, Ec2.CreateLaunchTemplateCommandOutput>(
  (call, input) => {
    const { world } = call;
    const { launchTemplates } = world.account.network;
    const name = input.LaunchTemplateName ?? "";
    const known = findTemplate(world, undefined, name);
    if (known !== undefined) {
      const isRepeat = input.ClientToken !== undefined && known.clientToken === input.ClientToken;
      if (isRepeat) return { LaunchTemplate: shown(known) };
      throw fault("InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use.");
    }
    const data = input.LaunchTemplateData ?? {};
    checkData(world, data);
    const template = newTemplate(call, name, data, input);
    launchTemplates.set(template.id, template);
    appear(world, template.id);
    return { LaunchTemplate: shown(template) };
  },
);

function newTemplate(
  call: Call,
  name: string,
  data: Ec2.RequestLaunchTemplateData,
  input: Ec2.CreateLaunchTemplateCommandInput,
): LaunchTemplateRecord {
  const { world } = call;
  const createdAt = world.agenda.now();
  return {
    id: newId(world, "lt"),
    name,
    createdAt,
    createdBy: callerArn(call),
    defaultVersion: 1,
    latestVersion: 1,
    clientToken: input.ClientToken,
    tags: tagsFor(input.TagSpecifications, "launch-template"),
    versions: new Map([[1, { data: structuredClone(data), createdAt, description: input.VersionDescription }]]),
  };
}

function checkData(world: World, data: Ec2.RequestLaunchTemplateData): void {
  const { securityGroups } = world.account.network;
  const listed = [
    ...(data.SecurityGroupIds ?? []),
    ...(data.NetworkInterfaces ?? []).flatMap((item) => item.Groups ?? []),
  ];
  const missing = listed.find((id) => !securityGroups.has(id));
  if (missing !== undefined) throw fault("InvalidGroup.NotFound", `The security group '${missing}' does not exist`);
  const key = data.KeyName;
  if (key !== undefined && ![...world.account.network.keyPairs.values()].some((pair) => pair.KeyName === key)) {
    throw fault("InvalidKeyPair.NotFound", `The key pair '${key}' does not exist`);
  }
  if (data.UserData !== undefined && !/^[A-Za-z0-9+/=\s]*$/.test(data.UserData)) {
    throw fault("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.");
  }
}

const createVersion = handler<
  Ec2.CreateLaunchTemplateVersionCommandInput,
  Ec2.CreateLaunchTemplateVersionCommandOutput
>(({ world }, input) => {
  const template = templateOf(world, input);
  const repeated = [...template.versions].find(
    ([, version]) => input.ClientToken !== undefined && version.clientToken === input.ClientToken,
  );
  if (repeated !== undefined) return { LaunchTemplateVersion: shownVersion(template, repeated[0]) };
  const data = input.LaunchTemplateData ?? {};
  checkData(world, data);
  const source = input.SourceVersion === undefined ? undefined : versionNumber(template, input.SourceVersion);
  const base = source === undefined ? {} : (template.versions.get(source)?.data ?? {});
  template.latestVersion += 1;
  template.versions.set(template.latestVersion, {
    data: structuredClone({ ...base, ...data }),
    createdAt: world.agenda.now(),
    description: input.VersionDescription,
    clientToken: input.ClientToken,
  });
  return { LaunchTemplateVersion: shownVersion(template, template.latestVersion) };
});

const describeLaunchTemplates = handler<
  Ec2.DescribeLaunchTemplatesCommandInput,
  Ec2.DescribeLaunchTemplatesCommandOutput
>(({ world }, input) => {
  const ids = input.LaunchTemplateIds ?? [];
  const names = input.LaunchTemplateNames ?? [];
  const named = [
    ...ids.map((LaunchTemplateId) => templateOf(world, { LaunchTemplateId })),
    ...names.map((LaunchTemplateName) => templateOf(world, { LaunchTemplateName })),
  ];
  const all = [...world.account.network.launchTemplates.values()].filter((template) => isVisible(world, template.id));
  const matching = (ids.length + names.length > 0 ? named : all).filter((template) =>
    passes(input.Filters, { tags: template.tags, values: { "launch-template-name": [template.name] } }),
  );
  const result = page(world, matching, { size: input.MaxResults, token: input.NextToken, max: 200 }, invalidToken);
  return {
    LaunchTemplates: result.items.map(shown),
    ...(result.next === undefined ? {} : { NextToken: result.next }),
  };
});

const invalidToken = () => fault("InvalidParameterValue", "The token is not valid");

const describeVersions = handler<
  Ec2.DescribeLaunchTemplateVersionsCommandInput,
  Ec2.DescribeLaunchTemplateVersionsCommandOutput
>(({ world }, input) => {
  const template = templateOf(world, input);
  const wanted = input.Versions ?? [];
  const numbers =
    wanted.length === 0
      ? [...template.versions.keys()].toReversed()
      : wanted.map((version) => {
          const number = versionNumber(template, version);
          if (number === undefined) {
            throw fault("InvalidLaunchTemplateId.VersionNotFound", `Could not find the specified version ${version}.`);
          }
          return number;
        });
  const result = page(world, numbers, { size: input.MaxResults, token: input.NextToken, max: 200 }, invalidToken);
  return {
    LaunchTemplateVersions: result.items.map((number) => shownVersion(template, number)),
    ...(result.next === undefined ? {} : { NextToken: result.next }),
  };
});

const modifyLaunchTemplate = handler<Ec2.ModifyLaunchTemplateCommandInput, Ec2.ModifyLaunchTemplateCommandOutput>(
  ({ world }, input) => {
    const template = templateOf(world, input);
    const number = versionNumber(template, input.DefaultVersion);
    if (number === undefined) {
      throw fault(
        "InvalidLaunchTemplateId.VersionNotFound",
        `Could not find the specified version ${input.DefaultVersion}.`,
      );
    }
    template.defaultVersion = number;
    return { LaunchTemplate: shown(template) };
  },
);

const deleteLaunchTemplate = handler<Ec2.DeleteLaunchTemplateCommandInput, Ec2.DeleteLaunchTemplateCommandOutput>(
  ({ world }, input) => {
    const template = templateOf(world, input);
    world.account.network.launchTemplates.delete(template.id);
    return { LaunchTemplate: shown(template) };
  },
);

export const launchTemplates: Readonly<Record<string, Handler>> = {
  CreateLaunchTemplate: createLaunchTemplate,
  CreateLaunchTemplateVersion: createVersion,
  DescribeLaunchTemplates: describeLaunchTemplates,
  DescribeLaunchTemplateVersions: describeVersions,
  ModifyLaunchTemplate: modifyLaunchTemplate,
  DeleteLaunchTemplate: deleteLaunchTemplate,
};
