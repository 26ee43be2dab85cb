import { ActionError, collect } from "@eks-actions/action/error";
import type { KubeObject } from "./object.ts";
import type { SourcedObject } from "./parse.ts";
import { type ContainerPart, containersOf, podTemplates, withValue } from "./pods.ts";

/** A container image reference in its parts: https://github.com/distribution/reference */
export interface ImageName {
  /** Registry and path, as written: `registry.example/shop/web`. */
  readonly repository: string;
  readonly tag: string | undefined;
  /** `sha256:…` */
  readonly digest: string | undefined;
}

const COMPONENT = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const REGISTRY = "(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::[0-9]+)?/)?";
const REFERENCE = new RegExp(
  `^(?<repository>${REGISTRY}${COMPONENT}(?:/${COMPONENT})*)(?::(?<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@(?<digest>sha256:[0-9a-f]{64}))?$`,
);

/** `undefined` when the text is no image reference. */
export function parseImage(text: string): ImageName | undefined {
  if (text.length > 512) return undefined;
  const groups = REFERENCE.exec(text)?.groups;
  const repository = groups?.["repository"];
  return repository === undefined ? undefined : { repository, tag: groups?.["tag"], digest: groups?.["digest"] };
}

/** One line of the `images` input. */
interface Override {
  readonly line: string;
  readonly image: string;
  matches(container: ContainerPart): boolean;
}

/**
 * Replaces container images. A line is `name=ref`, where name is a container's name or an image without its tag, or a
 * full `registry/repo:tag` or `@digest`, which replaces every image of the same repository. The last matching line wins.
 * @throws ActionError `IMAGE_UNMATCHED` for lines that match nothing, `INPUT_INVALID` for lines that are no reference
 */
export function overrideImages(objects: readonly SourcedObject[], images: readonly string[]): readonly SourcedObject[] {
  if (images.length === 0) return objects;
  const overrides = images.map(readOverride);
  const used = new Set<Override>();
  const edited = objects.map((sourced): SourcedObject => {
    let object: KubeObject = sourced.object;
    for (const container of podTemplates(sourced.object).flatMap(containersOf)) {
      const matching = overrides.filter((override) => override.matches(container));
      for (const override of matching) used.add(override);
      const last = matching.at(-1);
      if (last === undefined) continue;
      object = withValue(object, [...container.path, "image"], last.image) as KubeObject; // the same object, one text changed
    }
    return object === sourced.object ? sourced : { object, source: sourced.source };
  });
  const fault = collect(
    overrides.filter((override) => !used.has(override)).map((override) => unmatched(override, objects)),
  );
  if (fault !== undefined) throw fault;
  return edited;
}

function readOverride(line: string): Override {
  const equals = line.indexOf("=");
  const image = equals < 0 ? line : line.slice(equals + 1).trim();
  const parsed = parseImage(image);
  if (parsed === undefined || (equals < 0 && parsed.tag === undefined && parsed.digest === undefined)) {
    throw new ActionError("INPUT_INVALID", {
      message: `input \`images\`: \`${line}\` is no image reference with a tag or digest`,
      hint: "write `name=registry/repo:tag` or `registry/repo:tag`, one a line",
    });
  }
  if (equals < 0) {
    const repository = canonical(parsed.repository);
    return { line, image, matches: (container) => repositoryOf(container) === repository };
  }
  const name = line.slice(0, equals).trim();
  return {
    line,
    image,
    matches: (container) => container.name === name || repositoryOf(container) === canonical(name),
  };
}

function repositoryOf(container: ContainerPart): string | undefined {
  const parsed = container.image === undefined ? undefined : parseImage(container.image);
  return parsed === undefined ? undefined : canonical(parsed.repository);
}

// `nginx`, `library/nginx` and `docker.io/library/nginx` are one image.
function canonical(repository: string): string {
  const bare = repository.replace(/^(index\.)?docker\.io\//, "").replace(/^library\//, "");
  return bare;
}

function unmatched(override: Override, objects: readonly SourcedObject[]): ActionError {
  const names = new Set<string>();
  for (const container of objects.flatMap(({ object }) => podTemplates(object)).flatMap(containersOf)) {
    if (container.name !== "") names.add(container.name);
    const repository = container.image === undefined ? undefined : parseImage(container.image)?.repository;
    if (repository !== undefined) names.add(repository);
  }
  const wanted = override.line.replace(/=.*$/, "");
  const nearest = [...names]
    .sort((a, b) => likeness(b, wanted) - likeness(a, wanted) || a.localeCompare(b))
    .slice(0, 3);
  return new ActionError("IMAGE_UNMATCHED", {
    message: `input \`images\`: \`${override.line}\` matches no container of the set`,
    hint:
      nearest.length === 0
        ? "the set has no containers; remove the line"
        : `the nearest names are ${nearest.map((name) => `\`${name}\``).join(", ")}; write \`${nearest[0]}=${override.image}\``,
  });
}

// Shared letter pairs: good enough to put the likely name first, whatever the lengths.
function likeness(a: string, b: string): number {
  const pairs = (text: string) =>
    new Set(Array.from({ length: Math.max(0, text.length - 1) }, (_, i) => text.slice(i, i + 2)));
  const left = pairs(a.toLowerCase());
  const right = pairs(b.toLowerCase());
  const shared = [...left].filter((pair) => right.has(pair)).length;
  return (2 * shared) / Math.max(1, left.size + right.size);
}
