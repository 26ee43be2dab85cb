import type * as Ec2 from "@aws-sdk/client-ec2";
import { fault } from "../../fault.ts";
import { type Handler, handler, type World } from "../../world.ts";
import { amiParameters } from "../ssm.ts";

/** EKS's images, as SSM names them, and the account's own, as tests seed them. */
function knownImages(world: World): ReadonlyMap<string, Ec2.Image> {
  const ofEks = [...amiParameters(world)]
    .filter(([name]) => name.endsWith("/image_id"))
    .map(([name, id]): readonly [string, Ec2.Image] => [
      id,
      {
        ImageId: id,
        State: "available",
        Architecture: name.includes("arm64") ? "arm64" : "x86_64",
        ImageOwnerAlias: "amazon",
        ImageType: "machine",
        RootDeviceType: "ebs",
        RootDeviceName: "/dev/xvda",
        VirtualizationType: "hvm",
        Public: true,
      },
    ]);
  return new Map([...ofEks, ...world.account.network.images]);
}

const describeImages = handler<Ec2.DescribeImagesCommandInput, Ec2.DescribeImagesCommandOutput>(({ world }, input) => {
  const known = knownImages(world);
  const wanted = input.ImageIds ?? [];
  const missing = wanted.filter((id) => !known.has(id));
  if (missing.length > 0) {
    throw fault("InvalidAMIID.NotFound", `The image id '[${missing.join(", ")}]' does not exist`);
  }
  return { Images: wanted.flatMap((id) => structuredClone(known.get(id)) ?? []) };
});

export const images: Readonly<Record<string, Handler>> = { DescribeImages: describeImages };
