import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, URL } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import ui from '@nuxt/ui/vite'
import vue from '@vitejs/plugin-vue'
import { defineConfig, type Plugin } from 'vite'

const compressible = /\.(js|css|html|svg|json|txt)$/

/** Writes .br and .gz beside each text asset, so that the server never compresses at run time. */
function precompress(): Plugin {
  return {
    name: 'precompress',
    apply: 'build',
    writeBundle(options) {
      for (const entry of readdirSync(options.dir!, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !compressible.test(entry.name)) continue
        const path = join(entry.parentPath, entry.name)
        const body = readFileSync(path)
        if (body.length < 1024) continue
        writeFileSync(`${path}.gz`, gzipSync(body, { level: 9 }))
        writeFileSync(`${path}.br`, brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }))
      }
    },
  }
}

export default defineConfig({
  plugins: [
    vue(),
    ui({
      colorMode: true,
      autoImport: false,
      components: { dts: 'components.d.ts' },
      icon: { clientBundle: { scan: true } },
      ui: {
        colors: { primary: 'aegean', neutral: 'zinc' },
        dropdownMenu: { slots: { item: 'max-md:min-h-11 max-md:items-center' } },
        selectMenu: { slots: { item: 'max-md:min-h-11 max-md:items-center' } },
        modal: { slots: { overlay: 'bg-black/30' } },
        button: { slots: { base: 'cursor-pointer active:translate-y-px' } },
      },
    }),
    precompress(),
  ],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  define: {
    __VUE_OPTIONS_API__: 'true',
    __VUE_I18N_FULL_INSTALL__: 'false',
    __VUE_I18N_LEGACY_API__: 'false',
    __INTLIFY_PROD_DEVTOOLS__: 'false',
  },
  build: {
    target: 'es2022',
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rollupOptions: {
      output: {
        // What every screen needs comes in two files instead of twenty.
        advancedChunks: {
          groups: [
            { name: 'vue', test: /node_modules\/(vue|@vue|vue-router|vue-i18n|@intlify|@vueuse)\// },
            { name: 'core', test: /\/ui\/src\/(api|state|lib|i18n|router|locales\/en)/ },
          ],
        },
      },
    },
  },
  server: {
    proxy: Object.fromEntries(
      ['/api', '/rest'].map((path) => [path, process.env.STOA_URL ?? 'http://127.0.0.1:8080']),
    ),
  },
})
