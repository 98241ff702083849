import { nameOf } from './glyphs';
import { manipulationOf, type Alert } from '../model/operator';
import { WARNING } from '../store/format';

const TONES_HZ = [880, 1175];
const TONE_SEC = 0.14;
const VOLUME = 0.12;

/** Sounds and notifications of the system: both only where this window asked for them. */
export class Notifier {
  private audio: AudioContext | null = null;
  private readonly open: (code: string) => void;

  constructor(open: (code: string) => void) {
    this.open = open;
    // A page may make sounds only after a person did something in it.
    const wake = (): void => void this.audio?.resume();
    addEventListener('pointerdown', wake);
    addEventListener('keydown', wake);
  }

  /** Call it from a handler of a key or a click. */
  prepare(): void {
    this.audio ??= typeof AudioContext === 'undefined' ? null : new AudioContext();
    void this.audio?.resume();
  }

  /** Two short tones. */
  sound(): void {
    this.prepare();
    const { audio } = this;
    if (audio === null) return;
    TONES_HZ.forEach((hertz, index) => {
      const tone = audio.createOscillator();
      const level = audio.createGain();
      const from = audio.currentTime + index * TONE_SEC;
      tone.frequency.value = hertz;
      level.gain.setValueAtTime(VOLUME, from);
      level.gain.exponentialRampToValueAtTime(0.001, from + TONE_SEC);
      tone.connect(level).connect(audio.destination);
      tone.start(from);
      tone.stop(from + TONE_SEC);
    });
  }

  /** null: this browser or an address without TLS has none. */
  get permission(): NotificationPermission | null {
    return typeof Notification === 'undefined' || !isSecureContext ? null : Notification.permission;
  }

  async askPermission(): Promise<boolean> {
    return this.permission !== null && (await Notification.requestPermission()) === 'granted';
  }

  notify(alerts: readonly Alert[], threshold: number): void {
    const [first] = alerts;
    if (first === undefined || this.permission !== 'granted') return;
    const score = manipulationOf(first);
    const warning = score !== null && score >= threshold ? ` ${WARNING} manipulation ${Math.round(score)}` : '';
    const more = alerts.length > 1 ? ` and ${alerts.length - 1} more` : '';
    try {
      const note = new Notification(`${first.rule}: ${nameOf(first.code)}${warning}${more}`, { tag: first.key, body: 'Market Scanner alert' });
      note.onclick = () => {
        focus();
        this.open(first.code);
        note.close();
      };
    } catch {
      // Some phones allow them to service workers only.
    }
  }
}
