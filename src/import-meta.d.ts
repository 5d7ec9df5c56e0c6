/** What the bundler and the test runner put in place of a pattern of file names: the modules, by their path. */
interface ImportMeta {
  glob<Module>(pattern: string, options: { readonly eager: true }): Readonly<Record<string, Module>>;
}
