/**
 * The OpenAPI document of the routes, from the schemas that validate them. For development only.
 *
 * @module
 */
import { openapi as elysiaOpenapi } from '@elysiajs/openapi'
import { toJsonSchema } from '@valibot/to-json-schema'

/** `GET /openapi`: JSON, without a viewer, which would load scripts from elsewhere. */
export const openapi = () =>
  elysiaOpenapi({
    path: '/openapi/viewer',
    specPath: '/openapi',
    provider: null,
    documentation: { info: { title: 'Sallyport', version: '1', description: 'MCP authorization server' } },
    mapJsonSchema: {
      // A schema that transforms is described by what it takes in.
      valibot: (schema: Parameters<typeof toJsonSchema>[0]) =>
        toJsonSchema(schema, {
          errorMode: 'ignore',
          typeMode: 'input',
          target: 'draft-2020-12',
          // What holds itself (`act`) is told once: a reference would be looked for from the root of the whole document.
          overrideSchema: ({ valibotSchema }) => (valibotSchema.type === 'lazy' ? { type: 'object' } : undefined),
        }),
    },
    // A period in a path means a file to the plugin, and `/.well-known/` has one.
    exclude: { staticFile: false },
  })
