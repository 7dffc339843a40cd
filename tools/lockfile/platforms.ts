/**
 * Packages with native code name one optional package per platform. npm leaves those out of the lockfile that the
 * registry at hand does not carry, and then refuses (`npm ci`) the lockfile that it wrote itself.
 */
export type LockEntry = {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
};

export type Lockfile = { packages: Record<string, LockEntry> };

const systems = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
const processors = ['arm64', 'arm', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'x64'];

/** Optional packages that the lockfile names without an entry, as `[name, version, the package that names it]`. */
export function missingOptional({ packages }: Lockfile): [name: string, version: string, parent: string][] {
  const present = new Set(Object.keys(packages).map((place) => place.replace(/^.*node_modules\//, '')));
  const missing = new Map<string, [string, string, string]>();
  for (const [parent, { optionalDependencies = {} }] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      if (!present.has(name)) missing.set(name, [name, version, parent]);
    }
  }
  return [...missing.values()];
}

/**
 * The lockfile with an entry for each of them, read from its name (`…-linux-arm64-musl`), without an integrity:
 * npm skips it on every other platform and asks the registry on that one.
 * @throws Error when a name does not tell its platform, or a version is not exact
 */
export function completed(lockfile: Lockfile): Lockfile {
  const packages = { ...lockfile.packages };
  for (const [name, version, parent] of missingOptional(lockfile)) {
    const words = name.split(/[/-]/);
    const os = systems.find((system) => words.includes(system));
    const cpu = processors.find((processor) => words.includes(processor));
    if (os === undefined || cpu === undefined || !/^\d/.test(version)) {
      throw new Error(
        `${name}@${version}: cannot tell its platform or version; complete its lockfile entry by hand`,
      );
    }
    const libc = words.some((word) => word.startsWith('musl')) ? ['musl'] : ['glibc'];
    packages[`node_modules/${name}`] = {
      version,
      cpu: [cpu],
      ...(packages[parent]?.dev === true && { dev: true }),
      ...(os === 'linux' && { libc }),
      optional: true,
      os: [os],
    };
  }
  const sorted = Object.entries(packages).toSorted(([one], [other]) => one.localeCompare(other, 'en'));
  return { ...lockfile, packages: Object.fromEntries(sorted) };
}
