import { defineConfig } from 'tsup'

export default defineConfig({
  entry: ['src/express.ts', 'src/fastify.ts', 'src/koa.ts', 'src/node.ts', 'src/fetch.ts'],
  format: 'esm',
  target: 'node22',
  dts: true,
  clean: true,
  sourcemap: true,
})
