/** One table of a section, ready to print; the first column is text, the others are figures. */
export interface Table {
  readonly title: string;
  /** What a reader must know to read the figures right. */
  readonly note?: string | undefined;
  readonly headers: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface BenchOptions {
  /** Interleaved rounds; a section has its own default. */
  readonly rounds?: number | undefined;
  /** Objects of a rollout. */
  readonly sizes: readonly number[];
  /** Round-trip times in milliseconds to try. */
  readonly rtts: readonly number[];
  /** Folder whose `actions/<name>/dist` are measured. */
  readonly tree: string;
  /** Peers to leave out, by the first word of their name. */
  readonly without: readonly string[];
  /** Progress, one line. */
  readonly print: (line: string) => void;
}

/** Thrown by a section that cannot be had on this machine: the reason is printed, the bench goes on. */
export class Skipped extends Error {}

/** Raw figures for machines beside the tables for people. */
export interface SectionResult {
  readonly tables: readonly Table[];
  readonly figures: unknown;
}

export interface Section {
  readonly name: string;
  run(options: BenchOptions): Promise<SectionResult>;
}
