// Which of the frame's overlays is open.
import { reactive } from 'vue'

export const layers = reactive({ palette: false, shortcuts: false, invite: false })
