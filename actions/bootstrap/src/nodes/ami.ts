interface Hardware {
  readonly arm: boolean;
  readonly nvidia: boolean;
  readonly neuron: boolean;
}

/**
 * Architecture and accelerator of an instance type, by the letters of its family: `g` behind the generation is Graviton,
 * families that begin with g and p carry NVIDIA (g4ad: AMD), inf and trn carry Neuron. EC2's own table would say the
 * same, at the price of its largest answer.
 */
export function hardwareOf(name: string): Hardware {
  const family = name.split(".")[0] ?? "";
  return {
    arm: /^(a1|[a-z]+\d+g)/.test(family),
    nvidia: /^(p|gr?)\d/.test(family) && !family.startsWith("g4ad"),
    neuron: /^(inf|trn)\d/.test(family),
  };
}

/** EKS's `amiType` for eksctl's family on this hardware; `undefined` when EKS has none. */
export function amiType(family: string, hardware: Hardware): string | undefined {
  const { arm, nvidia, neuron } = hardware;
  switch (family) {
    case "AmazonLinux2023":
      if (neuron) return "AL2023_x86_64_NEURON";
      if (arm) return nvidia ? "AL2023_ARM_64_NVIDIA" : "AL2023_ARM_64_STANDARD";
      return nvidia ? "AL2023_x86_64_NVIDIA" : "AL2023_x86_64_STANDARD";
    case "AmazonLinux2":
      if (arm) return nvidia || neuron ? undefined : "AL2_ARM_64";
      return nvidia || neuron ? "AL2_x86_64_GPU" : "AL2_x86_64";
    case "Bottlerocket":
      return neuron ? undefined : `BOTTLEROCKET_${arm ? "ARM_64" : "x86_64"}${nvidia ? "_NVIDIA" : ""}`;
    case "BottlerocketFips":
      return neuron ? undefined : `BOTTLEROCKET_${arm ? "ARM_64" : "x86_64"}${nvidia ? "_NVIDIA" : ""}_FIPS`;
    default: {
      const windows = /^WindowsServer(\d{4})(Core|Full)Container$/.exec(family);
      if (windows === null || arm || nvidia || neuron) return undefined;
      return `WINDOWS_${windows[2]?.toUpperCase()}_${windows[1]}_x86_64`;
    }
  }
}

/** The root or data volume that a node group's size setting means. */
export function volumeDevice(family: string): string {
  if (family.startsWith("Bottlerocket")) return "/dev/xvdb";
  return family.startsWith("Windows") ? "/dev/sda1" : "/dev/xvda";
}
