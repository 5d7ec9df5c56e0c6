import data from '../../data/standard-library.json';

/** The top-level modules of the standard library, of every Python from 3.8 to 3.14. */
export const STANDARD_LIBRARY: ReadonlySet<string> = new Set(data.entries.modules);
