/**
 * A store as an administrator uses it: whatever is done carries its entry of the audit log, which says at whose hands.
 *
 * @see docs/adr/0114-acts-carry-their-entry.md
 * @module
 */
import { agentsBehind } from '../core/agents.ts'
import type { Act, AuditEntry } from '../core/audit.ts'
import type { Clock, Store } from '../core/ports.ts'

/** `actor`: e.g. `cli:root`. */
export function administered<Opened extends Store>(
  store: Opened,
  { actor, now }: { readonly actor: string; readonly now: Clock },
): Opened {
  const { clients, clientDocuments, resources, users, identities, registrationTokens } = store
  const entry = (event: Act): AuditEntry<Act> => ({ event, at: now(), requestId: null, actor })
  return {
    ...store,
    clients: {
      ...clients,
      create: (client) =>
        clients.create(client, entry({ type: 'client_registered', clientId: client.id, ...agentsBehind(client) })),
      replaceSecrets: (id, before, after) =>
        clients.replaceSecrets(id, before, after, entry({ type: 'client_changed', clientId: id })),
      remove: (id, at) => clients.remove(id, at, entry({ type: 'client_removed', clientId: id })),
    },
    clientDocuments: {
      ...clientDocuments,
      put: (document, logo) =>
        clientDocuments.put(document, logo, entry({ type: 'client_pinned', clientId: document.clientId })),
      unpin: (id, at) => clientDocuments.unpin(id, at, entry({ type: 'client_unpinned', clientId: id })),
      remove: (id, at) => clientDocuments.remove(id, at, entry({ type: 'client_removed', clientId: id })),
    },
    resources: {
      ...resources,
      put: (resource) => resources.put(resource, entry({ type: 'resource_stored', resource: resource.identifier })),
      remove: (identifier) => resources.remove(identifier, entry({ type: 'resource_removed', resource: identifier })),
    },
    users: {
      ...users,
      create: (user) => users.create(user, entry({ type: 'user_added', userId: user.id })),
      setPassword: (id, hash) => users.setPassword(id, hash, entry({ type: 'password_changed', userId: id })),
      remove: (id, at) => users.remove(id, at, entry({ type: 'user_removed', userId: id })),
      disable: (id, at) => users.disable(id, at, entry({ type: 'user_disabled', userId: id })),
      enable: (id) => users.enable(id, entry({ type: 'user_enabled', userId: id })),
    },
    identities: {
      ...identities,
      link: (identity) =>
        identities.link(identity, entry({ type: 'identity_linked', userId: identity.userId, name: identity.issuer })),
      async unlink(issuer, subject) {
        const identity = await identities.find(issuer, subject)
        if (identity === null) return false
        return identities.unlink(
          issuer,
          subject,
          entry({ type: 'identity_unlinked', userId: identity.userId, name: issuer }),
        )
      },
    },
    registrationTokens: {
      ...registrationTokens,
      create: (token) =>
        registrationTokens.create(token, entry({ type: 'registration_token_created', name: token.name })),
      remove: (name) => registrationTokens.remove(name, entry({ type: 'registration_token_removed', name })),
    },
  }
}
