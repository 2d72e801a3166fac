import './styles.css'
import { addAPIProvider } from '@iconify/vue'
import ui from '@nuxt/ui/vue-plugin'
import { createApp } from 'vue'
import App from './App.vue'
import { guessLanguage, i18n, setLanguage } from './i18n'
import { router } from './router'

// Every icon is in the bundle. The default provider is a host on the internet: point it at nothing.
addAPIProvider('', { resources: [] })

await setLanguage(guessLanguage())
createApp(App).use(router).use(i18n).use(ui).mount('#app')
