interface Pressed {
  key: string;
  altKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
}

/**
 * The key that was pressed; "" with alt, ctrl or meta, or an arrow and its like with shift: these are the browser's own.
 * A sign may need shift, as + does on many keyboards.
 */
export function plainKey({ key, altKey, ctrlKey, metaKey, shiftKey }: Pressed): string {
  return altKey || ctrlKey || metaKey || (shiftKey && key.length > 1) ? "" : key;
}
