import { defineConfig } from 'tsup'

export default defineConfig({
  entry: ['src/express.ts', 'src/node.ts'],
  format: 'esm',
  target: 'node22',
  dts: true,
  clean: true,
  sourcemap: true,
})
