/**
 * What every port of `server/core/ports.ts` promises, as named cases for any test runner: for whoever writes a store, a signer or a login of their own.
 *
 * @example
 * import { sealerCases, storeConformance } from 'sallyport/server/store/conformance'
 * for (const { name, run } of storeConformance) test(name, async () => run(await openFreshStore()))
 * for (const { name, run } of sealerCases) test(name, () => run(sealer))
 * @module
 */
export type { ConformanceCase } from './conformance-case.ts'
export { type KnownPerson, loginCases } from './login.ts'
export { sealerCases } from './sealer.ts'
export { signerCases } from './signer.ts'
export { clockCases, hashCases, ordinalCases, randomCases } from './small-ports.ts'
export { storeConformance } from './store-conformance.ts'
