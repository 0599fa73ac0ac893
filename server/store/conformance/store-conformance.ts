/**
 * Everything that a store must do, as named cases for any test runner.
 *
 * @module
 */
import { accessCases } from './access.ts'
import { auditCases } from './audit.ts'
import { clientDocumentCases } from './client-documents.ts'
import { clientCases } from './clients.ts'
import type { ConformanceCase } from './conformance-case.ts'
import { flowCases } from './flows.ts'
import { grantCases } from './grants.ts'
import { housekeepingCases } from './housekeeping.ts'
import { identityCases } from './identities.ts'
import { leaseCases } from './leases.ts'
import { peopleCases } from './people.ts'
import { proofCases } from './proofs.ts'
import { publishedKeyCases } from './published-keys.ts'
import { amongPeople } from './records.ts'
import { redeemedAssertionCases } from './redeemed-assertions.ts'
import { refreshTokenCases } from './refresh-tokens.ts'
import { registrationCases } from './registrations.ts'
import { replayCases } from './replays.ts'
import { revalidationCases } from './revalidation.ts'
import { sharedLimitCases } from './shared-limits.ts'
import { signInAttemptCases } from './sign-in-attempts.ts'
import { signingKeyCases } from './signing-keys.ts'

/**
 * Run each on a fresh store of its own.
 *
 * @example
 * for (const { name, run } of storeConformance) test(name, async () => run(await openFreshStore()))
 */
export const storeConformance: readonly ConformanceCase[] = [
  ...amongPeople([
    ...clientCases,
    ...clientDocumentCases,
    ...grantCases,
    ...redeemedAssertionCases,
    ...refreshTokenCases,
    ...registrationCases,
    ...proofCases,
    ...auditCases,
    ...housekeepingCases,
  ]),
  ...publishedKeyCases,
  ...replayCases,
  ...peopleCases,
  ...accessCases,
  ...identityCases,
  ...revalidationCases,
  ...signInAttemptCases,
  ...sharedLimitCases,
  ...signingKeyCases,
  ...leaseCases,
  ...flowCases,
]
