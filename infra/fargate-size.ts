/** What Fargate runs: so many units of processor (1024 are one), with one of so many MiB. Source: ECS, task size. */
const SIZES: readonly (readonly [units: number, minMiB: number, maxMiB: number, stepMiB: number])[] = [
  [256, 512, 2048, 512],
  [512, 1024, 4096, 1024],
  [1024, 2048, 8192, 1024],
  [2048, 4096, 16_384, 1024],
  [4096, 8192, 30_720, 1024],
  [8192, 16_384, 61_440, 4096],
  [16_384, 32_768, 122_880, 8192],
];

export interface FargateSize {
  readonly cpu: number; // units
  readonly memory: number; // MiB
}

/** The smallest that has so many processors and so much memory. Throws Error where there is none. */
export function fargateSize(cpus: number, bytes: number): FargateSize {
  const wanted = bytes / 2 ** 20;
  for (const [cpu, least, most, step] of SIZES) {
    const memory = Math.max(least, least + Math.ceil((wanted - least) / step) * step);
    // 256 units have 512, 1024 or 2048 MiB.
    if (cpu >= cpus * 1024 && memory <= most)
      return { cpu, memory: cpu === 256 && memory === 1536 ? 2048 : memory };
  }
  throw new Error(
    `it needs ${cpus} processors and ${Math.ceil(wanted)} MiB, and Fargate has at most 16 and 122880`,
  );
}
