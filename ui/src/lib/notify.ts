// Toasts with one voice: what was done (with undo), what went wrong (with the correlation id).
import { useToast } from '@nuxt/ui/composables/useToast'
import { useI18n } from 'vue-i18n'
import { plain } from './errors'

export function useNotify() {
  const toast = useToast()
  const { t } = useI18n()
  return {
    done(title: string, undo?: () => void) {
      toast.add({
        title,
        icon: 'i-lucide-check',
        color: 'neutral',
        duration: undo ? 8000 : 4000,
        actions: undo ? [{ label: t('common.undo'), color: 'neutral', variant: 'outline', onClick: undo }] : undefined,
      })
    },
    failed(error: unknown, title?: string) {
      const { text, requestId } = plain(error)
      toast.add({
        title: title ?? text,
        description: [title ? text : '', requestId ? t('error.reference', { id: requestId }) : ''].filter(Boolean).join(' '),
        icon: 'i-lucide-circle-alert',
        color: 'error',
        duration: 12_000,
      })
    },
  }
}
